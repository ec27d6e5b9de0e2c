"""The quick ways of association give what the slow ones would."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from flaneur.data.kinds import Kind
from flaneur.track import TrackParams, associate, motion
from flaneur.track.boxes import HEIGHT, X, boxes_of, near
from support.people import Box, detections


def crowd(rng, n):
    """Boxes of n people of any size, close to one another."""
    x, foot, tall = rng.uniform(50, 500, n), rng.uniform(150, 400, n), rng.uniform(20, 140, n)
    wide = tall * rng.uniform(0.2, 0.6, n)
    return detections([Box((a - w / 2, f - h, a + w / 2, f)) for a, f, h, w in zip(x, foot, tall, wide, strict=True)])


@pytest.mark.parametrize("seed", range(5))
def test_no_pair_below_the_limit_is_out_of_reach(seed):
    rng = np.random.default_rng(seed)
    boxes = boxes_of(crowd(rng, 150), TrackParams(), (640.0, 480.0))
    position = boxes_of(crowd(rng, 100), TrackParams(), (640.0, 480.0)).xfwh
    height = position[HEIGHT]
    lost = rng.uniform(1.0, 30.0, 100)
    variance = lost * motion.box_deviation(height, np.full(100, Kind.PEDESTRIAN, np.uint8), 0.2) ** 2

    def affordable(i, j):
        cost, _ = associate._costs(boxes.xfwh[:, j] - position[:, i], variance[:, i], height[i], boxes.xfwh[HEIGHT, j])
        return set(zip(i[cost < associate.LIMIT_NATS].tolist(), j[cost < associate.LIMIT_NATS].tolist(), strict=True))

    i, j = associate._within_reach(position, variance, height, boxes)
    everyone = near(position[X], np.full(100, np.inf), boxes.xfwh[X])
    assert len(i) < len(everyone[0]) / 2
    assert len(affordable(*everyone)) > 100
    assert affordable(i, j) == affordable(*everyone)


@pytest.mark.parametrize("seed", range(20))
def test_the_best_pairs_are_worth_as_much_as_those_of_the_whole_table(seed):
    rng = np.random.default_rng(seed)
    worth = np.where(rng.random((12, 15)) < 0.15, rng.uniform(0.1, 9.0, (12, 15)), 0.0)
    i, j = np.nonzero(worth)
    best = associate._best(i, j, worth[i, j])
    assert len(set(i[best])) == len(set(j[best])) == best.sum()
    assert worth[i, j][best].sum() == pytest.approx(worth[linear_sum_assignment(worth, maximize=True)].sum())


def test_the_feet_of_somebody_behind_another_are_measured_less_exactly():
    boxes = boxes_of(
        detections([Box((100, 200, 130, 290)), Box((105, 205, 135, 300)), Box((400, 200, 430, 290))]),
        TrackParams(),
        (640.0, 480.0),
    )
    deviation = np.ones((4, 3))
    _, variance = associate.whole(boxes.xfwh, np.ones(3), deviation, boxes, np.zeros(3, np.intp))
    behind = boxes.xfwh[:2].T.tolist().index([115.0, 290.0])
    assert (np.delete(variance, behind, axis=1) == 1.0).all()
    assert (variance[:, behind] > 1.0).tolist() == [False, True, False, True]
