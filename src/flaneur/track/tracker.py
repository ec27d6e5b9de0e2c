"""Detections -> Tracks: an online tracker of the ByteTrack family with fixed-lag output."""

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

import numpy as np

from flaneur.data.private import Detections, Private, Tracks
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.track import motion
from flaneur.track.associate import Match, match
from flaneur.track.boxes import FOOT, HEIGHT, Array, Flags, X, boxes_of, xyxy_of
from flaneur.track.hypothesis import Ahead, Look, ahead, alike, follow
from flaneur.track.live import NEVER_NS, Live
from flaneur.track.params import TrackParams

NEWCOMER_NATS = 10.0
"""-log of the odds that somebody appears far from the picture's edge, where no earlier track can account for them."""
STAYS_NATS = 2.0
"""A second hypothesis must be more likely than the leading one by this to take its place."""
GIVEN_UP_NATS = 3.0
"""A second hypothesis that is less likely than the leading one by this is not followed any longer."""


@dataclass(slots=True, repr=False, eq=False)
class Hypothesis(Private):
    """Who is who, if boxes were rightly taken for whom they were taken."""

    live: Live
    nats: float = 0.0
    """Log of its likelihood ratio to the leading hypothesis."""


@dataclass(slots=True, repr=False, eq=False)
class Option(Private):
    """How a hypothesis may go on at a look."""

    live: Live
    ahead: Ahead
    match: Match
    nats: float


