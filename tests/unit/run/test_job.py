from pathlib import Path

import pytest

from flaneur.config.load import ConfigError, parse_site
from flaneur.data.time import SECOND_NS
from flaneur.run.job import plan_job

TWO = '[site]\nname = "x"\n[[camera]]\nname = "a"\nsource = "videos/north.mp4"\n[[camera]]\nname = "b"\n'


def test_without_a_site_file_the_whole_picture_is_measured() -> None:
    job = plan_job(Path("holiday/Markt\tplatz.mp4"))
    assert job.site.name == "Marktplatz"
    assert job.camera.places.lines == ()
    assert not job.dated
    assert job.start_ns == 0


def test_a_camera_is_found_by_name_or_by_its_source() -> None:
    site = parse_site(TWO, "t")
    assert plan_job(Path("v.mp4"), site, "b").camera.name == "b"
    assert plan_job(Path("/elsewhere/north.mp4"), site).camera.name == "a"


def test_an_unclear_camera_is_asked_for() -> None:
    site = parse_site(TWO, "t")
    with pytest.raises(ConfigError, match="--camera which one this is: 'a', 'b'"):
        plan_job(Path("v.mp4"), site)
    with pytest.raises(ConfigError, match="no camera 'c'"):
        plan_job(Path("v.mp4"), site, "c")


@pytest.mark.parametrize(
    ("start", "seconds"),
    [
        ("2026-01-01T01:00:00", 1767225600),  # Berlin is an hour ahead in winter
        ("2026-07-01T02:00:00", 1782864000),  # two in summer
        ("2026-01-01T00:00:00Z", 1767225600),
        ("2026-01-01T05:00:00+05:00", 1767225600),
    ],
)
def test_the_start_is_in_the_sites_zone_unless_it_says_otherwise(start: str, seconds: int) -> None:
    site = parse_site(f'[site]\nname="x"\ntimezone="Europe/Berlin"\n[[camera]]\nname="a"\nstart={start}\n', "t")
    job = plan_job(Path("v.mp4"), site)
    assert job.dated
    assert job.start_ns == seconds * SECOND_NS


def test_fractions_of_a_second_of_the_start_are_exact() -> None:
    site = parse_site('[site]\nname="x"\n[[camera]]\nname="a"\nstart=2026-01-01T00:00:00.123456Z\n', "t")
    assert plan_job(Path("v.mp4"), site).start_ns == 1767225600_123456000
