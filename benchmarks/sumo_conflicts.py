"""Near misses against SUMO: its surrogate-safety device, and polygons swept by the same footprints.

    python benchmarks/sumo_conflicts.py [--data DIR] [--sumo DIR] [--cost]

DIR/README.md defines the references. The right-angle scene in DIR/petcheck is run again with the `sumo` in --sumo (or
on the path), since its trajectories are not kept. Pairs are matched by their ids, inside this process only.
"""

import argparse
import gzip
import shutil
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from flaneur.data.kinds import FOOTPRINT_M, Kind, kind_from_label
from flaneur.data.private import GroundTracks
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.measure import conflicts
from flaneur.measure.collision import Moving, contacts
from flaneur.measure.conflicts import ConflictParams
from flaneur.measure.encounters import Encounters

DATA = Path(__file__).parents[2] / "shared" / "data" / "sumo"
NONE = np.zeros(0, np.int64)
SAME_WAY_RAD = np.radians(10.0)
"""More than lanes of this crossing bend while they are one."""
EVERYTHING = {"slow_mps": -1.0, "drac_mps2": (6.0, 3.0)}


def looks(rows: pl.DataFrame, ids: dict[str, int]) -> Iterator[GroundTracks]:
    """GroundTracks of each moment; velocity along the heading, acceleration from differences."""
    rows = rows.sort("id", "time_s").with_columns(
        heading=(90 - pl.col("angle_deg")).radians(),
        kind=pl.col("kind").replace_strict({k.label: int(k) for k in Kind}, return_dtype=pl.UInt8),
        id=pl.col("id").replace_strict(ids, return_dtype=pl.Int64),
    )
    rows = rows.with_columns(
        vx=pl.col("speed_mps") * pl.col("heading").cos(), vy=pl.col("speed_mps") * pl.col("heading").sin()
    )
    dt = pl.col("time_s").shift(-1) - pl.col("time_s").shift(1)
    rows = rows.with_columns(
        ((pl.col(v).shift(-1) - pl.col(v).shift(1)) / dt).over("id").alias(a) for v, a in (("vx", "ax"), ("vy", "ay"))
    )
    last = np.zeros(0, np.int64)
    for (time_s,), at in rows.sort("time_s", maintain_order=True).group_by("time_s", maintain_order=True):
        n, track_id = len(at), at["id"].to_numpy().copy()
        size = at.select("length_m", "width_m").to_numpy().copy()
        size[at["kind"].to_numpy() == Kind.PEDESTRIAN] = FOOTPRINT_M[Kind.PEDESTRIAN]
        yield GroundTracks(
            to_ns(time_s),
            at.select("x_m", "y_m").to_numpy().copy(),
            at.select("vx", "vy").to_numpy().copy(),
            at.select(pl.col("ax", "ay").fill_null(0.0)).to_numpy().copy(),
            at["heading"].to_numpy().copy(),
            size,
            *np.zeros((3, n)),
            track_id,
            at["kind"].to_numpy().copy(),
            np.setdiff1d(last, track_id),
        )
        last = track_id


def measure(rows: pl.DataFrame, params: ConflictParams) -> conflicts.Over:
    """All encounters with the track numbers of `numbers`."""
    state, parts = conflicts.start(params), []
    for tracks in looks(rows, numbers(rows)):
        state, over = conflicts.advance(state, tracks, params)
        parts.append(over)
    parts.append(conflicts.settle(state, params))
    return conflicts.Over(
        *(type(getattr(parts[0], n)).joined([getattr(p, n) for p in parts]) for n in ("ttc", "drac", "pet"))
    )


def numbers(rows: pl.DataFrame) -> dict[str, int]:
    return {name: n for n, name in enumerate(rows["id"].unique().sort())}


def worst(table: Encounters, ids: dict[str, int], values: np.ndarray) -> dict[frozenset[str], float]:
    """Least value of each pair of names."""
    names, out = list(ids), {}
    for (a, b), value in zip(table.pair, values, strict=True):
        key = frozenset((names[a], names[b]))
        out[key] = min(out.get(key, np.inf), value)
    return out


def report(name: str, found: dict[frozenset[str], float], wanted: list[tuple[frozenset[str], float]], bar: str) -> None:
    error = np.array([found.get(key, np.nan) - value for key, value in wanted])
    seen = error[np.isfinite(error)]
    within = (np.abs(error) <= 0.1).sum()
    spread = f"median |error| {np.median(np.abs(seen)):.3f}, greatest {np.abs(seen).max():.3f}" if len(seen) else ""
    print(f"  {name:44} {len(wanted):4} pairs, {len(seen):4} found, within 0.1 s: {within / len(wanted):6.1%}  {bar}")
    print(f"  {'':44} {spread}")


