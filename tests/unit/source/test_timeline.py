import pytest

from flaneur.data.time import SECOND_NS
from flaneur.source.timeline import LONGEST_GAP_NS, Timeline

STEP_NS = 40_000_000


def stamps(*media_ns: int | None) -> tuple[list[int | None], Timeline]:
    line = Timeline(STEP_NS)
    return [line.stamp(media) for media in media_ns], line


def test_the_first_frame_is_at_zero_wherever_the_files_clock_begins() -> None:
    for begin in (0, -7 * SECOND_NS, 10**15):
        times, _ = stamps(begin, begin + 5, begin + SECOND_NS)
        assert times == [0, 5, SECOND_NS]


def test_frames_that_do_not_come_later_are_refused() -> None:
    times, line = stamps(0, 100, 100, 60, 101)
    assert times == [0, 100, None, None, 101]
    assert line.jumps == line.guessed == 0


def test_a_pause_stays_a_pause() -> None:
    times, line = stamps(0, STEP_NS, LONGEST_GAP_NS)
    assert times == [0, STEP_NS, LONGEST_GAP_NS]
    assert line.jumps == 0


def test_a_pause_is_as_long_as_it_may_be() -> None:
    line = Timeline(STEP_NS, longest_gap_ns=SECOND_NS)
    assert [line.stamp(media) for media in (0, SECOND_NS, 2 * SECOND_NS + 1)] == [0, SECOND_NS, SECOND_NS + STEP_NS]
    assert line.jumps == 1


@pytest.mark.parametrize("years", [1, 1000])
def test_a_jump_of_years_and_back_costs_two_steps(years: int) -> None:
    absurd = years * 365 * 24 * 3600 * SECOND_NS
    times, line = stamps(0, STEP_NS, absurd, 3 * STEP_NS, 4 * STEP_NS)
    assert times == [k * STEP_NS for k in range(5)]
    assert line.jumps == 2


def test_recordings_joined_end_to_end_go_on() -> None:
    second = [k * STEP_NS for k in range(3)]
    times, line = stamps(*(k * STEP_NS for k in range(50)), *second)
    assert times == [k * STEP_NS for k in range(53)]
    assert line.jumps == 1


def test_missing_stamps_are_counted_on_and_later_ones_agree() -> None:
    times, line = stamps(0, None, None, 5 * STEP_NS)
    assert times == [0, STEP_NS, 2 * STEP_NS, 5 * STEP_NS]
    assert line.guessed == 2


def test_a_file_without_stamps_keeps_its_rate_over_lost_frames() -> None:
    line = Timeline(STEP_NS)
    line.skip()  # before the first frame there is no time that could pass
    assert line.stamp(None) == 0
    line.skip()
    assert line.stamp(None) == 2 * STEP_NS


def test_a_lost_frame_does_not_move_a_clock_that_has_stamps() -> None:
    line = Timeline(STEP_NS)
    line.stamp(0)
    line.skip()
    assert line.stamp(STEP_NS) == STEP_NS


def test_the_end_is_one_step_after_the_last_frame() -> None:
    assert Timeline(STEP_NS).end_ns == 0
    assert stamps(0, 90)[1].end_ns == 90 + STEP_NS
