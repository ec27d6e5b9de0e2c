from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from flaneur.data.private import Detections
from flaneur.data.released import RedactedImage
from flaneur.release.background import BackgroundLearner, still
from flaneur.release.redact import FLAT_BGR
from support.street import (
    HEIGHT,
    USER_BGR,
    WIDTH,
    Boxes,
    boxes,
    detections_of,
    frame_of,
    ground,
    is_flat,
    picture_of,
)


def learn(
    picture: Callable[[float], NDArray[np.uint8]],
    detected: Callable[[float], Detections],
    seconds: float,
    rate: float = 5.0,
) -> BackgroundLearner:
    first = picture(0.0)
    learner = BackgroundLearner(first.shape[1], first.shape[0])
    for index in range(round(seconds * rate)):
        time_s = index / rate
        learner.step(frame_of(index, time_s, picture(time_s)), detected(time_s))
    return learner


def nobody(_: float) -> Detections:
    return Detections.none()


def users_in(image: RedactedImage) -> int:
    return int((np.abs(image.bgr.astype(int) - USER_BGR).max(axis=2) < 60).sum())


def test_an_empty_street_is_learned_as_it_is() -> None:
    learner = learn(lambda _: ground(), nobody, 12)
    assert learner.known == 1.0
    image = learner.image()
    assert not image.fully_hidden
    assert np.abs(image.bgr.astype(int) - ground()).max() <= 1


def test_nothing_is_known_at_first() -> None:
    learner = learn(lambda _: ground(), nobody, 3)
    assert learner.known == 0.0
    assert learner.image().fully_hidden
    assert is_flat(learner.image()).all()
    assert is_flat(BackgroundLearner(WIDTH, HEIGHT).image()).all()


def test_people_who_walk_through_are_not_learned_and_what_they_left_is() -> None:
    def walker(time_s: float) -> Boxes:
        x = -30 + 40 * time_s
        return boxes((x, 60, x + 24, 120))

    image = learn(lambda t: picture_of(walker(t)), lambda t: detections_of(walker(t)), 20).image()
    assert users_in(image) == 0
    assert not is_flat(image)[:, :200].any()


def standing(_: float) -> Boxes:
    return boxes((100, 80, 130, 160))


@pytest.mark.parametrize("score", [0.5, 0.9, float("nan")])
def test_people_who_never_move_are_not_learned(score: float) -> None:
    learner = learn(lambda t: picture_of(standing(t)), lambda t: detections_of(standing(t), score), 60)
    assert is_flat(learner.image())[80:160, 100:130].all()
    assert 0.9 < learner.known < 1.0


def test_people_who_sway_a_little_are_not_learned_though_the_detector_is_unsure_for_minutes() -> None:
    def swaying(time_s: float) -> Boxes:
        return standing(0) + np.float32([1, 0, 1, 0]) * np.float32(round(4 * np.sin(0.9 * time_s)))

    learner = learn(lambda t: picture_of(swaying(t)), lambda t: detections_of(swaying(t), 0.3), 150)
    assert users_in(learner.image()) == 0


def test_a_cone_that_the_detector_weakly_takes_for_somebody_is_learned_slowly() -> None:
    def after(seconds: float) -> int:
        return users_in(
            learn(lambda t: picture_of(standing(t)), lambda t: detections_of(standing(t), 0.3), seconds).image()
        )

    assert after(10) == 0
    assert after(40) == 30 * 80


def test_people_who_stand_and_are_missed_for_seconds_time_and_again_are_not_learned() -> None:
    def missed(time_s: float) -> Detections:
        return detections_of(boxes() if time_s % 10 < 4 else standing(time_s))

    assert users_in(learn(lambda t: picture_of(standing(t)), missed, 150).image()) == 0


@pytest.mark.parametrize("seconds", [6, 8, 10])
def test_people_who_were_surely_seen_are_not_learned_when_they_are_missed_for_longer(seconds: float) -> None:
    def missed(time_s: float) -> Detections:
        return detections_of(boxes() if time_s % 25 >= 25 - seconds else standing(time_s))

    assert users_in(learn(lambda t: picture_of(standing(t)), missed, 125).image()) == 0


def test_who_was_learned_is_forgotten_once_the_detector_finds_them() -> None:
    def late(time_s: float) -> Detections:
        return detections_of(boxes() if time_s < 15 else standing(time_s))

    learned = learn(lambda t: picture_of(standing(t)), late, 15)
    assert users_in(learned.image()) > 0
    assert users_in(learn(lambda t: picture_of(standing(t)), late, 120).image()) == 0


def test_who_stands_undetected_on_known_ground_is_not_learned_at_once() -> None:
    def arriving(time_s: float) -> Boxes:
        return boxes() if time_s < 15 else standing(time_s)

    assert users_in(learn(lambda t: picture_of(arriving(t)), nobody, 30).image()) == 0


@pytest.mark.parametrize("gain", [0.6, 1.5])
def test_a_jump_of_light_is_followed_within_two_minutes_and_nothing_is_hidden_meanwhile(gain: float) -> None:
    def lit(time_s: float) -> NDArray[np.uint8]:
        return ground() if time_s < 20 else np.clip(ground() * gain, 0, 255).astype(np.uint8)

    assert learn(lit, nobody, 25).known == 1.0
    learner = learn(lit, nobody, 110)
    assert learner.known == 1.0
    assert np.abs(learner.image().bgr.astype(int) - lit(110)).max() <= 3


