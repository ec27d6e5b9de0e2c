"""The canary: walkers with machine-readable markers go through every command, and nothing of them may come out.

The scene and its detector are in `support.scene`, the table of commands in `support.canary`, the search in
`support.leaks`. Each command runs as a user runs it: in a process of its own, with a fresh home, without CI.
"""

import base64
import inspect
import io
import json
import re
import sqlite3
import zlib
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, get_type_hints

import av
import cv2
import numpy as np
import polars as pl
import pytest
import typer

import flaneur
from flaneur.cli.main import app
from support.canary import API, COMMANDS, FIRST_ID, WALKERS, WITHOUT_PICTURES, Canary
from support.leaks import PIECE, Secrets, leaks_in
from support.recorder import record_message
from support.scene import HEIGHT, WIDTH, Picture, board, markers_in
from support.video import write_video

RIDERS = 13
ID = 4_234_567_890_123_456_789


def program(group: Any = None, *names: str) -> dict[str, Callable[..., object]]:
    """The function of every command of the program, by all its names."""
    group = group or typer.main.get_command(app)
    found = {" ".join(names): group.callback} if names and group.invoke_without_command else {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= program(command, *names, name)
        else:
            found[" ".join((*names, name))] = command.callback
    return found


class TestTable:
    def test_every_command_goes_through_the_canary(self) -> None:
        """A new command needs a row in `support.canary.COMMANDS`."""
        assert program().keys() == COMMANDS.keys() | WITHOUT_PICTURES.keys()

    def test_every_choice_that_changes_what_is_written_is_taken(self) -> None:
        for name, calls in COMMANDS.items():
            for option, kind in get_type_hints(inspect.unwrap(program()[name])).items():
                if isinstance(kind, type) and issubclass(kind, StrEnum):
                    given = {word for call in calls for word in call.arguments.split()}
                    assert set(kind) <= given, (name, option)

    def test_everything_for_python_is_tried(self) -> None:
        assert {name for name in flaneur.__all__ if f"flaneur.{name}(" in API} == set(flaneur.__all__)


def pictures(video: Path) -> list[Picture]:
    with av.open(str(video)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


class TestScene:
    """What the search could find is there to be found."""

    def test_it_would_give_its_walkers_away(self, canary: Canary) -> None:
        seen: set[int] = set()
        for bgr in pictures(canary.folder / "in" / "scene.mkv")[::10]:
            seen |= markers_in(bgr)
        assert seen == set(range(WALKERS))

    def test_its_pixels_are_as_they_were_painted(self, canary: Canary) -> None:
        inputs = canary.folder / "in"
        (one,) = (bgr for number, bgr in enumerate(pictures(inputs / "scene.mkv")) if number == 40)
        rows = board(0)[:, PIECE]
        assert any(rows[10].tobytes() in row.tobytes() for row in one)

    def test_the_walkers_were_measured(self, canary: Canary) -> None:
        with sqlite3.connect(canary.work / "run" / "flaneur.sqlite") as store:
            query = "select sum(value) from measurement where measure = 'crossings' and place = 'stop'"
            assert store.execute(query).fetchone() == (WALKERS - 1,), "one is under the mask"

    def test_every_command_that_sees_the_scene_followed_them(self, canary: Canary) -> None:
        followed = {name for name, ran in canary.ran.items() if ran.ids}
        assert followed >= {"site init 1", "ground 1", "run 1", "redact 1", "redact 2", "publish 1", "api"}


class TestNothingComesOut:
    def test_each_command_ran_as_for_a_new_user(self, canary: Canary) -> None:
        """Some libraries are silent where CI is set, and know who has a home already."""
        for ran in canary.ran.values():
            assert "CI" not in ran.environment
            assert ran.environment["HOME"] == str(ran.home)

    def test_of_the_walkers_and_their_tracks(self, canary: Canary) -> None:
        secrets = Secrets(WALKERS, canary.ids | set(range(FIRST_ID, FIRST_ID + RIDERS)))
        assert len(secrets.ids) > 30
        for folder in canary.came_out:
            assert leaks_in(folder, secrets) == []

    def test_nothing_is_written_but_results(self, canary: Canary) -> None:
        assert [path for ran in canary.ran.values() for path in ran.stray_files] == []
        left = {path.relative_to(canary.work).parts[0] for path in canary.work.rglob("*")}
        assert left - {"alarms", "messages"} == {
            "aged",
            "answers",
            "audit.jsonl",
            "audit.key",
            "audit.key.head",
            "audit.key.pub",
            "camera-c.png",
            "fill.mp4",
            "first.png",
            "first.toml",
            "ghost.mp4",
            "grid.png",
            "imported.toml",
            "measured.xml",
            "metres.toml",
            "open",
            "papers",
            "proof.json",
            "rides",
            "rides-report",
            "run",
            "site.ledger.sqlite",
            "site.ledger.sqlite.key",
            "secrets.toml",
            "site.toml",
            "sites.xml",
            "street.jsonl",
            "street.key",
            "street.key.head",
            "street.key.pub",
            "street.toml",
            "things.json",
            "watch.toml",
            "watched",
            "watched-report",
        }

    @pytest.mark.parametrize("name", ["fill.mp4", "ghost.mp4", "run/redacted.mp4"])
    def test_yet_videos_show_the_street(self, canary: Canary, name: str) -> None:
        """Hiding everything would pass the other tests."""
        shown = pictures(canary.work / name)
        assert len(shown) > 150
        assert shown[0].shape == (HEIGHT, WIDTH, 3)
        street = [float((np.ptp(bgr[: int(HEIGHT * 0.65)].astype(int), axis=2) < 30).mean()) for bgr in shown[::10]]
        assert np.median(street) > 0.6
        assert len(np.unique(shown[-1][: int(HEIGHT * 0.65), :, 0])) > 30

    def test_yet_the_servers_answered(self, canary: Canary) -> None:
        codes = {path.stem: path.read_text()[:3] for path in (canary.work / "answers").glob("*.headers")}
        assert codes.pop("nowhere") == "404"
        views = {codes.pop(name) for name in list(codes) if name.startswith("cameras")}
        assert views == {"401"}, "without an account"
        assert codes.pop("datex2_v3_measurement-sites.xml") in ("200", "503"), "before the first complete interval"
        assert codes.pop("datex2_v3_measured-data.xml") in ("200", "503")
        assert set(codes.values()) == {"200"}
        live = [cv2.imread(str(path)) for path in (canary.work / "answers").glob("after*/*.body")]
        assert max(len(np.unique(bgr)) for bgr in live) > 30, "glyphs, and some of the street"

    def test_no_figure_is_about_one_walker(self, canary: Canary) -> None:
        with sqlite3.connect(canary.work / "run" / "flaneur.sqlite") as store:
            tables = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
            assert sorted(tables) == ["measurement", "run"]
            (shortest,) = store.execute("select min(end_ns - start_ns) from measurement").fetchone()
        assert shortest >= 60_000_000_000


def leaky_jpeg() -> bytes:
    return cv2.imencode(".jpg", np.pad(board(1), ((20, 20), (20, 20), (0, 0)), constant_values=90))[1].tobytes()


def sqlite_file(folder: Path, value: object) -> None:
    with sqlite3.connect(folder / "a.sqlite") as store:
        store.execute("create table a (b)")
        store.execute("insert into a values (?)", (value,))


def pdf(folder: Path) -> None:
    packed = zlib.compress(b"q " + board(1).tobytes() + b" Q")
    (folder / "a.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<< >>\nstream\n" + packed + b"\nendstream\n")


def wal(folder: Path) -> None:
    store = sqlite3.connect(folder / "a.sqlite")
    store.execute("pragma journal_mode = wal")
    store.execute("create table a (b)")
    store.execute("insert into a values (?)", (ID,))
    store.commit()
    kept = (folder / "a.sqlite-wal").read_bytes()
    store.close()
    (folder / "a.sqlite").unlink()
    (folder / "b.sqlite-wal").write_bytes(kept)


def parquet(folder: Path) -> None:
    pl.DataFrame({"n": [0.5] * 9, "track": [ID] * 9}).write_parquet(folder / "a.parquet")


def npz(folder: Path) -> None:
    packed = io.BytesIO()
    np.savez(packed, frame=board(2))
    (folder / "a.npz").write_bytes(packed.getvalue())


LEAKS: dict[str, Callable[[Path], object]] = {
    "raw pixels": lambda f: np.save(f / "frame.npy", board(2)),
    "pixels in RGB": lambda f: np.save(f / "frame.npy", board(2)[:, :, ::-1].copy()),
    "grey pixels": lambda f: np.save(f / "grey.npy", cv2.cvtColor(board(2), cv2.COLOR_BGR2GRAY)),
    "an archive of arrays": npz,
    "a picture": lambda f: cv2.imwrite(str(f / "a.png"), board(2)),
    "a picture in a page": lambda f: (f / "a.html").write_bytes(
        b'<img src="data:image/jpeg;base64,' + base64.b64encode(leaky_jpeg()) + b'">'
    ),
    "a picture in a stream": lambda f: (f / "live.body").write_bytes(
        b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + leaky_jpeg() + b"\r\n--frame\r\n"
    ),
    "a picture in a message": lambda f: record_message(f, "camera/c/picture", leaky_jpeg()),
    "a picture in a database": lambda f: sqlite_file(f, leaky_jpeg()),
    "a marker without colour": lambda f: cv2.imwrite(
        str(f / "a.png"), cv2.cvtColor(np.pad(board(3), ((20, 20), (20, 20), (0, 0))), cv2.COLOR_BGR2GRAY)
    ),
    "a video": lambda f: write_video(f / "a.mp4", [np.pad(board(1), ((20, 20), (20, 20), (0, 0)))] * 3),
    "a packed stream of a PDF": pdf,
    "an id in a table": parquet,
    "an id in a database": lambda f: sqlite_file(f, ID),
    "an id in the log of a database": wal,
    "an id in JSON": lambda f: (f / "a.json").write_text(json.dumps({"tracks": [ID]})),
    "an id in JSON as a float": lambda f: (f / "a.json").write_text(json.dumps({"tracks": [float(ID)]})),
    "an id in the name of a file": lambda f: (f / f"track-{ID}.csv").touch(),
    "an id in hexadecimal": lambda f: (f / "a.log").write_text(f"track {ID:x} began"),
    "an array of ids": lambda f: np.save(f / "a.npy", np.array([ID])),
    "a printed array": lambda f: (f / "a.log").write_text(repr(board(0))),
    "a printed list": lambda f: (f / "a.log").write_text(str(board(0)[:2].tolist())),
}
"""Ways to give somebody away."""


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS.keys())
def test_the_search_finds(leak: Callable[[Path], object], tmp_path: Path) -> None:
    leak(tmp_path)
    assert leaks_in(tmp_path, Secrets(WALKERS, frozenset({ID})))


def test_the_search_finds_nothing_in_the_empty_street(canary: Canary, tmp_path: Path) -> None:
    ground = pictures(canary.folder / "in" / "scene.mkv")[0]
    cv2.imwrite(str(tmp_path / "a.png"), ground[:30])
    (tmp_path / "a.txt").write_text("12 pedestrians crossed between 10:00 and 10:01")
    assert leaks_in(tmp_path, Secrets(WALKERS, frozenset({ID}))) == []


def test_ids_of_tracks_are_long_so_that_they_would_be_found(canary: Canary) -> None:
    assert min(canary.ids) > 10**12
    for ran in canary.ran.values():
        plain = re.sub(r"[0-9a-f]{64,}", "", ran.out + ran.err)
        assert not re.search(r"(?<![.\d])\d{18,}", re.sub(r'"(start|end)_ns": \d+', "", plain)), plain
