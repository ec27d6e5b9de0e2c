"""`flaneur watch`: a site's cameras around the clock."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer


def watch(
    site: Annotated[Path, typer.Argument(help="Site file; each of its cameras has a source.")],
    log_json: Annotated[bool, typer.Option("--log-json", help="Write the log as JSON, one object a line.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
) -> None:
    """Watch a site: measure all its cameras until stopped.

    Ctrl-C or SIGTERM stops within five seconds and keeps what was measured; SIGHUP reads the site file anew. Exit code
    0 when it was stopped or all cameras were files that have ended, 1 when it could not go on.
    """
    from flaneur.cli.logs import set_up_logs
    from flaneur.run.live.setup import read_setup  # takes a second to load, which --help need not wait for
    from flaneur.run.live.watch import Watch

    set_up_logs(as_json=log_json, verbose=verbose)
    with signals() as (stop, reload):
        Watch(read_setup(site)).run(stop, reload)


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
