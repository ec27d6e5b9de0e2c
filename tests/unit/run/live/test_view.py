"""A view over rendered pictures, with a clock that the test sets."""

from collections.abc import Iterator
from itertools import islice

import cv2
import numpy as np
import pytest

from flaneur.data.private import Frame
from flaneur.data.released import Measurement
from flaneur.data.time import SECOND_NS
from flaneur.detect.protocol import Detector
from flaneur.run.live.setup import SiteSetup, read_setup
from flaneur.run.live.turns import Waiting
from flaneur.run.live.view import View
from flaneur.run.live.vitals import Vitals
from flaneur.run.live.watch import open_site_detector
from flaneur.source.live_clock import Clock
from support.scene import Picture, living_street, write_board_detector
from support.street import frame_of
from support.watching import SITE, camera_table, detector_table, totals

NOON_NS = 1_800_000_000 * SECOND_NS
"""A full hour."""
RATE = 5


class SetClock(Clock):
    """Says what the test wants."""

    def __init__(self) -> None:
        self.time_ns = NOON_NS

    def now_ns(self) -> int:
        return self.time_ns


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> SiteSetup:
    folder = tmp_path_factory.mktemp("site")
    model = write_board_detector(folder / "boards.xml")
    (folder / "site.toml").write_text(SITE + camera_table("c", "scene.mp4") + detector_table(model))
    return read_setup(folder / "site.toml")


@pytest.fixture(scope="module")
def detector(setup: SiteSetup) -> Detector:
    return open_site_detector(setup)


class Day:
    """A camera's view of the street from noon on."""

    def __init__(self, setup: SiteSetup, detector: Detector, resume_ns: int | None = None, dropped: int = 0) -> None:
        self.clock = SetClock()
        self.vitals = Vitals("c", NOON_NS)
        job, self._epoch_ns = setup.cameras[0].job_from(NOON_NS)
        files = setup.cameras[0].files
        self.view = View(job, files, detector, self.vitals, self.clock, "scene.mp4", resume_ns, dropped)
        self.figures: list[Measurement] = []
        self._index = 0
        self._connection = 0
        self.dropped = dropped

    def connect(self) -> None:
        self._connection = self.vitals.opened(self.clock.time_ns)

    def show(self, pictures: Iterator[Picture], from_s: float) -> None:
        """Pictures of the street, `RATE` a second, from so many seconds after noon."""
        for k, picture in enumerate(pictures):
            self.clock.time_ns = NOON_NS + round((from_s + k / RATE) * SECOND_NS)
            frame = frame_of(self._index, (self.clock.time_ns - self._epoch_ns) / SECOND_NS, picture)
            self.put(frame)

    def put(self, frame: Frame) -> None:
        self._index = frame.index + 1
        self.vitals.came(self.clock.time_ns, self.dropped)
        self.figures += self.view.step(Waiting(frame, self._connection, self.dropped))

    def wait(self, from_s: int, to_s: int) -> None:
        """Nothing comes; the watch says so every second."""
        for second in range(from_s, to_s):
            self.clock.time_ns = NOON_NS + second * SECOND_NS
            self.figures += self.view.step(Waiting(silent_ns=self.clock.time_ns))

    def end(self) -> None:
        self.figures += self.view.finish()

    @property
    def coverage(self) -> dict[int, float]:
        """Seconds after noon at which an interval begins -> its coverage."""
        return {(one.start_ns - NOON_NS) // SECOND_NS: one.coverage for one in self.figures}


def street(seconds: float) -> Iterator[Picture]:
    return islice(living_street(seconds + 1, rate=RATE), round(seconds * RATE))


@pytest.fixture
def day(setup: SiteSetup, detector: Detector) -> Day:
    return Day(setup, detector)


def test_intervals_end_in_silence_before_during_and_after_pictures(day: Day) -> None:
    day.wait(1, 95)
    day.connect()
    day.show(street(15), 95)
    day.wait(112, 290)
    day.clock.time_ns = NOON_NS + 290 * SECOND_NS
    day.end()
    assert day.coverage == pytest.approx({0: 0.0, 60: 0.25, 120: 0.0, 180: 0.0, 240: 0.0}, abs=0.004)
    assert len({(one.start_ns, one.measure, one.place, one.direction, one.kind) for one in day.figures}) == len(
        day.figures
    )
    assert all((one.value is None) == (one.coverage == 0.0) for one in day.figures)


def test_what_was_counted_before_a_loss_is_kept_and_nobody_is_counted_twice(
    day: Day, setup: SiteSetup, detector: Detector
) -> None:
    whole, broken = Day(setup, detector), day
    whole.connect()
    whole.show(street(24), 0)
    whole.end()
    broken.connect()
    pictures = list(street(24))
    broken.show(iter(pictures[: 12 * RATE]), 0)
    broken.wait(14, 15)
    broken.connect()
    broken.show(iter(pictures[15 * RATE :]), 15)
    broken.end()
    lost_s = 15 - 12
    all_of_them, most = sum(totals(whole.figures, "c").values()), sum(totals(broken.figures, "c").values())
    assert 0 < most <= all_of_them
    assert all_of_them - most <= lost_s / 2 + 4  # those who crossed then, and those who stood at the line
    assert broken.coverage[0] == pytest.approx(whole.coverage[0] - lost_s / 60, abs=0.01)


def test_the_time_since_an_earlier_run_is_told_as_not_observed(setup: SiteSetup, detector: Detector) -> None:
    day = Day(setup, detector, NOON_NS - 180 * SECOND_NS)
    day.connect()
    day.show(street(6), 5)
    day.clock.time_ns = NOON_NS + 12 * SECOND_NS
    day.end()
    assert day.coverage == pytest.approx({-180: 0.0, -120: 0.0, -60: 0.0, 0: 0.1}, abs=0.004)


def test_what_an_earlier_run_told_of_the_future_is_left_alone(setup: SiteSetup, detector: Detector) -> None:
    day = Day(setup, detector, NOON_NS + 3600 * SECOND_NS)
    day.connect()
    day.show(street(2), 0)
    day.end()
    assert set(day.coverage) == {0}


def test_another_picture_size_changes_no_place(day: Day, setup: SiteSetup, detector: Detector) -> None:
    same, other = day, Day(setup, detector)
    pictures = list(street(20))
    for one in (same, other):
        one.connect()
        one.show(iter(pictures[: 10 * RATE]), 0)
        one.connect()
    same.show(iter(pictures[10 * RATE :]), 10)
    twice = (
        cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST) for picture in pictures[10 * RATE :]
    )
    other.show(twice, 10)
    for one in (same, other):
        one.end()
    assert totals(other.figures, "c") == totals(same.figures, "c") != {}


