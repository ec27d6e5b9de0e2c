"""Health, metrics and completed intervals over HTTP, for the operator: exact figures, which are not public ones.

Whoever asks must either sit on this machine or show the token. Everything is read-only.
"""

import hmac
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from flaneur.data.errors import UserError
from flaneur.serve.live import datex2
from flaneur.serve.live.board import Board
from flaneur.serve.live.metrics import Counts, exposition
from flaneur.serve.live.sensorthings_service import Archive, Refused, answer, landing
from flaneur.serve.live.views import PREFIX, Look, add_views

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OPEN = frozenset({"/healthz", "/readyz"})
"""What tells nothing of the street and is answered without the token: supervisors have none."""
THINGS = "/sensorthings/v1.1"
SERVED = {
    "/healthz": "the process is alive and can write its store",
    "/readyz": "every camera has been seen, or which has not and why",
    "/metrics": "Prometheus",
    THINGS: "OGC SensorThings 1.1, read-only",
    "/datex2/v3/measured-data.xml": "DATEX II: each camera's latest complete interval",
    "/datex2/v3/measurement-sites.xml": "DATEX II: what is measured where",
}
VIEW = {PREFIX + "NAME/ghost.png": "the street with a figure for each road user, for those who have an account"}

Check = Callable[[], Awaitable[Iterable[str]]]
"""Sentences about what is wrong with the process; none while it is well."""


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """Who may ask. Its `repr` does not show the token."""

    host: str
    token: str | None = None

    @property
    def local(self) -> bool:
        """Whether only this machine can ask."""
        return self.host in LOOPBACK


def make_app(
    board: Board, counts: Counts, archive: Archive, check: Check, access: Access, look: Look | None = None
) -> ASGIApp:
    """The application; it reads `board` on the loop that serves it. There is a live view where `look` shows one."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    _add_health(app, board, check)
    _add_things(app, board, archive)
    _add_datex2(app, board)
    if look is not None:
        add_views(app, look)

    @app.get("/")
    async def index() -> JSONResponse:
        return JSONResponse(SERVED | (VIEW if look else {}))

    @app.get("/metrics")
    async def metrics(request: Request) -> Response:
        body, content_type = exposition(board, counts, request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    return _Guard(app, access)


def _add_health(app: FastAPI, board: Board, check: Check) -> None:
    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        wrong = list(await check())
        return JSONResponse({"healthy": not wrong, "wrong": wrong}, 503 if wrong else 200)

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        unseen = board.unseen()
        states = {name: {"state": s.state, "reason": s.reason} for name, s in board.statuses.items()}
        return JSONResponse({"ready": not unseen, "unseen": unseen, "cameras": states}, 503 if unseen else 200)


def _add_things(app: FastAPI, board: Board, archive: Archive) -> None:
    @app.get(THINGS)
    async def service(request: Request) -> JSONResponse:
        return JSONResponse(landing(_root(request)))

    @app.get(THINGS + "/{path:path}")
    async def entities(request: Request, path: str) -> JSONResponse:
        try:
            found = await answer(board, archive, _root(request), path, dict(request.query_params))
        except Refused as refused:
            return _refused(refused.status, str(refused))
        except UserError as error:  # the store cannot be read, or is not there yet
            return _refused(503, str(error))
        return JSONResponse(found)


def _add_datex2(app: FastAPI, board: Board) -> None:
    nothing = "there is no complete interval yet with figures that DATEX II has words for"

    @app.get("/datex2/v3/measured-data.xml")
    async def measured_data() -> Response:
        figures = [figure for _, figure in board.latest()]
        if not any(map(datex2.is_told, figures)):
            return _sentence(503, nothing)
        return _xml(datex2.measured_data(board.site, figures, time.time_ns()))

    @app.get("/datex2/v3/measurement-sites.xml")
    async def measurement_sites() -> Response:
        if board.site.position is None:
            return _sentence(404, "the table needs to know where the site is; state [serve] position = [lat, lon]")
        figures = board.series().values()
        if not any(map(datex2.is_told, figures)):
            return _sentence(503, nothing)
        return _xml(datex2.measurement_sites(board.site, figures, time.time_ns()))


class _Guard:
    """Turns away who may not ask: a web page in a browser of this machine (by the name it asks for), and who has no
    token where one is set."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(headers, scope["path"])
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, headers: dict[str, str], path: str) -> Response | None:
        token = self._access.token
        named = re.sub(r":[0-9]*$", "", headers.get("host", "")).strip("[]")
        if token is None and named not in LOOPBACK:
            return _sentence(421, "ask for 127.0.0.1 or localhost")  # another name leads here by a forged DNS answer
        if token is not None and path not in OPEN and not path.startswith(PREFIX):
            shown = headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(shown.encode(), token.encode()):
                refused = _sentence(401, "show the token: Authorization: Bearer …")
                refused.headers["www-authenticate"] = "Bearer"
                return refused
        return None


def _root(request: Request) -> str:
    return f"{request.base_url}".rstrip("/") + THINGS


def _refused(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"code": status, "type": "error", "message": sentence}, status)


def _sentence(status: int, sentence: str) -> Response:
    return JSONResponse({"wrong": sentence}, status)


def _xml(lines: Iterable[str]) -> Response:
    return Response("".join(lines), media_type="application/xml")
