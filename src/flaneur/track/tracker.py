"""Detections -> Tracks: an online tracker of the ByteTrack family with fixed-lag output."""

from bisect import bisect_left, bisect_right
from collections import deque

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Detections, Private, Tracks
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.track import associate, motion
from flaneur.track.boxes import FOOT, GROUP, HEIGHT, WIDTH, Array, Boxes, Flags, Rows, X, boxes_of, covering, xyxy_of
from flaneur.track.live import NEVER_NS, Live
from flaneur.track.params import TrackParams

COVERED = 0.6
"""From this share on, two boxes of one group may be the same road user twice."""
SIMILAR = 0.5
"""A sure box whose area is below this share of the other's is a road user of its own, in front of the other."""
HELD_S = 11.0
"""How long somebody is shown at most who is not seen surely: the time that people linger behind a sign."""
HELD_PER_SURE = 4.0
"""But no longer than this many times the time over which it was seen surely: what was hardly ever sure is clutter."""
DOUBLE_S = 1.0
"""How long a track may lie on a better one without both being seen surely."""
FAR_NS = np.iinfo(np.int64).max
NOBODY = np.zeros(0, np.int64)
SMALLEST_PX = 2.0
"""A road user is never narrower or lower."""


class Tracker(Private):
    """Follows road users through one video, by geometry and motion only.

    `step` takes every frame once, with the detections, or with None where the detector did not look, and hands the
    frames out again in order, each at most `lag_s` of video later. (Where a frame is later than the last interval let
    expect, the lag grows by that much.) `flush` hands out the rest and forgets everything.
    """

    __slots__ = (
        "_ended",
        "_last_ns",
        "_live",
        "_looks_ns",
        "_params",
        "_pending",
        "_rng",
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
        self._live = Live.started(nobody, np.zeros(0, np.int64), looks=1, time_ns=0)
        self._ended: list[NDArray[np.int64]] = []

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
        taken = self._advance(boxes, time_ns) if self._looks_ns else np.zeros(0, np.intp)
        self._looks_ns.append(time_ns)
        new = self._free(boxes, taken)
        if len(new):
            ids = self._rng.integers(1, np.iinfo(np.int64).max, len(new), dtype=np.int64)
            started = Live.started(boxes.take(new), ids, len(self._looks_ns), time_ns)
            self._live = self._live.joined(started) if len(self._live) else started
        self._end(time_ns)
        self._forget_looks()

    def _advance(self, boxes: Boxes, time_ns: int) -> Rows:
        """Predict every track, correct those that a box continues; returns these boxes."""
        live = self._live
        dt_s = (time_ns - self._looks_ns[-1]) / SECOND_NS
        step = motion.step_over(dt_s)
        sigma = motion.velocity_deviation(live.mean[0, HEIGHT], live.kind)
        mean, cov = motion.predict(live.mean, live.cov, step, sigma)
        live.past = motion.composed(live.past, motion.hindsight(live.mean, live.cov, mean, cov, step))
        size = mean[0, WIDTH:]
        np.maximum(size, SMALLEST_PX, out=size)
        deviation = motion.box_deviation(mean[0, HEIGHT], live.kind, dt_s)
        rows, columns, part = associate.match(live, mean, cov, deviation, boxes, time_ns)
        found = boxes.take(columns)
        measured, variance, score = np.zeros(deviation.shape), np.full(deviation.shape, np.inf), np.zeros(len(live))
        measured[:, rows], variance[:, rows] = associate.whole(
            mean[0][:, rows], cov[0, HEIGHT, rows], deviation[:, rows], found, part
        )
        score[rows] = found.score
        live.mean, live.cov = motion.update(mean, cov, measured, variance)
        size = live.mean[0, WIDTH:]
        np.maximum(size, SMALLEST_PX, out=size)
        live.score = np.concatenate((live.score, score[None]))
        live.vote(rows, found.kind, found.score)
        self._believe(rows, found, time_ns)
        return columns

    def _believe(self, rows: Rows, found: Boxes, time_ns: int) -> None:
        """Note how surely tracks were seen, and confirm those that were for long enough."""
        live = self._live
        live.seen_ns[rows] = time_ns
        surely = rows[found.weakness == 0.0]
        live.last_sure_ns[surely] = time_ns
        live.sure[surely] += 1
        starts = rows[found.starts]
        live.sure_ns[starts] = np.where(live.sure_ns[starts] == NEVER_NS, time_ns, live.sure_ns[starts])
        first_ns = live.sure_ns[surely]
        ripe = (first_ns != NEVER_NS) & (time_ns - first_ns >= to_ns(self._params.confirm_s))
        live.confirmed[surely[ripe]] = True

    def _free(self, boxes: Boxes, taken: Rows) -> Rows:
        """Boxes that start a track: not taken, and no second box on a road user that has one."""
        if len(taken) == len(boxes):
            return np.zeros(0, np.intp)
        i, j = covering(boxes.xfwh, COVERED)
        area = boxes.xfwh[WIDTH] * boxes.xfwh[HEIGHT]
        similar = np.minimum(area[i], area[j]) > SIMILAR * np.maximum(area[i], area[j])
        group = boxes.group
        double = (group[i] == group[j]) & (similar | (boxes.weakness[i] > 0.0))
        i, j = i[double], j[double]
        is_taken = np.zeros(len(boxes), np.bool_)
        is_taken[taken] = True
        free = ~is_taken
        free[i[is_taken[j]]] = False
        second = free[j] & (j < i)  # boxes are sorted by score
        free[i[second]] = False
        return free.nonzero()[0]

    def _end(self, time_ns: int) -> None:
        """Drop tracks that were not seen for too long, or are a second track on one road user."""
        live, params = self._live, self._params
        now, (width, height) = live.mean[0], self._size_px
        outside = (now[X] < 0.0) | (now[X] > width) | (now[FOOT] - now[HEIGHT] > height)
        memory_ns = np.where(live.confirmed & ~outside, to_ns(params.memory_s), to_ns(params.lag_s))
        live.apart_ns = np.where(self._doubles(time_ns), live.apart_ns, time_ns)
        over = (time_ns - live.seen_ns > memory_ns) | (time_ns - live.apart_ns > to_ns(DOUBLE_S))
        if over.any():
            self._ended.append(live.id[over & live.shown])
            self._live = live.take((~over).nonzero()[0])

    def _doubles(self, time_ns: int) -> Flags:
        """[n] tracks that lie on a better one of their group, where not both are seen surely."""
        live = self._live
        doubles = np.zeros(len(live), np.bool_)
        i, j = covering(live.mean[0], COVERED)
        if len(i):
            height, group, sure, born_ns = live.mean[0, HEIGHT], GROUP[live.kind], live.sure, live.born_ns
            alike = (group[i] == group[j]) & (np.abs(np.log(height[i] / height[j])) < np.log(1.35))
            worse = (sure[i] < sure[j]) | ((sure[i] == sure[j]) & (born_ns[i] > born_ns[j]))
            surely = live.last_sure_ns == time_ns
            doubles[i[alike & worse & ~(surely[i] & surely[j])]] = True
        return doubles

    def _forget_looks(self) -> None:
        """Keep only the looks from the last one before the oldest frame still owed."""
        oldest_ns = self._pending[0][1]
        n = max(bisect_right(self._looks_ns, oldest_ns) - 1, 0)
        if n:
            self._live.drop_looks(self._looks_ns[:n])
            del self._looks_ns[:n]

    def _show(self, frame_index: int, time_ns: int, live_ended: bool) -> Tracks:
        """The confirmed tracks at a frame; with `live_ended`, they end with it."""
        live, (width, height) = self._live, self._size_px
        xfwh, score, there, observed = self._at(time_ns)
        x, middle = xfwh[X], xfwh[FOOT] - xfwh[HEIGHT] / 2
        rows = (there & (x > 0.0) & (x < width) & (middle > 0.0) & (middle < height)).nonzero()[0]
        live.shown[rows] = True
        ended = [*self._ended, live.id[live.shown]] if live_ended else self._ended
        self._ended = []
        xyxy = np.maximum(xyxy_of(xfwh[:, rows]), 0.0).T
        return Tracks(
            frame_index=frame_index,
            time_ns=time_ns,
            xyxy_px=np.minimum(xyxy, (width, height, width, height)).astype(np.float32, order="C"),
            track_id=live.id[rows],
            kind=live.kind[rows],
            score=score[rows].astype(np.float32),
            observed=observed[rows],
            ended=np.concatenate((NOBODY, *ended)),
        )

    def _at(self, time_ns: int) -> tuple[Array, Array, Flags, Flags]:
        """Boxes of all tracks at a moment, their scores, whether they are there, and whether a look saw them then."""
        live, looks = self._live, self._looks_ns
        if not looks:
            return live.mean[0], live.score[0], live.shown, live.shown
        until, after = bisect_right(looks, time_ns), bisect_left(looks, time_ns)
        i = max(until - 1, 0)
        j = i if looks[i] == time_ns else min(i + 1, len(looks) - 1)
        looks_ns, seen = np.array(looks)[:, None], live.score > 0.0
        last_ns = np.maximum(
            np.where(seen[:until], looks_ns[:until], NEVER_NS).max(axis=0, initial=NEVER_NS), live.before_ns
        )
        next_ns = np.where(seen[after:], looks_ns[after:], FAR_NS).min(axis=0, initial=FAR_NS)
        was, will = last_ns != NEVER_NS, next_ns < FAR_NS
        # somebody who is new at a look came, at the best guess, half-way since the look before
        coming = ~was & will & (next_ns - time_ns <= (looks[j] - looks[i]) // 2)
        coast_ns = to_ns(self._params.coast_s)
        held_ns = np.minimum(HELD_PER_SURE * (live.last_sure_ns - live.sure_ns), to_ns(HELD_S))
        trusted = live.confirmed & (time_ns - live.last_sure_ns <= np.maximum(held_ns, coast_ns))
        there = trusted & (coming | was & (will | (time_ns - last_ns <= coast_ns)))
        state = motion.smoothed(live.past[:, :, i : j + 1], live.mean)
        since_s, until_s = (time_ns - looks[i]) / SECOND_NS, (time_ns - looks[j]) / SECOND_NS
        if i == j:
            xfwh = state[0, 0] + since_s * state[1, 0]
        else:
            xfwh = motion.between(state[:, 0], state[:, 1], since_s - until_s, since_s / (since_s - until_s))
            xfwh = np.where(coming, state[0, 1] + until_s * state[1, 1], xfwh)
        if time_ns == looks[i]:
            return xfwh, live.score[i], there, seen[i]
        return xfwh, np.maximum(live.score[i], live.score[j]), there, np.zeros(len(live), np.bool_)
