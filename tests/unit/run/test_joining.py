from dataclasses import replace

import pytest

from flaneur.data.notes import Note
from flaneur.data.released import Distribution, Measurement
from flaneur.data.time import MINUTE_NS, SECOND_NS
from flaneur.run.joining import distributions, join_runs, runs_of
from support.figures import MONDAY_7H_NS, Scene, facts, figure
from support.metres import measured

SCENE = list(Scene(lines=("North",), start_ns=MONDAY_7H_NS, minutes=10, covered=((3, 0.0), (4, 0.5))).measurements())


def at(minute: float) -> int:
    return MONDAY_7H_NS + round(minute * MINUTE_NS)


class TestRuns:
    def test_the_figures_tell_what_was_seen_of_the_period_and_not_the_run(self) -> None:
        told = join_runs([facts(start_ns=at(-999), end_ns=at(999), frames_seen=10**6, observed_s=1e5)], SCENE)
        assert (told.start_ns, told.end_ns) == (at(0), at(10))
        assert (told.frames_seen, told.frames_dropped) == (8 * 600 + 300, 3)
        assert told.observed_s == pytest.approx(8.5 * 60)

    def test_it_begins_and_ends_with_the_runs_within_its_intervals(self) -> None:
        told = join_runs([facts(start_ns=at(0.3), end_ns=at(9.8))], SCENE)
        assert (told.start_ns, told.end_ns) == (at(0.3), at(9.8))

    def test_intervals_without_a_run_belong_to_it(self) -> None:
        told = join_runs([facts(start_ns=at(4.5), end_ns=at(5.5))], SCENE)
        assert (told.start_ns, told.end_ns) == (at(0), at(10))

    def test_a_run_of_a_whole_video_is_told_as_it_was(self) -> None:
        whole = facts(
            end_ns=at(9.8), frames_seen=8 * 600 + 300, frames_dropped=3, observed_s=510.0, notes=(Note("late", (4,)),)
        )
        assert join_runs([whole], SCENE) == replace(whole, wall_s=0.0, stage_ms_per_frame=())

    def test_how_it_was_made_is_told_of_all_runs(self) -> None:
        first = facts(source="rtsp://a/1", end_ns=at(4), detections_per_s=10.0, kinds=("car", "pedestrian"))
        second = facts(source="rtsp://b/1", start_ns=at(5), detector="own", detector_sha256="5f" * 32, kinds=("bus",))
        told = join_runs([first, second, replace(first, start_ns=at(9))], SCENE)
        assert told.source == "rtsp://a/1, rtsp://b/1"
        assert told.detector == "nanodet, own"
        assert told.detector_licence == "Apache-2.0"
        assert told.detector_sha256 == f"{'4e' * 32}, {'5f' * 32}"
        assert told.detections_per_s == 5.0
        assert told.kinds == ("pedestrian", "car", "bus")

    def test_a_run_without_a_picture_does_not_hide_the_size(self) -> None:
        told = join_runs([facts(end_ns=at(5)), facts(start_ns=at(5), width_px=0, height_px=0)], SCENE)
        assert (told.width_px, told.height_px) == (1280, 720)

    def test_a_run_that_goes_on_was_not_stopped_early(self) -> None:
        assert join_runs([facts(complete=False)], SCENE).complete

    def test_notes_are_added_up_and_what_describes_the_video_is_not(self) -> None:
        oblong = Note("oblong_pixels", (16 / 11,))
        runs = [
            facts(end_ns=at(5), notes=(Note("implausible", (3, 100)), oblong)),
            facts(start_ns=at(5), notes=(oblong, Note("dark", (2.5,)), Note("implausible", (1, 50)))),
        ]
        assert join_runs(runs, SCENE).notes == (Note("implausible", (4, 150)), oblong, Note("dark", (2.5,)))

    def test_where_no_run_touches_a_period_the_next_one_told_of_it(self) -> None:
        runs = [facts(start_ns=at(a), end_ns=at(b)) for a, b in ((0, 5), (5, 9), (20, 30))]
        assert runs_of(runs, at(5), at(7)) == [runs[1]]
        assert runs_of(runs, at(4), at(21)) == runs
        assert runs_of(runs, at(10), at(15)) == [runs[2]]
        assert runs_of(runs, at(40), at(50)) == [runs[2]]


def speed(minute: int, statistic: str, value: float | None, size: int, **changes: object) -> Measurement:
    more: dict[str, object] = {"measure": f"speed_{statistic}", "unit": "m/s", "sample_size": size, "coverage": 1.0}
    return figure(at(minute), value, **more | changes)


