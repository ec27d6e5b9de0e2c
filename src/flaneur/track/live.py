"""The state of all live tracks: arrays that share their first dimension."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import Private
from flaneur.track.boxes import GROUP, HEIGHT, Array, Boxes, Flags, Rows
from flaneur.track.motion import SAME, box_deviation, velocity_deviation

Times = NDArray[np.int64]
NEVER_NS = -1
_MEMBER = np.equal.outer(GROUP, np.unique(GROUP)).astype(np.float64)


@dataclass(slots=True, repr=False, eq=False)
class Live(Private):
    """n tracks, and of the past only the k looks that the lag still needs."""

    id: NDArray[np.int64]
    mean: Array
    """[n, 4, 2] filtered position and velocity, px and px/s."""
    cov: Array
    """[n, 4, 3] their variances pp, pv, vv."""
    past: Array
    """[n, k, 4, 2, 3] how the smoothed state at each look follows from the latest state, see `motion.hindsight`."""
    score: Array
    """[n, k] score of the detection that carried the track at a look, 0 where none did."""
    votes: Array
    """[n, kinds] sum of scores by kind."""
    kind: NDArray[np.uint8]
    """[n] the kind with most votes in the group with most votes."""
    born_ns: Times
    seen_ns: Times
    """[n] latest look that saw it."""
    before_ns: Times
    """[n] latest look that saw it before those kept here."""
    sure_ns: Times
    """[n] first look that saw it surely; until then it is taken for clutter."""
    surely: Flags
    """[n] the latest look saw it surely."""
    sure: NDArray[np.int64]
    """[n] number of looks that saw it surely."""
    apart_ns: Times
    """[n] latest look at which it did not lie on a better track."""
    confirmed: Flags
    shown: Flags
    """[n] was in an output."""

    def __len__(self) -> int:
        return len(self.id)

    @staticmethod
    def started(boxes: Boxes, ids: NDArray[np.int64], looks: int, time_ns: int) -> "Live":
        """New tracks on n boxes at the latest of `looks` looks."""
        n, height = len(boxes), boxes.xfwh[:, HEIGHT]
        mean, cov = np.zeros((n, 4, 2)), np.zeros((n, 4, 3))
        mean[..., 0] = boxes.xfwh
        cov[..., 0] = box_deviation(height, boxes.kind, np.inf) ** 2
        cov[..., 2] = velocity_deviation(height, boxes.kind) ** 2
        past = np.zeros((n, looks, 4, 2, 3))
        past[:, -1] = SAME
        score, votes = np.zeros((n, looks)), np.zeros((n, len(Kind)))
        score[:, -1] = votes[np.arange(n), boxes.kind] = boxes.score
        now, is_sure = np.full(n, time_ns, np.int64), boxes.weakness == 0.0
        return Live(
            id=ids,
            mean=mean,
            cov=cov,
            past=past,
            score=score,
            votes=votes,
            kind=boxes.kind,
            born_ns=now,
            seen_ns=now.copy(),
            before_ns=np.full(n, NEVER_NS),
            sure_ns=np.where(boxes.starts, time_ns, NEVER_NS),
            surely=is_sure,
            sure=is_sure.astype(np.int64),
            apart_ns=now.copy(),
            confirmed=np.zeros(n, np.bool_),
            shown=np.zeros(n, np.bool_),
        )

    def take(self, rows: Rows | Flags) -> "Live":
        """The tracks that an index or boolean array selects."""
        return Live(*(getattr(self, f.name)[rows] for f in fields(self)))

    def joined(self, other: "Live") -> "Live":
        """These tracks, then those."""
        return Live(*(np.concatenate((getattr(self, f.name), getattr(other, f.name))) for f in fields(self)))

    def drop_looks(self, times_ns: Times) -> None:
        """Forget the oldest looks, which were at these times."""
        n = len(times_ns)
        self.before_ns = np.where(self.score[:, :n] > 0.0, times_ns, self.before_ns[:, None]).max(axis=1)
        self.past, self.score = self.past[:, n:], self.score[:, n:]

    def group_votes(self) -> Array:
        """[n, groups] sum of scores by group of kinds."""
        votes: Array = self.votes @ _MEMBER
        return votes

    def vote(self, rows: Rows, kind: NDArray[np.uint8], score: Array) -> None:
        """Count what detections take these tracks for."""
        self.votes[rows, kind] += score
        group = self.group_votes().argmax(axis=1)
        self.kind = np.where(group[:, None] == GROUP, self.votes, -1.0).argmax(axis=1).astype(np.uint8)
