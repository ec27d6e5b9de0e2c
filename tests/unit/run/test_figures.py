from collections.abc import Iterator

import numpy as np
import pytest

from flaneur.data.signals import SignalPhases
from flaneur.data.statistics import split_name
from flaneur.measure.crowd import DENSITY_BINS
from flaneur.release.aggregate import AggregateParams, IntervalAggregator, Sampled
from flaneur.run.on_ground import OnGround
from flaneur.serve.measured import TOPICS
from flaneur.serve.texts import TEXTS
from support.grounds import tracks_m
from support.sites import camera

OWN_NAMES = {"", "in", "out", "to right", "to left"}
"""Groups that are directions: those of the site file, or told by `group` through `direction`."""


def phases() -> dict[str, SignalPhases]:
    return {"light": SignalPhases("light", np.array([0], np.int64), np.array([4], np.uint8))}


@pytest.fixture
def everything() -> OnGround:
    return OnGround(camera(), camera().ground_places, phases())


def labels(sampled: tuple[Sampled, ...]) -> Iterator[str]:
    for one in sampled:
        for groups in one.groups:
            yield from groups


def test_all_figures_can_be_aggregated_together(everything: OnGround) -> None:
    """The aggregator refuses two places of one measure with the same name."""
    params = AggregateParams("s", "c", (), (), ("lane", "square"), sampled=everything.sampled)
    assert len(params.sampled) > 30
    IntervalAggregator(params)


def test_names_of_figures_come_apart_again(everything: OnGround) -> None:
    for one in everything.sampled:
        for statistic in one.statistics:
            assert split_name(f"{one.measure}_{statistic}") == (one.measure, statistic)


@pytest.mark.parametrize("language", ["en", "de"])
def test_there_are_words_for_everything(everything: OnGround, language: str) -> None:
    text = TEXTS[language]
    for one in everything.sampled:
        assert f"measure_{one.measure}" in text
        assert all(f"stat_{statistic}" in text for statistic in one.statistics), one.measure
    for label in set(labels(everything.sampled)) - OWN_NAMES - set(DENSITY_BINS) - set("ABCDEF"):
        assert f"group_{label}" in text or label.endswith("/m²"), label


def test_each_measure_has_its_place_in_the_report(everything: OnGround) -> None:
    in_topics = {name for names in TOPICS.values() for name in names}
    assert {one.measure for one in everything.sampled} <= in_topics


def test_units_are_those_of_the_field(everything: OnGround) -> None:
    units = {one.measure: one.unit for one in everything.sampled}
    assert units["speed"] == units["section_speed"] == "m/s"
    assert units["headway"] == units["dwell"] == units["ttc"] == "s"
    assert units["queue_length"] == "m"
    assert units["saturation_flow"] == "road users/h"
    assert units["density"] == "persons/m²"


def test_what_is_counted_is_named(everything: OnGround) -> None:
    counted = {one.measure: one.counted for one in everything.sampled if "count" in one.statistics}
    assert counted == {
        "saturation_flow": "queues",
        "alarm_change": "changes",
        "ttc": "near misses",
        "pet": "near misses",
        "drac": "near misses",
        "signal": "road users",
        "red": "road users",
        "phase": "phases",
    }


def test_nobody_there_tells_nothing_about_anybody(everything: OnGround) -> None:
    """A density of 0 and a queue of 0 m are facts about a place; speeds, shares and times need somebody."""
    told = set()
    for second in range(30):
        moment = everything.step(tracks_m(second, np.zeros((0, 2))), phases())
        told |= {sampled.measure for sampled, _ in moment.samples}
    told |= {sampled.measure for sampled, _ in everything.finish()[-1]}
    of_places = {"queue_length", "queue_count", "density", "density_voronoi", "los", "alarm", "alarm_change"}
    assert told <= of_places | {"density_rise", "signal_time", "specific_flow", "phase", "green_use"}
    assert {"queue_length", "density", "alarm"} <= told


def test_a_site_without_such_tables_has_no_such_figures() -> None:
    plain = '[site]\nname = "s"\n[[camera]]\nname = "c"\n'
    found = {one.measure for one in OnGround(camera(plain), camera(plain).ground_places, {}).sampled if one.places}
    assert found == {"speed", "ttc", "pet", "drac"}
