"""The document that other SensorThings services take."""

import json
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.series import series_of
from flaneur.serve.live.board import SiteFacts
from flaneur.serve.live.sensorthings import document, observation
from flaneur.serve.live.sensorthings_service import MOST, Query, Refused
from support.figures import MONDAY_7H_NS, Scene, figure

SITE = SiteFacts("Marktplatz", (), "0.1", "nanodet", (52.5, 13.4))


def test_nothing_is_an_empty_list() -> None:
    assert json.loads("".join(document(SITE, []))) == []


def test_every_figure_is_in_it_once_and_whole() -> None:
    figures = [
        *Scene(lines=("crosswalk",), start_ns=MONDAY_7H_NS, minutes=4, covered=((1, 0.0), (2, 0.5))).measurements(),
        figure(MONDAY_7H_NS, camera="south"),
    ]
    things = json.loads("".join(document(SITE, sorted(figures, key=lambda one: (series_of(one), one.start_ns)))))
    assert [thing["properties"]["camera"] for thing in things] == ["north", "south"]
    assert things[0]["Locations"][0]["location"] == {"type": "Point", "coordinates": [13.4, 52.5]}
    streams = list(chain.from_iterable(thing["Datastreams"] for thing in things))
    assert len(streams) == len({series_of(one) for one in figures})
    for stream in streams:
        assert stream["unitOfMeasurement"].keys() == {"name", "symbol", "definition"}
        assert stream["ObservedProperty"]["name"] == stream["properties"]["measure"]
        times = [one["phenomenonTime"] for one in stream["Observations"]]
        assert times == sorted(set(times))
    told = [one for stream in streams for one in stream["Observations"]]
    assert len(told) == len(figures)
    unseen = [one for one in told if one["resultQuality"]["coverage"] == 0.0]
    assert unseen
    assert all(one["result"] is None for one in unseen)


def test_a_figure_carries_all_that_is_known_of_it() -> None:
    one = observation(figure(MONDAY_7H_NS, 8.0, measure="speed_mean", unit="m/s", low=7.0, high=9.0, sample_size=3))
    assert one["phenomenonTime"] == "2026-06-01T05:00:00Z/2026-06-01T05:01:00Z"
    assert one["resultQuality"] == {
        "coverage": 1.0,
        "framesSeen": 600,
        "framesDropped": 0,
        "low": 7.0,
        "high": 9.0,
        "sampleSize": 3,
    }


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.booleans(), st.booleans(), st.none() | st.integers(-1, 10**18))
def test_the_address_of_the_next_page_asks_for_it(
    top: int, skip: int, count: bool, newest_first: bool, beyond_ns: int | None
) -> None:
    asked = Query(min(top, MOST), 0, count, newest_first)
    options = asked.address("Things", skip=skip, beyond_ns=beyond_ns).partition("?")[2].replace("%20", " ")
    found = Query.of(dict(option.split("=", 1) for option in options.split("&")))
    assert found == Query(asked.top, skip, count, newest_first, beyond_ns)


@pytest.mark.parametrize("name", ["$filter", "$expand", "$select", "$search", "top"])
def test_options_that_are_not_served_are_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        Query.of({name: "1"})
    assert refused.value.status == 501
