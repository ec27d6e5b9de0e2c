"""The cable between the watch and a camera: a relay on loopback that breaks in every way that cables and cameras do.

with Cable(server.port) as cable:
    url = cable.url("scene.mp4")
    cable.fault("silent"); ...; cable.heal()
"""

import asyncio
import random
import threading
from contextlib import suppress
from typing import Literal, Self, get_args

from support.live_cameras import free_port

CableFault = Literal[
    "ended", "reset", "refused", "silent", "half open", "unauthorised", "not found", "garbage", "other film", "reboot"
]
"""What can go wrong.

*ended*: the connection is closed in good order, once; *reset*: not in good order, once. *refused*: nobody listens.
*silent*: it stays open and nothing more comes. *half open*: connections are taken and never answered. *unauthorised*,
*not found*: as servers say it. *garbage*: bytes of the picture change. *other film*: the camera shows `Cable.other`.
*reboot*: refused, then all as before.
"""
FAULTS: tuple[CableFault, ...] = get_args(CableFault)

ANSWERS = {
    "unauthorised": b'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Basic realm="camera"\r\n\r\n',
    "not found": b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n",
}
ONE_BYTE_IN = 2000


class Cable:
    """A relay from a port of its own to that of an RTSP server, in a thread of its own."""

    def __init__(self, server_port: int, film: str, other: str = "", seed: int = 0) -> None:
        """`film` is what the camera shows, `other`, of a name as long, what it shows instead after some faults."""
        assert not other or len(film) == len(other)
        self.port = free_port()
        self._server_port = server_port
        self._film, self._other = film.encode(), other.encode()
        self._rng = random.Random(seed)
        self._fault: CableFault | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Where the camera is, over and over."""
        return f"rtsp://127.0.0.1:{self.port}/{self._film.decode()}?play_count=0"

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def fault(self, fault: CableFault) -> None:
        """Something breaks; it stays so until it is healed."""
        self._fault = fault
        if fault in ("refused", "reboot"):
            self._do(self._deafen())
        if fault not in ("silent", "garbage"):
            self._do(self._cut(abort=fault == "reset"))

    def heal(self) -> None:
        """All is well again; a camera that showed another film is set right."""
        fault, self._fault = self._fault, None
        if fault in ("other film", "half open", "garbage", "silent"):
            self._do(self._cut(abort=True))
        self._do(self._listen())

    def _do(self, what) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)

    async def _deafen(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    async def _cut(self, *, abort: bool) -> None:
        for writer in list(self._open):
            writer.transport.abort() if abort else writer.close()

    async def _end(self) -> None:
        await self._deafen()
        await self._cut(abort=True)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        up_writer = None
        try:
            if self._fault == "half open":
                await asyncio.sleep(3600)
            if self._fault in ANSWERS:
                while await reader.read(4096) and self._fault in ANSWERS:
                    writer.write(ANSWERS[self._fault])
                    await writer.drain()
                return
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
            self._open.add(up_writer)
            ways = (self._copy(reader, up_writer, down=False), self._copy(up_reader, writer, down=True))
            tasks = [asyncio.ensure_future(way) for way in ways]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # the end of the cable; a cancelled handler would be told of as an error
        finally:
            for one in filter(None, (writer, up_writer)):
                self._open.discard(one)
                with suppress(OSError):
                    one.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if self._fault == "silent" and down:
                    continue
                if self._fault == "garbage" and down:
                    data = self._garbled(data)
                if self._fault == "other film" and not down:
                    data = data.replace(self._film, self._other)
                writer.write(data)
                await writer.drain()

    def _garbled(self, data: bytes) -> bytes:
        out = bytearray(data)
        for _ in range(len(data) // ONE_BYTE_IN + 1):
            out[self._rng.randrange(len(out))] ^= 1 << self._rng.randrange(8)
        return bytes(out)
