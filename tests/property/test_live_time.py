"""Laws of dating live pictures."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.time import SECOND_NS
from flaneur.source.live_time import LiveTimeline, Stamps

HOUR_NS = 3600 * SECOND_NS
moments = st.integers(-(10**6) * SECOND_NS, 10**6 * SECOND_NS)
delays = st.lists(st.integers(0, SECOND_NS), min_size=2, max_size=200)
packets = st.lists(st.tuples(st.none() | moments, moments, st.none() | moments), max_size=60)


def dated(seen, epoch_ns: int = 0) -> list[int | None]:
    timeline = LiveTimeline(epoch_ns)
    return [timeline.stamp(media_ns, Stamps(arrival_ns, sender_ns)) for media_ns, arrival_ns, sender_ns in seen]


@given(packets)
def test_whatever_comes_times_strictly_increase(seen) -> None:
    times = [time_ns for time_ns in dated(seen) if time_ns is not None]
    assert all(before < after for before, after in pairwise(times))


@given(packets, moments)
def test_the_epoch_is_only_where_counting_begins(seen, epoch_ns: int) -> None:
    expected = [None if time_ns is None else time_ns - epoch_ns for time_ns in dated(seen)]
    assert dated(seen, epoch_ns) == expected


@given(packets, moments)
def test_where_the_media_clock_begins_does_not_matter(seen, shift_ns: int) -> None:
    later = [(None if media is None else media + shift_ns, arrival, sender) for media, arrival, sender in seen]
    assert dated(later) == dated(seen)


@given(delays, st.integers(1, 60))
def test_pictures_are_dated_within_the_delays_that_were_seen_and_pace_is_kept(
    late_ns: list[int], rate_per_s: int
) -> None:
    step_ns = SECOND_NS // rate_per_s
    arrivals = [HOUR_NS + k * step_ns + late for k, late in enumerate(late_ns)]
    times = dated([(k * step_ns, arrival, None) for k, arrival in enumerate(arrivals)])
    known = [(time_ns, k) for k, time_ns in enumerate(times) if time_ns is not None]
    steps = [(b - a) / (n - m) for (a, m), (b, n) in pairwise(known)]
    assert all(0.94 * step_ns <= step <= 1.06 * step_ns for step in steps)
    for time_ns, k in known:
        seen_ns = late_ns[: k + 1]
        assert min(seen_ns) <= time_ns - HOUR_NS - k * step_ns <= max(seen_ns)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=200), st.integers(-4 * SECOND_NS, 4 * SECOND_NS))
def test_a_senders_clock_is_taken_as_it_is(gaps: list[int], ahead_ns: int) -> None:
    media, seen = 0, []
    for gap in gaps:
        media += (gap + 1) * SECOND_NS // 25
        seen.append((media, HOUR_NS + media, HOUR_NS + media + ahead_ns))
    assert dated(seen) == [sender for _, _, sender in seen]
