"""Whatever is asked of a running site, the answer is never that the program failed."""

import asyncio
import json
from base64 import b64encode
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message

from flaneur.data.released import RedactedImage
from flaneur.data.series import series_of
from flaneur.serve.live.board import Board, SiteFacts
from flaneur.serve.live.http import SERVED, THINGS, Access, make_app
from flaneur.serve.live.sensorthings import COLLECTIONS, feature_id, property_id, sensor_id, site_id, thing_id
from flaneur.serve.live.sensorthings_service import RELATIONS
from flaneur.serve.live.views import PREFIX, RefusedView
from flaneur.store.archive import Archive
from flaneur.store.store import Store
from support.figures import MONDAY_7H_NS, figure
from support.live import ALARM, STATUS

SITE = SiteFacts("Marktplatz", ("north", "Main St / east"), "0.1", "nanodet", (52.5, 13.4), "DE")
FIGURES = (
    figure(MONDAY_7H_NS, 3.0, kind="car"),
    figure(MONDAY_7H_NS, None, camera="Main St / east", place="a / b"),
    figure(MONDAY_7H_NS, 3.0, site="Rathaus"),
)
SERIES = [series_of(one) for one in FIGURES]
IDS = [
    *(series.id for series in SERIES),
    *(thing_id(series.site, series.camera) for series in SERIES),
    *(f"{series.id}-{MONDAY_7H_NS // 10**9}" for series in SERIES),
    *(feature_id(series) for series in SERIES),
    property_id("crossings"),
    sensor_id(SITE),
    site_id(SITE),
]
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-(10**22), 10**22).map(str) | st.sampled_from([str(2**63 - 1), str(2**63), str(-(2**63)), "1_0"])
NAMES = st.sampled_from(["north", "Main St / east", "..", "", "a\n"]) | ANY
ENTITY_IDS = st.sampled_from(IDS) | st.builds("{}-{}".format, st.sampled_from(IDS), NUMBERS) | ANY


@st.composite
def things(draw: st.DrawFn) -> str:
    """Something like a path of SensorThings."""
    path = draw(st.sampled_from(COLLECTIONS) | ANY)
    if draw(st.booleans()):
        path += f"('{draw(ENTITY_IDS)}')"
    if draw(st.booleans()):
        path += "/" + draw(st.sampled_from([*RELATIONS, "Observations", ""]) | ANY)
    return f"{THINGS}/{path}"


PATHS = (
    things()
    | st.sampled_from([*SERVED, "/"])
    | NAMES.map(lambda name: f"{PREFIX}{name}/ghost.png")
    | ANY.map(lambda text: f"/{text}")
    | st.builds("{}{}".format, st.sampled_from([*SERVED, PREFIX]), ANY)
)
OPTIONS = st.lists(
    st.tuples(
        st.sampled_from(["$top", "$skip", "$count", "$orderby", "$skiptoken", "$filter"]) | ANY,
        NUMBERS | st.sampled_from(["true", "phenomenonTime desc", "resultTime asc"]) | ANY,
    ),
    max_size=3,
)
GOOD = {"host": "localhost:8470", "authorization": f"Basic {b64encode(b'anna:pw').decode()}"}
HEADERS = st.dictionaries(
    st.sampled_from(["host", "authorization", "accept", "x-forwarded-proto"]),
    st.text(st.characters(max_codepoint=255), max_size=20)
    | st.sampled_from(["[::1", "localhost", "Basic ", "Basic =", "Bearer \xe4", "application/openmetrics-text;q=x"]),
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> ASGIApp:
    path = tmp_path_factory.mktemp("store") / "flaneur.sqlite"
    with Store.create(path) as store:
        store.write_interval(FIGURES)
    board = Board(SITE)
    board.recall(Archive(path).latest())
    board.complete(FIGURES)
    board.seen([STATUS])
    board.alarmed(ALARM)

    async def nothing_wrong() -> list[str]:
        return []

    def look(user: str, password: str, camera: str) -> RedactedImage:
        raise RefusedView(404, f"{user} looks at {camera}")

    return make_app(board, list, Archive(path), nothing_wrong, Access("127.0.0.1"), look)


def ask(app: ASGIApp, path: str, query: str = "", headers: dict[str, str] = GOOD) -> tuple[int, bytes]:
    """Status and body; whatever the application fails with is raised."""
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "server": ("127.0.0.1", 8470),
        "client": ("127.0.0.1", 50_000),
        "root_path": "",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    asyncio.run(app(scope, receive, send))
    return told[0]["status"], b"".join(message.get("body", b"") for message in told[1:])


@given(PATHS, OPTIONS.map(urlencode) | ANY.map(quote))
@example(f"{THINGS}/Observations('{IDS[0]}-99999999999')", "")
@example(f"{THINGS}/Observations", "$skip=9999999999999999999")
@example(f"{THINGS}/Datastreams('{IDS[0]}')/Observations", "$skiptoken=-9999999999999999999")
@example(f"{THINGS}/Datastreams('{IDS[2]}')/Thing", "")
def test_no_path_and_no_option_makes_it_fail(app: ASGIApp, path: str, query: str) -> None:
    assert ask(app, path, query)[0] != 500


@given(st.sampled_from([*SERVED, f"{THINGS}/Things", f"{PREFIX}north/ghost.png"]), HEADERS)
def test_no_header_makes_it_fail(app: ASGIApp, path: str, headers: dict[str, str]) -> None:
    assert ask(app, path, headers=GOOD | headers)[0] != 500


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1) | st.sampled_from(["Main St / east", "a//b/"])
)
def test_a_camera_of_any_name_is_reached(app: ASGIApp, name: str) -> None:
    status, body = ask(app, f"{PREFIX}{name}/ghost.png")
    assert (status, json.loads(body)) == (404, {"wrong": f"anna looks at {name}"})


@given(ANY.filter(lambda text: not text.endswith("/ghost.png")))
def test_below_the_cameras_there_is_nothing_but_the_view(app: ASGIApp, rest: str) -> None:
    status, body = ask(app, PREFIX + rest)
    assert status in (404, 307)
    assert b"looks at" not in body
