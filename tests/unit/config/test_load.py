from pathlib import Path

import pytest

from flaneur.config.load import ConfigError, load_site, parse_site

GOOD = """
[site]
name = "Marktplatz"
timezone = "Europe/Berlin"
interval_s = 300

[[camera]]
name = "north"
start = 2026-03-29T01:30:00
masks = [[[0.0, 0.0], [0.2, 0.0], [0.2, 0.1]]]

[[camera.line]]
name = "crosswalk"
points = [[0.2, 0.7], [0.8, 0.7]]
to_right = "southbound"

[[camera.zone]]
name = "plaza"
polygon = [[0.1, 0.9], [0.9, 0.9], [0.7, 0.4], [0.3, 0.4]]

[[camera.flow]]
origin = "crosswalk"
destination = "plaza"

[camera.ground]
picture = [[0.2, 0.8], [0.8, 0.8], [0.6, 0.4], [0.3, 0.4]]
metres = [[0, 0], [8.0, 0], [8.0, 15.0], [0, 15.0]]

[[camera.queue]]
name = "north lane"
stop_line = "crosswalk"
lane = "plaza"
signal = "K1"

[[camera.signal]]
name = "K1"
stop_line = "crosswalk"
direction = "southbound"
file = "phases.csv"

[detector]
rate_per_s = 2.5
"""


def fault(text: str) -> str:
    with pytest.raises(ConfigError) as error:
        parse_site(text, "site.toml")
    return str(error.value)


def test_a_whole_site_file() -> None:
    site = parse_site(GOOD, "site.toml")
    camera = site.camera[0]
    places = camera.places
    assert site.site.interval_s == 300
    assert places.lines[0].points_xy.tolist() == [[0.2, 0.7], [0.8, 0.7]]
    assert camera.line[0].to_right == "southbound"
    assert camera.line[0].to_left == "to left"
    assert places.zones[0].polygon_xy.shape == (4, 2)
    assert places.flows[0].name == "crosswalk → plaza"
    assert site.detector.rate_per_s == 2.5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("timezone", "timezon", "site.timezon: unknown key; did you mean 'timezone'?"),
        ("rate_per_s", "rate", "detector.rate: unknown key; did you mean 'rate_per_s'?"),
        ("polygon =", "colour =", "camera[1].zone[1].colour: unknown key; known here: crowd, metres, name, polygon"),
        ("[[camera.flow]]", "[[camera.flows]]", "camera[1].flows: unknown key; did you mean 'flow'?"),
        ("Europe/Berlin", "Europe/Bärlin", "site.timezone: 'Europe/Bärlin' is no IANA time zone"),
        ("interval_s = 300", "interval_s = 30", "site.interval_s: 30 is too small; 60 is the least"),
        ("interval_s = 300", "interval_s = 70", "site.interval_s: 70 s do not divide a day evenly"),
        ("[0.8, 0.7]]", "[0.2, 0.7]]", "camera[1].line[1].points: points 1 and 2 are the same"),
        ("[0.8, 0.7]]", "[320, 0.7]]", "camera[1].line[1].points[2][1]: 320 is too large: positions are shares"),
        ("[0.8, 0.7]]", "[nan, 0.7]]", "camera[1].line[1].points[2][1]: nan is no finite number"),
        ('lane = "plaza"', 'lane = "plazza"', "queue 'north lane': there is no zone 'plazza'; did you mean 'plaza'?"),
        ('signal = "K1"', 'signal = "K2"', "queue 'north lane': there is no signal 'K2'"),
        ('direction = "southbound"', 'direction = "south"', "signal 'K1': line 'crosswalk' has no direction 'south'"),
        ('file = "phases.csv"', "", "signal 'K1': give either a `file` of phases or its `lamps`"),
        ('file = "phases.csv"', 'file = "a.csv"\nkinds = ["kar"]', "camera[1].signal[1].kinds: unknown kind 'kar'"),
        ("[8.0, 0], ", "", "camera[1].ground: 4 points in `picture` but 3 in `metres`"),
        ("metres = [[0", "from_sizes = true\nmetres = [[0", "camera[1].ground: give either the points"),
        ("points = [[0.2", "metres = [[20.2", "camera[1]: some lines and zones are given in metres and some in"),
        ("[0.9, 0.9], [0.7, 0.4]", "[0.7, 0.4], [0.9, 0.9]", "the polygon touches or crosses itself at [0."),
        ("[0.2, 0.1]]]", "[0.1, 0.0]]]", "camera[1].masks: the polygon has no area"),
        ('name = "plaza"', 'name = "crosswalk"', "camera[1]: two places are called 'crosswalk'"),
        ('destination = "plaza"', 'destination = "plazza"', "there is no line or zone 'plazza'"),
        ('destination = "plaza"', 'destination = "crosswalk"', "begins and ends at the same place"),
        ('to_right = "southbound"', 'to_right = "to left"', "to_right and to_left are both called 'to left'"),
        ('name = "Marktplatz"\n', "", "site.name: is missing"),
        ('name = "plaza"', 'name = "edge left"', "'edge left' is what Flaneur calls a place of its own"),
        ("rate_per_s = 2.5", "rate_per_s = 0.5", "detector.rate_per_s: 0.5 is too small; 2 is the least"),
        ("rate_per_s = 2.5", 'rate_per_s = "fast"', "detector.rate_per_s: 'fast' is no number"),
        ("interval_s = 300", "interval_s = 300.5", "site.interval_s: 300.5 is no whole number"),
        ('name = "plaza"', "name = 3", "camera[1].zone[1].name: 3 must be text in quotation marks"),
        ('name = "plaza"', 'name = ""', "camera[1].zone[1].name: must not be empty"),
        ("[0.2, 0.7], ", "", "camera[1].line[1].points: has 1 where 2 are the least"),
        ("start = 2026-03-29T01:30:00", "realtime = 3", "camera[1].realtime: 3 must be true or false"),
        ("start = 2026-03-29T01:30:00", 'transport = "sctp"', "camera[1].transport: 'sctp' is not 'tcp' or 'udp'"),
        ("points = [[0.2, 0.7], [0.8, 0.7]]", "points = 0.2", "line[1].points: 0.2 must be a list in square brackets"),
        ("[site]", "keep = 3\n[site]", "site.toml: keep: 3 must be a table"),
        (
            ", [0.6, 0.4], [0.3, 0.4]]\nmetres = [[0, 0], [8.0, 0], [8.0, 15.0], [0, 15.0]]",
            "]\nmetres = [[0, 0], [8.0, 0]]",
            "camera[1].ground: 2 points do not tell how the picture lies",
        ),
        ("[site]", "[site", "is not valid TOML"),
    ],
)
def test_each_fault_is_one_sentence_with_its_place(old: str, new: str, message: str) -> None:
    assert old in GOOD
    said = fault(GOOD.replace(old, new, 1))
    assert message in said
    assert said.startswith("site.toml: ")


