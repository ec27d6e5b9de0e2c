"""The canary: one street whose walkers carry markers goes through every command, and everything that came out is kept.

A command that is added to the program must get a row in `COMMANDS`: `tests/privacy/test_canary.py` compares them with
the program's own list. The rows run in this order in one folder, so later ones can use what earlier ones wrote. A
server gets a row with its surroundings (`support.served`), which ask it for everything and keep the answers.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

from support.program import IDS, Ran, flaneur, serving
from support.scene import ground_table, site_with_boards, street, write_board_detector
from support.served import street_watched
from support.trajectory_files import Ride, drive, stand, then, write_csv
from support.video import write_video

WALKERS = 5
SECONDS, RATE = 21, 10
FIRST_ID = 987_654_321_000
"""Of the road users in a file of trajectories."""
FAR_M = 7391.0
"""Where they are: a number that would be recognised anywhere."""

BOARDS = """
from flaneur.data.kinds import Kind
from flaneur.detect.detector import DetectParams
made = DetectParams.__init__
DetectParams.__init__ = lambda params: made(params, "../in/boards.xml", "yolov8", {0: Kind.PEDESTRIAN})
"""
"""For commands that take no site file, and so no detector that sees boards."""


Served = Callable[[Path], AbstractContextManager[Callable[[], None]]]


@dataclass(frozen=True)
class Call:
    """One way to run a command, in the folder of results."""

    arguments: str
    before: str = ""
    out: str | None = None
    """A file that standard output goes to, for a later command."""
    served: Served | None = None
    """For a server: its surroundings in the folder, and what asks for everything while it runs. Then it is stopped."""


COMMANDS: dict[str, tuple[Call, ...]] = {
    "audit init": (Call("--site site.toml"), Call("--site street.toml")),
    "site check": (Call("site.toml"),),
    "site init": (Call("../in/scene.mkv --site first.toml", IDS + BOARDS),),
    "site import": (Call("../in/places.otflow --video ../in/scene.mkv --site imported.toml"),),
    "ground": (Call("../in/scene.mkv --site site.toml --picture grid.png", IDS),),
    "run": (Call("../in/scene.mkv --site site.toml --out run", IDS),),
    "trajectories": (Call("../in/rides.csv --site metres.toml --out rides --json"),),
    "redact": (
        Call("../in/scene.mkv fill.mp4 --style fill --site site.toml", IDS),
        Call("../in/scene.mkv ghost.mp4 --style ghost --site site.toml", IDS),
    ),
    "publish": (Call("../in/scene.mkv --site site.toml --out open", IDS),),
    "budget": (Call("--site site.toml"),),
    "papers": (Call("site.toml --out papers --ghost ghost.mp4 --figures open"),),
    "watch": (Call("watch.toml", IDS, served=street_watched),),
    "report": (
        Call("watched/flaneur.sqlite --site watch.toml --out watched-report"),
        Call("rides/flaneur.sqlite --day 2026-06-01 --language de --out rides-report"),
    ),
    "camera test": (Call("watch.toml --seconds 4", IDS),),
    "doctor": (Call("watch.toml"),),
    "export": (
        Call("watched/flaneur.sqlite --format sensorthings --out things.json"),
        Call("rides/flaneur.sqlite --format datex2 --site metres.toml --out measured.xml"),
        Call("rides/flaneur.sqlite --format datex2-sites --site metres.toml --out sites.xml"),
    ),
    "retention": (Call("aged/flaneur.sqlite --site site.toml"),),
    "audit verify": (Call("--site site.toml"),),
    "audit prove": (Call("--site site.toml --entry 1", out="proof.json"),),
    "audit check": (Call("proof.json --public-key audit.key.pub"),),
    "models": (Call(""),),
}
"""Every command, and each way in which it writes something else."""

WITHOUT_PICTURES = {
    "models get": "asks a package index for a model, which is what it is for, and reads no video",
    "camera find": "asks the local network for cameras, which is what it is for, and opens none",
}
"""Commands that the canary leaves out, and why it may."""

API = """
import flaneur
from flaneur.data.kinds import Kind
from flaneur.detect import DetectParams
boards = DetectParams("../in/boards.xml", "yolov8", {0: Kind.PEDESTRIAN})
for moment in flaneur.track_video("../in/scene.mkv", detector=boards):
    print(moment)
