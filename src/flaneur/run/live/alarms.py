"""From how cameras are to what somebody should look at, told once when it begins and once when it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from flaneur.data.live import Alarm, CameraStatus, Reason
from flaneur.data.time import SECOND_NS

What = Literal["lost", "blind", "store", "clock", "density", "overload"]

CALM_NS = 10 * SECOND_NS
"""A camera must be well for so long before its alarm is over: one that comes and goes raises one alarm."""
SITE = ""
"""Camera of an alarm that concerns the whole site."""


@dataclass(frozen=True, slots=True)
class _Raised:
    alarm: Alarm
    seen_ns: int
    """When its cause was there last."""


class Alarms:
    """Remembers which alarms are raised. Each call tells what is new."""

    def __init__(self) -> None:
        self._raised: dict[tuple[str, What, str], _Raised] = {}

    def of_cameras(self, statuses: Sequence[CameraStatus], now_ns: int) -> list[Alarm]:
        """Cameras that give no picture, or none of use, or tell a time that cannot be true."""
        told: list[Alarm] = []
        for status in statuses:
            is_lost, is_blind = status.state == "lost", status.state == "blind"
            told += self.judge(status.camera, "lost", "", int(is_lost), status.reason, now_ns)
            if not is_lost:  # what a camera shows that shows nothing is not known, nor how its clock is
                is_wrong = status.clock_ahead_s is not None and not status.clock_used
                told += self.judge(status.camera, "blind", "", int(is_blind), status.reason, now_ns)
                told += self.judge(status.camera, "clock", "", int(is_wrong), "clock", now_ns)
        return told

    def of_densities(self, camera: str, levels: Mapping[str, int], now_ns: int) -> list[Alarm]:
        """Zones whose density has reached another level; an unknown level changes nothing."""
        told: list[Alarm] = []
        for place, level in levels.items():
            if level >= 0:
                told += self.judge(camera, "density", place, level, None, now_ns, calm_ns=0)
        return told

    def judge(
        self,
        camera: str,
        what: What,
        place: str,
        level: int,
        reason: Reason | None,
        now_ns: int,
        calm_ns: int = CALM_NS,
    ) -> list[Alarm]:
        """Something is now at this level, 0 where all is well."""
        key = camera, what, place
        before = self._raised.get(key)
        if level > 0:
            alarm = Alarm(camera, what, reason, place, level, now_ns)
            same = before is not None and (before.alarm.level, before.alarm.reason) == (level, reason)
            self._raised[key] = _Raised(before.alarm if same and before else alarm, now_ns)
            return [] if same else [alarm]
        if before is None:
            return []
        if now_ns < before.seen_ns:  # the clock was set back since
            before = self._raised[key] = replace(before, seen_ns=now_ns)
        if now_ns - before.seen_ns < calm_ns:
            return []
        del self._raised[key]
        return [Alarm(camera, what, None, place, 0, now_ns)]

    def forget(self, camera: str, now_ns: int) -> list[Alarm]:
        """The camera is not watched any more; its alarms are over."""
        over = [key for key in self._raised if key[0] == camera]
        for key in over:
            del self._raised[key]
        return [Alarm(camera, what, None, place, 0, now_ns) for _, what, place in over]

    def forget_all(self, now_ns: int) -> list[Alarm]:
        """Nothing is watched any more; all alarms are over."""
        concerned = dict.fromkeys(camera for camera, _, _ in self._raised)
        return [alarm for camera in concerned for alarm in self.forget(camera, now_ns)]