def wanted(rows: pl.DataFrame, a: str, b: str, value: str) -> list[tuple[frozenset[str], float]]:
    return [(frozenset((x, y)), v) for x, y, v in rows.filter(pl.col(value).is_not_null()).select(a, b, value).rows()]


def crossing(data: Path) -> None:
    with gzip.open(data / "trajectories.csv.gz") as file:
        rows = pl.read_csv(file.read())
    ids = numbers(rows)
    began = time.perf_counter()
    pet = measure(rows, ConflictParams(ttc_s=(1.5, 4.0), pet_s=(1.5, 25.0), **EVERYTHING)).pet
    print(f"{data}: {len(ids)} road users, {len(pet)} encroachments within 25 s, {time.perf_counter() - began:.1f} s")
    ssm = pl.read_csv(data / "ssm.csv")
    point, zone = worst(pet, ids, pet.value), worst(pet, ids, pet.zone_pet_s())
    bar = "bar: 99 %"
    report("point PET, vehicles (own_point_pet_s)", point, wanted(ssm, "id_a", "id_b", "own_point_pet_s"), bar)
    report("zone PET, vehicles (own_zone_pet_s)", zone, wanted(ssm, "id_a", "id_b", "own_zone_pet_s"), bar)
    report("SUMO's PET, vehicles: plausible only", zone, wanted(ssm, "id_a", "id_b", "pet_s"), "")
    ped = pl.read_csv(data / "ped_vehicle_pet.csv")
    report("point PET, pedestrians", point, wanted(ped, "pedestrian", "vehicle", "pet_point_s"), bar)
    apart = ped.filter(pl.col("pet_zone_s") >= 0)
    report("zone PET, pedestrians, not both at once", zone, wanted(apart, "pedestrian", "vehicle", "pet_zone_s"), bar)
    scene = {tracks.time_ns: tracks for tracks in looks(rows, ids)}
    at_its_moment(scene, ids, ssm)
    while_following(scene, ids, ssm)
    for turning in (False, True):
        params = ConflictParams(ttc_s=(1.5, 4.0), turning=turning, **EVERYTHING)
        over = measure(rows, params)
        print(f" collision courses, {'constant turn' if turning else 'constant velocity'}")
        ttc = worst(over.ttc, ids, over.ttc.value)
        drac = {key: -value for key, value in worst(over.drac, ids, over.drac.badness).items()}
        for kind, types in (("following", (2, 3)), ("crossing, merging", (6, 7, 10, 11, 12, 13, 17))):
            some = ssm.filter(pl.col("ttc_type").is_in(types))
            some = some.filter(pl.col("min_ttc_s") <= 4)
            report(f"TTC, {kind}", ttc, wanted(some, "id_a", "id_b", "min_ttc_s"), "")
            some = ssm.filter(pl.col("drac_type").is_in(types) & (pl.col("max_drac_mps2") > 3))
            report(f"DRAC above 3 m/s², {kind}", drac, wanted(some, "id_a", "id_b", "max_drac_mps2"), "(m/s²)")


def at_its_moment(scene: dict[int, GroundTracks], ids: dict[str, int], ssm: pl.DataFrame) -> None:
    """Where SUMO saw the least TTC, what the footprints do that go straight on: without end, for the crossing ones.

    SUMO measures along lanes and lets crossing vehicles collide that come into the common area at overlapping times;
    most of these footprints would not touch. In its following pairs both mean the same.
    """
    for name, types in (("following", (2, 3)), ("crossing, merging", (6, 7, 10, 11, 12, 13))):
        found, pairs = {}, ssm.filter(pl.col("ttc_type").is_in(types) & (pl.col("min_ttc_s") <= 4))
        for a, b, time_s in pairs.select("id_a", "id_b", "ttc_time_s").rows():
            tracks = scene[to_ns(time_s)]
            row_a, row_b = (np.flatnonzero(tracks.track_id == ids[who]) for who in (a, b))
            if len(row_a) and len(row_b):
                contact = contacts(Moving.of(tracks, turning=False, horizon_s=60.0), row_a, row_b)
                found |= {frozenset((a, b)): ttc for ttc in contact.ttc_s}
        bar = "bar: 0.1 s" if name == "following" else "(found: touch at all)"
        report(f"TTC at SUMO's moment, {name}", found, wanted(pairs, "id_a", "id_b", "min_ttc_s"), bar)


