"""The gate opens for what moves, and for nothing else until its rest is over."""

import numpy as np

from flaneur.data.time import SECOND_NS
from flaneur.detect.gate import LONGEST_REST_NS, MotionGate
from flaneur.source.picture import Easel, Turn

STEP_NS = SECOND_NS // 5


def street(noise=3.0, seed=0, person_at=None, contrast=40, size=(768, 576)):
    """Sketch of a grey street with camera noise and, if wanted, a person 30 pixels high and 11 wide."""
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    grey = 120 + 30 * np.sin(columns / 60) + 20 * np.cos(rows / 45)
    grey = grey + np.random.default_rng(seed).normal(0, noise, grey.shape)
    if person_at is not None:
        x, y = person_at
        grey[y : y + 30, x : x + 11] += contrast
    picture = np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    return Easel(width, height, Turn(), ()).sketch_painted(picture)


def test_the_first_picture_is_looked_at():
    assert MotionGate().moved(street(), 0)


def test_noise_alone_opens_only_after_the_rest():
    gate = MotionGate()
    opened = [gate.moved(street(noise=5, seed=i), i * STEP_NS) for i in range(21)]
    assert [i for i, moved in enumerate(opened) if moved] == [0, 10, 20]
    assert 10 * STEP_NS == LONGEST_REST_NS


def test_a_small_person_who_takes_a_step_is_seen():
    gate = MotionGate()
    gate.moved(street(person_at=(300, 200)), 0)
    assert gate.moved(street(seed=1, person_at=(308, 200)), STEP_NS)


def test_slow_movement_adds_up():
    gate = MotionGate()
    opened = [gate.moved(street(seed=i, person_at=(300 + i, 200)), i * STEP_NS) for i in range(10)]
    assert not opened[1], "one pixel is less than noise"
    assert any(opened[2:])


def test_somebody_appears():
    gate = MotionGate()
    gate.moved(street(), 0)
    assert gate.moved(street(seed=1, person_at=(300, 200), contrast=15), STEP_NS)


def test_another_size_of_picture_is_another_picture():
    gate = MotionGate()
    gate.moved(street(), 0)
    assert gate.moved(street(size=(640, 400)), STEP_NS)


def test_a_video_that_starts_again_is_looked_at():
    gate = MotionGate()
    gate.moved(street(), 10 * SECOND_NS)
    assert gate.moved(street(), 0)
