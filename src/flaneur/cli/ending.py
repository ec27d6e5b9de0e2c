"""How the program ends: a sentence for what went wrong, and an end that nothing can hold up."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console

from flaneur.data.errors import UserError


def say_error(error: UserError) -> None:
    """The sentence of an error, on standard error."""
    Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def ending_at_once() -> Iterator[None]:
    """End the process when the block ends: exit code 0, or 1 when it raised.

    Python's own end waits for threads of executors, one of which may hang in a question to a name server for half a
    minute, and a thread that comes back from the detector into an interpreter that is being taken down makes the
    process abort. So whoever has closed all that must be closed leaves without it; nothing registered by `atexit` runs.
    """
    code = 1
    try:
        yield
        code = 0
    except UserError as error:
        say_error(error)
    except BaseException:  # noqa: BLE001  # told as Python would have told it
        sys.excepthook(*sys.exc_info())
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # the reader of our output went away
            stream.flush()
    os._exit(code)
