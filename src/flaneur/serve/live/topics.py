"""Everything that may be published over MQTT: one table, and the only place where topics are made.

Levels in braces are names from the site file, written so that they cannot leave their level. `Message` refuses any
topic that does not fit the table, so nothing else can reach a broker.
"""

import re
from dataclasses import dataclass
from string import Formatter
from typing import Literal

Kind = Literal["online", "state", "interval", "alarm", "discovery"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of topic."""

    pattern: str
    retained: bool
    """Whether the broker keeps the latest message for whoever asks later."""
    meaning: str


TOPICS: dict[Kind, Topic] = {
    "online": Topic("{prefix}/{site}/online", True, "`true`, or `false` as the last will"),
    "state": Topic("{prefix}/{site}/{camera}/state", True, "state of a camera, its reason, and since when"),
    "interval": Topic("{prefix}/{site}/{camera}/{place}/{measure}", True, "figures of the latest complete interval"),
    "alarm": Topic("{prefix}/{site}/{camera}/alarm", False, "an alarm that began, got worse or is over"),
    "discovery": Topic("{discovery}/device/{device}/config", True, "what Home Assistant is to know of a camera"),
}

_NONCHARACTERS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_UNSENT = rf"/+#\x00-\x1f\x7f-\x9f\ufdd0-\ufdef{_NONCHARACTERS}"
"""What has a meaning in topics, and what MQTT 3.1.1 (1.5.3) lets a broker hang up for."""
_UNSAFE = re.compile(rf"[%{_UNSENT}]|^\$")
_LEVEL = rf"[^{_UNSENT}]+"
_LEVELS = r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*"
"""Prefixes are the site owner's and may have several levels."""


def _allowed(pattern: str) -> str:
    parts = Formatter().parse(pattern)
    return "".join(
        re.escape(text) + ("" if name is None else _LEVELS if name in ("prefix", "discovery") else _LEVEL)
        for text, name, _, _ in parts
    )


_ALLOWED = {kind: re.compile(_allowed(topic.pattern)) for kind, topic in TOPICS.items()}


def level(name: str) -> str:
    """A name as one level of a topic, percent-encoded as in URLs; two names never become the same level.

    >>> level("Main St / east +1"), level("50 %")
    ('Main St %2F east %2B1', '50 %25')
    """
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), name)


def topic(kind: Kind, prefix: str, **names: str) -> str:
    """A topic of a kind; `prefix` as the site file has it, all else as levels."""
    return TOPICS[kind].pattern.format(
        prefix=prefix, discovery=prefix, **{key: level(name) for key, name in names.items()}
    )


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be published. ValueError for a topic that is not in the table."""

    kind: Kind
    topic: str
    payload: str
    """JSON; empty to take back what was retained."""

    def __post_init__(self) -> None:
        if not _ALLOWED[self.kind].fullmatch(self.topic):
            raise ValueError(f"nothing may be published under {self.topic!r} as {self.kind}")

    @property
    def retained(self) -> bool:
        """Whether the broker keeps it."""
        return TOPICS[self.kind].retained
