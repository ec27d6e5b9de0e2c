"""Rider and machine are one; people near machines are not."""

import numpy as np
import pytest

from flaneur.data.kinds import Kind
from flaneur.data.private import Detections
from flaneur.detect.riders import MIN_MACHINE_SCORE, merge_riders

BICYCLE = (100, 160, 200, 220)
"""Sixty pixels high, a hundred wide: from the side."""
RIDER = (130, 110, 165, 205)


def seen(*rows):
    """Rows of box, score, kind."""
    boxes, scores, kinds = zip(*rows, strict=True)
    return Detections(np.array(boxes, np.float32), np.array(scores, np.float32), np.array(kinds, np.uint8))


def kinds(detections):
    return sorted(Kind(code) for code in detections.kind)


@pytest.mark.parametrize("machine", [Kind.TWO_WHEELER, Kind.BICYCLE, Kind.MOTORCYCLE])
def test_a_rider_and_the_machine_become_one(machine):
    merged = merge_riders(seen((RIDER, 0.9, Kind.PEDESTRIAN), (BICYCLE, 0.4, machine)))
    assert kinds(merged) == [machine]
    assert merged.xyxy_px.tolist() == [[100, 110, 200, 220]]
    assert merged.score.tolist() == [np.float32(0.9)]


def test_seen_from_behind():
    merged = merge_riders(seen(((100, 100, 130, 180), 0.9, Kind.PEDESTRIAN), ((105, 150, 125, 200), 0.5, Kind.BICYCLE)))
    assert kinds(merged) == [Kind.BICYCLE]


@pytest.mark.parametrize(
    ("why", "person"),
    [
        ("in front: feet nearer to the camera", (130, 120, 165, 240)),
        ("beside it", (190, 110, 225, 205)),
        ("behind it: legs mostly above the machine", (130, 70, 165, 165)),
        ("far too small", (140, 175, 150, 205)),
        ("far too large", (100, 20, 200, 215)),
    ],
)
def test_people_near_a_machine_stay_people(why, person):
    scene = seen((person, 0.9, Kind.PEDESTRIAN), (BICYCLE, 0.4, Kind.BICYCLE))
    assert kinds(merge_riders(scene)) == [Kind.PEDESTRIAN, Kind.BICYCLE], why


def test_nobody_rides_a_row_of_parked_bicycles():
    row = (100, 160, 300, 220)
    scene = seen((RIDER, 0.9, Kind.PEDESTRIAN), (row, 0.4, Kind.BICYCLE))
    assert kinds(merge_riders(scene)) == [Kind.PEDESTRIAN, Kind.BICYCLE]


def test_a_weak_guess_makes_no_rider():
    scene = seen((RIDER, 0.9, Kind.PEDESTRIAN), (BICYCLE, MIN_MACHINE_SCORE - 0.01, Kind.BICYCLE))
    assert kinds(merge_riders(scene)) == [Kind.PEDESTRIAN, Kind.BICYCLE]


def test_a_machine_takes_two_and_leaves_the_third():
    crowd = [((128 + i, 110, 163 + i, 205), 0.8, Kind.PEDESTRIAN) for i in range(3)]
    merged = merge_riders(seen(*crowd, (BICYCLE, 0.5, Kind.MOTORCYCLE)))
    assert kinds(merged) == [Kind.PEDESTRIAN, Kind.MOTORCYCLE]


def test_two_riders_side_by_side_keep_their_own_machines():
    beside = [tuple(v + 120 * (i % 2 == 0) for i, v in enumerate(box)) for box in (RIDER, BICYCLE)]
    scene = seen(
        (RIDER, 0.9, Kind.PEDESTRIAN),
        (beside[0], 0.8, Kind.PEDESTRIAN),
        (BICYCLE, 0.5, Kind.BICYCLE),
        (beside[1], 0.6, Kind.BICYCLE),
    )
    merged = merge_riders(scene)
    assert kinds(merged) == [Kind.BICYCLE] * 2
    assert sorted(merged.xyxy_px[:, 0].tolist()) == [100, 220]


def test_the_same_machine_boxed_alone_and_with_its_rider_counts_once():
    whole = (100, 112, 200, 221)
    merged = merge_riders(
        seen((RIDER, 0.7, Kind.PEDESTRIAN), (BICYCLE, 0.3, Kind.TWO_WHEELER), (whole, 0.5, Kind.TWO_WHEELER))
    )
    assert kinds(merged) == [Kind.TWO_WHEELER]


def test_cars_take_nobody():
    scene = seen((RIDER, 0.9, Kind.PEDESTRIAN), (BICYCLE, 0.9, Kind.CAR))
    assert kinds(merge_riders(scene)) == [Kind.PEDESTRIAN, Kind.CAR]
