"""A camera with every kind of table that its measures know, and jobs for it."""

from pathlib import Path

from flaneur.config.load import parse_site
from flaneur.config.site import CameraTable
from flaneur.run.job import Job, plan_job

LIGHT_AND_QUEUE = """
[[camera.signal]]
name = "light"
stop_line = "stop"
direction = "in"
file = "phases.csv"
[[camera.queue]]
name = "queue"
stop_line = "stop"
lane = "lane"
signal = "light"
"""
"""A traffic light at the line "stop", and the queue that it makes on the zone "lane"."""
EVERYTHING = """
[site]
name = "junction"
[[camera]]
name = "c"
[[camera.line]]
name = "stop"
metres = [[0.0, 3.0], [0.0, -3.0]]
to_right = "out"
to_left = "in"
[[camera.line]]
name = "exit"
metres = [[30.0, 3.0], [30.0, -3.0]]
[[camera.zone]]
name = "lane"
metres = [[-60.0, -2.0], [0.0, -2.0], [0.0, 2.0], [-60.0, 2.0]]
[[camera.zone]]
name = "square"
metres = [[5.0, -5.0], [15.0, -5.0], [15.0, 5.0], [5.0, 5.0]]
crowd = { alarm_per_m2 = [0.05, 0.5] }
[[camera.flow]]
name = "straight on"
origin = "stop"
destination = "exit"
"""
EVERYTHING += LIGHT_AND_QUEUE


def job(text: str = EVERYTHING, folder: Path = Path()) -> Job:
    """The job of the only camera of a site file."""
    planned = plan_job(Path("video.mp4"), parse_site(text, "site.toml"))
    return Job(planned.video, planned.site, planned.camera, planned.detector, folder)


def camera(text: str = EVERYTHING) -> CameraTable:
    """That camera."""
    return job(text).camera
