import gzip

import numpy as np
import polars as pl
import pytest

from flaneur.data.errors import UserError
from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.ground.trajectories import moments, read_trajectories
from flaneur.ground.trajectories_table import TrajectoryParams
from support.cameras import camera

HEADER = "time_s,id,x_m,y_m"


def table(n=3, looks=40, fps=10):
    """Walkers side by side at 1.5 m/s along x; the one with id 2 comes late and goes early."""
    rows = [(k, i, 1.5 * k / fps, 2.0 * i) for i in range(n) for k in range(looks) if i != 2 or 10 <= k < 30]
    frame, number, x, y = map(np.array, zip(*rows, strict=True))
    return pl.DataFrame({"frame": frame, "time_s": frame / fps, "id": number, "x_m": x, "y_m": y})


def text(tmp_path, content, name="walks.csv"):
    path = tmp_path / name
    path.write_text(content)
    return path


def pedpy_text(frame, head="# framerate: 10 fps\n# id frame x/m y/m z/m\n", unit_m=1.0):
    rows = zip(frame["id"], frame["frame"], frame["x_m"] / unit_m, frame["y_m"] / unit_m, strict=True)
    return head + "".join(f"{i}\t{k} {x:.6f}  {y:.6f} 1.7\n" for i, k, x, y in rows)


def write(tmp_path, form):
    frame = table()
    in_metres = frame.select("time_s", "id", "x_m", "y_m")
    path = tmp_path / f"walks{form}"
    if form == ".parquet":
        in_metres.write_parquet(path)
    elif form == ".csv":
        in_metres.write_csv(path)
    elif form == ".tsv":
        in_metres.write_csv(path, separator="\t")
    elif form == ".csv.gz":
        path.write_bytes(gzip.compress(in_metres.write_csv().encode()))
    else:
        path.write_text(pedpy_text(frame))
    return path


@pytest.mark.parametrize("form", [".csv", ".tsv", ".csv.gz", ".parquet", ".txt"])
def test_all_forms_say_the_same(tmp_path, form):
    out = list(moments(write(tmp_path, form)))

    assert [moment.time_ns for moment in out] == [n * 100_000_000 for n in range(40)]
    assert [len(moment) for moment in out] == [2] * 10 + [3] * 20 + [2] * 10
    assert sum(len(moment.ended) for moment in out) == 1
    assert len(out[30].ended) == 1
    for moment in out:
        assert np.allclose(moment.velocity_mps, (1.5, 0.0), atol=1e-4)
        assert np.allclose(moment.xy_m[:, 0], 0.15 * (moment.time_ns / 1e8), atol=1e-4)
        assert (moment.kind == Kind.PEDESTRIAN).all()
        assert (moment.size_m == FOOTPRINT_M[Kind.PEDESTRIAN]).all()


def test_positions_are_those_that_pedpy_reads(tmp_path):
    import pedpy

    path = text(tmp_path, pedpy_text(table(), "# framerate: 16.5\n# x/cm y/cm\n", 0.01), "walks.txt")
    theirs = pedpy.load_trajectory_from_txt(trajectory_file=path).data.sort_values(["frame", "id"])

    ours = list(read_trajectories(path))

    assert np.allclose(np.concatenate([look.xy_m for look in ours]), theirs[["x", "y"]], atol=1e-6)
    times = np.concatenate([np.full(len(look), look.time_ns / 1e9) for look in ours])
    assert np.allclose(times, theirs["frame"] / 16.5, atol=1e-6)


def test_columns_of_sumo_are_understood(tmp_path):
    rows = "".join(
        f"{k / 5},{name},{kind},{x + vx * k / 5:.2f},{y + vy * k / 5:.2f},{angle},5,4.3,1.7\n"
        for name, kind, x, y, vx, vy, angle in (("veh.7", "passenger", 0, 0, 0, 5, 0.0), ("b", "bus", 9, 9, 8, 0, 90.0))
        for k in range(20)
    )
    path = text(tmp_path, "time_s,id,kind,x_m,y_m,angle_deg,speed_mps,length_m,width_m\n" + rows)

    moment = list(moments(path))[10]

    assert moment.kind.tolist() == [Kind.BUS, Kind.CAR]
    assert np.allclose(moment.heading_rad, (0.0, np.pi / 2)), "north is y, clockwise"
    assert np.allclose(moment.velocity_mps, ((8.0, 0.0), (0.0, 5.0)), atol=1e-2)
    assert np.allclose(moment.size_m, (4.3, 1.7))


def test_frames_become_times_with_a_frame_rate_and_names_may_differ(tmp_path):
    path = text(tmp_path, "Frame;Track_ID;X;Y\n" + "".join(f"{k};a;{k};0\n" for k in range(20)))

    out = list(moments(path, TrajectoryParams(fps=5.0, kind=Kind.CAR, sigma_m=0.1)))

    assert [moment.time_ns for moment in out[:3]] == [0, 200_000_000, 400_000_000]
    assert np.allclose(out[10].velocity_mps, (5.0, 0.0))
    assert out[10].kind.tolist() == [Kind.CAR]


