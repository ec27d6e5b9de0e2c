from collections.abc import Callable

import numpy as np
import pytest

from flaneur.data.kinds import Kind
from flaneur.data.private import Detections, Tracks
from flaneur.data.released import RedactedImage
from flaneur.release.redact import Redactor, RedactParams
from support.street import (
    HEIGHT,
    WIDTH,
    Boxes,
    boxes,
    detections_of,
    frame_of,
    ground,
    is_flat,
    picture_of,
    redact,
    seconds_of,
    tracks_of,
    users_shown,
)

NOBODY = boxes()


def walkers(time_s: float) -> Boxes:
    """One enters on the left and leaves on the right, one comes the other way two seconds later."""
    x, y = -30 + 70 * time_s, 330 - 60 * (time_s - 2)
    return boxes((x, 60, x + 24, 120), (y, 140, y + 26, 205))


def standing(_: float) -> Boxes:
    return boxes((100, 80, 130, 160))


def seen(at: float, users: Boxes) -> Detections:
    del at
    return detections_of(users)


@pytest.mark.parametrize(("rate", "every"), [(10, 1), (10, 2), (10, 4), (25, 5), (30, 6), (60, 12), (7, 2)])
def test_nobody_who_walks_through_is_ever_seen(rate: int, every: int) -> None:
    images = redact(
        lambda t: picture_of(walkers(t)), lambda t: seen(t, walkers(t)), walkers, seconds=8, rate=rate, every=every
    )
    assert users_shown(images) == 0
    assert not any(image.fully_hidden for image in images)


def test_what_is_far_from_everybody_stays_as_it_is() -> None:
    images = redact(lambda t: picture_of(walkers(t)), lambda t: seen(t, walkers(t)), walkers, seconds=4)
    for image in images:
        shown = ~is_flat(image)
        assert shown[215:].all()
        assert (image.bgr[shown] == ground()[shown]).all()


def test_a_walker_whom_the_detector_misses_for_a_while_stays_hidden_by_the_track() -> None:
    def sometimes(time_s: float) -> Detections:
        return detections_of(walkers(time_s)[1:] if 2.0 <= time_s < 3.2 else walkers(time_s))

    images = redact(lambda t: picture_of(walkers(t)), sometimes, walkers, seconds=8)
    assert users_shown(images) == 0


def test_one_look_without_tracks_and_without_motion_is_enough_to_hide_around_it() -> None:
    def twice(time_s: float) -> Detections:
        return detections_of(standing(time_s) if round(time_s * 10) in (20, 24) else NOBODY)

    images = redact(lambda t: picture_of(standing(t)), twice, lambda _: NOBODY, seconds=5)
    shown = [seconds_of(image) for image in images if users_shown([image])]
    assert not [t for t in shown if 1.6 <= t <= 2.8]


def test_who_is_seen_by_nothing_but_their_motion_is_hidden() -> None:
    def texture(time_s: float) -> np.ndarray:
        picture = ground().copy()
        left = 20 + round(60 * time_s)
        stripes = np.where(np.arange(24) % 8 < 4, 250, 5).astype(np.uint8)
        picture[100:150, left : left + 24] = stripes[None, :, None]
        return picture

    images = redact(texture, lambda _: Detections.none(), lambda _: NOBODY, seconds=4)
    for image in images:
        left = 20 + round(60 * seconds_of(image))
        assert is_flat(image)[100:150, left : left + 24].mean() > 0.95


def test_who_is_known_only_by_a_track_is_hidden_between_the_looks_too() -> None:
    images = redact(
        lambda t: picture_of(standing(t)), lambda _: Detections.none(), standing, seconds=3, rate=25, every=5
    )
    assert users_shown(images) == 0


@pytest.mark.parametrize(
    ("kind", "score", "hidden"),
    [
        (Kind.PEDESTRIAN, 0.3, True),
        (Kind.BICYCLE, 0.3, True),
        (Kind.PEDESTRIAN, 0.1, False),
        (Kind.CAR, 0.2, False),
        (Kind.CAR, 0.4, True),
        (Kind.TRAIN, 0.4, True),
        (Kind.PEDESTRIAN, float("nan"), True),
    ],
)
def test_weak_detections_count(kind: Kind, score: float, hidden: bool) -> None:
    images = redact(
        lambda t: picture_of(standing(t)),
        lambda t: detections_of(standing(t), score, kind),
        lambda _: NOBODY,
        seconds=3,
    )
    assert (users_shown(images) == 0) is hidden


