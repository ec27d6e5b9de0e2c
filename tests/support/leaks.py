"""Looks for the canary in anything that was written: files, pictures in files, databases, packed streams, text.

The secrets are the walkers' boards as raw pixels, their markers and their colour in any picture, and the ids of all
tracks, as text and as numbers of every usual size and order.
"""

import base64
import binascii
import gzip
import io
import re
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import polars as pl

from support.scene import MAGENTA_BGR, Picture, board, magenta_share, markers_in

PIECE, FEWEST_EDGES = slice(2, 38), 4
"""Columns of a board; a row of them with fewer changes could be anything."""
MARKERS_EVERY = 10
"""Pictures of a video in which markers are looked for; colour is looked for in all, and every board is full of it."""
DATA_URI = re.compile(rb"base64,\s*([A-Za-z0-9+/=\s]{40,})")
DEFLATED = re.compile(rb"stream\r?\n(?=[\x08\x18\x28\x38\x48\x58\x68\x78])")
IMAGES = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff[\xc0-\xfe]|RIFF....WEBP|GIF8[79]a|BM....\0\0\0\0", re.DOTALL)
PRINTED_PIXELS = re.compile(rb"\b%d,?\s+%d,?\s+%d\b" % MAGENTA_BGR)
"""As numpy prints them; the boards' colour is the same in both orders."""


@dataclass(frozen=True)
class Secrets:
    """What must be nowhere."""

    walkers: int
    """Boards 0 .. walkers - 1 were in the scene."""
    ids: frozenset[int]
    """Of tracks."""

    def needles(self) -> list[tuple[str, bytes]]:
        """Bytes that give somebody away, with what they are."""
        return [
            *(("pixels", piece) for number in range(self.walkers) for piece in _pieces(board(number))),
            *(("the id of a track", form) for number in self.ids for form in _forms(number)),
        ]


def _pieces(picture: Picture) -> Iterator[bytes]:
    """Parts of pixel rows over the marker, in the usual orders of colours."""
    for y in range(8, 44, 4):
        row = picture[y, PIECE]
        if np.count_nonzero(np.diff(row[:, 1].astype(int))) >= FEWEST_EDGES:
            yield from (row.tobytes(), row[:, 1].tobytes(), cv2.cvtColor(row[None], cv2.COLOR_BGR2GRAY).tobytes())
            yield cv2.cvtColor(row[None], cv2.COLOR_BGR2BGRA).tobytes()


def _forms(number: int) -> Iterator[bytes]:
    """A number as programs write it."""
    size = max(6, (number.bit_length() + 8) // 8)  # SQLite takes as few bytes as it needs
    yield from (str(number).encode(), f"{number:x}".encode(), repr(float(number)).encode())
    yield from (number.to_bytes(size, "big"), struct.pack("<q", number))
    yield from (struct.pack("<d", number), struct.pack(">d", number))


def leaks_in(folder: Path, secrets: Secrets) -> list[str]:
    """What of the secrets is in which file below a folder, or in the name of one."""
    needles = secrets.needles()
    found = []
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        contents = [name.encode(), path.read_bytes()] if path.is_file() else [name.encode()]
        found += [f"{name}: {what}" for content in contents for what in leaks(content, needles, secrets)]
    return found


def leaks(content: bytes, needles: list[tuple[str, bytes]], secrets: Secrets) -> Iterator[str]:
    """What of the secrets is in the content of one file."""
    for layer in layers(content):
        for what, needle in needles:
            if needle in layer:
                yield what
        if PRINTED_PIXELS.search(layer):
            yield "printed pixels"
        for number, picture in enumerate(pictures(layer)):
            if magenta_share(picture) > 0.0:
                yield f"a part of a walker in picture {number}"
            if number % MARKERS_EVERY == 0 and markers_in(picture) & set(range(secrets.walkers)):
                yield f"a marker in picture {number}"


def layers(content: bytes) -> Iterator[bytes]:
    """The content, and whatever is packed in it."""
    yield content
    for found in DATA_URI.finditer(content):
        try:
            yield base64.b64decode(found[1])
        except binascii.Error:
            continue
    if b"%PDF-" in content[:1024]:
        for found in DEFLATED.finditer(content):
            yield zlib.decompressobj().decompress(content[found.end() :])
    if content.startswith(b"\x1f\x8b"):
        yield from layers(gzip.decompress(content))
    if content.startswith(b"PAR1"):
        yield repr(pl.read_parquet(io.BytesIO(content)).rows()).encode()
    if content.startswith(b"SQLite format 3\0"):
        yield _dump(content)


def _dump(content: bytes) -> bytes:
    """Every value of every table of a database as text."""
    alone = content[:18] + b"\x01\x01" + content[20:]  # without the journal beside it, which is a file of its own
    with sqlite3.connect(":memory:") as database:
        database.deserialize(alone)
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in tables for row in database.execute(f'SELECT * FROM "{name}"')]
    return "\n".join(str(value) for row in rows for value in row).encode()


def pictures(content: bytes) -> Iterator[Picture]:
    """Every picture in these bytes: of a video, and images that lie anywhere in them, as in a database or a stream."""
    if is_video(content):
        with suppress(av.InvalidDataError), av.open(io.BytesIO(content)) as container:  # half a video has no index
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="bgr24")
        return
    for found in IMAGES.finditer(content):
        picture = cv2.imdecode(np.frombuffer(content, np.uint8, offset=found.start()), cv2.IMREAD_COLOR)
        if picture is not None:
            yield np.asarray(picture, np.uint8)


def is_video(content: bytes) -> bool:
    """Whether these are MP4, Matroska, AVI or a transport stream."""
    mp4 = content[4:8] in (b"ftyp", b"styp")
    matroska = content.startswith(b"\x1aE\xdf\xa3")
    avi = content.startswith(b"RIFF") and content[8:12] == b"AVI "
    transport_stream = content[:1] == content[188:189] == b"G"
    return mp4 or matroska or avi or transport_stream
