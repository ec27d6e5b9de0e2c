import dataclasses

import numpy as np
import pytest

from flaneur.data.released import Measurement, RedactedImage
from flaneur.data.time import MINUTE_NS, SECOND_NS

GOOD = Measurement("s", "c", "crossings", "l", "car", "to right", 0, MINUTE_NS, 3.0, "road users", 1.0, 600, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"end_ns": 59 * SECOND_NS}, "less than 60 s"),
        ({"coverage": 1.1}, "not a share"),
        ({"coverage": -0.1}, "not a share"),
        ({"coverage": 0.0}, "missing exactly when"),
        ({"value": None}, "missing exactly when"),
        ({"value": float("nan")}, "is no figure"),
        ({"value": float("inf")}, "is no figure"),
    ],
)
def test_a_measurement_claims_no_more_than_was_observed(change: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(GOOD, **change)


def test_missing_is_not_zero() -> None:
    assert dataclasses.replace(GOOD, value=None, coverage=0.0).value is None


def test_a_redacted_picture_is_a_picture() -> None:
    with pytest.raises(ValueError, match="uint8"):
        RedactedImage(0, np.zeros((2, 2, 3), np.float32), fully_hidden=False)  # type: ignore[arg-type]
