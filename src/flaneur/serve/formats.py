"""Words, numbers and moments as the reader of a report writes them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flaneur.data.geometry import OWN_PLACES, WHOLE_PICTURE
from flaneur.data.kinds import ALL_LABEL
from flaneur.data.notes import Note
from flaneur.data.released import Estimate
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.data.utc import utc
from flaneur.serve.texts import OF_PERIOD, OF_TRAJECTORIES, TEXTS

MISSING = "–"
"""Stands where nothing was observed."""


OWN_DIRECTIONS = frozenset({"in", "out", "to right", "to left"})


@dataclass(frozen=True, slots=True)
class Words:
    """The report's language: `en` or `de`."""

    language: str
    pictured: bool = True
    """False where the figures are those of trajectories, without any picture."""
    period: bool = False
    """True where they are of some days out of a store, and not of one video."""

    def say(self, key: str, **gaps: object) -> str:
        """The text called `key` with its gaps filled; of trajectories and of a period as it is said of those."""
        text = TEXTS[self.language][key]
        if self.period:
            text = OF_PERIOD[self.language].get(key, text)
        return (text if self.pictured else OF_TRAJECTORIES[self.language].get(key, text)).format(**gaps)

    def name(self, name: str) -> str:
        """A kind of road user or a stage of the run in this language."""
        return TEXTS[self.language][name]

    def place(self, name: str) -> str:
        """A place of the software's own in this language; places that users named stay as they are."""
        if name == WHOLE_PICTURE and not self.pictured:
            return self.say("whole scene")
        return TEXTS[self.language][name] if name in OWN_PLACES else name

    def direction(self, name: str) -> str:
        """A direction of the software's own in this language; directions that users named stay as they are."""
        return TEXTS[self.language][name] if name in OWN_DIRECTIONS else name

    def measure(self, name: str, part: str = "measure") -> str:
        """A measure in this language, or another `part` of what is said of it; as it is where there is no text."""
        return TEXTS[self.language].get(f"{part}_{name}", name.replace("_", " ") if part == "measure" else "")

    def group(self, name: str) -> str:
        """A direction, level or class in this language; names that users gave stay as they are."""
        if name.endswith("/m²"):
            level, _, limit = name.replace(".", self.say("decimal")).rpartition(" from ")
            return self.say("level_from", level=level.removeprefix("level "), limit=limit) if level else limit
        return TEXTS[self.language].get(f"group_{name}", self.direction(name))

    def kind(self, label: str) -> str:
        """A kind, a pair of kinds or all of them."""
        return self.say("all_kinds") if label == ALL_LABEL else " × ".join(map(self.name, label.split(" × ")))

    def fault(self, name: str) -> str:
        """A fault of the camera in this language."""
        return TEXTS[self.language].get(f"fault_{name}", name)

    def unit(self, unit: str) -> str:
        """A unit in this language; symbols stay as they are."""
        return TEXTS[self.language].get(f"unit_{unit}", unit)

    def note(self, note: Note) -> str:
        """What a note of the run says: counts as they are, other numbers with the digits of a mean."""
        numbers = (self.number(n) if isinstance(n, int) else self.mean(n) for n in note.numbers)
        return TEXTS[self.language][f"note_{note.key}"].format(*numbers)

    def number(self, value: float | None, digits: int = 0) -> str:
        """`1,234.5` or `1.234,5`; a dash when there is no value."""
        if value is None:
            return MISSING
        swap = {",": self.say("group"), ".": self.say("decimal")}
        return "".join(swap.get(sign, sign) for sign in f"{value:,.{digits}f}").replace("-", "−")

    def plain(self, value: float) -> str:
        """`0.5` or `0,5`: a number as somebody stated it, without digits that say nothing."""
        return f"{value:g}".replace(".", self.say("decimal"))

    def mean(self, value: float | None) -> str:
        """Two digits for small values, one for larger ones."""
        return self.number(value, 2 if value is not None and value < 10 else 1)

    def estimate(self, one: Estimate, factor: float, digits: int) -> str:
        """`43.1 (41.0–45.2)`: the value with its band, both times `factor`."""
        if one.value is None:
            return MISSING
        shown = [None if v is None else self.number(v * factor, digits) for v in (one.value, one.low, one.high)]
        if one.low is None or shown[1] == shown[2]:
            return f"{shown[0]}"
        between = "–" if one.low >= 0.0 else self.say("to")
        return f"{shown[0]} ({shown[1]}{between}{shown[2]})"

    def share(self, share: float | None) -> str:
        """Per cent; 100 % only when nothing is missing, 0 % only when there is nothing."""
        if share is None:
            return MISSING
        digits = 0 if share in (0.0, 1.0) else 1
        shown = min(max(share, 0.001), 0.999) if 0.0 < share < 1.0 else share
        return self.say("percent", value=self.number(100 * shown, digits))

    def duration(self, seconds: float) -> str:
        """`9 h 58 min`, `1 min 20 s`, `12 s`."""
        whole = round(seconds)
        if whole >= 86_400 and whole % 86_400 == 0:
            return self.say("day") if whole == 86_400 else self.say("days", d=whole // 86_400)
        h, rest = divmod(whole, 3600)
        minutes, s = divmod(rest, 60)
        if h:
            return self.say("hours", h=self.number(h), min=minutes) if minutes else self.say("whole_hours", h=h)
        if minutes:
            return self.say("minutes", min=minutes, s=s) if s else self.say("whole_minutes", min=minutes)
        return self.say("seconds", s=self.number(seconds, 0 if seconds >= 10 or seconds == whole else 1))

    def listed_label(self, *parts: str) -> str:
        """`gate · to right`: what is not empty of `parts`."""
        return " · ".join(part for part in parts if part)

    def listed(self, parts: list[str]) -> str:
        """`a, b and c`."""
        if len(parts) < 2:
            return "".join(parts)
        return ", ".join(parts[:-1]) + self.say("list_end") + parts[-1]


class Clock:
    """Writes moments: in the site's time zone, or as h:mm since the video's first frame when it has no date."""

    def __init__(self, words: Words, timezone: str, *, dated: bool) -> None:
        self._words = words
        self._zone = ZoneInfo(timezone)
        self.dated = dated

    def local(self, time_ns: int) -> datetime:
        """The moment on the site's clock, or on a clock that began at 0 with the video."""
        return utc(time_ns).astimezone(self._zone) if self.dated else utc(time_ns)

    def offset_ns(self, time_ns: int) -> int:
        """How far the site's clock is ahead of UTC at that moment."""
        offset = self.local(time_ns).utcoffset()
        assert offset is not None
        return offset // timedelta(seconds=1) * SECOND_NS

    def time(self, time_ns: int) -> str:
        """`07:00`; `1:05` where times count from the first frame."""
        if not self.dated:
            hours, minutes = divmod(time_ns // MINUTE_NS, 60)
            return f"{hours}:{minutes:02}"
        return f"{self.local(time_ns):%H:%M}"

    def date(self, time_ns: int) -> str:
        """`Monday, 1 June 2026`."""
        at = self.local(time_ns)
        weekday = self._words.say("weekdays").split()[at.weekday()]
        month = self._words.say("months").split()[at.month - 1]
        return self._words.say("date", weekday=weekday, day=at.day, month=month, year=at.year)

    def short_date(self, time_ns: int) -> str:
        """`1 Jun`."""
        at = self.local(time_ns)
        return self._words.say("short_date", day=at.day, month=self._words.say("short_months").split()[at.month - 1])

    def period(self, start_ns: int, end_ns: int, *, with_date: bool = False) -> str:
        """`07:00–07:10`; zones are named where the clocks change within it or the hour comes twice."""
        if not self.dated:
            return f"{self.time(start_ns)}–{self.time(end_ns)}"
        start, end = self.local(start_ns), self.local(end_ns)
        first = f"{start:%H:%M} {start.tzname()}" if _is_ambiguous(start, end) else f"{start:%H:%M}"
        last = f"{end:%H:%M} {end.tzname()}" if _is_ambiguous(start, end) else f"{end:%H:%M}"
        return f"{self.short_date(start_ns)}, {first}–{last}" if with_date else f"{first}–{last}"

    def span(self, start_ns: int, end_ns: int) -> tuple[str, str]:
        """Start and end with their dates, the second one only where it differs."""
        same_day = self.local(start_ns).date() == self.local(end_ns).date()
        start, end = (f"{self.date(at)}, {self.time(at)}" for at in (start_ns, end_ns))
        return start, self.time(end_ns) if same_day else end


def _is_ambiguous(start: datetime, end: datetime) -> bool:
    """Whether the clocks change within the interval, or its start comes twice on that day."""
    other = start.replace(fold=1 - start.fold)
    return start.utcoffset() != end.utcoffset() or other.utcoffset() != start.utcoffset()
