"""Road users on a street that has no grey pixel, with frames, boxes and tracks of them for the redaction's tests."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from flaneur.data.kinds import Kind
from flaneur.data.private import Detections, Frame, Tracks
from flaneur.data.released import RedactedImage
from flaneur.data.time import SECOND_NS, to_ns
from flaneur.release.redact import FLAT_BGR, Redactor
from flaneur.source.picture import Easel, Turn

Boxes = NDArray[np.float32]
BoxesAt = Callable[[float], Boxes]
"""Boxes [n, 4] at a moment in seconds."""

WIDTH, HEIGHT = 320, 240
USER_BGR = (225, 25, 225)


@cache
def ground(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """A coloured texture, uint8 [height, width, 3]; no pixel has the colour of what is hidden."""
    rng = np.random.default_rng(3)
    picture = rng.integers((20, 90, 40), (60, 120, 90), (height, width, 3), dtype=np.uint8)
    picture.flags.writeable = False
    return picture


def boxes(*rows: Sequence[float]) -> Boxes:
    return np.array(rows, np.float32).reshape(-1, 4)


def picture_of(users: Boxes, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """The street with each road user in one loud colour."""
    picture = ground(width, height).copy()
    for x1, y1, x2, y2 in np.round(users).astype(int):
        picture[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = USER_BGR
    return picture


def frame_of(index: int, time_s: float, picture: NDArray[np.uint8]) -> Frame:
    height, width = picture.shape[:2]
    easel = Easel(width, height, Turn(), ())
    return Frame(index, to_ns(time_s), width, height, lambda: picture, lambda: easel.sketch_painted(picture))


def detections_of(xyxy_px: Boxes, score: float = 0.6, kind: Kind = Kind.PEDESTRIAN) -> Detections:
    n = len(xyxy_px)
    return Detections(xyxy_px, np.full(n, score, np.float32), np.full(n, kind, np.uint8))


def tracks_of(index: int, time_s: float, xyxy_px: Boxes, first_id: int = 1, ended: Sequence[int] = ()) -> Tracks:
    n = len(xyxy_px)
    return Tracks(
        frame_index=index,
        time_ns=to_ns(time_s),
        xyxy_px=xyxy_px,
        track_id=np.arange(first_id, first_id + n, dtype=np.int64),
        kind=np.zeros(n, np.uint8),
        score=np.full(n, 0.6, np.float32),
        observed=np.ones(n, np.bool_),
        ended=np.array(ended, np.int64),
    )


def redact(
    pictures: Callable[[float], NDArray[np.uint8]],
    detected: Callable[[float], Detections | None],
    tracked: BoxesAt,
    *,
    seconds: float,
    rate: float = 10.0,
    every: int = 2,
    lag_s: float = 1.0,
) -> list[RedactedImage]:
    """Run a redactor over a film: a look at every `every`-th frame, the tracks of looks `lag_s` later."""
    first = pictures(0.0)
    redactor = Redactor(first.shape[1], first.shape[0])
    out: list[RedactedImage] = []
    owed: list[Tracks] = []
    for index in range(round(seconds * rate)):
        time_s = index / rate
        looked = detected(time_s) if index % every == 0 else None
        if index % every == 0:
            owed.append(tracks_of(index, time_s, tracked(time_s)))
        known = [tracks for tracks in owed if tracks.time_ns <= to_ns(time_s - lag_s)]
        owed = owed[len(known) :]
        out += redactor.step(frame_of(index, time_s, pictures(time_s)), looked, known)
    out += redactor.finish(owed)
    assert redactor.pictures == len(out)
    assert redactor.fully_hidden == sum(image.fully_hidden for image in out)
    return out


def is_flat(image: RedactedImage) -> NDArray[np.bool_]:
    """Which pixels are hidden, bool [h, w]."""
    return np.asarray((image.bgr == FLAT_BGR).all(axis=2))


def users_shown(images: Sequence[RedactedImage]) -> int:
    """Pixels of road users that can be seen in any of the pictures."""
    return sum(int((image.bgr == USER_BGR).all(axis=2).sum()) for image in images)


def seconds_of(image: RedactedImage) -> float:
    return image.time_ns / SECOND_NS