def test_all_faults_are_told_at_once() -> None:
    said = fault(GOOD.replace("timezone", "timezon").replace("rate_per_s", "rate")).splitlines()
    assert len(said) == 2


def test_two_cameras_of_one_name() -> None:
    assert "two cameras are called 'north'" in fault(GOOD + '\n[[camera]]\nname = "north"\n')


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file; `flaneur site init VIDEO`"):
        load_site(tmp_path / "site.toml")
    with pytest.raises(ConfigError, match="is a folder"):
        load_site(tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not text in UTF-8"):
        load_site(tmp_path / "binary.toml")
    with (tmp_path / "huge.toml").open("wb") as file:
        file.truncate(5_000_000)
    with pytest.raises(ConfigError, match="surely not a site file"):
        load_site(tmp_path / "huge.toml")


METRIC = """
[site]
name = "Kreuzung"

[[camera]]
name = "simulation"

[[camera.line]]
name = "north"
metres = [[140.0, 170.0], [160.0, 170.0]]

[[camera.zone]]
name = "middle"
metres = [[140.0, 140.0], [160.0, 140.0], [160.0, 160.0], [140.0, 160.0]]
crowd = { alarm_per_m2 = [2.0, 4.0] }
"""


def test_places_in_metres_are_no_places_in_the_picture() -> None:
    camera = parse_site(METRIC, "site.toml").camera[0]
    assert camera.in_metres
    assert not camera.places.lines
    assert camera.ground_places.lines[0].points_m.tolist() == [[140, 170], [160, 170]]
    assert camera.ground_places.zones[0].polygon_m.shape == (4, 2)
    assert "rise" in fault(METRIC.replace("2.0, 4.0", "4.0, 2.0"))
    assert "no ground, masks" in fault(METRIC.replace('"simulation"', '"a"\nmasks = [[[0, 0], [1, 0], [1, 1]]]'))


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 5000])
@pytest.mark.parametrize("key", ["interval_s", "colour"])
def test_a_number_that_python_does_not_spell_out(key: str, number: str) -> None:
    assert fault(f'[site]\nname = "s"\n{key} = {number}\n').startswith("site.toml: ")


@pytest.mark.parametrize(
    ("place", "tables"),
    [
        ("camera[1].source", 'source = "a\\u0000b"\n'),
        ("camera[1].ground.file", '[camera.ground]\nfile = "a\\u0000b"\n'),
        ("watch.secrets", '[watch]\nsecrets = "a\\u0000b"\n'),
        ("watch.folder", '[watch]\nfolder = "a\\u0000b"\n'),
        ("audit.log", '[audit]\nlog = "a\\u0000b"\n'),
    ],
)
def test_no_file_can_be_called_so(place: str, tables: str) -> None:
    assert fault(f'[site]\nname = "s"\n[[camera]]\nname = "c"\n{tables}') == (
        f"site.toml: {place}: must not hold the character \\u0000"
    )
