from itertools import pairwise

import pytest

from flaneur.data.time import SECOND_NS
from flaneur.source.live_clock import Clock
from flaneur.source.live_time import PLAUSIBLE_NS, LiveTimeline, PlayedTimeline, Stamps

EPOCH = 1_700_000_000 * SECOND_NS
STEP = SECOND_NS // 10


class Hand(Clock):
    """A clock that stands still but when somebody sleeps."""

    def __init__(self) -> None:
        self.time_ns = EPOCH

    def now_ns(self) -> int:
        return self.time_ns

    def sleep(self, duration_ns: int) -> None:
        self.time_ns += max(duration_ns, 0)


def test_the_clock_never_runs_backwards_and_knows_how_far_it_is_off() -> None:
    clock = Clock()
    moments = [clock.now_ns() for _ in range(1000)]
    assert moments == sorted(moments)
    assert abs(clock.jumped_ns()) < SECOND_NS


def test_without_a_senders_clock_pictures_are_dated_by_their_arrival() -> None:
    timeline = LiveTimeline(EPOCH)
    times = [timeline.stamp(k * STEP, Stamps(EPOCH + k * STEP, None)) for k in range(50)]
    assert times == [k * STEP for k in range(50)]
    assert timeline.sender.ahead_s is None
    assert not timeline.sender.used


@pytest.mark.parametrize("late_s", [0.3, 1.5])
def test_what_comes_late_and_in_heaps_is_dated_when_it_was_due(late_s: float) -> None:
    timeline = LiveTimeline(EPOCH)
    late_ns = round(late_s * SECOND_NS)
    for k in range(200):
        arrival_ns = EPOCH + k * STEP + (late_ns if k % 20 > 10 else 0)
        assert timeline.stamp(k * STEP, Stamps(arrival_ns, None)) == k * STEP


def test_a_senders_clock_that_can_be_true_is_used() -> None:
    timeline = LiveTimeline(EPOCH)
    ahead_ns = 700_000_000
    times = [timeline.stamp(k * STEP, Stamps(EPOCH + k * STEP, EPOCH + k * STEP + ahead_ns)) for k in range(20)]
    assert times == [k * STEP + ahead_ns for k in range(20)]
    assert timeline.sender.ahead_s == pytest.approx(0.7)
    assert timeline.sender.used


def test_a_senders_clock_that_was_never_set_is_told_and_not_used() -> None:
    timeline = LiveTimeline(EPOCH)
    times = [timeline.stamp(k * STEP, Stamps(EPOCH + k * STEP, k * STEP)) for k in range(20)]
    assert times == [k * STEP for k in range(20)]
    assert timeline.sender.ahead_s == pytest.approx(-EPOCH / SECOND_NS)
    assert not timeline.sender.used


def test_a_senders_clock_that_begins_to_tell_bends_the_time_by_no_more_than_5_percent() -> None:
    timeline = LiveTimeline(EPOCH)
    times = []
    for k in range(400):
        sender_ns = EPOCH + k * STEP - SECOND_NS if k > 100 else None
        times.append(timeline.stamp(k * STEP, Stamps(EPOCH + k * STEP, sender_ns)))
    steps = [after - before for before, after in pairwise(times)]
    assert min(steps) >= 0.95 * STEP
    assert max(steps) <= STEP
    assert times[-1] == 399 * STEP - SECOND_NS
    assert timeline.jumps == 0


def test_a_senders_clock_that_is_set_makes_a_jump_once_it_is_certain() -> None:
    timeline = LiveTimeline(EPOCH)
    for k in range(1000):
        sender_ns = EPOCH + k * STEP + (3 * SECOND_NS if k >= 50 else 0)
        time_ns = timeline.stamp(k * STEP, Stamps(EPOCH + k * STEP, sender_ns))
        assert time_ns == k * STEP + (3 * SECOND_NS if timeline.jumps else 0)
    assert timeline.jumps == 1


