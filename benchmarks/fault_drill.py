"""A site of cameras on which everything fails that can fail, at random moments that a seed repeats.

    python benchmarks/fault_drill.py [--minutes 2] [--faults 20] [--seed 1] [--cameras 8]
    python benchmarks/fault_drill.py --minutes 20 --faults 200            # the drill of docs/live.md

`flaneur watch` runs in a process of its own over cameras that a real RTSP server plays, each behind a cable that can
break (tests/support/cable.py). Besides the cameras, the program is killed (-9), its store is locked or its disk full
(as root), and its site file is read anew, good and bad. Afterwards the store must hold each interval of each camera
from the first to the last once, and must not claim to have seen what could not be seen.
"""

import argparse
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.cable import FAULTS, Cable
from support.live_cameras import RtspServer, street_file
from support.program import environment
from support.scene import write_board_detector
from support.watching import PROGRAM, SITE, camera_table, detector_table

LONGEST_S = 20.0
HARMLESS = frozenset({"other film", "garbage", "ended", "reset"})
"""Pictures come all the same, or some of them."""
STOP_S = 5.0


@dataclass
class Drill:
    folder: Path
    cables: dict[str, Cable]
    seed: int
    process: subprocess.Popen[str] | None = None
    begun_at: int = 0
    """Where in the log the latest start begins."""
    dark_s: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    """Camera -> spans of time in which nothing of it can have been measured."""
    crashes: list[str] = field(default_factory=list)
    resident_mb: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.folder / "results" / "flaneur.sqlite"

    @property
    def log(self) -> Path:
        return self.folder / "watch.log"

    def write_site(self, place: str = "middle") -> None:
        cameras = "".join(
            camera_table(name, cable.url).replace("middle", place if n == 0 else "middle")
            for n, (name, cable) in enumerate(self.cables.items())
        )
        text = SITE + cameras + detector_table(self.folder / "boards.xml")
        beside = self.folder / "site.new"
        beside.write_text(text)
        beside.replace(self.folder / "site.toml")

    def start(self) -> None:
        self.begun_at = len(self.log.read_text()) if self.log.exists() else 0
        with self.log.open("a") as log:
            command = [sys.executable, "-c", PROGRAM, "watch", str(self.folder / "site.toml"), "--log-json"]
            self.process = subprocess.Popen(
                command, env=environment(self.folder / "home"), stdout=log, stderr=log, text=True
            )

    def look_after(self) -> None:
        """Nobody but the drill may end the program."""
        if self.process is None:
            return
        if self.process.poll() is not None:
            self.crashes.append(f"ended by itself with {self.process.returncode}")
            self.start()
        with suppress(OSError, IndexError):
            status = Path(f"/proc/{self.process.pid}/statm").read_text()
            self.resident_mb.append(int(status.split()[1]) * 4096 / 1e6)
            self.descriptors.append(len(list(Path(f"/proc/{self.process.pid}/fd").iterdir())))

    def wait_until_ready(self) -> None:
        """A program that has just been started reads the site file as it finds it."""
        while '"event": "watching"' not in self.log.read_text()[self.begun_at :]:
            time.sleep(0.1)
            self.look_after()

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)


@dataclass(frozen=True)
class Fault:
    at_s: float
    kind: str
    camera: str
    """Empty for what concerns the whole site."""
    lasts_s: float


def timetable(rng: random.Random, faults: int, seconds: float, cameras: list[str]) -> list[Fault]:
    """Faults at random moments, each kind about as often as any other; one camera has one at a time."""
    kinds = [*FAULTS, *STRIKES]
    drawn = [kinds[n % len(kinds)] for n in range(faults)]
    rng.shuffle(drawn)
    free_s: dict[str, float] = defaultdict(float)
    table: list[Fault] = []
    for at_s, kind in zip(sorted(rng.uniform(5.0, seconds - LONGEST_S) for _ in range(faults)), drawn, strict=True):
        able = [camera for camera in cameras if free_s[camera] < at_s] or cameras
        camera = "" if kind in STRIKES else rng.choice(able)
        begin_s = max(at_s, free_s[camera] + 0.5)
        lasts_s = rng.uniform(1.0, LONGEST_S / 2 if kind in STRIKES else LONGEST_S)
        table.append(Fault(begin_s, kind, camera, lasts_s))
        free_s[camera] = begin_s + lasts_s
    return sorted(table, key=lambda fault: fault.at_s)


