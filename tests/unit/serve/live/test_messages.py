"""What Home Assistant reads from the messages."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from flaneur.data.released import Measurement
from flaneur.data.series import series_of
from flaneur.serve.live import messages
from flaneur.serve.live.board import SiteFacts
from support.figures import MONDAY_7H_NS, figure

SITE = SiteFacts("Marktplatz", ("north",), "0.1", "nanodet")
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


def shown(about: Measurement, *told: Measurement) -> Any:
    """What the template that is announced for a figure makes of the message about `told`."""
    found = messages.discovery(SITE, "flaneur", "homeassistant", "north", {series_of(about): about})
    component = json.loads(found.payload)["components"][series_of(about).id]
    (message,) = messages.intervals(SITE, "flaneur", told)
    assert component["state_topic"] == message.topic
    template = Environment().from_string(component["value_template"])
    return template.render(value_json=json.loads(message.payload))


def test_a_value_is_shown_as_it_is() -> None:
    assert shown(figure(MONDAY_7H_NS, 4.0), figure(MONDAY_7H_NS, 4.0)) == "4.0"


@pytest.mark.parametrize(
    "told",
    [figure(MONDAY_7H_NS, None), figure(MONDAY_7H_NS, 2.0, kind="car"), figure(MONDAY_7H_NS, 2.0, direction="other")],
    ids=["not observed", "another kind", "another direction"],
)
def test_what_is_missing_is_unknown_and_not_0(told: Measurement) -> None:
    assert shown(figure(MONDAY_7H_NS, 4.0), told) == "None"


@given(WORDS)
def test_any_direction_finds_its_value(direction: str) -> None:
    one = figure(MONDAY_7H_NS, 7.0, direction=direction)
    assert shown(one, one) == "7.0"


def test_bands_and_sample_sizes_travel_with_the_figure() -> None:
    one = figure(MONDAY_7H_NS, 8.0, measure="speed_mean", unit="m/s", low=7.0, high=9.0, sample_size=12)
    (message,) = messages.intervals(SITE, "flaneur", [one])
    told = json.loads(message.payload)["figures"]["to right"]["pedestrian"]
    assert told == {"value": 8.0, "low": 7.0, "high": 9.0, "sample_size": 12}


def test_intervals_are_told_in_the_order_of_time() -> None:
    later, earlier = figure(2 * 60_000_000_000), figure(60_000_000_000)
    starts = [json.loads(m.payload)["start"] for m in messages.intervals(SITE, "flaneur", [later, earlier])]
    assert starts == sorted(starts)


def test_a_goodbye_takes_back_all_that_is_retained_of_a_camera() -> None:
    one = figure(MONDAY_7H_NS)
    known = {series_of(one): one}
    retained = {message.topic for message in messages.intervals(SITE, "flaneur", [one])}
    retained.add(messages.discovery(SITE, "flaneur", "homeassistant", "north", known).topic)
    taken_back = list(messages.farewell(SITE, "flaneur", "homeassistant", "north", known))
    assert retained <= {message.topic for message in taken_back}
    assert {message.payload for message in taken_back} == {""}