def test_a_senders_clock_that_is_set_back_leaves_no_picture_twice() -> None:
    timeline = LiveTimeline(EPOCH)
    times = [
        timeline.stamp(k * STEP, Stamps(EPOCH + k * STEP, EPOCH + k * STEP - (3 * SECOND_NS if k >= 50 else 0)))
        for k in range(100)
    ]
    assert times == [k * STEP for k in range(50)] + [None] * 30 + [k * STEP - 3 * SECOND_NS for k in range(80, 100)]
    assert timeline.jumps == 1


def test_sender_reports_that_come_late_do_not_move_the_pictures() -> None:
    timeline = LiveTimeline(EPOCH)
    for k in range(2000):
        late_ns = 4 * SECOND_NS if k % 100 > 50 else 0
        assert timeline.stamp(k * STEP, Stamps(EPOCH + k * STEP, EPOCH + k * STEP + late_ns)) == k * STEP
    assert timeline.jumps == 0


def test_pictures_that_go_back_in_time_are_left_out() -> None:
    timeline = LiveTimeline(EPOCH)
    assert timeline.stamp(STEP, Stamps(EPOCH + STEP, None)) == STEP
    assert timeline.stamp(STEP, Stamps(EPOCH + 2 * STEP, None)) is None
    assert timeline.stamp(0, Stamps(EPOCH + 2 * STEP, None)) is None
    assert timeline.stamp(2 * STEP, Stamps(EPOCH + 2 * STEP, None)) == 2 * STEP


def test_a_media_clock_that_begins_anew_is_followed() -> None:
    timeline = LiveTimeline(EPOCH)
    for k in range(100):
        assert timeline.stamp(k * STEP, Stamps(EPOCH + k * STEP, None)) == k * STEP
    for k in range(100, 200):
        assert timeline.stamp((k - 100) * STEP, Stamps(EPOCH + k * STEP, None)) == k * STEP
    assert timeline.jumps == 1


def test_a_sender_that_pauses_its_media_clock_is_followed_within_seconds() -> None:
    timeline = LiveTimeline(EPOCH)
    for k in range(400):
        pause_ns = 30 * SECOND_NS if k >= 100 else 0
        time_ns = timeline.stamp(k * STEP, Stamps(EPOCH + k * STEP + pause_ns, None))
    assert time_ns == 399 * STEP + 30 * SECOND_NS
    assert timeline.jumps == 1


def test_without_a_media_clock_the_sender_or_the_arrival_says_when() -> None:
    timeline = LiveTimeline(EPOCH)
    assert timeline.stamp(None, Stamps(EPOCH + 1, None)) == 1
    assert timeline.stamp(None, Stamps(EPOCH + 9, EPOCH + 5)) == 5
    assert timeline.stamp(None, Stamps(EPOCH + 9, EPOCH + 9 + 2 * PLAUSIBLE_NS)) == 9


def test_a_drift_of_the_media_clock_is_followed() -> None:
    timeline = LiveTimeline(EPOCH)
    for k in range(20_000):  # half an hour at 1000 parts in a million
        time_ns = timeline.stamp(k * STEP, Stamps(EPOCH + round(k * STEP * 1.001), None))
    assert abs(time_ns - round(19_999 * STEP * 1.001)) < SECOND_NS // 20
    assert timeline.jumps == 0


def test_a_file_is_handed_out_at_its_own_pace() -> None:
    clock = Hand()
    timeline = PlayedTimeline(clock, EPOCH, STEP)
    for k in range(20):
        assert timeline.stamp(7 + k * STEP, Stamps(0, None)) == k * STEP
        assert clock.now_ns() == EPOCH + k * STEP
    assert timeline.stamp(7 + 15 * STEP, Stamps(0, None)) is None


def test_a_playlist_that_ran_dry_has_a_gap_and_goes_on() -> None:
    clock = Hand()
    timeline = PlayedTimeline(clock, EPOCH, STEP)
    assert timeline.stamp(0, Stamps(0, None)) == 0
    clock.sleep(5 * SECOND_NS)
    assert timeline.stamp(STEP, Stamps(0, None)) == 5 * SECOND_NS
    assert timeline.stamp(2 * STEP, Stamps(0, None)) == 5 * SECOND_NS + STEP
    assert timeline.jumps == 1
