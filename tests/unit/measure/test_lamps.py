"""Lamps are drawn as a camera shows them: lenses in a housing, glow, noise, exposure, compression."""

from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO

import av
import cv2
import numpy as np
import pytest

from flaneur.data.signals import SignalState
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.measure import lamps
from flaneur.measure.lamps import LampParams, LampState

RED, RED_AMBER, GREEN, AMBER = SignalState.RED, SignalState.RED_AMBER, SignalState.GREEN, SignalState.AMBER
OFF, UNKNOWN = SignalState.OFF, SignalState.UNKNOWN
BGR = np.array([(30, 30, 255), (20, 170, 255), (170, 255, 40)], float)
LIT = {RED: (0,), RED_AMBER: (0, 1), AMBER: (1,), GREEN: (2,), UNKNOWN: ()}
LEFT, TOP, RIGHT, BOTTOM = (16, 8, 32, 56)


def lens(lamp: int, left: int = LEFT) -> np.ndarray:
    """A polygon around one of the lamps."""
    x, y = left, TOP + 16 * lamp
    return np.array([(x + 0.4, y + 8), (x + 8, y + 0.4), (x + 15.6, y + 8), (x + 8, y + 15.6)])


PARAMS = LampParams.around("north", lens(0), lens(1), lens(2))
CYCLE = [(0.0, RED), (8.0, RED_AMBER), (9.0, GREEN), (17.0, AMBER), (20.0, RED), (30.0, RED_AMBER), (31.0, GREEN)]
RATE = 10
DAY, NIGHT = 110.0, 4.0


@cache
def draw(state: SignalState, ambient: float = DAY, light: float = 1.0) -> np.ndarray:
    """A picture of 64×48 with a signal of 16×48 pixels: a grey street, dark lenses, lit lamps that glow."""
    picture = np.full((64, 48, 3), ambient)
    picture[TOP:BOTTOM, LEFT:RIGHT] = 0.25 * ambient
    for lamp in range(3):
        y = TOP + 8 + 16 * lamp
        lens = np.zeros((64, 48))
        cv2.circle(lens, (LEFT + 8, y), 6, 1.0, -1, cv2.LINE_AA)
        picture += lens[..., None] * 0.25 * ambient * BGR[lamp] / 255
        if lamp in LIT[state]:
            glow = cv2.GaussianBlur(lens, (0, 0), 8) * 40 / max(ambient, 20)
            picture += (lens + glow)[..., None] * BGR[lamp] * light
    return picture


def camera(picture: np.ndarray, noise: float = 5.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(picture + rng.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


def shown(changes: list[tuple[float, SignalState]], time_s: float) -> SignalState:
    return [state for since_s, state in changes if since_s <= time_s][-1]


def film(
    changes: list[tuple[float, SignalState]],
    until_s: float,
    look: Callable[[SignalState, float], np.ndarray] = lambda state, _: draw(state),
) -> Iterator[tuple[int, np.ndarray]]:
    for n in range(round(until_s * RATE)):
        time_s = n / RATE
        yield to_ns(time_s), camera(look(shown(changes, time_s), time_s), seed=n)


def watch(pictures: Iterator[tuple[int, np.ndarray]], params: LampParams = PARAMS) -> LampState:
    state = lamps.start(params)
    for time_ns, bgr in pictures:
        state = lamps.step(state, time_ns, bgr, params)
    return state


def told(state: LampState) -> list[tuple[float, SignalState]]:
    phases = lamps.phases(state, PARAMS)
    return [(ns / SECOND_NS, SignalState(code)) for ns, code in zip(phases.start_ns, phases.state, strict=True)]


def agree(got: list[tuple[float, SignalState]], expected: list[tuple[float, SignalState]]) -> None:
    assert [state for _, state in got] == [state for _, state in expected]
    for (at_s, _), (true_s, _) in zip(got, expected, strict=True):
        assert at_s == pytest.approx(true_s, abs=1.5 / RATE)


@pytest.mark.parametrize("ambient", [DAY, 200.0, 40.0, NIGHT, 0.0])
def test_a_cycle_by_day_and_night(ambient):
    agree(told(watch(film(CYCLE, 35, lambda state, _: draw(state, ambient)))), CYCLE)


def test_weak_lamps_at_noon():
    agree(told(watch(film(CYCLE, 35, lambda state, _: draw(state, 160.0, 0.35)))), CYCLE)


def test_lamps_that_pale_slowly_in_the_sun_are_still_known_when_they_are_hardly_brighter_than_dark_ones():
    changes = [(10.0 * n, (RED, GREEN)[n % 2]) for n in range(6)]

    def look(state: SignalState, time_s: float) -> np.ndarray:
        return draw(state, 160.0, 0.08 + 0.3 * max(1 - round(time_s) / 40, 0))

    agree(told(watch(film(changes, 60, look))), changes)
    at_first_sight = told(watch(film(changes, 20, lambda state, _: draw(state, 160.0, 0.08))))
    assert UNKNOWN in [state for _, state in at_first_sight]


def test_dusk_and_a_street_light_that_goes_on():
    def look(state: SignalState, time_s: float) -> np.ndarray:
        return draw(state, max(160.0 - 8 * time_s, NIGHT) if time_s < 24 else 60.0)

    agree(told(watch(film(CYCLE, 35, look))), CYCLE)


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
def test_compression(codec):
    buffer = BytesIO()
    with av.open(buffer, "w", format="matroska") as out:
        stream = out.add_stream(codec, rate=RATE)
        stream.width, stream.height = 48, 64
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.bit_rate = 20_000
        for _, bgr in film(CYCLE, 35):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(bgr, "bgr24")))
        out.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer) as video:
        pictures = [(round(f.time * 1000) * 1_000_000, f.to_ndarray(format="bgr24")) for f in video.decode(video=0)]
    agree(told(watch(iter(pictures))), CYCLE)


