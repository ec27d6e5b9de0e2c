import random
import threading
from itertools import pairwise

import pytest

from flaneur.data.time import SECOND_NS
from flaneur.source.live import PLAYLIST_GAP_NS
from flaneur.source.live_clock import Clock
from flaneur.source.live_time import AGAIN_NS, PLAUSIBLE_NS, LiveTimeline, PlayedTimeline, Stamps
from flaneur.source.timeline import Timeline

EPOCH = 1_700_000_000 * SECOND_NS
STEP = SECOND_NS // 10


class Hand(Clock):
    """A clock that stands still but when somebody waits."""

    def __init__(self) -> None:
        self.time_ns = EPOCH

    def now_ns(self) -> int:
        return self.time_ns

    def wait(self, duration_ns: int, stopped: threading.Event) -> None:
        self.time_ns += 0 if stopped.is_set() else max(duration_ns, 0)


def played(clock: Clock, **how: int) -> PlayedTimeline:
    return PlayedTimeline(clock, EPOCH, Timeline(STEP, **how), threading.Event())


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


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_senders_clock_at_the_limit_does_not_move_the_pictures_back_and_forth(sign: int) -> None:
    timeline, rng = LiveTimeline(EPOCH), random.Random(1)
    used = set()
    for k in range(6000):
        least_ms, most_ms = (20, 60) if k // 100 % 2 else (50, 90)
        arrival_ns = EPOCH + k * STEP + rng.randint(least_ms, most_ms) * SECOND_NS // 1000
        timeline.stamp(k * STEP, Stamps(arrival_ns, EPOCH + k * STEP + sign * PLAUSIBLE_NS + 40_000_000))
        used.add(timeline.sender.used)
    assert not timeline.sender.used
    assert timeline.jumps == len(used) - 1


def test_a_senders_clock_that_was_doubted_must_come_nearer_to_be_used_again() -> None:
    timeline = LiveTimeline(EPOCH)
    used = []
    for k, ahead_ns in enumerate((PLAUSIBLE_NS, PLAUSIBLE_NS + 1, AGAIN_NS + 1, AGAIN_NS, AGAIN_NS + 1, PLAUSIBLE_NS)):
        arrival_ns = EPOCH + k * 3600 * SECOND_NS  # what was said before is forgotten
        timeline.stamp(k * 3600 * SECOND_NS, Stamps(arrival_ns, arrival_ns + ahead_ns))
        used.append(timeline.sender.used)
    assert used == [True, False, False, True, True, True]


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
    timeline = played(clock)
    for k in range(20):
        assert timeline.stamp(7 + k * STEP, Stamps(0, None)) == k * STEP
        assert clock.now_ns() == EPOCH + k * STEP
    assert timeline.stamp(7 + 15 * STEP, Stamps(0, None)) is None


def test_a_playlist_that_ran_dry_has_a_gap_and_goes_on() -> None:
    clock = Hand()
    timeline = played(clock)
    assert timeline.stamp(0, Stamps(0, None)) == 0
    clock.time_ns += 5 * SECOND_NS
    assert timeline.stamp(STEP, Stamps(0, None)) == 5 * SECOND_NS
    assert timeline.stamp(2 * STEP, Stamps(0, None)) == 5 * SECOND_NS + STEP
    assert timeline.jumps == 1


def test_a_file_keeps_its_pauses() -> None:
    clock = Hand()
    timeline = played(clock)
    times = [timeline.stamp(media_ns, Stamps(0, None)) for media_ns in (0, 3600 * SECOND_NS)]
    assert times == [0, 3600 * SECOND_NS]
    assert clock.now_ns() == EPOCH + 3600 * SECOND_NS


@pytest.mark.parametrize("leap_s", [-7200, -2, 3, 7200, 80_000])
def test_a_playlist_whose_stamps_leap_goes_on_by_one_frame(leap_s: int) -> None:
    clock = Hand()
    timeline = played(clock, longest_gap_ns=PLAYLIST_GAP_NS)
    for k in range(40):
        leap_ns = leap_s * SECOND_NS if k >= 20 else 0
        assert timeline.stamp(k * STEP + leap_ns, Stamps(0, None)) == k * STEP
        assert clock.now_ns() == EPOCH + k * STEP
    assert timeline.jumps == 1
