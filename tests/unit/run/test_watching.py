from pathlib import Path

import cv2
import numpy as np
import pytest

from flaneur.data.errors import UserError
from flaneur.data.private import Frame
from flaneur.data.signals import SignalState
from flaneur.data.time import SECOND_NS
from flaneur.run.watching import Watcher, phases_of_files
from support.sites import EVERYTHING, job

WIDTH, HEIGHT = 320, 240
RNG = np.random.default_rng(3)
STREET = cv2.GaussianBlur(RNG.integers(0, 256, (HEIGHT, WIDTH), np.uint8), (0, 0), 2.0).astype(np.int16) * 2 - 100
STREET += np.linspace(0, 60, WIDTH, dtype=np.int16)
PLAIN = '[site]\nname = "s"\n[[camera]]\nname = "c"\n'


SHARP = STREET + np.kron(RNG.integers(-40, 41, (HEIGHT // 8, WIDTH // 8)), np.ones((8, 8))).astype(np.int16)
"""With edges; `STREET` is as smooth as fog."""


def frame(second: float, grey: np.ndarray) -> Frame:
    seen = np.clip(grey + RNG.normal(0, 2, grey.shape), 0, 255).astype(np.uint8)
    bgr = np.repeat(seen[:, :, None], 3, axis=2)
    sketch = cv2.resize(seen, (64, 48), interpolation=cv2.INTER_AREA)
    return Frame(round(second * 2), round(second * SECOND_NS), WIDTH, HEIGHT, lambda: bgr, lambda: sketch)


def watched(*stretches: tuple[float, np.ndarray]) -> Watcher:
    """A watcher that has seen pictures twice a second, each for so many seconds."""
    watcher, second = Watcher(job(PLAIN).camera, WIDTH, HEIGHT, {}), 0.0
    for seconds, grey in stretches:
        for _ in range(round(2 * seconds)):
            watcher.step(frame(second, grey))
            second += 0.5
    return watcher


DARK = np.full((HEIGHT, WIDTH), 5, np.int16)


def test_a_healthy_camera_has_nothing_to_tell() -> None:
    watcher = watched((40, STREET))
    assert watcher.bad_health(0) == []
    assert watcher.notes() == []
    assert not any(watcher.is_blind(second * SECOND_NS) for second in range(40))


def test_a_dark_stretch_is_one_stretch_on_the_clock_of_the_site() -> None:
    watcher = watched((20, STREET), (10, DARK), (20, STREET))
    (stretch,) = watcher.bad_health(1000 * SECOND_NS)
    assert "dark" in stretch.faults
    assert abs(stretch.start_ns / SECOND_NS - 1020) <= 1.0
    assert abs(stretch.end_ns / SECOND_NS - 1030) <= 4.0
    assert [watcher.is_blind(at * SECOND_NS) for at in (10, 19, 22, 28, 40)] == [False, False, True, True, False]


def test_a_fault_counts_from_its_first_sign_on() -> None:
    """It is believed after 3 s; by then the seconds before are known to be lost."""
    watcher = watched((20, STREET), (2, DARK))
    assert not watcher.is_blind(21 * SECOND_NS)
    for n in range(6):
        watcher.step(frame(22 + n / 2, DARK))
    assert watcher.is_blind(21 * SECOND_NS)


def test_a_scene_without_edges_is_not_blurred_whatever_the_light_does() -> None:
    watcher = watched((30, STREET), (10, DARK), (30, STREET + 15))
    assert {fault for stretch in watcher.bad_health(0) for fault in stretch.faults} == {"dark"}


def test_a_blurred_picture_of_a_sharp_scene_is() -> None:
    soft = cv2.GaussianBlur(SHARP.astype(np.float32), (0, 0), 3.0).astype(np.int16)
    watcher = watched((30, SHARP), (10, soft), (20, SHARP))
    (stretch,) = watcher.bad_health(0)
    assert stretch.faults == ("blurred",)


def test_two_dark_stretches_are_two_and_add_up_in_the_note() -> None:
    watcher = watched((20, STREET), (10, DARK), (20, STREET), (10, DARK), (10, STREET))
    assert len(watcher.bad_health(0)) == 2
    (note,) = (note for note in watcher.notes() if note.key == "dark")
    assert 20.0 <= note.numbers[0] <= 26.0


class TestPhasesOfFiles:
    def test_each_signal_has_its_group_of_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "phases.csv").write_text("time_s,group,state\n0,light,red\n5,light,green\n")
        (phases,) = phases_of_files(job(EVERYTHING, tmp_path)).values()
        assert phases.at(np.array([1, 6], np.int64) * SECOND_NS)[0].tolist() == [SignalState.RED, SignalState.GREEN]

    def test_dates_need_the_start_of_the_video(self, tmp_path: Path) -> None:
        (tmp_path / "phases.csv").write_text("time,group,state\n2026-05-04T08:00:10+02:00,light,green\n")
        with pytest.raises(UserError, match="when the video begins"):
            phases_of_files(job(EVERYTHING, tmp_path))
        dated = EVERYTHING.replace('name = "c"', 'name = "c"\nstart = 2026-05-04T08:00:00+02:00')
        phases = phases_of_files(job(dated, tmp_path))["light"]
        assert phases.start_ns[0] == 10 * SECOND_NS

    def test_lamps_need_no_file(self) -> None:
        assert phases_of_files(job(PLAIN)) == {}
