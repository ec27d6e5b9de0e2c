"""Connections of the HTTP server that do not wait for ever: asking nothing must not take the service down."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 5.0
"""From the connection, or from the last answer, until a request must have come as a whole."""
ANSWER_S = 30.0
"""And as much longer until its answer must have been taken."""
MOST_CONNECTIONS = 32
"""Beyond it, one is closed for each that comes."""


class PatientProtocol(H11Protocol):
    """A connection as uvicorn makes it, with an end to its patience.

    uvicorn itself has no time limit before the first request, and any byte ends the one between requests. Who comes
    when there are `MOST_CONNECTIONS` takes the place of who has kept us waiting longest, so that a request that is sent
    at once is always answered.
    """

    _limit: asyncio.TimerHandle | None = None
    _since_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As in `asyncio.Protocol`."""
        super().connection_made(transport)
        self._wait()
        others = [one for one in self.connections if isinstance(one, PatientProtocol) and one is not self]
        if len(others) >= MOST_CONNECTIONS:
            min(others, key=lambda one: (one._is_answering, one._since_s)).abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """As in `asyncio.Protocol`."""
        if self._limit is not None:
            self._limit.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """What uvicorn calls after each answer."""
        self._wait()
        super().on_response_complete()

    def abort(self) -> None:
        """Close it at once, whatever is under way."""
        self.connections.discard(self)
        self.transport.abort()

    @property
    def _is_answering(self) -> bool:
        cycle: Any = self.cycle
        return cycle is not None and not (cycle.more_body or cycle.response_complete)

    def _wait(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self._since_s = self.loop.time()
        self._limit = self.loop.call_later(REQUEST_S, self._check)

    def _check(self) -> None:
        if self._is_answering:
            self._limit = self.loop.call_later(ANSWER_S, self.abort)
        else:
            self.abort()
