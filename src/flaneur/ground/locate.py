"""From boxes in the picture to road users on the ground."""

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import FOOTPRINT_M, Kind
from flaneur.data.private import Tracks
from flaneur.ground.motion import Array, Located
from flaneur.ground.plane import GroundPlane

ALIKE_S = 0.3
"""Correlation time of the errors of tracked boxes, so that what the motion smoother says of its errors holds on the
same frames as below: positions 0.05 m said and 0.06 m seen, speeds 0.11 m/s said and 0.06 m/s seen."""
NOISE = np.array((0.041, 0.025))
"""Deviation of a tracked pedestrian's foot from the truth, x and y, in box heights: over 2,328 boxes of the first 400
frames of PETS 2009 S2.L1, tracked at 10 looks a second; (0.041, 0.029) at 5. Carried boxes: (0.034, 0.052)."""
CARRIED = 2.0
"""By how much boxes deviate more where the tracker bridges a gap."""
FARTHEST_SIGMA_M = 5.0
"""A position that is less exact than this says nothing about lanes, gaps or speeds: it is too near to the horizon."""
_SIZE_M = np.array([FOOTPRINT_M[kind] for kind in Kind])


def locate(tracks: Tracks, plane: GroundPlane) -> tuple[Located, int]:
    """Road users on the ground, and how many were left out: above the horizon, or too near to it to be exact.

    A pedestrian stands in the middle of the box's lower edge. That edge touches the near edge of a vehicle: the middle
    of the footprint lies in the same column of the picture, further away by half the footprint's extent square to the
    picture's rows. It depends on the heading, so the motion smoother adds it. A box is as wide as the vehicle's upper
    edges, which are nearer to the camera than the ground: across the view cars seem up to 5 % faster, buses 10 %.
    """
    foot = tracks.foot_px().astype(np.float64)
    jacobian = plane.jacobian(foot)
    height_px = (tracks.xyxy_px[:, 3] - tracks.xyxy_px[:, 1]).astype(np.float64)
    sigma_px = NOISE * (height_px * np.where(tracks.observed, 1.0, CARRIED))[:, None]
    sigma = _rms(jacobian * sigma_px[:, None, :])
    scale_sigma = plane.scale_sigma(foot)
    good = (sigma <= FARTHEST_SIGMA_M) & np.isfinite(scale_sigma)  # above the horizon they are NaN, which is not good
    foot, kind = foot[good], tracks.kind[good]
    row, column = jacobian[good, :, 0], -jacobian[good, :, 1]
    square = np.stack((-row[:, 1], row[:, 0]), axis=1)
    square *= np.sign(np.sum(square * column, axis=1, keepdims=True))
    square /= np.linalg.norm(square, axis=1, keepdims=True)
    behind = column / np.sum(column * square, axis=1, keepdims=True)
    behind[kind == Kind.PEDESTRIAN] = 0.0
    located = Located(
        time_ns=tracks.time_ns,
        xy_m=plane.to_ground(foot),
        sigma_m=sigma[good],
        scale_sigma=scale_sigma[good],
        heading_rad=np.full(len(foot), np.nan),
        size_m=_SIZE_M[kind],
        behind=behind,
        depth_rad=np.arctan2(square[:, 1], square[:, 0]),
        track_id=tracks.track_id[good],
        kind=kind,
        ended=tracks.ended,
    )
    return located, int(np.count_nonzero(~good))


def _rms(spread: Array) -> Array:
    """Standard deviation per axis [n] from the columns [n, 2, 2] of errors that are independent."""
    with np.errstate(over="ignore"):
        out: NDArray[np.float64] = np.sqrt(0.5 * np.einsum("nij,nij->n", spread, spread))
    return out
