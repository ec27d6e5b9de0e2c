"""When the camera did not show what it was set up to show: a strip of time for each fault."""

from collections.abc import Sequence
from dataclasses import dataclass

from flaneur.data.released import CameraHealth
from flaneur.data.time import to_s
from flaneur.serve.charts import LEFT, RIGHT, WIDTH, Tick, box, time_ticks
from flaneur.serve.sections import Material, Table

ROW = 34.0
"""Height of a strip with its name above it."""
STRIP = 12.0
MOST_STRETCHES = 50


@dataclass(frozen=True, slots=True)
class Strip:
    """One fault: its name with how long it lasted, and where it was."""

    label: str
    y: float
    path: str


@dataclass(frozen=True, slots=True)
class Strips:
    """A chart that is ready to be drawn."""

    width: float
    height: float
    right: float
    strips: tuple[Strip, ...]
    x_ticks: tuple[Tick, ...]
    table: Table


def strips(m: Material, health: Sequence[CameraHealth]) -> Strips:
    """A strip for each fault that there was, over the time of the other charts."""
    bins = m.figures.bins
    span_ns, inner = max(bins.count * bins.width_ns, 1), WIDTH - LEFT - RIGHT

    def x(time_ns: int) -> float:
        return LEFT + min(max((time_ns - bins.start_ns) / span_ns, 0.0), 1.0) * inner

    found = []
    for n, fault in enumerate(dict.fromkeys(fault for one in health for fault in one.faults)):
        own = [one for one in health if fault in one.faults]
        lasted = m.words.duration(to_s(sum(one.end_ns - one.start_ns for one in own)))
        y = n * ROW + 18.0
        path = "".join(box(x(o.start_ns), y, max(x(o.end_ns) - x(o.start_ns), 0.8), STRIP) for o in own)
        found.append(Strip(f"{m.words.fault(fault)}: {lasted}", y, path))
    rows = [
        [
            m.clock.period(one.start_ns, one.end_ns, with_date=m.clock.dated),
            m.words.listed([m.words.fault(fault) for fault in one.faults]),
            m.words.duration(to_s(one.end_ns - one.start_ns)),
        ]
        for one in health[:MOST_STRETCHES]
    ]
    head = [m.words.say("interval"), m.words.say("fault"), m.words.say("lasted")]
    ticks = time_ticks(bins, m.clock, inner / max(bins.count, 1))
    return Strips(
        WIDTH,
        len(found) * ROW + 24.0,
        WIDTH - RIGHT,
        tuple(found),
        ticks,
        Table(head, rows),
    )
