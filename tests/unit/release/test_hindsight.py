import numpy as np
import pytest

from flaneur.data.kinds import Kind
from flaneur.data.private import Events, Presence
from flaneur.data.released import Measurement
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.release.aggregate import AggregateParams, Counted, IntervalAggregator, Sampled
from flaneur.release.hindsight import Hindsight
from support.samples import samples

LINES = Counted.lines((("kerb", "right", "left"),))
SPEED = Sampled("speed", "m/s", ("kerb",), ("count",))
PARAMS = AggregateParams("s", "c", (Kind.CAR,), (LINES,), sampled=(SPEED,))


def presence(time_s: float) -> Presence:
    return Presence(round(time_s * SECOND_NS), np.full((1, len(Kind)), 0, np.int32))


def crossing(time_s: float) -> Events:
    time_ns = np.array([round(time_s * SECOND_NS)])
    return Events(time_ns, np.zeros(1, np.int32), np.ones(1, np.int8), np.full(1, Kind.CAR, np.uint8))


def figures(
    aggregator: IntervalAggregator | Hindsight, blind: dict[float, float], until_s: int = 150
) -> list[Measurement]:
    """A crossing and a speed a second; `blind` says at which moments a fault is known, and since when it shows."""
    out = []
    for n in range(until_s * 2):
        time_s = n / 2
        if isinstance(aggregator, Hindsight):
            since_s = blind.get(time_s)
            since_ns = None if since_s is None else round(since_s * SECOND_NS)
            aggregator.frame(presence(time_s), blind_since_ns=since_ns)
        else:
            aggregator.frame(presence(time_s))
        if n % 2 == 0:
            aggregator.events(LINES, crossing(time_s))
            aggregator.samples(SPEED, samples([9.0], time_s=time_s))
        out += aggregator.complete()
    return out + aggregator.finish()


def test_a_healthy_camera_is_told_as_without_it() -> None:
    assert figures(Hindsight(IntervalAggregator(PARAMS)), {}) == figures(IntervalAggregator(PARAMS), {})


@pytest.mark.parametrize("believed_after_s", [0, 3, 8])
def test_a_fault_counts_from_its_first_sign_on(believed_after_s: int) -> None:
    blind = {time / 2: 55.0 for time in range(2 * (55 + believed_after_s), 2 * 70)}
    hindsight = Hindsight(IntervalAggregator(PARAMS))
    by_start = {m.start_ns: (m.value, m.coverage) for m in figures(hindsight, blind) if m.measure == "speed_count"}
    assert by_start == {0: (55, 55 / 60), MINUTE_NS: (50, 50 / 60), 2 * MINUTE_NS: (30, 0.5)}
    assert hindsight.dropped == 30
    assert hindsight.distributions()[0].measure == "speed"
