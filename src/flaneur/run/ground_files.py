"""A camera's calibration to look at: its facts, and its grid of metres on a redacted picture."""

from dataclasses import dataclass, replace
from pathlib import Path

from flaneur.config.ground import GroundTable
from flaneur.data.errors import UserError
from flaneur.ground.plane import PlaneFacts, describe
from flaneur.run.calibrating import ground_of, on_ground
from flaneur.run.job import Job
from flaneur.run.metre_grid import metre_grid
from flaneur.run.opening import open_job_detector, open_source
from flaneur.run.site_files import empty_place
from flaneur.serve.atomic import written_whole
from flaneur.serve.picture import png, with_grid, with_metres


@dataclass(frozen=True, slots=True)
class GroundLook:
    """What a user should know of the ground of a camera."""

    facts: PlaneFacts | None
    """None where it could not be found."""
    stated: bool
    """Whether the site file says anything of it; else it was tried from the sizes of road users."""
    trouble: str = ""
    """Why it could not be found from sizes, or which place cannot be on it."""
    residuals: tuple[tuple[float, float, bool], ...] = ()
    """For each point of the site file how far it is off, in metres and in pixels, and whether it was used."""


def look_at_ground(job: Job, picture: Path) -> GroundLook:
    """Find the ground as the site file says, or else roughly, and write it over a picture without people.

    UserError when the video or what the site file says of the ground cannot be used.
    """
    stated = job.camera.ground is not None
    if not stated:
        job = replace(job, camera=job.camera.model_copy(update={"ground": GroundTable(from_sizes=True)}))
    detector = open_job_detector(job)
    try:
        plane, trouble = ground_of(job, detector), ""
    except UserError as error:
        if stated:
            raise
        plane, trouble = None, str(error)
    with open_source(job) as source:
        place = empty_place(source, detector)
    drawn = with_metres(place, metre_grid(plane)) if plane else with_grid(place)
    with written_whole(picture) as file:
        file.write(png(drawn))
    if plane is None:
        return GroundLook(None, stated, trouble)
    if not job.camera.in_metres:
        try:
            on_ground(job.camera, plane)
        except UserError as error:
            trouble = str(error)
    check = plane.check
    columns = (check.residual_m, check.residual_px, check.used) if check else ((), (), ())
    residuals = tuple((float(m), float(px), bool(used)) for m, px, used in zip(*columns, strict=True))
    return GroundLook(describe(plane), stated, trouble, residuals)
