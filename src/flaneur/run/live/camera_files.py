"""The files that a camera's tables name: read with the site file, and never again while the camera is watched."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flaneur.config.load import sha256_of
from flaneur.config.site import CameraTable
from flaneur.data.kinds import Kind
from flaneur.run.calibrating import USUAL_SIZE_PX, StatedGround
from flaneur.run.job import Job
from flaneur.run.measuring import Measuring
from flaneur.run.watching import phases_of, signal_files
from flaneur.source.signal_file import SignalFile


@dataclass(frozen=True, slots=True, eq=False)
class CameraFiles:
    """What a camera is measured with, besides its tables."""

    ground: StatedGround | None
    signals: Mapping[str, SignalFile]
    digests: tuple[str, ...]
    """SHA-256 of all files."""

    @classmethod
    def read(cls, camera: CameraTable, folder: Path) -> Self:
        """Paths are from `folder`; UserError when a file cannot be used."""
        ground = (camera.ground.file, camera.ground.lens) if camera.ground else ()
        names = (*ground, *(signal.file for signal in camera.signal))
        return cls(
            digests=tuple(sha256_of(folder / name) for name in names if name is not None),
            ground=StatedGround.read(camera.ground, folder) if camera.ground else None,
            signals=signal_files(camera, folder),
        )

    def measuring(self, job: Job, kinds: tuple[Kind, ...], size_px: tuple[int, int] | None = None) -> Measuring:
        """All measures of the job's camera, for pictures of this size; None while it is not known.

        UserError for places that cannot be on the ground, and for a ground that cannot be that of such pictures.
        """
        if self.ground is None:
            plane, size_px = None, size_px or USUAL_SIZE_PX
        else:
            size_px = size_px or self.ground.size_px
            plane = self.ground.plane(*size_px)
        return Measuring(job, *size_px, kinds, phases_of(job, self.signals), plane)
