"""Names of metrics keep to the conventions of Prometheus."""

import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from flaneur.config.load import parse_site
from flaneur.data.statistics import measure_name
from flaneur.data.time import MINUTE_NS
from flaneur.release.specs import ROAD_USERS, Sampled
from flaneur.run import figures as specs
from flaneur.serve.live.board import Board, SiteFacts
from flaneur.serve.live.metrics import UNITS, ChannelCount, SiteCollector, metric_name
from support.figures import MONDAY_7H_NS, figure
from support.live import ALARM, STATUS, status

SITE = SiteFacts("Marktplatz", ("north", "south"), "0.1", "nanodet")
CAMERA = parse_site(
    """
    [site]
    name = "x"
    [[camera]]
    name = "north"
    [[camera.line]]
    name = "crosswalk"
    points = [[0.1, 0.5], [0.9, 0.5]]
    [[camera.zone]]
    name = "plaza"
    polygon = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]
    """,
    "site.toml",
).camera[0]


def all_sampled() -> Iterable[Sampled]:
    names = ("crosswalk",)
    for of_one in (
        specs.of_traffic(CAMERA),
        specs.of_queues(names),
        specs.of_saturation(names),
        specs.of_crowd(names),
        specs.of_alarms("plaza", (2.0, 4.0)),
        specs.of_conflicts(names),
        specs.of_signals(names),
    ):
        yield from of_one.values()
    yield specs.of_signal_time(names)


def all_figures() -> list[tuple[str, str]]:
    """Measure and unit of everything that Flaneur measures."""
    counts = [(measure, ROAD_USERS) for measure in ("crossings", "passages", "flow", "occupancy", "occupancy_peak")]
    sampled = [
        (measure_name(one.measure, statistic), {"count": one.counted, "share": "share"}.get(statistic, one.unit))
        for one in all_sampled()
        for statistic in one.statistics
    ]
    return counts + sampled


@pytest.mark.parametrize(("measure", "unit"), all_figures())
def test_every_figure_has_a_good_name(measure: str, unit: str) -> None:
    name = metric_name(measure, unit)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert not name.endswith(("_total", "_count", "_sum", "_bucket", "_info", "_created"))
    assert unit in UNITS or measure.endswith("_count"), "a new unit needs a name"


def test_no_two_figures_share_a_name() -> None:
    found = all_figures()
    assert len({metric_name(*one) for one in found}) == len(set(found))


def collected(board: Board) -> dict[str, list[tuple[dict[str, str], float]]]:
    registry = CollectorRegistry()
    registry.register(SiteCollector(board, lambda: [ChannelCount("mqtt", "sent", 3)]))
    text = generate_latest(registry).decode()
    out: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            assert (family.type == "counter") == sample.name.endswith("_total"), sample.name
            out.setdefault(sample.name, []).append((sample.labels, sample.value))
    return out


def test_only_the_latest_interval_is_shown_and_counts_add_up() -> None:
    board = Board(SITE)
    board.complete([figure(MONDAY_7H_NS, 3.0), figure(MONDAY_7H_NS, 5.0, kind="car")])
    board.complete([figure(MONDAY_7H_NS + MINUTE_NS, 2.0)])
    found = collected(board)
    assert [(labels["kind"], value) for labels, value in found["flaneur_interval_crossings"]] == [("pedestrian", 2.0)]
    assert {labels["kind"]: value for labels, value in found["flaneur_crossings_total"]} == {
        "pedestrian": 5.0,
        "car": 5.0,
    }
    assert found["flaneur_interval_end_timestamp_seconds"][0][1] == (MONDAY_7H_NS + 2 * MINUTE_NS) / 1e9


def test_an_interval_told_again_does_not_count_again() -> None:
    board = Board(SITE)
    for _ in range(3):
        board.complete([figure(MONDAY_7H_NS, 3.0)])
    assert collected(board)["flaneur_crossings_total"][0][1] == 3.0


def test_what_an_earlier_run_stored_is_known_and_not_counted() -> None:
    board = Board(SITE)
    board.recall([figure(MONDAY_7H_NS, 3.0), figure(MONDAY_7H_NS, 3.0, camera="gone")])
    assert "flaneur_crossings_total" not in collected(board)
    assert "flaneur_interval_crossings" not in collected(board)
    assert {series.camera for series in board.series()} == {"north"}


def test_a_mean_is_not_added_up() -> None:
    board = Board(SITE)
    board.complete([figure(MONDAY_7H_NS, 8.0, measure="speed_mean", unit="m/s", sample_size=4)])
    found = collected(board)
    assert found["flaneur_interval_speed_mean_meters_per_second"][0][1] == 8.0
    assert not [name for name in found if "speed" in name and name.endswith("_total")]


def test_a_camera_that_is_no_more_leaves_nothing() -> None:
    board = Board(SITE)
    board.seen([STATUS, status(camera="south")])
    board.complete([figure(MONDAY_7H_NS, 3.0, camera="south")])
    board.alarmed(ALARM)
    board.move(SiteFacts("Marktplatz", ("east",), "0.1", "nanodet"))
    told = {labels.get("camera") for samples in collected(board).values() for labels, _ in samples}
    assert told <= {None}


def test_names_with_quotes_and_line_ends_stay_one_label() -> None:
    board = Board(SITE)
    place = 'say "hi"\\n {x="y"} 1\n'
    board.complete([figure(MONDAY_7H_NS, 3.0, place=place)])
    assert collected(board)["flaneur_crossings_total"][0][0]["place"] == place


def test_an_alarm_that_is_over_is_gone() -> None:
    board = Board(SITE)
    board.alarmed(ALARM)
    assert collected(board)["flaneur_alarm_level"]
    board.alarmed(replace(ALARM, level=0))
    assert "flaneur_alarm_level" not in collected(board)
