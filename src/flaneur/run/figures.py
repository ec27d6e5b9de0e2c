"""Which figures are made of what the ground measures tell: names, units, statistics, groups.

Samples of road users are told as statistics over three of them or more; samples of moments, one a second, over time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flaneur.config.site import CameraTable
from flaneur.data.geometry import WHOLE_PICTURE
from flaneur.data.kinds import Kind
from flaneur.data.private import Samples
from flaneur.data.signals import SignalState
from flaneur.measure.crowd import DENSITY_BINS
from flaneur.measure.levels import LEVELS
from flaneur.measure.near_misses import SEVERITIES
from flaneur.measure.signals import RED_CLASSES, STATES
from flaneur.release.specs import Sampled

Specs = Mapping[str, Sampled]
"""Attribute of what a measure tells -> the figures that are made of it."""
Told = list[tuple[Sampled, Samples]]

SPEED = ("mean", "median", "v85")
TIME = ("mean", "median", "p85")
HEADWAY = ("mean", "median", "p15")
OVER_TIME = ("mean", "p95", "max")


def told_of(specs: Specs, what: Any) -> Told:
    """The samples in what a measure tells, with the figures that are made of them; without those that are empty."""
    named = ((sampled, getattr(what, name)) for name, sampled in specs.items())
    return [(sampled, samples) for sampled, samples in named if len(samples)]


def _speed(measure: str, places: Sequence[str], groups: Sequence[tuple[str, ...]] = ()) -> Sampled:
    return Sampled(measure, "m/s", tuple(places), SPEED, tuple(groups))


def _moments(measure: str, unit: str, places: Sequence[str], statistics: tuple[str, ...], resolution: float) -> Sampled:
    return Sampled(measure, unit, tuple(places), statistics, moments=True, resolution=resolution)


def _people(measure: str, unit: str, places: Sequence[str], statistics: tuple[str, ...], resolution: float) -> Sampled:
    return replace(_moments(measure, unit, places, statistics, resolution), kind=Kind.PEDESTRIAN)


def of_traffic(camera: CameraTable) -> Specs:
    """Speeds, times and gaps where road users pass lines and zones."""
    lines, zones = [line.name for line in camera.line], [zone.name for zone in camera.zone]
    flows, ways = [flow.label for flow in camera.flow], [(line.to_right, line.to_left) for line in camera.line]
    braking = Sampled("acceleration", "m/s²", tuple(zones), ("mean", "p85"), (("speeding up", "braking"),) * len(zones))
    return {
        "spot_speed": _speed("speed", lines, ways),
        "zone_speed": _speed("speed", zones),
        "path_speed": _speed("speed", [WHOLE_PICTURE]),
        "acceleration": braking,
        "section_speed": _speed("section_speed", flows),
        "travel_time": Sampled("travel_time", "s", tuple(flows), TIME),
        "headway": Sampled("headway", "s", tuple(lines), HEADWAY, tuple(ways)),
        "gap": Sampled("gap", "s", tuple(lines), HEADWAY, tuple(ways)),
        "stay": Sampled("dwell", "s", tuple(zones), TIME, censored_group=1),
        "wait": Sampled("waiting", "s", tuple(zones), TIME, censored_group=1),
    }


def of_queues(names: Sequence[str]) -> Specs:
    """Queues, once a second."""
    return {
        "length_m": _moments("queue_length", "m", names, OVER_TIME, 0.1),
        "count": _moments("queue_count", "road users", names, OVER_TIME, 1.0),
    }


def of_saturation(names: Sequence[str]) -> Specs:
    """How fast queues of several road users are let go; a sample is a queue and not a road user."""
    return {
        "flow_per_h": replace(
            _moments("saturation_flow", "road users/h", names, ("count", "mean"), 1.0), counted="queues"
        ),
        "lost_s": _moments("lost_time", "s", names, ("mean",), 0.01),
    }


def of_crowd(names: Sequence[str]) -> Specs:
    """People in zones, once a second."""
    return {
        "density": _people("density", "persons/m²", names, OVER_TIME, 0.001),
        "voronoi_density": _people("density_voronoi", "persons/m²", names, OVER_TIME, 0.001),
        "voronoi_speed": _people("crowd_speed", "m/s", names, ("mean",), 0.01),
        "specific_flow": _people("specific_flow", "persons/(m·s)", names, ("mean", "max"), 0.001),
        "speed_at_density": replace(
            _people("speed_at_density", "m/s", names, ("mean",), 0.01),
            groups=(DENSITY_BINS,) * len(names),
            whole_run_only=True,
        ),
        "level": replace(_people("los", "persons/m²", names, ("share",), 0.001), groups=(LEVELS,) * len(names)),
        "standing": _people("standing", "share", names, ("mean",), 0.001),
        "stop_and_go": _people("stop_and_go", "share", names, ("mean",), 0.001),
        "counter_flow": _people("counterflow", "share", names, ("mean",), 0.001),
        "pressure": _people("pressure", "1/s²", names, ("mean", "max"), 0.0001),
        "rise": _people("density_rise", "persons/m²/min", names, ("max",), 0.001),
    }


def of_alarms(name: str, begin_per_m2: Sequence[float]) -> Specs:
    """How long a zone was at each alarm level, and how often one began."""
    levels = (f"level {n} from {begin:g}/m²" for n, begin in enumerate(begin_per_m2, start=1))
    labels = ("none", *levels, "unknown")
    return {
        "levels": Sampled("alarm", "level", (name,), ("share",), (labels,), moments=True),
        "changes": Sampled("alarm_change", "level", (name,), ("count",), (labels,), "changes", moments=True),
    }


def of_conflicts(zones: Sequence[str]) -> Specs:
    """Near misses in zones and in the whole scene, by pairs of kinds and severity."""
    places = (*zones, WHOLE_PICTURE)
    groups = (SEVERITIES,) * len(places)

    def near_misses(measure: str, unit: str) -> Sampled:
        return Sampled(measure, unit, places, ("count",), groups, "near misses")

    return {
        "ttc_s": near_misses("ttc", "s"),
        "pet_s": near_misses("pet", "s"),
        "drac_mps2": near_misses("drac", "m/s²"),
    }


def of_signals(names: Sequence[str]) -> Specs:
    """Crossings of stop lines by state, seconds into red in classes, phases and use of green."""
    places = tuple(names)
    states = (STATES,) * len(places)
    return {
        "crossings": Sampled("signal", "s", places, ("count",), states),
        "red": Sampled("red", "s", places, ("count",), (RED_CLASSES,) * len(places)),
        "phases": Sampled("phase", "s", places, ("count", "mean"), states, "phases", moments=True),
        "green_use": _moments("green_use", "share", names, ("mean",), 0.001),
    }


def of_signal_time(names: Sequence[str]) -> Sampled:
    """How long each signal was in each state, and how long nobody could tell."""
    labels = tuple(state.label for state in SignalState)
    shown = _moments("signal_time", "share", names, ("share",), 1.0)
    return replace(shown, groups=(labels,) * len(names))
