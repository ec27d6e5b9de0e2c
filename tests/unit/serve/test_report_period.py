"""The report of some days out of a store."""

import re

import pytest

from flaneur.data.language import Language
from flaneur.data.time import MINUTE_NS
from flaneur.serve.report import Metres, render_report
from flaneur.serve.texts import OF_PERIOD, TEXTS
from support.figures import MONDAY_7H_NS, Scene, facts
from support.metres import measured
from support.page import Page

WATCHED = {"source": "rtsp://10.0.0.9/live", "wall_s": 0.0, "stage_ms_per_frame": ()}
SCENE = Scene(("North",), ("Square",), ("turn",), start_ns=MONDAY_7H_NS, minutes=120, covered=((7, 0.0), (8, 0.5)))


def page(language: Language = "en", **changes: object) -> Page:
    street = measured(20)
    told = facts(**{"end_ns": MONDAY_7H_NS + 120 * MINUTE_NS, **WATCHED} | changes)
    figures = [*SCENE.measurements(), *street.measurements]
    metres = Metres(distributions=street.distributions)
    return Page(render_report(told, figures, metres=metres, period=True, language=language))


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_is_said_of_a_video_or_of_one_run(language: Language) -> None:
    text = page(language).text
    assert not re.search(r"\b([Vv]ideos?|the run|whole run|des Laufs|ganzen Lauf)\b", text)
    assert "rtsp://10.0.0.9/live" in text


def test_a_camera_that_never_showed_a_picture_is_one_all_the_same() -> None:
    text = page(width_px=0, height_px=0).text
    assert "Trajectories" not in text
    assert "nanodet" in text


def test_figures_of_trajectories_are_told_as_such() -> None:
    text = page(width_px=0, height_px=0, detector="", source="walk.csv").text
    assert "Trajectories" in text
    assert "Kinds in the file" in text


def test_what_is_said_otherwise_fills_the_same_gaps() -> None:
    for language, texts in OF_PERIOD.items():
        assert texts.keys() <= TEXTS[language].keys()
        assert texts.keys() == OF_PERIOD["en"].keys()
        for key, text in texts.items():
            assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", TEXTS[language][key])), key
