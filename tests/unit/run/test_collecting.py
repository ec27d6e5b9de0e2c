import numpy as np

from flaneur.data.kinds import Kind
from flaneur.data.private import Events, Presence
from flaneur.data.released import Measurement
from flaneur.data.time import SECOND_NS
from flaneur.release.aggregate import Sampled
from flaneur.run.collecting import JUDGED_NS, Collector, counted_of
from support.samples import samples
from support.sites import job

SITE = """
[site]
name = "s"
[[camera]]
name = "c"
[[camera.line]]
name = "line"
points = [[0.5, 0.0], [0.5, 1.0]]
[[camera.zone]]
name = "zone"
polygon = [[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]]
"""
SPEED = Sampled("speed", "m/s", ("line",), ("mean",), (("to right", "to left"),))
NO_FRAMES = np.zeros(0, np.int64)


class Film:
    """A collector that is told of one crossing and one speed in each second."""

    def __init__(self) -> None:
        self.blind: list[tuple[int, int]] = []
        planned = job(SITE)
        self.collector = Collector(
            planned, (Kind.CAR,), counted_of(planned), (SPEED,), lambda ns: any(a <= ns < b for a, b in self.blind)
        )
        self.figures: list[Measurement] = []

    def play(self, from_s: int, to_s: int) -> None:
        for second in range(from_s, to_s):
            time_ns = second * SECOND_NS
            count = np.zeros((2, len(Kind)), np.int32)
            count[:, Kind.CAR] = 1
            direction = 1 if second % 2 else -1
            one = Events(
                np.array([time_ns]),
                np.zeros(1, np.int32),
                np.array([direction], np.int8),
                np.array([Kind.CAR], np.uint8),
            )
            taken = [(SPEED, samples([10.0], time_s=second, group=0 if second % 2 else 1))]
            events = (one, Events.none(), Events.none())
            self.figures += self.collector.step(Presence(time_ns, count), events, taken, NO_FRAMES, 0)

    def end(self) -> None:
        self.figures += self.collector.finish((Events.none(),) * 3, [], NO_FRAMES, 0)

    def total(self, measure: str, start_s: int = 0) -> float | None:
        found = [m for m in self.figures if m.measure == measure and m.start_ns == start_s * SECOND_NS]
        values = [m.value for m in found if m.kind in ("car", "all") and m.place == "line" and m.value is not None]
        return sum(values) if values else None

    def coverage(self, start_s: int) -> float:
        return next(m.coverage for m in self.figures if m.start_ns == start_s * SECOND_NS)


def test_everything_is_counted_once() -> None:
    film = Film()
    film.play(0, 90)
    film.end()
    assert film.total("crossings") == 60
    assert film.total("crossings", 60) == 30
    assert film.coverage(0) == 1.0


def test_the_display_does_not_wait_until_the_camera_is_judged() -> None:
    film = Film()
    film.play(0, 4)
    assert film.collector.counts == {("line", "to right"): 2, ("line", "to left"): 2}


def test_a_fault_that_is_known_late_still_takes_its_time_out() -> None:
    """A frozen picture is believed after 8 s, and counts as one from its first second on."""
    film = Film()
    film.play(0, 29)
    film.blind.append((20 * SECOND_NS, 40 * SECOND_NS))
    film.play(29, 90)
    film.end()
    assert film.total("crossings") == 40
    assert abs(film.coverage(0) - 40 / 60) < 0.02


def test_what_is_older_than_any_fault_takes_to_be_known_is_settled() -> None:
    film = Film()
    film.play(0, 40)
    film.blind.append((0, 40 * SECOND_NS - JUDGED_NS - SECOND_NS))
    film.play(40, 60)
    film.end()
    assert film.total("crossings") == 60, "is_blind is only asked about moments that it may still tell"


def test_a_minute_of_blindness_has_no_counts_and_no_speeds() -> None:
    film = Film()
    film.blind.append((60 * SECOND_NS, 120 * SECOND_NS))
    film.play(0, 180)
    film.end()
    assert film.coverage(60) == 0.0
    assert film.total("crossings", 60) is None
    assert film.total("speed_mean", 60) is None
    assert film.total("crossings", 120) == 60


def test_a_film_that_ends_blind_ends_early() -> None:
    film = Film()
    film.blind.append((30 * SECOND_NS, 60 * SECOND_NS))
    film.play(0, 50)
    film.end()
    assert film.total("crossings") == 30


def test_distributions_are_of_what_was_seen() -> None:
    film = Film()
    film.blind.append((30 * SECOND_NS, 60 * SECOND_NS))
    film.play(0, 60)
    film.end()
    sizes = {one.direction: one.sample_size for one in film.collector.distributions() if one.kind == "all"}
    assert sizes == {"to right": 15, "to left": 15}


def test_without_places_the_edges_of_the_picture_are_counted() -> None:
    (edges,) = counted_of(job('[site]\nname = "s"\n[[camera]]\nname = "c"\n'))
    assert edges.measure == "passages"
    assert len(edges.places) == 4
    assert [one.measure for one in counted_of(job(SITE))] == ["crossings", "passages", "flow"]


def test_an_interval_ends_in_silence_too() -> None:
    film = Film()
    film.play(0, 30)
    film.figures += film.collector.silence(100 * SECOND_NS, [])
    coverage = {m.start_ns // SECOND_NS: m.coverage for m in film.figures}
    assert coverage == {0: 0.5}
    film.figures += film.collector.silence(150 * SECOND_NS, [])
    coverage = {m.start_ns // SECOND_NS: m.coverage for m in film.figures}
    assert coverage == {0: 0.5, 60: 0.0}
    assert film.total("crossings") == 30
    assert all(m.value is None for m in film.figures if m.start_ns)


def test_silence_costs_nothing_that_was_seen_and_goes_over_into_sight() -> None:
    film = Film()
    film.play(0, 30)
    for second in range(35, 45):
        film.figures += film.collector.silence((second - 10) * SECOND_NS, [])
    film.play(45, 130)
    film.end()
    coverage = {m.start_ns // SECOND_NS: m.coverage for m in film.figures}
    assert coverage == {0: 0.75, 60: 1.0, 120: 10 / 60}
    assert film.total("crossings") == 45


def test_silence_before_the_first_moment_is_an_interval_without_values() -> None:
    film = Film()
    film.figures += film.collector.silence(100 * SECOND_NS, [])
    film.figures += film.collector.silence(150 * SECOND_NS, [])
    assert {m.start_ns // SECOND_NS for m in film.figures} == {60}
    assert all(m.value is None and m.coverage == 0.0 for m in film.figures)
