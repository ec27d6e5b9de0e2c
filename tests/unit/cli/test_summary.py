import dataclasses
import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from flaneur.cli.summary import as_json, coverage_line, show_summary, totals
from flaneur.cli.texts import clock
from flaneur.data.language import Language
from flaneur.data.notes import Note
from flaneur.data.released import Measurement, RunFacts
from flaneur.data.time import MINUTE_NS
from flaneur.run.measure_file import Outcome
from support.metres import measured

FACTS = RunFacts(
    source="v.mp4", site="s", camera="c", timezone="UTC", dated=False, start_ns=0, end_ns=2 * MINUTE_NS, width_px=64,
    height_px=48, frames_seen=1200, frames_dropped=3, observed_s=90.0, complete=True, detector="d",
    detector_licence="l",
    detector_sha256="0" * 64, detections_per_s=5.0, kinds=("pedestrian", "car"), software="flaneur", wall_s=30.0,
    stage_ms_per_frame=(("decode", 0.5),), notes=(Note("ended_early", (2.5, 1062)),),
)  # fmt: skip


def figure(
    measure: str, value: float | None, *, minute: int = 0, kind: str = "car", coverage: float = 1.0
) -> Measurement:
    coverage = 0.0 if value is None else coverage
    start_ns = minute * MINUTE_NS
    return Measurement(
        "s", "c", measure, "p [x]", kind, "to right", start_ns, start_ns + MINUTE_NS, value, "u", coverage, 9, 0
    )


def test_counts_are_added_up() -> None:
    figures = totals([figure("crossings", 2.0), figure("crossings", 3.0, minute=1)])
    assert figures == {("crossings", "p [x]", "to right"): {"car": 5.0}}


def test_occupancy_is_weighted_with_what_was_observed() -> None:
    figures = totals([figure("occupancy", 4.0), figure("occupancy", 1.0, minute=1, coverage=0.5)])
    assert figures["occupancy", "p [x]", "to right"]["car"] == pytest.approx(3.0)


def test_the_peak_is_the_highest() -> None:
    figures = totals([figure("occupancy_peak", 4.0), figure("occupancy_peak", 1.0, minute=1)])
    assert figures["occupancy_peak", "p [x]", "to right"]["car"] == 4.0


def test_what_was_never_observed_is_missing_not_0() -> None:
    assert totals([figure("crossings", None)]) == {}


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3723, "1:02:03")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("language", "noted"),
    [
        ("en", ("Note: The pictures end 2.50 s before", "counted as dropped: 1,062")),
        ("de", ("Hinweis: Die Bilder enden 2,50 s vor", "als verloren gezählt: 1.062")),
    ],
)
def test_the_tables_show_names_as_they_are_and_notes_in_the_language(language: str, noted: tuple[str, ...]) -> None:
    out = io.StringIO()
    figures = [figure("crossings", 2.0), figure("crossings", 0.0, kind="pedestrian"), figure("occupancy", 0.5)]
    show_summary(Console(file=out, width=200), FACTS, figures, language)  # type: ignore[arg-type]
    shown = out.getvalue()
    assert "p [x]" in shown
    assert all(text in shown for text in noted)
    assert "75.0 %" in shown or "75,0 %" in shown


def test_statistics_of_measures_have_tables_of_their_own() -> None:
    out = io.StringIO()
    street = measured(12)
    show_summary(Console(file=out, width=160), FACTS, street.measurements, "en", street.distributions)
    shown = out.getvalue()
    for title in ("Speed (km/h)", "Length of the queue (m)", "Level of service", "Time to collision"):
        assert title in shown
    (row,) = [line for line in shown.splitlines() if "north · cars" in line]
    (cars,) = [
        d
        for d in street.distributions
        if (d.measure, d.place, d.direction, d.kind) == ("speed", "Main Street", "north", "car")
    ]
    mean, v85 = (dict(cars.estimates)[name].value for name in ("mean", "v85"))
    assert mean is not None
    assert v85 is not None
    assert f"{mean * 3.6:.1f} (" in row
    assert row.rstrip().endswith(f"{v85 * 3.6:.1f}")
    assert totals(street.measurements).keys() == {
        key for key in totals(street.measurements) if key[0].startswith("occupancy")
    }


