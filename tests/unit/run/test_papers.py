"""What the papers take from the site file."""

from datetime import date
from pathlib import Path

from flaneur.detect.models import catalogue
from flaneur.run.papers import Wanted, write_papers

SITE = """
[site]
name = "s"
interval_s = 900
[[camera]]
name = "c"
masks = [[[0.0, 0.0], [0.1, 0.0], [0.1, 0.1]]]
[camera.ground]
from_sizes = true
[[camera.line]]
name = "stop line"
points = [[0.0, 0.5], [1.0, 0.5]]
[[camera.zone]]
name = "lane"
polygon = [[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]
crowd = {}
[[camera.flow]]
origin = "stop line"
destination = "lane"
[[camera.queue]]
name = "left turn"
stop_line = "stop line"
lane = "lane"
[serve]
viewers = ["control room"]
[mqtt]
host = "broker.example"
[[webhook]]
name = "alarms"
url = "https://user:hunter2@hooks.example/token?key=secret"
[papers]
controller = "The town"
address = "1 Main Street"
contact = "town@example.org"
public_url = "https://example.org/figures"
article_6_1 = "f"
recordings_hours = 0
[papers.en]
purposes = ["planning"]
legitimate_interest = "to plan with figures"
"""


def test_the_kinds_are_those_of_the_model(tmp_path: Path) -> None:
    model = catalogue()[0].path
    table = f'[detector]\nmodel = "{model}"\nlayout = "nanodet"\nclasses = {{ 0 = "pedestrian", 2 = "car" }}\n'
    (tmp_path / "site.toml").write_text(SITE + table)
    written = write_papers(tmp_path / "site.toml", tmp_path / "out", Wanted(), date(2026, 11, 22))
    text = "".join(path.read_text() for path in written if path.suffix == ".html")
    assert "tells apart only: pedestrians and cars." in text
    assert "(pedestrians and cars), in memory" in text
    assert "lorries" not in text


def test_every_table_of_the_site_file_is_in_the_papers_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    written = write_papers(tmp_path / "site.toml", tmp_path / "out", Wanted(), date(2026, 11, 22))
    text = "".join(path.read_text() for path in written if path.suffix == ".html")
    for said in (
        "Crossings of “stop line”",
        "How densely people stand or walk: “lane”",
        "How many take this way: “stop line → lane”",
        "How long the queue is: “left turn”",
        "near misses",
        "One part of the picture is painted over",
        "15 minutes or more",
        "Programs on the same machine (HTTP 127.0.0.1:8470)",
        "MQTT broker broker.example:1883: exact figures",
        "Webhook hooks.example: alarms",
        "The account “control room” can see a live view",
        "Legitimate interest",
        "to plan with figures",
        "Pictures of people are not recorded.",
        "No figures of this site are published.",
        "nanodet",
    ):
        assert said in text, said
    assert "hunter2" not in text
    assert "secret" not in text
