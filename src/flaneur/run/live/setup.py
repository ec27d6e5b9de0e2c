"""From a site file to what is to be watched. Whatever can be wrong with it is told before anything is touched."""

from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path

import numpy as np

from flaneur.config.load import ConfigError, load_site, sha256_of
from flaneur.config.site import CameraTable, SiteFile
from flaneur.data.kinds import Kind
from flaneur.data.time import SECOND_NS
from flaneur.data.utc import utc
from flaneur.run.job import Job
from flaneur.run.live.camera_files import CameraFiles
from flaneur.run.live.operations import ServiceSecrets
from flaneur.source.address import Address
from flaneur.source.file import SourceParams
from flaneur.source.secrets import Credentials, Secrets, variable_stem

ROOM_NS = 60 * SECOND_NS
"""Moments count from so long before the start: pictures of a camera whose clock is late have times above 0, too."""


@dataclass(frozen=True, slots=True, eq=False)
class CameraSetup:
    """One camera to watch."""

    job: Job
    address: Address
    files: CameraFiles
    shows: bool = False
    """Whether there is a live view."""

    @property
    def name(self) -> str:
        """As in the site file."""
        return self.job.camera.name

    @property
    def source(self) -> SourceParams:
        """What is done to its pictures before anything looks at them."""
        return SourceParams(masks=tuple(np.array(mask, np.float64) for mask in self.job.camera.masks))

    def job_from(self, now_ns: int) -> tuple[Job, int]:
        """The job with moments that count from about now, and the moment from which they do."""
        start_s = (now_ns - ROOM_NS) // SECOND_NS
        start_ns = start_s * SECOND_NS
        return replace(self.job, camera=self.job.camera.model_copy(update={"start": utc(start_ns)})), start_ns

    def same_as(self, other: "CameraSetup") -> bool:
        """Whether nothing is to be done when this takes the place of the other."""
        mine, theirs = self.job, other.job
        same_login = _login(self.address) == _login(other.address)
        return (mine.camera, mine.site, mine.detector, self.files.digests, self.shows) == (
            theirs.camera,
            theirs.site,
            theirs.detector,
            other.files.digests,
            other.shows,
        ) and same_login


@dataclass(frozen=True, slots=True, eq=False)
class SiteSetup:
    """A site to watch."""

    path: Path
    site: SiteFile
    digest: str
    """SHA-256 of the site file."""
    cameras: tuple[CameraSetup, ...]
    services: ServiceSecrets

    @property
    def folder(self) -> Path:
        """Where the store lies."""
        return self.path.parent / self.site.watch.folder


def read_setup(path: Path) -> SiteSetup:
    """The site of this file; UserError when anything in it cannot be."""
    site = load_site(path)
    _check_logins(site)
    secrets = Secrets(None if site.watch.secrets is None else path.parent / site.watch.secrets)
    cameras = tuple(_camera(site, camera, path.parent, secrets) for camera in site.camera)
    return SiteSetup(path, site, sha256_of(path), cameras, _services(site, secrets))


def _camera(site: SiteFile, camera: CameraTable, folder: Path, secrets: Secrets) -> CameraSetup:
    if camera.source is None:
        raise ConfigError(f"camera {camera.name!r}: there is no source; give the address that its pictures come from")
    if camera.ground is not None and camera.ground.from_sizes:
        raise ConfigError(
            f"camera {camera.name!r}: a ground `from_sizes` is learnt from a video; measure points for a live camera"
        )
    address = Address.parse(camera.source, transport=camera.transport, realtime=camera.realtime, folder=folder)
    job = Job(Path(address.shown), site.site, camera, site.detector, folder)
    address = address.with_credentials(secrets.of(camera.name))
    shows = bool(site.serve and site.serve.viewers)
    setup = CameraSetup(job, address, CameraFiles.read(camera, folder), shows)
    for name, file in setup.files.signals.items():
        if not file.is_dated:
            raise ConfigError(
                f"camera {camera.name!r}: {name} counts seconds from the beginning of a video; for a live camera give "
                "dates in a column `time`"
            )
    setup.files.measuring(setup.job_from(0)[0], tuple(Kind))
    return setup


def _check_logins(site: SiteFile) -> None:
    """ConfigError where two would share one login: the password of one must not be sent to the host of another."""
    tables = [name for name, table in (("mqtt", site.mqtt), ("serve", site.serve)) if table]
    services = tables + [hook.name for hook in site.webhook] + (site.serve.viewers if site.serve else [])
    for service, other in [*product(services, (camera.name for camera in site.camera)), *combinations(services, 2)]:
        stem = variable_stem(service)
        if service == other or (stem and stem == variable_stem(other)):
            which = f"those of FLANEUR_{stem}_…" if stem else "those of one table"
            raise ConfigError(
                f"[watch] {service!r} and {other!r} would have the same user and password, {which}; "
                "give one of them another name"
            )


def _services(site: SiteFile, secrets: Secrets) -> ServiceSecrets:
    mqtt = secrets.of("mqtt") if site.mqtt else None
    serve = secrets.of("serve") if site.serve else None
    hooks = {hook.name: secrets.of(hook.name) for hook in site.webhook}
    viewers = [_viewer(name, secrets) for name in (site.serve.viewers if site.serve else ())]
    return ServiceSecrets(
        mqtt=(mqtt.user, mqtt.password) if mqtt else None,
        webhooks={name: found.password for name, found in hooks.items() if found},
        serve_token=serve.password if serve else None,
        viewers={viewer.user: viewer.password for viewer in viewers},
    )


def _viewer(name: str, secrets: Secrets) -> Credentials:
    found = secrets.of(name)
    if found is None or not found.password:
        raise ConfigError(
            f"[serve] viewer {name!r}: there is no password; write user and password under [{name!r}] in the file of "
            "secrets"
        )
    return found


def _login(address: Address) -> tuple[str, str] | None:
    return (address.credentials.user, address.credentials.password) if address.credentials else None