@pytest.mark.parametrize(
    ("language", "titles"),
    [
        ("en", ("Stay in a zone (s)", "Speed (km/h)   Direction and kind ", "Density by Voronoi cells (1/m²) ")),
        ("de", ("Aufenthalt in einer Zone (s)", "Geschwindigkeit (km/h)", "Dichte nach Voronoi-Zellen (1/m²) ")),
    ],
)
def test_titles_and_figures_are_not_broken_in_a_narrow_terminal(language: Language, titles: tuple[str, ...]) -> None:
    out = io.StringIO()
    show_summary(Console(file=out, width=80), FACTS, (), language, measured(12).distributions)
    lines = out.getvalue().splitlines()
    for title in titles:
        assert any(line.startswith(title) for line in lines), title
    banded = [line for line in lines if re.search(r"\(\S+–\S+\)", line)]
    assert len(banded) > 10
    assert all(re.match(r"  +\S.* \d\S* \(", line) for line in banded), "a band stands beside its figure"


def test_json_holds_the_distributions() -> None:
    street = measured(2)
    said = json.loads(json.dumps(as_json(Outcome(FACTS, street.measurements, street.distributions), Path("out"))))
    assert len(said["distributions"]) == len(street.distributions)
    first = said["distributions"][0]
    assert (first["measure"], first["unit"]) == ("speed", "m/s")
    assert set(first["statistics"]["mean"]) == {"value", "low", "high", "sample_size"}


def test_a_direction_that_nobody_took_is_left_out_unless_nobody_came_at_all() -> None:
    def shown(*figures: Measurement) -> str:
        out = io.StringIO()
        show_summary(Console(file=out, width=100), FACTS, figures, "en")
        return out.getvalue()

    back = dataclasses.replace(figure("crossings", 0.0), direction="back")
    assert "back" not in shown(figure("crossings", 2.0), back)
    assert "back" in shown(figure("crossings", 0.0), back)


def test_counts_of_a_simple_site_fit_on_a_screen() -> None:
    out = io.StringIO()
    street = measured(12)
    figures = [figure("crossings", 2.0), figure("occupancy", 0.5), figure("occupancy_peak", 3.0), *street.measurements]
    show_summary(Console(file=out, width=100), FACTS, figures, "en", street.distributions)
    shown = out.getvalue().splitlines()
    assert len(shown) <= 50
    assert any(line.split() == ["p", "[x]", "·", "to", "right", "0.50", "(3)"] for line in shown)


def shown(*figures: Measurement, **more: bool) -> str:
    out = io.StringIO()
    show_summary(Console(file=out, width=200), FACTS, figures, "en", **more)
    return out.getvalue()


def test_where_nobody_came_there_is_0() -> None:
    rows = [line.split() for line in shown(figure("crossings", 0.0), figure("occupancy", 0.0)).splitlines()]
    assert ["p", "[x]", "·", "to", "right", "0"] in rows
    assert ["p", "[x]", "·", "to", "right", "0.00", "(0)"] in rows


def test_a_camera_without_ground_is_told_how_to_get_one() -> None:
    assert "flaneur ground" in shown(figure("crossings", 1.0), has_metres=False)
    assert "flaneur ground" not in shown(figure("crossings", 1.0))


@pytest.mark.parametrize(("observed_s", "share"), [(120.0, "(100 %)"), (119.9, "(99.9 %)"), (0.01, "(0.1 %)")])
def test_all_is_observed_only_when_nothing_is_missing(observed_s: float, share: str) -> None:
    assert share in coverage_line(dataclasses.replace(FACTS, observed_s=observed_s), "en")


def test_trajectories_have_moments_and_no_frames() -> None:
    trajectories = dataclasses.replace(FACTS, width_px=0, height_px=0)
    assert "1,200 moments, 3 lost" in coverage_line(trajectories, "en")
    assert "1.200 Augenblicke, 3 verloren" in coverage_line(trajectories, "de")


def test_coverage_of_a_video_without_length() -> None:
    assert "—" in coverage_line(dataclasses.replace(FACTS, end_ns=0, observed_s=0.0), "en")


def test_json_holds_the_totals() -> None:
    said = json.loads(json.dumps(as_json(Outcome(FACTS, (figure("crossings", 2.0),)), Path("out"))))
    assert said["figures"] == [
        {"measure": "crossings", "place": "p [x]", "direction": "to right", "kind": "car", "value": 2.0, "unit": "u"}
    ]
    assert said["observed_s"] == 90.0
    (note,) = said["notes"]
    assert (note["key"], note["numbers"]) == ("ended_early", [2.5, 1062])
    assert note["text"].startswith("The pictures end 2.50 s before")
