"""How exact calibrated grounds are, beside what they say of themselves.

    python benchmarks/calibration.py [--data DIR] [--video FILE] [--trials N] [--no-video]

1. Points: clicks with 1 to 3 px of noise (in a picture 1280 px wide), the error of lengths in the middle of the points,
   and how often the stated 95 % band covers it, for a direction away from the camera, across, and any.
2. The rough ground from people's sizes on synthetic cameras: how far lengths are off, beside what is stated.
3. The same on PETS 2009 S2.L1 against its Tsai calibration, from ground-truth boxes and from the detector's; bar: 15 %
   for the scale, that is the root of the area of a pixel on the ground, in the median over all feet.
4. The same for the camera of ETH and its people, given bodies; their positions and homography are real.

Without the data that lies beside the checkout, 3 and 4 say so.
"""

import argparse
import sys
from itertools import product
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import flaneur  # noqa: E402
from flaneur.data.errors import UserError  # noqa: E402
from flaneur.data.kinds import Kind  # noqa: E402
from flaneur.ground.camera_file import read_camera  # noqa: E402
from flaneur.ground.fit import fit_points  # noqa: E402
from flaneur.ground.plane import GroundPlane, describe  # noqa: E402
from flaneur.ground.rough import clear_boxes, rough_plane  # noqa: E402
from support.cameras import SIZE_PX, camera, pixels  # noqa: E402
from support.sizes import boxes, person, statures  # noqa: E402

BAR = 0.15


def stretch(plane: GroundPlane, truth: GroundPlane, at: np.ndarray) -> np.ndarray:
    """[n, 2, 2] what `plane` makes of a true small vector at pixels [n, 2]."""
    return plane.jacobian(at) @ np.linalg.inv(truth.jacobian(at))


def lengths(matrix: np.ndarray, way: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.einsum("nij,nj->ni", matrix, way), axis=1) - 1.0


def across(way: np.ndarray) -> np.ndarray:
    return np.stack((-way[:, 1], way[:, 0]), 1)


def points(trials: int) -> None:
    print("points: error of lengths and the share of 95 % bands that cover it\n")
    print("points  click px   rms error   stated   covered: any   away  across   named wrongly")
    for n, noise in product((4, 5, 6, 8, 12), (1.0, 2.0, 3.0)):
        rng, off, named = np.random.default_rng(n), [], 0
        while len(off) < trials:
            truth = camera(focal=rng.uniform(0.5, 1.5), tilt_deg=rng.uniform(12, 45), height_m=rng.uniform(4, 12))
            at = pixels(n, rng)
            metres = truth.to_ground(at)
            if not np.linalg.norm(metres - truth.camera_m, axis=1).max() < 60 or spread(at) < 0.03:
                continue
            try:
                plane = fit_points(at + rng.normal(0, noise, at.shape), metres, *SIZE_PX)
            except UserError:
                continue
            named += (~plane.check.used).sum()
            middle = at.mean(axis=0, keepdims=True)
            away, angle = truth.away(truth.to_ground(middle)), rng.uniform(0, 2 * np.pi)
            ways = (np.array(((np.cos(angle), np.sin(angle)),)), away, across(away))
            matrix = stretch(plane, truth, middle)
            off.append([*(lengths(matrix, way)[0] for way in ways), plane.scale_sigma(middle)[0]])
        error, sigma = np.array(off)[:, :3], np.array(off)[:, 3:]
        covered = (np.abs(error) < 1.96 * sigma).mean(axis=0)
        print(
            f"{n:6}  {noise:8.1f}  {100 * rms(error[:, 0]):8.2f} %  {100 * rms(sigma):5.2f} %"
            f"  {covered[0]:12.2f}  {covered[1]:5.2f}  {covered[2]:6.2f}  {named / (n * trials):12.3f}",
            flush=True,
        )


def spread(at: np.ndarray) -> float:
    """Area that points take up, as a share of the picture."""
    return float(np.sqrt(np.linalg.det(np.cov(at.T)))) / (SIZE_PX[0] * SIZE_PX[1])


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def compare(name: str, plane: GroundPlane, truth: GroundPlane, xyxy: np.ndarray) -> tuple[float, float, float]:
    """Median relative error of the scale, its root mean square over directions, and what is stated; printed."""
    foot = np.stack(((xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]), 1)
    foot = foot[truth.below_horizon(foot) & plane.below_horizon(foot)]
    matrix = stretch(plane, truth, foot)
    scale = np.sqrt(np.linalg.det(matrix)) - 1.0
    away = truth.away(truth.to_ground(foot))
    both = np.median(lengths(matrix, away)), np.median(lengths(matrix, across(away)))
    stated, low_high = np.median(plane.scale_sigma(foot)), np.percentile(scale, (5, 95))
    print(
        f"{name:<28} {np.median(scale):+7.1%}  {low_high[0]:+7.1%} … {low_high[1]:+6.1%}  {both[0]:+7.1%}"
        f"  {both[1]:+7.1%}  {stated:6.1%}   {'' if abs(np.median(scale)) <= BAR else 'beyond the bar'}",
        flush=True,
    )
    return float(np.median(scale)), rms(np.array(both)), float(stated)


def heading(title: str) -> None:
    print(f"\n{title}: error of lengths, median over all feet\n")
    print(f"{'':<28} {'scale':>7}  {'5 … 95 % of feet':>17}  {'away':>7}  {'across':>7}  stated   bar {BAR:.0%}")


