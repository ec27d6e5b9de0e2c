import pytest

from flaneur.cli.export import listed
from flaneur.data.language import Language

FIGURES = {
    ("crossings", "pedestrian"),
    ("passages", "pedestrian"),
    ("passages", "two-wheeler"),
    ("flow", "pedestrian"),
    ("occupancy_peak", "car"),
    ("occupancy_peak", "pedestrian"),
    ("speed_mean", "all"),
    ("speed_median", "all"),
    ("speed_max", "car"),
    ("ttc_count", "car × pedestrian"),
    ("ttc_share", "car × pedestrian"),
    ("noise_level", "all"),
}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "pedestrians: Crossings of lines, Passed on a flow",
                "pedestrians, two-wheelers: Entries and exits of zones and of the picture",
                "all kinds together: Speed",
                "every kind: noise level, Most present at once, Speed · Highest, Time to collision (TTC)",
            ],
        ),
        (
            "de",
            [
                "Fußgänger: Überquerungen von Linien, Auf einem Strom gezählt",
                "Fußgänger, Zweiräder: Ein- und Austritte von Zonen und des Bildes",
                "alle Arten zusammen: Geschwindigkeit",
                "jede Art: noise level, Höchstens zugleich anwesend, Geschwindigkeit · Höchster Wert, "
                "Zeit bis zum Zusammenstoß (TTC)",
            ],
        ),
    ],
)
def test_what_is_left_out_is_told_in_a_few_lines(language: Language, said: list[str]) -> None:
    assert list(listed(FIGURES, language)) == said
