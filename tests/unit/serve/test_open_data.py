import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from flaneur.data.errors import UserError
from flaneur.data.released import PublicFigure
from flaneur.data.time import MINUTE_NS
from flaneur.serve.dcat import CONTEXT, DataSet
from flaneur.serve.open_data import CSV, DCAT, JSON, Guarantee, check_folder, write_open_data

NOON_NS = 1_780_315_200_000_000_000
GUARANTEE = Guarantee(60, 2, 1.0, 30, 10, None, 7, "ab")
DATA_SET = DataSet("Markt", "north", "Stadt Ulm", None, NOON_NS, NOON_NS + MINUTE_NS, 60, NOON_NS, 1.0, 60, 2, False)


def figure(**changed: object) -> PublicFigure:
    values: dict[str, object] = {
        "site": "Markt",
        "camera": "north",
        "measure": "crossings",
        "place": "=cmd()",
        "kind": "pedestrian",
        "direction": "to right",
        "start_ns": NOON_NS,
        "end_ns": NOON_NS + MINUTE_NS,
        "value": 12.0,
        "low": 0.0,
        "high": 40.0,
        "unit": "road users",
        "coverage": 0.5,
        "epsilon": 0.25,
        "noise_scale": 10.0,
    }
    return PublicFigure(**values | changed)  # type: ignore[arg-type]


def test_the_files_hold_the_figures_and_their_guarantee(tmp_path: Path) -> None:
    check_folder(tmp_path, 1)
    write_open_data(tmp_path, [figure()], GUARANTEE, DATA_SET)
    assert {path.name for path in tmp_path.iterdir()} == {CSV, JSON, DCAT}
    (row,) = pl.read_csv(tmp_path / CSV).rows(named=True)
    assert row["place"] == "'=cmd()", "a spreadsheet would run it"
    assert row["start"] == "2026-06-01T12:00:00Z"
    assert (row["value"], row["low"], row["high"], row["epsilon"]) == (12.0, 0.0, 40.0, 0.25)
    document = json.loads((tmp_path / JSON).read_text())
    assert document["figures"][0]["place"] == "=cmd()"
    assert document["guarantee"]["assumption"] == "None about detector or tracker."
    assert document["guarantee"]["ledger_entry"] == 7


def test_the_assumption_of_the_tighter_mode_is_said(tmp_path: Path) -> None:
    trusting = Guarantee(60, 2, 1.0, 30, None, 1, 7, "ab")
    assert "one track in each chunk" in trusting.assumption


def test_the_description_has_what_dcat_ap_asks_for(tmp_path: Path) -> None:
    write_open_data(tmp_path, [figure()], GUARANTEE, DATA_SET)
    described = json.loads((tmp_path / DCAT).read_text())
    prefixes = {key.split(":")[0] for key in keys_of(described) if not key.startswith("@")}
    assert prefixes <= set(CONTEXT), "every term has its vocabulary"
    assert {text["@language"] for text in described["dct:title"]} == {"en", "de"}
    assert {text["@language"] for text in described["dct:description"]} == {"en", "de"}
    assert all("ε = 1" in text["@value"] for text in described["dct:description"])
    assert described["dct:temporal"]["dcat:endDate"]["@value"] == "2026-06-01T12:01:00Z"
    for distribution, name in zip(described["dcat:distribution"], (CSV, JSON), strict=True):
        content = (tmp_path / name).read_bytes()
        assert distribution["dcat:accessURL"] == {"@id": name}
        assert distribution["dcat:byteSize"]["@value"] == str(len(content))
        assert distribution["spdx:checksum"]["spdx:checksumValue"]["@value"] == hashlib.sha256(content).hexdigest()
        assert "dct:license" not in distribution, "only the operator can give one"


def keys_of(document: object) -> set[str]:
    if isinstance(document, list):
        return {key for part in document for key in keys_of(part)}
    if isinstance(document, dict):
        own = {key for key in document if key != "@context"}
        return own | {key for name, part in document.items() if name != "@context" for key in keys_of(part)}
    return set()


def test_what_was_published_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / DCAT).write_text("{}")
    with pytest.raises(UserError, match="never replaced"):
        check_folder(tmp_path, 1)


def test_a_folder_that_cannot_be_is_refused_before_anything_is_spent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        check_folder(tmp_path / "file" / "out", 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"value": -1.0},
        {"value": float("nan")},
        {"value": 50.0},
        {"epsilon": 0.0},
        {"epsilon": float("inf")},
        {"noise_scale": 0.0},
        {"coverage": 0.0},
        {"coverage": 1.1},
        {"end_ns": NOON_NS + MINUTE_NS - 1},
        {"kind": "child"},
    ],
)
def test_a_public_figure_claims_no_more_than_it_can(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"=cmd\(\)"):
        figure(**changed)
