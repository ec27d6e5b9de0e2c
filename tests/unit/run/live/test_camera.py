"""A camera whose turns fail: the detector breaks, as a driver might."""

import threading
from pathlib import Path

import numpy as np
import pytest

from flaneur.data.private import Detections
from flaneur.data.released import Measurement, RunFacts
from flaneur.detect.protocol import Detector
from flaneur.run.live import camera as camera_module
from flaneur.run.live.camera import Camera
from flaneur.run.live.setup import read_setup
from flaneur.run.live.turns import Turns
from flaneur.run.live.watch import open_site_detector, work
from flaneur.source.live_clock import Clock
from support.live_cameras import street_file, wait_until
from support.scene import write_board_detector
from support.watching import SITE, camera_table, detector_table


class Breaking:
    """A detector that fails on some looks."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.facts = detector.facts
        self.looks = 0

    def detect(self, bgr: np.ndarray) -> Detections:
        self.looks += 1
        if self.looks in (4, 5):
            raise RuntimeError("the driver is gone")
        return self._detector.detect(bgr)


def test_a_defect_costs_the_camera_a_rest_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(camera_module, "REST_NS", 10**8)
    model = write_board_detector(tmp_path / "boards.xml")
    street_file(tmp_path / "film.mp4", 20)
    (tmp_path / "site.toml").write_text(SITE + camera_table("c", "film.mp4") + detector_table(model))
    setup = read_setup(tmp_path / "site.toml")
    detector = Breaking(open_site_detector(setup))
    turns: Turns[Camera] = Turns()
    kept: list[list[Measurement]] = []

    def keep(figures: list[Measurement], facts: RunFacts) -> None:
        kept.append(figures)

    camera = Camera(setup.cameras[0], detector, turns, Clock(), keep, None)
    worker = threading.Thread(target=work, args=(turns,))
    worker.start()
    wait_until(lambda: camera.failures == 2)
    wait_until(lambda: detector.looks > 10)
    turns.close()
    worker.join(10)
    camera.finish(5.0)
    assert camera.failures == 2
    assert any(one.coverage > 0.0 for figures in kept for one in figures)
    said = capsys.readouterr().out
    assert "RuntimeError" in said
    assert "detect <" in said, "where it was"
    assert "the driver is gone" not in said
    assert "array" not in said