def test_a_video_that_begins_again_begins_with_what_is_known() -> None:
    learner = learn(lambda _: ground(), nobody, 12)
    before = learner.image().bgr
    learner.rewind()
    for index in range(60):
        users = standing(0)
        learner.step(frame_of(index, index / 5, picture_of(users)), detections_of(users))
    assert learner.known == 1.0
    assert (learner.image().bgr[:, :90] == before[:, :90]).all()
    assert users_in(learner.image()) == 0


def test_gaps_are_filled_with_a_guess_only_where_a_road_user_is() -> None:
    def standing_until_20(time_s: float) -> Boxes:
        return standing(time_s) if time_s < 20 else boxes()

    def filled(seconds: float, at: Boxes) -> RedactedImage:
        learner = learn(
            lambda t: picture_of(standing_until_20(t)), lambda t: detections_of(standing_until_20(t)), seconds
        )
        assert is_flat(learner.image())[80:160, 100:130].all()
        return RedactedImage(0, learner.filled(at), fully_hidden=False)

    for guessed in (filled(20, boxes()), filled(22, standing(0))):
        assert not is_flat(guessed).any()
        assert users_in(guessed) == 0
    assert is_flat(filled(22, boxes((250, 20, 280, 60))))[80:160, 100:130].all()


def test_people_who_stand_and_are_seen_only_now_and_then_are_not_learned() -> None:
    def now_and_then(time_s: float) -> Detections:
        return detections_of(standing(time_s) if round(time_s * 5) % 12 == 0 else boxes())

    assert users_in(learn(lambda t: picture_of(standing(t)), now_and_then, 60).image()) == 0


def test_what_moves_is_not_learned_though_nothing_is_detected() -> None:
    def wave(time_s: float) -> NDArray[np.uint8]:
        picture = ground().copy()
        phase = np.sin(np.arange(60) * 0.5 + 3 * time_s)[:, None, None]
        picture[60:120, 200:240] = (128 + 100 * phase).astype(np.uint8)
        return picture

    image = learn(wave, nobody, 30).image()
    assert is_flat(image)[65:115, 205:235].mean() > 0.95


def test_the_ground_comes_to_light_after_a_parked_car_has_left() -> None:
    def car(time_s: float) -> Boxes:
        return boxes((100, 80, 160, 120)) if time_s < 10 else boxes()

    learner = learn(lambda t: picture_of(car(t)), lambda t: detections_of(car(t)), 30)
    assert learner.known == 1.0
    assert np.abs(learner.image().bgr.astype(int) - ground()).max() <= 1


def test_what_was_learned_wrongly_is_forgotten() -> None:
    def unseen(time_s: float) -> Boxes:
        return standing(0) if time_s < 12 else boxes()

    image = learn(lambda t: picture_of(unseen(t)), nobody, 60).image()
    assert users_in(image) == 0
    assert not is_flat(image).any()


def test_frames_of_another_size_are_left_out() -> None:
    learner = learn(lambda t: ground() if round(t * 5) % 2 == 0 else ground(64, 48), nobody, 24)
    assert learner.image().bgr.shape == (HEIGHT, WIDTH, 3)
    assert learner.known == 1.0


def test_large_pictures_are_reduced() -> None:
    assert learn(lambda _: ground(1920, 1080), nobody, 1).image().bgr.shape == (540, 960, 3)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 50), (50, 1)])
def test_tiny_pictures_do_no_harm(size: tuple[int, int]) -> None:
    assert learn(lambda _: ground(*size), nobody, 12).known == 1.0


def redacted(*hidden: tuple[slice, slice], time_ns: int = 0) -> RedactedImage:
    bgr = ground().copy()
    for rows, columns in hidden:
        bgr[rows, columns] = FLAT_BGR
    return RedactedImage(time_ns, bgr, fully_hidden=False)


def test_a_still_shows_what_was_shown_most_of_the_time() -> None:
    always, once, mostly = np.s_[0:20, 0:20], np.s_[40:60, 0:20], np.s_[80:100, 0:20]
    images = [redacted(always, *([once] if k == 3 else []), *([mostly] if k != 3 else []), time_ns=k) for k in range(9)]
    image = still(images)
    flat = is_flat(image)
    assert flat[always].all()
    assert flat[mostly].all()
    assert flat.sum() == 800
    assert (image.bgr[~flat] == ground()[~flat]).all()
    assert not image.fully_hidden


def test_a_still_of_hidden_pictures_is_hidden() -> None:
    flat = RedactedImage(5, np.full((HEIGHT, WIDTH, 3), FLAT_BGR, np.uint8), fully_hidden=True)
    assert still([flat, flat]).fully_hidden
    assert not still([flat, redacted()]).fully_hidden
    assert not is_flat(still([flat, redacted()])).any()


def test_a_still_needs_a_picture() -> None:
    with pytest.raises(ValueError, match="no pictures"):
        still([])
