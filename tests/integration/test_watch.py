"""The watch over cameras that come and go: real RTSP servers on loopback, real stores, real signals."""

import gc
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from flaneur.data.errors import UserError
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.run.api import measure_video
from flaneur.run.audit import begin_log, verify_log
from flaneur.run.live import watch
from flaneur.run.live.planning import forecast
from flaneur.run.live.setup import read_setup
from flaneur.run.live.watch import Watch
from flaneur.source.live_clock import Clock
from flaneur.store import store as store_module
from flaneur.store.store import Store
from support.cable import Cable, CableFault
from support.figures import figure
from support.live_cameras import RtspServer, street_file, wait_until
from support.program import environment
from support.scene import ground_table, living_street, write_board_detector
from support.video import write_video
from support.watching import LINE, PROGRAM, SITE, camera_table, detector_table, stored, totals, watching

CAMERA = {"preset": "ultrafast", "crf": "14", "g": "10", "bf": "0"}
SECONDS = 9
LINES = """\
[[camera.line]]
name = "west"
points = [[0.2, 0.0], [0.2, 1.0]]
[[camera.line]]
name = "east"
points = [[0.8, 0.0], [0.8, 1.0]]
"""


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a street's film and a detector for it."""
    folder = tmp_path_factory.mktemp("films")
    write_video(folder / "scene.mp4", living_street(SECONDS, rate=10), rate=10, options=CAMERA)
    street_file(folder / "long.mp4", 60)
    write_board_detector(folder / "boards.xml")
    return folder


@pytest.fixture
def folder(tmp_path: Path, films: Path) -> Path:
    """Where a site is, beside the film."""
    for name in ("scene.mp4", "long.mp4", "boards.xml", "boards.bin"):
        (tmp_path / name).hardlink_to(films / name)  # what lies elsewhere is not served
    return tmp_path


def site(folder: Path, *cameras: str, rate_per_s: float = 5.0, more: str = "") -> Path:
    path = folder / "site.toml"
    path.write_text(SITE + "".join(cameras) + more + detector_table(folder / "boards.xml", rate_per_s))
    return path


def film(name: str = "c", keys: str = "") -> str:
    return camera_table(name, "scene.mp4", keys=keys)


