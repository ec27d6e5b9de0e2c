from collections.abc import Iterator

import numpy as np
import pytest

from flaneur.data.kinds import ALL_KINDS, Kind
from flaneur.data.private import Samples
from flaneur.data.released import Distribution, Estimate
from flaneur.release.sampled import FEWEST, WholeRun, estimates
from flaneur.release.specs import Sampled
from flaneur.release.tally import Tally
from support.samples import samples

SPEED = Sampled("speed", "m/s", ("kerb",), ("count", "mean", "median"), (("up", "down"),))
DWELL = Sampled("dwell", "s", ("plaza",), ("count", "mean", "median"), censored_group=1)
LEVELS = Sampled("los", "share", ("plaza",), ("share",), (("A", "B", "C"),), moments=True)


def tally(sampled: Sampled, *parts: Samples) -> Tally:
    return Tally.none(sampled.resolution).with_samples(Samples.joined(*parts))


def told(sampled: Sampled, *parts: Samples) -> dict[tuple[str, str, str], Estimate]:
    """(statistic, direction, kind) -> estimate"""
    whole = tally(sampled, *parts)
    return {(one.statistic, one.direction, one.kind): one.estimate for one in estimates(whole, sampled)}


def cars(n: int, value: float = 10.0) -> Samples:
    return samples([value] * n)


def buses(n: int, value: float = 5.0) -> Samples:
    return samples([value] * n, kind=Kind.BUS)


def trucks(n: int, value: float = 7.0) -> Samples:
    return samples([value] * n, kind=Kind.TRUCK)


def test_values_of_fewer_than_three_are_withheld_and_their_number_is_not() -> None:
    found = told(SPEED, cars(2))
    assert found["mean", "up", "car"] == Estimate(None, sample_size=2)
    assert found["mean", "up", "all"] == Estimate(None, sample_size=2)
    assert found["count", "up", "car"].value == 2.0
    assert found["count", "down", "all"].value == 0.0
    assert found["mean", "down", "all"] == Estimate(None, sample_size=0)
    assert told(SPEED, cars(3))["mean", "up", "car"].value == 10.0


def test_all_less_the_others_tells_of_nobody() -> None:
    found = told(SPEED, cars(10), buses(1))
    assert found["mean", "up", "all"] == found["mean", "up", "car"]
    assert found["count", "up", "all"].value == 11.0
    both = told(SPEED, cars(10), buses(1), trucks(2))
    assert both["mean", "up", "all"].sample_size == 13
    assert both["mean", "up", "all"].value == pytest.approx((100 + 5 + 14) / 13)
    assert told(SPEED, buses(1), trucks(2))["mean", "up", "all"].sample_size == 3


def test_shares_of_moments_are_shares_of_time() -> None:
    found = told(LEVELS, samples([0.0] * 4, group=[0, 0, 0, 1], kind=ALL_KINDS))
    assert [found["share", level, "all"].value for level in "ABC"] == [0.75, 0.25, 0.0]
    assert found["share", "C", "all"] == Estimate(0.0, sample_size=4)
    assert told(LEVELS)["share", "A", "all"].value is None


def test_a_moment_alone_is_told() -> None:
    queue = Sampled("queue_length", "m", ("stop",), ("max", "mean"), moments=True)
    found = told(queue, samples([12.0], kind=ALL_KINDS, noise=1.0))
    assert found["max", "", "all"].value == 12.0
    assert set(found) == {("max", "", "all"), ("mean", "", "all")}


def test_stays_that_were_cut_off_were_longer() -> None:
    complete, cut_off = samples([10.0, 20.0, 30.0, 40.0]), samples([25.0, 25.0], group=1)
    without, with_them = told(DWELL, complete), told(DWELL, complete, cut_off)
    assert without["median", "", "car"].value == 25.0
    late = with_them["median", "", "car"].value
    assert late is not None
    assert late > 25.0
    assert with_them["count", "", "car"].value == 6.0
    assert with_them["mean", "", "car"].sample_size == 6
    assert told(DWELL, samples([5.0] * 4, group=1))["median", "", "car"] == Estimate(None, sample_size=4)


def run(sampled: Sampled, *intervals: Samples) -> dict[tuple[str, str], Distribution]:
    whole = WholeRun(sampled)
    for one in intervals:
        whole.add(tally(sampled, one))
    return {(one.direction, one.kind): one for one in whole.distributions()}


def mean(one: Distribution) -> float | None:
    return dict(one.estimates)["mean"].value


def test_the_run_holds_all_intervals() -> None:
    found = run(SPEED, cars(5, 10.0), cars(5, 20.0))
    assert mean(found["up", "car"]) == 15.0
    assert found["up", "all"].sample_size == 10
    assert found["down", "all"].sample_size == 0
    assert ("down", "car") not in found


def test_the_run_less_its_intervals_tells_of_nobody() -> None:
    assert run(SPEED, cars(5, 10.0), cars(2, 20.0))["up", "car"].sample_size == 5
    assert dict(run(SPEED, cars(5, 10.0), cars(2, 20.0))["up", "car"].estimates)["count"].value == 7.0
    assert run(SPEED, cars(5, 10.0), cars(2, 20.0), cars(1, 30.0))["up", "car"].sample_size == 8
    few = run(SPEED, cars(1), cars(1))["up", "car"]
    assert (mean(few), few.sample_size) == (None, 2)
    assert run(SPEED, cars(1), cars(1), cars(1))["up", "car"].sample_size == 3


def _masses(one: Distribution) -> Iterator[float]:
    shares = [0.0, *(share for share, _ in one.quantiles), 1.0]
    yield from np.diff(shares)


def test_a_distribution_is_told_in_classes_of_three_or_more() -> None:
    values = np.arange(1.0, 41.0)
    one = run(SPEED, samples(values))["up", "car"]
    assert len(one.quantiles) == 12
    assert all(mass * 40 >= FEWEST for mass in _masses(one))
    assert [value for _, value in one.quantiles] == pytest.approx(
        np.quantile(values, [share for share, _ in one.quantiles])
    )
    assert run(SPEED, samples(values[:11]))["up", "car"].quantiles == ()
    assert run(LEVELS, samples(values, kind=ALL_KINDS))["A", "all"].quantiles == ()


def test_the_distribution_of_stays_ends_where_nothing_is_known() -> None:
    cut_off = samples([30.0] * 10, group=1)
    one = run(DWELL, Samples.joined(samples(np.arange(1.0, 21.0)), cut_off))["", "car"]
    assert max(share for share, _ in one.quantiles) <= 2 / 3
    assert one.sample_size == 30


def test_a_specification_that_makes_no_sense_is_told() -> None:
    with pytest.raises(ValueError, match="no such statistic: v99"):
        Sampled("speed", "m/s", ("a",), ("v99",))
    with pytest.raises(ValueError, match="a figure about one of them"):
        Sampled("speed", "m/s", ("a",), ("max",))
    with pytest.raises(ValueError, match="2 places but groups for 1"):
        Sampled("speed", "m/s", ("a", "b"), ("mean",), (("x",),))
    with pytest.raises(ValueError, match="resolution"):
        Sampled("speed", "m/s", ("a",), ("mean",), resolution=0.0)
    with pytest.raises(ValueError, match="no sum of stays"):
        told(Sampled("dwell", "s", ("a",), ("sum",), censored_group=1), cars(3))