def only(figures: list[Measurement]) -> Distribution:
    (found,) = distributions(figures)
    return found


class TestDistributions:
    def test_they_are_those_of_the_run_where_they_follow_from_its_figures(self) -> None:
        """Against the real aggregator, which knew every sample."""
        street = measured(20)
        told = {(one.measure, one.place, one.direction, one.kind): one for one in distributions(street.measurements)}
        of_moments = {"queue_length", "density_voronoi", "los"}
        compared = 0
        for one in street.distributions:
            mine = dict(told[one.measure, one.place, one.direction, one.kind].estimates)
            for statistic, estimate in one.estimates:
                follows = statistic in ("count", "share") or (
                    one.measure in of_moments and statistic in ("mean", "max")
                )
                if follows and one.measure != "signal":
                    assert mine[statistic].value == pytest.approx(estimate.value), (one, statistic)
                    compared += 1
                if estimate.low is not None and mine[statistic].low is not None and one.measure in of_moments:
                    assert mine[statistic].low <= estimate.low + 1e-9
                    assert mine[statistic].high >= estimate.high - 1e-9  # type: ignore[operator]
        assert compared >= 15
        assert told.keys() == {(one.measure, one.place, one.direction, one.kind) for one in street.distributions}

    def test_shares_of_a_kind_add_up_also_where_groups_were_not_told(self) -> None:
        street = measured(20)
        shares = [
            dict(one.estimates)["share"].value
            for one in distributions(street.measurements)
            if one.measure == "signal" and one.kind == "bicycle"
        ]
        assert len(shares) == 3
        assert sum(filter(None, shares)) == pytest.approx(1.0)

    def test_means_are_weighted_and_rest_on_what_was_told(self) -> None:
        told = only([speed(0, "mean", 10.0, 30), speed(1, "mean", None, 2), speed(2, "mean", 20.0, 10)])
        ((name, mean),) = told.estimates
        assert (name, mean.value, mean.low, mean.sample_size, told.sample_size) == ("mean", 12.5, None, 40, 40)

    def test_bands_count_errors_as_shared(self) -> None:
        bands = [speed(n, "mean", 10.0, 5, low=9.0, high=11.5) for n in range(4)]
        ((_, mean),) = only(bands).estimates
        assert (mean.low, mean.high) == (9.0, 11.5)

    def test_a_quantile_of_several_intervals_is_missing(self) -> None:
        ((_, v85),) = only([speed(0, "v85", 15.0, 40), speed(1, "v85", 14.0, 40)]).estimates
        assert v85.value is None
        ((_, v85),) = only([speed(0, "v85", 15.0, 40), speed(1, "v85", None, 5)]).estimates
        assert v85.value is None, "there were others, about whom nobody asked it"

    def test_a_quantile_of_the_only_interval_with_anybody_is_told(self) -> None:
        others = [speed(1, "v85", None, 0), figure(at(2), None, measure="speed_v85", unit="m/s")]
        told = only([speed(0, "v85", 15.0, 40, low=14.0, high=16.0), *others])
        assert [(one.value, one.low, one.high) for _, one in told.estimates] == [(15.0, 14.0, 16.0)]

    def test_what_was_withheld_throughout_stays_so_and_says_how_many_there_were(self) -> None:
        told = only([speed(n, "mean", None, 2) for n in range(5)])
        assert told.sample_size == 10
        assert told.estimates[0][1].value is None

    def test_alarm_levels_rise(self) -> None:
        levels = ("none", *(f"level {n} from {n}.5/m²" for n in range(1, 12)), "unknown")
        rows = [
            figure(at(0), 0.1, measure="alarm_share", unit="share", direction=level, sample_size=60)
            for level in sorted(levels)
        ]
        assert tuple(one.direction for one in distributions(rows)) == levels

    def test_a_direction_may_be_called_like_a_level(self) -> None:
        assert only([speed(0, "mean", 3.0, 5, direction="level crossing")]).direction == "level crossing"

    def test_counts_and_occupancies_have_none(self) -> None:
        assert distributions(SCENE) == ()


def test_seconds_of_the_place_that_was_observed_best_count_once() -> None:
    figures = [figure(at(0), place="a", coverage=0.25), figure(at(0), place="b", coverage=0.5, frames_seen=700)]
    told = join_runs([facts()], figures)
    assert told.observed_s == 30.0
    assert told.frames_seen == 700
    assert told.end_ns - told.start_ns == 60 * SECOND_NS