def fully_hidden(images: list[RedactedImage]) -> list[float]:
    for image in images:
        assert not image.fully_hidden or is_flat(image).all()
    return [round(seconds_of(image), 1) for image in images if image.fully_hidden]


def test_everything_is_hidden_before_the_first_look() -> None:
    images = redact(
        lambda t: picture_of(standing(t)),
        lambda t: seen(t, standing(t)) if t >= 0.6 else None,
        standing,
        seconds=3,
    )
    assert fully_hidden(images) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def test_everything_is_hidden_where_the_detector_failed_for_long() -> None:
    images = redact(
        lambda t: picture_of(standing(t)),
        lambda t: None if 2.0 < t < 5.0 else seen(t, standing(t)),
        lambda _: NOBODY,
        seconds=8,
    )
    assert fully_hidden(images) == [round(2.1 + 0.1 * k, 1) for k in range(29)]
    assert users_shown(images) == 0


def test_everything_is_hidden_at_the_end_when_the_detector_failed_before_it() -> None:
    images = redact(
        lambda t: picture_of(standing(t)),
        lambda t: None if t > 2.0 else seen(t, standing(t)),
        standing,
        seconds=5,
    )
    assert fully_hidden(images) == [round(2.1 + 0.1 * k, 1) for k in range(29)]


def test_everything_is_hidden_when_the_tracker_never_answers() -> None:
    redactor = Redactor(320, 240)
    images = []
    for index in range(60):
        frame = frame_of(index, index / 10, picture_of(standing(0)))
        images += redactor.step(frame, detections_of(standing(0)), [])
    assert 25 <= len(images) < 60  # it does not wait for ever
    assert fully_hidden(images + redactor.finish([])) == [k / 10 for k in range(60)]


def test_frames_of_another_size_are_hidden_and_the_output_keeps_its_size() -> None:
    redactor = Redactor(320, 240)
    images = []
    for index in range(40):
        odd = 15 <= index < 20
        picture = ground(400, 300) if odd else picture_of(standing(0))
        tracks = [tracks_of(index, index / 10, standing(0))]
        images += redactor.step(frame_of(index, index / 10, picture), detections_of(standing(0)), tracks)
    images += redactor.finish([])
    assert fully_hidden(images) == [1.5, 1.6, 1.7, 1.8, 1.9]
    assert {image.bgr.shape for image in images} == {(240, 320, 3)}
    assert users_shown(images) == 0


def test_everything_is_hidden_while_the_camera_moves() -> None:
    wide = np.kron(np.random.default_rng(2).integers(0, 90, (24, 100)), np.ones((10, 10)))
    wide = np.stack((wide, wide, wide), axis=2).astype(np.uint8)

    def pan(time_s: float) -> np.ndarray:
        left = round(max(0.0, min(time_s, 4.0) - 2.0) * 200)
        return wide[:, left : left + 320].copy()

    hidden = fully_hidden(redact(pan, lambda _: Detections.none(), lambda _: NOBODY, seconds=7))
    assert {2.2, 2.5, 3.0, 3.5} <= set(hidden)
    assert min(hidden) >= 1.5
    assert max(hidden) <= 4.5


def test_boxes_that_are_no_numbers_hide_everything() -> None:
    images = redact(
        lambda t: picture_of(standing(t)),
        lambda _: detections_of(boxes((1, 2, np.nan, 4))),
        lambda _: NOBODY,
        seconds=2,
    )
    assert fully_hidden(images) == [k / 10 for k in range(20)]


@pytest.mark.parametrize("rate", [5, 10, 12.5, 30, 60])
def test_pictures_come_in_order_and_not_too_many(rate: float) -> None:
    images = redact(lambda _: ground(32, 24), lambda _: Detections.none(), lambda _: NOBODY, seconds=4, rate=rate)
    times = [image.time_ns for image in images]
    assert times[0] == 0
    assert times == sorted(set(times))
    assert len(times) == min(round(4 * rate), int(4 * RedactParams().most_per_s))


