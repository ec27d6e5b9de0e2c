"""From what the site file says of the ground to a plane that fits the video, and the places on it."""

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Self

import numpy as np

from flaneur.config.ground import GroundTable
from flaneur.config.site import CameraTable
from flaneur.data.geometry import GroundPlaces
from flaneur.data.released import GroundFacts
from flaneur.data.time import SECOND_NS
from flaneur.detect.protocol import Detector
from flaneur.ground.camera_file import read_camera, read_lens
from flaneur.ground.fit import fit_points
from flaneur.ground.lens import Lens
from flaneur.ground.places import ground_line, ground_zone
from flaneur.ground.plane import GroundPlane, describe
from flaneur.ground.rough import clear_boxes, rough_plane
from flaneur.run.clock import StageClock
from flaneur.run.job import Job
from flaneur.run.looking import look
from flaneur.run.opening import open_source

USUAL_SIZE_PX = (1920, 1080)
"""Taken where no picture was seen yet: points are shares of it, so whether they tell a plane does not depend on it."""
SIZES_PER_S = 1.0
"""Looks for a plane from the sizes of road users: more would see the same ones again."""
SIZES_NS = 300 * SECOND_NS
"""So much of a video's beginning tells the sizes."""
SURE = 0.5
"""Boxes of a lower score may show a part only."""


def ground_of(job: Job, detector: Detector) -> GroundPlane | None:
    """The plane of the job's camera for pictures of its video; None where the site file has none.

    UserError says what is wrong with the calibration. For a ground from sizes the detector looks at the video first.
    """
    table = job.camera.ground
    if table is None:
        return None
    with open_source(job) as source:
        width_px, height_px = source.info.width_px, source.info.height_px
    if table.from_sizes:
        return _from_sizes(job, detector)
    return StatedGround.read(table, job.folder).plane(width_px, height_px)


@dataclass(frozen=True, slots=True, eq=False)
class StatedGround:
    """Measured points, or a camera file; with the file that a site file names read, for pictures of any size."""

    table: GroundTable
    camera: GroundPlane | None
    """Of the camera file."""
    lens: tuple[int, int, Lens] | None
    """Of the points, with width and height of its pictures."""

    @classmethod
    def read(cls, table: GroundTable, folder: Path) -> Self:
        """Paths are from `folder`; UserError when a file cannot be used."""
        camera = None if table.file is None else read_camera(folder / table.file)
        return cls(table, camera, None if table.lens is None else read_lens(folder / table.lens))

    @property
    def size_px(self) -> tuple[int, int]:
        """A size of pictures that it can be for: that of the camera file, any for points."""
        return (self.camera.width_px, self.camera.height_px) if self.camera else USUAL_SIZE_PX

    def plane(self, width_px: int, height_px: int) -> GroundPlane:
        """For pictures of this size; UserError for points that tell none, and for a camera file for other pictures."""
        if self.camera is not None:
            return self.camera.resized(width_px, height_px)
        size = np.array((width_px, height_px), np.float64)
        picture_px, metres = np.array(self.table.picture, np.float64) * size, np.array(self.table.metres, np.float64)
        lens = None
        if self.lens is not None:
            lens_width_px, lens_height_px, lens = self.lens
            lens = lens.scaled(size / (lens_width_px, lens_height_px))
        return fit_points(picture_px, metres, width_px, height_px, lens)


def on_ground(camera: CameraTable, plane: GroundPlane) -> GroundPlaces:
    """The camera's places in metres; UserError for a place that reaches up to the horizon."""
    places = camera.places
    return GroundPlaces(
        lines=tuple(ground_line(plane, line) for line in places.lines),
        zones=tuple(ground_zone(plane, zone) for zone in places.zones),
        flows=places.flows,
    )


def facts_of(plane: GroundPlane) -> GroundFacts:
    """What the report says of a plane."""
    facts = describe(plane)
    return GroundFacts(
        method=facts.source,
        rough=facts.rough,
        points=facts.points or 0,
        residual_m=facts.rms_m,
        worst_m=facts.worst[1] if facts.worst else None,
        scale_sigma=facts.scale_sigma,
        doubtful=tuple(f"{number} ({off_m:.1f} m)" for number, off_m, _ in facts.disagreeing),
    )


def _from_sizes(job: Job, detector: Detector) -> GroundPlane:
    boxes, kinds = [np.zeros((0, 4))], [np.zeros(0, np.uint8)]
    with open_source(job) as source:
        width_px, height_px = source.info.width_px, source.info.height_px
        beginning = takewhile(lambda frame: frame.time_ns < SIZES_NS, source.frames())
        for _, seen in look(beginning, SIZES_PER_S, 0.0, detector, StageClock()):
            if seen is not None:
                sure = seen.take(seen.score >= SURE)
                whole = clear_boxes(sure.xyxy_px.astype(np.float64), width_px, height_px)
                boxes.append(sure.xyxy_px[whole].astype(np.float64))
                kinds.append(sure.kind[whole])
    return rough_plane(np.concatenate(boxes), np.concatenate(kinds), width_px, height_px)
