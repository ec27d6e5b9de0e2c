"""Opens what a job names: its video and its detector."""

import numpy as np

from flaneur.detect.detector import DetectParams, open_detector
from flaneur.detect.protocol import Detector
from flaneur.run.job import Job
from flaneur.source import FileSource, SourceParams


def open_source(job: Job) -> FileSource:
    """The job's video, with the camera's masks painted over; SourceError when it cannot be used."""
    return FileSource(job.video, SourceParams(masks=tuple(np.array(mask, np.float64) for mask in job.camera.masks)))


def open_job_detector(job: Job) -> Detector:
    """The detector that the site file names; ModelError when it cannot be used."""
    table = job.detector
    return open_detector(DetectParams(table.model, table.layout, table.kinds, table.licence))
