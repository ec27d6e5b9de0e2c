"""Detections -> Tracks: an online tracker of the ByteTrack family with fixed-lag output."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import Detections, Tracks
from flaneur.data.time import to_ns
from flaneur.track import motion
from flaneur.track.associate import BOTTOM_CUT, GROUP, TOP_CUT, Boxes, Rows, assign, covered, pair_costs
from flaneur.track.live import Live
from flaneur.track.motion import FOOT, HEIGHT, WIDTH, Array, X
from flaneur.track.params import TrackParams

VELOCITY_MEMORY_S = 8.0
NOISE = np.array((0.07, 0.05, 0.10, 0.07))
"""Deviation of a measured box from the truth, in box heights: centre x, foot y, width, height."""
SPEED = np.array([0.6, 2.0, 2.0, 2.0, 5.0, 4.0, 4.0, 4.0])
"""Standing deviation of a road user's speed by kind, in its own heights a second."""
AXES = np.array((1.0, 0.5, 0.08, 0.08))
LIMIT = 4.0
COVERED = 0.6
DOUBLE_S = 0.5
WEAK_NOISE = 1.0
SCORECOST = 0.0
SIDE = 1.0
ALIKE_S = 0.2
FRESH_S = 100.0
PHANTOM_S = 5.0


class Tracker:
    """Follows road users through one video.

    `step` takes each frame once, with the detections or None where the detector did not look, and hands out frames
    in order, each at most `lag_s` later. `flush` hands out the rest and forgets everything.
    """

    def __init__(self, params: TrackParams, width_px: int, height_px: int, rng: np.random.Generator) -> None:
        self._params = params
        self._size = np.array((width_px, height_px), float)
        self._rng = rng
        self._reset()

    def _reset(self) -> None:
        self._pending: deque[tuple[int, int]] = deque()
        self._live = Live.none(0)
        self._looks_ns: list[int] = []
        self._steps: list[motion.Step] = []
        self._smooth: Array = np.zeros((0, 0, 4, 2))
        self._ended: list[int] = []
        self._last_ns: int | None = None

    def step(self, frame_index: int, time_ns: int, detections: Detections | None) -> list[Tracks]:
        """Take one frame; returns the frames that have become due, oldest first, none or several."""
        last = self._last_ns
        if last is not None and time_ns <= last:
            raise ValueError(f"frame {frame_index}: time {time_ns} ns does not follow {last} ns")
        interval = 0 if last is None else time_ns - last
        self._last_ns = time_ns
        self._pending.append((frame_index, time_ns))
        if detections is not None:
            self._look(time_ns, detections)
        due = time_ns + interval - to_ns(self._params.lag_s)
        out = []
        while self._pending and self._pending[0][1] < due:
            out.append(self._show(*self._pending.popleft()))
        return out

    def flush(self) -> list[Tracks]:
        """End all tracks and return the frames still owed; afterwards the tracker is as new."""
        out = [self._show(*frame) for frame in self._pending]
        if out:
            last = out[-1]
            ended = np.concatenate((last.ended, self._live.id[self._live.shown]))
            out[-1] = Tracks(
                last.frame_index, last.time_ns, last.xyxy_px, last.track_id, last.kind, last.score, last.observed, ended
            )
        self._reset()
        return out

    def _look(self, time_ns: int, detections: Detections) -> None:
        boxes = self._boxes(detections)
        live = self._live
        if self._looks_ns:
            self._steps.append(motion.step_over((time_ns - self._looks_ns[-1]) * 1e-9, VELOCITY_MEMORY_S))
            mean, cov = motion.predict(live.mean[:, -1], live.cov[:, -1], self._steps[-1], live.sigma)
        else:
            mean, cov = np.zeros((0, 4, 2)), np.zeros((0, 4, 3))
        self._looks_ns.append(time_ns)
        noise = NOISE * np.maximum(mean[:, HEIGHT, 0], 1.0)[:, None] * self._alike(time_ns)
        rows, columns, part = self._match(mean, cov, noise, boxes, time_ns)
        z, var = self._measured(mean, cov, noise, boxes, rows, columns, part)
        mean[rows], cov[rows] = motion.update(mean[rows], cov[rows], z, var)
        mean[:, [WIDTH, HEIGHT], 0] = np.maximum(mean[:, [WIDTH, HEIGHT], 0], 2.0)
        seen = np.zeros(len(live), bool)
        score = np.zeros(len(live))
        seen[rows], score[rows] = True, boxes.score[columns]
        live.mean = np.concatenate((live.mean, mean[:, None]), axis=1)
        live.cov = np.concatenate((live.cov, cov[:, None]), axis=1)
        live.seen = np.concatenate((live.seen, seen[:, None]), axis=1)
        live.score = np.concatenate((live.score, score[:, None]), axis=1)
        live.votes[rows, boxes.kind[columns]] += boxes.score[columns]
        live.seen_ns[rows] = time_ns
        live.hits[rows] += 1
        is_sure = boxes.score[columns] >= self._params.sure_score
        live.sure[rows] += is_sure
        live.confirmed |= (live.sure >= 2) & (live.seen_ns - live.born_ns >= to_ns(self._params.confirm_s) * 0.7)
        live.sigma = self._sigma(live)
        self._live = live.joined(self._born(boxes, columns, time_ns))
        self._retire(time_ns)
        self._merge(time_ns)
        self._trim()
        self._smooth = motion.smooth(self._live.mean, self._live.cov, self._steps, self._live.sigma)

    def _boxes(self, detections: Detections) -> Boxes:
        keep = detections.score >= self._params.weak_score
        b = detections.xyxy_px[keep].astype(float)
        xfwh = np.stack(((b[:, 0] + b[:, 2]) / 2, b[:, 3], b[:, 2] - b[:, 0], b[:, 3] - b[:, 1]), axis=1)
        margin = 0.01 * self._size.min()
        cut = np.concatenate((b[:, :2] < margin, b[:, 2:] > self._size - margin), axis=1)
        return Boxes(xfwh, detections.score[keep].astype(float), detections.kind[keep], cut)

    def _sigma(self, live: Live) -> Array:
        speed = SPEED[live.votes.argmax(axis=1)] if len(live) else np.zeros(0)
        return live.height_px()[:, None] * speed[:, None] * AXES

    def _match(self, mean: Array, cov: Array, noise: Array, boxes: Boxes, time_ns: int) -> tuple[Rows, Rows, Rows]:
        live = self._live
        votes = np.stack([live.votes[:, g == GROUP].sum(axis=1) for g in range(3)], axis=1)
        votes /= np.maximum(votes.sum(axis=1, keepdims=True), 1e-9)
        cost, part = pair_costs(mean, cov, noise, votes, boxes)
        cost = cost + SCORECOST * self._weakness(boxes)[None]
        real = live.sure > 0
        old = real | (time_ns - live.born_ns > to_ns(2.0))
        fresh = ~real | (time_ns - live.seen_ns < to_ns(FRESH_S))
        sure = boxes.score >= self._params.sure_score
        rows, columns = np.zeros(0, np.intp), np.zeros(0, np.intp)
        for tracks, seen in ((real, sure), (old & fresh, sure | True), (fresh, sure | True)):
            i = np.setdiff1d(np.flatnonzero(tracks), rows)
            j = np.setdiff1d(np.flatnonzero(seen), columns)
            r, c = assign(cost[np.ix_(i, j)], LIMIT)
            rows, columns = np.concatenate((rows, i[r])), np.concatenate((columns, j[c]))
        return rows, columns, part[rows, columns]

    def _alike(self, time_ns: int) -> float:
        dt = (time_ns - self._looks_ns[-2]) * 1e-9 if len(self._looks_ns) > 1 else 1e9
        return float(np.sqrt(max(1.0, ALIKE_S / dt)))

    def _weakness(self, boxes: Boxes) -> Array:
        p = self._params
        return np.clip((p.sure_score - boxes.score) / (p.sure_score - p.weak_score + 1e-9), 0, 1)

    def _measured(
        self, mean: Array, cov: Array, noise: Array, boxes: Boxes, rows: Rows, columns: Rows, part: Rows
    ) -> tuple[Array, Array]:
        z, var = boxes.xfwh[columns].copy(), (noise[rows] * (1 + WEAK_NOISE * self._weakness(boxes)[columns])[:, None]) ** 2
        cut = boxes.cut[columns]
        top = z[:, FOOT] - z[:, HEIGHT]
        h, w = mean[rows, HEIGHT, 0], mean[rows, WIDTH, 0]
        bottom_cut = (part == BOTTOM_CUT) | (cut[:, 3] & (z[:, HEIGHT] < h))
        top_cut = (part == TOP_CUT) | (cut[:, 1] & (z[:, HEIGHT] < h))
        z[:, FOOT] = np.where(bottom_cut, top + h, z[:, FOOT])
        var[:, FOOT] += np.where(bottom_cut, cov[rows, HEIGHT, 0], 0.0)
        var[:, HEIGHT] = np.where(bottom_cut | top_cut, np.inf, var[:, HEIGHT])
        narrow = z[:, WIDTH] < w
        var[:, X] += SIDE * (0.5 * (z[:, WIDTH] - w)) ** 2
        var[:, WIDTH] = np.where((bottom_cut | top_cut) & narrow, np.inf, var[:, WIDTH])
        left, right = z[:, X] - z[:, WIDTH] / 2, z[:, X] + z[:, WIDTH] / 2
        lcut, rcut = narrow & cut[:, 0], narrow & cut[:, 2]
        z[:, X] = np.where(lcut, right - w / 2, np.where(rcut, left + w / 2, z[:, X]))
        var[:, WIDTH] = np.where(lcut | rcut, np.inf, var[:, WIDTH])
        return z, var

    def _born(self, boxes: Boxes, taken: Rows, time_ns: int) -> Live:
        free = np.ones(len(boxes.score), bool)
        free[taken] = False
        free &= (covered(boxes.xfwh, boxes.xfwh[taken]) < COVERED).all(axis=1)
        better = boxes.score[None] > boxes.score[:, None]
        free &= ~((covered(boxes.xfwh, boxes.xfwh) >= COVERED) & better & free).any(axis=1)
        new = np.flatnonzero(free)
        m, k = len(new), len(self._looks_ns)
        live = Live.none(k).take(np.zeros(0, np.intp))
        z = boxes.xfwh[new]
        noise = NOISE * z[:, HEIGHT][:, None]
        votes = np.zeros((m, len(Kind)))
        votes[np.arange(m), boxes.kind[new]] = boxes.score[new]
        live.id = self._ids(m)
        live.mean, live.cov = np.zeros((m, k, 4, 2)), np.ones((m, k, 4, 3))
        live.cov[..., 1] = 0.0
        live.mean[:, -1, :, 0] = z
        live.votes = votes
        live.sigma = self._sigma(live)
        live.cov[:, -1, :, 0] = noise**2
        live.cov[:, -1, :, 2] = live.sigma**2
        live.seen, live.score = np.zeros((m, k), bool), np.zeros((m, k))
        live.seen[:, -1], live.score[:, -1] = True, boxes.score[new]
        live.born_ns, live.seen_ns = np.full(m, time_ns), np.full(m, time_ns)
        live.before_ns = np.full(m, -1)
        live.double_ns = np.full(m, time_ns)
        live.hits = np.ones(m, np.int64)
        live.sure = (boxes.score[new] >= self._params.sure_score).astype(np.int64)
        live.confirmed, live.shown = np.zeros(m, bool), np.zeros(m, bool)
        return live

    def _ids(self, n: int) -> NDArray[np.int64]:
        return self._rng.integers(1, np.iinfo(np.int64).max, n)

    def _retire(self, time_ns: int) -> None:
        live = self._live
        unseen = time_ns - live.seen_ns
        outside = (live.mean[:, -1, X, 0] < 0) | (live.mean[:, -1, X, 0] > self._size[0])
        clutter = (live.sure == 0) & (live.seen_ns - live.born_ns > to_ns(2.0))
        memory = np.where(live.confirmed & ~outside, to_ns(self._params.memory_s), to_ns(1.0))
        old = unseen > np.where(clutter, to_ns(PHANTOM_S), memory)
        if old.any():
            self._ended.extend(live.id[old & live.shown].tolist())
            self._live = live.take(~old)

    def _merge(self, time_ns: int) -> None:
        """Drop tracks that have lain on another, and were not both seen there, for too long."""
        live = self._live
        if len(live) < 2:
            return
        box = live.mean[:, -1, :, 0]
        over = covered(box, box) > COVERED
        over &= np.abs(np.log(live.height_px()[:, None] / live.height_px()[None])) < 0.3
        seen = live.seen[:, -1]
        own = live.score[:, -1] >= self._params.sure_score
        over &= ~(own[:, None] & own[None])
        np.fill_diagonal(over, False)
        # the worse: fewer sure
        rank = np.where(seen, live.sure, live.sure / 2)
        worse = over & ((rank[:, None] < rank[None]) | ((rank[:, None] == rank[None]) & (live.born_ns[:, None] > live.born_ns[None])))
        live.double_ns = np.where(worse.any(axis=1), live.double_ns, time_ns)
        bad = time_ns - live.double_ns > to_ns(DOUBLE_S)
        if bad.any():
            self._ended.extend(live.id[bad & live.shown].tolist())
            self._live = live.take(~bad)

    def _trim(self) -> None:
        oldest = self._pending[0][1]
        n = 0
        while n + 1 < len(self._looks_ns) and self._looks_ns[n + 1] <= oldest:
            n += 1
        if n:
            live = self._live
            for j in range(n):
                live.before_ns = np.where(live.seen[:, j], self._looks_ns[j], live.before_ns)
            live.mean, live.cov = live.mean[:, n:], live.cov[:, n:]
            live.seen, live.score = live.seen[:, n:], live.score[:, n:]
            del self._looks_ns[:n], self._steps[:n]

    def _show(self, frame_index: int, time_ns: int) -> Tracks:
        live, looks = self._live, np.array(self._looks_ns, np.int64)
        ended = np.array(self._ended, np.int64)
        self._ended = []
        a = int(np.searchsorted(looks, time_ns, side="right")) - 1
        if len(looks) == 0 or len(live) == 0:
            return Tracks(
                frame_index,
                time_ns,
                np.zeros((0, 4), np.float32),
                np.zeros(0, np.int64),
                np.zeros(0, np.uint8),
                np.zeros(0, np.float32),
                np.zeros(0, bool),
                ended,
            )
        i, j = max(a, 0), min(a + 1, len(looks) - 1)
        at = np.where(live.seen & (looks <= time_ns), looks, -1)
        prev = np.maximum(at.max(axis=1), live.before_ns)
        after = np.where(live.seen & (looks >= time_ns), looks, np.iinfo(np.int64).max)
        nxt = after.min(axis=1)
        known = nxt < np.iinfo(np.int64).max
        coast = to_ns(self._params.coast_s)
        here = (prev >= 0) & (known | (time_ns - prev <= coast))
        here |= (prev < 0) & known & (nxt - time_ns <= (looks[j] - looks[i]) // 2)
        rows = np.flatnonzero(here & live.confirmed)
        m0, m1 = self._smooth[rows, i], self._smooth[rows, j]
        # before its first look a track is carried back
        d0, d1 = (time_ns - looks[i]) * 1e-9, (time_ns - looks[j]) * 1e-9
        w = 0.0 if i == j else d0 / (d0 - d1)
        p0, p1 = m0[..., 0] + m0[..., 1] * d0, m1[..., 0] + m1[..., 1] * d1
        unborn = live.born_ns[rows] > looks[i]
        w = np.where(unborn, 1.0, w)[:, None]
        p = (1 - w) * p0 + w * p1
        box = np.stack(
            (p[:, X] - p[:, WIDTH] / 2, p[:, FOOT] - p[:, HEIGHT], p[:, X] + p[:, WIDTH] / 2, p[:, FOOT]), axis=1
        )
        centre = (box[:, :2] + box[:, 2:]) / 2
        inside = ((centre > 0) & (centre < self._size)).all(axis=1)
        box = np.clip(box, 0, np.concatenate((self._size, self._size)))
        ok = inside & (box[:, 2] - box[:, 0] > 2) & (box[:, 3] - box[:, 1] > 2)
        rows, box = rows[ok], box[ok]
        live.shown[rows] = True
        observed = (at == time_ns).any(axis=1)[rows]
        s = np.maximum(live.score[rows, i], live.score[rows, j])
        return Tracks(
            frame_index,
            time_ns,
            box.astype(np.float32),
            live.id[rows],
            live.votes[rows].argmax(axis=1).astype(np.uint8),
            s.astype(np.float32),
            observed,
            ended,
        )
