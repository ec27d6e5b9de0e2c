"""From a file's time stamps to times that start at 0 and strictly increase. Reasons: docs/adr/0002-time.md."""

from flaneur.data.time import SECOND_NS

LONGEST_GAP_NS = 24 * 3600 * SECOND_NS
"""In a file a longer step forward is a broken time stamp, not a pause: it would make a year of empty intervals."""
RESTART_NS = SECOND_NS
"""A longer step back is a clock that started anew (recordings joined end to end), not a late frame."""


class Timeline:
    """Gives each frame its time, or none where the frame does not come after the one before it."""

    def __init__(self, step_ns: int, longest_gap_ns: int = LONGEST_GAP_NS) -> None:
        """`step_ns`: how far apart frames are taken to be where time stamps do not say so. A step forward of more than
        `longest_gap_ns` is a broken time stamp."""
        self._step_ns = step_ns
        self._longest_gap_ns = longest_gap_ns
        self._offset_ns: int | None = None
        self._last_ns: int | None = None
        self.guessed = 0
        """Frames without a time stamp, counted on by `step_ns`."""
        self.jumps = 0
        """Places where the clock broke and was carried on by `step_ns`."""

    def stamp(self, media_ns: int | None) -> int | None:
        """Time of the frame that the file stamps with `media_ns`; None when it is not later than the last one."""
        if self._last_ns is None:
            time_ns = 0
        elif media_ns is None or self._offset_ns is None:
            time_ns = self._last_ns + self._step_ns
        else:
            time_ns = media_ns + self._offset_ns
            step_ns = time_ns - self._last_ns
            if step_ns > self._longest_gap_ns or step_ns < -RESTART_NS:
                self.jumps += 1
                time_ns = self._last_ns + self._step_ns
            elif step_ns <= 0:
                return None
        if media_ns is None:
            self.guessed += 1
        else:
            self._offset_ns = time_ns - media_ns
        self._last_ns = time_ns
        return time_ns

    def skip(self) -> None:
        """A frame was lost: where frames carry no time stamp, its time must pass all the same."""
        if self._offset_ns is None and self._last_ns is not None:
            self._last_ns += self._step_ns

    @property
    def end_ns(self) -> int:
        """When the last frame ends, as far as is known."""
        return 0 if self._last_ns is None else self._last_ns + self._step_ns
