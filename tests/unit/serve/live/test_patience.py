"""Answers that nobody takes. Requests that never come are in `tests/integration/test_operations.py`."""

import asyncio
from typing import Any

import pytest
import uvicorn

from flaneur.serve.live import patience
from flaneur.serve.live.patience import PatientProtocol


async def more_than_fits(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1000):
        await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})


async def never(_scope: Any, _receive: Any, _send: Any) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("app", [more_than_fits, never])
def test_an_answer_that_is_not_taken_or_never_comes_ends(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "REQUEST_S", 0.1)
    monkeypatch.setattr(patience, "ANSWER_S", 0.3)

    async def live() -> None:
        config = uvicorn.Config(
            app, http=PatientProtocol, ws="none", lifespan="off", interface="asgi3", log_config=None
        )
        state = uvicorn.server.ServerState()
        made = lambda: PatientProtocol(config, state, {})  # noqa: E731
        loop = asyncio.get_running_loop()
        server = await loop.create_server(made, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=1)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            while not state.tasks:
                await asyncio.sleep(0.01)
            begun_s = loop.time()
            while state.connections:
                await asyncio.sleep(0.01)
        assert loop.time() - begun_s > 0.3, "it was given its time"
        for task in state.tasks:
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        writer.close()
        server.close()

    asyncio.run(live())
