import re
import tomllib
from string import Template

import pytest

from flaneur.config.load import load_site
from flaneur.config.site import SiteFile
from flaneur.run.site_files import START

OPTION = re.compile(r"^# (?=\[|[a-z_0-9]+ = )", re.MULTILINE)
ALTERNATIVES = ("# from_sizes", "# file =", '# model = "nanodet"')
"""Lines that stand in the place of others beside them."""


@pytest.fixture
def template():
    values = {
        "picture": "site.png",
        "site": "site.toml",
        "name": '"Square"',
        "source": '"v.mp4"',
        "start": "2026-05-04T08:00:00Z",
    }
    return Template(START.read_text("utf-8")).substitute(values)


@pytest.fixture
def opened(template):
    """The template with every option taken."""
    kept = [line for line in template.splitlines() if not line.startswith(ALTERNATIVES)]
    return (
        OPTION.sub("", "\n".join(kept))
        .replace('model = "nanodet"', "")
        .replace('layout = "yolox"', 'model = "my.onnx"\nlayout = "yolox"')
    )


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
    assert tables.keys() >= SiteFile.model_fields.keys() - {"papers"}
