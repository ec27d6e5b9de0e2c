"""`flaneur watch`: a site's cameras around the clock."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from flaneur.cli.ending import ending_at_once
from flaneur.cli.live_texts import TEXTS
from flaneur.cli.texts import default_language
from flaneur.data.language import Language
from flaneur.run.crashing import forgetting
from flaneur.serve.formats import Words

if TYPE_CHECKING:
    from flaneur.run.live.setup import SiteSetup


def watch(
    site: Annotated[Path, typer.Argument(help="Site file; each of its cameras has a source.")],
    log_json: Annotated[bool, typer.Option("--log-json", help="Write the log as JSON, one object a line.")] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Measure for 20 s how many such cameras this machine carries; store nothing.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
    language: Annotated[Language | None, typer.Option(help="Language of the plan; the log is in English.")] = None,
) -> None:
    """Watch a site: measure all its cameras until stopped.

    Ctrl-C or SIGTERM stops within five seconds and keeps what was measured; SIGHUP reads the site file anew. Exit code
    0 when it was stopped or all cameras were files that have ended, 1 when it could not go on.
    """
    with signals() as (stop, reload):  # from the first moment on: a SIGHUP would end us
        from flaneur.cli.logs import set_up_logs
        from flaneur.run.live.setup import read_setup  # takes a second to load, which --help need not wait for
        from flaneur.run.live.watch import Watch

        set_up_logs(as_json=log_json, verbose=verbose)
        if plan:
            show_forecast(read_setup(site), language or default_language())
        else:
            watched = Watch(read_setup(site))
            with ending_at_once(), forgetting():
                watched.run(stop, reload)


@contextmanager
def signals() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Events that Ctrl-C or SIGTERM, and SIGHUP set."""
    stop, reload = threading.Event(), threading.Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        (reload if number == signal.SIGHUP else stop).set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield stop, reload
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show_forecast(setup: "SiteSetup", language: Language) -> None:
    """Measure, and say what follows."""
    from flaneur.run.live.planning import forecast

    text, number = TEXTS[language], Words(language).number

    def say(key: str, **values: object) -> None:
        typer.echo(text[key].format(**values), err=key in ("silent", "too_many"))

    found = forecast(setup)
    for name in found.lost:
        say("silent", camera=name)
    cores = found.decode_cores + found.look_cores
    say("measured", number=found.measured)
    say("sends", frames=number(found.frames_per_s, 1), looks=number(found.looks_per_s, 1))
    say("takes", cores=number(cores, 3), decode=number(found.decode_cores, 3), memory=number(found.memory_mb))
    say("machine", cores=found.cores, memory=number(found.free_memory_mb))
    say("carries", cameras=found.cameras)
    if found.cameras < len(setup.cameras):
        say("too_many", cameras=len(setup.cameras))
