"""What one run is to do: a video, the camera that it stands for, and the detector."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flaneur.config.load import ConfigError, load_site
from flaneur.config.site import CameraTable, DetectorTable, SiteFile, SiteTable
from flaneur.data.utc import utc_ns
from flaneur.source.opening import refuse_address


@dataclass(frozen=True, slots=True)
class Job:
    """One video to measure."""

    video: Path
    site: SiteTable
    camera: CameraTable
    detector: DetectorTable
    folder: Path = Path()
    """Where paths in the site file start from."""

    @property
    def start_ns(self) -> int:
        """UTC nanoseconds of the video's first frame; 0 when its date is unknown."""
        return 0 if self.camera.start is None else _utc_ns(self.camera.start, self.site)

    @property
    def dated(self) -> bool:
        """Whether intervals are moments of the calendar."""
        return self.camera.start is not None


def plan_job(video: Path, site: SiteFile | None = None, camera: str | None = None) -> Job:
    """The job for `video` as the site file says; without one, the whole picture is measured.

    ConfigError when it is not clear which camera of the site the video comes from, SourceError when it is an address.
    """
    refuse_address(video)
    if site is None:
        return Job(video, SiteTable(name=_printable(video.stem)), CameraTable(name="camera"), DetectorTable())
    return Job(video, site.site, _camera(site, video, camera), site.detector)


def load_job(video: Path, site_path: Path | None, camera: str | None = None) -> Job:
    """Like `plan_job`, from the path of a site file."""
    if site_path is None:
        return plan_job(video)
    return replace(plan_job(video, load_site(site_path), camera), folder=site_path.parent)


def _camera(site: SiteFile, video: Path, name: str | None) -> CameraTable:
    names = ", ".join(repr(camera.name) for camera in site.camera)
    if name is not None:
        for camera in site.camera:
            if camera.name == name:
                return camera
        raise ConfigError(f"there is no camera {name!r} in the site file; it has {names}")
    if len(site.camera) == 1:
        return site.camera[0]
    matching = [camera for camera in site.camera if camera.source and Path(camera.source).name == video.name]
    if len(matching) != 1:
        raise ConfigError(f"the site file has several cameras; say with --camera which one this is: {names}")
    return matching[0]


def _utc_ns(start: datetime, site: SiteTable) -> int:
    aware = start if start.tzinfo is not None else start.replace(tzinfo=site.zone)
    return utc_ns(aware)


def _printable(stem: str) -> str:
    return "".join(c for c in stem if c.isprintable())[:80] or "video"
