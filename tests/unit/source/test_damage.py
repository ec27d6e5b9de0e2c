import pytest

from flaneur.source.damage import MOST_HELD_BACK, Damage


def test_a_sound_file_has_nothing_to_say() -> None:
    assert Damage().sentences() == []
    assert Damage().frames_dropped == 0


def test_only_lost_frames_count_as_dropped() -> None:
    damage = Damage(undecodable=1, concealed=2, suspect=4, late=8, guessed=99, jumps=99, resized=99, interlaced=99)
    assert damage.frames_dropped == 15
    assert len(damage.sentences()) == 8


def test_one_and_many() -> None:
    assert Damage(late=1).sentences() == ["1 frame was dropped because its time stamp does not move forward"]
    assert Damage(late=2).sentences() == ["2 frames were dropped because their time stamps do not move forward"]


@pytest.mark.parametrize(("guessed", "said"), [(MOST_HELD_BACK, 0), (MOST_HELD_BACK + 1, 1)])
def test_the_few_unstamped_frames_at_a_files_end_are_not_worth_a_word(guessed: int, said: int) -> None:
    assert len(Damage(guessed=guessed).sentences()) == said


def test_places_and_seconds_are_named() -> None:
    said = Damage(jumps=1, unreadable=3, ended_early_s=12.34).sentences()
    assert "once" in said[0]
    assert "at 3 places" in said[1]
    assert "12.3 s" in said[2]
