"""One hypothesis of who is who: its tracks, brought from look to look by what it takes the boxes for."""

from dataclasses import dataclass

import numpy as np

from flaneur.data.private import Private
from flaneur.data.time import to_ns
from flaneur.track import motion
from flaneur.track.associate import Match, whole
from flaneur.track.boxes import FOOT, GROUP, HEIGHT, WIDTH, Array, Boxes, Flags, Rows, X, covering
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
SMALLEST_PX = 2.0
"""A road user is never narrower or lower."""
FROM_EDGE = 0.5
"""Who is first believed nearer to the picture's edge than this share of its height has come in over it."""
ALIKE_PX = 2.0
ALIKE_PX_PER_S = 8.0
"""Hypotheses that believe in the same road users at the same places are one."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Look(Private):
    """What every hypothesis is given of one look."""

    time_ns: int
    number: int
    """How many looks the tracks remember, this one included."""
    boxes: Boxes
    size_px: tuple[float, float]
    params: TrackParams
    rng: np.random.Generator


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Ahead(Private):
    """What n tracks are expected to be at a look."""

    mean: Array
    cov: Array
    """As in `Live`."""
    past: Array
    """As in `Live`, for one look more."""
    deviation: Array
    """[4, n] of a box from its track, px."""


def ahead(live: Live, dt_s: float) -> Ahead:
    """The tracks `dt_s` after the latest look."""
    step = motion.step_over(dt_s)
    sigma = motion.velocity_deviation(live.mean[0, HEIGHT], live.kind)
    mean, cov = motion.predict(live.mean, live.cov, step, sigma)
    past = motion.composed(live.past, motion.hindsight(live.mean, live.cov, mean, cov, step))
    size = mean[0, WIDTH:]
    np.maximum(size, SMALLEST_PX, out=size)
    return Ahead(mean, cov, past, motion.box_deviation(mean[0, HEIGHT], live.kind, dt_s))


def follow(live: Live, ahead: Ahead | None, match: Match, look: Look) -> tuple[Live, int]:
    """Continue, start and end tracks; returns them and how many of them are road users who appeared from nowhere.

    `live` is used up. `ahead` is None at the first look.
    """
    new = np.zeros(0, np.intp) if ahead is None else _continue(live, ahead, match, look)
    newcomers = _far_from_edge(live, new, look.size_px)
    free = _free(look.boxes, match.boxes)
    if len(free):
        ids = look.rng.integers(1, np.iinfo(np.int64).max, len(free), dtype=np.int64)
        started = Live.started(look.boxes.take(free), ids, look.number, look.time_ns)
        newcomers += _far_from_edge(started, look.boxes.starts[free].nonzero()[0], look.size_px)
        live = live.joined(started) if len(live) else started
    over = _over(live, look)
    return (live.take((~over).nonzero()[0]) if over.any() else live), newcomers


def alike(a: Live, b: Live) -> bool:
    """Whether two hypotheses believe in the same road users at the same places."""
    i, j = ((live.sure_ns != NEVER_NS).nonzero()[0] for live in (a, b))
    if not np.array_equal(a.id[i], b.id[j]):
        return False
    place, velocity = np.abs(a.mean[:, :, i] - b.mean[:, :, j])
    return bool((place < ALIKE_PX).all() and (velocity < ALIKE_PX_PER_S).all())


def _far_from_edge(live: Live, rows: Rows, size_px: tuple[float, float]) -> int:
    """How many of these tracks are inside the picture, where nobody can come from outside."""
    if not len(rows):
        return 0
    x, foot, _, height = live.mean[0][:, rows]
    margin, (right, bottom) = FROM_EDGE * height, size_px
    inside = (x > margin) & (x < right - margin) & (foot < bottom - margin) & (foot > height)
    return int(inside.sum())


def _continue(live: Live, ahead: Ahead, match: Match, look: Look) -> Rows:
    """Correct the tracks that a box continues; returns those that are believed for the first time."""
    rows, found = match.tracks, look.boxes.take(match.boxes)
    shape = ahead.deviation.shape
    measured, variance, score = np.zeros(shape), np.full(shape, np.inf), np.zeros(len(live))
    measured[:, rows], variance[:, rows] = whole(
        ahead.mean[0][:, rows], ahead.cov[0, HEIGHT, rows], ahead.deviation[:, rows], found, match.part
    )
    score[rows] = found.score
    live.past = ahead.past
    live.mean, live.cov = motion.update(ahead.mean, ahead.cov, measured, variance)
    size = live.mean[0, WIDTH:]
    np.maximum(size, SMALLEST_PX, out=size)
    live.score = np.concatenate((live.score, score[None]))
    live.vote(rows, found.kind, found.score)
    return _believe(live, rows, found, look)


def _believe(live: Live, rows: Rows, found: Boxes, look: Look) -> Rows:
    """Note how surely tracks were seen, confirm those that were for long enough; returns those believed from now on."""
    time_ns, params = look.time_ns, look.params
    seen_ns = live.seen_ns[-1].copy()
    seen_ns[rows] = time_ns
    live.seen_ns = np.concatenate((live.seen_ns, seen_ns[None]))
    surely = rows[found.weakness == 0.0]
    live.last_sure_ns[surely] = time_ns
    live.sure[surely] += 1
    starts = rows[found.starts]
    new: Rows = starts[live.sure_ns[starts] == NEVER_NS]
    live.sure_ns[new] = time_ns
    first_ns = live.sure_ns[surely]
    ripe = (first_ns != NEVER_NS) & (time_ns - first_ns >= to_ns(params.confirm_s))
    live.confirmed[surely[ripe]] = True
    held_ns = np.minimum(HELD_PER_SURE * (live.last_sure_ns - live.sure_ns), to_ns(HELD_S)).astype(np.int64)
    trusted_ns = live.last_sure_ns + np.maximum(held_ns, to_ns(params.coast_s))
    live.until_ns = np.where(live.confirmed, trusted_ns, NEVER_NS)
    return new


def _free(boxes: Boxes, taken: Rows) -> Rows:
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


def _over(live: Live, look: Look) -> Flags:
    """[n] tracks that were not seen for too long, or are a second track on one road user."""
    now, time_ns, params, (width, height) = live.mean[0], look.time_ns, look.params, look.size_px
    outside = (now[X] < 0.0) | (now[X] > width) | (now[FOOT] - now[HEIGHT] > height)
    memory_ns = np.where(live.confirmed & ~outside, to_ns(params.memory_s), to_ns(params.lag_s))
    live.apart_ns = np.where(_doubles(live, time_ns), live.apart_ns, time_ns)
    over: Flags = (time_ns - live.seen_ns[-1] > memory_ns) | (time_ns - live.apart_ns > to_ns(DOUBLE_S))
    return over


def _doubles(live: Live, time_ns: int) -> Flags:
    """[n] tracks that lie on a better one of their group, where not both are seen surely."""
    doubles = np.zeros(len(live), np.bool_)
    i, j = covering(live.mean[0], COVERED)
    if len(i):
        height, group, sure, born_ns = live.mean[0, HEIGHT], GROUP[live.kind], live.sure, live.born_ns
        alike = (group[i] == group[j]) & (np.abs(np.log(height[i] / height[j])) < np.log(1.35))
        worse = (sure[i] < sure[j]) | ((sure[i] == sure[j]) & (born_ns[i] > born_ns[j]))
        surely = live.last_sure_ns == time_ns
        doubles[i[alike & worse & ~(surely[i] & surely[j])]] = True
    return doubles
