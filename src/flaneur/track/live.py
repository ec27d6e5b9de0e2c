"""The state of all live tracks: arrays that share their last dimension."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import Private
from flaneur.track.boxes import GROUP, HEIGHT, Array, Boxes, Flags, Rows
from flaneur.track.motion import SAME, box_deviation, velocity_deviation

Times = NDArray[np.int64]
NEVER_NS = -1
_MEMBER = np.equal.outer(np.unique(GROUP), GROUP).astype(np.float64)


@dataclass(slots=True, repr=False, eq=False)
class Live(Private):
    """n tracks, and of the past only the k looks that the lag still needs."""

    id: NDArray[np.int64]
    mean: Array
    """[2, 4, n] filtered position and velocity, px and px/s."""
    cov: Array
    """[3, 4, n] their variances pp, pv, vv."""
    past: Array
    """[2, 3, k, 4, n] how the smoothed state at each look follows from the latest state, see `motion.hindsight`."""
    score: Array
    """[k, n] score of the detection that carried the track at a look, 0 where none did."""
    votes: Array
    """[kinds, n] sum of scores by kind."""
    kind: NDArray[np.uint8]
    """[n] the kind with most votes in the group with most votes."""
    born_ns: Times
    seen_ns: Times
    """[k, n] latest look that had seen it at a look."""
    sure_ns: Times
    """[n] first look that saw it surely; until then it is taken for clutter."""
    last_sure_ns: Times
    """[n] latest look that saw it surely."""
    sure: NDArray[np.int64]
    """[n] number of looks that saw it surely."""
    apart_ns: Times
    """[n] latest look at which it did not lie on a better track."""
    until_ns: Times
    """[n] how long it is to be shown if nobody sees it surely; `NEVER_NS` until it is confirmed."""
    confirmed: Flags

    def __len__(self) -> int:
        return len(self.id)

    @staticmethod
    def started(boxes: Boxes, ids: NDArray[np.int64], looks: int, time_ns: int) -> "Live":
        """New tracks on n boxes at the latest of `looks` looks."""
        n, height = len(boxes), boxes.xfwh[HEIGHT]
        mean, cov = np.zeros((2, 4, n)), np.zeros((3, 4, n))
        mean[0] = boxes.xfwh
        cov[0] = box_deviation(height, boxes.kind, np.inf) ** 2
        cov[2] = velocity_deviation(height, boxes.kind) ** 2
        past = np.zeros((2, 3, looks, 4, n))
        past[:, :, -1] = SAME[..., None, None]
        score, votes = np.zeros((looks, n)), np.zeros((len(Kind), n))
        score[-1] = votes[boxes.kind, np.arange(n)] = boxes.score
        now, is_sure = np.full(n, time_ns, np.int64), boxes.weakness == 0.0
        seen_ns = np.full((looks, n), NEVER_NS)
        seen_ns[-1] = time_ns
        return Live(
            id=ids,
            mean=mean,
            cov=cov,
            past=past,
            score=score,
            votes=votes,
            kind=boxes.kind,
            born_ns=now,
            seen_ns=seen_ns,
            sure_ns=np.where(boxes.starts, time_ns, NEVER_NS),
            last_sure_ns=np.where(is_sure, time_ns, NEVER_NS),
            sure=is_sure.astype(np.int64),
            apart_ns=now.copy(),
            until_ns=np.full(n, NEVER_NS),
            confirmed=np.zeros(n, np.bool_),
        )

    def take(self, rows: Rows) -> "Live":
        """The tracks that an index array selects."""
        return Live(*(getattr(self, name).take(rows, axis=-1) for name in _NAMES))

    def copy(self) -> "Live":
        """The same tracks, to go on another way."""
        return Live(*(getattr(self, name).copy() for name in _NAMES))

    def joined(self, other: "Live") -> "Live":
        """These tracks, then those."""
        return Live(*(np.concatenate((getattr(self, name), getattr(other, name)), axis=-1) for name in _NAMES))

    def drop_looks(self, n: int) -> None:
        """Forget the n oldest looks."""
        self.past, self.score, self.seen_ns = self.past[:, :, n:], self.score[n:], self.seen_ns[n:]

    def vote(self, rows: Rows, kind: NDArray[np.uint8], score: Array) -> None:
        """Count what detections take these tracks for."""
        self.votes[kind, rows] += score
        if (self.kind[rows] != kind).any():  # else the winners have won again
            group = (_MEMBER @ self.votes).argmax(axis=0)
            self.kind = np.where(group == GROUP[:, None], self.votes, -1.0).argmax(axis=0).astype(np.uint8)


_NAMES = tuple(f.name for f in fields(Live))
