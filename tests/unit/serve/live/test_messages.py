"""What Home Assistant reads from the messages."""

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from flaneur.data.kinds import LABELS
from flaneur.data.released import Measurement
from flaneur.data.series import series_of
from flaneur.serve.live import messages
from flaneur.serve.live.board import SiteFacts
from support.figures import MONDAY_7H_NS, figure

SITE = SiteFacts("Marktplatz", ("north",), "0.1", "nanodet")
PLACES = (figure(MONDAY_7H_NS), figure(MONDAY_7H_NS, place="gate"))
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


def shown(about: Measurement, *told: Measurement) -> Any:
    """What the template that is announced for a figure makes of the message about `told`."""
    _, found = messages.discovery(SITE, "flaneur", "homeassistant", "north", {series_of(about): about})
    component = json.loads(found.payload)["components"][series_of(about).id]
    (message,) = messages.intervals(SITE, "flaneur", told)
    assert component["state_topic"] == message.topic
    template = Environment().from_string(component["value_template"])
    return template.render(value_json=json.loads(message.payload))


def kept(*told: Measurement) -> dict[str, str]:
    """What a broker keeps of figures and of what is announced of them: topic -> payload."""
    known = {series_of(one): one for one in told}
    announced = messages.discovery(SITE, "flaneur", "homeassistant", "north", known)
    return {one.topic: one.payload for one in (*messages.intervals(SITE, "flaneur", told), *announced)}


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
    retained = kept(*PLACES)
    for message in messages.farewell(SITE, "flaneur", "homeassistant", "north", map(series_of, PLACES)):
        assert not message.payload
        retained.pop(message.topic, None)
    assert not retained


def test_a_place_can_be_taken_back_alone() -> None:
    bridge, gate = PLACES
    retained = kept(bridge, gate)
    for message in messages.withdrawal(SITE, "flaneur", "homeassistant", [series_of(gate)]):
        assert not message.payload
        del retained[message.topic]
    assert retained == kept(bridge)


def test_however_many_places_there_are_no_broker_finds_a_message_too_long() -> None:
    kinds = [label for label in LABELS if label != "all"][:6]
    figures = [
        figure(MONDAY_7H_NS, place=f"line {n}", direction=way, kind=kind)
        for n, way, kind in product(range(50), ("to right", "to left"), kinds)
    ]
    assert max(len(payload.encode()) for payload in kept(*figures).values()) < 10_000
