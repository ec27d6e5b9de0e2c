"""Private data can be neither serialised nor copied nor printed (DESIGN, section 2, rule 4)."""

import copy
import dataclasses
import logging
import pickle
import traceback

import numpy as np
import pytest

from flaneur.data import private
from flaneur.data.private import (
    Detections,
    Events,
    Feet,
    Frame,
    GroundTracks,
    Presence,
    Private,
    PrivateDataError,
    Samples,
    Tracks,
)

SECRET = 123457.0


def samples() -> list[Private]:
    boxes = np.full((1, 4), SECRET, np.float32)
    one = np.ones(1, np.float32)
    kind = np.zeros(1, np.uint8)
    number = np.array([int(SECRET)])
    real, point = np.array([SECRET]), np.array([[SECRET, SECRET]])
    place, way = np.zeros(1, np.int32), np.ones(1, np.int8)
    return [
        Frame(0, 0, 2, 1, lambda: np.full((1, 2, 3), 57, np.uint8), lambda: np.full((1, 2), 57, np.uint8)),
        Detections(boxes, one, kind),
        Tracks(0, 0, boxes, number, kind, one, np.ones(1, np.bool_), number),
        GroundTracks(0, point, point, point, real, point, real, real, real, number, kind, number),
        Feet(0, point, real, number, kind, number),
        Samples(number, place, way, kind, real, real, real),
        Events(number, place, way, kind),
        Presence(0, np.full((1, 8), int(SECRET), np.int32)),
    ]


def test_every_private_type_is_tried() -> None:
    defined = {v for v in vars(private).values() if isinstance(v, type) and issubclass(v, Private)} - {Private}
    assert {type(sample) for sample in samples()} == defined


@pytest.mark.parametrize("value", samples(), ids=lambda v: type(v).__name__)
class TestRefusal:
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickling(self, value: Private, protocol: int) -> None:
        with pytest.raises(PrivateDataError):
            pickle.dumps(value, protocol)

    def test_copying(self, value: Private) -> None:
        with pytest.raises(PrivateDataError):
            copy.copy(value)
        with pytest.raises(PrivateDataError):
            copy.deepcopy(value)
        with pytest.raises(PrivateDataError):
            copy.deepcopy({"frames": [value]})

    def test_printing(self, value: Private, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO):
            logging.getLogger("x").info("%s %r", value, [value])
        for text in (repr(value), str(value), f"{value}", f"{value!r:>30}", caplog.text):
            assert str(int(SECRET)) not in text
            assert "57" not in text

    def test_a_traceback_with_all_locals(self, value: Private) -> None:
        try:
            held = [value]
            raise RuntimeError(len(held))
        except RuntimeError as error:
            text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        assert "held" in text
        assert str(int(SECRET)) not in text


def test_private_types_have_no_place_to_hang_things_on() -> None:
    for sample in samples():
        assert not hasattr(sample, "__dict__")
        if dataclasses.is_dataclass(sample):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(sample, dataclasses.fields(sample)[0].name, None)
