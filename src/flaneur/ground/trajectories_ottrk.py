"""Tracks of OTVision: `.ottrk`, JSON packed with bzip2, boxes in pixels."""

import bz2
import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from flaneur.data.errors import UserError
from flaneur.data.private import Tracks
from flaneur.data.time import to_ns
from flaneur.ground.trajectories_table import KIND_NAMES

LEFT_OUT = "other"
"""The class of what is no road user that Flaneur knows."""


class OttrkFile:
    """The tracks of one file: the size of its picture, and one `Tracks` per frame with anybody in it."""

    def __init__(self, path: Path) -> None:
        """UserError for what is no such file."""
        self._path = path
        try:
            document = json.loads(bz2.decompress(path.read_bytes()))
            video, rows = document["metadata"]["video"], document["data"]["detections"]
            self.width_px, self.height_px = int(video["width"]), int(video["height"])
            self._start_s = float(video["recorded_start_date"])
            # Up to version 1.0 x and y were the middle of a box, since then its upper left corner.
            self._corner = str(document["metadata"]["otdet_version"]) != "1.0"
        except (OSError, ValueError, EOFError, RecursionError) as error:
            raise UserError(f"{path}: is no .ottrk file (JSON packed with bzip2): {error}") from None
        except (KeyError, TypeError) as error:
            raise UserError(f"{path}: is no .ottrk file: {error} is missing or not what it should be") from None
        if not rows:
            raise UserError(f"{path}: has no tracks")
        try:
            self._rows = sorted((row for row in rows if row["class"] != LEFT_OUT), key=itemgetter("frame"))
            self._last = {row["track-id"]: row["frame"] for row in self._rows}
        except (KeyError, TypeError) as error:
            raise UserError(f"{path}: a detection has no usable {error}") from None

    @property
    def step_s(self) -> float:
        """Median time between frames that were looked at; NaN where there is one only."""
        times = np.unique([float(row["occurrence"]) for row in self._rows])
        return float(np.median(np.diff(times))) if len(times) > 1 else float("nan")

    def __iter__(self) -> Iterator[Tracks]:
        ended: list[int] = []
        for frame, rows in groupby(self._rows, key=itemgetter("frame")):
            tracks = self._tracks(int(frame), list(rows), ended)
            ended = [number for number in tracks.track_id.tolist() if self._last[number] == frame]
            yield tracks

    def _tracks(self, frame: int, rows: list[dict[str, Any]], ended: list[int]) -> Tracks:
        try:
            box = np.array([(row["x"], row["y"], row["w"], row["h"]) for row in rows], np.float64)
            kind = np.array([KIND_NAMES[row["class"]] for row in rows], np.uint8)
            score = np.array([row["confidence"] for row in rows], np.float32)
            observed = np.array([not row.get("interpolated-detection", False) for row in rows], np.bool_)
            number = np.array([row["track-id"] for row in rows], np.int64)
            time_ns = to_ns(round(float(rows[0]["occurrence"]) - self._start_s, 6))
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"{self._path}: frame {frame}: unknown or missing {error}") from None
        if not np.isfinite(box).all() or not (box[:, 2:] > 0.0).all():
            raise UserError(f"{self._path}: frame {frame}: a box has no finite position and size")
        if len(np.unique(number)) < len(number):
            raise UserError(f"{self._path}: frame {frame}: the same track is there twice")
        left_top = box[:, :2] if self._corner else box[:, :2] - 0.5 * box[:, 2:]
        xyxy = np.hstack((left_top, left_top + box[:, 2:])).astype(np.float32)
        return Tracks(frame, time_ns, xyxy, number, kind, score, observed, np.array(ended, np.int64))
