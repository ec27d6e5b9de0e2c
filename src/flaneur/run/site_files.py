"""Starting a site file from a video, and importing one from a peer's format."""

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from flaneur.config.otflow import read_otflow, site_toml
from flaneur.config.site import SiteFile, SiteTable
from flaneur.data.released import RedactedImage
from flaneur.data.time import SECOND_NS
from flaneur.detect.detector import DetectParams, open_detector
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

START = """\
# Site file of Flaneur. Positions are fractions of the picture: [0, 0] is its top left corner, [1, 1] its bottom right.
# {picture} shows a grid to read them from. Check this file with: flaneur site check {site}

[site]
name = {name}
timezone = "Europe/Berlin"     # IANA name; intervals are shown in it
interval_s = 60                # length of the intervals, 60 at least

[[camera]]
name = "camera"
source = {source}
# start = {start}  # when the video begins, in the site's zone; without it times count from 0:00

# Painted over before anything looks, and so in every picture: windows, gardens, a neighbour's door.
# masks = [[[0.0, 0.0], [0.2, 0.0], [0.2, 0.1]]]

# How the picture lies on the ground, for speeds, queues, density and near misses. `flaneur ground` shows how to get
# there: 4 points or more, measured from any one of them, x along the street, y to the left of it. Six find mistakes.
# [camera.ground]
# picture = [[0.2, 0.8], [0.8, 0.8], [0.6, 0.4], [0.3, 0.4], [0.5, 0.6], [0.4, 0.5]]
# metres = [[0.0, 0.0], [8.0, 0.0], [8.0, 15.0], [0.0, 15.0], [4.1, 6.0], [2.3, 10.2]]
# from_sizes = true            # instead of points: rough, from how large people and cars look

# A line counts who crosses it with the ground point, the middle of a box's lower edge. Right and left are those of
# somebody who walks from its first point to its last, as seen in the picture. Draw it where feet are well visible.
[[camera.line]]
name = "line 1"
points = [[0.1, 0.6], [0.9, 0.6]]
to_right = "down"              # what to call the directions; "to right" and "to left" when left out
to_left = "up"

# What counts is the ground point. Lines drawn for another point of the box, its middle say, need:
# anchor = [0.5, 0.5]          # shares of the box's width and height; goes above the lines, below [[camera]]

# A zone counts who enters and leaves, and how many are in it.
[[camera.zone]]
name = "zone 1"
polygon = [[0.3, 0.7], [0.7, 0.7], [0.7, 0.95], [0.3, 0.95]]

# How dense people are in the zone above it and how they move. Needs [camera.ground].
# [camera.zone.crowd]
# ground = "walkway"           # or "stairs" or "waiting": which levels of service A to F it is judged by
# alarm_per_m2 = [2.0, 3.5]    # people per m² at which alarm levels 1, 2 begin

# A flow counts road users that pass first one and then another line or zone: a turning movement.
# [[camera.flow]]
# origin = "line 1"
# destination = "zone 1"

# The queue of a lane behind a stop line: a zone from the line as far back as queues are seen. Needs [camera.ground].
# [[camera.queue]]
# name = "queue 1"
# stop_line = "line 1"
# lane = "zone 1"

# Who crosses a stop line at which signal. Phases come from a CSV file (time_s,group,state) or from the picture.
# [[camera.signal]]
# name = "signal 1"
# stop_line = "line 1"
# direction = "down"           # one of the line's two
# file = "signals.csv"         # or the lamps:
# [camera.signal.lamps]
# red = [[0.90, 0.10], [0.91, 0.10], [0.91, 0.12], [0.90, 0.12]]
# green = [[0.90, 0.14], [0.91, 0.14], [0.91, 0.16], [0.90, 0.16]]

# [detector]
# rate_per_s = 5.0             # how often the detector looks
# model = "nanodet"            # `flaneur models` lists what there is; or the path of an ONNX or OpenVINO file with
# layout = "yolox"             # ... nanodet, yolox, yolov7, yolov8 or detr
# classes = {{ 0 = "pedestrian", 1 = "bicycle", 2 = "car" }}
"""


def start_site(video: Path, site: Path, picture: Path) -> None:
    """Write a commented site file for `video`, and a picture of its empty place under a grid.

    UserError when the video cannot be used or the files cannot be written.
    """
    with FileSource(video) as source:
        created = source.info.created or EXAMPLE_START
        place = empty_place(source)
    text = START.format(
        picture=picture.name,
        site=site,
        name=json.dumps(_title(video)),
        source=json.dumps(str(video)),
        start=created.isoformat(timespec="seconds"),
    )
    _write(picture, png(with_grid(place)))
    _write(site, text.encode())


def import_otflow(sections: Path, video: Path, site: Path) -> tuple[str, ...]:
    """Write `site` from the sections and flows of an .otflow file; returns notes for the user."""
    with FileSource(video) as source:
        imported = read_otflow(sections, source.info.width_px, source.info.height_px)
    file = SiteFile(site=SiteTable(name=_title(video)), camera=[imported.camera])
    _write(site, site_toml(file).encode())
    return imported.notes


def empty_place(source: FileSource) -> RedactedImage:
    """The place of the video's beginning with road users hidden, and seen through where they moved on."""
    size = source.info.width_px, source.info.height_px
    redactor = Redactor(*size)
    tracker = Tracker(TrackParams(), *size, np.random.default_rng())
    beginning = itertools.takewhile(lambda frame: frame.time_ns < LOOK_NS, source.frames())
    images: list[RedactedImage] = []
    for frame, detections in look(beginning, LOOKS_PER_S, 0.0, open_detector(DetectParams()), StageClock()):
        images += redactor.step(frame, detections, tracker.step(frame.index, frame.time_ns, detections))
    return still(images + redactor.finish(tracker.flush()))


def _title(video: Path) -> str:
    return plan_job(video).site.name


def _write(path: Path, content: bytes) -> None:
    with written_whole(path) as file:
        file.write(content)
