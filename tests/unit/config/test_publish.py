import pytest

from flaneur.config.load import ConfigError, parse_site
from flaneur.config.otflow import site_toml
from flaneur.data.kinds import ALL_KINDS, Kind

GOOD = {
    "rho_s": "60",
    "appearances": "2",
    "epsilon_per_day": "1.0",
    "chunk_s": "30",
    "window_s": "3600",
    "max_rows": "10",
}
FIGURES = """
[[publish.figure]]
measure = "crossings"
place = "gate"
kind = "pedestrian"
[[publish.figure]]
measure = "occupancy"
place = "plaza"
range = [0.0, 25.0]
"""
CAMERA = """
[site]
name = "s"
[[camera]]
name = "c"
[[camera.line]]
name = "gate"
points = [[0.1, 0.5], [0.9, 0.5]]
[[camera.zone]]
name = "plaza"
polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
"""


def site(figures: str = FIGURES, **changed: str | None) -> str:
    keys = GOOD | changed
    return CAMERA + "[publish]\n" + "\n".join(f"{k} = {v}" for k, v in keys.items() if v is not None) + figures


def test_a_good_table() -> None:
    table = parse_site(site(), "t").publish
    assert table is not None
    assert (table.rho_s, table.appearances, table.epsilon_per_day, table.chunk_s) == (60, 2, 1.0, 30)
    assert table.figure[0].kind_code == Kind.PEDESTRIAN
    assert table.figure[1].kind_code == ALL_KINDS
    assert table.figure[1].range == (0.0, 25.0)


def test_without_the_table_nothing_is_published() -> None:
    assert parse_site(CAMERA, "t").publish is None


def test_it_survives_being_written() -> None:
    read = parse_site(site(publisher='"Stadt Ulm"', licence='"https://example.org/by"'), "t")
    assert parse_site(site_toml(read), "t") == read


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"epsilon_per_day": "0.0"}, "publish.epsilon_per_day: ε = 0 is out of reach"),
        ({"epsilon_per_day": "-1.0"}, "ε = -1 is out of reach"),
        ({"epsilon_per_day": "inf"}, "publish.epsilon_per_day: .*finite"),
        ({"epsilon_per_day": "nan"}, "publish.epsilon_per_day: .*finite"),
        ({"epsilon_per_day": "50.0"}, "above 10 it protects nobody"),
        ({"epsilon_per_day": "1e-12"}, "out of reach"),
        ({"appearances": "0"}, "0 appearances a day protect nobody"),
        ({"rho_s": "0"}, "publish.rho_s"),
        ({"rho_s": "7200"}, "rho_s = 7200 is longer than the window of 3600 s"),
        ({"chunk_s": "7200"}, "a chunk of 7200 s is longer than the window of 3600 s"),
        ({"chunk_s": "7"}, "do not divide a window"),
        ({"window_s": "3000"}, "do not divide a day"),
        ({"window_s": "30", "chunk_s": "10", "rho_s": "10"}, "publish.window_s"),
        ({"max_rows": None}, "give either max_rows"),
        ({"events_per_track": "1"}, "give either max_rows"),
        ({"max_rows": "0"}, "publish.max_rows"),
        ({"max_rows": None, "events_per_track": "1"}, "occupancy of 'plaza' takes no `range`"),
        ({"rho": "3"}, "unknown key"),
        ({"licence": '"free"'}, "publish.licence"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(changed: dict[str, str | None], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        parse_site(site(**changed), "t")


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ('[[publish.figure]]\nmeasure = "crossings"\nplace = "plaza"\n', r"figure\[1\]: no camera has a line 'plaza'"),
        ('[[publish.figure]]\nmeasure = "passages"\nplace = "gate"\n', "no camera has a zone 'gate'"),
        ('[[publish.figure]]\nmeasure = "speed"\nplace = "gate"\n', "measure"),
        ('[[publish.figure]]\nmeasure = "occupancy"\nplace = "plaza"\n', "needs the `range`"),
        ('[[publish.figure]]\nmeasure = "occupancy"\nplace = "plaza"\nrange = [5, 5]\n', "must rise"),
        ('[[publish.figure]]\nmeasure = "crossings"\nplace = "gate"\nkind = "child"\n', "unknown kind 'child'"),
        ('[[publish.figure]]\nmeasure = "crossings"\nplace = "gate"\n' * 2, "listed twice"),
        ("", "figure: is missing"),
    ],
)
def test_figures_must_be_possible(figures: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        parse_site(site(figures="\n" + figures), "t")
