"""Reads a site file and says in one sentence each what is wrong with it."""

import difflib
import tomllib
import types
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from flaneur.config.site import SiteFile
from flaneur.data.errors import UserError

LARGEST_BYTES = 4_000_000


class ConfigError(UserError):
    """A site file that cannot be used; the message names file, place and remedy."""


def load_site(path: Path) -> SiteFile:
    """The site file at `path`; ConfigError with one line per fault."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ConfigError(f"{path}: larger than {LARGEST_BYTES // 1_000_000} MB, surely not a site file")
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `flaneur site init VIDEO` writes one to start from") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder, not a site file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not text in UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_site(text, str(path))


def parse_site(text: str, origin: str) -> SiteFile:
    """The site described by TOML `text`; `origin` names it in messages."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{origin}: is not valid TOML: {error or 'nested too deeply'}") from None
    try:
        return SiteFile.model_validate(document)
    except ValidationError as error:
        faults = [_sentence(fault) for fault in error.errors(include_url=False)]
        raise ConfigError("\n".join(f"{origin}: {fault}" for fault in faults)) from None


def _sentence(fault: Any) -> str:
    where = _place(fault["loc"])
    if fault["type"] == "extra_forbidden":
        key = str(fault["loc"][-1])
        known = _keys_at(fault["loc"][:-1])
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(known))}"
        return f"{where}: unknown key; {hint}"
    message = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "missing":
        message = "is missing"
    return f"{where}: {message}" if where else message


def _place(loc: tuple[int | str, ...]) -> str:
    """`camera[1].line[2].points`, counted from 1 as people do."""
    out = ""
    for part in loc:
        out += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if out else part
    return out


def _keys_at(loc: tuple[int | str, ...]) -> list[str]:
    """Keys that the table at `loc` may have."""
    table: Any = SiteFile
    for part in loc:
        if isinstance(part, int):
            table = typing.get_args(table)[0]
        else:
            table = table.model_fields[part].annotation
            if isinstance(table, types.UnionType):
                table = typing.get_args(table)[0]
    return list(table.model_fields) if isinstance(table, type) and issubclass(table, BaseModel) else []
