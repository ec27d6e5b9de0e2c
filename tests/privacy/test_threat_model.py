"""What docs/privacy claims is held by tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "privacy").glob("*.md"))
THREATS = (ROOT / "docs" / "privacy" / "threat-model.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_test_and_benchmark_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(r"`((?:tests|benchmarks)/[\w/]+\.py)`", text))
    assert named, "a page about privacy names the tests that hold it"
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
    for name in re.findall(r"`(test_\w+)(?:\.py)?`", text):
        found = [
            path
            for path in (ROOT / "tests").rglob("test_*.py")
            if path.stem == name or f"def {name}(" in path.read_text()
        ]
        assert found, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_attacker_is_told_what_is_not_guaranteed() -> None:
    attackers = re.split(r"^### ", THREATS.split("\n## Guarantees")[0], flags=re.MULTILINE)[1:]
    assert len(attackers) == 6
    for text in attackers:
        assert "**Not guaranteed.**" in text, text.splitlines()[0]


def test_every_claim_names_what_holds_it() -> None:
    claims = re.findall(r"^\| (.+?) \| (.+?) \| (.*?) \|$", THREATS, re.MULTILINE)
    held = [by for what, _, by in claims if by not in ("held by", "how long", "---") and "held by" not in what]
    assert len(held) > 20
    assert [by for by in held if not re.search(r"`tests/|import-linter|\]\(|as long|for ever|until", by)] == []
