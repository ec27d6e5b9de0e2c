"""Whatever stands in a site file: it is read, or refused with a sentence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaneur.config.load import ConfigError, parse_site

KEYS = st.sampled_from(
    ["site", "camera", "line", "zone", "flow", "name", "points", "polygon", "masks", "detector", "x"]
)
VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-3, 3), st.floats(allow_nan=False, width=32), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def toml(value: object) -> str:
    """Inline TOML of a JSON-like value."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)


def read(text: str) -> None:
    try:
        parse_site(text, "fuzz")
    except ConfigError as error:
        said = str(error)
    else:
        return
    assert said.startswith("fuzz: ")
    assert "Traceback" not in said


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    read(text)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_toml(document: dict[str, object]) -> None:
    read("\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in document.items()))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=8))
def test_any_polygon_inside_the_picture(points: list[tuple[float, float]]) -> None:
    read(f'[site]\nname = "x"\n[[camera]]\nname = "c"\nmasks = [{json.dumps(points)}]')


def test_a_deeply_nested_file_is_refused() -> None:
    with pytest.raises(ConfigError):
        parse_site("a = " + "[" * 20_000 + "]" * 20_000, "fuzz")
