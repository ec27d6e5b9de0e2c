"""The ground that road users take up from look to look: legs, a second of them at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from flaneur.data.private import GroundTracks, Private
from flaneur.data.time import SECOND_NS
from flaneur.measure.encounters import endangers
from flaneur.measure.footprint import Array, headings
from flaneur.measure.spans import heads

LEG_NS = 190_000_000
"""Looks that follow sooner are passed over: in 0.2 s not even hard steering leaves the straight line by 2 cm."""
LONGEST_LEG_S = 1.0
"""Nobody knows what happened in a longer one."""
LEG_RAD = 0.01
"""Who turns by more, and by more than its heading may be off, has several legs from look to look; a corner of a car is
then 1 cm off at most, or half as much as the heading puts it."""
MOST_LEGS = 15
"""From look to look; a heading that jumps is no turn."""

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Legs(Private):
    """Straight and even movements of footprints that do not turn meanwhile, n rows."""

    start_s: Array
    """[n]"""
    length_s: Array
    """[n]"""
    xy_m: Array
    """[n, 2] middle of the footprint when the leg begins."""
    way_m: Array
    """[n, 2]"""
    heading_rad: Array
    """[n] of the footprint; NaN where it has no direction."""
    course_rad: Array
    """[n] where it goes or points to; NaN where neither is known."""
    half_m: Array
    """[n, 2] half the size."""
    sigma_m: Array
    """[n]"""
    fast: NDArray[np.bool_]
    """[n] a vehicle that endangers others."""
    track_id: NDArray[np.int64]
    """[n]"""
    kind: NDArray[np.uint8]
    """[n]"""

    def __len__(self) -> int:
        return len(self.start_s)

    def take(self, rows: Rows) -> "Legs":
        """Some of them."""
        return Legs(*(getattr(self, f.name).take(rows, axis=0) for f in fields(self)))

    @staticmethod
    def joined(parts: Sequence["Legs"]) -> "Legs":
        """All rows of `parts`, of which there is one at least."""
        return Legs(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Legs)))

    def circles(self) -> tuple[Array, Array]:
        """Middles [n, 2] and radii [n] of circles about all the ground of each leg."""
        (x, y), (half_x, half_y) = self.way_m.T, self.half_m.T
        radius = np.sqrt(half_x * half_x + half_y * half_y) + np.sqrt(x * x + y * y) / 2
        return self.xy_m + self.way_m / 2, radius

    def delay_s(self) -> Array:
        """Standard deviation of the moment at which some ground is reached [n], at most the longest leg."""
        with np.errstate(divide="ignore", invalid="ignore"):
            delay = self.sigma_m * self.length_s / np.hypot(*self.way_m.T)
        bounded: Array = np.nan_to_num(np.minimum(delay, LONGEST_LEG_S))
        return bounded


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Second(Private):
    """All legs of about a second, track by track, of k tracks."""

    end_s: float
    legs: Legs
    circle: Array
    """[3, n] x, y and radius of a circle about all the ground of each leg."""
    shape: Array
    """[8, n] x, y and way x, y of each leg, cosine and sine of its heading, half its size."""
    first: Rows
    """[k] first leg of each track."""
    count: Rows
    """[k] legs of it."""
    fast: NDArray[np.bool_]
    """[k] any leg is."""
    track_id: NDArray[np.int64]
    """[k]"""
    course_rad: Array
    """[k] of its first leg."""
    bend_rad: Array
    """[k] how far those of its other legs are from that; NaN where one is not known."""
    strip: Array
    """[6, k] rectangle about all the ground of it, along its first leg: middle x, y, cosine and sine, half its size."""
    boxes: NDArray[np.object_]
    """[k] shapely boxes about all the ground of it, along the axes."""
    tree: shapely.STRtree
    """Of the boxes."""
    fast_ones: Rows
    """[f] those who are fast."""
    fast_tree: shapely.STRtree
    """Of their boxes."""

    @classmethod
    def of(cls, looks: Sequence[GroundTracks], slow_mps: float) -> "Second":
        """The legs between these looks, oldest first."""
        legs = _legs(looks, slow_mps)
        first = heads(legs.track_id)
        count = np.diff(first, append=len(legs))
        middle, radius = legs.circles()
        low, high, fast, bend = middle - radius[:, None], middle + radius[:, None], legs.fast, legs.course_rad
        if len(legs):
            net = np.add.reduceat(legs.way_m, first)
            walked = np.where(net.any(axis=1), np.arctan2(net[:, 1], net[:, 0]), np.nan)
            unknown = np.isnan(legs.course_rad)
            legs.course_rad[unknown] = np.repeat(walked, count)[unknown]
            low, high = np.minimum.reduceat(low, first), np.maximum.reduceat(high, first)
            fast = np.logical_or.reduceat(fast, first)
            turn = legs.course_rad - np.repeat(legs.course_rad[first], count)
            bend = np.maximum.reduceat(np.abs(turn - 2 * np.pi * np.rint(turn / (2 * np.pi))), first)
        boxes = shapely.box(*low.T, *high.T)
        ahead = np.cos(legs.heading_rad), np.sin(legs.heading_rad)
        shape = np.stack((*legs.xy_m.T, *legs.way_m.T, *ahead, *legs.half_m.T))
        end_s = looks[-1].time_ns / SECOND_NS
        return cls(
            end_s,
            legs,
            circle=np.stack((*middle.T, radius)),
            shape=shape,
            first=first,
            count=count,
            fast=fast,
            track_id=legs.track_id[first],
            course_rad=legs.course_rad[first],
            bend_rad=bend,
            strip=_strips(shape, legs.course_rad[first], first, count),
            boxes=boxes,
            tree=shapely.STRtree(boxes),
            fast_ones=(fast_ones := np.flatnonzero(fast)),
            fast_tree=shapely.STRtree(boxes[fast_ones]),
        )


def _strips(shape: Array, course_rad: Array, first: Rows, count: Rows) -> Array:
    """Rectangles [6, k] about the legs of each track, as `Second.strip`, from `Second.shape` and the first courses."""
    if not len(first):
        return np.zeros((6, 0))
    course = np.where(np.isnan(course_rad), 0.0, course_rad)
    cos, sin = np.cos(course), np.sin(course)
    c, s = np.repeat(cos, count), np.repeat(sin, count)
    x, y, way_x, way_y, ahead_x, ahead_y, half_length, half_width = shape
    at = np.stack((x * c + y * s, y * c - x * s))
    way = np.stack((way_x * c + way_y * s, way_y * c - way_x * s))
    straight, slant = np.abs(ahead_x * c + ahead_y * s), np.abs(ahead_y * c - ahead_x * s)
    reach = np.stack((straight * half_length + slant * half_width, slant * half_length + straight * half_width))
    reach = np.where(np.isnan(reach), half_width, reach)  # who has no heading is as wide in every direction
    low = np.minimum.reduceat(at + np.minimum(way, 0.0) - reach, first, axis=1)
    high = np.maximum.reduceat(at + np.maximum(way, 0.0) + reach, first, axis=1)
    along, across = (low + high) / 2
    return np.stack((along * cos - across * sin, along * sin + across * cos, cos, sin, *(high - low) / 2))


def _legs(looks: Sequence[GroundTracks], slow_mps: float) -> Legs:
    """Legs in the order of tracks and time; without a course where the footprint has no direction."""

    def column(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(look, name) for look in looks])

    time_s = np.repeat([look.time_ns / SECOND_NS for look in looks], [len(look) for look in looks])
    track_id, xy = column("track_id"), column("xy_m")
    order = np.lexsort((time_s, track_id))
    row, after = order[:-1], order[1:]
    follows = (track_id[row] == track_id[after]) & (time_s[after] - time_s[row] <= LONGEST_LEG_S)
    row, after = row[follows], after[follows]
    heading = np.concatenate([headings(look) for look in looks])
    # not by the way alone: the middle of a parked car leaps when it is taken for a truck, or to point elsewhere
    endangering = np.concatenate([endangers(look, slow_mps) for look in looks])
    endangering = endangering[row] | endangering[after]
    with np.errstate(divide="ignore", invalid="ignore"):
        doubt_rad = (column("sigma_mps") / np.hypot(*column("velocity_mps").T))[after]
    one, other = heading[row], heading[after]
    one, other = np.where(np.isnan(one), other, one), np.where(np.isnan(other), one, other)
    turn = (other - one + np.pi) % (2 * np.pi) - np.pi
    turns = np.where(np.isnan(turn), 0.0, np.abs(turn))
    parts = np.clip(np.ceil(turns / np.fmax(doubt_rad, LEG_RAD)), 1, MOST_LEGS)

    again = np.repeat(np.arange(len(row)), parts.astype(np.intp))
    nth = np.arange(len(again)) - np.repeat(np.cumsum(parts) - parts, parts.astype(np.intp))
    row, after, parts = row[again], after[again], parts[again]
    begin = xy.take(row, axis=0)
    length, way = (time_s[after] - time_s[row]) / parts, (xy.take(after, axis=0) - begin) / parts[:, None]
    heading = one[again] + turn[again] * (nth + 0.5) / parts
    return Legs(
        start_s=time_s[row] + nth * length,
        length_s=length,
        xy_m=begin + nth[:, None] * way,
        way_m=way,
        heading_rad=heading,
        course_rad=heading.copy(),
        half_m=column("size_m").take(after, axis=0) / 2,
        sigma_m=column("sigma_m")[after],
        fast=(np.hypot(*way.T) > slow_mps * length) & endangering[again],
        track_id=track_id[row],
        kind=column("kind")[row],
    )
