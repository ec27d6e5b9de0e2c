import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from flaneur.cli.main import app

TABLE = re.compile(r"\[[a-z]+(?:\.[a-z]+)*\]")


def commands(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, found
    for name, inner in getattr(found, "commands", {}).items():
        yield from commands(inner, (*path, name))


ALL = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_names_the_tables_of_a_site_file(path: tuple[str, ...]) -> None:
    """Square brackets are no marks for colours."""
    written = " ".join([ALL[path].help or "", *(getattr(one, "help", None) or "" for one in ALL[path].params)])
    shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "200"}).output
    assert [table for table in TABLE.findall(written) if table not in shown] == []
    assert "Usage: " in shown


def test_some_help_names_a_table() -> None:
    helped = [getattr(one, "help", None) or "" for command in ALL.values() for one in command.params]
    assert "[camera.ground]" in " ".join(helped)