def synthetic() -> None:
    heading("rough ground, synthetic cameras (tilt, height, focal length in picture widths)")
    rng, rows = np.random.default_rng(1), []
    for tilt, height, focal in product((10.0, 20.0, 35.0, 50.0), (4.0, 10.0), (0.5, 0.9, 1.5)):
        where = {"tilt_deg": tilt, "height_m": height, "focal": focal, "roll_deg": rng.normal(0, 1.5)}
        name = f"{tilt:.0f}°, {height:.0f} m, {focal}"
        try:
            xyxy = boxes(person, statures(40, rng), 60.0, rng, **where)
            plane = rough_plane(xyxy, np.full(len(xyxy), Kind.PEDESTRIAN, np.uint8), *SIZE_PX)
        except UserError as error:
            print(f"{name:<28} none: {str(error)[:80]}")
            continue
        rows.append(compare(name, plane, camera(**where), xyxy))
    scale, directions, stated = np.array(rows).T
    print(
        f"{len(rows)} cameras: scale within {BAR:.0%} for {np.mean(np.abs(scale) < BAR):.0%}; lengths off by "
        f"{rms(directions):.1%} (rms), stated {rms(stated):.1%}, covered by 95 % bands "
        f"{np.mean(directions < 1.96 * stated):.0%}"
    )


def pets(data: Path, video: Path | None) -> None:
    truth = read_camera(data / "View_001.xml")
    rows = np.loadtxt(data / "gt-frames-0001-0400.txt", delimiter=",")
    frame, xyxy = rows[:, 0], np.concatenate((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]), axis=1)
    clear = np.concatenate([clear_boxes(xyxy[frame == f], 768, 576) for f in np.unique(frame)])
    heading("rough ground, PETS, against Tsai")
    for name, part in (("ground truth, all boxes", xyxy), ("ground truth, whole boxes", xyxy[clear])):
        plane = rough_plane(part, np.zeros(len(part), np.uint8), 768, 576)
        compare(name, plane, truth, xyxy)
    if video is None:
        print("no video, so the detector saw nothing")
        return
    seen, kinds = [], []
    for _, _, tracks in flaneur.track_video(video):
        whole = clear_boxes(tracks.xyxy_px.astype(np.float64), 768, 576) & tracks.observed
        seen.append(tracks.xyxy_px[whole].astype(np.float64))
        kinds.append(tracks.kind[whole])
    part, kind = np.concatenate(seen), np.concatenate(kinds)
    for name, n in (("detector, first half", len(part) // 2), ("detector, all", len(part))):
        compare(name, rough_plane(part[:n], kind[:n], 768, 576), truth, xyxy)
    print(describe(plane))


def eth(data: Path) -> None:
    """The camera is what fits its homography; the picture's rows come first there, and heights are made up."""
    homography, people = np.loadtxt(data / "H.txt"), np.loadtxt(data / "obsmat.txt")
    back = np.c_[people[:, (2, 4)], np.ones(len(people))] @ np.linalg.inv(homography).T
    at, rng = back[:, 1::-1] / back[:, 2:], np.random.default_rng(0)
    truth = fit_points(at[::200], people[::200][:, (2, 4)], 640, 480)
    stature = dict(zip(np.unique(people[:, 1]), statures(len(np.unique(people[:, 1])), rng), strict=True))
    lens = np.diag((*truth.lens.focal_px, 1.0))
    inverse = np.linalg.inv(truth.metres)
    side = np.sqrt(np.linalg.norm(inverse[:, 0]) * np.linalg.norm(inverse[:, 1]))
    right, ahead = inverse[:, 0] / side, inverse[:, 1] / side
    projection = lens @ np.stack((right, ahead, np.cross(right, ahead), inverse[:, 2] / side), 1)
    found = []
    for row in people:
        body = person(row[[2, 4]], stature[row[1]], np.arctan2(row[7], row[5]), rng)
        seen = np.c_[body, np.ones(len(body))] @ projection.T
        xy = seen[:, :2] / seen[:, 2:] + (320, 240)
        found.append((*xy.min(axis=0), *xy.max(axis=0)))
    xyxy = np.array(found) + rng.normal(0, 1.0, (len(found), 4))
    xyxy = xyxy[clear_alone(xyxy)]
    heading(f"rough ground, ETH ({describe(truth).tilt_deg:.0f}° down from {truth.camera_height_m:.0f} m)")
    try:
        compare("people of ETH", rough_plane(xyxy, np.zeros(len(xyxy), np.uint8), 640, 480), truth, xyxy)
    except UserError as error:
        print(f"none: {error}")


def clear_alone(xyxy: np.ndarray) -> np.ndarray:
    return np.concatenate([clear_boxes(box[None], 640, 480) for box in xyxy])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--video", type=Path, default=ROOT / ".cache" / "vtest.avi")
    parser.add_argument("--no-video", action="store_true", help="do not run the detector")
    parser.add_argument("--trials", type=int, default=30, help="planes for each row of the first table")
    o = parser.parse_args()
    points(o.trials)
    synthetic()
    for part, run in (
        ("pets2009-s2l1", lambda d: pets(d, o.video if o.video.is_file() and not o.no_video else None)),
        ("eth", eth),
    ):
        if (o.data / part).is_dir():
            run(o.data / part)
        else:
            print(f"\n{part}: not there, name its folder's parent with --data")


if __name__ == "__main__":
    main()
