import itertools
import re
from dataclasses import replace

import pytest

from flaneur.data.released import CameraHealth, Distribution, Estimate, Measurement
from flaneur.data.statistics import STATISTICS
from flaneur.data.time import MINUTE_NS
from flaneur.measure.conflicts import ConflictParams
from flaneur.serve.bins import bins_for, put_together
from flaneur.serve.curves import curve_chart
from flaneur.serve.formats import Words
from flaneur.serve.headlines import headlines
from flaneur.serve.measured import (
    OTHERS,
    TOPICS,
    colour,
    group_rows,
    heading,
    tables,
    topics,
    value_columns,
    value_rows,
)
from flaneur.serve.report import Metres, render_report
from flaneur.serve.tables import raw_table
from flaneur.serve.texts import OF_TRAJECTORIES, TEXTS
from support.figures import MONDAY_7H_NS, facts, figure
from support.metres import GROUND, ROUGH, Measured, measured
from support.page import Page

ENGLISH = Words("en")


@pytest.fixture(scope="module")
def street() -> Measured:
    return measured(12)


def page(street: Measured, language: str = "en", **changes: object) -> Page:
    told = Metres(**({"ground": GROUND, "distributions": street.distributions, "maps": street.maps} | changes))  # type: ignore[arg-type]
    run = facts(end_ns=MONDAY_7H_NS + 12 * MINUTE_NS, observed_s=720.0)
    return Page(render_report(run, street.measurements, metres=told, language=language))  # type: ignore[arg-type]


def speed(
    place: str = "kerb", kind: str = "car", direction: str = "", n: int = 40, value: float = 10.0
) -> Distribution:
    told = Estimate(value, value - 1, value + 1, n)
    return Distribution("speed", place, kind, direction, "m/s", n, (("count", Estimate(float(n))), ("v85", told)))


def test_places_stand_in_the_order_of_the_counts() -> None:
    given = [speed("north"), speed("east"), speed("whole picture"), speed("east", direction="to left")]
    (topic,) = topics(given)
    assert [place.place for place in value_rows(ENGLISH, topic.measures[0])] == ["Whole picture", "east", "north"]


def test_speeds_are_shown_in_kilometres_per_hour() -> None:
    (topic,) = topics([speed(kind="all", n=45), speed(), speed(kind="bus", n=5, value=5.0)])
    (one,) = topic.measures
    assert heading(ENGLISH, one) == "Speed (km/h)"
    assert value_columns(ENGLISH, one) == ["Number", "v85"]
    (place,) = value_rows(ENGLISH, one)
    assert place.rows[1] == ("cars", ["40", "36.0 (32.4–39.6)"])
    assert place.rows[2] == ("buses", ["5", "18.0 (14.4–21.6)"])


def test_a_kind_that_is_all_there_is_stands_alone() -> None:
    (topic,) = topics([speed(kind="all"), speed()])
    (place,) = value_rows(ENGLISH, topic.measures[0])
    assert [name for name, _ in place.rows] == ["cars"]


def test_directions_without_anybody_are_left_out_unless_nobody_came_at_all() -> None:
    empty = replace(speed(kind="all", n=0), estimates=(("v85", Estimate(None, sample_size=0)),))
    (topic,) = topics([replace(speed(), direction="a"), replace(empty, direction="b"), replace(empty, place="gate")])
    places = {place.place: place.rows for place in value_rows(ENGLISH, topic.measures[0])}
    assert [name for name, _ in places["kerb"]] == ["a · cars"]
    assert places["gate"] == [("all kinds", ["0", "–"])]


def test_numbers_stand_by_group(street: Measured) -> None:
    (conflicts,) = [topic for topic in topics(street.distributions) if topic.id == "conflicts"]
    (ttc,) = conflicts.measures
    (place,) = group_rows(ENGLISH, ttc, "count")
    told = {(d.kind, d.direction): dict(d.estimates)["count"].value for d in street.distributions if d.measure == "ttc"}
    rows = dict(place.rows)
    assert rows["all kinds"] == [f"{told['all', group]:.0f}" for group in ("serious", "slight", "uncertain")]
    assert "pedestrians × cars" in rows
    assert all(int(cell) >= 0 for cells in rows.values() for cell in cells)


