import pytest

from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.measure.health import Fault
from flaneur.run.live.vitals import SILENT_NS, STUCK_NS, Vitals

NOW = 1_000 * SECOND_NS


def watched(vitals: Vitals, at_ns: int, faults: tuple[Fault, ...] = ()) -> None:
    """A picture that came and was measured, over the first connection."""
    vitals.came(at_ns, 0)
    vitals.looked(1, at_ns, SECOND_NS // 10, 0.02, faults)


@pytest.fixture
def vitals() -> Vitals:
    vitals = Vitals("north", NOW)
    vitals.opened(NOW)
    return vitals


def test_it_starts_and_watches(vitals: Vitals) -> None:
    assert vitals.status(NOW).state == "starting"
    watched(vitals, NOW + SECOND_NS)
    status = vitals.status(NOW + SECOND_NS)
    assert (status.state, status.reason, status.since_ns) == ("watching", None, NOW + SECOND_NS)
    assert (status.frames_seen, status.looks) == (1, 1)


def test_whether_something_moved_is_told_minute_by_minute_and_no_finer(vitals: Vitals) -> None:
    """The detector is asked when something moves, and a look without it is quicker: both would tell of a passer-by."""
    begin_ns = NOW // MINUTE_NS * MINUTE_NS + MINUTE_NS
    vitals.status(begin_ns)
    told = []
    for second in range(120):
        at_ns = begin_ns + second * SECOND_NS
        passing = second in (17, 90)
        vitals.looked(1, at_ns, SECOND_NS // (5 if passing else 100), 0.02 if passing else 0.0, ())
        told.append(vitals.status(at_ns))
    assert {(one.detect_s, one.lag_s) for one in told[:60]} == {(0.0, None)}
    assert {(one.detect_s, one.lag_s) for one in told[60:]} == {(0.02, 0.2)}
    last = vitals.status(begin_ns + 2 * MINUTE_NS)
    assert (last.detect_s, last.lag_s, last.looks) == (0.04, 0.2, 120)
    assert vitals.status(begin_ns + 3 * MINUTE_NS).lag_s is None


def test_the_clock_of_a_lost_camera_is_not_known(vitals: Vitals) -> None:
    vitals.clock(12.5, used=False)
    assert (vitals.status(NOW).clock_ahead_s, vitals.status(NOW).clock_used) == (12.5, False)
    vitals.lost("ended")
    assert vitals.status(NOW).clock_ahead_s is None


def test_a_loss_has_its_reason_until_a_picture_was_measured_again(vitals: Vitals) -> None:
    watched(vitals, NOW)
    vitals.lost("refused")
    vitals.looked(1, NOW, 0, 0.0, ())  # the last picture of the old connection
    assert vitals.status(NOW).reason == "refused"
    vitals.opened(NOW + SECOND_NS)
    assert vitals.status(NOW + SECOND_NS).state == "lost"
    vitals.looked(2, NOW + 2 * SECOND_NS, 0, 0.0, ())
    status = vitals.status(NOW + 2 * SECOND_NS)
    assert (status.state, status.reconnections) == ("watching", 1)


@pytest.mark.parametrize("measured", [False, True])
def test_a_thread_that_hangs_is_a_loss_within_ten_seconds(vitals: Vitals, measured: bool) -> None:
    if measured:
        watched(vitals, NOW)
    later = NOW + SILENT_NS + 1
    assert later - NOW < 10 * SECOND_NS
    assert (vitals.status(later).state, vitals.status(later).reason) == ("lost", "silent")


def come(vitals: Vitals, from_s: int, to_s: int) -> None:
    """Pictures, one a second, that nobody looks at."""
    for second in range(from_s, to_s):
        vitals.came(NOW + second * SECOND_NS, 0)


@pytest.mark.parametrize("measured", [False, True])
def test_pictures_that_nobody_looks_at_are_a_loss(vitals: Vitals, measured: bool) -> None:
    """A turn hangs, or all workers do, or each turn fails."""
    if measured:
        watched(vitals, NOW)
    come(vitals, 1, 14)
    at_ns = NOW + SECOND_NS + STUCK_NS
    assert vitals.status(at_ns).state == ("watching" if measured else "starting")
    status = vitals.status(at_ns + 1)
    assert (status.state, status.reason) == ("lost", "stuck")
    watched(vitals, at_ns + 2)
    assert vitals.status(at_ns + 2).state == "watching"


def test_a_camera_that_was_away_is_not_stuck_when_it_comes_back(vitals: Vitals) -> None:
    watched(vitals, NOW)
    come(vitals, 1, 2)
    assert vitals.status(NOW + 30 * SECOND_NS).reason == "silent"
    vitals.lost("ended")
    assert vitals.status(NOW + 31 * SECOND_NS).reason == "ended"
    vitals.opened(NOW + 60 * SECOND_NS)
    come(vitals, 60, 70)
    assert vitals.status(NOW + 69 * SECOND_NS).reason == "ended", "until one of its pictures was measured"
    come(vitals, 70, 72)
    assert vitals.status(NOW + 71 * SECOND_NS).reason == "stuck"
    vitals.lost("refused")
    assert vitals.status(NOW + 72 * SECOND_NS).reason == "refused"


@pytest.mark.parametrize("fault", list(Fault))
def test_a_camera_that_shows_nothing_is_blind_for_a_reason(vitals: Vitals, fault: Fault) -> None:
    watched(vitals, NOW, (fault,))
    assert (vitals.status(NOW).state, vitals.status(NOW).reason) == ("blind", fault.label)
    watched(vitals, NOW + SECOND_NS)
    assert vitals.status(NOW + SECOND_NS).state == "watching"


def test_the_rate_is_that_of_the_last_minute(vitals: Vitals) -> None:
    for second in range(120):
        watched(vitals, NOW + second * SECOND_NS)
    assert vitals.status(NOW + 119 * SECOND_NS).rate_per_s == pytest.approx(1.0, abs=0.02)


def test_a_stopped_camera_stays_so(vitals: Vitals) -> None:
    vitals.stopped("ended")
    watched(vitals, NOW)
    assert (vitals.status(NOW).state, vitals.status(NOW).reason) == ("stopped", "ended")
