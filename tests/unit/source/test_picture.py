import gc
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import product

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from flaneur.source.opening import SourceError
from flaneur.source.picture import MASK_BGR, SKETCH_CELLS, Easel, Loader, Turn

WHOLE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
LEFT_HALF = np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]])


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 100, (height, width, 3), dtype=np.uint8)


def frame_of(bgr: NDArray[np.uint8], pix_fmt: str = "bgr24") -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(bgr, format="bgr24").reformat(format=pix_fmt)


@pytest.mark.parametrize(("swap", "sign_x", "sign_y"), list(product((False, True), (1, -1), (1, -1))))
def test_a_display_matrix_moves_each_pixel_where_the_standard_says(swap: bool, sign_x: int, sign_y: int) -> None:
    a, b, c, d = (0, sign_y, sign_x, 0) if swap else (sign_x, 0, 0, sign_y)
    stored = noise(3, 5)
    q, p = np.mgrid[0:3, 0:5]
    x, y = a * p + c * q, b * p + d * q
    upright = np.zeros((5, 3, 3) if swap else (3, 5, 3), np.uint8)
    upright[y - y.min(), x - x.min()] = stored

    matrix = np.array([a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30], np.int32)
    np.testing.assert_array_equal(Turn.from_matrix(matrix).apply(stored), upright)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 360, -90, 450])
