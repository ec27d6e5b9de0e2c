import re
import tomllib
from pathlib import Path
from string import Template
from typing import get_args

import pytest

from flaneur.config.ground import GroundTable, QueueTable
from flaneur.config.load import load_site
from flaneur.config.papers import PapersTable
from flaneur.config.signals import LampsTable, SignalTable
from flaneur.config.site import CameraTable, SiteFile
from flaneur.data.language import Language
from flaneur.run.site_files import TEMPLATES

OPTION = re.compile(r"^# (?=\[|[a-z_0-9]+ = )", re.MULTILINE)
ALTERNATIVES = ("# from_sizes", "# file =", "# group =", '# model = "nanodet"')
"""Lines that stand in the place of others beside them."""
LEFT_OUT = {"transport", "realtime", "file", "from_sizes"}
"""What docs/site-file.md has alone, and alternatives."""


def template_in(language):
    values = {
        "picture": "site.png",
        "site": "site.toml",
        "name": '"Square"',
        "source": '"v.mp4"',
        "start": "2026-05-04T08:00:00Z",
    }
    return Template((TEMPLATES / f"site.{language}.toml").read_text("utf-8")).substitute(values)


def opened_in(language):
    """The template with every option taken."""
    template = template_in(language)
    kept = [line for line in template.splitlines() if not line.startswith(ALTERNATIVES)]
    return (
        OPTION.sub("", "\n".join(kept))
        .replace('model = "nanodet"', "")
        .replace('layout = "yolox"', 'model = "my.onnx"\nlayout = "yolox"')
    )


@pytest.fixture(params=get_args(Language))
def language(request):
    return request.param


@pytest.fixture
def template(language):
    return template_in(language)


@pytest.fixture
def opened(language):
    return opened_in(language)


def loaded(text, tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(text, "utf-8")
    return load_site(path)


def test_as_it_is_it_can_be_used(template, tmp_path):
    assert loaded(template, tmp_path).publish is None


def test_every_option_in_it_can_be_taken(opened, tmp_path):
    site = loaded(opened, tmp_path)
    assert site.publish is not None
    assert site.keep is not None
    assert site.audit is not None
    assert site.webhook


def test_every_table_of_a_site_file_is_in_it(opened):
    tables = tomllib.loads(opened)
    assert tables.keys() >= SiteFile.model_fields.keys()
    (camera,) = tables["camera"]
    for table, model in ((camera, CameraTable), (camera["ground"], GroundTable), (camera["queue"][0], QueueTable)):
        assert table.keys() >= model.model_fields.keys() - LEFT_OUT
    assert camera["signal"][0].keys() >= SignalTable.model_fields.keys() - {"file", "group"}
    assert camera["signal"][0]["lamps"].keys() == LampsTable.model_fields.keys()
    assert tables["papers"].keys() >= {name for name, key in PapersTable.model_fields.items() if key.is_required()}
    assert "secrets" in tables["watch"]


def test_what_stands_in_the_place_of_other_lines_is_in_it_too(template):
    for line in ("# from_sizes = true", '# file = "camera.xml"', '# file = "signals.csv"', '# group = "K1"'):
        assert f"\n{line} " in template


def test_it_says_where_the_rest_is(template):
    assert "docs/site-file.md" in template.split("[site]")[0]
    assert (Path(__file__).parents[3] / "docs/site-file.md").is_file()


@pytest.mark.parametrize("text_in", [template_in, opened_in], ids=["as it is", "every option taken"])
def test_languages_differ_in_comments_only(text_in):
    english, german = (without_comments(text_in(language)) for language in ("en", "de"))
    assert english == german


def without_comments(text):
    """What is left of each line; no value in the templates holds a `#`."""
    return [line for line in (line.partition("#")[0].rstrip() for line in text.splitlines()) if line]
