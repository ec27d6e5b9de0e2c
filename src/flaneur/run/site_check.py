"""Whether a site file can be used, with the files that it names."""

from pathlib import Path

from flaneur.config.load import ConfigError, load_site
from flaneur.config.site import SiteFile
from flaneur.data.errors import UserError
from flaneur.data.utc import EPOCH
from flaneur.run.calibrating import StatedGround, on_ground
from flaneur.run.job import Job
from flaneur.run.watching import phases_of_files


def check_site(path: Path) -> SiteFile:
    """The site file at `path`; ConfigError where a run would refuse it, its calibration or its signal files."""
    site = load_site(path)
    for camera in site.camera:
        started = camera.model_copy(update={"start": camera.start or EPOCH})  # a live camera will know
        try:
            phases_of_files(Job(Path(), site.site, started, site.detector, path.parent))
            if camera.ground is not None and not camera.ground.from_sizes:
                ground = StatedGround.read(camera.ground, path.parent)
                on_ground(camera, ground.plane(*ground.size_px))
        except UserError as error:
            raise ConfigError(f"{path}: camera {camera.name!r}: {error}") from None
    return site
