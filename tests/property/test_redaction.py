"""What anything was seen in is hidden, for any boxes at any times."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.private import Detections, Tracks
from flaneur.data.released import RedactedImage
from flaneur.data.time import to_ns
from flaneur.release.redact import GROW_X, GROW_Y, HOLD_NS, MIN_SCORE, Redactor
from support.street import Boxes, detections_of, frame_of, ground, is_flat, tracks_of

WIDTH, HEIGHT = 96, 72
coordinate = st.floats(-30, 130, width=32)


@st.composite
def some_boxes(draw: st.DrawFn) -> Boxes:
    corners = draw(st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate), max_size=3))
    ends = np.array(corners, np.float32).reshape(-1, 2, 2)
    return np.concatenate((ends.min(axis=1), ends.max(axis=1)), axis=1)


@st.composite
def films(draw: st.DrawFn) -> list[tuple[float, Detections | None, Tracks | None]]:
    """Moments in seconds with what the detector saw and what the tracker shows there, where they looked."""
    steps = draw(st.lists(st.floats(0.02, 0.4), min_size=1, max_size=14))
    film = []
    for index, time_s in enumerate(np.cumsum([0.0, *steps])):
        looked = draw(st.booleans()) or index == 0
        score = draw(st.floats(MIN_SCORE, 1.0))
        seen = detections_of(draw(some_boxes()), score) if looked else None
        shown = tracks_of(index, time_s, draw(some_boxes())) if looked else None
        film.append((float(time_s), seen, shown))
    return film


def redacted(film: list[tuple[float, Detections | None, Tracks | None]], lag_s: float) -> list[RedactedImage]:
    redactor = Redactor(WIDTH, HEIGHT)
    out: list[RedactedImage] = []
    owed: list[Tracks] = []
    for index, (time_s, seen, shown) in enumerate(film):
        owed += [shown] if shown is not None else []
        known = [tracks for tracks in owed if tracks.time_ns <= to_ns(time_s - lag_s)]
        owed = owed[len(known) :]
        out += redactor.step(frame_of(index, time_s, ground(WIDTH, HEIGHT)), seen, known)
    return out + redactor.finish(owed)


def assert_hidden(image: RedactedImage, boxes: Boxes, grow_x: float, grow_y: float) -> None:
    flat = is_flat(image)
    for x1, y1, x2, y2 in boxes.astype(float).tolist():
        dx, dy = grow_x * (x2 - x1), grow_y * (y2 - y1)
        rows = slice(max(math.floor(y1 - dy), 0), max(math.ceil(y2 + dy), 0))
        columns = slice(max(math.floor(x1 - dx), 0), max(math.ceil(x2 + dx), 0))
        assert flat[rows, columns].all()


@settings(deadline=None, max_examples=150)
@given(films(), st.sampled_from([0.0, 0.5, 1.0]))
def test_every_box_is_hidden_at_its_time_and_for_the_hold_before_and_after(
    film: list[tuple[float, Detections | None, Tracks | None]], lag_s: float
) -> None:
    images = redacted(film, lag_s)
    assert images
    for image in images:
        for time_s, seen, shown in film:
            away_ns = abs(to_ns(time_s) - image.time_ns)
            if seen is not None and away_ns <= HOLD_NS:
                assert_hidden(image, seen.xyxy_px, GROW_X, GROW_Y)
            if shown is not None and away_ns == 0:
                assert_hidden(image, shown.xyxy_px, GROW_X, GROW_Y)


@settings(deadline=None, max_examples=100)
@given(films())
def test_a_picture_between_two_looks_hides_what_both_saw(
    film: list[tuple[float, Detections | None, Tracks | None]],
) -> None:
    looks = [(to_ns(time_s), seen) for time_s, seen, _ in film if seen is not None]
    for image in redacted(film, 0.5):
        before = [seen for time_ns, seen in looks if time_ns <= image.time_ns][-1]
        after = [seen for time_ns, seen in looks if time_ns >= image.time_ns][:1]
        for seen in (before, *after):
            assert_hidden(image, seen.xyxy_px, GROW_X, GROW_Y)


@settings(deadline=None, max_examples=100)
@given(films(), st.floats(0, 3))
def test_a_pixel_shows_the_video_or_the_one_colour(
    film: list[tuple[float, Detections | None, Tracks | None]], lag_s: float
) -> None:
    for image in redacted(film, lag_s):
        shown = ~is_flat(image)
        assert (image.bgr[shown] == ground(WIDTH, HEIGHT)[shown]).all()
        assert not (image.fully_hidden and shown.any())