def while_following(scene: dict[int, GroundTracks], ids: dict[str, int], ssm: pl.DataFrame) -> None:
    """The worst of following pairs, at the moments in which both go the same way, within `SAME_WAY_RAD`.

    SUMO lets one follow another along the lanes that both will take; footprints go straight on. Where one turns off
    the two mean different things: who goes behind it may miss it, or hit it though their lanes part.
    """
    pairs = ssm.filter(pl.col("ttc_type").is_in((2, 3)) & (pl.col("min_ttc_s") <= 4))
    a, b = (np.array([ids[name] for name in pairs[column]]) for column in ("id_a", "id_b"))
    ttc, drac, when = np.full(len(pairs), np.inf), np.zeros(len(pairs)), pairs["ttc_time_s"].to_numpy().copy()
    for tracks in scene.values():
        row = np.full(len(ids), -1)
        row[tracks.track_id] = np.arange(len(tracks))
        pair = np.flatnonzero((row[a] >= 0) & (row[b] >= 0))
        pair = pair[turned(tracks, row[a[pair]], row[b[pair]]) <= SAME_WAY_RAD]
        found = contacts(Moving.of(tracks, turning=False, horizon_s=60.0), row[a[pair]], row[b[pair]])
        number = {(i, j): n for n, i, j in zip(pair, row[a[pair]], row[b[pair]], strict=True)}
        at = np.array([number[i, j] for i, j in zip(found.a, found.b, strict=True)], np.intp)
        when[at[found.ttc_s < ttc[at]]] = tracks.time_ns / SECOND_NS
        ttc[at], drac[at] = np.minimum(ttc[at], found.ttc_s), np.fmax(drac[at], found.drac_mps2)
    keys = [frozenset(names) for names in pairs.select("id_a", "id_b").rows()]
    found_ttc, found_drac = dict(zip(keys, ttc, strict=True)), dict(zip(keys, drac, strict=True))
    report("TTC, following, least", found_ttc, wanted(pairs, "id_a", "id_b", "min_ttc_s"), "bar: 0.1 s")
    some = pairs.filter(pl.col("drac_type").is_in((2, 3)) & (pl.col("max_drac_mps2") > 3))
    report("DRAC above 3 m/s², the same", found_drac, wanted(some, "id_a", "id_b", "max_drac_mps2"), "(m/s²)")
    theirs, moment_s = pairs["min_ttc_s"].to_numpy(), pairs["ttc_time_s"].to_numpy()
    for n in np.flatnonzero(~(np.abs(ttc - theirs) <= 0.1)):
        print(f"    here {ttc[n]:.2f} s at {when[n]} s, SUMO {theirs[n]:.2f} s at {moment_s[n]} s:")
        for time_s in (when[n], moment_s[n]):
            tracks = scene[to_ns(time_s)]
            i, j = (np.flatnonzero(tracks.track_id == who) for who in (a[n], b[n]))
            (x, y), (vx, vy) = (column[j][0] - column[i][0] for column in (tracks.xy_m, tracks.velocity_mps))
            angle, aside = np.degrees(turned(tracks, i, j)[0]), abs(x * vy - y * vx) / np.hypot(vx, vy)
            print(
                f"      at {time_s} s their ways are {angle:.1f}° apart and their middles would pass at {aside:.2f} m"
            )


