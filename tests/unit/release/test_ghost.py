from collections.abc import Callable, Sequence

import numpy as np
import pytest

from flaneur.data.kinds import Kind
from flaneur.data.private import Detections, Tracks
from flaneur.data.released import RedactedImage
from flaneur.data.time import to_ns
from flaneur.release.background import BackgroundLearner
from flaneur.release.ghost import Ghost
from flaneur.release.glyphs import GLYPH_BGR
from support.street import (
    HEIGHT,
    WIDTH,
    Boxes,
    BoxesAt,
    boxes,
    detections_of,
    frame_of,
    ground,
    is_flat,
    picture_of,
    seconds_of,
    tracks_of,
    users_shown,
)

NOBODY = boxes()


def walker(time_s: float) -> Boxes:
    x = -30 + 15 * time_s
    return boxes((x, 60, x + 24, 120))


def ghosts(
    users: BoxesAt,
    seconds: float,
    detected: Callable[[float], Detections | None] | None = None,
    tracked: Callable[[int, float], Tracks | None] | None = None,
    rate: float = 10.0,
) -> list[RedactedImage]:
    """A look at every second frame; the tracks of looks come a second later."""
    background = BackgroundLearner(WIDTH, HEIGHT)
    ghost = Ghost(background, WIDTH, HEIGHT)
    owed: list[Tracks] = []
    out: list[RedactedImage] = []
    for index in range(round(seconds * rate)):
        time_s = index / rate
        looked = None
        if index % 2 == 0:
            looked = detected(time_s) if detected else detections_of(users(time_s))
            tracks = tracked(index, time_s) if tracked else tracks_of(index, time_s, users(time_s))
            owed += [tracks] if tracks is not None else []
        known = [tracks for tracks in owed if tracks.time_ns <= to_ns(time_s - 1)]
        owed = owed[len(known) :]
        out += ghost.step(frame_of(index, time_s, picture_of(users(time_s))), looked, known)
    out += ghost.finish(owed)
    assert ghost.pictures == len(out)
    assert ghost.fully_hidden == sum(image.fully_hidden for image in out)
    return out


def glyph(image: RedactedImage) -> np.ndarray:
    return np.asarray((np.abs(image.bgr.astype(int) - GLYPH_BGR) <= 8).all(axis=2))


def at(images: Sequence[RedactedImage], time_s: float) -> RedactedImage:
    return next(image for image in images if seconds_of(image) >= time_s - 1e-6)


def test_nobody_is_seen_and_a_glyph_walks_where_they_do() -> None:
    images = ghosts(walker, 18)
    assert [seconds_of(image) for image in images] == pytest.approx([k / 10 for k in range(180)])
    assert users_shown(images) == 0
    for time_s in (8, 11, 14):
        rows, columns = np.nonzero(glyph(at(images, time_s)))
        assert columns.mean() == pytest.approx(-18 + 15 * time_s, abs=2)
        assert 110 < rows.max() <= 120


def test_whom_the_detector_never_finds_is_not_shown_while_they_move() -> None:
    images = ghosts(walker, 18, detected=lambda _: Detections.none(), tracked=lambda i, t: tracks_of(i, t, NOBODY))
    assert users_shown(images) == 0
    assert not any(glyph(image).any() for image in images)


def test_the_street_starts_hidden_and_comes_to_light() -> None:
    images = ghosts(walker, 18)
    assert is_flat(at(images, 1.0)).mean() > 0.9
    assert is_flat(at(images, 17.5)).mean() < 0.01
    image = at(images, 17.5)
    street = ~glyph(image)
    street[40:130, 190:] = False
    assert np.abs(image.bgr.astype(int) - ground())[street].max() <= 1


def test_what_glyphs_look_like_depends_on_where_they_stand_and_not_on_who_stands_there() -> None:
    def different(time_s: float) -> Boxes:  # a tall and a small one stand side by side, then they change places
        tall, small = (60.0, 200.0) if time_s < 30 else (200.0, 60.0)
        return boxes((tall, 60, tall + 40, 160), (small, 110, small + 20, 160))

    images = ghosts(different, 62)
    for time_s in (20, 58):
        figures = glyph(at(images, time_s))
        left, right = figures[:, :140].sum(), figures[:, 140:].sum()
        if time_s == 58:
            assert left == pytest.approx(right, rel=0.1)


def test_a_step_does_not_show() -> None:
    def striding(time_s: float) -> Boxes:  # two steps a second widen the box and lift the foot
        x, step = 20 + 20 * time_s, np.sin(2 * np.pi * 2 * time_s)
        return boxes((x - 12 - 5 * step, 60, x + 12 + 5 * step, 120 + 3 * step))

    images = ghosts(striding, 12, rate=20.0)
    feet = [np.nonzero(glyph(image))[0].max() for image in images if 4 < seconds_of(image) < 10]
    assert max(feet) - min(feet) <= 1


@pytest.mark.parametrize(("kind", "least"), [(Kind.CAR, 1.5), (Kind.BUS, 1.5), (Kind.PEDESTRIAN, 0.2)])
def test_shapes_are_as_wide_as_their_kind(kind: Kind, least: float) -> None:
    def parked(index: int, time_s: float) -> Tracks:
        tracks = tracks_of(index, time_s, boxes((100, 80, 180, 120)))
        tracks.kind[:] = kind
        return tracks

    image = at(ghosts(lambda _: boxes((100, 80, 180, 120)), 10, tracked=parked), 9)
    rows, columns = np.nonzero(glyph(image))
    assert np.ptp(columns) / np.ptp(rows) > least
    assert (np.ptp(columns) / np.ptp(rows) < 1) == (kind == Kind.PEDESTRIAN)


def test_the_ground_under_a_parked_car_is_guessed_from_around_it_and_shows_nothing_of_the_car() -> None:
    def parked(_: float) -> Boxes:
        return boxes((100, 80, 160, 120))

    images = ghosts(parked, 20)
    assert users_shown(images) == 0
    image = at(images, 19)
    assert not is_flat(image)[80:120, 100:160].any()
    beneath = image.bgr[82:118, 102:158][~glyph(image)[82:118, 102:158]]
    assert (np.abs(beneath.astype(int) - (225, 25, 225)).max(axis=1) > 100).all()


def test_everything_is_hidden_when_the_tracker_does_not_answer() -> None:
    def silent(index: int, time_s: float) -> Tracks | None:
        return None if 8 <= time_s < 12 else tracks_of(index, time_s, walker(time_s))

    hidden = [seconds_of(image) for image in ghosts(walker, 16, tracked=silent) if image.fully_hidden]
    assert min(hidden) < 9.0
    assert max(hidden) > 11.0
    assert min(hidden) > 7.0
    assert max(hidden) < 12.1


def test_a_user_who_was_there_for_one_look_only_has_a_glyph_for_that_moment_only() -> None:
    def once(index: int, time_s: float) -> Tracks:
        return tracks_of(index, time_s, boxes((100, 80, 130, 160)) if index == 100 else NOBODY)

    images = ghosts(lambda _: NOBODY, 14, tracked=once)
    assert [seconds_of(image) for image in images if glyph(image).any()] == [10.0]


@pytest.mark.parametrize("rate", [5, 30, 60])
def test_pictures_come_in_order_and_not_too_many(rate: float) -> None:
    times = [image.time_ns for image in ghosts(lambda _: NOBODY, 4, rate=rate)]
    assert times == sorted(set(times))
    assert len(times) == min(4 * rate, 50)


def test_nothing_comes_from_nothing() -> None:
    assert Ghost(BackgroundLearner(32, 24), 32, 24).finish([]) == []
