"""Trajectories from files, made by whatever program: what they become on the ground is the same as from video."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flaneur.data.errors import UserError
from flaneur.data.kinds import Kind
from flaneur.data.private import GroundTracks
from flaneur.data.time import SECOND_NS
from flaneur.ground.locate import ALIKE_S, locate
from flaneur.ground.motion import CERTAIN, FASTEST_MPS, Located, MotionParams, MotionSmoother
from flaneur.ground.plane import GroundPlane
from flaneur.ground.trajectories_ottrk import OttrkFile
from flaneur.ground.trajectories_table import Table, TrajectoryParams, read_columns, read_pedpy

LAG_LOOKS = 3.0
"""Files are never in a hurry: where looks are rare, the smoother may wait for this many of them."""
MOST = 0.5
"""When more than this share of the road users is too fast, it is the unit that is wrong."""


class Trajectories:
    """The road users of one file. Iterating gives them look by look as they are, `moments` with their motion."""

    def __init__(self, looks: Iterator[Located], step_s: float, kinds: tuple[Kind, ...], alike_s: float = 0.0) -> None:
        self._looks = looks
        self.kinds = kinds
        """Those that the file tells apart."""
        self.step_s = step_s
        """Median time between looks; NaN where there is one only."""
        lag_s = float(np.fmax(1.0, LAG_LOOKS * step_s))
        self._smoother = MotionSmoother(MotionParams(lag_s, alike_s))
        self.dropped = 0
        """Boxes so far that were left out since they are above the horizon or too near to it."""

    @property
    def seen(self) -> NDArray[np.int64]:
        """[kinds] road users so far in `moments`."""
        return self._smoother.seen

    @property
    def implausible(self) -> NDArray[np.int64]:
        """[kinds] those among them that seemed faster than anybody can be."""
        return self._smoother.implausible

    def __iter__(self) -> Iterator[Located]:
        """Can be iterated once."""
        return self._looks

    def moments(self) -> Iterator[GroundTracks]:
        """Every look once, with velocity, acceleration and heading."""
        for located in self._looks:
            yield from self._smoother.step(located)
        yield from self._smoother.flush()


def read_trajectories(
    path: Path, params: TrajectoryParams | None = None, plane: GroundPlane | None = None
) -> Trajectories:
    """The road users in a file of one of these forms:

    - `.csv`, `.csv.gz`, `.tsv`, `.parquet`: one row per road user and look, in metres; the columns are those of
      `flaneur.ground.trajectories_table.COLUMNS`.
    - `.txt`: PedPy's rows `id frame x y [z]` in metres.
    - `.ottrk`: OTVision's tracks in pixels, for which `plane` is needed.

    UserError for files that cannot be used, and for rows that contradict one another; rows are counted from 1,
    without the header. Gaps are allowed.
    """
    params = params or TrajectoryParams()
    if not path.is_file():
        raise UserError(f"{path}: is a folder; name one file in it" if path.is_dir() else f"{path}: no such file")
    name = path.name.lower()
    if name.endswith(".ottrk"):
        return _from_ottrk(path, plane)
    if name.endswith((".csv", ".csv.gz", ".tsv", ".parquet")):
        table = read_columns(path, params)
    elif name.endswith(".txt"):
        table = read_pedpy(path, params)
    else:
        raise UserError(f"{path}: unknown kind of file; known are .csv, .csv.gz, .tsv, .parquet, .txt and .ottrk")
    _check(path, table)
    step_ns = np.diff(np.unique(table.time_ns))
    step_s = float(np.median(step_ns)) / SECOND_NS if len(step_ns) else np.nan
    return Trajectories(_looks(table), step_s, tuple(Kind(code) for code in np.unique(table.kind)))


def moments(
    path: Path, params: TrajectoryParams | None = None, plane: GroundPlane | None = None
) -> Iterator[GroundTracks]:
    """What `read_trajectories` finds, with motion."""
    return read_trajectories(path, params, plane).moments()


def _from_ottrk(path: Path, plane: GroundPlane | None) -> Trajectories:
    if plane is None:
        raise UserError(f"{path}: holds pixels; the camera's ground must be calibrated to make metres of them")
    file = OttrkFile(path)
    fitting = plane.resized(file.width_px, file.height_px)

    def looks() -> Iterator[Located]:
        for tracks in file:
            located, dropped = locate(tracks, fitting)
            trajectories.dropped += dropped
            yield located

    trajectories = Trajectories(looks(), file.step_s, tuple(Kind), ALIKE_S)
    return trajectories


def _check(path: Path, table: Table) -> None:
    """UserError for times that are not in order, and for road users that jump."""
    order = np.argsort(table.track_id, kind="stable")
    number, time_ns, xy = table.track_id[order], table.time_ns[order], table.xy_m[order]
    same = number[1:] == number[:-1]
    passed_ns = np.diff(time_ns)
    wrong = np.flatnonzero(same & (passed_ns <= 0))
    if len(wrong):
        first = wrong[np.argmin(order[wrong + 1])]
        before, row = order[first] + 1, order[first + 1] + 1
        what = "has the same time as" if passed_ns[first] == 0 else "is earlier than"
        raise UserError(
            f"{path}: row {row} {what} row {before} of the same id ({len(wrong)} such rows); "
            "sort the rows of each id by time, each time once"
        )
    way = np.hypot(*np.diff(xy, axis=0).T)
    sigma = table.sigma_m[order]
    most = FASTEST_MPS[table.kind[order]][1:] * passed_ns / SECOND_NS + CERTAIN * np.hypot(sigma[1:], sigma[:-1])
    _check_jumps(path, number, order, np.flatnonzero(same & (way > most)), way, passed_ns)


def _check_jumps(
    path: Path,
    number: NDArray[np.int64],
    order: NDArray[np.intp],
    far: NDArray[np.intp],
    way: NDArray[np.float64],
    passed_ns: NDArray[np.int64],
) -> None:
    if not len(far):
        return
    first = far[np.argmin(order[far + 1])]
    what = (
        f"{path}: row {order[first + 1] + 1}: {way[first]:.4g} m in {passed_ns[first] / SECOND_NS:.3g} s since row "
        f"{order[first] + 1} of the same id"
    )
    jumping, all_of_them = len(np.unique(number[far])), len(np.unique(number))
    if jumping > MOST * all_of_them:
        raise UserError(
            f"{what}; {jumping} of {all_of_them} road users are that fast. Are positions in metres, times in seconds, "
            "the frame rate and the kinds of road user right?"
        )
    limits = ", ".join(f"{Kind(k).label} {FASTEST_MPS[k]:g}" for k in (Kind.PEDESTRIAN, Kind.BICYCLE, Kind.CAR))
    raise UserError(
        f"{what} ({len(far)} such jumps of {jumping} road users). Nobody is that fast (in m/s: {limits}): "
        "was one id given to two road users, or is the kind wrong?"
    )


def _looks(table: Table) -> Iterator[Located]:
    order = np.lexsort((table.track_id, table.time_ns))
    time_ns = table.time_ns[order]
    starts = np.flatnonzero(np.diff(time_ns, prepend=time_ns[0] - 1))
    ends = np.append(starts[1:], len(order))
    newest, last_row = np.unique(table.track_id[order][::-1], return_index=True)
    last_look = np.searchsorted(starts, len(order) - 1 - last_row, side="right") - 1
    gone = np.argsort(last_look, kind="stable")
    newest, last_look = newest[gone], last_look[gone]
    bounds = np.searchsorted(last_look, np.arange(-1, len(starts)))
    for n, (start, end) in enumerate(zip(starts, ends, strict=True)):
        rows = order[start:end]
        yield Located(
            time_ns=int(time_ns[start]),
            xy_m=table.xy_m[rows],
            sigma_m=table.sigma_m[rows],
            scale_sigma=np.zeros(len(rows)),
            heading_rad=table.heading_rad[rows],
            size_m=table.size_m[rows],
            behind=np.zeros((len(rows), 2)),
            depth_rad=np.zeros(len(rows)),
            track_id=table.track_id[rows],
            kind=table.kind[rows],
            ended=newest[bounds[n] : bounds[n + 1]],
        )
