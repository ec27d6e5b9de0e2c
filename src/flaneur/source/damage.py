"""What was wrong with a video, counted and said in sentences."""

from dataclasses import dataclass

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

    def sentences(self) -> list[str]:
        """One sentence per kind of damage that occurred."""
        said = (
            (self.undecodable, "could not be decoded and {were} dropped"),
            (self.concealed, "{were} damaged, patched up by the decoder, and dropped"),
            (
                self.suspect,
                "{were} dropped because the picture before {them}, from which {they} {are} built, was damaged",
            ),
            (self.late, "{were} dropped because {their} time {stamps} {do} not move forward"),
            (
                self.guessed if self.guessed > MOST_HELD_BACK else 0,
                "had no time stamp; {their} time was counted on from the average rate",
            ),
            (self.resized, "had another size than the first one and {were} scaled to it"),
            (self.interlaced, "{are} interlaced; one field is interpolated wherever one is looked at"),
        )
        notes = [_say(count, text) for count, text in said if count]
        if self.jumps:
            notes.append(
                f"time stamps jump {_times(self.jumps)} by more than a pause can be; time goes on without that"
            )
        if self.unreadable:
            notes.append(f"the file could not be read {_at(self.unreadable)}")
        if self.ended_early_s:
            notes.append(
                f"the pictures end {self.ended_early_s:.1f} s before the length that the file's header states; "
                f"some {self.missing} frames are missing there or before and count as dropped"
            )
        return notes


def _say(count: int, text: str) -> str:
    many = count > 1
    words = {
        "were": ("was", "were"),
        "are": ("is", "are"),
        "do": ("does", "do"),
        "they": ("it", "they"),
        "them": ("it", "them"),
        "their": ("its", "their"),
        "stamps": ("stamp", "stamps"),
    }
    return f"{count} {'frames' if many else 'frame'} " + text.format_map({k: v[many] for k, v in words.items()})


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _at(count: int) -> str:
    return "at one place" if count == 1 else f"at {count} places"
