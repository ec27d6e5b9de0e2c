"""Text, lines and zones on a picture, legible on any ground."""

import unicodedata
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.data.geometry import Places

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

# Three of Okabe and Ito's colours, which people with any colour vision tell apart, as blue, green, red.
LINE_BGR: Colour = (0, 159, 230)
ZONE_BGR: Colour = (233, 180, 86)
INK_BGR: Colour = (255, 255, 255)
SHADE_BGR: Colour = (24, 20, 16)

FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_HEIGHT_PX = 22
"""Height of a capital letter of that font at scale 1."""
SMALLEST_TEXT_PX = 8

SPELT_OUT = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "→": ">", "←": "<", "↔": "<>"}
    | dict.fromkeys("–—−‐‑", "-")
    | dict.fromkeys("„“”«»", '"')
    | dict.fromkeys("‚‘’", "'")
    | {"·": "-", "•": "-", "×": "x"}
)
"""The font has ASCII only; what it lacks and is not drawn by MARKS is spelt out."""
MARKS: dict[str, list[tuple[tuple[float, float], tuple[float, float]]]] = {
    "\u0308": [((-0.22, 0.0), (-0.22, 0.0)), ((0.22, 0.0), (0.22, 0.0))],
    "\u0300": [((-0.18, -0.12), (0.1, 0.08))],
    "\u0301": [((-0.1, 0.08), (0.18, -0.12))],
    "\u0302": [((-0.2, 0.08), (0.0, -0.12)), ((0.0, -0.12), (0.2, 0.08))],
    "\u030a": [((-0.1, 0.0), (0.1, 0.0))],
}
"""Strokes of marks above a letter (umlaut, grave, acute, circumflex, ring), in heights of a capital letter."""


def text_height_px(picture: Picture) -> float:
    """A height of capital letters that reads well on a picture of this size."""
    return max(SMALLEST_TEXT_PX, int(max(picture.shape[:2])) / 70)


def text_width_px(text: str, height_px: float) -> int:
    """How wide `draw_text` draws."""
    return _width(_letters(text)[0], height_px)


def draw_text(
    picture: Picture, text: str, left_px: float, base_px: float, height_px: float, colour: Colour, *, halo: bool = False
) -> None:
    """Write one line of text on `picture`, starting at the left end of its base line.

    Latin letters keep their marks: `Süd`, `Café`. Scripts that the font lacks become question marks.
    """
    letters, marks = _letters(text)
    left, base = round(left_px), round(base_px)
    strokes = [
        stroke for position, mark in marks for stroke in _strokes(letters, position, mark, left, base, height_px)
    ]
    scale, thickness = _font(height_px)
    passes = [(SHADE_BGR, thickness + max(2, round(height_px / 5)))] if halo else []
    for ink, width in [*passes, (colour, thickness)]:
        cv2.putText(picture, letters, (left, base), FONT, scale, ink, width, cv2.LINE_AA)
        for begin, end in strokes:
            cv2.line(picture, begin, end, ink, width + 1, cv2.LINE_AA)


def _letters(text: str) -> tuple[str, list[tuple[int, str]]]:
    """ASCII letters, and the marks that belong above them by position."""
    letters: list[str] = []
    marks: list[tuple[int, str]] = []
    for sign in unicodedata.normalize("NFKD", text.translate(SPELT_OUT)):
        if unicodedata.combining(sign):
            if letters:
                marks.append((len(letters) - 1, sign))
        else:
            letters.append(sign if " " <= sign <= "~" else "?")
    return "".join(letters), marks


def _font(height_px: float) -> tuple[float, int]:
    """Scale and thickness."""
    return height_px / FONT_HEIGHT_PX, max(1, round(height_px / 11))


def _width(letters: str, height_px: float) -> int:
    return int(cv2.getTextSize(letters, FONT, *_font(height_px))[0][0])


def _strokes(
    letters: str, position: int, mark: str, left: int, base: int, height_px: float
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Lines in pixels that draw `mark` above the letter at `position`."""
    before, upto = _width(letters[:position], height_px), _width(letters[: position + 1], height_px)
    x = left + (before + upto) / 2
    y = base - height_px * (1.25 if letters[position].isupper() else 1.0)
    return [
        (
            (round(x + x1 * height_px), round(y + y1 * height_px)),
            (round(x + x2 * height_px), round(y + y2 * height_px)),
        )
        for (x1, y1), (x2, y2) in MARKS.get(mark, [])
    ]


def draw_panel(picture: Picture, lines: Sequence[str]) -> None:
    """Write lines of text on a dark, slightly transparent panel in the upper left corner, as far as they fit."""
    height = text_height_px(picture)
    pad, step = round(height * 0.9), round(height * 2)
    lines = lines[: max(1, (picture.shape[0] - 2 * pad) // step)]
    if not any(lines):
        return
    width = max(text_width_px(line, height) for line in lines)
    panel = picture[: 2 * pad + step * len(lines) - round(height), : width + 2 * pad]
    panel[:] = cv2.addWeighted(panel, 0.3, np.full_like(panel, SHADE_BGR), 0.7, 0)
    for number, line in enumerate(lines):
        draw_text(picture, line, pad, pad + height + step * number, height, INK_BGR)


def draw_places(picture: Picture, places: Places) -> None:
    """Draw zones, lines and their names; an arrow shows which way across a line is `to right`."""
    size = np.array((picture.shape[1], picture.shape[0]), float)
    height = text_height_px(picture)
    thick = max(2, round(height / 5))
    for zone in places.zones:
        points = zone.polygon_xy * size
        _draw_path(picture, points, ZONE_BGR, thick, closed=True)
        _draw_name(picture, zone.name, points.mean(axis=0), height, ZONE_BGR)
    for line in places.lines:
        points = line.points_xy * size
        _draw_path(picture, points, LINE_BGR, thick, closed=False)
        foot, tip = _arrow(points, 2.5 * height)
        for colour, width in ((SHADE_BGR, thick + 2), (LINE_BGR, thick)):
            cv2.arrowedLine(picture, foot, tip, colour, width, cv2.LINE_AA, tipLength=0.4)
        _draw_name(picture, line.name, points[0], height, LINE_BGR)


def _draw_path(picture: Picture, points: NDArray[np.float64], colour: Colour, thick: int, *, closed: bool) -> None:
    path = [np.round(points).astype(np.int32)]
    for ink, width in ((SHADE_BGR, thick + 2), (colour, thick)):
        cv2.polylines(picture, path, closed, ink, width, cv2.LINE_AA)


def _arrow(points: NDArray[np.float64], length_px: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """From the middle of the longest piece of a line to its right-hand side."""
    pieces = np.diff(points, axis=0)
    longest = int(np.hypot(*pieces.T).argmax())
    along = pieces[longest] / max(float(np.hypot(*pieces[longest])), 1e-9)
    middle = points[longest] + pieces[longest] / 2
    tip = middle + length_px * np.array((-along[1], along[0]))
    return (round(middle[0]), round(middle[1])), (round(tip[0]), round(tip[1]))


def _draw_name(picture: Picture, name: str, at: NDArray[np.float64], height: float, colour: Colour) -> None:
    """Write a name at a place, moved so far that it stays inside the picture."""
    room_x = picture.shape[1] - text_width_px(name, height) - height / 2
    left = min(max(at[0] + height / 2, height / 2), max(room_x, height / 2))
    base = min(max(at[1] - height / 2, 2 * height), picture.shape[0] - height / 2)
    draw_text(picture, name, left, base, height, colour, halo=True)
