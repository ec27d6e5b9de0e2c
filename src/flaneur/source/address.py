"""Where a camera is, and what may be shown of that."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, quote, urlsplit

from flaneur.data.errors import UserError
from flaneur.source.secrets import Credentials

Transport = Literal["tcp", "udp"]
Scheme = Literal["rtsp", "rtsps", "http", "https", "webcam", "file"]

USUAL_PORT = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
HIDDEN = "…"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Address:
    """Where pictures come from. What it prints never holds a user, a password or a value of its query."""

    scheme: Scheme
    place: str
    """Everything after the scheme, without credentials: host, path and query; a device's number; a file's path."""
    host: str = ""
    port: int = 0
    transport: Transport = "tcp"
    credentials: Credentials | None = None

    @staticmethod
    def parse(source: str, *, transport: Transport = "tcp", realtime: bool = False, folder: Path) -> "Address":
        """The address that a site file states; UserError when it is none.

        A relative file name counts from `folder`. Nothing that may be a secret is repeated in a message.
        """
        if webcam := re.fullmatch(r"webcam:(\d{1,3})", source):
            return Address("webcam", webcam[1])
        scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", source)
        if scheme is None:
            return _file(source, realtime, folder)
        name = scheme[1].lower()
        if name not in USUAL_PORT:
            raise UserError(f"a camera's source begins with rtsp, rtsps, http or https, not with {name}.")
        if realtime:
            raise UserError("realtime = true is for files; a camera keeps its own pace. Remove it.")
        return _network(source, transport)

    def with_credentials(self, credentials: Credentials | None) -> "Address":
        """The same place, to be opened as this user."""
        return replace(self, credentials=credentials)

    @property
    def shown(self) -> str:
        """Safe to print: no user, no password, no query, and no values that some cameras hide in the path."""
        if self.scheme == "webcam":
            return f"webcam:{self.place}"
        if self.scheme == "file":
            return Path(self.place).name
        path = self.place.partition("?")[0].partition("#")[0]
        return f"{self.scheme}://" + re.sub(r"=[^/]*", f"={HIDDEN}", path)

    @property
    def is_file(self) -> bool:
        """Whether it is a file, to be played at its own pace."""
        return self.scheme == "file"

    @property
    def is_playlist(self) -> bool:
        """Whether it is an HLS playlist, whose pictures come in heaps."""
        return self.scheme in ("http", "https") and urlsplit("//" + self.place).path.lower().endswith(".m3u8")

    @property
    def is_played(self) -> bool:
        """Whether its pictures are there before they are due, and must be held back."""
        return self.is_file or self.is_playlist

    @property
    def secret_url(self) -> str:
        """What FFmpeg opens. It holds the password: never print it, never keep it."""
        if self.credentials is None:
            return f"{self.scheme}://{self.place}"
        user, password = (quote(part, safe="") for part in (self.credentials.user, self.credentials.password))
        return f"{self.scheme}://{user}:{password}@{self.place}"

    def __repr__(self) -> str:
        return f"<Address {self.shown}>"

    __str__ = __repr__


def _file(source: str, realtime: bool, folder: Path) -> Address:
    if not realtime:
        raise UserError(
            f"{source}: is this a file? Set realtime = true to play it at its own pace, "
            "or give rtsp://…, http://…, https://… or webcam:0."
        )
    return Address("file", str(folder / source))


def _network(source: str, transport: Transport) -> Address:
    try:
        parts: SplitResult | None = urlsplit(source)
        host, port = (parts.hostname or "", parts.port) if parts else ("", None)
    except ValueError:
        parts, host, port = None, "", None
    if parts is None or not host or re.search(r"[\s\x00-\x1f\x7f]", source):
        raise UserError("a camera's source must look like rtsp://host:554/path; host or port cannot be read.")
    if "@" in parts.netloc:
        raise UserError(
            f"the source of the camera at {host} holds a user or password; take both out of the site file and "
            "give them in the environment or the file of credentials (docs/live.md, Cameras)."
        )
    scheme: Scheme = parts.scheme  # type: ignore[assignment]  # checked by the caller
    place = source.partition("://")[2]
    return Address(scheme, place, host, port or USUAL_PORT[scheme], transport)
