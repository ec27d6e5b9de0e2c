"""Keeps what servers say as files, so that the canary's search reads it like all else.

A server goes into the table of commands in `support.canary` with a function that asks it; the function writes every
answer and every message through these.
"""

import re
import time
import urllib.error
import urllib.request
from pathlib import Path

MOST_BYTES, LONGEST_S = 4_000_000, 3.0
"""Of one answer: a live view never ends."""


def record_http(folder: Path, base_url: str, *paths: str, headers: dict[str, str] | None = None) -> list[int]:
    """Get each of `paths`, write its headers and its body to files in `folder`, and return the status codes."""
    folder.mkdir(parents=True, exist_ok=True)
    codes = []
    for path in paths:
        request = urllib.request.Request(f"{base_url}{path}", headers=headers or {})
        try:
            answer = urllib.request.urlopen(request, timeout=20)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            body = _read(answer)
        name = _name(path)
        (folder / f"{name}.headers").write_text(f"{answer.status}\n{answer.headers}")
        (folder / f"{name}.body").write_bytes(body)
        codes.append(answer.status)
    return codes


def _read(answer: object) -> bytes:
    """The body, or its beginning."""
    parts: list[bytes] = []
    end_s = time.monotonic() + LONGEST_S
    while sum(map(len, parts)) < MOST_BYTES and time.monotonic() < end_s and (part := answer.read1(65536)):  # type: ignore[attr-defined]
        parts.append(part)
    return b"".join(parts)


def record_message(folder: Path, topic: str, payload: bytes) -> None:
    """Keep a message of a broker; those of one topic one after another."""
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.iterdir()))
    (folder / f"{number:05}-{_name(topic)}.message").write_bytes(topic.encode() + b"\n" + payload)


def _name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("_") or "root"