def test_what_is_not_known_is_told_by_its_name(street: Measured) -> None:
    found = {topic.id: [one.name for one in topic.measures] for topic in topics(street.distributions)}
    assert found[OTHERS] == ["noise_level"]
    assert list(found) == [topic for topic in (*TOPICS, OTHERS) if topic in found]
    assert "noise level (dB)" in page(street).text


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_section_has_its_tables_and_charts(street: Measured, language: str) -> None:
    told = page(street, language)
    text = TEXTS[language]
    for topic in ("speeds", "stays", "queues", "crowd", "conflicts", "signals"):
        assert text[f"topic_{topic}"] in told.texts
    ids = list(told.attributes("id"))
    assert len(ids) == len(set(ids))
    for names in told.attributes("aria-labelledby"):
        assert set(names.split()) <= set(ids)
    for link in told.attributes("href"):
        assert link.removeprefix("#") in ids
    levels = [int(tag[1]) for tag, _ in told.tags if re.fullmatch(r"h\d", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(table.caption for table in told.tables)
    assert "{" not in told.text


def test_charts_have_their_figures_behind_them(street: Measured) -> None:
    table = page(street).table("Length of the queue: Stop line (m)")
    own = [m for m in street.measurements if m.measure == "queue_length_mean"]
    column = table.rows[0].index("Mean")
    assert [row[column] for row in table.rows[1:]] == [ENGLISH.number(m.value, 1) for m in own]
    curve = page(street).table("Stay in a zone: Bus stop. Share above a value (s)")
    (stays,) = [d for d in street.distributions if (d.measure, d.kind) == ("dwell", "pedestrian")]
    assert [row[1] for row in curve.rows[1:]] == [ENGLISH.number(value, 1) for _, value in stays.quantiles]


def test_levels_have_colours_of_their_own() -> None:
    assert [colour(tuple("ABCDEF"), level) for level in "AF"] == ["level-0", "level-5"]
    assert colour(("serious", "slight"), "serious") == "level-5"
    assert colour(("only",), "only") == "level-0"


def test_the_map_shows_cells_and_no_more(street: Measured) -> None:
    cells = [attrs for _, attrs in page(street).tags if attrs.get("class") == "cell"]
    assert len(cells) == sum((street.maps[0].events >= 3).ravel())


def test_how_far_the_ground_can_be_trusted_is_told(street: Measured) -> None:
    good, rough, none = (page(street, ground=one) for one in (GROUND, ROUGH, None))
    assert "0.08 m on average (root mean square), 0.17 m at worst" in good.text
    assert "kerb by the tree" in good.text
    assert "The ground plane is rough" not in good.text
    assert "The ground plane is rough" in rough.text
    assert "flaneur ground" in none.text
    assert "The ground plane" in none.texts


def test_four_points_are_said_to_be_unchecked(street: Measured) -> None:
    four = replace(GROUND, points=4, residual_m=None, worst_m=None, doubtful=())
    assert page(street, ground=four).text.count("The ground plane is unchecked: four points always fit.") == 2
    assert "unchecked" not in page(street).text


@pytest.mark.parametrize("language", ["en", "de"])
def test_trajectories_are_not_called_a_video(street: Measured, language: str) -> None:
    run = facts(end_ns=MONDAY_7H_NS + 12 * MINUTE_NS, width_px=0, height_px=0, detector="", stage_ms_per_frame=())
    told = Metres(distributions=street.distributions, maps=street.maps)
    text = Page(render_report(run, street.measurements, metres=told, language=language)).text  # type: ignore[arg-type]
    text = text.replace(TEXTS[language]["privacy_has_not"], "")
    assert not re.search(r"\b([Vv]ideos?|[Dd]etectors?|[Dd]etektors?|[Bb]ild(er)?|picture|0 × 0)\b", text)
    assert TEXTS[language]["whole scene"] in text


def test_what_is_said_otherwise_of_trajectories_fills_the_same_gaps() -> None:
    for language, texts in OF_TRAJECTORIES.items():
        assert texts.keys() <= TEXTS[language].keys()
        assert texts.keys() == OF_TRAJECTORIES["en"].keys()
        for key, text in texts.items():
            assert set(re.findall(r"{(\w+)}", text)) <= set(re.findall(r"{(\w+)}", TEXTS[language][key])), key


@pytest.mark.parametrize("language", ["en", "de"])
def test_severities_are_explained_with_the_limits_that_are_used(language: str) -> None:
    params, point = ConflictParams(), TEXTS[language]["decimal"]
    for measure, limits in (("ttc", params.ttc_s), ("pet", params.pet_s), ("drac", params.drac_mps2)):
        for limit in limits:
            assert f" {limit:g} ".replace(".", point) in TEXTS[language][f"about_{measure}"]


def test_long_tables_show_all_kinds_first_and_each_kind_behind(street: Measured) -> None:
    rows = [speed(place=f"line {n}", kind=kind, n=40 + (kind == "all")) for n in range(20) for kind in ("all", "car")]
    (topic,) = topics(rows)
    brief, full = tables(ENGLISH, topic.measures[0])
    assert (brief.folded, full.folded) == (False, True)
    assert [len(table.places) for table in (brief, full)] == [20, 20]
    assert brief.second == ""
    assert "all kinds" in brief.caption
    assert all(len(place.rows) == 2 for place in full.places)


def test_speeds_of_people_on_foot_are_in_metres_per_second() -> None:
    (topic,) = topics([speed(kind="all", value=1.4), speed(kind="pedestrian", value=1.4)])
    assert heading(ENGLISH, topic.measures[0]) == "Speed (m/s)"
    assert value_rows(ENGLISH, topic.measures[0])[0].rows == [("pedestrians", ["40", "1.40 (0.40–2.40)"])]


def test_nothing_to_tell_is_a_sentence_and_no_table() -> None:
    few = replace(speed(kind="all", n=2), estimates=(("v85", Estimate(None, sample_size=2)),))
    (topic,) = topics([few])
    assert tables(ENGLISH, topic.measures[0]) == []
    told = Page(render_report(facts(), [figure(MONDAY_7H_NS)], metres=Metres(distributions=(few,))))
    assert "Fewer than three at every place" in told.text


def test_alarm_levels_are_told_with_their_thresholds() -> None:
    assert ENGLISH.group("level 2 from 3.5/m²") == "level 2 (from 3.5/m²)"
    assert Words("de").group("level 2 from 3.5/m²") == "Stufe 2 (ab 3,5/m²)"
    assert Words("de").group("0–0.5/m²") == "0–0,5/m²"


def test_headlines_tell_the_worst_of_each_topic(street: Measured) -> None:
    tiles = {tile.label: tile for tile in headlines(ENGLISH, topics(street.distributions))}
    v85s = [dict(d.estimates)["v85"] for d in street.distributions if d.measure == "speed" and d.kind != "all"]
    banded = [v85.value * 3.6 for v85 in v85s if v85.value is not None and v85.low is not None]
    assert tiles["Highest v85"].value == f"{max(banded):.1f} km/h"
    assert tiles["Longest queue"].value.endswith(" m")
    red = [
        dict(d.estimates)["count"].value or 0.0
        for d in street.distributions
        if (d.measure, d.direction, d.kind) == ("signal", "red", "all")
    ]
    assert tiles["Crossings in red"].value == f"{sum(red):.0f}"
    assert headlines(ENGLISH, ()) == []


def test_without_measures_in_metres_there_are_no_sections_of_them() -> None:
    told = Page(render_report(facts(), [figure(MONDAY_7H_NS)]))
    assert not {f"#{topic}" for topic in (*TOPICS, OTHERS)} & set(told.attributes("href"))
    assert "This camera has no ground plane" in told.text


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_statistic_and_measure_has_a_name(language: str) -> None:
    for key in [f"stat_{name}" for name in STATISTICS] + [f"measure_{name}" for of in TOPICS.values() for name in of]:
        assert key in TEXTS[language], key


HEALTH = (
    CameraHealth(MONDAY_7H_NS + MINUTE_NS, MONDAY_7H_NS + 3 * MINUTE_NS, ("covered", "dark")),
    CameraHealth(MONDAY_7H_NS + 6 * MINUTE_NS, MONDAY_7H_NS + 7 * MINUTE_NS, ("covered",)),
)


def test_bad_health_of_the_camera_is_drawn_and_listed(street: Measured) -> None:
    run = facts(end_ns=MONDAY_7H_NS + 12 * MINUTE_NS)
    told = Page(render_report(run, street.measurements, health=HEALTH))
    assert "covered: 3 min" in told.text
    assert "dark: 2 min" in told.text
    table = told.table("Health of the camera")
    assert [row[1:] for row in table.rows[1:]] == [["covered and dark", "2 min"], ["covered", "1 min"]]
    paths = [attrs["d"] for _, attrs in told.tags if attrs.get("class") == "fault"]
    assert [str(path).count("M") for path in paths] == [2, 1]
    assert "Health of the camera" not in Page(render_report(run, street.measurements)).text


def test_a_stretch_of_bad_health_has_a_length_and_a_reason() -> None:
    with pytest.raises(ValueError, match="a length and a reason"):
        CameraHealth(5, 5, ("dark",))
    with pytest.raises(ValueError, match="a length and a reason"):
        CameraHealth(5, 6, ())


def test_what_is_told_by_group_has_no_chart_of_values(street: Measured) -> None:
    both = [d for d in street.distributions if d.measure == "speed"]
    told = page(street, distributions=tuple(both))
    assert sum("chart" in table.caption or "v85" in table.rows[0] for table in told.tables) >= 3
    grouped = tuple(replace(d, estimates=(("count", Estimate(1.0)), *d.estimates)) for d in both)
    counted = page(street, distributions=grouped)
    assert not [table for table in counted.tables if table.caption.startswith("Speed: Main Street · north")]


def test_shares_as_values_are_shown_in_per_cent() -> None:
    use = replace(speed(), measure="green_use", unit="share", estimates=(("mean", Estimate(0.625, sample_size=9)),))
    (topic,) = topics([use])
    assert heading(ENGLISH, topic.measures[0]) == "Use of green (%)"
    assert value_rows(ENGLISH, topic.measures[0])[0].rows == [("cars", ["40", "62.5"])]


def test_a_curve_rises_or_falls_and_holds_negative_values() -> None:
    points = [(0.25, -2.0), (0.5, 0.0), (0.75, 3.0)]
    rising, falling = (curve_chart({"car": points}, str, falling=falling) for falling in (False, True))

    def heights(path: str) -> list[float]:
        return [float(point.split()[1]) for point in path.strip("M").split("L")]

    assert heights(rising.curves[0].path) == sorted(heights(rising.curves[0].path), reverse=True)
    assert heights(falling.curves[0].path) == sorted(heights(falling.curves[0].path))
    assert rising.x_ticks[0].label == "-2.0"
    assert float(rising.x_ticks[-1].label) >= 3.0
    assert [tick.label for tick in rising.y_ticks] == ["0 %", "25 %", "50 %", "75 %", "100 %"]
    assert curve_chart({"car": [(0.5, 0.0)]}, str, falling=False).x_ticks[-1].label == "1.0"


def statistic(start_ns: int, value: float | None, n: int, name: str) -> Measurement:
    return figure(start_ns, value, measure=f"speed_{name}", kind="all", unit="m/s", coverage=1.0, sample_size=n)


def test_bars_of_several_intervals_weigh_by_the_number_of_road_users() -> None:
    rows = [statistic(n * MINUTE_NS, 10.0, 3, name) for n in range(100) for name in ("v85", "max", "count")]
    rows[:3] = [statistic(0, 30.0, 9, name) for name in ("v85", "max", "count")]
    rows[6:8] = [statistic(2 * MINUTE_NS, None, 1, name) for name in ("v85", "max")]
    table = raw_table(rows)
    series = put_together(table, bins_for(table)).series
    assert series["speed_v85", "crosswalk", "to right", "all"][:2] == (25.0, 10.0)
    assert series["speed_max", "crosswalk", "to right", "all"][0] == 30.0
    assert series["speed_count", "crosswalk", "to right", "all"][0] == 40.0


def test_bands_are_written_after_their_value() -> None:
    assert ENGLISH.estimate(Estimate(12.34, 11.0, 13.0, 9), 1.0, 1) == "12.3 (11.0–13.0)"
    assert ENGLISH.estimate(Estimate(-1.0, -2.0, 0.5, 9), 1.0, 2) == "−1.00 (−2.00 to 0.50)"
    assert ENGLISH.estimate(Estimate(10.0, 9.5, 10.5, 9), 3.6, 0) == "36 (34–38)"
    assert ENGLISH.estimate(Estimate(1.0, 0.999, 1.001, 9), 1.0, 1) == "1.0"
    assert ENGLISH.estimate(Estimate(None, sample_size=2), 1.0, 2) == "–"
