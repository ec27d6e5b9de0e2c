"""Reads a site file and says in one sentence each what is wrong with it."""

import difflib
import hashlib
import tomllib
import types
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from flaneur.config.site import SiteFile
from flaneur.data.errors import UserError

LARGEST_BYTES = 4_000_000

PLAIN = {
    "missing": "is missing",
    "greater_than_equal": "{input} is too small; {ge:g} is the least",
    "greater_than": "{input} is too small; it must be more than {gt:g}",
    "less_than_equal": "{input} is too large; {le:g} is the most",
    "less_than": "{input} is too large; it must be less than {lt:g}",
    "finite_number": "{input} is no finite number",
    "float_type": "{input} is no number",
    "float_parsing": "{input} is no number",
    "int_type": "{input} is no whole number",
    "int_parsing": "{input} is no whole number",
    "int_from_float": "{input} is no whole number",
    "bool_type": "{input} must be true or false",
    "bool_parsing": "{input} must be true or false",
    "string_type": "{input} must be text in quotation marks",
    "string_too_short": "must not be empty",
    "string_too_long": "is longer than {max_length} characters",
    "list_type": "{input} must be a list in square brackets",
    "tuple_type": "{input} must be a list in square brackets",
    "model_type": "{input} must be a table with keys of its own",
    "too_short": "has {actual_length} where {min_length} are the least",
    "too_long": "has {actual_length} where {max_length} are the most",
    "literal_error": "{input} is not {expected}",
}
"""What pydantic finds, by its type of error, in our words."""


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


def sha256_of(path: Path) -> str:
    """SHA-256 of a site file, or of one that it names; ConfigError when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def parse_site(text: str, origin: str) -> SiteFile:
    """The site described by TOML `text`; `origin` names it in messages."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin}: is not valid TOML: {error}") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{origin}: is not valid TOML: a number is too long, or it is nested too deeply") from None
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
    gaps = fault.get("ctx", {}) | {"input": _quoted(fault["input"])}
    said = PLAIN.get(fault["type"])
    message = said.format(**gaps) if said else str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "less_than_equal" and fault["ctx"]["le"] == 1.0 and isinstance(fault["loc"][-1], int):
        message = f"{gaps['input']} is too large: positions are shares of the picture, from 0 to 1, and not pixels"
    return f"{where}: {message}" if where else message


def _quoted(value: object) -> str:
    """A value as it stands in a site file, if it is short enough to be told."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 64:  # Python refuses to spell out the longest ones
        return "this"
    return repr(value) if isinstance(value, str | int | float) and len(repr(value)) <= 80 else "this"


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
