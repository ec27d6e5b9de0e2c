"""The state of all live tracks: arrays that share their first dimension."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import Private
from flaneur.track.boxes import GROUP, HEIGHT, Array, Boxes, Flags, Rows
from flaneur.track.motion import box_deviation, velocity_deviation

Times = NDArray[np.int64]
NEVER_NS = -1
_MEMBER = np.equal.outer(GROUP, np.unique(GROUP)).astype(np.float64)


@dataclass(slots=True, repr=False, eq=False)
class Live(Private):
    """n tracks over the k latest looks, which are as many as the lag still needs."""

    id: NDArray[np.int64]
    mean: Array
    """[n, k, 4, 2] filtered position and velocity at each look, px and px/s."""
    cov: Array
    """[n, k, 4, 3] their variances pp, pv, vv."""
    sigma: Array
    """[n, 4] standing deviation of velocities, px/s."""
    seen: Flags
    """[n, k] a detection carried the track at that look."""
    score: Array
    """[n, k] that detection's score, otherwise 0."""
    votes: Array
    """[n, kinds] sum of scores by kind."""
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
        n, xfwh, is_sure = len(boxes), boxes.xfwh, boxes.weakness == 0.0
        now = np.full(n, time_ns, np.int64)
        votes = np.zeros((n, len(Kind)))
        votes[np.arange(n), boxes.kind] = boxes.score
        sigma = velocity_deviation(xfwh[:, HEIGHT], boxes.kind)
        mean, cov = np.zeros((n, looks, 4, 2)), np.zeros((n, looks, 4, 3))
        seen, score = np.zeros((n, looks), np.bool_), np.zeros((n, looks))
        cov[..., 0] = cov[..., 2] = 1.0  # looks before its birth must not divide by zero
        if looks:
            mean[:, -1, :, 0] = xfwh
            cov[:, -1, :, 0], cov[:, -1, :, 2] = box_deviation(xfwh[:, HEIGHT], boxes.kind, np.inf) ** 2, sigma**2
            seen[:, -1], score[:, -1] = True, boxes.score
        return Live(
            id=ids,
            mean=mean,
            cov=cov,
            sigma=sigma,
            seen=seen,
            score=score,
            votes=votes,
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

    def add_look(self, mean: Array, cov: Array, seen: Flags, score: Array) -> None:
        """Append one look to the history of every track."""
        self.mean = np.concatenate((self.mean, mean[:, None]), axis=1)
        self.cov = np.concatenate((self.cov, cov[:, None]), axis=1)
        self.seen = np.concatenate((self.seen, seen[:, None]), axis=1)
        self.score = np.concatenate((self.score, score[:, None]), axis=1)

    def drop_looks(self, times_ns: Times) -> None:
        """Forget the oldest looks, which were at these times."""
        n = len(times_ns)
        self.before_ns = np.where(self.seen[:, :n], times_ns, self.before_ns[:, None]).max(axis=1)
        self.mean, self.cov = self.mean[:, n:], self.cov[:, n:]
        self.seen, self.score = self.seen[:, n:], self.score[:, n:]

    def group_votes(self) -> Array:
        """[n, groups] sum of scores by group of kinds."""
        votes: Array = self.votes @ _MEMBER
        return votes

    def kind(self) -> NDArray[np.uint8]:
        """[n] the kind with most votes in the group with most votes."""
        group = self.group_votes().argmax(axis=1)
        kind: NDArray[np.uint8] = np.where(group[:, None] == GROUP, self.votes, -1.0).argmax(axis=1).astype(np.uint8)
        return kind
