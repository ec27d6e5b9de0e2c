"""`flaneur watch`: a site's cameras around the clock."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flaneur.run.live.setup import SiteSetup


def watch(
    site: Annotated[Path, typer.Argument(help="Site file; each of its cameras has a source.")],
    log_json: Annotated[bool, typer.Option("--log-json", help="Write the log as JSON, one object a line.")] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Measure for 20 s how many such cameras this machine carries; store nothing.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
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
            show_forecast(read_setup(site))
        else:
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


def show_forecast(setup: "SiteSetup") -> None:
    """Measure, and say what follows."""
    from flaneur.run.live.planning import forecast

    found = forecast(setup)
    for name in found.lost:
        typer.echo(f"note: camera {name!r} gave no pictures and is not part of this", err=True)
    cores = found.decode_cores + found.look_cores
    typer.echo(f"measured on {found.measured} of the site's cameras:")
    typer.echo(
        f"  a camera sends {found.frames_per_s:.1f} frames a second; the detector looks {found.looks_per_s:.1f} times"
    )
    typer.echo(f"  a camera takes {cores:.3f} cores ({found.decode_cores:.3f} to decode), {found.memory_mb:.0f} MB")
    typer.echo(f"this machine: {found.cores} cores, {found.free_memory_mb:.0f} MB free")
    typer.echo(f"it carries about {found.cameras} such cameras")
    wanted = len(setup.cameras)
    if found.cameras < wanted:
        typer.echo(
            f"note: the site has {wanted}; lower detector.rate_per_s or use the cameras' sub-streams, or fewer cameras",
            err=True,
        )
