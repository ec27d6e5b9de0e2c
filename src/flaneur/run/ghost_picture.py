"""A picture for the public page, from a file that the operator names and says to show nobody."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from flaneur.config.site import CameraTable
from flaneur.data.errors import UserError
from flaneur.data.kinds import Kind
from flaneur.data.time import SECOND_NS
from flaneur.detect.protocol import Detector
from flaneur.source import FileSource, SourceParams

PICTURES = (".png", ".jpg", ".jpeg")
LOOKS_NS = 10 * SECOND_NS
"""A ghost video may begin with flat pictures; after so long it is taken to have no other."""
FLAT = 4.0
"""Standard deviation of a picture, of 255, below which it shows nothing."""
WIDEST_PX = 1280
QUALITY = 85
SURE_SCORE = 0.45
"""Real people score .7 and more, glyphs .3 and less."""
PEOPLE = (Kind.PEDESTRIAN, Kind.TWO_WHEELER, Kind.BICYCLE, Kind.MOTORCYCLE)


def ghost_picture(path: Path, camera: CameraTable, detector: Detector) -> bytes:
    """The first picture of a ghost video, or a picture file, as JPEG without any other data.

    UserError when the detector sees a person in it: what `flaneur redact --style ghost` writes shows none. That is a
    check against the wrong file, not a proof.
    """
    bgr = _picture(path) if path.suffix.lower() in PICTURES else _first_of_video(path, camera)
    found = detector.detect(bgr)
    if np.any(np.isin(found.kind, PEOPLE) & (found.score >= SURE_SCORE)):
        raise UserError(
            f"{path}: there is somebody to be seen in this picture, so it is not put on a public page; name a video "
            "that `flaneur redact --style ghost` wrote"
        )
    shrink = min(1.0, WIDEST_PX / bgr.shape[1])
    small = cv2.resize(bgr, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1.0 else bgr
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def _picture(path: Path) -> NDArray[np.uint8]:
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    bgr = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if bgr is None:
        raise UserError(f"{path}: is not a picture that can be read; take PNG, JPEG, or a ghost video (MP4)")
    return bgr.astype(np.uint8, copy=False)


def _first_of_video(path: Path, camera: CameraTable) -> NDArray[np.uint8]:
    masks = tuple(np.array(mask, np.float64) for mask in camera.masks)
    with FileSource(path, SourceParams(masks=masks)) as source:
        for frame in source.frames():
            if frame.time_ns > LOOKS_NS:
                break
            if frame.bgr().std() > FLAT:
                return frame.bgr()
    raise UserError(f"{path}: its pictures are flat for {LOOKS_NS // SECOND_NS} s; name another ghost video")