def test_gaps_are_allowed_and_looks_may_be_rare(tmp_path):
    rows = "".join(f"{t},a,{1.2 * t},0\n" for t in (0, 1, 2, 3, 4, 9, 10, 11, 12, 13))

    out = list(moments(text(tmp_path, f"{HEADER}\n{rows}")))

    assert len(out) == 10
    known = [moment.velocity_mps[0] for moment in out if np.isfinite(moment.sigma_mps[0])]
    assert len(known) >= 6
    assert np.allclose(known, (1.2, 0.0))


def test_single_jumps_that_a_reader_lets_through_are_counted_by_the_smoother(tmp_path):
    found = read_trajectories(write(tmp_path, ".csv"))
    list(found.moments())

    assert found.seen.tolist() == [3] + [0] * (len(Kind) - 1)
    assert not found.implausible.any()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read"),
        (HEADER + "\n", "has no rows"),
        ("time_s,id,x_m\n0,1,2\n", "no column 'y_m'"),
        ("time_s,id,x_m,z_m\n0,1,2,3\n", "is it"),
        ("id,x_m,y_m\n1,2,3\n", "no column 'time_s'"),
        ("frame,id,x_m,y_m\n0,1,2,3\n", "frames a second"),
        ("time_s,id,lat,lon\n0,1,50.1,8.6\n", "latitude"),
        (f"{HEADER}\n0,1,2,3\n0.1,1,,3\n", "row 2: 'x_m' is missing"),
        (f"{HEADER}\n0,1,2,3\n0.1,1,nan,3\n", "row 2: 'x_m'"),
        (f"{HEADER}\n0,1,2,3\n0.1,1,inf,3\n", "row 2: 'x_m'"),
        (f"{HEADER}\n0,1,2,3\nsoon,1,2,3\n", "row 2: 'time_s'"),
        (f"{HEADER}\n0,1,2,3\n0.1,,2,3\n", "row 2: 'id' is missing"),
        (f"{HEADER}\n0.1,a,2,3\n0,b,2,3\n0,a,2,3\n", "row 3 is earlier than row 1"),
        (f"{HEADER}\n0,a,2,3\n0,b,2,3\n0,a,2,3\n", "row 3 has the same time as row 1"),
        (f"{HEADER}\n1e18,a,2,3\n", "in seconds"),
        ("time_s,id,x_m,y_m,kind\n0,1,2,3,horse\n", "row 1: unknown kind 'horse'"),
        (f"{HEADER}\n0,a,0,0\n0,b,0,0\n1,b,1,0\n0,c,0,0\n1,a,70,0\n", "row 5: 70 m in 1 s since row 1"),
        (f"{HEADER}\n0,a,0,0\n1,a,140,0\n2,a,280,0\n", "Are positions in metres"),
    ],
)
def test_a_bad_table_is_told_in_one_sentence_with_file_and_row(tmp_path, content, message):
    path = text(tmp_path, content)

    with pytest.raises(UserError) as told:
        list(moments(path))

    assert message in str(told.value)
    assert str(told.value).startswith(str(path))


@pytest.mark.parametrize("column", ["id", "kind", "x_m"])
def test_a_column_of_lists_is_told(tmp_path, column):
    path = tmp_path / "walks.parquet"
    frame = table().with_columns(kind=pl.lit("car")).with_columns(pl.concat_list(column).alias(column))
    frame.write_parquet(path)

    with pytest.raises(UserError, match=f"'{column}' holds List"):
        list(moments(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1 0 0.0 0.0\n", "framerate"),
        ("# framerate: 0\n1 0 0.0 0.0\n", "above 0"),
        ("# framerate: 25\n", "has no rows"),
        ("# framerate: 25\n1 0 0.0\n", "`id frame x y`"),
        ("# framerate: 25\n1 0 0.0 zero\n", "'zero'"),
        ("# framerate: 25\n1 0 0.0 nan\n", "row 1: 'y'"),
        ("# framerate: 25\n1 0 0.0 0.0\n1 0 0.0 0.0\n", "row 2 has the same time as row 1"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_bad_text_is_told_too(tmp_path, content, message):
    with pytest.raises(UserError, match=message):
        list(moments(text(tmp_path, content, "walks.txt")))


@pytest.mark.parametrize("name", ["walks.csv", "walks.csv.gz", "walks.parquet", "walks.txt", "walks.ottrk"])
def test_bytes_that_are_no_such_file_are_told(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\x1f\x8b\x00garbage\xff\xfe\n" * 5)

    with pytest.raises(UserError, match=name):
        list(moments(path, plane=camera()))


def test_a_file_that_is_not_there_or_of_another_kind_is_told(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_trajectories(tmp_path / "no.csv")
    with pytest.raises(UserError, match="is a folder"):
        read_trajectories(tmp_path)
    with pytest.raises(UserError, match=r"known are \.csv"):
        read_trajectories(text(tmp_path, "", "walks.doc"))


@pytest.mark.parametrize("wrong", [{"fps": 0.0}, {"fps": float("nan")}, {"sigma_m": 0.0}])
def test_parameters_that_make_no_sense_are_told(wrong):
    with pytest.raises(UserError):
        TrajectoryParams(**wrong)
