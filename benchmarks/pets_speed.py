"""From video to metres: how fast the walkers of PETS 2009 S2.L1 are, beside the speeds of their ground-truth boxes.

    python benchmarks/pets_speed.py [--data DIR] [--video FILE] [--frames N]

Both the tracked and the annotated boxes go through the Tsai calibration, the motion smoother and the same measures;
bar: the mean speed within 5 %. Times are those of the file, which says 10 frames a second. Without the data that lies
beside the checkout this says so and ends.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

import flaneur
from flaneur.data.geometry import GroundZone
from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks, Tracks
from flaneur.ground.camera_file import read_camera
from flaneur.ground.locate import ALIKE_S, locate
from flaneur.ground.motion import MotionParams, MotionSmoother
from flaneur.ground.plane import GroundPlane
from flaneur.measure import traffic
from flaneur.measure.passing import Places
from flaneur.source import FileSource

ROOT = Path(__file__).parents[1]
FRAME_NS = 100_000_000
BAR = 0.05
WALKING_MPS = 0.5


def annotated(path: Path) -> Iterator[Tracks]:
    rows = np.loadtxt(path, delimiter=",", usecols=range(6))
    last = {person: rows[rows[:, 1] == person, 0].max() for person in np.unique(rows[:, 1])}
    ended: list[float] = []
    for frame in np.unique(rows[:, 0]).astype(int):
        here = rows[rows[:, 0] == frame]
        xyxy = np.hstack((here[:, 2:4], here[:, 2:4] + here[:, 4:6])).astype(np.float32)
        n = len(here)
        ids = here[:, 1].astype(np.int64)
        yield Tracks(
            frame - 1,
            (frame - 1) * FRAME_NS,
            xyxy,
            ids,
            np.zeros(n, np.uint8),
            np.ones(n, np.float32),
            np.ones(n, np.bool_),
            np.array(ended, np.int64),
        )
        ended = [person for person in ids if last[person] == frame]


def tracked(video: Path, frames: int) -> Iterator[Tracks]:
    for index, _, tracks in flaneur.track_video(video):
        if index >= frames:
            return
        yield tracks


def moments(tracks: Iterable[Tracks], plane: GroundPlane) -> Iterator[GroundTracks]:
    smoother = MotionSmoother(MotionParams(alike_s=ALIKE_S))
    for each in tracks:
        yield from smoother.step(locate(each, plane)[0])
    yield from smoother.flush()


def speeds(tracks: Iterable[Tracks], plane: GroundPlane) -> dict[str, float]:
    seen: list[np.ndarray] = []
    corners_px = np.array(((155.0, 500.0), (610.0, 500.0), (575.0, 200.0), (230.0, 200.0)))
    zone = GroundZone("square", plane.to_ground(corners_px))
    places = Places.on_ground((), (zone,), ())
    state, paths, zones = traffic.start(places), [], []
    for moment in moments(tracks, plane):
        walkers = moment.take(moment.kind == Kind.PEDESTRIAN)
        speed = np.linalg.norm(walkers.velocity_mps, axis=1)
        seen.append(speed[np.isfinite(speed)])
        state, told, _ = traffic.step(state, walkers, places)
        paths.append(told.path_speed.value)
        zones.append(told.zone_speed.value)
    rest = traffic.finish(state, places)
    speed = np.concatenate(seen)
    samples = {
        "all moments": speed,
        f"moments above {WALKING_MPS} m/s": speed[speed > WALKING_MPS],
        "along whole paths": np.concatenate((*paths, rest.path_speed.value)),
        "along paths in a zone": np.concatenate((*zones, rest.zone_speed.value)),
    }
    return {name: float(values.mean()) for name, values in samples.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data/pets2009-s2l1")
    parser.add_argument("--video", type=Path, default=ROOT / ".cache/vtest.avi")
    parser.add_argument("--frames", type=int, default=400)
    options = parser.parse_args()
    truth, camera = options.data / "gt-frames-0001-0400.txt", options.data / "View_001.xml"
    if not all(path.exists() for path in (truth, camera, options.video)):
        sys.exit(f"{truth}, {camera} and {options.video} are needed; nothing was measured")
    with FileSource(options.video) as source:
        plane = read_camera(camera).resized(source.info.width_px, source.info.height_px)
    found, expected = speeds(tracked(options.video, options.frames), plane), speeds(annotated(truth), plane)
    print(f"{'mean speed, m/s':32}  tracked  annotated  difference (bar {BAR:.0%})")
    for name, value in found.items():
        print(f"{name:32}  {value:7.3f}  {expected[name]:9.3f}  {value / expected[name] - 1:+10.1%}")


if __name__ == "__main__":
    main()
