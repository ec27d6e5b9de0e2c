import pytest

from flaneur.data.time import SECOND_NS
from flaneur.measure.health import Fault
from flaneur.run.live.vitals import SILENT_NS, Vitals

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
    assert (status.frames_seen, status.looks, status.lag_s, status.detect_s) == (1, 1, 0.1, 0.02)


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
