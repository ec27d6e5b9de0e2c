"""What was wrong with a video, counted."""

from dataclasses import dataclass

from flaneur.data.notes import Note, NoteKey

MOST_HELD_BACK = 16
"""A decoder may hold back so many pictures to reorder them, and AVI has no stamps for the last of them."""


@dataclass(slots=True)
class Damage:
    """Counts of what could not be used or had to be put right. The first four are frames that were dropped."""

    undecodable: int = 0
    concealed: int = 0
    """Pictures that the decoder patched up by guessing."""
    suspect: int = 0
    """Pictures that were predicted from a lost or patched one."""
    late: int = 0
    """Frames whose time stamp is not later than the one before."""
    guessed: int = 0
    jumps: int = 0
    unreadable: int = 0
    """Places at which the container could not be read."""
    resized: int = 0
    interlaced: int = 0
    ended_early_s: float = 0.0
    missing: int = 0
    """Frames that the header promises and that never came."""

    @property
    def frames_dropped(self) -> int:
        """Frames that are known to exist and could not be used."""
        return self.undecodable + self.concealed + self.suspect + self.late + self.missing

    def notes(self) -> list[Note]:
        """One note per kind of damage that occurred."""
        counts: tuple[tuple[NoteKey, int], ...] = (
            ("undecodable", self.undecodable),
            ("concealed", self.concealed),
            ("suspect", self.suspect),
            ("late", self.late),
            ("guessed", self.guessed if self.guessed > MOST_HELD_BACK else 0),
            ("resized", self.resized),
            ("interlaced", self.interlaced),
            ("jumps", self.jumps),
            ("unreadable", self.unreadable),
        )
        notes = [Note(key, (count,)) for key, count in counts if count]
        if self.ended_early_s:
            notes.append(Note("ended_early", (self.ended_early_s, self.missing)))
        return notes
