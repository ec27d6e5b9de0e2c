"""What a board takes up, and what it passes over or forgets."""

from collections.abc import Iterator

import pytest

from flaneur.data.released import Measurement
from flaneur.data.time import MINUTE_NS
from flaneur.serve.live.board import Board, SiteFacts
from support.figures import MONDAY_7H_NS, figure

SITE = SiteFacts("Marktplatz", ("north", "south"), "0.1", "nanodet")
DAY_NS = 1440 * MINUTE_NS


class Clock:
    """Somebody sets it."""

    now_ns = MONDAY_7H_NS + 60 * MINUTE_NS

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(clock: Clock) -> Board:
    return Board(SITE, clock)


def minute(n: int, *places: str, camera: str = "north") -> Iterator[Measurement]:
    """All that a camera with lines at these places tells of a minute: a count, and a mean speed where there was one."""
    for place in places:
        yield figure(MONDAY_7H_NS + n * MINUTE_NS, 1.0, place=place, camera=camera)
        speed = {"measure": "speed_mean", "unit": "m/s", "sample_size": 3}
        yield figure(MONDAY_7H_NS + n * MINUTE_NS, 8.0, place=place, camera=camera, kind="all", **speed)
        if n % 3 == 0:
            yield figure(MONDAY_7H_NS + n * MINUTE_NS, 9.0, place=place, camera=camera, kind="bus", **speed)


def places(board: Board) -> set[str]:
    return {series.place for series in board.series()}


def totals(board: Board) -> dict[str, float]:
    return {series.place: total for series, _, total in board.totals()}


def test_the_last_figures_of_a_camera_that_was_taken_out_change_nothing(board: Board) -> None:
    board.complete(list(minute(0, "gate", camera="south")))
    board.move(SiteFacts("Marktplatz", ("north",), "0.1", "nanodet"))
    board.complete([*minute(1, "gate", camera="south"), *minute(1, "bridge")])
    assert places(board) == set(totals(board)) == {"bridge"}
    assert {series.camera for series, _ in board.latest()} == {"north"}


def test_a_store_that_knows_the_site_under_another_name_is_not_believed(board: Board) -> None:
    board.recall([figure(MONDAY_7H_NS, site="Rathaus", place="gate"), figure(MONDAY_7H_NS, place="bridge")])
    assert places(board) == {"bridge"}


class TestFuture:
    def test_it_is_not_recalled(self, board: Board) -> None:
        board.recall([figure(MONDAY_7H_NS + 365 * DAY_NS, place="gate"), figure(MONDAY_7H_NS, place="bridge")])
        assert places(board) == {"bridge"}

    def test_after_the_clock_was_ahead_the_present_is_the_latest_again(self, board: Board, clock: Clock) -> None:
        now_ns = clock.now_ns
        clock.now_ns += 365 * DAY_NS
        board.complete([figure(MONDAY_7H_NS + 365 * DAY_NS, 3.0)])
        clock.now_ns = now_ns
        for n in range(5):
            board.complete([figure(MONDAY_7H_NS + n * MINUTE_NS, 7.0)])
            ((_, latest),) = board.latest()
            assert (latest.start_ns, latest.value) == (MONDAY_7H_NS + n * MINUTE_NS, 7.0)
        assert totals(board) == {"crosswalk": 38.0}

    def test_what_an_interval_tells_that_is_not_over_is_believed(self, board: Board, clock: Clock) -> None:
        """A camera that ends within an interval tells of it at once."""
        board.complete([figure(clock.now_ns - MINUTE_NS // 2, 3.0)])
        board.complete([figure(clock.now_ns - 3 * MINUTE_NS, 3.0)])
        ((_, latest),) = board.latest()
        assert latest.start_ns == clock.now_ns - MINUTE_NS // 2


class TestPlaces:
    def test_a_place_that_two_intervals_do_not_tell_is_no_more(self, board: Board) -> None:
        board.complete(list(minute(0, "old line", "bridge")))
        board.move(SITE)
        board.complete(list(minute(1, "bridge", "new line")))
        board.complete(list(minute(2, "bridge", "new line")))
        assert places(board) == set(totals(board)) == {"bridge", "new line"}

    def test_one_that_was_recalled_too(self, board: Board) -> None:
        board.recall(list(minute(0, "old line", "bridge")))
        for n in (5, 6):
            board.complete(list(minute(n, "bridge")))
        assert places(board) == {"bridge"}

    def test_one_interval_may_lack_what_was_told_before_a_restart_within_it(self, board: Board) -> None:
        board.complete(list(minute(0, "bridge")))
        for n in range(1, 9):
            board.complete(list(minute(n, "new line")) if n == 1 else list(minute(n, "bridge", "new line")))
            assert places(board) == {"bridge", "new line"}
        assert totals(board) == {"bridge": 8.0, "new line": 8.0}

    def test_a_kind_that_is_not_there_for_a_while_is_not_forgotten(self, board: Board) -> None:
        for n in range(3):
            board.complete(list(minute(n, "bridge")))
        assert "bus" in {series.kind for series in board.series()}

    def test_a_hole_in_which_nothing_was_told_takes_no_place_away(self, board: Board) -> None:
        board.complete(list(minute(0, "bridge")))
        board.complete(list(minute(40, "bridge")))
        board.complete([*minute(41, "bridge"), *minute(42, "bridge")])
        assert places(board) == {"bridge"}

    def test_a_camera_that_tells_nothing_keeps_its_places(self, board: Board) -> None:
        board.complete(list(minute(0, "gate", camera="south")))
        for n in range(1, 4):
            board.complete(list(minute(n, "bridge")))
        assert places(board) == {"bridge", "gate"}
