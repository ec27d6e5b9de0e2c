import pytest

from flaneur.cli.export import listed
from flaneur.data.language import Language

FIGURES = {
    ("crossings", "pedestrian"),
    ("crossings", "all"),
    ("occupancy_peak", "car"),
    ("speed_max", "car"),
    ("ttc_count", "car × pedestrian"),
    ("noise_level", "all"),
}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "Crossings of lines: all kinds, pedestrians",
                "noise level: all kinds",
                "Most present at once: cars",
                "Speed · Highest: cars",
                "Time to collision (TTC) · Number: cars × pedestrians",
            ],
        ),
        (
            "de",
            [
                "Überquerungen von Linien: alle Arten, Fußgänger",
                "noise level: alle Arten",
                "Höchstens zugleich anwesend: Pkw",
                "Geschwindigkeit · Höchster Wert: Pkw",
                "Zeit bis zum Zusammenstoß (TTC) · Anzahl: Pkw × Fußgänger",
            ],
        ),
    ],
)
def test_what_is_left_out_is_listed_by_measure(language: Language, said: list[str]) -> None:
    assert list(listed(FIGURES, language)) == said
