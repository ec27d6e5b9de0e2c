"""A running site as Prometheus metrics: cameras, channels, and the figures of complete intervals.

Names follow the conventions of Prometheus: base units at the end, `_total` for what only grows. Counters count since
the start of the program. `flaneur_interval_…` are gauges of each camera's latest complete interval; a figure that is
missing has no sample, which is not 0.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from flaneur.data.live import CameraStatus, State
from flaneur.data.series import Series
from flaneur.data.statistics import split_name
from flaneur.data.time import to_s
from flaneur.serve.live.board import Board

FIGURE = ("camera", "place", "direction", "kind")
UNITS = {
    "road users": "",
    "m/s": "_meters_per_second",
    "m/s²": "_meters_per_square_second",
    "m": "_meters",
    "s": "_seconds",
    "share": "_ratio",
    "road users/h": "_per_hour",
    "persons/m²": "_per_square_meter",
    "persons/(m·s)": "_per_meter_second",
    "persons/m²/min": "_per_square_meter_minute",
    "1/s²": "_per_square_second",
}
"""How a unit ends the name of a metric. The measures that count road users are called after what they count."""


@dataclass(frozen=True, slots=True)
class ChannelCount:
    """What became of what was to be sent over one channel since the start."""

    channel: str
    """`mqtt`, or `webhook` and its name."""
    result: str
    """`sent`, `failed` or `dropped`."""
    number: int


Counts = Callable[[], Iterable[ChannelCount]]

_COUNTED: tuple[tuple[str, str, Callable[[CameraStatus], float]], ...] = (
    ("frames", "Frames decoded", lambda s: s.frames_seen),
    ("frames_dropped", "Frames known to exist and not used", lambda s: s.frames_dropped),
    ("looks", "Frames that the detector looked at", lambda s: s.looks),
    ("detect_seconds", "Time of the detector over all looks, told once a minute", lambda s: s.detect_s),
    ("reconnections", "Times the camera was connected to again", lambda s: s.reconnections),
)
_GAUGED: tuple[tuple[str, str, Callable[[CameraStatus], float | None]], ...] = (
    ("lag_seconds", "From a frame's moment until it was measured, longest of the last minute", lambda s: s.lag_s),
    ("looks_per_second", "Looks a second over the last minute", lambda s: s.rate_per_s),
    ("clock_ahead_seconds", "The camera's clock against this machine's", lambda s: s.clock_ahead_s),
    ("state_since_timestamp_seconds", "When the present state began", lambda s: to_s(s.since_ns)),
)


def exposition(board: Board, counts: Counts, accept: str) -> tuple[bytes, str]:
    """All metrics in the format that the `Accept` header prefers, and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SiteCollector(board, counts))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class SiteCollector(Collector):
    """Tells what a board holds at the moment of asking; keeps nothing."""

    def __init__(self, board: Board, counts: Counts) -> None:
        self._board = board
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """Every metric there is now."""
        site = self._board.site
        about = {"site": site.name, "version": site.version, "detector": site.detector}
        yield InfoMetricFamily("flaneur", "The site and the program", about)
        yield from self._of_cameras()
        yield from self._of_intervals()
        yield from self._of_figures()
        yield from self._of_channels()

    def _of_cameras(self) -> Iterator[Metric]:
        statuses = self._board.statuses.values()
        for name, text, count in _COUNTED:
            counter = CounterMetricFamily(f"flaneur_camera_{name}", text, labels=["camera"])
            for status in statuses:
                counter.add_metric([status.camera], count(status))
            yield counter
        for name, text, value in _GAUGED:
            gauge = GaugeMetricFamily(f"flaneur_camera_{name}", text, labels=["camera"])
            for status in statuses:
                if (number := value(status)) is not None:
                    gauge.add_metric([status.camera], number)
            yield gauge
        state = GaugeMetricFamily("flaneur_camera_state", "1 for the state that it is in", labels=["camera", "state"])
        fault = GaugeMetricFamily("flaneur_camera_fault", "1 for the reason of that state", labels=["camera", "reason"])
        for status in statuses:
            for one in get_args(State):
                state.add_metric([status.camera, one], float(status.state == one))
            if status.reason is not None:
                fault.add_metric([status.camera, status.reason], 1.0)
        yield from (state, fault)
        alarm = GaugeMetricFamily(
            "flaneur_alarm_level", "Of alarms that are not over", labels=["camera", "what", "place"]
        )
        for concern, one in self._board.alarms.items():
            alarm.add_metric(concern, float(one.level))
        yield alarm

    def _of_intervals(self) -> Iterator[Metric]:
        coverage = GaugeMetricFamily(
            "flaneur_interval_coverage_ratio", "Share of the interval that was observed", labels=["camera"]
        )
        end = GaugeMetricFamily("flaneur_interval_end_timestamp_seconds", "Its end", labels=["camera"])
        latest = {series.camera: figure for series, figure in self._board.latest()}
        for camera, figure in latest.items():
            coverage.add_metric([camera], figure.coverage)
            end.add_metric([camera], to_s(figure.end_ns))
        yield from (coverage, end)

    def _of_figures(self) -> Iterator[Metric]:
        gauges: dict[str, GaugeMetricFamily] = {}
        for series, figure in self._board.latest():
            name = f"flaneur_interval_{metric_name(series.measure, figure.unit)}"
            gauge = gauges.setdefault(
                name,
                GaugeMetricFamily(name, f"{series.measure} in {figure.unit}, latest complete interval", labels=FIGURE),
            )
            if figure.value is not None:
                gauge.add_metric(_labels(series), figure.value)
        yield from gauges.values()
        counters: dict[str, CounterMetricFamily] = {}
        for series, unit, total in self._board.totals():
            name = f"flaneur_{metric_name(series.measure, unit)}"
            counter = counters.setdefault(
                name, CounterMetricFamily(name, f"{series.measure} in complete intervals", labels=FIGURE)
            )
            counter.add_metric(_labels(series), total)
        yield from counters.values()

    def _of_channels(self) -> Iterator[Metric]:
        metric = CounterMetricFamily("flaneur_messages", "Messages sent out", labels=["channel", "result"])
        for one in self._counts():
            metric.add_metric([one.channel, one.result], one.number)
        yield metric


def metric_name(measure: str, unit: str) -> str:
    """A measure and its unit as part of a metric's name; `_count` at its end would be a histogram's.

    >>> metric_name("speed_v85", "m/s"), metric_name("pet_count", "near misses"), metric_name("los_share", "share")
    ('speed_v85_meters_per_second', 'pet_near_misses', 'los_ratio')
    """
    stem, statistic = split_name(measure)
    if statistic in ("count", "share"):
        measure = stem
    ending = UNITS.get(unit)
    if ending is None or statistic == "count":
        ending = "_" + re.sub(r"[^a-zA-Z0-9]+", "_", unit).strip("_")
    return re.sub(r"[^a-zA-Z0-9_]", "_", measure) + ending


def _labels(series: Series) -> list[str]:
    return [series.camera, series.place, series.direction, series.kind]