def strike(drill: Drill, fault: Fault) -> ExitStack:
    """Let it happen; closing what is returned makes it good again."""
    good = ExitStack()
    if fault.camera:
        break_cable(drill, fault, good)
    else:
        STRIKES[fault.kind](drill, good)
    return good


def break_cable(drill: Drill, fault: Fault, good: ExitStack) -> None:
    cable, begin_s = drill.cables[fault.camera], time.time()
    cable.fault(fault.kind)
    good.callback(cable.heal)
    if fault.kind not in HARMLESS:
        good.callback(lambda: drill.dark_s[fault.camera].append((begin_s, time.time())))


def kill(drill: Drill, good: ExitStack) -> None:
    begin_s = time.time()
    drill.signal(signal.SIGKILL)
    assert drill.process is not None
    drill.process.wait()
    drill.process = None

    def again() -> None:
        drill.start()
        for name in drill.cables:
            drill.dark_s[name].append((begin_s, time.time()))

    good.callback(again)


def lock(drill: Drill, good: ExitStack) -> None:
    other = good.enter_context(closing(sqlite3.connect(drill.store, isolation_level=None)))
    with suppress(sqlite3.OperationalError):
        other.execute("BEGIN IMMEDIATE")


def fill_disk(drill: Drill, good: ExitStack) -> None:
    filler = drill.store.parent / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        for _ in range(10_000):
            file.write(bytes(4096))
    good.callback(lambda: filler.unlink(missing_ok=True))


def change_site(drill: Drill, _good: ExitStack) -> None:
    drill.wait_until_ready()
    drill.write_site(f"line {time.time():.0f}")
    drill.signal(signal.SIGHUP)


def spoil_site(drill: Drill, good: ExitStack) -> None:
    drill.wait_until_ready()
    path = drill.folder / "site.toml"
    text = path.read_text()
    path.write_text(text + "[nonsense]\n")
    drill.signal(signal.SIGHUP)

    def right() -> None:
        path.write_text(text)
        drill.signal(signal.SIGHUP)

    good.callback(right)


STRIKES = {
    "killed": kill,
    "locked": lock,
    "full disk": fill_disk,
    "site file": change_site,
    "bad site file": spoil_site,
}


def run(drill: Drill, table: list[Fault], seconds: float) -> None:
    begin_s = time.monotonic()
    lasting: list[tuple[float, Fault, ExitStack]] = []
    waiting = list(table)
    while (now_s := time.monotonic() - begin_s) < seconds or lasting or waiting:
        for one in [one for one in lasting if one[0] <= now_s]:
            one[-1].close()
            lasting.remove(one)
        for fault in [fault for fault in waiting if fault.at_s <= now_s]:
            if not fault.camera and any(not other.camera for _, other, _ in lasting):
                continue  # starting the program takes its time, and what strikes it comes one after the other
            waiting.remove(fault)
            good = strike(drill, fault)
            lasting.append((time.monotonic() - begin_s + fault.lasts_s, fault, good))
        drill.look_after()
        time.sleep(0.2)