def test_a_rotate_tag_turns_clockwise(degrees: int) -> None:
    stored = noise(3, 5)
    np.testing.assert_array_equal(Turn.from_degrees(degrees).apply(stored), np.rot90(stored, -degrees // 90))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 5), (64, 48), (767, 431)])
def test_nothing_under_a_mask_is_left_at_any_size(width: int, height: int) -> None:
    triangle = np.array([[0.1, 0.2], [0.9, 0.35], [0.4, 0.95]])
    easel = Easel(width, height, Turn(), [triangle])
    painted = easel.paint(frame_of(np.full((height, width, 3), 255, np.uint8)))
    inside = _inside(triangle, width, height)
    assert (painted[inside] == MASK_BGR).all()
    if width > 60:
        assert (painted != MASK_BGR).any()


def test_overlapping_masks_do_not_cancel_out() -> None:
    easel = Easel(40, 30, Turn(), [WHOLE, LEFT_HALF, LEFT_HALF])
    assert (easel.paint(frame_of(noise(30, 40))) == MASK_BGR).all()


def test_masks_lie_on_the_upright_picture() -> None:
    easel = Easel(40, 20, Turn.from_degrees(90), [LEFT_HALF])
    painted = easel.paint(frame_of(np.zeros((20, 40, 3), np.uint8)))
    assert painted.shape == (40, 20, 3)
    assert (painted[:, :10] == MASK_BGR).all()
    assert (painted[:, 13:] == 0).all()


def test_a_mask_is_not_painted_into_the_decoders_own_picture() -> None:
    frame = frame_of(noise(30, 40))
    before = frame.to_ndarray().copy()
    Easel(40, 30, Turn(), [WHOLE]).paint(frame)
    np.testing.assert_array_equal(frame.to_ndarray(), before)


def test_another_size_is_scaled_to_the_first() -> None:
    easel = Easel(40, 30, Turn(), [])
    painted = easel.paint(frame_of(np.full((60, 80, 3), 77, np.uint8)))
    assert painted.shape == (30, 40, 3)
    assert (painted == 77).all()


@pytest.mark.parametrize(
    "pix_fmt", ["yuv420p", "yuvj422p", "yuv420p10le", "gray", "gray16le", "rgba", "yuva420p", "nv12"]
)
@pytest.mark.parametrize("size", [(1, 1), (33, 17), (64, 48)])
def test_every_pixel_format_becomes_bgr(pix_fmt: str, size: tuple[int, int]) -> None:
    width, height = size
    grey = np.full((height, width, 3), 128, np.uint8)
    painted = Easel(width, height, Turn(), []).paint(frame_of(grey, pix_fmt))
    assert painted.dtype == np.uint8
    assert painted.flags.c_contiguous
    assert np.abs(painted.astype(int) - 128).max() <= 6


def test_interlaced_combs_are_gone_and_what_stands_stays() -> None:
    comb = np.full((64, 64, 3), 60, np.uint8)
    comb[::2, 20:40] = 220  # a bright thing that one field saw and the other did not
    frame = frame_of(comb, "yuv420p")
    plain = Easel(64, 64, Turn(), []).paint(frame).astype(int)
    assert np.abs(np.diff(plain[:, 30, 0])).mean() > 100
    flagged = _interlaced(frame)
    painted = Easel(64, 64, Turn(), []).paint(flagged).astype(int)
    assert np.abs(np.diff(painted[8:-8, 30, 0])).mean() < 5
    assert np.abs(painted[:, 5] - 60).max() <= 6


def smooth(height: int, width: int) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:height, :width]
    grey = 128 + 60 * np.sin(columns / width * 5) + 40 * np.cos(rows / height * 3)
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("turn", [Turn(), Turn(True, False, True), Turn(False, True, False)])
@pytest.mark.parametrize("size", [(240, 400), (576, 768), (2160, 3840), (5, 3), (1, 1)])
def test_the_sketch_of_the_luma_plane_is_that_of_the_upright_picture(turn: Turn, size: tuple[int, int]) -> None:
    height, width = size
    bgr = smooth(height, width)
    easel = Easel(width, height, turn, (LEFT_HALF,))
    by_colour = Loader(easel, frame_of(bgr)).sketch()
    easily = Loader(easel, frame_of(bgr, "yuv444p")).sketch()
    longer = max(easel.width_px, easel.height_px)
    assert max(by_colour.shape) == min(longer, SKETCH_CELLS)
    # video has black at 16 and white at 235
    np.testing.assert_allclose(easily[by_colour != 128], by_colour[by_colour != 128] * (219 / 255) + 16, atol=4)


def test_nothing_under_a_mask_shows_in_the_sketch() -> None:
    for pix_fmt in ("bgr24", "yuv420p"):
        easel = Easel(640, 480, Turn(), (LEFT_HALF,))
        sketches = [Loader(easel, frame_of(noise(480, 640, seed), pix_fmt)).sketch() for seed in (1, 2)]
        half = sketches[0].shape[1] // 2
        np.testing.assert_array_equal(sketches[0][:, :half], sketches[1][:, :half])
        assert (sketches[0][:, half + 3 :] != sketches[1][:, half + 3 :]).any()


def test_a_sketch_can_be_asked_for_after_the_picture() -> None:
    loader = Loader(Easel(64, 48, Turn(), ()), frame_of(smooth(48, 64), "yuv420p"))
    loader()
    assert loader.sketch().shape == (48, 64)


def test_a_frame_is_let_go_once_it_was_looked_at() -> None:
    loader = Loader(Easel(40, 30, Turn(), []), frame_of(noise(30, 40)))
    assert sum(isinstance(thing, av.VideoFrame) for thing in gc.get_referents(loader)) == 1
    first = loader()
    assert not any(isinstance(thing, av.VideoFrame) for thing in gc.get_referents(loader))
    assert loader() is first


def test_a_frame_may_be_looked_at_from_many_threads() -> None:
    bgr = noise(300, 400)
    loader = Loader(Easel(400, 300, Turn(), []), frame_of(bgr))
    with ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(lambda _: loader(), range(32)))
    assert all(picture is pictures[0] for picture in pictures)
    np.testing.assert_array_equal(pictures[0], bgr)


@pytest.mark.parametrize("pix_fmt", ["gray32le", "yaf32le"])
def test_what_cannot_be_converted_is_said(pix_fmt: str) -> None:
    with pytest.raises(SourceError, match=f"pixel format {pix_fmt} cannot be converted"):
        Loader(Easel(8, 8, Turn(), []), av.VideoFrame(8, 8, pix_fmt))()


def _inside(polygon: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    """Pixels whose middle is in a polygon, by ray casting."""
    y, x = (np.mgrid[0:height, 0:width] + 0.5) / np.array([height, width])[:, None, None]
    inside = np.zeros((height, width), bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1 + 1e-300) + x1)
    return inside


def _interlaced(frame: av.VideoFrame) -> av.VideoFrame:
    """The same picture, flagged as interlaced by FFmpeg's own filter."""
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25)),
        graph.add("setfield", "tff"),
        graph.add("buffersink"),
    ).configure()
    graph.vpush(frame)
    return graph.vpull()
