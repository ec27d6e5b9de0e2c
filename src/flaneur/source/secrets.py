"""User names and passwords of cameras: from the environment, or from a file that nobody else may read."""

import os
import re
import stat
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flaneur.data.errors import UserError
from flaneur.data.private import Private

OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Credentials(Private):
    """A user and a password; neither is ever printed, copied or pickled. No dataclass: `asdict` would spell it out."""

    __slots__ = ("password", "user")

    def __init__(self, user: str, password: str) -> None:
        self.user = user
        self.password = password


class Secrets:
    """Credentials by name of the camera, or of whatever else a site must log in to.

    For the camera "North gate" `FLANEUR_NORTH_GATE_USER` and `FLANEUR_NORTH_GATE_PASSWORD` come first, then the
    table of that name in the file:

        ["North gate"]
        user = "viewer"
        password = "…"

    Names without any Latin letter or digit have no variables of their own; only the file knows them.
    """

    def __init__(self, file: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        """Read the file once; UserError when it cannot be used, or when others may read it."""
        self._environment = os.environ if environment is None else environment
        self._tables = {} if file is None else _read(file)

    def of(self, name: str) -> Credentials | None:
        """What is known for `name`; None when nothing is. UserError when only one half is given."""
        stem = variable_stem(name)
        if not stem:
            return self._tables.get(name)
        user, password = (self._environment.get(f"FLANEUR_{stem}_{part}") for part in ("USER", "PASSWORD"))
        if user is None and password is None:
            return self._tables.get(name)
        if user is None or password is None:
            raise UserError(f"set both FLANEUR_{stem}_USER and FLANEUR_{stem}_PASSWORD, or neither.")
        return Credentials(user, password)


def variable_stem(name: str) -> str:
    """How a name is written inside an environment variable: capitals and digits without accents, `_` for the rest.

    >>> variable_stem("Süd 2: gate")
    'SUD_2_GATE'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]+", "_", plain.upper()).strip("_")


def _read(file: Path) -> dict[str, Credentials]:
    """The tables of a secrets file. No message repeats anything of its content."""
    try:
        with file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            if status.st_mode & OTHERS or status.st_uid not in (0, os.geteuid()):
                raise UserError(f"{file}: others may read it; make it yours and run chmod 600 {file}.")
            content = opened.read().decode()
    except OSError as error:
        raise UserError(f"{file}: the file of credentials cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        content = None
    tables = None if content is None else _parsed(content)
    if tables is None:
        raise UserError(f"{file} is no TOML; write one table for each camera, with user and password in quotes.")
    return {name: _credentials(file, name, table) for name, table in tables.items()}


def _parsed(content: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(content)
    except (ValueError, RecursionError):  # also for a number that is too long
        return None


def _credentials(file: Path, name: str, table: object) -> Credentials:
    known = isinstance(table, dict) and table.keys() == {"user", "password"}
    if not known or not all(isinstance(value, str) for value in table.values()):  # type: ignore[attr-defined]
        raise UserError(f"{file}: table {name!r} must hold two texts, user and password, and nothing else.")
    return Credentials(table["user"], table["password"])  # type: ignore[index]
