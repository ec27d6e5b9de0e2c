"""Believable figures and facts for the store, the tables and the report."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from flaneur.data.notes import Note
from flaneur.data.released import Measurement, RunFacts
from flaneur.data.time import MINUTE_NS, SECOND_NS

NOTES = (
    Note("undecodable", (1,)),
    Note("concealed", (2,)),
    Note("suspect", (1234,)),
    Note("late", (4,)),
    Note("guessed", (5000,)),
    Note("resized", (6,)),
    Note("interlaced", (7,)),
    Note("jumps", (8,)),
    Note("unreadable", (9,)),
    Note("ended_early", (12.34, 308)),
    Note("several_videos", (3,)),
    Note("oblong_pixels", (16 / 11,)),
    Note("hidden_pictures", (12, 34_567)),
    *(Note(fault, (90.5,)) for fault in ("dark", "overexposed", "covered", "blurred", "moved", "frozen")),
    Note("implausible", (3, 4567)),
    Note("out_of_reach", (21,)),
)
"""One of each sort that there is."""

SHARES = {"pedestrian": 0.55, "two-wheeler": 0.2, "car": 0.2, "truck": 0.03, "bus": 0.02}
KINDS = (*SHARES, "train")
MONDAY_7H_NS = 1_780_290_000 * SECOND_NS
"""1 June 2026, 07:00 in Berlin."""


def figure(start_ns: int = 0, value: float | None = 3.0, **changes: object) -> Measurement:
    """One crossing figure of a minute; coverage is whole, or none when `value` is None."""
    fields: dict[str, object] = {
        "site": "Marktplatz",
        "camera": "north",
        "measure": "crossings",
        "place": "crosswalk",
        "kind": "pedestrian",
        "direction": "to right",
        "start_ns": start_ns,
        "end_ns": start_ns + MINUTE_NS,
        "value": value,
        "unit": "road users",
        "coverage": 0.0 if value is None else 1.0,
        "frames_seen": 0 if value is None else 600,
        "frames_dropped": 0,
    }
    return Measurement(**(fields | changes))  # type: ignore[arg-type]


def facts(**changes: object) -> RunFacts:
    """Facts of a dated run of ten minutes that saw everything."""
    fields: dict[str, object] = {
        "source": "market.mp4",
        "site": "Marktplatz",
        "camera": "north",
        "timezone": "Europe/Berlin",
        "dated": True,
        "start_ns": MONDAY_7H_NS,
        "end_ns": MONDAY_7H_NS + 10 * MINUTE_NS,
        "width_px": 1280,
        "height_px": 720,
        "frames_seen": 6000,
        "frames_dropped": 0,
        "observed_s": 600.0,
        "complete": True,
        "detector": "nanodet",
        "detector_licence": "Apache-2.0",
        "detector_sha256": "4e" * 32,
        "detections_per_s": 5.0,
        "kinds": KINDS,
        "software": "flaneur 0.1.0",
        "wall_s": 60.5,
        "stage_ms_per_frame": (("decode", 2.1), ("detect", 8.4), ("track", 0.6)),
    }
    return RunFacts(**(fields | changes))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Scene:
    """What a made-up camera measures, minute by minute."""

    lines: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    edges: bool = True
    start_ns: int = 0
    minutes: int = 2
    interval_min: int = 1
    covered: tuple[tuple[int, float], ...] = ()
    """(minute, coverage) where it is not whole."""
    per_minute: float = 4.0
    seed: int = 1

    def measurements(self) -> Iterator[Measurement]:
        """All figures, in the order of time."""
        rng = random.Random(self.seed)
        covered = dict(self.covered)
        for minute in range(0, self.minutes, self.interval_min):
            coverage = covered.get(minute, 1.0)
            busy = self.per_minute * (0.4 + 1.2 * abs(((minute / 240) % 2) - 1))
            for measure, place, direction in self._series():
                for kind, share in SHARES.items():
                    value = _value(rng, measure, busy * share * coverage)
                    yield figure(
                        self.start_ns + minute * MINUTE_NS,
                        value if coverage else None,
                        measure=measure,
                        place=place,
                        direction=direction,
                        kind=kind,
                        coverage=coverage,
                        end_ns=self.start_ns + (minute + self.interval_min) * MINUTE_NS,
                        frames_seen=round(600 * coverage),
                        frames_dropped=3 if 0 < coverage < 1 else 0,
                    )

    def _series(self) -> Iterator[tuple[str, str, str]]:
        for line in self.lines:
            yield from (("crossings", line, "to right"), ("crossings", line, "to left"))
        for zone in self.zones:
            yield from (("passages", zone, "in"), ("passages", zone, "out"))
        for edge in ("left", "top", "right", "bottom") if self.edges else ():
            yield from (("passages", f"edge {edge}", "in"), ("passages", f"edge {edge}", "out"))
        yield from (("flow", flow, "") for flow in self.flows)
        for place in (*self.zones, "whole picture"):
            yield from (("occupancy", place, ""), ("occupancy_peak", place, ""))


def _value(rng: random.Random, measure: str, expected: float) -> float:
    if measure == "occupancy":
        return round(expected * rng.uniform(0.5, 1.5), 3)
    count = sum(rng.random() < expected / 40 for _ in range(40))
    return float(count + 2 if measure == "occupancy_peak" and expected > 0.3 else count)