print(flaneur.measure_video("../in/scene.mkv", "site.toml").rows())
print(flaneur.measure_trajectories("../in/rides.csv", "metres.toml").rows())
"""
"""Everything that `flaneur` gives to Python, printed as a careless user would."""

CAMERA = f"""
[[camera]]
name = "c"
# start
masks = [[[0.0, 0.7], [1.0, 0.7], [1.0, 1.0], [0.0, 1.0]]]   # hides one lane, and the walker on it
{ground_table()}
[[camera.line]]
name = "stop"
points = [[0.5, 0.0], [0.5, 1.0]]
[[camera.zone]]
name = "lane"
polygon = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.98], [0.1, 0.98]]
crowd = {{ alarm_per_m2 = [0.01, 0.02] }}
[[camera.zone]]
name = "square"
polygon = [[0.6, 0.1], [0.9, 0.1], [0.9, 0.98], [0.6, 0.98]]
[[camera.flow]]
origin = "stop"
destination = "square"
[[camera.signal]]
name = "light"
stop_line = "stop"
direction = "to left"
kinds = ["pedestrian"]
file = "../in/phases.csv"
[[camera.queue]]
name = "queue"
stop_line = "stop"
lane = "lane"
signal = "light"
"""
SITE = f"""
[site]
name = "canary"
[audit]
[keep]
fine_days = 1
[publish]
rho_s = 10
appearances = 1
epsilon_per_day = 1.0
chunk_s = 5
window_s = 60
max_rows = 3
[[publish.figure]]
measure = "crossings"
place = "stop"
[[publish.figure]]
measure = "occupancy"
place = "lane"
range = [0.0, 5.0]
[papers]
controller = "City of Flaneur"
address = "Market 1"
contact = "office@example.org"
public_url = "https://www.example.org/figures"
article_6_1 = "e"
[papers.en]
purposes = ["Planning"]
law = "Section 4 of the act"
{CAMERA.replace("# start", "start = 2020-05-04T10:00:45")}"""
LIVE = """source = "../in/scene.mkv"
realtime = true
"""
STREET = f"""
[site]
name = "canary"
[audit]
log = "street.jsonl"
key = "street.key"
{CAMERA.replace("# start", LIVE).replace("phases.csv", "phases-live.csv")}"""
PHASES = "time_s,group,state\n0,light,red\n8,light,green\n12,light,red\n"
METRES = f"""
[site]
name = "canary"
[serve]
position = [52.5, 13.4]
[[camera]]
name = "c"
start = "2026-06-01T07:00:00+02:00"
[[camera.line]]
name = "stop"
metres = [[{FAR_M + 80}, 3.0], [{FAR_M + 80}, -3.0]]
[[camera.zone]]
name = "lane"
metres = [[{FAR_M}, -2.0], [{FAR_M + 80}, -2.0], [{FAR_M + 80}, 2.0], [{FAR_M}, 2.0]]
crowd = {{ alarm_per_m2 = [0.01] }}
[[camera.queue]]
name = "queue"
stop_line = "stop"
lane = "lane"
"""
TELEMETRY = """
import pathlib, socket
pathlib.Path.home().joinpath("client-id").touch()
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"a user", ("192.0.2.1", 80))
class Telemetry:
    def __init__(self, *_, **__): ...
    def __getattr__(self, _): return lambda *_, **__: None
