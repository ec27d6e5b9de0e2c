import numpy as np

from flaneur.data.released import PlaceMap
from flaneur.serve.place_map import drawn


def test_cells_stand_where_they_are_and_axes_hold_round_metres() -> None:
    events = np.full((30, 50), np.nan, np.float32)
    events[0, 1], events[29, 49] = 4.0, 16.0
    shown = drawn(PlaceMap("near misses", 1.0, (-7.0, 12.0), events, 3))
    assert [(cell.x, cell.y, cell.count, cell.weight) for cell in shown.cells] == [(1, 29, 4, 0.5), (49, 0, 16, 1.0)]
    assert shown.x_ticks == ((7, "0 m"), (17, "10 m"), (27, "20 m"), (37, "30 m"), (47, "40 m"))
    assert shown.y_ticks == ((22, "20 m"), (12, "30 m"), (2, "40 m"))
    assert not shown.is_numbered


def test_small_maps_are_numbered_and_cells_have_their_own_size() -> None:
    shown = drawn(PlaceMap("near misses", 2.0, (-4.0, 0.0), np.full((3, 4), 5.0, np.float32), 3))
    assert shown.is_numbered
    assert len(shown.cells) == 12
    assert [label for _, label in shown.x_ticks] == ["−4 m", "−2 m", "0 m", "2 m", "4 m"]
