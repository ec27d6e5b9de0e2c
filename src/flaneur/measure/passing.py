"""What happens at the lines, zones and flows of one picture or one piece of ground, all from one look at the feet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flaneur.data import geometry
from flaneur.data.geometry import Flow, GroundLine, GroundZone
from flaneur.data.private import Events, Feet, Private
from flaneur.measure import crossings, flows, zones
from flaneur.measure.crossings import Lines
from flaneur.measure.flows import Flows
from flaneur.measure.memory import Passes
from flaneur.measure.zones import Zones


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Lines, zones and flows in the unit of the feet."""

    lines: Lines
    zones: Zones
    flows: Flows

    @classmethod
    def in_picture(cls, places: geometry.Places, width_px: int, height_px: int) -> "Places":
        """Places in fractions, for a picture of this size; ValueError for places that cannot be."""
        return cls(
            Lines.in_picture(places.lines, width_px, height_px),
            Zones.in_picture(places.zones, width_px, height_px),
            Flows.of(places.flows, [line.name for line in places.lines], [zone.name for zone in places.zones]),
        )

    @classmethod
    def on_ground(
        cls, lines: Sequence[GroundLine] = (), zones: Sequence[GroundZone] = (), flows: Sequence[Flow] = ()
    ) -> "Places":
        """Places in metres; ValueError for places that cannot be."""
        names = [line.name for line in lines], [zone.name for zone in zones]
        return cls(Lines.on_ground(lines), Zones.on_ground(zones), Flows.of(flows, *names))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PassingState(Private):
    """What must be known of live tracks."""

    lines: crossings.CrossingState
    zones: zones.ZoneState
    flows: flows.FlowState


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Passed(Private):
    """What one frame settled, and what was met in it."""

    lines: Passes
    """Crossings; `place` is the index of the line."""
    zones: Passes
    """Entries, exits and who was found inside; `place` is the index of the zone."""
    flows: Events
    """`place` is the index of the flow."""
    met: Passes
    """Meetings of paths with lines and borders since the frame before, settled or not; `place` counts the lines, then
    the zones. The time of a pass is always that of a meeting, in this frame or an earlier one, or of the frame."""
    inside: NDArray[np.bool_]
    """[n, zones] who is in which zone, in the order of the feet."""


def start(params: Places) -> PassingState:
    """Nobody has been seen yet."""
    return PassingState(crossings.start(params.lines), zones.start(params.zones), flows.start(params.flows))


def step(state: PassingState, feet: Feet, params: Places) -> tuple[PassingState, Passed]:
    """One frame."""
    inside = params.zones.inside(feet.xy)
    at_lines, lines, met_lines = crossings.advance(state.lines, feet, params.lines)
    at_zones, areas, met_zones = zones.advance(state.zones, feet, inside, params.zones)
    on_way, flown = flows.step(state.flows, feet, lines, areas, params.flows)
    if len(met_zones):
        met_zones = replace(met_zones, place=met_zones.place + np.int32(len(params.lines)))
    met = Passes.joined(met_lines, met_zones)
    return PassingState(at_lines, at_zones, on_way), Passed(lines, areas, flown, met, inside)


def finish(state: PassingState, params: Places) -> Passed:
    """What the end of the video cuts off."""
    lines, areas = crossings.settle(state.lines), zones.settle(state.zones)
    flown = flows.finish(state.flows, lines, areas, params.flows)
    return Passed(lines, areas, flown, Passes.joined(), np.zeros((0, len(params.zones)), np.bool_))
