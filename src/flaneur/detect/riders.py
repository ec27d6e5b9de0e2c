"""A rider and the machine are one road user.

Detectors report a cyclist as a person and a bicycle. The two belong together when the person sits on the machine,
which a picture shows in four ways, all of them required:

- The middle of the person is over the machine, not beside it.
- The lower half of the person is mostly inside the machine's box, since legs are at the pedals.
- The person's feet are above the wheels' lowest point or level with it. Somebody who walks *in front of* a parked
  bicycle stands nearer to the camera, so the feet reach further down in the picture.
- The sizes agree: a person is between 0.6 and 2.5 times as high as the machine, and the machine's box is no wider than
  a machine seen from the side. A wide box is a row of parked machines, which nobody rides.

What does not belong together stays both. Somebody who pushes a bicycle, or walks just behind a parked one, can look
like a rider in a single picture; the majority of kinds over a track settles those.
"""

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import TWO_WHEELERS, Kind
from flaneur.data.private import Detections

MIN_MACHINE_SCORE = 0.25
"""A weaker guess at a machine must not turn a clearly seen person into a rider."""
MIN_LEGS_INSIDE = 0.5
FEET_BELOW_WHEELS = 0.1
"""In machine heights: how far the noise of boxes may put a rider's feet below the wheels."""
HEIGHT_RATIO = (0.6, 2.5)
MAX_ASPECT = 2.2
"""Width to height of one machine; a bicycle from the side is about 1.7."""
MAX_RIDERS = 2
"""Driver and passenger."""
MIN_AGAIN_INSIDE = 0.7
"""Share of a machine's box inside a ridden one from which both are the same machine."""


def merge_riders(detections: Detections) -> Detections:
    """Each machine with its riders as one box of the machine's kind; the box holds all, the score is the best."""
    kind = detections.kind
    people = np.flatnonzero(kind == Kind.PEDESTRIAN)
    machines = np.flatnonzero(np.isin(kind, TWO_WHEELERS) & (detections.score >= MIN_MACHINE_SCORE))
    if not len(people) or not len(machines):
        return detections
    legs = legs_inside(detections.xyxy_px[people], detections.xyxy_px[machines])
    best = legs.argmax(axis=1)
    share = legs[np.arange(len(people)), best]
    riding = np.flatnonzero(share > 0)
    riding = riding[np.lexsort((-share[riding], best[riding]))]
    seat = np.arange(len(riding)) - np.searchsorted(best[riding], best[riding])
    riding = riding[seat < MAX_RIDERS]

    xyxy, score = detections.xyxy_px.copy(), detections.score.copy()
    rider, machine = people[riding], machines[best[riding]]
    np.minimum.at(xyxy[:, :2], machine, xyxy[rider, :2])
    np.maximum.at(xyxy[:, 2:], machine, xyxy[rider, 2:])
    np.maximum.at(score, machine, score[rider])
    again = _seen_again(xyxy, score, np.isin(kind, TWO_WHEELERS), np.unique(machine))
    return Detections(xyxy, score, kind).take(np.delete(np.arange(len(detections)), np.union1d(rider, again)))


def _seen_again(
    xyxy: NDArray[np.float32], score: NDArray[np.float32], wheels: NDArray[np.bool_], ridden: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Rows of weaker machines inside a ridden one: detectors like to box the machine alone and with its rider."""
    rows = np.flatnonzero(wheels)
    overlap = np.minimum(xyxy[rows, None, 2:], xyxy[ridden, 2:]) - np.maximum(xyxy[rows, None, :2], xyxy[ridden, :2])
    area = (xyxy[rows, 2:] - xyxy[rows, :2]).prod(axis=1)
    inside = overlap.clip(0).prod(axis=2) >= MIN_AGAIN_INSIDE * area[:, None]
    weaker = score[rows, None] < score[ridden]
    return rows[np.flatnonzero((inside & weaker).any(axis=1))]


def legs_inside(people: NDArray[np.float32], machines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of each person's lower half inside each machine, float32 [people, machines]; 0 where they do not belong
    together. Boxes are [n, 4] corners in pixels."""
    left, top, right, bottom = (side[:, None] for side in people.T)
    m_left, m_top, m_right, m_bottom = machines.T
    height, m_height = bottom - top, m_bottom - m_top
    middle = (left + right) / 2
    overlap_w = np.minimum(right, m_right) - np.maximum(left, m_left)
    overlap_h = np.minimum(bottom, m_bottom) - np.maximum(top + height / 2, m_top)
    share = overlap_w.clip(0) * overlap_h.clip(0) / ((right - left) * height / 2)
    ratio = height / m_height
    belongs = (
        (share >= MIN_LEGS_INSIDE)
        & (middle >= m_left)
        & (middle <= m_right)
        & (bottom <= m_bottom + FEET_BELOW_WHEELS * m_height)
        & (ratio >= HEIGHT_RATIO[0])
        & (ratio <= HEIGHT_RATIO[1])
        & (m_right - m_left <= MAX_ASPECT * m_height)
    )
    return np.where(belongs, share, 0).astype(np.float32)
