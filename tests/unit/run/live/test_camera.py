"""A camera whose turns fail or hang: the detector breaks, as a driver might, or the site file does not fit."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from flaneur.data.private import Detections
from flaneur.data.released import Measurement, RunFacts
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.detect.protocol import Detector
from flaneur.run.live import camera as camera_module
from flaneur.run.live import vitals as vitals_module
from flaneur.run.live.camera import Camera
from flaneur.run.live.setup import read_setup
from flaneur.run.live.turns import Turns
from flaneur.run.live.watch import open_site_detector, work
from flaneur.source.live_clock import Clock
from support.cameras import pose
from support.live_cameras import street_file, wait_until
from support.scene import ground_table, write_board_detector
from support.watching import LINE, SITE, camera_table, detector_table

SIGNAL = '[[camera.signal]]\nname = "s"\nstop_line = "middle"\ndirection = "to right"\nfile = "signals.csv"\n'


class Broken:
    """A detector that does something else before some looks, counted from 1."""

    def __init__(self, detector: Detector, before: Callable[[int], None]) -> None:
        self._detector = detector
        self._before = before
        self.facts = detector.facts
        self.looks = 0

    def detect(self, bgr: np.ndarray) -> Detections:
        self.looks += 1
        self._before(self.looks)
        return self._detector.detect(bgr)


@dataclass
class Run:
    """A camera and its worker."""

    camera: Camera
    clock: Clock
    detector: Broken
    kept: list[Measurement]
    worker: threading.Thread

    @property
    def state(self) -> tuple[str, str | None]:
        status = self.camera.vitals.status(self.clock.now_ns())
        return status.state, status.reason


@contextmanager
def running(
    folder: Path,
    places: str = LINE,
    before: Callable[[int], None] = lambda look: None,
    keep: Callable[[list[Measurement]], None] = lambda figures: None,
    after_setup: Callable[[], None] = lambda: None,
    resume_s: float | None = None,
    size_px: tuple[int, int] = (320, 240),
) -> Iterator[Run]:
    """A camera from its making to its end; figures are kept when `keep` lets them be."""
    model = write_board_detector(folder / "boards.xml")
    street_file(folder / "film.mp4", 30, size_px=size_px)
    (folder / "site.toml").write_text(SITE + camera_table("c", "film.mp4", places=places) + detector_table(model))
    setup = read_setup(folder / "site.toml")
    after_setup()
    detector, clock, turns = Broken(open_site_detector(setup), before), Clock(), Turns[Camera]()
    kept: list[Measurement] = []

    def kept_if_it_can_be(figures: list[Measurement], facts: RunFacts) -> None:
        keep(figures)
        kept.extend(figures)

    resume_ns = None if resume_s is None else clock.now_ns() - round(resume_s * SECOND_NS)
    camera = Camera(setup.cameras[0], detector, turns, clock, kept_if_it_can_be, resume_ns)
    worker = threading.Thread(target=work, args=(turns,))
    worker.start()
    try:
        yield Run(camera, clock, detector, kept, worker)
    finally:
        turns.close()
        worker.join(10)
        camera.finish(5.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rests and what counts as stuck, 50 times and 10 times shorter."""
    monkeypatch.setattr(camera_module, "REST_NS", SECOND_NS // 10)
    monkeypatch.setattr(vitals_module, "STUCK_NS", SECOND_NS)


def fails_at(*looks: int) -> Callable[[int], None]:
    def fail(look: int) -> None:
        if look in looks:
            raise RuntimeError("the driver is gone")

    return fail


def test_a_defect_costs_the_camera_a_rest_and_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(tmp_path, before=fails_at(4, 5)) as run:
        wait_until(lambda: run.detector.looks > 10)
    assert run.camera.failures == 2
    assert any(one.coverage > 0.0 for one in run.kept)
    said = capsys.readouterr().out
    assert "RuntimeError" in said
    assert "detect <" in said, "where it was"
    assert "the driver is gone" not in said
    assert "array" not in said


def test_after_a_defect_only_what_was_dropped_since_counts(tmp_path: Path) -> None:
    """The failed turn and the rest: some frames at ten a second, and not those of the weeks before."""
    earlier = threading.Event()
    with running(tmp_path, before=lambda look: fails_at(8)(look) if earlier.is_set() else None) as run:
        wait_until(lambda: run.detector.looks == 5)
        run.camera._connection._dropped += 5000  # told in intervals that are over
        wait_until(lambda: run.camera._view is not None and run.camera._view.dropped >= 5000)
        earlier.set()
        run.detector.looks = 7
        wait_until(lambda: run.camera.failures == 1)
        wait_until(lambda: run.detector.looks > 12)
        status = run.camera.vitals.status(run.clock.now_ns())
    (dropped,) = {one.frames_dropped for one in run.kept if one.coverage > 0.0}
    assert 1 <= dropped < 50
    assert status.frames_dropped >= 5000 + dropped


def test_intervals_that_could_not_be_handed_on_are_told_again(tmp_path: Path) -> None:
    failures = iter([OSError("no room"), MemoryError()])

    def keep(figures: list[Measurement]) -> None:
        if figures and (error := next(failures, None)):
            raise error

    with running(tmp_path, keep=keep, resume_s=180) as run:
        wait_until(lambda: len({one.start_ns for one in run.kept}) >= 2)
        assert run.worker.is_alive()
    assert run.camera.failures == 2
    starts = sorted({one.start_ns for one in run.kept})
    assert starts == list(range(starts[0], starts[-1] + 1, MINUTE_NS))
    assert len(starts) >= 4


def test_a_camera_whose_turn_hangs_is_lost_until_it_goes_on(tmp_path: Path) -> None:
    goes_on = threading.Event()
    with running(tmp_path, before=lambda look: look == 4 and goes_on.wait(20)) as run:
        wait_until(lambda: run.state == ("watching", None))
        wait_until(lambda: run.state == ("lost", "stuck"))
        goes_on.set()
        wait_until(lambda: run.state == ("watching", None))
    assert run.camera.failures == 0


def write_camera(path: Path, *, stands: bool) -> None:
    """What OpenCV writes of a camera of 640 × 480 pixels; where it stands, too, or its lens only."""
    rotation, centre = pose(tilt_deg=25.0, height_m=6.0)
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("image_width", 640)
    storage.write("image_height", 480)
    storage.write("camera_matrix", np.array([[576.0, 0.0, 320.0], [0.0, 576.0, 240.0], [0.0, 0.0, 1.0]]))
    storage.write("distortion_coefficients", np.zeros((1, 5)))
    if stands:
        storage.write("rvec", cv2.Rodrigues(rotation)[0])
        storage.write("tvec", -rotation @ centre)
    storage.release()


def test_files_are_read_with_the_site_file_and_never_again(tmp_path: Path) -> None:
    write_camera(tmp_path / "lens.yml", stands=False)
    (tmp_path / "signals.csv").write_text("time,group,state\n2026-05-04T08:00:00+02:00,s,red\n")

    def lose_them() -> None:
        (tmp_path / "lens.yml").unlink()
        (tmp_path / "signals.csv").write_text("no signals")

    places = LINE + SIGNAL + ground_table().rstrip() + '\nlens = "lens.yml"\n'
    with running(tmp_path, places, fails_at(3), after_setup=lose_them) as run:
        wait_until(lambda: run.camera.failures == 1)
        wait_until(lambda: run.state == ("watching", None) and run.detector.looks > 6)
        assert run.worker.is_alive()
    assert run.camera.failures == 1
    assert {"signal_count", "speed_mean"} <= {one.measure for one in run.kept}


@pytest.mark.parametrize(("size_px", "state"), [((320, 240), "watching"), ((320, 180), "lost")])
def test_a_ground_for_other_pictures_is_told_and_stops_nobody_else(
    tmp_path: Path, size_px: tuple[int, int], state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is known only when the first picture comes."""
    write_camera(tmp_path / "camera.yml", stands=True)
    places = LINE.replace("0.0]", "0.5]") + '[camera.ground]\nfile = "camera.yml"\n'
    with running(tmp_path, places, size_px=size_px, resume_s=180) as run:
        wait_until(lambda: run.state[0] == state)
        assert run.worker.is_alive()
    said = capsys.readouterr().out
    if state == "watching":
        assert run.camera.failures == 0
    else:
        assert run.state == ("stopped", "stopped")
        assert "calibrated for a picture of 640×480" in said
        assert said.count("[error") == 1, "and not at each turn"
        assert {one.coverage for one in run.kept} == {0.0}
        assert len({one.start_ns for one in run.kept}) >= 3
