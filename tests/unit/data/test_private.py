import numpy as np
import pytest

from flaneur.data.private import Detections, Events, Frame, Presence, Tracks


def test_arrays_must_share_their_first_dimension() -> None:
    with pytest.raises(ValueError, match=r"Detections\.score has 2 rows where the others have 1"):
        Detections(np.zeros((1, 4), np.float32), np.zeros(2, np.float32), np.zeros(1, np.uint8))


def test_arrays_must_have_their_type() -> None:
    with pytest.raises(TypeError, match=r"Detections\.xyxy_px must be a numpy array of float32, not float64"):
        Detections(np.zeros((1, 4)), np.zeros(1, np.float32), np.zeros(1, np.uint8))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not list"):
        Detections([[0, 0, 1, 1]], np.zeros(1, np.float32), np.zeros(1, np.uint8))  # type: ignore[arg-type]


def test_arrays_must_have_their_shape() -> None:
    with pytest.raises(ValueError, match=r"Presence\.count must have shape"):
        Presence(0, np.zeros(3, np.int32))


def test_the_foot_is_the_middle_of_the_lower_edge() -> None:
    tracks = Tracks(
        frame_index=0,
        time_ns=0,
        xyxy_px=np.array([[10, 20, 30, 80]], np.float32),
        track_id=np.array([7]),
        kind=np.zeros(1, np.uint8),
        score=np.ones(1, np.float32),
        observed=np.ones(1, np.bool_),
        ended=np.zeros(0, np.int64),
    )
    assert tracks.foot_px().tolist() == [[20, 80]]


def test_a_picture_is_converted_once_and_cannot_be_painted_on() -> None:
    calls = []

    def load() -> np.ndarray:
        calls.append(1)
        return np.zeros((2, 3, 3), np.uint8)

    frame = Frame(0, 0, 3, 2, load, lambda: np.zeros((2, 3), np.uint8))
    assert frame.bgr() is frame.bgr()
    assert frame.sketch() is frame.sketch()
    assert len(calls) == 1
    with pytest.raises(ValueError, match="read-only"):
        frame.bgr()[0, 0, 0] = 1


def test_a_picture_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(ValueError, match="3×2"):
        Frame(0, 0, 3, 2, lambda: np.zeros((3, 2, 3), np.uint8), lambda: np.zeros((2, 3), np.uint8)).bgr()


def test_empty_ones_are_empty() -> None:
    assert len(Detections.none()) == len(Events.none()) == 0
