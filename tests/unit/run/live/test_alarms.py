from dataclasses import replace

from flaneur.data.live import Alarm, CameraStatus, Reason, State
from flaneur.data.time import SECOND_NS
from flaneur.run.live.alarms import CALM_NS, SITE, Alarms

STATUS = CameraStatus("north", "watching", None, 0, 0, 0, 0, 0.0, 0, None, 0.0, None, clock_used=False)


def told(alarms: Alarms, second: int, state: State, reason: Reason | None = None) -> list[tuple[str, int]]:
    status = replace(STATUS, state=state, reason=reason)
    return [(alarm.what, alarm.level) for alarm in alarms.of_cameras([status], second * SECOND_NS)]


def test_a_loss_is_told_once_and_its_end_once() -> None:
    alarms = Alarms()
    calm_s = CALM_NS // SECOND_NS
    assert told(alarms, 0, "watching") == []
    assert told(alarms, 1, "lost", "refused") == [("lost", 1)]
    assert told(alarms, 2, "lost", "refused") == []
    assert told(alarms, 3, "watching") == []
    assert told(alarms, 2 + calm_s, "watching") == [("lost", 0)]
    assert told(alarms, 90, "watching") == []


def test_a_camera_that_comes_and_goes_raises_one_alarm() -> None:
    alarms = Alarms()
    found = [told(alarms, second, "lost" if second % 4 else "watching", "silent") for second in range(60)]
    assert sum(map(len, found)) == 1


def test_another_reason_is_told() -> None:
    alarms = Alarms()
    told(alarms, 0, "lost", "silent")
    assert told(alarms, 1, "lost", "refused") == [("lost", 1)]


def test_a_blind_camera_that_is_lost_stays_blind_until_it_is_seen_to_be_well() -> None:
    alarms = Alarms()
    assert told(alarms, 0, "blind", "covered") == [("blind", 1)]
    assert told(alarms, 20, "lost", "refused") == [("lost", 1)]
    assert told(alarms, 40, "watching") == [("lost", 0), ("blind", 0)]


def test_density_levels_are_told_as_they_change() -> None:
    alarms = Alarms()
    levels = [-1, 0, 1, 1, 2, -1, 1, 0, 0]
    found = [alarms.of_densities("north", {"plaza": level}, n) for n, level in enumerate(levels)]
    assert [(alarm.place, alarm.level) for step in found for alarm in step] == [
        ("plaza", 1),
        ("plaza", 2),
        ("plaza", 1),
        ("plaza", 0),
    ]


def test_alarms_of_a_camera_that_is_gone_are_over() -> None:
    alarms = Alarms()
    told(alarms, 0, "lost", "refused")
    assert alarms.forget("north", 5) == [Alarm("north", "lost", None, "", 0, 5)]
    assert alarms.forget("north", 6) == []


def test_a_camera_whose_clock_cannot_be_true_is_told() -> None:
    alarms = Alarms()
    wrong, right = replace(STATUS, clock_ahead_s=7.0), replace(STATUS, clock_ahead_s=0.1, clock_used=True)
    (alarm,) = alarms.of_cameras([wrong], 0)
    assert (alarm.camera, alarm.what, alarm.reason, alarm.level) == ("north", "clock", "clock", 1)
    assert alarms.of_cameras([wrong], SECOND_NS) == []
    assert [one.level for one in alarms.of_cameras([right], 2 * CALM_NS)] == [0]


def test_what_time_a_lost_camera_has_is_not_known() -> None:
    alarms = Alarms()
    alarms.of_cameras([replace(STATUS, clock_ahead_s=7.0)], 0)
    lost = replace(STATUS, state="lost", reason="silent")
    assert [one.what for one in alarms.of_cameras([lost], 2 * CALM_NS)] == ["lost"]


def test_a_clock_that_was_set_back_holds_up_no_end() -> None:
    alarms, hour_ns = Alarms(), 3600 * SECOND_NS
    (raised,) = alarms.judge(SITE, "store", "", 1, None, 2 * hour_ns)
    assert raised.level == 1
    over = [alarms.judge(SITE, "store", "", 0, None, hour_ns + second * SECOND_NS) for second in range(12)]
    assert [second for second, told_then in enumerate(over) if told_then] == [CALM_NS // SECOND_NS]


def test_at_the_end_all_alarms_are_over() -> None:
    alarms = Alarms()
    told(alarms, 0, "lost", "refused")
    alarms.judge(SITE, "overload", "", 1, None, 0)
    alarms.of_densities("north", {"plaza": 2}, 0)
    over = {(alarm.camera, alarm.what, alarm.place, alarm.level) for alarm in alarms.forget_all(5)}
    assert over == {("north", "lost", "", 0), (SITE, "overload", "", 0), ("north", "density", "plaza", 0)}
    assert alarms.forget_all(6) == []
