"""Nothing leaves over MQTT but what the table of topics allows."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaneur.config.load import ConfigError, parse_site
from flaneur.serve.live.topics import TOPICS, Message, level, topic

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32)))), min_size=1)
SOURCE = Path(__file__).parents[4] / "src" / "flaneur"


@given(NAMES, NAMES, NAMES, NAMES)
def test_a_name_never_leaves_its_level(site: str, camera: str, place: str, measure: str) -> None:
    made = topic("interval", "town/flaneur", site=site, camera=camera, place=place, measure=measure)
    assert made.count("/") == 5
    assert made.startswith("town/flaneur/")
    assert not set("+#\0") & set(made)
    assert all(is_sent(ord(sign)) for sign in made)
    Message("interval", made, "{}")


def is_sent(code: int) -> bool:
    """Whether MQTT 3.1.1, section 1.5.3, lets no broker close the connection for this character."""
    return not (code < 0x20 or 0x7F <= code <= 0x9F or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE)


@given(st.sampled_from([code for code in range(0x110000) if not (is_sent(code) or 0xD800 <= code < 0xE000)]))
def test_what_brokers_hang_up_for_is_written_as_in_urls(code: int) -> None:
    assert level(f"a{chr(code)}") == "a" + quote(chr(code))


@given(NAMES, NAMES)
def test_two_names_never_become_one(a: str, b: str) -> None:
    assert (level(a) == level(b)) == (a == b)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("state", "flaneur/site/camera/state/more"),
        ("state", "flaneur/site/camera/frames"),
        ("state", "flaneur/site/+/state"),
        ("online", "$SYS/site/online"),
        ("online", "flaneur/site/#"),
        ("alarm", "flaneur//camera/alarm"),
        ("discovery", "homeassistant/device/a b/c/config"),
        ("discovery", "homeassistant/sensor/a/config"),
        ("interval", "homeassistant/device/x"),
    ],
)
def test_anything_else_is_refused(kind: str, wrong: str) -> None:
    with pytest.raises(ValueError, match="nothing may be published"):
        Message(kind, wrong, "")  # type: ignore[arg-type]


def test_there_is_one_place_that_publishes_and_it_takes_checked_messages_only() -> None:
    talking = [path for path in SOURCE.rglob("*.py") if re.search(r"\b(aiomqtt|paho)\b", path.read_text())]
    assert [path.name for path in talking] == ["mqtt.py"]
    (publishes,) = re.findall(r"\.publish\(([a-z]+)\.topic", text := talking[0].read_text())
    assert text.count(".publish(") == 1
    assert f"{publishes} = replace(message)" in text, "which checks the topic once more"


def test_what_is_retained_is_what_holds_and_an_event_is_not() -> None:
    assert {kind for kind, one in TOPICS.items() if not one.retained} == {"alarm"}


@pytest.mark.parametrize("prefix", ["flaneur/#", "/flaneur", "a//b", "+", "$SYS", "a b", ""])
def test_a_prefix_that_could_lead_elsewhere_is_refused(prefix: str) -> None:
    text = f'[site]\nname = "x"\n[[camera]]\nname = "n"\n[mqtt]\nhost = "h"\nprefix = "{prefix}"'
    with pytest.raises(ConfigError):
        parse_site(text, "site.toml")
