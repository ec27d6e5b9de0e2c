"""What pedestrian dynamics calls density, speed and flow: PedPy's figures of the same people are the reference.

PedPy draws the cut-off circle as a polygon; with 64 segments per quarter it comes near the circle that it stands for.
The speed of a zone is there taken over its whole area, ground that is nobody's being ground at rest; here over the
ground that is somebody's. Without a cut-off that is the same.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pedpy
import pytest

from flaneur.data.geometry import GroundLine
from flaneur.data.private import Samples
from flaneur.data.time import SECOND_NS
from flaneur.ground.trajectories import moments
from flaneur.ground.trajectories_table import TrajectoryParams
from flaneur.measure import crossings, crowd
from flaneur.measure.crossings import Lines
from flaneur.measure.crowd import CrowdZones
from flaneur.measure.feet import ground_feet
from flaneur.measure.voronoi import own_ground
from support.crowds import PILLAR, ROOM, Scene, bottleneck, rectangle

STEP, EVERY = 5, 20
ZONES = (rectangle(5, 2, 7.9, 4, "before the passage"), rectangle(8.5, 2.4, 11, 3.6, "passage"))
LINE = np.array([(8.5, 2.4), (8.5, 3.6)])
CIRCLE = 64


@pytest.fixture(scope="module", params=[False, True], ids=["room", "room with pillar"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return bottleneck(pillar=request.param)


def theirs(scene: Scene, every: int = 1, step: int | None = None) -> pedpy.TrajectoryData:
    """All people at every so many frames; only those whose velocity over `step` frames is known."""
    there = scene.xy_m if step is None else np.where(np.isnan(scene.velocity(step)), np.nan, scene.xy_m)
    frame, person = np.nonzero(np.isfinite(there[::every, :, 0]))
    x, y = there[::every][frame, person].T
    table = pd.DataFrame({"id": person, "frame": frame * every, "x": x, "y": y})
    return pedpy.TrajectoryData(table, frame_rate=scene.rate)


def area(scene: Scene) -> pedpy.WalkableArea:
    return pedpy.WalkableArea(ROOM.polygon_m, [zone.polygon_m for zone in scene.obstacles])


def played(scene: Scene, cutoff_m: float) -> list[crowd.Crowd]:
    """Every `EVERY`th frame is looked at, as if a second had passed."""
    zones = CrowdZones.of(ZONES, walkable=ROOM, obstacles=scene.obstacles, cutoff_m=cutoff_m)
    state, told = crowd.start(zones), []
    for look in scene.looks(STEP, EVERY, slow=scene.rate / EVERY):
        state, figures = crowd.step(state, look, zones)
        told.append(figures)
    return told


def series(told: list[Samples], zone: int) -> np.ndarray:
    """The value at each look, NaN where there is none."""
    found = [samples.value[samples.place == zone] for samples in told]
    return np.array([value[0] if len(value) else np.nan for value in found])


def by_look(frames: pd.DataFrame, column: str, looks: int) -> np.ndarray:
    """PedPy's value at each look; it leaves out the frames before the first and after the last person."""
    return frames.set_index("frame")[column].reindex(range(0, looks * EVERY, EVERY)).to_numpy()


def voronoi(scene: Scene, cutoff_m: float) -> tuple[pd.DataFrame, pedpy.TrajectoryData]:
    people = theirs(scene, EVERY, STEP)
    cut_off = pedpy.Cutoff(radius=cutoff_m, quad_segments=CIRCLE) if np.isfinite(cutoff_m) else None
    cells = pedpy.compute_individual_voronoi_polygons(traj_data=people, walkable_area=area(scene), cut_off=cut_off)
    return cells, people


def speeds(scene: Scene) -> pd.DataFrame:
    return pedpy.compute_individual_speed(traj_data=theirs(scene), frame_step=STEP)


def test_people_in_a_zone_over_its_area(scene: Scene) -> None:
    told = played(scene, 1.0)
    for n, zone in enumerate(ZONES):
        measured = pedpy.MeasurementArea(zone.polygon_m)
        frames = pedpy.compute_classic_density(traj_data=theirs(scene, EVERY, STEP), measurement_area=measured)
        wanted = by_look(frames, "density", len(told))
        assert np.nanmax(wanted) > 1.5
        same = np.isfinite(wanted)
        np.testing.assert_allclose(series([t.density for t in told], n)[same], wanted[same], atol=1e-9)


