import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flaneur.data.geometry import Line, Places
from flaneur.data.released import GridLine, HeatMap, RedactedImage
from flaneur.serve.picture import heat_overlay, png, with_grid, with_metres, with_places


def image(width: int = 800, height: int = 600) -> RedactedImage:
    rng = np.random.default_rng(1)
    coarse = rng.integers(60, 160, (height // 20 + 1, width // 20 + 1, 3), dtype=np.uint8)
    bgr = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return RedactedImage(7, bgr.astype(np.uint8), fully_hidden=False)


def decoded(data: bytes) -> NDArray[np.uint8]:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)  # type: ignore[return-value]


def heat(seconds: NDArray[np.float32]) -> HeatMap:
    return HeatMap(0, 60 * 10**9, seconds, 3)


def test_png_is_exact() -> None:
    original = image()
    assert (decoded(png(original)) == original.bgr).all()


def test_files_carry_no_metadata() -> None:
    data = png(image())
    kinds, at = [], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kinds.append(data[at + 4 : at + 8])
        at += 12 + length
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}


def test_the_grid_lies_on_the_tenths() -> None:
    flat = RedactedImage(0, np.full((600, 800, 3), 128, np.uint8), fully_hidden=False)
    grid = with_grid(flat)
    row, column = grid.bgr[330, :, 0].astype(int), grid.bgr[:, 440, 0].astype(int)  # between lines and labels
    assert [x for x in range(800) if row[x] > 150] == [80 * k for k in range(10)] + [799]
    assert [y for y in range(40, 560) if column[y] > 150] == [60 * k for k in range(1, 10)]


def test_the_grid_says_which_tenth_it_is() -> None:
    flat = RedactedImage(0, np.full((600, 800, 3), 128, np.uint8), fully_hidden=False)
    bgr = with_grid(flat).bgr
    white = (bgr > 230).all(axis=2)
    for k in range(11):
        x = min(max(80 * k, 15), 785)
        assert white[:18, x - 15 : x + 15].any()
        assert white[582:, x - 15 : x + 15].any()
    for k in range(1, 10):
        assert white[60 * k - 8 : 60 * k + 8, :35].any()
        assert white[60 * k - 8 : 60 * k + 8, 765:].any()


@pytest.mark.parametrize(("size", "out"), [((320, 240), (640, 480)), ((100, 60), (700, 420)), ((1, 1), (640, 640))])
def test_small_pictures_are_enlarged_to_be_written_on(size: tuple[int, int], out: tuple[int, int]) -> None:
    assert with_grid(image(*size)).bgr.shape[1::-1] == out
    assert with_places(image(*size), Places()).bgr.shape[1::-1] == out


def test_drawing_leaves_the_picture_itself_alone() -> None:
    original = image()
    before = original.bgr.copy()
    places = Places((Line("l", np.array([[0.1, 0.5], [0.9, 0.5]])),))
    drawn = with_places(original, places)
    with_grid(original)
    heat_overlay(original, heat(np.ones((6, 8), np.float32)))
    assert (original.bgr == before).all()
    assert (drawn.bgr != before).any()
    assert drawn.time_ns == 7


def test_a_hidden_picture_stays_marked_as_hidden() -> None:
    flat = RedactedImage(0, np.full((600, 800, 3), 128, np.uint8), fully_hidden=True)
    assert with_grid(flat).fully_hidden
    assert with_places(flat, Places()).fully_hidden


def test_cells_without_a_figure_are_clear() -> None:
    nothing = np.full((6, 8), np.nan, np.float32)
    some = nothing.copy()
    some[1, 2], some[2, 3] = 40.0, 10.0
    plain, drawn = decoded(heat_overlay(image(), heat(nothing))), decoded(heat_overlay(image(), heat(some)))
    changed = (plain != drawn).any(axis=2)
    assert changed[100:200, 200:300].mean() > 0.99
    assert changed[200:300, 300:400].mean() > 0.99
    changed[100:200, 200:300] = changed[200:300, 300:400] = False
    assert not changed[:500].any()  # below is the scale


def test_the_hottest_cell_is_the_brightest() -> None:
    seconds = np.full((6, 8), np.nan, np.float32)
    seconds[0] = [0, 1, 4, 9, 16, 25, 36, 49]
    row = decoded(heat_overlay(image(), heat(seconds))).astype(int)[:100]
    brightness = [row[:, 100 * k : 100 * k + 100].mean() for k in range(8)]
    assert np.argmax(brightness) == 7
    assert brightness[1:] == sorted(brightness[1:])


@pytest.mark.parametrize("seconds", [np.full((6, 8), np.nan), np.zeros((6, 8)), np.full((1, 1), 3.0)])
def test_any_map_can_be_drawn(seconds: NDArray[np.float64]) -> None:
    assert decoded(heat_overlay(image(64, 48), heat(seconds.astype(np.float32)))).shape == (480, 640, 3)


def test_labels_of_metres_do_not_cover_one_another() -> None:
    across = np.linspace((0.0, 0.5), (1.0, 0.5), 41)
    down = np.linspace((0.5, 0.0), (0.5, 1.0), 41)

    def drawn(first: str, second: str) -> NDArray[np.int16]:
        lines = (GridLine(across, first), GridLine(down, second))
        return with_metres(image(), lines).bgr.astype(np.int16)

    # a label makes its line wider, so all lines have one; some are blank
    first = (drawn("y = 0 m", " ") != drawn(" ", " ")).any(axis=2)
    second = (drawn("y = 0 m", "x = 0 m") != drawn("y = 0 m", " ")).any(axis=2)
    assert first.any()
    assert second.any()
    assert not (first & second).any()