def test_flashing_amber_is_out_of_service_until_the_cycle_begins():
    flashes = [(n / 2, AMBER if n % 2 == 0 else UNKNOWN) for n in range(40)]
    got = told(watch(film([*flashes, (20.0, RED), (26.0, RED_AMBER), (27.0, GREEN)], 30)))
    assert [state for _, state in got] == [AMBER, OFF, RED, RED_AMBER, GREEN]
    assert got[1][0] <= 2.2


def test_flashing_green_is_green():
    flashes = [(10 + n / 2, UNKNOWN if n % 2 == 0 else GREEN) for n in range(8)]
    got = told(watch(film([(0.0, RED), (6.0, GREEN), *flashes, (14.0, RED)], 18)))
    assert [state for _, state in got] == [RED, GREEN, RED]


@pytest.mark.parametrize(
    "hidden",
    [
        lambda picture: np.full_like(picture, 150.0),  # a white side of a lorry
        lambda picture: np.full_like(picture, 255.0),  # glare
        lambda picture: np.full_like(picture, 0.0),
    ],
)
def test_what_cannot_be_seen_is_unknown(hidden):
    def look(state: SignalState, time_s: float) -> np.ndarray:
        return hidden(draw(state)) if 4 <= time_s < 10 else draw(state)

    got = told(watch(film([(0.0, RED)], 15, look)))
    assert [state for _, state in got] == [RED, UNKNOWN, RED]
    assert got[1][0] == pytest.approx(3.9, abs=0.01)
    assert got[2][0] == pytest.approx(10.0, abs=0.11)


def test_a_broken_picture_changes_nothing():
    def look(state: SignalState, time_s: float) -> np.ndarray:
        return draw(GREEN if abs(time_s - 5) < 0.06 else state)

    agree(told(watch(film(CYCLE, 35, look))), CYCLE)


def test_red_and_green_together_are_unknown():
    both = draw(RED) + draw(GREEN) - draw(UNKNOWN)
    assert told(watch(film([(0.0, RED)], 5, lambda *_: both))) == []


def test_white_sun_on_the_lenses_is_not_a_light():
    def look(state: SignalState, _: float) -> np.ndarray:
        picture = draw(state).copy()
        picture[TOP : TOP + 16, LEFT:RIGHT] += 60.0  # more of it on the red lens
        return picture

    got = told(watch(film([(0.0, GREEN)], 8, look)))
    assert RED not in [state for _, state in got]
    assert RED_AMBER not in [state for _, state in got]


def test_signal_for_people_on_foot_has_no_amber():
    params = LampParams.around("walk", lens(0), None, lens(1))
    changes = [
        (0.0, SignalState.RED),
        (6.0, SignalState.AMBER),
        (12.0, SignalState.RED),
    ]  # its green is where amber was

    def look(state: SignalState, _: float) -> np.ndarray:
        picture = draw(UNKNOWN).copy()
        y, colour = (TOP + 8, BGR[0]) if state == RED else (TOP + 24, BGR[2])
        cv2.circle(picture, (LEFT + 8, y), 6, colour.tolist(), -1)
        return picture

    state = watch(film(changes, 15, look), params)
    assert [SignalState(code) for code in lamps.phases(state, params).state] == [RED, GREEN, RED]


def test_a_gap_between_looks_is_unknown():
    pictures = [(ns, bgr) for ns, bgr in film(CYCLE, 35) if not 3 * SECOND_NS < ns < 7 * SECOND_NS]
    got = told(watch(iter(pictures)))
    assert [state for _, state in got[:4]] == [RED, UNKNOWN, RED, RED_AMBER]
    assert got[1][0] == pytest.approx(3.0, abs=1e-6)
    assert got[2][0] == pytest.approx(7.0)


def test_only_the_boxes_are_looked_at():
    rng = np.random.default_rng(1)

    def elsewhere(pictures: Iterator[tuple[int, np.ndarray]]) -> Iterator[tuple[int, np.ndarray]]:
        for time_ns, bgr in pictures:
            other = rng.integers(0, 256, bgr.shape, np.uint8)
            other[TOP:BOTTOM, LEFT:RIGHT] = bgr[TOP:BOTTOM, LEFT:RIGHT]
            yield time_ns, other

    assert told(watch(elsewhere(film(CYCLE, 35)))) == told(watch(film(CYCLE, 35)))


def test_memory_has_an_end():
    state = watch(film([(float(n), RED if n % 2 else GREEN) for n in range(240)], 240))
    assert len(lamps.phases(state, PARAMS).start_ns) == lamps.KEPT_PHASES


def test_a_stain_of_the_encoder_in_the_dark_is_no_light():
    dark = np.zeros((64, 48, 3), np.uint8)
    dark[TOP : TOP + 16, LEFT:RIGHT, 2] = 3
    assert told(watch((n * SECOND_NS // RATE, dark) for n in range(30))) == []


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="red and green"):
        LampParams("x", np.zeros((3, 4), np.intp))
    with pytest.raises(ValueError, match="2 pixels"):
        LampParams.around("x", lens(0), None, lens(2) * (0.02, 1.0))
    with pytest.raises(ValueError, match="outside the picture"):
        watch(film(CYCLE, 1), LampParams.around("x", lens(0), lens(1), lens(2, 40)))
    state = watch(film(CYCLE, 1))
    with pytest.raises(ValueError, match="not later"):
        lamps.step(state, 0, camera(draw(RED)), PARAMS)
