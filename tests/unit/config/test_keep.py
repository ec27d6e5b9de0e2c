import pytest

from flaneur.config.load import ConfigError, parse_site
from flaneur.data.time import SECOND_NS
from flaneur.run.audit import name_text
from flaneur.run.retention import limits_of
from flaneur.store.retention import Limits

SITE = '[site]\nname = "s"\ninterval_s = {interval}\n[[camera]]\nname = "c"\n'
DAY_NS = 86_400 * SECOND_NS


def site(table: str, interval: int = 60) -> object:
    return parse_site(SITE.format(interval=interval) + table, "site.toml")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[keep]", "say how many days"),
        ("[keep]\nfigures_days = 0", "keep.figures_days"),
        ("[keep]\nfigures_days = 1.5", "keep.figures_days"),
        ("[keep]\nfigures_days = 30\nfine_days = 30", "fine_days must be fewer"),
        ("[keep]\nfine_days = 30\ncoarsen_to_s = 5000", "do not divide a day evenly"),
        ("[keep]\nfine_days = 30\ncoarsen_to_s = 60", "keep.coarsen_to_s"),
        ("[keep]\nfigure_days = 30", "did you mean 'figures_days'"),
        ("[audit]\nlog = ''", "audit.log"),
    ],
)
def test_what_cannot_be_meant_is_refused(table: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        site(table)


@pytest.mark.parametrize(("interval", "length"), [(900, 1440), (3600, 3600), (86_400, 3600)])
def test_longer_intervals_must_hold_whole_shorter_ones(interval: int, length: int) -> None:
    with pytest.raises(ConfigError, match="are not a multiple of the site's interval_s"):
        site(f"[keep]\nfine_days = 30\ncoarsen_to_s = {length}", interval)


def test_days_become_moments() -> None:
    keep = site("[keep]\nfigures_days = 400\nfine_days = 30\ncoarsen_to_s = 86400").keep  # type: ignore[attr-defined]
    assert limits_of(keep, 1000 * DAY_NS) == Limits(600 * DAY_NS, 970 * DAY_NS, DAY_NS)
    only_delete = site("[keep]\nfigures_days = 1").keep  # type: ignore[attr-defined]
    assert limits_of(only_delete, DAY_NS) == Limits(0, None)


def test_nothing_is_kept_or_recorded_unless_asked_for() -> None:
    assert site("").keep is None  # type: ignore[attr-defined]
    assert site("").audit is None  # type: ignore[attr-defined]
    assert site("[audit]").audit.log == "audit.jsonl"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "text"), [("a\nb", "a?b"), ("", "?"), ("\udcff.mp4", "?.mp4"), ("x" * 300, "x" * 200), ("Größe", "Größe")]
)
def test_any_name_fits_into_the_log(name: str, text: str) -> None:
    assert name_text(name) == text
