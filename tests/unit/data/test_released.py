import dataclasses

import numpy as np
import pytest

from flaneur.data.released import Estimate, Measurement, RedactedImage
from flaneur.data.time import MINUTE_NS, SECOND_NS

GOOD = Measurement("s", "c", "crossings", "l", "car", "to right", 0, MINUTE_NS, 3.0, "road users", 1.0, 600, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"end_ns": 59 * SECOND_NS}, "less than 60 s"),
        ({"coverage": 1.1}, "not a share"),
        ({"coverage": -0.1}, "not a share"),
        ({"coverage": 0.0}, "nothing was observed"),
        ({"value": None}, "only a statistic of too few may be missing"),
        ({"kind": "child"}, "no kind of road user"),
        ({"low": 2.0}, "two ends or none"),
        ({"low": 3.1, "high": 4.0}, "does not hold its value"),
        ({"low": 2.0, "high": float("nan")}, "does not hold its value"),
        ({"value": None, "coverage": 0.0, "low": 2.0, "high": 3.0}, "does not hold its value"),
        ({"value": float("nan")}, "is no figure"),
        ({"value": float("inf")}, "is no figure"),
    ],
)
def test_a_measurement_claims_no_more_than_was_observed(change: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(GOOD, **change)


def test_missing_is_not_zero() -> None:
    assert dataclasses.replace(GOOD, value=None, coverage=0.0).value is None


def test_a_statistic_of_too_few_is_missing_and_says_how_few() -> None:
    assert dataclasses.replace(GOOD, measure="speed_v85", value=None, sample_size=2).value is None


def test_an_estimate_lies_in_its_band() -> None:
    assert Estimate(1.0, 0.5, 1.0, 9).high == 1.0
    with pytest.raises(ValueError, match="does not hold its value"):
        Estimate(1.0, 1.5, 2.0)


def test_a_redacted_picture_is_a_picture() -> None:
    with pytest.raises(ValueError, match="uint8"):
        RedactedImage(0, np.zeros((2, 2, 3), np.float32), fully_hidden=False)  # type: ignore[arg-type]