def test_a_frame_from_before_is_dropped_and_counted(day: Day) -> None:
    day.connect()
    pictures = list(street(2))
    day.show(iter(pictures), 10)
    day.show(iter(pictures[:1]), 5)
    day.show(iter(pictures[:1]), 12)
    day.clock.time_ns = NOON_NS + 13 * SECOND_NS
    day.end()
    assert {(one.frames_seen, one.frames_dropped) for one in day.figures} == {(12, 1)}


def test_what_was_dropped_before_a_view_is_none_of_its_own(setup: SiteSetup, detector: Detector) -> None:
    day = Day(setup, detector, dropped=5000)
    day.connect()
    day.show(street(2), 10)
    day.dropped += 3
    day.show(street(2), 12)
    day.clock.time_ns = NOON_NS + 15 * SECOND_NS
    day.end()
    assert {(one.frames_seen, one.frames_dropped) for one in day.figures} == {(20, 3)}


def test_what_the_camera_shows_is_told(day: Day) -> None:
    day.connect()
    day.show(street(10), 0)
    assert day.vitals.status(day.clock.time_ns).state == "watching"
    black = np.zeros((480, 640, 3), np.uint8)
    day.show((black for _ in range(8 * RATE)), 10)
    status = day.vitals.status(day.clock.time_ns)
    assert (status.state, status.reason) == ("blind", "dark")
    day.end()
    assert day.coverage[0] == pytest.approx(10 / 60, abs=0.04)


def test_the_facts_say_what_was_seen(day: Day) -> None:
    day.connect()
    day.dropped = 3
    day.show(street(4), 0)
    day.end()
    facts = day.view.facts(complete=True)
    assert (facts.camera, facts.source, facts.dated, facts.complete) == ("c", "scene.mp4", True, True)
    assert (facts.width_px, facts.height_px) == (640, 480)
    assert facts.start_ns == NOON_NS
    assert facts.frames_dropped == 3
    assert facts.observed_s == pytest.approx(4.0, abs=0.3)
