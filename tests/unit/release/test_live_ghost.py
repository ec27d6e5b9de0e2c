import pytest

from flaneur.data.private import Detections
from flaneur.data.time import to_ns
from flaneur.release.live_ghost import STALE_NS, LiveGhost
from support.street import HEIGHT, WIDTH, boxes, frame_of, is_flat, picture_of, tracks_of

NOBODY = boxes()
LOOKS_PER_S = 5


def shown_after(seconds, healthy=True):
    """The view of an empty street, and now."""
    ghost = LiveGhost(WIDTH, HEIGHT)
    for index in range(seconds * LOOKS_PER_S + 1):
        time_s = index / LOOKS_PER_S
        frame = frame_of(index, time_s, picture_of(NOBODY))
        ghost.step(frame, Detections.none(), [tracks_of(index, time_s, NOBODY)], healthy=healthy)
    return ghost, to_ns(seconds)


def test_it_starts_hidden():
    picture = LiveGhost(WIDTH, HEIGHT).picture(0)
    assert picture.fully_hidden
    assert is_flat(picture).all()


def test_the_empty_street_is_shown_once_it_is_known():
    ghost, now_ns = shown_after(20)
    picture = ghost.picture(now_ns)
    assert not picture.fully_hidden
    assert is_flat(picture).mean() < 0.05


def test_an_old_picture_does_not_pass_for_now():
    ghost, now_ns = shown_after(20)
    assert is_flat(ghost.picture(now_ns + 2 * STALE_NS)).all()


@pytest.mark.parametrize("seconds", [1, 20])
def test_a_camera_in_bad_health_shows_nothing(seconds):
    ghost, now_ns = shown_after(seconds, healthy=False)
    assert is_flat(ghost.picture(now_ns)).all()
