"""A watch in this process: a site file, its `Watch` on a thread, and what its store holds afterwards."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flaneur.data.live import CameraStatus
from flaneur.data.released import Measurement
from flaneur.run.live.setup import read_setup
from flaneur.run.live.watch import Watch
from flaneur.run.results import STORE
from flaneur.source.live_clock import Clock
from flaneur.store.store import Store
from support.live_cameras import wait_until
from support.scene import site_with_boards

SITE = """\
[site]
name = "test"
timezone = "Europe/Berlin"
"""
PROGRAM = "from flaneur.cli.main import main\nmain()\n"
LINE = """\
[[camera.line]]
name = "middle"
points = [[0.5, 0.0], [0.5, 1.0]]
"""


def camera_table(name: str, source: str, *, places: str = LINE, keys: str = "") -> str:
    """A camera of the site file; a file is played at its own pace."""
    realtime = "" if "://" in source else "realtime = true\n"
    return f'[[camera]]\nname = "{name}"\nsource = "{source}"\n{realtime}{keys}{places}'


def detector_table(model: Path, rate_per_s: float = 5.0) -> str:
    """The detector of boards."""
    return site_with_boards("", model) + f"rate_per_s = {rate_per_s}\n"


@dataclass
class Watching:
    """A watch that runs on a thread of its own."""

    watch: Watch
    stop: threading.Event = field(default_factory=threading.Event)
    reload: threading.Event = field(default_factory=threading.Event)
    failures: list[BaseException] = field(default_factory=list)
    is_alive: bool = True

    def run(self) -> None:
        try:
            self.watch.run(self.stop, self.reload)
        except Exception as error:  # noqa: BLE001  # told on the thread of the test
            self.failures.append(error)
        finally:
            self.is_alive = False

    def status(self, camera: str) -> CameraStatus:
        wait_until(lambda: any(status.camera == camera for status in self.watch.statuses()))
        return next(status for status in self.watch.statuses() if status.camera == camera)

    def wait_for(self, camera: str, state: str, longest_s: float = 30.0) -> CameraStatus:
        wait_until(lambda: self.status(camera).state == state or self.failures, longest_s)
        assert not self.failures, self.failures
        return self.status(camera)


@contextmanager
def watching(site: Path, new_clock: Callable[[], Clock] = Clock) -> Iterator[Watching]:
    """The watch over a site; at the end it is stopped, and what it raised is raised."""
    running = Watching(Watch(read_setup(site), new_clock))
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        yield running
    finally:
        running.stop.set()
        thread.join(20)
    assert not thread.is_alive()
    if running.failures:
        raise running.failures[0]


def stored(folder: Path) -> list[Measurement]:
    """What the store of a site in `folder` holds."""
    with Store.open(folder / "results" / STORE, read_only=True) as store:
        return list(store.measurements())


def totals(figures: list[Measurement], camera: str) -> dict[tuple[str, str, str, str], float]:
    """Numbers of road users by measure, place, direction and kind, over all intervals."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    for one in figures:
        if one.camera == camera and one.measure in ("crossings", "passages", "flow"):
            found[one.measure, one.place, one.direction, one.kind] += one.value or 0.0
    return dict(found)
