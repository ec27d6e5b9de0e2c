"""A made-up street with walkers, noise and one fault at a time."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest

from flaneur.data.time import SECOND_NS
from flaneur.measure import health
from flaneur.measure.health import Fault, Health, HealthState

W, H = 384, 288
FAULT_S, END_S = 15, 30
Change = Callable[[np.ndarray], np.ndarray]


def _street() -> np.ndarray:
    rng = np.random.default_rng(3)
    grey = np.full((H, W), 120, np.uint8)
    for _ in range(70):
        x, y = rng.integers(0, (W, H))
        w, h = rng.integers(8, 60, 2)
        cv2.rectangle(grey, (int(x), int(y)), (int(x + w), int(y + h)), int(rng.integers(40, 210)), -1)
    return grey


STREET = _street()


@cache
def picture(second: int, walkers: int = 8, noise: float = 3.0) -> np.ndarray:
    rng = np.random.default_rng(second)
    grey = STREET.copy()
    for n in range(walkers):
        x, y = int(40 * second + 131 * n) % W, (71 * n) % (H - 40)
        cv2.rectangle(grey, (x, y), (x + 14, y + 40), 30 + 23 * n % 200, -1)
    return np.clip(grey + rng.normal(0, noise, grey.shape), 0, 255).astype(np.uint8)


def sketch(grey: np.ndarray) -> np.ndarray:
    return cv2.blur(cv2.resize(grey, (192, 144), interpolation=cv2.INTER_AREA), (3, 3))


def watch(
    change: Change, until_s: int = END_S, from_s: int = FAULT_S, to_s: int = 1000, **scene: float
) -> list[Health]:
    state, told = health.start(), []
    for second in range(until_s):
        grey = picture(second, **scene)
        state, now = look(state, second, change(grey) if from_s <= second < to_s else grey)
        told.append(now)
    return told


def look(state: HealthState, second: int, grey: np.ndarray) -> tuple[HealthState, Health]:
    return health.step(state, second * SECOND_NS, sketch(grey), grey[:: health.ROW_STRIDE])


def covered(share: float) -> Change:
    def change(grey: np.ndarray) -> np.ndarray:
        out = grey.copy()
        out[:, : round(share * W)] = np.random.default_rng(grey[0, 0]).normal(90, 3, (H, round(share * W)))
        return out

    return change


def moved(dx: float, degrees: float = 0.0, zoom: float = 1.0) -> Change:
    turn = cv2.getRotationMatrix2D((W / 2, H / 2), degrees, zoom)
    turn[0, 2] += dx
    return lambda grey: cv2.warpAffine(grey, turn, (W, H), borderMode=cv2.BORDER_REFLECT)


def noisy(change: Change, sigma: float = 4.0) -> Change:
    return lambda grey: np.clip(
        change(grey) + np.random.default_rng(int(grey.sum())).normal(0, sigma, grey.shape), 0, 255
    ).astype(np.uint8)


FAULTS = [
    (Fault.DARK, noisy(lambda grey: np.zeros_like(grey))),
    (Fault.DARK, lambda grey: (16 + 0.05 * grey).astype(np.uint8)),
    (Fault.OVEREXPOSED, lambda grey: cv2.convertScaleAbs(grey, alpha=5)),
    (Fault.COVERED, covered(0.75)),
    (Fault.COVERED, covered(1.0)),
    (Fault.BLURRED, lambda grey: cv2.GaussianBlur(grey, (0, 0), 2)),
    (Fault.BLURRED, noisy(lambda grey: cv2.GaussianBlur(grey, (0, 0), 4), 9.0)),
    (Fault.MOVED, moved(8)),
    (Fault.MOVED, moved(60)),
    (Fault.MOVED, moved(200)),
    (Fault.MOVED, moved(0, degrees=4)),
    (Fault.MOVED, moved(0, zoom=1.1)),
]


@pytest.mark.parametrize(("fault", "change"), FAULTS)
def test_a_fault_is_told_within_ten_seconds_and_counts_from_its_first_sign(fault, change):
    told = watch(change)
    assert not any(now.faults for now in told[:FAULT_S])
    found = [now for now in told if now.faults]
    assert found[0].time_ns <= (FAULT_S + 10) * SECOND_NS
    assert found[0].since_ns == FAULT_S * SECOND_NS
    assert all(now.faults == (fault,) for now in found)
    assert found[-1].time_ns == (END_S - 1) * SECOND_NS


def test_frozen_is_the_very_same_picture():
    held = picture(FAULT_S)
    told = watch(lambda _: held)
    found = [now for now in told if now.faults]
    assert found[0].faults == (Fault.FROZEN,)
    assert found[0].time_ns == (FAULT_S + 8) * SECOND_NS
    assert found[0].since_ns == FAULT_S * SECOND_NS


def test_an_empty_street_with_noise_is_not_frozen():
    assert not any(now.faults for now in watch(lambda grey: grey, walkers=0, noise=1.0))


HARMLESS: list[Change] = [
    lambda grey: grey,
    lambda grey: cv2.convertScaleAbs(grey, alpha=0.5),
    lambda grey: cv2.convertScaleAbs(grey, alpha=1.3, beta=10),
    noisy(lambda grey: grey),
    covered(0.35),
    moved(1.0),
]


@pytest.mark.parametrize("change", HARMLESS)
def test_what_changes_little_is_no_fault(change):
    assert not any(now.faults for now in watch(change, walkers=20))


def test_what_passes_soon_is_no_fault():
    for _, change in FAULTS:
        assert not any(now.faults for now in watch(change, until_s=24, to_s=FAULT_S + 3))


@pytest.mark.parametrize(("fault", "change"), FAULTS[2:])
def test_a_fault_ends_when_all_is_as_before(fault, change):
    told = watch(change, until_s=45, to_s=30)
    assert told[29].faults == (fault,)
    assert told[31].faults == (fault,)
    assert not any(now.faults for now in told[35:])


def test_a_camera_that_stays_moved_is_told_for_good():
    assert watch(moved(30), until_s=150)[-1].faults == (Fault.MOVED,)


def test_dusk_is_slow():
    state = health.start()
    for second in range(120):
        state, now = look(state, second, cv2.convertScaleAbs(picture(second), alpha=1 - 0.75 * second / 120))
        assert not now.faults


def test_faults_that_need_no_comparison_are_told_from_the_start():
    assert watch(lambda grey: np.zeros_like(grey) + grey % 3, until_s=6, from_s=0)[-1].faults == (Fault.DARK,)
    assert watch(lambda grey: grey % 3 + 90, until_s=8, from_s=0)[-1].faults == (Fault.COVERED,)


def test_a_change_of_picture_size_starts_anew():
    state = health.start()
    for second in range(20):
        state, _ = look(state, second, picture(second))
    for second in range(20, 40):
        grey = cv2.resize(picture(second), (W // 2, H))
        state, now = health.step(state, second * SECOND_NS, sketch(grey)[:, :96], grey[:: health.ROW_STRIDE])
        assert not now.faults


def test_one_look_in_two_seconds_is_enough():
    state, _ = look(health.start(), 5, picture(5))
    assert health.due(health.start(), 0)
    assert not health.due(state, 7 * SECOND_NS - 1)
    assert health.due(state, 7 * SECOND_NS)
    with pytest.raises(ValueError, match="not later"):
        look(state, 5, picture(5))


def test_state_can_neither_be_printed_nor_pickled():
    state, _ = look(health.start(), 0, picture(0))
    assert repr(state) == "<HealthState: private>"
