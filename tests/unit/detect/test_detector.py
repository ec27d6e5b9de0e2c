"""Opening a detector says plainly what is missing."""

import re

import pytest

from flaneur.data.kinds import Kind
from flaneur.detect import DetectParams, ModelError, open_detector

PERSON = {0: Kind.PEDESTRIAN}


@pytest.fixture(autouse=True)
def no_fetched_models(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "none"))


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"no model at all")
    return str(path)


def refused(**params):
    with pytest.raises(ModelError) as refusal:
        open_detector(DetectParams(**params))
    message = str(refusal.value)
    assert "\n" not in message
    return message


def test_unknown_name():
    assert re.search(
        r"unknown model 'nanodett'; there are nanodet, yolov7-tiny, or the path", refused(model="nanodett")
    )


def test_not_fetched_yet():
    assert "flaneur models get yolov7-tiny" in refused(model="yolov7-tiny")


def test_no_such_file():
    assert "there is no model file elsewhere.onnx" in refused(model="elsewhere.onnx", layout="yolox", kinds=PERSON)


def test_layout_not_given(model_file):
    assert "layout is not given; say which of nanodet, yolox, yolov7, yolov8, detr" in refused(model=model_file)


def test_layout_unknown(model_file):
    assert "'yolov9' is unknown" in refused(model=model_file, layout="yolov9", kinds=PERSON)


def test_classes_not_given(model_file):
    assert "which classes" in refused(model=model_file, layout="yolox")


def test_a_known_model_needs_no_description():
    assert "brings its own" in refused(model="nanodet", kinds=PERSON)
    assert "brings its own" in refused(model="nanodet", layout="nanodet")


def test_not_a_model(model_file):
    assert "mine.onnx is not a readable" in refused(model=model_file, layout="yolox", kinds=PERSON)


def test_threads_must_be_at_least_one():
    with pytest.raises(ValueError, match="one thread at least"):
        DetectParams(threads=0)


@pytest.mark.parametrize("at_once", [0, 3])
def test_no_more_pictures_at_once_than_threads(at_once):
    with pytest.raises(ValueError, match="1 to 2 pictures"):
        DetectParams(threads=2, at_once=at_once)