def live(
    pictures: Callable[[float], np.ndarray], detected: Callable[[int, float], Detections | None], seconds: float
) -> list[RedactedImage]:
    """Run a live redactor over a film of ten frames a second; each picture must come with its frame."""
    redactor = Redactor(WIDTH, HEIGHT, RedactParams(live=True))
    out: list[RedactedImage] = []
    for index in range(round(10 * seconds)):
        frame = frame_of(index, index / 10, pictures(index / 10))
        images = redactor.step(frame, detected(index, index / 10), [])
        assert [image.time_ns for image in images] == [frame.time_ns]
        out += images
    assert redactor.finish([]) == []
    return out


def test_nobody_is_seen_live_between_the_looks() -> None:
    images = live(lambda t: picture_of(walkers(t)), lambda i, t: seen(t, walkers(t)) if i % 2 == 0 else None, seconds=8)
    assert max(users_shown([image]) for image in images) <= 60, "more than a column of pixels of a walker is seen"
    assert not any(image.fully_hidden for image in images)


def test_who_is_missed_for_a_while_stays_hidden_live() -> None:
    def sometimes(index: int, time_s: float) -> Detections | None:
        return None if index % 2 else detections_of(NOBODY if 2.0 < time_s < 2.7 else standing(time_s))

    assert users_shown(live(lambda t: picture_of(standing(t)), sometimes, seconds=5)) == 0


def test_everything_is_hidden_live_when_the_detector_fails() -> None:
    images = live(
        lambda t: picture_of(standing(t)),
        lambda i, t: None if i % 2 or not 0.5 < t < 2.5 else detections_of(standing(t)),
        seconds=6,
    )
    assert fully_hidden(images) == [k / 10 for k in range(6)] + [round(3.5 + k / 10, 1) for k in range(25)]
    assert users_shown(images) == 0


def test_pictures_come_little_later_than_their_tracks() -> None:
    redactor = Redactor(32, 24)
    owed: list[Tracks] = []
    given = 0
    for index in range(1200):
        time_s = index / 60
        looked = Detections.none() if index % 12 == 0 else None
        if looked is not None:
            owed.append(tracks_of(index, time_s, NOBODY))
        known = [tracks for tracks in owed if tracks.time_ns <= (time_s - 1) * 1e9]
        owed = owed[len(known) :]
        given += len(redactor.step(frame_of(index, time_s, ground(32, 24)), looked, known))
        assert time_s * 12.5 - given <= 17  # 1.3 s of pictures wait


def test_large_pictures_come_out_smaller_with_everybody_hidden() -> None:
    def large(time_s: float) -> Boxes:
        return walkers(time_s) * np.float32(6.4)

    images = redact(
        lambda t: picture_of(large(t), 2048, 1536), lambda t: seen(t, large(t)), large, seconds=1, rate=5, every=1
    )
    assert {image.bgr.shape for image in images} == {(960, 1280, 3)}
    for image in images:
        assert image.bgr[:, :, 0].max() <= 128  # the road users' blue is 225


def test_frames_are_not_painted_on() -> None:
    picture = picture_of(standing(0))
    before = picture.copy()
    redact(lambda _: picture, lambda t: seen(t, standing(t)), standing, seconds=2)
    assert (picture == before).all()


def test_a_video_of_one_frame_is_redacted() -> None:
    images = redact(lambda t: picture_of(standing(t)), lambda t: seen(t, standing(t)), standing, seconds=0.1)
    assert len(images) == 1
    assert not images[0].fully_hidden
    assert users_shown(images) == 0


def test_nothing_comes_from_nothing() -> None:
    assert Redactor(320, 240).finish([]) == []


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 50), (50, 1)])
def test_tiny_pictures_do_no_harm(size: tuple[int, int]) -> None:
    images = redact(lambda _: ground(*size), lambda _: Detections.none(), lambda _: NOBODY, seconds=2)
    assert len(images) == 20
    assert {image.bgr.shape for image in images} == {(size[1], size[0], 3)}
