import tomllib

import pytest

from flaneur.config.site import CameraTable
from flaneur.run.live.camera_find import sections
from flaneur.source.onvif_camera import Profile


def profile(width_px: int, height_px: int, lens: str = "a", url: str = "rtsp://gate:554/x", codec="H264") -> Profile:
    return Profile(lens, codec, width_px, height_px, 15.0, url)


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ([(1920, 1080), (640, 360), (320, 180)], (640, 360)),
        ([(3840, 2160), (1280, 720), (352, 288)], (1280, 720)),
        ([(352, 288), (320, 180)], (352, 288)),
        ([(480, 640), (1080, 1920)], (480, 640)),
    ],
)
def test_the_smallest_stream_that_is_large_enough(sizes: list[tuple[int, int]], chosen: tuple[int, int]) -> None:
    text = sections("gate", [profile(*size, url=f"rtsp://gate/{size[0]}") for size in sizes])
    assert tomllib.loads(text)["camera"][0]["source"] == f"rtsp://gate/{chosen[0]}"


def test_sections_can_be_pasted_into_a_site_file() -> None:
    text = sections("Süd", [profile(1920, 1080, url="rtsp://gate/1"), profile(640, 480, url="rtsp://gate/2?a=1&b=2")])
    tables = tomllib.loads(text)["camera"]
    assert tables == [{"name": "Süd", "source": "rtsp://gate/2?a=1&b=2"}]
    CameraTable.model_validate(tables[0])
    assert "# also: rtsp://gate/1  H264 1920×1080, 15/s" in text


def test_each_lens_of_a_camera_is_a_camera() -> None:
    text = sections("gate", [profile(640, 480, "b", "rtsp://g/b"), profile(640, 480, "a", "rtsp://g/a")])
    assert tomllib.loads(text)["camera"] == [
        {"name": "gate 1", "source": "rtsp://g/a"},
        {"name": "gate 2", "source": "rtsp://g/b"},
    ]


def test_what_a_camera_says_cannot_break_out_of_its_line() -> None:
    evil = 'rtsp://g/"\n[[webhook]]\nname = "x"\nurl = "http://evil"\n#'
    text = sections("gate", [profile(640, 480, url=evil), profile(1920, 1080, url=evil, codec="H264\n[mqtt]")])
    assert tomllib.loads(text).keys() == {"camera"}


def test_a_camera_without_video() -> None:
    assert tomllib.loads(sections("gate", [])) == {}
