"""Starting a site file from a video, and importing one from a peer's format."""

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from string import Template

import numpy as np

from flaneur.config.otflow import ImportNote, read_otflow, site_toml
from flaneur.config.site import SiteFile, SiteTable
from flaneur.data.language import Language
from flaneur.data.released import RedactedImage
from flaneur.data.time import SECOND_NS
from flaneur.detect.detector import DetectParams, open_detector
from flaneur.detect.protocol import Detector
from flaneur.release.background import still
from flaneur.release.redact import Redactor
from flaneur.run.clock import StageClock
from flaneur.run.job import plan_job
from flaneur.run.looking import look
from flaneur.serve.atomic import written_whole
from flaneur.serve.picture import png, with_grid
from flaneur.source import FileSource
from flaneur.track.params import TrackParams
from flaneur.track.tracker import Tracker

LOOK_NS = 30 * SECOND_NS
"""Beginning of the video from which the picture is made: long enough for most of the ground to be empty once."""
LOOKS_PER_S = 2.0

EXAMPLE_START = datetime(2026, 5, 4, 8, tzinfo=UTC)
"""Stands in the new site file where the video does not say when it was recorded."""

TEMPLATES = Path(__file__).parent / "templates"


def start_site(video: Path, site: Path, picture: Path, language: Language) -> None:
    """Write a site file for `video` with comments in `language`, and a picture of its empty place under a grid.

    UserError when the video cannot be used or the files cannot be written.
    """
    with FileSource(video) as source:
        created = source.info.created or EXAMPLE_START
        place = empty_place(source, open_detector(DetectParams()))
    text = Template((TEMPLATES / f"site.{language}.toml").read_text("utf-8")).substitute(
        picture=picture.name,
        site=site,
        name=json.dumps(_title(video), ensure_ascii=False),
        source=json.dumps(str(video), ensure_ascii=False),
        start=created.isoformat(timespec="seconds"),
    )
    _write(picture, png(with_grid(place)))
    _write(site, text.encode())


def import_otflow(sections: Path, video: Path, site: Path) -> tuple[ImportNote, ...]:
    """Write `site` from the sections and flows of an .otflow file; returns notes for the user."""
    with FileSource(video) as source:
        imported = read_otflow(sections, source.info.width_px, source.info.height_px)
    file = SiteFile(site=SiteTable(name=_title(video)), camera=[imported.camera])
    _write(site, site_toml(file).encode())
    return imported.notes


def empty_place(source: FileSource, detector: Detector) -> RedactedImage:
    """The place of the video's beginning with road users hidden, and seen through where they moved on."""
    size = source.info.width_px, source.info.height_px
    redactor = Redactor(*size)
    tracker = Tracker(TrackParams(), *size, np.random.default_rng())
    beginning = itertools.takewhile(lambda frame: frame.time_ns < LOOK_NS, source.frames())
    images: list[RedactedImage] = []
    for frame, detections in look(beginning, LOOKS_PER_S, 0.0, detector, StageClock()):
        images += redactor.step(frame, detections, tracker.step(frame.index, frame.time_ns, detections))
    return still(images + redactor.finish(tracker.flush()))


def _title(video: Path) -> str:
    return plan_job(video).site.name


def _write(path: Path, content: bytes) -> None:
    with written_whole(path) as file:
        file.write(content)
