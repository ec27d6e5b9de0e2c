import numpy as np
import pytest

from flaneur.measure.standing import Standing
from support.grounds import tracks_m


def test_between_the_speeds_everybody_goes_on_as_before() -> None:
    speeds = [0.5, 1.5, 2.5, np.nan]
    tracks = tracks_m(0.0, np.zeros((4, 2)), [(speed, 0.0) for speed in speeds])
    for before, after in ((True, [True, True, False, True]), (False, [True, False, False, False])):
        assert Standing(1.0, 2.0).after(np.full(4, before), tracks).tolist() == after


@pytest.mark.parametrize("speeds", [(0.0, 1.0), (2.0, 1.0), (np.nan, 1.0)])
def test_who_stands_is_slower_than_who_moves(speeds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="who stands is slower"):
        Standing(*speeds)