def judge(drill: Drill, first_s: float, last_s: float) -> list[str]:
    """What is wrong with the store after all."""
    wrong = list(drill.crashes)
    with closing(sqlite3.connect(drill.store)) as store:
        rows = store.execute(
            "SELECT camera, start_ns / 1000000000, measure, place, direction, kind, value, coverage FROM measurement"
        ).fetchall()
    keys = Counter(row[:6] for row in rows)
    wrong += [f"twice: {key}" for key, count in keys.items() if count > 1]
    coverage: dict[str, dict[int, float]] = defaultdict(dict)
    for camera, start_s, *_, value, share in rows:
        coverage[camera][start_s] = max(share, coverage[camera].get(start_s, 0.0))
        if (value is None) != (share == 0.0):
            wrong.append(f"{camera} {start_s}: a value {value} with a coverage of {share}")
    observed_s = whole_s = 0.0
    for camera in drill.cables:
        starts = sorted(coverage[camera])
        if starts != list(range(starts[0], starts[-1] + 1, 60)):
            wrong.append(f"{camera}: intervals are missing between {starts[0]} and {starts[-1]}")
        if starts[0] > first_s or starts[-1] + 60 < last_s:
            wrong.append(f"{camera}: told from {starts[0]} to {starts[-1] + 60}, watched from {first_s} to {last_s}")
        for start_s in starts:
            inside_s = min(start_s + 60, last_s) - max(start_s, first_s)
            dark_s = sum(
                max(min(end, start_s + 60) - max(begin, start_s) - 1.5, 0.0)
                for begin, end in united(drill.dark_s[camera])
            )
            if 60 * coverage[camera][start_s] > inside_s - dark_s + 0.5:
                wrong.append(
                    f"{camera} {start_s}: {60 * coverage[camera][start_s]:.1f} s observed of {inside_s:.1f}, "
                    f"of which {dark_s:.1f} were dark"
                )
            observed_s += 60 * coverage[camera][start_s]
            whole_s += inside_s
    print(f"rows {len(rows)}, twice {sum(count > 1 for count in keys.values())}")
    print(f"seconds of all cameras {whole_s:.0f}, observed {observed_s:.0f}, not observed {whole_s - observed_s:.0f}")
    return wrong


def united(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans of time without overlaps: what was broken while the program was down is dark once."""
    out: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if out and begin <= out[-1][1]:
            out[-1] = out[-1][0], max(out[-1][1], end)
        else:
            out.append((begin, end))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cameras", type=int, default=8)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)  # noqa: S311
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_board_detector(folder / "boards.xml")
        street_file(folder / "film1.mp4", 30)
        street_file(folder / "film2.mp4", 30, size_px=(480, 270))
        server = stack.enter_context(RtspServer(folder))
        names = [f"camera {n}" for n in range(asked.cameras)]
        cables = {
            name: stack.enter_context(Cable(server.port, "film1.mp4", "film2.mp4", asked.seed + n))
            for n, name in enumerate(names)
        }
        drill = Drill(folder, cables, asked.seed)
        small_disk(stack, folder / "results")
        drill.write_site()
        drill.start()
        drill.wait_until_ready()
        first_s = time.time()
        table = timetable(rng, asked.faults, 60 * asked.minutes, names)
        run(drill, table, 60 * asked.minutes)
        time.sleep(3)
        drill.look_after()
        stopping_s = time.monotonic()
        drill.signal(signal.SIGTERM)
        assert drill.process is not None
        code = drill.process.wait(30)
        took_s = time.monotonic() - stopping_s
        last_s = time.time()
        wrong = judge(drill, first_s, last_s)
        if code != 0:
            wrong.append(f"exit code {code} at SIGTERM")
        if took_s > STOP_S:
            wrong.append(f"SIGTERM took {took_s:.1f} s")
        log = drill.log.read_text()
        wrong += [
            f"{log.count(word)} times {word!r} in the log" for word in ("Traceback", "turn failed") if word in log
        ]
        struck = Counter(fault.kind for fault in table)
        print(f"{asked.faults} faults in {asked.minutes:g} minutes, seed {asked.seed}:", dict(sorted(struck.items())))
        print(f"SIGTERM to end {took_s:.1f} s")
        print(f"memory {max(drill.resident_mb):.0f} MB at most, descriptors {max(drill.descriptors)} at most")
        for line in wrong[:20]:
            print("WRONG:", line)
        if wrong:
            kept = Path(tempfile.mkdtemp(prefix="drill-"))
            (kept / "watch.log").write_text(log)
            print("log:", kept / "watch.log")
        print("crashes, duplicates, seconds not accounted for:", "none" if not wrong else f"{len(wrong)} findings")
        sys.exit(bool(wrong))


def small_disk(stack: ExitStack, folder: Path) -> None:
    """A disk that the drill can fill, where this user may mount one."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode == 0:
        stack.callback(lambda: subprocess.run(["umount", "-l", str(folder)], check=False))


if __name__ == "__main__":
    main()
