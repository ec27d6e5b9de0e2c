"""What is known of a running site at this moment; every channel tells it from here. Lives on one thread."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from flaneur.data.live import Alarm, CameraStatus
from flaneur.data.released import Measurement
from flaneur.data.series import Series, series_of

Concern = tuple[str, str, str]
"""What an alarm is about: camera, what, place."""


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
    """The latest state of each camera, the latest complete interval, and what has added up since the start."""

    def __init__(self, site: SiteFacts) -> None:
        self.site = site
        self.statuses: dict[str, CameraStatus] = {}
        self.alarms: dict[Concern, Alarm] = {}
        """Those that are not over."""
        self._figures: dict[Series, Measurement] = {}
        self._latest_ns: dict[str, int] = {}
        """Start of the latest complete interval, by camera."""
        self._totals: defaultdict[Series, float] = defaultdict(float)

    def seen(self, statuses: Sequence[CameraStatus]) -> None:
        """How all cameras are now."""
        self.statuses = {status.camera: status for status in statuses}

    def complete(self, figures: Sequence[Measurement]) -> None:
        """Figures of complete intervals; one that is not later than its series' latest is told already."""
        for figure in figures:
            series = series_of(figure)
            known = self._figures.get(series)
            if known is not None and figure.start_ns <= known.start_ns:
                continue
            self._figures[series] = figure
            self._latest_ns[figure.camera] = max(figure.start_ns, self._latest_ns.get(figure.camera, figure.start_ns))
            if series.additive:
                self._totals[series] += figure.value or 0.0  # what was not observed adds nothing, and coverage says so

    def recall(self, figures: Sequence[Measurement]) -> None:
        """The latest figures of an earlier run: they are the latest until there are newer ones, and add to nothing."""
        for figure in figures:
            if figure.camera in self.site.cameras:
                self._figures[series_of(figure)] = figure

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
        self._latest_ns = {camera: start for camera, start in self._latest_ns.items() if camera in held}
        for series in [series for series in self._totals if series.camera not in held]:
            del self._totals[series]

    def latest(self) -> list[tuple[Series, Measurement]]:
        """The figures of each camera's latest complete interval, by name; without those that are older than it."""
        now = [
            (series, figure)
            for series, figure in self._figures.items()
            if figure.start_ns == self._latest_ns.get(series.camera)
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