class Tracker(Private):
    """Follows road users through one video, by geometry and motion only.

    `step` takes every frame once, with the detections, or with None where the detector did not look, and hands the
    frames out again in order, each at most `lag_s` of video later. (Where a frame is later than the last interval let
    expect, the lag grows by that much.) `flush` hands out the rest and forgets everything.
    """

    __slots__ = (
        "_ended",
        "_hypotheses",
        "_last_ns",
        "_looks_ns",
        "_params",
        "_parted_ns",
        "_pending",
        "_rng",
        "_shown",
        "_size_px",
    )

    def __init__(self, params: TrackParams, width_px: int, height_px: int, rng: np.random.Generator) -> None:
        self._params = params
        self._size_px = (float(width_px), float(height_px))
        self._rng = rng
        self._reset()

    def _reset(self) -> None:
        self._pending: deque[tuple[int, int]] = deque()
        self._last_ns: int | None = None
        self._looks_ns: list[int] = []
        nobody = boxes_of(Detections.none(), self._params, self._size_px)
        self._hypotheses = [Hypothesis(Live.started(nobody, np.zeros(0, np.int64), looks=1, time_ns=0))]
        self._parted_ns = 0
        self._shown: set[int] = set()
        self._ended: list[int] = []

    def step(self, frame_index: int, time_ns: int, detections: Detections | None) -> list[Tracks]:
        """Take one frame; returns the frames that have become due, oldest first.

        ValueError when its time does not follow the last frame's.
        """
        last_ns = self._last_ns
        if last_ns is not None and time_ns <= last_ns:
            raise ValueError(f"frame {frame_index}: time {time_ns} ns does not follow {last_ns} ns")
        self._last_ns = time_ns
        self._pending.append((frame_index, time_ns))
        if detections is not None:
            self._look(time_ns, detections)
        # what would be older than the lag when the next frame comes is due now
        lag_ns = to_ns(self._params.lag_s)
        interval_ns = 0 if last_ns is None else min(time_ns - last_ns, lag_ns // 2)
        due = []
        while self._pending[0][1] < time_ns + interval_ns - lag_ns:
            due.append(self._show(*self._pending.popleft(), live_ended=False))
        return due

    def flush(self) -> list[Tracks]:
        """End all tracks and return the frames still owed; afterwards the tracker is as new."""
        left = len(self._pending)
        owed = [self._show(*frame, live_ended=i + 1 == left) for i, frame in enumerate(self._pending)]
        self._reset()
        return owed

    def _look(self, time_ns: int, detections: Detections) -> None:
        """Bring all tracks to this moment and continue, start and end them by what was detected."""
        boxes = boxes_of(detections, self._params, self._size_px)
        look = Look(time_ns, len(self._looks_ns) + 1, boxes, self._size_px, self._params, self._rng)
        if self._looks_ns:
            self._explain(look)
        else:
            leader = self._hypotheses[0]
            leader.live, _ = follow(leader.live, None, Match.none(), look)
        self._looks_ns.append(time_ns)
        gone = self._shown.difference(*(h.live.id.tolist() for h in self._hypotheses))
        self._shown -= gone
        self._ended += gone
        self._forget_looks()

    def _explain(self, look: Look) -> None:
        """Continue the leading hypothesis and, where another one is nearly as likely, that one too.

        What comes next decides between them, as long as no frame has left in which they differ: multiple-hypothesis
        tracking after Reid, IEEE Transactions on Automatic Control 24 (1979) 843, with two hypotheses.
        """
        last_ns, options = self._looks_ns[-1], []
        for rank, hypothesis in enumerate(self._hypotheses):
            live, expected = hypothesis.live, ahead(hypothesis.live, (look.time_ns - last_ns) / SECOND_NS)
            matches = match(live, expected.mean, expected.cov, expected.deviation, look.boxes, look.time_ns, rank == 0)
            options += [Option(live, expected, m, hypothesis.nats + m.nats) for m in matches]
        leading = options[0]
        leading.nats += STAYS_NATS
        options.sort(key=lambda option: -option.nats)
        least = options[0].nats - STAYS_NATS - GIVEN_UP_NATS
        options = [option for option in options[:2] if option.nats > least]
        if len(options) == 2 and options[0].live is options[1].live:
            options[1].live = options[1].live.copy()
            self._parted_ns = last_ns
        for option in options:
            option.live, newcomers = follow(option.live, option.ahead, option.match, look)
            option.nats -= NEWCOMER_NATS * newcomers
        options.sort(key=lambda option: -option.nats)
        leading.nats -= STAYS_NATS
        best = options[0]
        self._hypotheses = [
            Hypothesis(o.live, o.nats - best.nats) for o in options if o is best or not alike(o.live, best.live)
        ]

    def _forget_looks(self) -> None:
        """Keep only the looks from the last one before the oldest frame still owed."""
        oldest_ns = self._pending[0][1]
        n = max(bisect_right(self._looks_ns, oldest_ns) - 1, 0)
        if n:
            for hypothesis in self._hypotheses:
                hypothesis.live.drop_looks(n)
            del self._looks_ns[:n]

    def _show(self, frame_index: int, time_ns: int, live_ended: bool) -> Tracks:
        """The confirmed tracks at a frame; with `live_ended`, they end with it."""
        if time_ns > self._parted_ns:
            del self._hypotheses[1:]
        live, (width, height) = self._hypotheses[0].live, self._size_px
        xfwh, score, there, observed = self._at(time_ns)
        x, middle = xfwh[X], xfwh[FOOT] - xfwh[HEIGHT] / 2
        rows = (there & (x > 0.0) & (x < width) & (middle > 0.0) & (middle < height)).nonzero()[0]
        ids = live.id[rows]
        self._shown.update(ids.tolist())
        ended, self._ended = [*self._ended, *(self._shown if live_ended else ())], []
        xyxy = np.maximum(xyxy_of(xfwh[:, rows]), 0.0).T
        return Tracks(
            frame_index=frame_index,
            time_ns=time_ns,
            xyxy_px=np.minimum(xyxy, (width, height, width, height)).astype(np.float32, order="C"),
            track_id=ids,
            kind=live.kind[rows],
            score=score[rows].astype(np.float32),
            observed=observed[rows],
            ended=np.array(ended, np.int64),
        )

    def _at(self, time_ns: int) -> tuple[Array, Array, Flags, Flags]:
        """Boxes of all tracks at a moment, their scores, whether they are there, and whether a look saw them then."""
        live, looks = self._hypotheses[0].live, self._looks_ns
        nobody = np.zeros(len(live), np.bool_)
        if not looks:
            return live.mean[0], live.score[0], nobody, nobody
        i = max(bisect_right(looks, time_ns) - 1, 0)
        j = min(i + 1, len(looks) - 1)
        since_ns, gap_ns = time_ns - looks[i], looks[j] - looks[i]
        trusted, was = live.until_ns >= time_ns, live.seen_ns[i] != NEVER_NS
        there = was & (np.maximum(live.seen_ns[-1], live.seen_ns[i] + to_ns(self._params.coast_s)) >= time_ns)
        if 0 < since_ns < gap_ns:
            states = motion.smoothed(live.past[:, :, i : j + 1], live.mean)
            xfwh = motion.between(states, gap_ns / SECOND_NS, since_ns / gap_ns)
            if 2 * since_ns >= gap_ns:
                # somebody who is new at a look came, at the best guess, half-way since the look before
                coming = (~was & (live.score[j] > 0.0)).nonzero()[0]
                if len(coming):
                    there[coming] = True
                    place, velocity = states[:, 1][..., coming]
                    xfwh[:, coming] = place + (since_ns - gap_ns) / SECOND_NS * velocity
            return xfwh, np.maximum(live.score[i], live.score[j]), trusted & there, nobody
        if since_ns < 0:  # before the first look
            there = was & (-2 * since_ns <= gap_ns)
        state = motion.smoothed(live.past[:, :, i], live.mean)
        seen = live.score[i] > 0.0 if since_ns == 0 else nobody
        return state[0] + since_ns / SECOND_NS * state[1], live.score[i], trusted & there, seen
