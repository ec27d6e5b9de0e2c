"""Matches people in a video by the colours of their clothes, to attack redacted pictures; part of `attacks.py`.

This tells people apart and follows them, which nothing in Flaneur may do. It is here and nowhere else to show that our
pictures do not allow it. It works on the boxes that a data set's authors drew, on volunteers who were filmed for such
experiments; it tells no name, keeps nothing, and lies outside the package, which cannot import it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from redaction import Picture

Boxes = NDArray[np.float64]
APART = (80, 160)  # frames; about 8 and 16 seconds
BANDS = ((0.02, 0.16), (0.2, 0.5), (0.55, 0.85))  # hair, top, trousers in heights of a box
CROWDED_IOU = 0.1  # who overlaps more has somebody else's colours in the box


def iou(one: Boxes, other: Boxes) -> NDArray[np.float64]:
    """Overlaps [n, m] of boxes [n, 4] and [m, 4]."""
    low, high = np.maximum(one[:, None, :2], other[None, :, :2]), np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(each[:, 2:] - each[:, :2]).prod(axis=1) for each in (one, other)]
    overlap: NDArray[np.float64] = shared / (areas[0][:, None] + areas[1][None, :] - shared)
    return overlap


def colours(bgr: Picture, box: Boxes) -> NDArray[np.float64]:
    """Mean colours [9] of hair, top and trousers in the middle of a box, in L*a*b* with brightness counting less."""
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    means = []
    for above, below in BANDS:
        rows, columns = (y1 + above * height, y1 + below * height), (x1 + width / 4, x2 - width / 4)
        part = bgr[int(rows[0]) : int(rows[1]) + 1, int(columns[0]) : int(columns[1]) + 1]
        means.append(part.reshape(-1, 3).mean(axis=0))
    lab = cv2.cvtColor(np.array([means], np.uint8), cv2.COLOR_BGR2LAB)[0].astype(float)
    values: NDArray[np.float64] = (lab * (0.5, 1.5, 1.5)).ravel()
    return values


def evened(rows: Sequence[Boxes]) -> list[Boxes]:
    """The same people [n, 5] in boxes of a size that depends on where they stand, by a plane through all of them.

    The annotators' boxes are as tall as the people, which tells them apart without any picture.
    """
    everybody = np.concatenate(rows)
    planes = np.linalg.lstsq(_feet(everybody), everybody[:, 3:] - everybody[:, 1:3], rcond=None)[0]
    out = []
    for people in rows:
        width, height = (_feet(people) @ planes).T
        x, y = (people[:, 1] + people[:, 3]) / 2, people[:, 4]
        out.append(np.stack((people[:, 0], x - width / 2, y - height, x + width / 2, y), axis=1))
    return out


def _feet(people: Boxes) -> Boxes:
    """Where people [n, 5] stand, [n, 3] as 1, x, y."""
    return np.stack((np.ones(len(people)), (people[:, 1] + people[:, 3]) / 2, people[:, 4]), axis=1)


@dataclass(frozen=True)
class Matched:
    """Who was found by their colours, in per cent."""

    right: float
    error: float
    """One standard error of `right` with the moments of one person as one observation."""
    guess: float
    """What guessing gives."""
    n: int


@dataclass(frozen=True)
class Clothes:
    """The persons who stand alone in some pictures, by their colours."""

    frame: NDArray[np.int64]
    person: NDArray[np.int64]
    colour: NDArray[np.float64]
    """[n, 9]"""

    @staticmethod
    def of(pictures: Sequence[Picture], numbers: Sequence[int], rows: Sequence[Boxes]) -> "Clothes":
        """The persons [n, 5] in pictures with these numbers."""
        height, width = pictures[0].shape[:2]
        when, who, what = [], [], []
        for bgr, number, people in zip(pictures, numbers, rows, strict=True):
            boxes = people[:, 1:]
            alone = (iou(boxes, boxes) - np.eye(len(boxes)) <= CROWDED_IOU).all(axis=1)
            whole = (boxes[:, :2] >= 0).all(axis=1) & (boxes[:, 2:] <= (width, height)).all(axis=1)
            for row in people[alone & whole]:
                when.append(number)
                who.append(int(row[0]))
                what.append(colours(bgr, row[1:]))
        return Clothes(np.array(when), np.array(who), np.array(what))

    def matched(self, apart: int) -> Matched:
        """Who is most like themselves of all who are there at least so many frames before or after."""
        asked, hits, guesses = [], [], []
        for frame, person, colour in zip(self.frame, self.person, self.colour, strict=True):
            others = np.abs(self.frame - frame) >= apart
            ids = np.unique(self.person[others])
            if person not in ids:
                continue
            distance = np.abs(self.colour - colour).sum(axis=1)
            nearest = np.array([distance[others & (self.person == each)].min() for each in ids])
            best = ids[nearest == nearest.min()]  # where several are alike: a guess among them
            asked.append(person)
            hits.append(100 * (best == person).sum() / len(best))
            guesses.append(100 / len(ids))
        right = float(np.mean(hits))
        persons = np.bincount(np.unique(asked, return_inverse=True)[1], np.array(hits) - right)
        error = float(np.sqrt((persons**2).sum() * len(persons) / max(len(persons) - 1, 1))) / len(hits)
        return Matched(right, error, float(np.mean(guesses)), len(hits))
