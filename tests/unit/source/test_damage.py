import pytest

from flaneur.data.notes import Note
from flaneur.source.damage import MOST_HELD_BACK, Damage


def test_a_sound_file_has_nothing_to_say() -> None:
    assert Damage().notes() == []
    assert Damage().frames_dropped == 0


def test_only_lost_frames_count_as_dropped() -> None:
    damage = Damage(undecodable=1, concealed=2, suspect=4, late=8, guessed=99, jumps=99, resized=99, interlaced=99)
    assert damage.frames_dropped == 15
    assert len(damage.notes()) == 8


def test_each_kind_of_damage_is_noted_with_its_count() -> None:
    damage = Damage(
        undecodable=1, concealed=2, suspect=3, late=4, guessed=50, resized=6, interlaced=7, jumps=8, unreadable=9
    )
    assert damage.notes() == [
        Note("undecodable", (1,)),
        Note("concealed", (2,)),
        Note("suspect", (3,)),
        Note("late", (4,)),
        Note("guessed", (50,)),
        Note("resized", (6,)),
        Note("interlaced", (7,)),
        Note("jumps", (8,)),
        Note("unreadable", (9,)),
    ]


@pytest.mark.parametrize(("guessed", "said"), [(MOST_HELD_BACK, 0), (MOST_HELD_BACK + 1, 1)])
def test_the_few_unstamped_frames_at_a_files_end_are_not_worth_a_word(guessed: int, said: int) -> None:
    assert len(Damage(guessed=guessed).notes()) == said


def test_an_early_end_is_noted_in_seconds_and_frames() -> None:
    damage = Damage(ended_early_s=12.34, missing=308)
    assert damage.notes() == [Note("ended_early", (12.34, 308))]
    assert damage.frames_dropped == 308
