"""All that is counted and timed where road users pass lines and zones on the ground, from one stepping of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Events, GroundTracks, Presence, Private, Samples
from flaneur.measure import dwell, headways, passing, paths, sections, speeds
from flaneur.measure.dwell import DwellParams
from flaneur.measure.feet import ground_feet
from flaneur.measure.memory import evict, rows_of
from flaneur.measure.passing import Passed, Places
from flaneur.measure.paths import Moments
from flaneur.measure.presence import presence


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class TrafficState(Private):
    """What must be known of live tracks, and of the latest crossing of each line."""

    passing: passing.PassingState
    paths: paths.Paths
    visits: speeds.Visits
    sections: sections.Begun
    headways: headways.HeadwayState
    dwell: dwell.DwellState


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Traffic(Private):
    """What one frame, or the end of the video, told."""

    crossings: Events
    """`place` is the index of the line; `TO_RIGHT` or `TO_LEFT`, seen from above."""
    passages: Events
    """`place` is the index of the zone; `IN` or `OUT`."""
    flows: Events
    """`place` is the index of the flow."""
    spot_speed: Samples
    """m/s at lines; group 0 to the right, 1 to the left."""
    path_speed: Samples
    """m/s along whole paths; the only place is the whole scene."""
    zone_speed: Samples
    """m/s along the path through zones."""
    acceleration: Samples
    """Strongest in m/s² along the path in zones; group 0 speeding up, 1 braking."""
    section_speed: Samples
    """m/s along the path; `place` is the index of the flow."""
    travel_time: Samples
    """Seconds from origin to destination; `place` is the index of the flow."""
    headway: Samples
    """Seconds at lines; group 0 to the right, 1 to the left."""
    gap: Samples
    """Seconds at lines; group 0 to the right, 1 to the left."""
    stay: Samples
    """Seconds in zones; group 0 complete, 1 cut off."""
    wait: Samples
    """Seconds of that which were stood, in the same groups."""


def start(params: Places) -> TrafficState:
    """Nobody has been seen yet; `params` come from `Places.on_ground`."""
    lines, zones = len(params.lines), len(params.zones)
    return TrafficState(
        passing.start(params),
        paths.start(lines + zones),
        speeds.start(zones),
        sections.start(params.flows),
        headways.start(lines),
        dwell.start(DwellParams(params.zones)),
    )


def step(state: TrafficState, tracks: GroundTracks, params: Places) -> tuple[TrafficState, Traffic, Presence]:
    """One moment; and how many road users are in each zone."""
    feet = ground_feet(tracks)
    passed_state, passed = passing.step(state.passing, feet, params)
    ways = paths.step(state.paths, tracks, passed.met)
    at_lines, at_zones = _moments(ways, passed, params)
    ended = rows_of(ways, tracks.ended)
    visits, zone_speed, acceleration = speeds.step(state.visits, tracks, passed.inside, at_zones)
    begun, section_speed, travel_time = sections.step(state.sections, at_lines, at_zones, tracks.ended, params.flows)
    follow, headway, gap = headways.step(state.headways, tracks.time_ns, at_lines, ways)
    dwelling, dwelt = dwell.step(state.dwell, tracks, feet, passed, DwellParams(params.zones))
    told = Traffic(
        passed.lines.events(),
        passed.zones.events(),
        passed.flows,
        speeds.spot_speed(at_lines),
        speeds.path_speed(ways, ended),
        zone_speed,
        acceleration,
        section_speed,
        travel_time,
        headway,
        gap,
        dwelt.stay_s,
        dwelt.wait_s,
    )
    state = TrafficState(passed_state, evict(ways, ended), visits, begun, follow, dwelling)
    return state, told, presence(feet, passed.inside)


def finish(state: TrafficState, params: Places) -> Traffic:
    """What the end of the video cuts off."""
    passed = passing.finish(state.passing, params)
    at_lines, at_zones = _moments(state.paths, passed, params)
    every: NDArray[np.intp] = np.arange(len(state.paths))
    dwelt = dwell.finish(state.dwell, passed, DwellParams(params.zones))
    return Traffic(
        passed.lines.events(),
        passed.zones.events(),
        passed.flows,
        speeds.spot_speed(at_lines),
        speeds.path_speed(state.paths, every),
        *speeds.finish(state.visits, at_zones),
        *sections.finish(state.sections, at_lines, at_zones, params.flows),
        *headways.finish(state.headways, at_lines, state.paths),
        dwelt.stay_s,
        dwelt.wait_s,
    )


def _moments(ways: paths.Paths, passed: Passed, params: Places) -> tuple[Moments, Moments]:
    return paths.moments(ways, passed.lines), paths.moments(ways, passed.zones, len(params.lines))
