import numpy as np
import pytest

from flaneur.data.geometry import GROUND_POINT
from flaneur.data.private import Tracks
from flaneur.measure.anchor import anchored

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
def test_the_foot_comes_to_lie_where_the_anchor_was(anchor: tuple[float, float], feet: list[list[float]]) -> None:
    moved = anchored(tracks(), anchor)
    assert moved.foot_px().tolist() == feet
    assert (moved.xyxy_px[:, 2:] - moved.xyxy_px[:, :2]).tolist() == (BOXES[:, 2:] - BOXES[:, :2]).tolist()
    assert (moved.frame_index, moved.time_ns, moved.ended.tolist()) == (3, 5, [7])
