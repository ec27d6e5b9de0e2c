"""One road user, one box."""

import numpy as np

from flaneur.data.kinds import Kind
from flaneur.detect.suppress import MAX_CANDIDATES, suppress

BOX = (10, 10, 20, 40)
NEARLY = (11, 10, 21, 40)
BESIDE = (16, 10, 26, 40)


def run(boxes, scores, kinds):
    return suppress(np.array(boxes, np.float32), np.array(scores, np.float32), np.array(kinds, np.uint8))


def test_the_better_of_two_boxes_of_one_kind_stays():
    found = run([BOX, NEARLY, BESIDE], [0.5, 0.7, 0.4], [Kind.PEDESTRIAN] * 3)
    assert sorted(found.score.tolist()) == np.float32([0.4, 0.7]).tolist()


def test_other_kinds_are_left_alone():
    assert len(run([BOX, NEARLY], [0.5, 0.7], [Kind.PEDESTRIAN, Kind.CAR])) == 2


def test_empty_and_infinite_boxes_are_dropped():
    boxes = [BOX, (5, 5, 5, 9), (9, 9, 5, 20), (0, 0, np.nan, 9), (0, 0, np.inf, 9)]
    assert len(run(boxes, [0.5] * 5, [Kind.CAR] * 5)) == 1


def test_nothing_at_all():
    assert len(suppress(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.uint8))) == 0


def test_only_the_best_of_too_many_are_compared():
    n = MAX_CANDIDATES + 50
    left = np.arange(n, dtype=np.float32) * 20
    boxes = np.stack((left, np.zeros(n), left + 10, np.full(n, 10)), axis=1).astype(np.float32)
    score = np.linspace(0.1, 1, n, dtype=np.float32)
    found = suppress(boxes, score, np.zeros(n, np.uint8))
    assert len(found) == MAX_CANDIDATES
    assert found.score.min() == score[50]
