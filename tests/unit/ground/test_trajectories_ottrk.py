import bz2
import json

import numpy as np
import pytest

from flaneur.data.errors import UserError
from flaneur.data.kinds import Kind
from flaneur.ground.trajectories import moments, read_trajectories
from support.cameras import SIZE_PX, camera, projected


def document(version="1.2", looks=30, fps=20.0):
    """A pedestrian who walks at 1.5 m/s along x, 20 m before the camera, and something that is no road user."""
    start, rows = 1_577_836_800.0, []
    for k in range(looks):
        x = -2.0 + 1.5 * k / fps
        foot, head = projected([(x, 20.0, 0.0), (x, 20.0, 1.7)])
        left, top, width, height = foot[0] - 8, head[1], 16.0, foot[1] - head[1]
        corner = (left, top) if version != "1.0" else (left + width / 2, top + height / 2)
        shared = {
            "confidence": 0.8,
            "x": corner[0],
            "y": corner[1],
            "w": width,
            "h": height,
            "frame": k + 1,
            "occurrence": start + k / fps,
            "interpolated-detection": False,
        }
        rows += [{"class": "pedestrian", "track-id": 3, **shared}, {"class": "other", "track-id": 4, **shared}]
    video = {"width": SIZE_PX[0], "height": SIZE_PX[1], "recorded_start_date": start}
    return {"metadata": {"video": video, "otdet_version": version}, "data": {"detections": rows}}


def write(tmp_path, content):
    path = tmp_path / "tracks.ottrk"
    path.write_bytes(bz2.compress(json.dumps(content).encode()))
    return path


@pytest.mark.parametrize("version", ["1.0", "1.2"])
def test_boxes_become_metres(tmp_path, version):
    out = list(moments(write(tmp_path, document(version)), plane=camera()))

    assert [moment.time_ns for moment in out] == [n * 50_000_000 for n in range(30)]
    assert all(moment.kind.tolist() == [Kind.PEDESTRIAN] for moment in out)
    assert np.allclose([moment.xy_m[0] for moment in out], [(-2.0 + 0.075 * n, 20.0) for n in range(30)], atol=0.05)
    assert np.allclose(
        [moment.velocity_mps[0] for moment in out if np.isfinite(moment.sigma_mps[0])], (1.5, 0), atol=0.02
    )


def test_feet_above_the_horizon_are_counted(tmp_path):
    content = document()
    for row in content["data"]["detections"][:10]:
        row["y"] = -400.0
    found = read_trajectories(write(tmp_path, content), plane=camera())

    assert sum(len(look) for look in found) == 25
    assert found.dropped == 5


def test_without_a_calibration_there_are_no_metres(tmp_path):
    with pytest.raises(UserError, match="must be calibrated"):
        read_trajectories(write(tmp_path, document()))


def _without(key):
    def change(content):
        del content["data"]["detections"][0][key]

    return change


def _set(key, value):
    def change(content):
        content["data"]["detections"][0][key] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("data"), "'data' is missing"),
        (lambda c: c["metadata"].pop("video"), "'video' is missing"),
        (lambda c: c["data"].update(detections=[]), "has no tracks"),
        (_without("track-id"), "track-id"),
        (_without("x"), "frame 1: unknown or missing 'x'"),
        (_set("x", float("nan")), "frame 1: a box has no finite position"),
        (_set("w", -3.0), "frame 1: a box"),
        (_set("class", "horse"), "frame 1: unknown or missing 'horse'"),
        (lambda c: c["data"]["detections"].append(c["data"]["detections"][0]), "frame 1: the same track"),
    ],
)
def test_a_bad_file_is_told(tmp_path, change, message):
    content = document()
    change(content)

    with pytest.raises(UserError, match=message):
        list(moments(write(tmp_path, content), plane=camera()))