def turned(tracks: GroundTracks, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle between the headings of rows a and b."""
    return np.abs((tracks.heading_rad[a] - tracks.heading_rad[b] + np.pi) % (2 * np.pi) - np.pi)


def between(one: GroundTracks, other: GroundTracks) -> GroundTracks:
    """Halfway in time, those who are in both."""
    _, i, j = np.intersect1d(one.track_id, other.track_id, return_indices=True)
    a, b = one.take(i), other.take(j)
    return replace(a, time_ns=(a.time_ns + b.time_ns) // 2, xy_m=(a.xy_m + b.xy_m) / 2)


def tiled(tracks: GroundTracks, copies: int) -> GroundTracks:
    """The scene several times, side by side, with errors of boxes as from video."""
    n, far = len(tracks), np.stack((np.arange(copies) % 6, np.arange(copies) // 6), axis=1) * 400.0
    copy = tracks.take(np.tile(np.arange(n), copies))
    sigma, ids = np.full(n * copies, 0.2), copy.track_id + 1000 * np.repeat(np.arange(copies), n)
    return replace(copy, xy_m=copy.xy_m + np.repeat(far, n, axis=0), sigma_m=sigma, sigma_mps=sigma, track_id=ids)


def timed(scene: list[GroundTracks]) -> list[float]:
    """Milliseconds of processor time that each look takes."""
    params, took = ConflictParams(), []
    state = conflicts.start(params)
    for tracks in scene:
        began = time.process_time()
        state, _ = conflicts.step(state, tracks, params)
        took.append(1e3 * (time.process_time() - began))
    return took


def cost(data: Path) -> None:
    """What a look costs at 10 Hz, against the number of road users; the best of three rounds counts."""
    with gzip.open(data / "trajectories.csv.gz") as file:
        rows = pl.read_csv(file.read()).filter(pl.col("time_s").is_between(240, 260))
    slow = list(looks(rows, numbers(rows)))
    fast = [tracks for a, b in pairwise(slow) for tracks in (a, between(a, b))]
    before: tuple[float, float] | None = None
    print("cost of a look at 10 Hz, one core; bar: 4 ms for 1,000 road users")
    for copies in (2, 4, 8, 16, 32):
        scene = [tiled(tracks, copies) for tracks in fast]
        late = np.min([timed(scene)[len(scene) // 2 :] for _ in range(3)], axis=0)
        n = float(np.mean([len(tracks) for tracks in scene]))
        growth = f"n^{np.log(late.mean() / before[1]) / np.log(n / before[0]):.2f}" if before else ""
        print(f"  {n:5.0f} road users {late.mean():7.2f} ms, slowest {late.max():6.1f} ms {growth}")
        before = (n, float(late.mean()))


def right_angle(data: Path, binary: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        ssm = ("--device.ssm.probability", "1", "--device.ssm.measures", "TTC DRAC PET", "--device.ssm.thresholds")
        files = ("-n", data / "p.net.xml", "-r", data / "p.rou.xml", "--fcd-output", out / "fcd.xml")
        rest = ("--step-length", "0.2", "--end", "700", "--seed", "5", "--precision", "3", "--no-step-log")
        more = ("--device.ssm.extratime", "10", "--device.ssm.file", out / "ssm.xml", "--time-to-teleport", "-1")
        command = (binary, *files, *rest, *ssm, "4 3 8", *more)
        subprocess.run(command, check=True, capture_output=True)
        rows = []
        for moment in ET.parse(out / "fcd.xml").getroot():  # noqa: S314 - SUMO's own output
            for v in moment:
                kind = kind_from_label(v.get("type", ""))
                (length, width), angle = FOOTPRINT_M[kind], float(v.get("angle", ""))
                back = length / 2 * np.array((np.sin(np.radians(angle)), np.cos(np.radians(angle))))
                x, y = np.array((float(v.get("x", "")), float(v.get("y", "")))) - back
                speed = float(v.get("speed", ""))
                rows.append((float(moment.get("time", "")), v.get("id"), kind.label, x, y, angle, speed, length, width))
        pets: dict[frozenset[str], float] = {}
        for conflict in ET.parse(out / "ssm.xml").getroot().iter("conflict"):  # noqa: S314
            pet = conflict.find("PET")
            if pet is not None and pet.get("value") not in (None, "", "NA"):
                key = frozenset((conflict.get("ego", ""), conflict.get("foe", "")))
                pets[key] = min(pets.get(key, np.inf), float(pet.get("value", "")))
    names = ["time_s", "id", "kind", "x_m", "y_m", "angle_deg", "speed_mps", "length_m", "width_m"]
    table = pl.DataFrame(rows, names, orient="row")
    over = measure(table, ConflictParams(pet_s=(1.5, 25.0), **EVERYTHING))
    ids = numbers(table)
    print(f"right-angle scene, run again with {binary}: {len(ids)} road users")
    report("zone PET against SUMO's", worst(over.pet, ids, over.pet.zone_pet_s()), list(pets.items()), "bar: 99 %")
    report("point PET against SUMO's", worst(over.pet, ids, over.pet.value), list(pets.items()), "bar: 99 %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cost", action="store_true", help="only what it costs")
    parser.add_argument("--sumo", type=Path, help="folder of the sumo program")
    options = parser.parse_args()
    if not (options.data / "ssm.csv").exists():
        print(f"no reference in {options.data}: skipped")
        return
    if options.cost:
        cost(options.data)
        return
    crossing(options.data)
    binary = shutil.which("sumo", path=str(options.sumo) if options.sumo else None)
    if binary and (options.data / "petcheck").exists():
        right_angle(options.data / "petcheck", binary)
    else:
        print("right-angle scene: no sumo program or no petcheck folder; skipped")


if __name__ == "__main__":
    main()
