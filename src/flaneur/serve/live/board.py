"""What is known of a running site at this moment; every channel tells it from here. Lives on one thread."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from flaneur.data.live import Alarm, CameraStatus
from flaneur.data.released import Measurement
from flaneur.data.series import MeasuredPlace, Series, series_of

Concern = tuple[str, str, str]
"""What an alarm is about: camera, what, place."""
NONE_YET = (0, 0)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What channels say of a site besides its figures."""

    name: str
    cameras: tuple[str, ...]
    version: str
    """Of Flaneur."""
    detector: str
    """Name of the model that looks."""
    position: tuple[float, float] | None = None
    """Latitude and longitude in degrees, WGS 84."""
    country: str = "ZZ"
    """ISO 3166-1; ZZ where nobody said."""


class Board:
    """The latest state of each camera, the latest complete interval, and what has added up since the start.

    Figures of other sites and cameras than those of `site` are passed over: a camera's last ones come after it was
    taken out, and a store remembers other names. So is what is dated in the future: a clock was ahead for a while.
    """

    def __init__(self, site: SiteFacts, now_ns: Callable[[], int] = time.time_ns) -> None:
        self.site = site
        self._now_ns = now_ns
        self.statuses: dict[str, CameraStatus] = {}
        self.alarms: dict[Concern, Alarm] = {}
        """Those that are not over."""
        self._figures: dict[Series, Measurement] = {}
        self._starts_ns: dict[str, tuple[int, int]] = {}
        """Starts of the latest complete interval but one and of the latest one, by camera; 0 where there is none."""
        self._totals: defaultdict[Series, float] = defaultdict(float)

    def seen(self, statuses: Sequence[CameraStatus]) -> None:
        """How all cameras are now."""
        self.statuses = {status.camera: status for status in statuses}

    def complete(self, figures: Sequence[Measurement]) -> list[Measurement]:
        """Figures of complete intervals; one that is not later than its series' latest is told already. Gives those of
        its site and cameras.

        Every interval tells all measures at all places that a camera has. What two in a row do not tell is no more: a
        line or zone, or the ground that it needs, was taken out of the site file. One alone may leave out what was
        told before a restart within it.
        """
        now_ns = self._now_ns()
        held = [figure for figure in figures if self._holds(figure)]
        for figure in held:
            series = series_of(figure)
            known = self._figures.get(series)
            if known is not None and figure.start_ns <= known.start_ns <= now_ns:
                continue
            self._figures[series] = figure
            self._reach(figure, now_ns)
            if series.additive:
                self._totals[series] += figure.value or 0.0  # what was not observed adds nothing, and coverage says so
        self._forget_places({figure.camera for figure in held})
        return held

    def recall(self, figures: Sequence[Measurement]) -> None:
        """The latest figures of an earlier run: they are the latest until there are newer ones, and add to nothing."""
        now_ns = self._now_ns()
        self._figures |= {series_of(one): one for one in figures if self._holds(one) and one.start_ns <= now_ns}

    def _holds(self, figure: Measurement) -> bool:
        return figure.site == self.site.name and figure.camera in self.site.cameras

    def _reach(self, figure: Measurement, now_ns: int) -> None:
        _, latest_ns = self._starts_ns.get(figure.camera, NONE_YET)
        if latest_ns > now_ns:
            latest_ns = 0
        if figure.start_ns > latest_ns:
            self._starts_ns[figure.camera] = (latest_ns, figure.start_ns)

    def _forget_places(self, cameras: Set[str]) -> None:
        of_cameras = [series for series in self._figures if series.camera in cameras]
        told_ns: defaultdict[MeasuredPlace, int] = defaultdict(int)
        for series in of_cameras:
            told_ns[series.measured_place] = max(told_ns[series.measured_place], self._figures[series].start_ns)
        for series in of_cameras:
            before_ns, _ = self._starts_ns.get(series.camera, NONE_YET)
            if told_ns[series.measured_place] < before_ns:
                del self._figures[series]
                self._totals.pop(series, None)

    def alarmed(self, alarm: Alarm) -> None:
        """Something began, got worse or is over."""
        concern = (alarm.camera, alarm.what, alarm.place)
        if alarm.level > 0:
            self.alarms[concern] = alarm
        else:
            self.alarms.pop(concern, None)

    def move(self, site: SiteFacts) -> None:
        """The site file was read anew: forget cameras that it no longer names."""
        self.site = site
        held = set(site.cameras)
        self.statuses = {name: status for name, status in self.statuses.items() if name in held}
        self.alarms = {concern: alarm for concern, alarm in self.alarms.items() if concern[0] in {*held, ""}}
        self._figures = {series: figure for series, figure in self._figures.items() if series.camera in held}
        self._starts_ns = {camera: starts for camera, starts in self._starts_ns.items() if camera in held}
        for series in [series for series in self._totals if series.camera not in held]:
            del self._totals[series]

    def latest(self) -> list[tuple[Series, Measurement]]:
        """The figures of each camera's latest complete interval, by name; without those that are older than it."""
        now = [
            (series, figure)
            for series, figure in self._figures.items()
            if figure.start_ns == self._starts_ns.get(series.camera, NONE_YET)[1]
        ]
        return sorted(now, key=lambda one: one[0])

    def series(self) -> dict[Series, Measurement]:
        """Every series of which a figure is known, with its latest one, by name."""
        return dict(sorted(self._figures.items(), key=lambda one: one[0]))

    def totals(self) -> list[tuple[Series, str, float]]:
        """What has been counted in complete intervals since the start, with its unit, by name."""
        return [(series, self._figures[series].unit, total) for series, total in sorted(self._totals.items())]

    def unseen(self) -> dict[str, str]:
        """Cameras that have not shown a single picture since the start, and why."""
        out = {}
        for camera in self.site.cameras:
            status = self.statuses.get(camera)
            if status is None:
                out[camera] = "starting"
            elif not status.frames_seen:
                out[camera] = f"{status.state}: {status.reason}" if status.reason else status.state
        return out
