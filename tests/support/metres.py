"""What a made-up camera with a ground plane measures, through the real aggregator."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from flaneur.data.kinds import ALL_KINDS, Kind, pair_code
from flaneur.data.private import Presence, Samples
from flaneur.data.released import Distribution, GroundFacts, Measurement, PlaceMap
from flaneur.release.aggregate import AggregateParams, IntervalAggregator, Sampled
from flaneur.release.placemap import PlaceMapAccumulator
from support.figures import MONDAY_7H_NS
from support.samples import samples

KINDS = (Kind.PEDESTRIAN, Kind.BICYCLE, Kind.CAR, Kind.TRUCK, Kind.BUS)
SEVERITIES = ("serious", "slight", "uncertain")
GROUND = GroundFacts("points", False, 6, 0.08, 0.17, 0.02, ("kerb by the tree",))
ROUGH = GroundFacts("sizes", True, 0, None, None, 0.12)

SPEED = Sampled("speed", "m/s", ("Main Street", "Bridge"), ("mean", "median", "v85"), (("north", "south"),) * 2)
DWELL = Sampled("dwell", "s", ("Bus stop",), ("median", "mean", "p85"), censored_group=1)
QUEUE = Sampled("queue_length", "m", ("Stop line",), ("mean", "p95", "max"), moments=True)
DENSITY = Sampled("density_voronoi", "1/m²", ("Square",), ("mean", "max"), moments=True, resolution=0.001)
LOS = Sampled("los", "share", ("Square",), ("share",), (tuple("ABCDEF"),), moments=True)
TTC = Sampled("ttc", "s", ("Crossing",), ("count",), (SEVERITIES,), "near misses")
SIGNAL = Sampled(
    "signal", "s", ("Stop line",), ("count", "share"), (("green", "amber", "red"),), moments=False
)  # fmt: skip
RISE = Sampled("acceleration", "m/s²", ("Main Street",), ("mean", "p05"))
NEW = Sampled("noise_level", "dB", ("Square",), ("mean",), moments=True)
ALL = (SPEED, DWELL, QUEUE, DENSITY, LOS, TTC, SIGNAL, RISE, NEW)


@dataclass(frozen=True)
class Measured:
    """All that a run gives."""

    measurements: list[Measurement]
    distributions: tuple[Distribution, ...]
    maps: tuple[PlaceMap, ...]


def measured(minutes: int = 30, *, start_ns: int = MONDAY_7H_NS, seed: int = 1) -> Measured:
    """A street with a bridge, a bus stop, a square and a signal."""
    rng = np.random.default_rng(seed)
    params = AggregateParams("Marktplatz", "north", KINDS, (), start_ns=start_ns, sampled=ALL)
    aggregator, places, found = IntervalAggregator(params), PlaceMapAccumulator("ttc"), []
    empty = np.zeros((1, len(Kind)), np.int32)
    for second in range(minutes * 60):
        aggregator.frame(Presence(second * 1_000_000_000, empty))
        if second % 60 == 59:
            for sampled, rows in _minute(rng, second):
                aggregator.samples(sampled, rows)
            places.add(np.floor(rng.normal((12.0, 4.0), (3.0, 1.5), (4, 2))).astype(np.int32))
            found += aggregator.complete()
    found += aggregator.finish()
    told = places.finish()
    return Measured(found, tuple(aggregator.distributions()), () if told is None else (told,))


def _minute(rng: np.random.Generator, at_s: int) -> Iterator[tuple[Sampled, Samples]]:
    def rows(values: np.ndarray, **more: object) -> Samples:
        return samples(values, time_s=at_s, **more)  # type: ignore[arg-type]

    n = int(rng.poisson(14))
    kinds = rng.choice([Kind.BICYCLE, Kind.CAR, Kind.TRUCK], n, p=[0.25, 0.7, 0.05])
    speeds = np.where(kinds == Kind.BICYCLE, rng.normal(5.0, 1.0, n), rng.normal(12.5, 2.0, n))
    yield SPEED, rows(speeds, kind=kinds, group=rng.integers(0, 2, n), noise=0.4, bias=0.02 * speeds)
    few = rng.normal(9.0, 1.0, int(rng.integers(0, 3)))
    yield SPEED, rows(few, place=1, kind=Kind.BUS, noise=0.4)
    yield RISE, rows(rng.normal(0.0, 0.8, n), kind=kinds, noise=0.2)
    m = int(rng.poisson(5))
    yield DWELL, rows(rng.exponential(90.0, m), kind=Kind.PEDESTRIAN, group=(rng.random(m) < 0.2).astype(int))
    phase = abs((at_s / 600) % 2 - 1)
    queue = np.clip(rng.normal(25.0 * phase, 8.0, 60), 0.0, None)
    yield QUEUE, rows(queue, kind=ALL_KINDS, noise=0.5, bias=0.02 * queue)
    density = np.clip(rng.normal(1.2 * phase, 0.3, 60), 0.0, None)
    yield DENSITY, rows(density, kind=ALL_KINDS, noise=0.05, bias=0.04 * density)
    yield LOS, rows(density, group=np.digitize(density, (0.31, 0.43, 0.72, 1.08, 2.17)), kind=ALL_KINDS)
    k = int(rng.poisson(1.5))
    pairs = pair_code(rng.choice([Kind.PEDESTRIAN, Kind.BICYCLE], k).astype(np.uint8), np.full(k, Kind.CAR, np.uint8))
    yield TTC, rows(rng.uniform(0.3, 3.0, k), group=rng.choice(3, k, p=[0.2, 0.6, 0.2]), kind=pairs)
    yield SIGNAL, rows(rng.uniform(0.0, 30.0, n), group=rng.choice(3, n, p=[0.9, 0.07, 0.03]), kind=kinds)
    yield NEW, rows(rng.normal(62.0, 3.0, 5), kind=ALL_KINDS)
