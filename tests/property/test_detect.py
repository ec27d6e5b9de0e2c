"""Laws of decoding and merging that hold for any numbers a network may produce."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from flaneur.data.kinds import TWO_WHEELERS, Kind
from flaneur.data.private import Detections
from flaneur.detect.layouts import LAYOUTS, Port
from flaneur.detect.picture import Fit
from flaneur.detect.riders import merge_riders
from flaneur.detect.suppress import MAX_IOU, suppress

INPUT = (64, 32)
CELLS = 32 + 8 + 2
SHAPES = {
    "nanodet": [(1, CELLS, 3 + 44)],
    "yolox": [(1, CELLS, 5 + 3)],
    "yolov7": [(1, CELLS, 5 + 3)],
    "yolov8": [(1, 4 + 3, CELLS)],
    "detr": [(1, 20, 3), (1, 20, 4)],
}
ANY = st.floats(width=32, allow_nan=True, allow_infinity=True)
LIKELY = st.floats(-60, 80, width=32)
KIND_CODES = np.array([Kind.PEDESTRIAN, Kind.TWO_WHEELER, Kind.CAR], np.uint8)
FRAMES = st.tuples(st.integers(1, 7680), st.integers(1, 4320))


@st.composite
def outputs(draw, layout):
    values = draw(st.sampled_from([ANY, LIKELY]))
    return [draw(hnp.arrays(np.float32, shape, elements=values, fill=values)) for shape in SHAPES[layout]]


@pytest.mark.parametrize("layout", LAYOUTS)
@given(data=st.data(), frame=FRAMES)
def test_any_output_gives_finite_boxes_inside_the_picture(layout, data, frame):
    ports = [Port(str(i), shape) for i, shape in enumerate(SHAPES[layout])]
    decode = LAYOUTS[layout].make_decoder(ports, *INPUT, np.array([2, 0, 1]))
    fit = Fit.of(frame, INPUT, LAYOUTS[layout].stretch)
    with np.errstate(all="ignore"):
        found = decode(data.draw(outputs(layout)))
        boxes = fit.to_frame(found.xyxy)
    detections = merge_riders(suppress(boxes, found.score, KIND_CODES[found.column]))
    assert np.isfinite(detections.xyxy_px).all()
    assert (detections.xyxy_px >= 0).all()
    assert (detections.xyxy_px <= np.array(frame * 2)).all()
    assert (detections.xyxy_px[:, 2:] > detections.xyxy_px[:, :2]).all()
    assert (detections.score >= 0.1).all()


@st.composite
def scenes(draw):
    """Up to twelve boxes, close enough together to have something to do with one another."""
    n = draw(st.integers(0, 12))
    corner = draw(hnp.arrays(np.float32, (n, 2), elements=st.integers(0, 60)))
    size = draw(hnp.arrays(np.float32, (n, 2), elements=st.integers(1, 60)))
    score = draw(hnp.arrays(np.float32, n, elements=st.floats(0.125, 1, width=32)))
    kind = draw(hnp.arrays(np.uint8, n, elements=st.sampled_from([Kind.PEDESTRIAN, Kind.BICYCLE, Kind.CAR])))
    return Detections(np.concatenate((corner, corner + size), axis=1), score, kind)


@given(scenes())
def test_suppression_keeps_the_best_and_no_two_alike(scene):
    kept = suppress(scene.xyxy_px, scene.score, scene.kind)
    for kind in np.unique(scene.kind):
        assert kept.score[kept.kind == kind].max() == scene.score[scene.kind == kind].max()
        boxes = kept.xyxy_px[kept.kind == kind].astype(float)
        overlap = np.minimum(boxes[:, None, 2:], boxes[:, 2:]) - np.maximum(boxes[:, None, :2], boxes[:, :2])
        shared = overlap.clip(0).prod(axis=2)
        area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        iou = shared / (area[:, None] + area - shared)
        assert (iou[~np.eye(len(boxes), dtype=bool)] <= MAX_IOU + 1e-6).all()


@given(scenes())
@settings(max_examples=300)
def test_merging_loses_nobody_but_riders(scene):
    merged = merge_riders(scene)
    before, after = (np.isin(d.kind, TWO_WHEELERS) for d in (scene, merged))
    np.testing.assert_array_equal(scene.xyxy_px[scene.kind == Kind.CAR], merged.xyxy_px[merged.kind == Kind.CAR])
    assert after.any() == before.any()
    if len(merged) < len(scene):
        people_gone = (scene.kind == Kind.PEDESTRIAN).sum() - (merged.kind == Kind.PEDESTRIAN).sum()
        assert 1 <= people_gone <= 2 * before.sum()
        whole = np.concatenate((scene.xyxy_px[:, :2].min(axis=0), scene.xyxy_px[:, 2:].max(axis=0)))
        assert (merged.xyxy_px[:, :2] >= whole[:2]).all()
        assert (merged.xyxy_px[:, 2:] <= whole[2:]).all()


@given(FRAMES, FRAMES, st.booleans())
def test_a_picture_fits_its_input_and_its_corners_come_back(frame, size, stretch):
    fit = Fit.of(frame, size, stretch)
    assert all(1 <= inner <= outer for inner, outer in zip(fit.inner_px, size, strict=True))
    corners = np.array([[0, 0, *fit.inner_px]], np.float32)
    np.testing.assert_allclose(fit.to_frame(corners), [[0, 0, *frame]], rtol=1e-5)
