import numpy as np
import pytest

from flaneur.data.kinds import Kind
from flaneur.measure.standing import Standing
from support.grounds import tracks_m


def test_between_the_speeds_everybody_goes_on_as_before() -> None:
    speeds = [0.5, 1.5, 2.5, np.nan]
    tracks = tracks_m(0.0, np.zeros((4, 2)), [(speed, 0.0) for speed in speeds])
    for before, after in ((True, [True, True, False, True]), (False, [True, False, False, False])):
        assert Standing(1.0, 2.0).after(np.full(4, before), tracks).tolist() == after


def test_who_walks_as_slowly_as_traffic_creeps_does_not_stand() -> None:
    tracks = tracks_m(0.0, np.zeros((3, 2)), [(0.1, 0.0), (0.3, 0.0), (0.6, 0.0)], kind=Kind.PEDESTRIAN)
    assert Standing().after(np.ones(3, np.bool_), tracks).tolist() == [True, True, False]
    assert Standing().after(np.zeros(3, np.bool_), tracks).tolist() == [True, False, False]


def test_noise_that_looks_like_motion_is_taken_off() -> None:
    tracks = tracks_m(0.0, np.zeros((1, 2)), [(0.3, 0.0)], kind=Kind.PEDESTRIAN, sigma_mps=0.25)
    assert Standing().after(np.zeros(1, np.bool_), tracks).tolist() == [True]


@pytest.mark.parametrize("speeds", [(0.0, 1.0), (2.0, 1.0), (np.nan, 1.0)])
def test_who_stands_is_slower_than_who_moves(speeds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="who stands is slower"):
        Standing(*speeds)
