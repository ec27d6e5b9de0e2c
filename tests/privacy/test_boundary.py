"""Only the boundary makes released data, and the database has no room for anything else."""

import ast
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "flaneur"
MAKERS = {
    "Measurement": {"release", "store"},  # the store reads back what it was given
    "RedactedImage": {"release", "serve"},  # what is served is drawn on redacted pictures only
    "HeatMap": {"release"},
    "Estimate": {"release"},
    "Distribution": {"release"},
    "PlaceMap": {"release"},
    "PublicFigure": {"release"},
}


@cache
def callers() -> dict[str, set[str]]:
    """Name of whatever is called -> packages of flaneur in which it is."""
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                found.setdefault(node.func.id, set()).add(path.relative_to(SOURCE).parts[0])
    return found


def test_only_the_boundary_makes_released_data() -> None:
    for name, packages in MAKERS.items():
        made_in = callers().get(name, set())
        assert made_in, f"nothing makes a {name}: the test looks in the wrong place"
        assert made_in <= packages, name


def test_nothing_makes_released_data_in_other_ways() -> None:
    """`dataclasses.replace` on a picture, say, would slip past the test above."""
    for package in ("run", "cli", "serve", "store", "source", "detect", "track", "measure"):
        for path in (SOURCE / package).rglob("*.py"):
            text = path.read_text()
            assert "dataclasses.replace" not in text, path
            assert "__new__" not in text or package == "detect", path


def test_private_types_are_serialised_nowhere() -> None:
    for path in SOURCE.rglob("*.py"):
        imported = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert not imported & {"pickle", "marshal", "shelve", "dill", "joblib", "multiprocessing"} or path.name in {
            "checkpoint.py"  # reads a foreign checkpoint without running it
        }, path


NETWORK = {
    "aiohttp", "aiomqtt", "fastapi", "ftplib", "grpc", "http", "httpx", "onvif", "paho", "requests", "smtplib",
    "socket", "socketserver", "ssl", "starlette", "telnetlib", "urllib3", "uvicorn", "websockets", "xmlrpc", "zeep",
}  # fmt: skip
CONNECT = {
    "source/discovery.py": "`flaneur camera find` asks the local network",
    "source/live_opening.py": "the cameras of the site file",
    "source/onvif_camera.py": "the camera that `flaneur camera find` was told",
    "run/doctor.py": "`flaneur doctor` tries what the site file names",
    "run/live/notify.py": "systemd on this machine",
    "run/live/operations.py": "the listener of [serve]",
    "run/live/services.py": "the listener of [serve]",
    "serve/live/http.py": "answers under [serve]",
    "serve/live/mqtt.py": "the broker of [mqtt]",
    "serve/live/patience.py": "answers under [serve]",
    "serve/live/views.py": "answers under [serve]",
    "serve/live/webhooks.py": "the receivers of [[webhook]]",
}
"""The only files that may use the network, and for what: each is something that the site file or a command asks for."""


def test_nothing_else_opens_a_connection() -> None:
    using = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            if {name.split(".")[0] for name in names} & NETWORK or "urllib.request" in names:
                using.add(str(path.relative_to(SOURCE)))
    assert using <= CONNECT.keys()
