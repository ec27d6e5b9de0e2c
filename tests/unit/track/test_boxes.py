"""Which boxes lie near or on one another, against the plain definition."""

import numpy as np
import pytest

from flaneur.track import boxes
from flaneur.track.boxes import covering, hidden, near, xyxy_of


@pytest.mark.parametrize("few", [0, 1200])
def test_near_is_what_the_distances_say(monkeypatch, few):
    monkeypatch.setattr(boxes, "FEW", few)
    rng = np.random.default_rng(0)
    x, others, reach = rng.uniform(0, 100, 30), rng.uniform(0, 100, 40), rng.uniform(0, 20, 30)
    rows, columns = near(x, reach, others)
    found = np.zeros((30, 40), int)
    np.add.at(found, (rows, columns), 1)
    assert (found == (np.abs(x[:, None] - others[None]) <= reach[:, None])).all()


def test_nothing_is_near_nothing():
    none, one = np.zeros(0), np.ones(1)
    for x, others in ((none, none), (one, none), (none, one)):
        rows, columns = near(x, np.ones(len(x)), others)
        assert len(rows) == len(columns) == 0


def test_covering_is_what_the_areas_say():
    rng = np.random.default_rng(1)
    xfwh = rng.uniform((0, 50, 5, 5), (120, 150, 40, 80), (60, 4)).T
    x1, y1, x2, y2 = xyxy_of(xfwh)
    across = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    upright = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    area = xfwh[2] * xfwh[3]
    share = np.maximum(across, 0) * np.maximum(upright, 0) / np.minimum(area[:, None], area)
    np.fill_diagonal(share, 0.0)
    found = np.zeros((60, 60), int)
    np.add.at(found, covering(xfwh, 0.6), 1)
    assert found.sum() > 20
    assert (found == (share > 0.6)).all()


def test_a_lower_half_is_hidden_by_who_stands_in_front():
    behind, front, aside = (100.0, 200.0, 30.0, 80.0), (110.0, 210.0, 30.0, 80.0), (300.0, 205.0, 30.0, 80.0)
    share = hidden(np.array((behind, front, aside)).T)
    # 20 of 30 px across; the one in front reaches over all of the lower 40 px
    np.testing.assert_allclose(share, (2 / 3, 0.0, 0.0))


def test_only_the_lower_half_counts_and_the_one_who_hides_most_of_it():
    tall, short, shorter = (100.0, 200.0, 30.0, 80.0), (100.0, 201.0, 30.0, 21.0), (100.0, 202.0, 30.0, 12.0)
    assert hidden(np.array((tall, short, shorter)).T)[0] == 0.5
    assert len(hidden(np.zeros((4, 0)))) == 0
