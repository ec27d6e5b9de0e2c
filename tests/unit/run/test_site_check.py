from pathlib import Path

import pytest

from flaneur.config.load import ConfigError
from flaneur.run.site_check import check_site

SITE = """
[site]
name = "s"
[[camera]]
name = "north"
[camera.ground]
picture = [[0.1, 0.9], [0.9, 0.9], [0.7, 0.45], [0.3, 0.45]]
metres = [[0, 0], [12, 0], [14, 25], [-2, 25]]
[[camera.line]]
name = "stop"
points = [[0.1, 0.7], [0.9, 0.7]]
[[camera.signal]]
name = "K1"
stop_line = "stop"
direction = "to right"
file = "phases.csv"
"""
DATED = "time,group,state\n2026-05-04T08:00:00+02:00,K1,red\n"
BY_SECONDS = "time_s,group,state\n0,K1,red\n"


def written(folder: Path, text: str = SITE, phases: str | None = DATED) -> Path:
    if phases is not None:
        (folder / "phases.csv").write_text(phases)
    (folder / "site.toml").write_text(text)
    return folder / "site.toml"


@pytest.mark.parametrize("phases", [DATED, BY_SECONDS])
@pytest.mark.parametrize("start", ["", "start = 2026-05-04T08:00:00\n"])
def test_what_a_run_would_take_is_good(tmp_path: Path, phases: str, start: str) -> None:
    path = written(tmp_path, SITE.replace('name = "north"\n', f'name = "north"\n{start}'), phases)
    assert check_site(path).camera[0].name == "north"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[0.7, 0.45], [0.3, 0.45]]", "[0.5, 0.9], [0.3, 0.9]]", "'north': all points lie on one line"),
        ("[0.9, 0.9], [0.7, 0.45]", "[0.7, 0.45], [0.9, 0.9]", "the order of the points does not fit"),
        ("[[0.1, 0.7], [0.9, 0.7]]", "[[0.1, 0.7], [0.9, 0.02]]", "'stop' touches the horizon"),
        ('file = "phases.csv"', 'file = "none.csv"', "none.csv: No such file"),
        ("metres = [[0, 0], [12, 0], [14, 25], [-2, 25]]", "", "camera\\[1\\].ground: 4 points in `picture` but 0"),
    ],
)
def test_what_a_run_would_refuse_is_not(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in SITE
    with pytest.raises(ConfigError, match=sentence):
        check_site(written(tmp_path, SITE.replace(old, new)))


def test_the_camera_file_must_be_there(tmp_path: Path) -> None:
    begin, end = SITE.index("picture"), SITE.index("[[camera.line]]")
    with pytest.raises(ConfigError, match=r"site.toml: camera 'north': .*none.xml: the camera file cannot be read"):
        check_site(written(tmp_path, SITE[:begin] + 'file = "none.xml"\n' + SITE[end:]))