@contextmanager
def program(path: Path, home: Path) -> Iterator[subprocess.Popen[str]]:
    """`flaneur watch` in a process of its own; what it logs is in `watch.log` beside the home."""
    with (home.parent / "watch.log").open("a") as log:
        command = [sys.executable, "-c", PROGRAM, "watch", str(path), "--log-json"]
        process = subprocess.Popen(command, env=environment(home), stderr=log, stdout=log, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def logged(home: Path, event: str) -> int:
    return (home.parent / "watch.log").read_text().count(f'"event": "{event}"')


def keys_of(folder: Path) -> Counter[tuple[object, ...]]:
    return Counter((m.start_ns, m.camera, m.measure, m.place, m.direction, m.kind) for m in stored(folder))


class TestCounts:
    def test_a_camera_over_rtsp_counts_what_its_file_counts(self, folder: Path) -> None:
        """Each frame has its turn: 10 come a second, and slots for looks are half as long."""
        with RtspServer(folder) as server:
            once = server.url("scene.mp4", loop=False)
            path = site(folder, camera_table("c", once, places=LINES), rate_per_s=20.0)
            with watching(path) as running:
                status = running.wait_for("c", "lost", SECONDS + 30)
                wait_until(lambda: running.status("c").frames_seen - running.status("c").looks <= 12)
        assert status.frames_seen == 10 * SECONDS
        live = totals(stored(folder), "c")
        table = measure_video(
            folder / "scene.mp4", site(folder, camera_table("c", "scene.mp4", places=LINES), rate_per_s=20.0)
        )
        direct: Counter[tuple[str, ...]] = Counter()
        for row in table.filter(table["measure"] == "crossings").iter_rows(named=True):
            direct[row["measure"], row["place"], row["direction"], row["kind"]] += row["value"]
        assert live == direct
        assert sum(live.values()) >= 3

    def test_a_film_at_its_own_pace_ends_the_watch(self, folder: Path) -> None:
        street_file(folder / "short.mp4", 3)
        with watching(site(folder, camera_table("c", "short.mp4"))) as running:
            wait_until(lambda: not running.is_alive, 30)
        observed_s = {m.start_ns: 60 * m.coverage for m in stored(folder)}
        assert sum(observed_s.values()) == pytest.approx(3.0, abs=0.5)


class TestLoss:
    def test_a_camera_that_loses_power_comes_back_and_the_other_feels_nothing(self, folder: Path) -> None:
        with RtspServer(folder) as server, RtspServer(folder) as other:
            tables = (camera_table("a", server.url("scene.mp4")), camera_table("b", other.url("scene.mp4")))
            with watching(site(folder, *tables)) as running:
                running.wait_for("a", "watching")
                running.wait_for("b", "watching")
                server.kill()
                lost = running.wait_for("a", "lost", 10)
                assert lost.reason in ("ended", "refused")
                server.start()
                assert running.wait_for("a", "watching").reconnections >= 1
                assert running.status("b").reconnections == 0
                assert running.status("b").state == "watching"

    def test_a_camera_that_falls_silent_is_lost_within_ten_seconds(self, folder: Path) -> None:
        with (
            RtspServer(folder) as server,
            watching(site(folder, camera_table("a", server.url("scene.mp4")))) as running,
        ):
            running.wait_for("a", "watching")
            server.freeze()
            assert running.wait_for("a", "lost", 10).reason == "silent"
            server.thaw()
            running.wait_for("a", "watching", 40)

    def test_a_camera_that_is_not_there_is_told_and_tried_again(self, folder: Path) -> None:
        server = RtspServer(folder)
        with watching(site(folder, camera_table("a", server.url("scene.mp4")))) as running:
            assert running.wait_for("a", "lost", 10).reason == "refused"
            with server:
                running.wait_for("a", "watching", 40)

    def test_every_way_to_fail_at_once_and_the_one_that_is_well_feels_nothing(self, folder: Path) -> None:
        reasons: dict[CableFault, str] = {
            "refused": "refused",
            "silent": "silent",
            "half open": "silent",
            "unauthorised": "unauthorised",
            "not found": "not_found",
        }
        faults: list[CableFault] = [*reasons, "reset", "other film"]
        for name, size_px in (("film1.mp4", (320, 240)), ("film2.mp4", (480, 270))):
            street_file(folder / name, 20, size_px=size_px)
        with ExitStack() as stack:
            server = stack.enter_context(RtspServer(folder))
            cables = {
                name: stack.enter_context(Cable(server.port, "film1.mp4", "film2.mp4")) for name in (*faults, "well")
            }
            tables = [camera_table(name, cable.url) for name, cable in cables.items()]
            running = stack.enter_context(watching(site(folder, *tables)))
            for name in cables:
                running.wait_for(name, "watching")
            for fault in faults:
                cables[fault].fault(fault)
            for name, reason in reasons.items():
                wait_until(lambda name=name, reason=reason: running.status(name).reason == reason)
            for name in ("reset", "other film"):
                wait_until(lambda name=name: running.status(name).reconnections > 0)
                running.wait_for(name, "watching")
            for cable in cables.values():
                cable.heal()
            for name in cables.keys() - {"unauthorised"}:  # which is tried once a minute
                running.wait_for(name, "watching", 60)
            assert running.status("well").reconnections == 0


class TestPower:
    def test_kill_9_loses_at_most_the_running_interval_and_doubles_nothing(self, folder: Path) -> None:
        """Intervals of a minute: the watch is killed, started again and stopped in good order."""
        home = folder / "home"
        with RtspServer(folder) as server:
            path = site(folder, *(camera_table(name, server.url("scene.mp4")) for name in ("a", "b")))
            with program(path, home) as process:
                wait_until(lambda: logged(home, "camera open") == 2, 60)
                time.sleep(1)
                process.send_signal(signal.SIGKILL)
                process.wait()
            with program(path, home) as process:
                wait_until(lambda: logged(home, "camera open") == 4, 60)
                time.sleep(3)
                process.send_signal(signal.SIGTERM)
                assert process.wait(20) == 0
        figures = stored(folder)
        assert set(keys_of(folder).values()) == {1}
        observed_s = sum({(m.start_ns, m.camera): 60 * m.coverage for m in figures if m.camera == "a"}.values())
        assert 1.5 < observed_s < 8.0, "the second run only: the first was killed within its interval"
        starts = sorted({m.start_ns for m in figures})
        assert starts == list(range(starts[0], starts[-1] + 1, MINUTE_NS)), "the gap shows as coverage"

    def test_a_second_run_within_an_interval_replaces_nothing(self, folder: Path) -> None:
        path = site(folder, film())
        for _ in range(2):
            with watching(path) as running:
                running.wait_for("c", "watching")
                time.sleep(1.0)
            found = stored(folder)
        runs = {m.start_ns for m in found}
        if len(runs) == 1:  # both within one minute
            assert {m.coverage for m in found} == {m.coverage for m in stored(folder)}
        assert set(keys_of(folder).values()) == {1}

    def test_a_second_watch_over_the_same_store_is_refused(self, folder: Path) -> None:
        with watching(site(folder, film())), pytest.raises(UserError, match="another flaneur watch"):
            Watch(read_setup(folder / "site.toml"))


class TestStore:
    def test_a_store_that_is_locked_for_a_while_loses_nothing(self, folder: Path) -> None:
        with watching(site(folder, film())) as running:
            running.wait_for("c", "watching")
            with closing(sqlite3.connect(folder / "results" / "flaneur.sqlite")) as other:
                other.execute("BEGIN IMMEDIATE")
                running.stop.set()
                time.sleep(1.0)
                other.rollback()
        assert stored(folder)

    def test_a_store_that_stays_locked_ends_the_watch_with_a_sentence(self, folder: Path) -> None:
        path = site(folder, film())
        with watching(path) as running:
            running.wait_for("c", "watching")
        with closing(sqlite3.connect(folder / "results" / "flaneur.sqlite")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(UserError, match="locked"), watching(path) as running:
                running.wait_for("c", "watching")


class TestReload:
    def test_cameras_come_and_go_and_the_same_ones_go_on(self, folder: Path) -> None:
        with RtspServer(folder) as server:
            same = camera_table("same", server.url("scene.mp4"))
            other = camera_table("other", server.url("scene.mp4"))
            with watching(site(folder, same, other)) as running:
                running.wait_for("same", "watching")
                running.wait_for("other", "watching")
                site(folder, same, camera_table("new", server.url("scene.mp4")))
                running.reload.set()
                running.wait_for("new", "watching")
                assert {status.camera for status in running.watch.statuses()} == {"same", "new"}
                assert running.status("same").reconnections == 0
                assert running.status("same").state == "watching"
                site(folder, same.replace("middle", "elsewhere"))
                running.reload.set()
                wait_until(lambda: len(running.watch.statuses()) == 1)
                running.wait_for("same", "watching")
        assert {m.camera for m in stored(folder)} == {"same", "other", "new"}
        assert {m.place for m in stored(folder)} == {"middle", "elsewhere", "whole picture"}

    @pytest.mark.parametrize(
        "text",
        [
            "nonsense",
            SITE,
            SITE + camera_table("c", "ftp://x/y"),
            SITE + camera_table("c", "rtsp://u:p@host/y"),
            SITE + camera_table("c", "scene.mp4") + '[camera.ground]\nfile = "."\n',
            SITE + camera_table("c", "scene.mp4") + f"[serve]\nport = {'9' * 5000}\n",
        ],
    )
    def test_an_invalid_file_changes_nothing(self, folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
        path = site(folder, film())
        with watching(path) as running:
            running.wait_for("c", "watching")
            path.write_text(text)
            running.reload.set()
            wait_until(lambda: not running.reload.is_set())
            time.sleep(0.6)
            assert running.status("c").state == "watching"
            assert running.status("c").reconnections == 0
        said = capsys.readouterr()
        assert "refused" in said.out + said.err

    def test_a_defect_in_reading_the_file_changes_nothing_either(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def read(path: Path) -> None:
            raise RecursionError(path.read_text())

        with watching(site(folder, film())) as running:
            running.wait_for("c", "watching")
            monkeypatch.setattr(watch, "read_setup", read)
            running.reload.set()
            wait_until(lambda: not running.reload.is_set())
            looks = running.status("c").looks
            wait_until(lambda: running.status("c").looks > looks)
        said = capsys.readouterr().out
        assert "RecursionError" in said
        assert "Europe/Berlin" not in said

    def test_a_camera_that_cannot_be_started_ends_nothing(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = site(folder, film())
        with watching(path) as running:
            running.wait_for("c", "watching")
            with monkeypatch.context() as patch:
                patch.setattr(watch, "Camera", lambda *_: 1 / 0)
                site(folder, film().replace("middle", "elsewhere"))
                running.reload.set()
                wait_until(lambda: "ZeroDivisionError" in capsys.readouterr().out)
            running.reload.set()
            running.wait_for("c", "watching")


class TestHousekeeping:
    def test_the_audit_log_tells_of_starts_changes_losses_and_ends(self, folder: Path) -> None:
        gone = camera_table("gone", "missing.mp4")
        path = site(folder, film(), gone, more="[audit]\n")
        begin_log(path)
        with watching(path) as running:
            running.wait_for("c", "watching")
            running.wait_for("gone", "lost")
            wait_until(lambda: "health_changed" in (folder / "audit.jsonl").read_text())
            site(folder, film(), more="[audit]\n")
            running.reload.set()
            wait_until(lambda: len(running.watch.statuses()) == 1)
        verify_log(path, None, ())
        records = [json.loads(line)["record"]["entry"] for line in (folder / "audit.jsonl").read_text().splitlines()]
        told = [(entry["kind"], entry.get("camera"), entry.get("faults", entry.get("command"))) for entry in records]
        assert told[:2] == [("opened", None, None), ("configuration_changed", None, None)]
        assert set(told[2:4]) == {("started", "c", "live"), ("started", "gone", "live")}
        assert ("health_changed", "gone", ["offline"]) in told
        assert told.count(("configuration_changed", None, None)) == 2
        assert told.index(("stopped", "gone", "live")) < told.index(("stopped", "c", "live")) == len(told) - 1

    def test_a_changed_audit_log_ends_the_watch_before_it_begins(self, folder: Path) -> None:
        path = site(folder, film(), more="[audit]\n")
        begin_log(path)
        log = folder / "audit.jsonl"
        log.write_text(log.read_text().replace('"kind":"opened"', '"kind":"closed"'))
        with pytest.raises(UserError, match="audit"):
            Watch(read_setup(path))

    def test_old_figures_go_while_the_site_is_watched(self, folder: Path) -> None:
        path = site(folder, film(), more="[keep]\nfigures_days = 30\n[audit]\n")
        begin_log(path)
        (folder / "results").mkdir()
        now_min = time.time_ns() // MINUTE_NS
        ages = {days: figure(start_ns=(now_min - days * 1440) * MINUTE_NS, site="test") for days in (1, 29, 31, 400)}
        with Store.append(folder / "results" / "flaneur.sqlite") as store:
            store.add(list(ages.values()))
        with watching(path) as running:
            running.wait_for("c", "watching")
            wait_until(lambda: ages[31] not in stored(folder))
        verify_log(path, None, ())
        assert '"kind":"deletion_done"' in (folder / "audit.jsonl").read_text()
        left = stored(folder)
        assert [one for one in ages.values() if one in left] == [ages[1], ages[29]]
        assert any(one.camera == "c" for one in left)

    def test_what_goes_is_said_by_the_file_in_force_and_not_by_one_that_was_refused(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watch, "DAY_S", 0.5)
        path = site(folder, film(), more="[keep]\nfigures_days = 365\n")
        (folder / "results").mkdir()
        now_min = time.time_ns() // MINUTE_NS
        kept, old = (figure(start_ns=(now_min - days * 1440) * MINUTE_NS, site="test") for days in (100, 400))
        with Store.append(folder / "results" / "flaneur.sqlite") as store:
            store.add([kept])
        with watching(path) as running:
            running.wait_for("c", "watching")
            site(folder, film(), more="[keep]\nfigures_days = 3\n[watch]\nworkers = 1\n")  # [watch] needs a restart
            running.reload.set()
            wait_until(lambda: not running.reload.is_set())
            time.sleep(1.0)
            with Store.append(folder / "results" / "flaneur.sqlite") as store:
                store.add([old])
            wait_until(lambda: old not in stored(folder))  # so figures went since then
        assert kept in stored(folder)

    def test_figures_that_somebody_reads_go_a_little_later(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(watch, "LET_GO_AGAIN_S", 0.5)
        monkeypatch.setattr(store_module, "LOCK_WAIT_S", 0.1)
        path = site(folder, film(), more="[keep]\nfigures_days = 30\n")
        (folder / "results").mkdir()
        old = figure(start_ns=time.time_ns() // MINUTE_NS * MINUTE_NS - 31 * 1440 * MINUTE_NS, site="test")
        with Store.append(folder / "results" / "flaneur.sqlite") as store:
            store.add([old])
        with closing(sqlite3.connect(folder / "results" / "flaneur.sqlite", isolation_level=None)) as reader:
            reader.execute("PRAGMA journal_mode = WAL")
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM measurement").fetchone()
            with watching(path) as running:
                running.wait_for("c", "watching")
                wait_until(lambda: "letting go of old figures" in capsys.readouterr().out)
                assert old in stored(folder)
                reader.execute("COMMIT")
                reader.close()
                wait_until(lambda: old not in stored(folder))

    def test_a_dense_zone_raises_an_alarm(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        zone = """\
[[camera.zone]]
name = "street"
polygon = [[0.0, 0.2], [1.0, 0.2], [1.0, 1.0], [0.0, 1.0]]
crowd = { alarm_per_m2 = [0.007] }
"""
        write_video(folder / "busy.mp4", living_street(25, rate=5), rate=5, options=CAMERA)
        path = site(folder, camera_table("c", "busy.mp4", places=LINE + zone + ground_table()))
        with watching(path) as running:
            running.wait_for("c", "watching")
            wait_until(lambda: "density" in capsys.readouterr().out, 35)


class JumpyClock(Clock):
    """A clock against which the test sets the system's."""

    set_by_ns = 0

    def __init__(self) -> None:
        super().__init__()
        self._begin_ns = JumpyClock.set_by_ns

    def now_ns(self) -> int:
        return super().now_ns() + self._begin_ns

    def jumped_ns(self) -> int:
        return JumpyClock.set_by_ns - self._begin_ns


class TestClock:
    @pytest.mark.parametrize("by_s", [3600, -3600])
    def test_a_clock_that_was_set_is_noticed_and_followed(
        self, folder: Path, by_s: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(JumpyClock, "set_by_ns", 0)
        with RtspServer(folder) as server:
            path = site(folder, camera_table("c", server.url("scene.mp4")))
            with watching(path, JumpyClock) as running:
                running.wait_for("c", "watching")
                time.sleep(1)
                JumpyClock.set_by_ns = by_s * SECOND_NS
                wait_until(lambda: abs(running.status("c").since_ns - time.time_ns()) > 3000 * SECOND_NS)
                running.wait_for("c", "watching")
                time.sleep(1)
        starts = sorted({m.start_ns // SECOND_NS for m in stored(folder)})
        assert starts[-1] - starts[0] == pytest.approx(abs(by_s), abs=60)
        assert set(keys_of(folder).values()) == {1}


class TestLoad:
    def test_forty_films_at_once_are_all_looked_at_evenly(self, folder: Path) -> None:
        names = [f"camera {number}" for number in range(40)]
        more = "[watch]\nworkers = 1\n"
        with watching(site(folder, *(camera_table(name, "long.mp4") for name in names), more=more)) as running:
            for name in names:
                running.wait_for(name, "watching", 60)
            before = {status.camera: status.looks for status in running.watch.statuses()}
            wait_until(lambda: sum(status.looks for status in running.watch.statuses()) > sum(before.values()) + 200)
            after = {status.camera: status.looks for status in running.watch.statuses()}
        looks = [after[name] - before[name] for name in names]
        assert max(looks) - min(looks) <= 2


def test_threads_and_files_are_given_back(folder: Path) -> None:
    path = site(folder, film())
    counts = []
    for _ in range(3):
        with watching(path) as running:
            running.wait_for("c", "watching")
        wait_until(lambda: not any(t.name.startswith("camera") for t in threading.enumerate()))
        gc.collect()
        counts.append((threading.active_count(), len(os.listdir("/proc/self/fd"))))  # noqa: PTH208
    assert counts[2] <= counts[1]


def test_a_plan_says_what_a_camera_takes_and_stores_nothing(folder: Path) -> None:
    path = site(folder, film("a"), film("b"), camera_table("gone", "missing.mp4"))
    found = forecast(read_setup(path), seconds=3.0)
    assert (found.measured, found.lost) == (2, ("gone",))
    assert found.frames_per_s == pytest.approx(10.0, abs=2.0)
    assert found.looks_per_s == 5.0
    assert found.cameras >= 1
    assert found.decode_cores > 0
    assert found.look_cores > 0
    assert not (folder / "results").exists()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("worker")] == []


def test_a_plan_without_any_camera_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="none of its cameras"):
        forecast(read_setup(site(folder, camera_table("gone", "missing.mp4"))), seconds=0.2)