@pytest.mark.parametrize("cutoff_m", [0.7, 1.5, np.inf])
def test_each_persons_own_ground(scene: Scene, cutoff_m: float) -> None:
    cells, _ = voronoi(scene, cutoff_m)
    polygon = area(scene).polygon
    for look in scene.looks(STEP, 2 * EVERY):
        at = cells[cells.frame == round(look.time_ns * scene.rate / SECOND_NS)].set_index("id")
        if len(look):
            ground = own_ground(look.xy_m, np.array([], np.object_), cutoff_m, polygon)
            np.testing.assert_allclose(1 / ground.area_m2, at.density[look.track_id], rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("cutoff_m", [0.7, 1.5, np.inf])
def test_voronoi_density_and_speed(scene: Scene, cutoff_m: float) -> None:
    told = played(scene, cutoff_m)
    cells, people = voronoi(scene, cutoff_m)
    for n, zone in enumerate(ZONES):
        measured = pedpy.MeasurementArea(zone.polygon_m)
        density, parts = pedpy.compute_voronoi_density(individual_voronoi_data=cells, measurement_area=measured)
        wanted = by_look(density, "density", len(told))
        same = np.isfinite(wanted)
        np.testing.assert_allclose(series([t.voronoi_density for t in told], n)[same], wanted[same], atol=1e-2)
        speed = pedpy.compute_voronoi_speed(
            traj_data=people,
            individual_speed=speeds(scene),
            individual_voronoi_intersection=parts,
            measurement_area=measured,
        )
        taken = parts.assign(taken=[part.area for part in parts.intersection]).groupby("frame").taken.sum()
        taken = taken.reindex(range(0, len(told) * EVERY, EVERY)).to_numpy() / measured.area
        ours = series([t.voronoi_speed for t in told], n)
        same = np.isfinite(ours)
        assert same.sum() > 5
        np.testing.assert_allclose(ours[same], by_look(speed, "speed", len(told))[same] / taken[same], atol=1e-2)


def test_mean_speed_of_the_people_in_a_zone(scene: Scene) -> None:
    told = played(scene, 1.0)
    for n, zone in enumerate(ZONES):
        people = theirs(scene, EVERY, STEP)
        frames = pedpy.compute_mean_speed_per_frame(
            traj_data=people, individual_speed=speeds(scene), measurement_area=pedpy.MeasurementArea(zone.polygon_m)
        )
        ours = series([t.speed for t in told], n)
        same = np.isfinite(ours)
        assert same.sum() > 5
        np.testing.assert_allclose(ours[same], by_look(frames, "speed", len(told))[same], atol=1e-9)


def test_individual_speed_from_one_file(scene: Scene, tmp_path: Path) -> None:
    """With positions as good as these we look as little around as PedPy does with a step of one frame."""
    file = tmp_path / "people.txt"
    rows = theirs(scene).data[["id", "frame", "x", "y"]]
    file.write_text(
        f"# framerate: {scene.rate}\n# id frame x/m y/m\n" + rows.to_csv(sep=" ", header=False, index=False),
        encoding="utf-8",
    )
    wanted = pedpy.compute_individual_speed(
        traj_data=pedpy.load_trajectory_from_txt(trajectory_file=file), frame_step=1
    )
    # who is who does not outlive the reading: ours are numbered in the order of theirs
    ids = np.unique(rows.id)
    ours = pd.concat(
        pd.DataFrame(
            {
                "id": ids[tracks.track_id],
                "frame": round(tracks.time_ns * scene.rate / SECOND_NS),
                "ours": np.hypot(*tracks.velocity_mps.T),
            }
        )
        for tracks in moments(file, TrajectoryParams(sigma_m=1e-3))
    )
    both = wanted.merge(ours, on=["id", "frame"]).dropna()
    assert len(both) > 0.99 * len(wanted)
    assert np.mean(np.abs(both.ours - both.speed)) < 1e-2
    assert np.mean(both.ours) == pytest.approx(np.mean(both.speed), rel=1e-2)


def test_n_t_and_flow_through_a_line(scene: Scene) -> None:
    lines = Lines.on_ground([GroundLine("into the passage", LINE)])
    state, times = crossings.start(lines), []
    for look in scene.looks(1):
        state, events = crossings.step(state, ground_feet(look), lines)
        times += events.time_ns[events.kind == 0].tolist()
    times += crossings.finish(state, lines).time_ns.tolist()
    line = pedpy.MeasurementLine(LINE)
    n_t, frames = pedpy.compute_n_t(traj_data=theirs(scene), measurement_line=line)
    ours = np.sort(times) / SECOND_NS
    wanted = frames.frame.sort_values().to_numpy() / scene.rate
    assert len(ours) == len(wanted) > 40
    # it says which frame, we say when between two
    assert np.abs(ours - wanted).max() <= 1.0 / scene.rate + 1e-9
    assert n_t.cumulative_pedestrians.max() == len(ours)
    flow = pedpy.compute_flow(
        nt=n_t, crossing_frames=frames, individual_speed=speeds(scene), delta_frame=100, frame_rate=scene.rate
    ).flow.mean()
    first = int(frames.frame.min())
    counts, begin, flows = 0, first, []
    for frame in range(first + 100, int(n_t.frame.max()), 100):
        until = int((ours < (frame + 1) / scene.rate).sum())
        if until > counts:
            end = np.ceil(ours[until - 1] * scene.rate)
            flows.append((until - counts) / (end - begin) * scene.rate)
            counts, begin = until, end
    assert np.mean(flows) == pytest.approx(flow, rel=1e-2)


def test_the_pillar_makes_a_difference() -> None:
    """So that the scene with a hole tests what it is there for."""
    xy = np.array([(5.0, 2.9), (6.6, 2.9)])
    zones = np.array([], np.object_)
    open_ground = own_ground(xy, zones, 1.0, area(Scene(xy[None], 25, ())).polygon).area_m2
    beside = own_ground(xy, zones, 1.0, area(Scene(xy[None], 25, (PILLAR,))).polygon).area_m2
    assert (beside < 0.9 * open_ground).all()
