"""The live view of a watch: a real server, a real audit log, a camera that plays a street with boards."""

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from flaneur.data.errors import UserError
from flaneur.run.audit import begin_log
from flaneur.run.live.setup import read_setup
from flaneur.store.audit.entries import Line, Viewed
from support.live import free_port
from support.live_cameras import wait_until
from support.scene import living_street, write_board_detector
from support.video import write_video
from support.watching import SITE, camera_table, detector_table, watching

SECONDS = 40


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    write_video(
        folder / "scene.mp4", living_street(SECONDS, rate=5), rate=5, options={"preset": "ultrafast", "g": "10"}
    )
    write_board_detector(folder / "boards.xml")
    return folder


@pytest.fixture
def folder(tmp_path: Path, film: Path) -> Path:
    for name in ("scene.mp4", "boards.xml", "boards.bin"):
        (tmp_path / name).hardlink_to(film / name)
    secrets = tmp_path / "secrets.toml"
    secrets.write_text('["control room"]\nuser = "anna"\npassword = "not a word"\n')
    secrets.chmod(0o600)
    return tmp_path


def site(folder: Path, port: int, more: str = "") -> Path:
    path = folder / "site.toml"
    path.write_text(
        SITE
        + camera_table("c", "scene.mp4")
        + f'[watch]\nsecrets = "secrets.toml"\n[serve]\nport = {port}\nviewers = ["control room"]\n{more}'
        + detector_table(folder / "boards.xml")
    )
    return path


def asking(port: int) -> Callable[..., httpx.Response]:
    def ask(user: str = "anna", password: str = "not a word", camera: str = "c") -> httpx.Response:
        with httpx.Client(trust_env=False, verify=False, timeout=10) as client:
            return client.get(f"http://127.0.0.1:{port}/cameras/{camera}/ghost.png", auth=(user, password))

    return ask


def picture(answer: httpx.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return np.asarray(cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR))


def is_flat(bgr: np.ndarray) -> bool:
    return len(np.unique(bgr.reshape(-1, 3), axis=0)) == 1


def test_who_has_an_account_sees_the_street_and_the_log_says_so(folder: Path) -> None:
    port = free_port()
    path = site(folder, port, "[audit]\n")
    begin_log(path)
    ask = asking(port)
    with watching(path) as running:
        running.wait_for("c", "watching")
        wait_until(lambda: ask().status_code == 200, 20)
        assert ask(password="wrong").status_code == 401
        assert ask(user="berta").status_code == 401
        assert ask(camera="d").status_code == 404
        begin_s = time.monotonic()
        wait_until(lambda: not is_flat(picture(ask())), SECONDS)
        assert time.monotonic() - begin_s < SECONDS
    lines = (folder / "audit.jsonl").read_text().splitlines()
    entries = [Line.model_validate_json(line).record.entry for line in lines]
    looks = [entry for entry in entries if isinstance(entry, Viewed)]
    assert looks == [Viewed(account="anna", camera="c", view="ghost")]


def test_a_viewer_without_a_password_is_refused_at_the_start(folder: Path) -> None:
    (folder / "secrets.toml").write_text("")
    with pytest.raises(UserError, match="viewer 'control room': there is no password"):
        read_setup(site(folder, free_port()))


def test_a_password_that_was_changed_holds_from_the_next_reload_on(folder: Path) -> None:
    port = free_port()
    path = site(folder, port)
    ask = asking(port)
    with watching(path) as running:
        running.wait_for("c", "watching")
        wait_until(lambda: ask().status_code == 200, 20)
        (folder / "secrets.toml").write_text('["duty"]\nuser = "berta"\npassword = "another word"\n')
        path.write_text(path.read_text().replace("control room", "duty"))
        running.reload.set()
        wait_until(lambda: ask(user="berta", password="another word").status_code == 200, 20)
        assert ask().status_code == 401, "whoever was taken out sees nothing any more"
