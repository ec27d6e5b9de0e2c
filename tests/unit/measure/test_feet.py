import numpy as np
import pytest

from flaneur.data.geometry import GROUND_POINT
from flaneur.data.private import Tracks
from flaneur.measure.feet import CLEAR_M, ground_feet, picture_feet
from support.grounds import tracks_m

BOXES = np.array([[10, 20, 30, 80], [0, 0, 8, 4]], np.float32)


def tracks() -> Tracks:
    n = len(BOXES)
    return Tracks(
        frame_index=3,
        time_ns=5,
        xyxy_px=BOXES,
        track_id=np.arange(n),
        kind=np.zeros(n, np.uint8),
        score=np.ones(n, np.float32),
        observed=np.ones(n, np.bool_),
        ended=np.array([7]),
    )


@pytest.mark.parametrize(
    ("anchor", "feet"),
    [(GROUND_POINT, [[20, 80], [4, 4]]), ((0.5, 0.5), [[20, 50], [4, 2]]), ((0.0, 0.0), [[10, 20], [0, 0]])],
)
def test_the_foot_of_a_box_lies_at_the_anchor(anchor: tuple[float, float], feet: list[list[float]]) -> None:
    there = picture_feet(tracks(), anchor)
    assert there.xy.tolist() == feet
    assert there.clear.tolist() == [15.0, 1.0]
    assert (there.time_ns, there.track_id.tolist(), there.ended.tolist()) == (5, [0, 1], [7])


def test_on_the_ground_it_is_the_middle_and_clear_of_trembling() -> None:
    there = ground_feet(tracks_m(2.0, [(1.0, 2.0), (3.0, 4.0)], sigma_m=[0.0, 1.0]))
    assert there.xy.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert there.clear.tolist() == [CLEAR_M, 3.0]
