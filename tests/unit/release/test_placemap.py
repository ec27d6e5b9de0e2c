import numpy as np

from flaneur.release.placemap import PlaceMapAccumulator


def test_only_cells_of_three_events_are_told() -> None:
    places = PlaceMapAccumulator("ttc")
    places.add(np.array([[2, -2], [2, -2], [4, 0]], np.int32))
    places.add(np.array([[2, -2], [5, 5], [4, 0]], np.int32))
    places.add(np.array([[4, 0], [4, 0]], np.int32))
    told = places.finish()
    assert told is not None
    assert told.corner_m == (2.0, -2.0)
    np.testing.assert_array_equal(told.events, [[3, np.nan, np.nan], [np.nan] * 3, [np.nan, np.nan, 4]])


def test_without_such_a_cell_there_is_no_map() -> None:
    places = PlaceMapAccumulator("pet")
    places.add(np.zeros((2, 2), np.int32))
    assert places.finish() is None


def test_positions_that_cannot_be_are_dropped_and_counted() -> None:
    places = PlaceMapAccumulator("pet")
    places.add(np.array([[1_000_000, 0], [0, -1001], [0, 0]], np.int32))
    assert places.dropped == 2
