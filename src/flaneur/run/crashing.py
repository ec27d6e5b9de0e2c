"""What a crash may leave behind: where it happened, and nothing of anybody.

Reporters of errors print what the variables of a failed function held, and a memory image holds all of them: here
those would be pixels, boxes and ids of tracks.
"""

import ctypes
import resource
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flaneur.data.errors import UserError

PR_SET_DUMPABLE = 4
"""Of prctl(2)."""


@contextmanager
def forgetting() -> Iterator[None]:
    """An exception that leaves here still tells its lines, but no more what any function called from here held."""
    try:
        yield
    except BaseException as error:
        _forget(error, set())
        raise


def _forget(error: BaseException, known: set[int]) -> None:
    if id(error) in known:
        return
    known.add(id(error))
    traceback.clear_frames(error.__traceback__)
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for other in (error.__cause__, error.__context__, *inner):
        if other is not None:
            _forget(other, known)


def without_core_dump() -> None:
    """Let the system write no image of this process's memory when it crashes, and no program of this user read it.

    The limit alone would not hold where a program receives the images; the flag exists on Linux only.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def described(error: Exception) -> dict[str, str]:
    """What kind of error, and where in the code. Not its message, unless it was written for people, nor any variable:
    they may tell of somebody."""
    places = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(place.filename).name}:{place.lineno} {place.name}" for place in reversed(places))
    message = {"message": str(error)} if isinstance(error, UserError) else {}
    return {"error": type(error).__name__, "where": where} | message
