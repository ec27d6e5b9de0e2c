import numpy as np
import pytest

from flaneur.data.geometry import Line, Places, Zone
from flaneur.serve.drawing import LINE_BGR, ZONE_BGR, Picture, draw_panel, draw_places, draw_text, text_width_px

WHITE = (255, 255, 255)


def written(text: str, height_px: float = 22) -> Picture:
    picture = np.zeros((80, 400, 3), np.uint8)
    draw_text(picture, text, 10, 50, height_px, WHITE)
    return picture


@pytest.mark.parametrize(
    ("marked", "plain"), [("Süd", "Sud"), ("ÄÖÜ", "AOU"), ("Café", "Cafe"), ("Ålesund", "Alesund")]
)
def test_letters_keep_their_marks_above_them(marked: str, plain: str) -> None:
    difference = (written(marked) != written(plain)).any(axis=2)
    rows = np.nonzero(difference.any(axis=1))[0]
    assert len(rows) > 0
    assert rows.max() < 50 - 14  # nothing changed below the upper part of the letters
    assert text_width_px(marked, 22) == text_width_px(plain, 22)


@pytest.mark.parametrize(
    ("text", "spelt"), [("Straße", "Strasse"), ("A → B", "A > B"), ("10–12", "10-12"), ("улица", "?????")]
)
def test_what_the_font_lacks_is_spelt_out(text: str, spelt: str) -> None:
    assert (written(text) == written(spelt)).all()


def test_text_grows_with_its_height() -> None:
    assert text_width_px("Marktplatz", 44) > 1.7 * text_width_px("Marktplatz", 22)


def test_a_panel_shows_as_many_lines_as_fit() -> None:
    picture = np.full((120, 160, 3), 200, np.uint8)
    draw_panel(picture, [f"line {k}" for k in range(50)])
    assert (picture[:, :40] != 200).any(axis=2).mean() > 0.7
    assert (picture[:, 120:] == 200).all()


@pytest.mark.parametrize("lines", [[], [""]])
def test_no_text_no_panel(lines: list[str]) -> None:
    picture = np.full((120, 160, 3), 200, np.uint8)
    draw_panel(picture, lines)
    assert (picture == 200).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (40, 3)])
def test_tiny_pictures_are_drawn_on_without_harm(size: tuple[int, int]) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    draw_panel(picture, ["Übergang 12"])
    draw_places(picture, Places((Line("x", np.array([[0.0, 0.0], [1.0, 1.0]])),)))
    assert picture.shape == (*size, 3)


def colour_at(picture: Picture, colour: tuple[int, int, int], x: float, y: float, radius: int = 3) -> bool:
    row, column = round(y * picture.shape[0]), round(x * picture.shape[1])
    near = picture[max(row - radius, 0) : row + radius + 1, max(column - radius, 0) : column + radius + 1]
    return bool((near == colour).all(axis=2).any())


def test_lines_and_zones_are_where_their_fractions_say() -> None:
    picture = np.zeros((300, 600, 3), np.uint8)
    zone = Zone("z", np.array([[0.6, 0.2], [0.9, 0.2], [0.9, 0.7]]))
    draw_places(picture, Places((Line("l", np.array([[0.1, 0.5], [0.4, 0.5]])),), (zone,)))
    assert colour_at(picture, LINE_BGR, 0.2, 0.5)
    assert colour_at(picture, ZONE_BGR, 0.75, 0.2)
    assert colour_at(picture, ZONE_BGR, 0.75, 0.45)  # closed
    assert not colour_at(picture, ZONE_BGR, 0.2, 0.8, radius=20)


@pytest.mark.parametrize(
    ("points", "right"),
    [
        ([[0.2, 0.5], [0.8, 0.5]], (0.5, 0.56)),
        ([[0.8, 0.5], [0.2, 0.5]], (0.5, 0.44)),
        ([[0.5, 0.8], [0.5, 0.2]], (0.56, 0.5)),
        ([[0.5, 0.2], [0.5, 0.8]], (0.44, 0.5)),
    ],
)
def test_the_arrow_points_to_the_right_hand_of_who_walks_the_line(
    points: list[list[float]], right: tuple[float, float]
) -> None:
    picture = np.zeros((400, 400, 3), np.uint8)
    draw_places(picture, Places((Line("", np.array(points)),)))
    left = (1 - right[0], 1 - right[1])
    assert colour_at(picture, LINE_BGR, *right)
    assert not colour_at(picture, LINE_BGR, *left)