"""
PACKAGES = Path("../in/packages")
SECTION = {"id": "1", "name": "arm", "type": "line", "coordinates": [{"x": 200, "y": 0}, {"x": 200, "y": 480}]}


@dataclass(frozen=True)
class Canary:
    """What came out."""

    folder: Path
    """`in` holds what was there before, `work` all results, `said` what was said."""
    ran: dict[str, Ran]
    """Each call by its command and number, as in "redact 2"; and "api"."""

    @property
    def work(self) -> Path:
        """The folder in which all commands ran."""
        return self.folder / "work"

    @property
    def ids(self) -> frozenset[int]:
        """Of every track that anything had."""
        return frozenset(chain.from_iterable(ran.ids for ran in self.ran.values()))

    @property
    def came_out(self) -> tuple[Path, ...]:
        """The folders of everything that was written or said."""
        return self.work, self.folder / "said", *(ran.home for ran in self.ran.values())


def fly(folder: Path) -> Canary:
    """Run every command in a process of its own: fresh home, no CI, no network, watched."""
    write_inputs(folder)
    ran: dict[str, Ran] = {}
    for command, calls in COMMANDS.items():
        for number, call in enumerate(calls, start=1):
            name = f"{command} {number}"
            ran[name] = _run(folder, name, command.split(), call)
            assert ran[name].code == 0, f"flaneur {command} {call.arguments}: {ran[name].err}"
        if command == "run":
            shutil.copytree(folder / "work" / "run", folder / "work" / "aged")
    home = folder / "api" / "home"
    ran["api"] = flaneur(
        home=home, cwd=folder / "work", cut_off=True, traced=True, packages=PACKAGES, before=IDS, program=API
    )
    assert ran["api"].code == 0, ran["api"].err
    for name, one in ran.items():
        _keep_said(folder / "said", name.replace(" ", "-"), one)
    return Canary(folder, ran)


def write_inputs(folder: Path) -> None:
    """The scene and all that is known before."""
    inputs, work = folder / "in", folder / "work"
    for made in (inputs, work, folder / "said"):
        made.mkdir()
    # Lossless, so that the boards' pixels in memory are those that the search looks for.
    exact = {"preset": "ultrafast", "qp": "0"}
    pictures = street(SECONDS * RATE, RATE, WALKERS)
    write_video(inputs / "scene.mkv", pictures, rate=RATE, codec="libx264rgb", pix_fmt="bgr24", options=exact)
    model = write_board_detector(inputs / "boards.xml")
    (inputs / "phases.csv").write_text(PHASES)
    (inputs / "phases-live.csv").write_text(phases_from(datetime.now(UTC)))
    write_telemetry(inputs / "packages")
    (inputs / "places.otflow").write_text(json.dumps({"sections": [SECTION], "flows": []}))
    rides = _rides()
    write_csv(inputs / "rides.csv", rides, ids=range(FIRST_ID, FIRST_ID + len(rides)))
    (work / "site.toml").write_text(site_with_boards(SITE, model))
    (work / "metres.toml").write_text(METRES)
    (work / "street.toml").write_text(site_with_boards(STREET, model))


def phases_from(begin: datetime) -> str:
    """An hour of a signal that changes every five seconds."""
    states = ((begin + timedelta(seconds=5 * n), ("red", "green")[n % 2]) for n in range(720))
    return "time,group,state\n" + "".join(f"{at.isoformat()},light,{state}\n" for at, state in states)


def write_telemetry(packages: Path) -> None:
    """A package that OpenVINO would load to report home, and which tells when it is loaded."""
    (packages / "openvino_telemetry").mkdir(parents=True)
    (packages / "openvino_telemetry" / "__init__.py").write_text(TELEMETRY)


def _rides() -> list[Ride]:
    """Nine cars queue and go; two people walk by, and two cyclists."""
    cars = [Ride(then(stand((FAR_M + 76.75 - 7 * k, 0), 20 + 1.2 * k), drive((0, 0), (8, 0), 14))) for k in range(9)]
    walkers = [Ride(drive((FAR_M + 60, 1.0 + n), (1.234 + n / 10, 0), 30), "pedestrian") for n in range(2)]
    cyclists = [Ride(drive((FAR_M + 20, 1.5 - n), (4.321, 0), 20), "bicycle", 5.0 + 3 * n) for n in range(2)]
    return [*cars, *walkers, *cyclists]


def _run(folder: Path, name: str, command: list[str], call: Call) -> Ran:
    home, work = folder / name.replace(" ", "-") / "home", folder / "work"
    arguments = (*command, *call.arguments.split())
    if call.served is None:
        ran = flaneur(*arguments, home=home, cwd=work, cut_off=True, traced=True, packages=PACKAGES, before=call.before)
        if call.out is not None:
            (work / call.out).write_text(ran.out)
        return ran
    watched = {"home": home, "cwd": work, "traced": True, "packages": PACKAGES}
    with call.served(work) as ask, serving(*arguments, **watched, before=call.before) as ran:
        ask()
    return ran[0]


def _keep_said(folder: Path, name: str, ran: Ran) -> None:
    (folder / f"{name}.out").write_text(ran.out)
    (folder / f"{name}.err").write_text(ran.err)
    (folder / f"{name}.environment").write_text(json.dumps(ran.environment))
