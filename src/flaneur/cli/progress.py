"""Progress of a run: a bar on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from flaneur.cli.texts import TEXTS, clock
from flaneur.data.language import Language
from flaneur.data.time import to_s
from flaneur.serve.formats import Words

if TYPE_CHECKING:
    from flaneur.run.pipeline import Moment

REFRESH_S = 0.2
PLAIN_LINE_S = 10.0
SHOWN_COUNTS = 4


class Display(Protocol):
    """Something that shows how far a run is."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal tidy."""

    def show(self, moment: "Moment") -> None:
        """Called for every frame; decides itself how often to draw."""


Caption = Callable[["Moment"], str]
"""What is said beside how far a run is."""


def open_display(console: Console, frames_estimate: int | None, caption: Caption) -> Display:
    """A bar where `console` is a terminal, else plain lines."""
    return (BarDisplay if console.is_terminal else LineDisplay)(console, frames_estimate, caption)


class SilentDisplay:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, moment: "Moment") -> None:
        """Show nothing."""


class _BarAndCounts(Progress):
    """A bar, and below it what was counted so far: on one line, a terminal of 80 columns would have to cut the bar."""

    counts = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.counts:
            yield Text(self.counts, no_wrap=True, overflow="ellipsis")


class BarDisplay:
    """Rate and time left on one line and running counts on a second."""

    def __init__(self, console: Console, frames_estimate: int | None, caption: Caption) -> None:
        self._caption = caption
        self._progress = _BarAndCounts(
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=console,
            auto_refresh=False,
            transient=True,
        )
        self._task = self._progress.add_task("", total=frames_estimate, rate="")
        self._begin_s = self._drawn_s = time.monotonic()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, moment: "Moment") -> None:
        """Draw at most five times a second."""
        now_s = time.monotonic()
        if now_s - self._drawn_s < REFRESH_S:
            return
        self._drawn_s = now_s
        rate = f"{moment.frames / (now_s - self._begin_s):.0f}/s"
        self._progress.counts = self._caption(moment)
        self._progress.update(self._task, completed=moment.frames, rate=rate, refresh=True)


class LineDisplay:
    """A line every ten seconds, for logs."""

    def __init__(self, console: Console, frames_estimate: int | None, caption: Caption) -> None:
        self._console = console
        self._estimate = frames_estimate
        self._caption = caption
        self._begin_s = self._said_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, moment: "Moment") -> None:
        """Say something at most every ten seconds."""
        now_s = time.monotonic()
        if now_s - self._said_s < PLAIN_LINE_S:
            return
        self._said_s = now_s
        total = f"/{self._estimate}" if self._estimate else ""
        rate = moment.frames / (now_s - self._begin_s)
        self._console.print(
            f"{clock(to_s(moment.time_ns))}  {moment.frames}{total}  {rate:.0f}/s  {self._caption(moment)}".rstrip(),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def running_counts(moment: "Moment", language: Language) -> str:
    """The largest counts so far, e.g. `so far: crosswalk ↦ to right 12, …`."""
    text, words = TEXTS[language], Words(language)
    largest = sorted(moment.counts.items(), key=lambda item: -item[1])[:SHOWN_COUNTS]
    if not largest:
        return text["nothing_yet"]
    parts = [
        " ".join(filter(None, (words.place(place), words.direction(direction), str(count))))
        for (place, direction), count in largest
    ]
    return text["counts"].format(counts=", ".join(parts))
