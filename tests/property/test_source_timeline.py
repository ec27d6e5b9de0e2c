from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.time import SECOND_NS
from flaneur.source.timeline import LONGEST_GAP_NS, Timeline

STEP_NS = 40_000_000
anything = st.lists(st.none() | st.integers(-(2**70), 2**70) | st.integers(0, 10 * SECOND_NS), max_size=60)
sound = st.lists(st.integers(1, 10 * SECOND_NS), max_size=60)


def run(media: list[int | None]) -> list[int | None]:
    line = Timeline(STEP_NS)
    return [line.stamp(one) for one in media]


@given(anything)
def test_times_start_at_zero_increase_and_never_leap(media: list[int | None]) -> None:
    times = [time for time in run(media) if time is not None]
    assert times[:1] == [0] * bool(media)
    assert all(0 < b - a <= LONGEST_GAP_NS for a, b in pairwise(times))


@given(anything, st.integers(-(2**62), 2**62))
def test_it_does_not_matter_where_the_files_clock_begins(media: list[int | None], shift: int) -> None:
    assert run([None if one is None else one + shift for one in media]) == run(media)


@given(sound, st.integers(-(2**40), 2**40))
def test_sound_stamps_are_kept_exactly(steps: list[int], begin: int) -> None:
    media = [begin]
    for step in steps:
        media.append(media[-1] + step)
    assert run(list(media)) == [one - begin for one in media]
    line = Timeline(STEP_NS)
    assert all(line.stamp(one) is not None for one in media)
    assert line.jumps == line.guessed == 0


@given(anything, anything)
def test_a_part_does_not_depend_on_what_follows(head: list[int | None], tail: list[int | None]) -> None:
    assert run(head + tail)[: len(head)] == run(head)
