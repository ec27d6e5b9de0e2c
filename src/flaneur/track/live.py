"""The state of all live tracks: a structure of arrays that share their first dimension."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.track.motion import HEIGHT, Array


@dataclass(slots=True)
class Live:
    """n tracks over the k looks that the lag still needs."""

    id: NDArray[np.int64]
    mean: Array
    """[n, k, 4, 2] filtered position and velocity at each look, px and px/s."""
    cov: Array
    """[n, k, 4, 3]"""
    sigma: Array
    """[n, 4] deviation of velocities, px/s."""
    seen: NDArray[np.bool_]
    """[n, k] a detection carried the track at that look."""
    score: Array
    """[n, k] score of that detection, else 0."""
    votes: Array
    """[n, kinds] sum of scores by kind."""
    born_ns: NDArray[np.int64]
    seen_ns: NDArray[np.int64]
    """[n] last look that saw it."""
    before_ns: NDArray[np.int64]
    """[n] last look that saw it before the looks kept here; -1 for none."""
    hits: NDArray[np.int64]
    double_ns: NDArray[np.int64]
    sure: NDArray[np.int64]
    confirmed: NDArray[np.bool_]
    shown: NDArray[np.bool_]
    """[n] was in an earlier output."""

    def __len__(self) -> int:
        return len(self.id)

    @staticmethod
    def none(looks: int) -> "Live":
        """No track, `looks` looks."""
        return Live(
            id=np.zeros(0, np.int64),
            mean=np.zeros((0, looks, 4, 2)),
            cov=np.zeros((0, looks, 4, 3)),
            sigma=np.zeros((0, 4)),
            seen=np.zeros((0, looks), np.bool_),
            score=np.zeros((0, looks)),
            votes=np.zeros((0, len(Kind))),
            born_ns=np.zeros(0, np.int64),
            seen_ns=np.zeros(0, np.int64),
            before_ns=np.zeros(0, np.int64),
            hits=np.zeros(0, np.int64),
            double_ns=np.zeros(0, np.int64),
            sure=np.zeros(0, np.int64),
            confirmed=np.zeros(0, np.bool_),
            shown=np.zeros(0, np.bool_),
        )

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Live":
        """The tracks that an index or boolean array selects."""
        return Live(*(getattr(self, f.name)[rows] for f in fields(self)))

    def joined(self, other: "Live") -> "Live":
        """These tracks, then those."""
        return Live(*(np.concatenate((getattr(self, f.name), getattr(other, f.name))) for f in fields(self)))

    def height_px(self) -> Array:
        """[n] box heights now."""
        return self.mean[:, -1, HEIGHT, 0]
