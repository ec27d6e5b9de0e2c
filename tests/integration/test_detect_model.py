"""The model that is kept in the repository, run for real.

No picture of a street may be committed, so the street here is drawn: two people and a car. That the network finds them
where they were drawn shows that weights, colours, scaling and decoding belong together. Its figures on real video are
those of `benchmarks/detector.py`.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from flaneur.data.kinds import Kind
from flaneur.detect import DetectParams, open_detector

SAMPLE = Path(__file__).parents[2] / ".cache" / "vtest.avi"
SKIN, HAIR, SHOES = (130, 160, 200), (30, 40, 60), (20, 20, 20)
AA = cv2.LINE_AA


def street():
    """Grey ground, 768×576, darker in front, with camera noise."""
    ground = np.linspace(150, 107, 576)[:, None, None] + np.zeros((576, 768, 3))
    noise = np.random.default_rng(0).normal(0, 4, ground.shape)
    return (ground + noise).clip(0, 255).astype(np.uint8)


def draw_person(bgr, x, foot, height, shirt, trousers):
    """A standing person seen from the front; measures are in heads, of which there are eight."""
    head = height / 8

    def at(right, up):
        return int(x + right * head), int(foot - up * head)

    def limb(start, end, colour, width):
        cv2.line(bgr, at(*start), at(*end), colour, max(1, int(width * head)), AA)

    cv2.ellipse(bgr, at(0, 0), (int(1.6 * head), int(0.35 * head)), 0, 0, 360, (80, 82, 84), -1, AA)
    for side, foot_at in ((-1, 0.75), (1, 0.7)):
        limb((side * 0.15, 4), (side * foot_at, 0.3), trousers, 0.75)
        limb((side * 0.7, 6.2), (side * 1.05, 4.9), shirt, 0.5)
        limb((side * 1.05, 4.9), (side * 1.05 + 0.25, 3.85), SKIN, 0.4)
        limb((side * foot_at, 0.2), (side * foot_at + 0.4, 0.2), SHOES, 0.4)
    cv2.fillConvexPoly(bgr, np.array([at(-0.9, 6.5), at(0.9, 6.5), at(0.65, 3.7), at(-0.65, 3.7)]), shirt, AA)
    limb((0, 6.9), (0, 6.4), SKIN, 0.5)
    cv2.ellipse(bgr, at(0, 7.4), (int(0.45 * head), int(0.6 * head)), 0, 0, 360, SKIN, -1, AA)
    cv2.ellipse(bgr, at(0, 7.6), (int(0.47 * head), int(0.45 * head)), 0, 180, 360, HAIR, -1, AA)


def draw_car(bgr, x, ground, length):
    """A red saloon from the side."""
    unit = length / 10

    def at(right, up):
        return int(x + right * unit), int(ground - up * unit)

    def fill(colour, *points):
        cv2.fillPoly(bgr, [np.array([at(*point) for point in points])], colour, AA)

    cv2.ellipse(bgr, at(5, 0.1), (int(5.2 * unit), int(0.4 * unit)), 0, 0, 360, (70, 72, 74), -1, AA)
    outline = (0, 0.7), (0.1, 1.9), (1.6, 2.1), (3, 3.3), (6.6, 3.3), (8, 2.2), (9.8, 1.8), (10, 0.7)
    fill((40, 40, 170), *outline)
    fill((200, 190, 170), (2, 2.1), (3.2, 3.1), (4.7, 3.1), (4.7, 2.1))
    fill((200, 190, 170), (4.9, 2.1), (4.9, 3.1), (6.4, 3.1), (7.5, 2.1))
    for wheel in (2, 7.8):
        cv2.circle(bgr, at(wheel, 0.7), int(0.9 * unit), (25, 25, 25), -1, AA)
        cv2.circle(bgr, at(wheel, 0.7), int(0.5 * unit), (170, 170, 170), -1, AA)


@pytest.fixture(scope="module")
def scene():
    bgr = street()
    draw_person(bgr, 200, 400, 150, (140, 60, 40), (60, 50, 45))
    draw_person(bgr, 330, 300, 110, (60, 140, 60), (120, 90, 60))
    draw_car(bgr, 450, 480, 250)
    return bgr


DRAWN = [
    (Kind.PEDESTRIAN, 0.6, (172, 250, 231, 403)),
    (Kind.PEDESTRIAN, 0.7, (310, 189, 352, 303)),
    (Kind.CAR, 0.3, (448, 396, 706, 488)),
]
"""Kind, the score that the network reaches at least, and the box that was drawn, with its shadow."""


@pytest.fixture(scope="module")
def detector():
    return open_detector(DetectParams(threads=2))


def iou(box, boxes):
    overlap = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    shared = overlap.clip(0).prod(axis=1)
    return shared / ((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + np.prod(np.subtract(box[2:], box[:2])) - shared)


def expect_drawn(found, scale=1.0):
    for kind, least, box in DRAWN:
        right = (found.kind == kind) & (found.score >= least)
        assert iou(np.multiply(box, scale), found.xyxy_px[right]).max(initial=0) > 0.7, f"{kind.label} at {box}"
    strong = found.take(found.score >= 0.3)
    assert len(strong) <= len(DRAWN), "nobody else is there"


def test_people_and_car_are_found_where_they_were_drawn(detector, scene):
    expect_drawn(detector.detect(scene))


def test_a_read_only_picture_with_gaps_between_rows_is_taken(detector, scene):
    wide = np.concatenate((scene, scene), axis=1)[:, : scene.shape[1]]
    wide.flags.writeable = False
    assert not wide.flags.c_contiguous
    expect_drawn(detector.detect(wide))


def test_a_picture_of_8k_gives_boxes_in_its_own_pixels(detector, scene):
    expect_drawn(detector.detect(cv2.resize(scene, (7680, 5760), interpolation=cv2.INTER_CUBIC)), scale=10)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 2000, 3), (2000, 1, 3), (7, 5, 3)])
def test_odd_pictures_work(detector, shape):
    found = detector.detect(np.full(shape, 128, np.uint8))
    assert (found.xyxy_px <= np.array([shape[1], shape[0]] * 2)).all()


def test_an_empty_street_is_empty(detector):
    assert (detector.detect(street()).score < 0.4).all()


def test_many_callers_at_once_get_what_one_caller_gets(detector, scene):
    pictures = [np.roll(scene, 16 * shift, axis=1) for shift in range(8)]
    alone = [detector.detect(bgr) for bgr in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(detector.detect, pictures * 3))
    for found, expected in zip(together, alone * 3, strict=True):
        np.testing.assert_array_equal(found.xyxy_px, expected.xyxy_px)
        np.testing.assert_array_equal(found.score, expected.score)
        np.testing.assert_array_equal(found.kind, expected.kind)


def test_one_picture_on_all_cores_gives_what_two_at_once_give(detector, scene):
    alone = open_detector(DetectParams(threads=2, at_once=1)).detect(scene)
    np.testing.assert_array_equal(alone.xyxy_px, detector.detect(scene).xyxy_px)


def test_results_stay_when_the_next_picture_comes(detector, scene):
    found = detector.detect(scene)
    before = found.xyxy_px.copy()
    detector.detect(street())
    np.testing.assert_array_equal(found.xyxy_px, before)


def test_facts(detector):
    facts = detector.facts
    assert (facts.name, facts.licence, facts.width_px, facts.height_px) == ("nanodet", "Apache-2.0", 512, 384)
    assert Kind.TWO_WHEELER in facts.kinds
    assert not {Kind.BICYCLE, Kind.MOTORCYCLE} & set(facts.kinds)


TELEMETRY_PACKAGE = """
import pathlib, sys
pathlib.Path.home().joinpath("telemetry-was-here").touch()
raise SystemExit("telemetry was imported")
"""


def test_opening_and_detecting_writes_nothing_and_imports_no_telemetry(tmp_path):
    """In a new process with an empty home, not marked as CI, with a telemetry package ready to be imported."""
    home, packages = tmp_path / "home", tmp_path / "packages"
    home.mkdir()
    (packages / "openvino_telemetry").mkdir(parents=True)
    (packages / "openvino_telemetry" / "__init__.py").write_text(TELEMETRY_PACKAGE)
    program = (
        "import numpy, flaneur.detect as d\n"
        "d.open_detector(d.DetectParams(threads=1)).detect(numpy.zeros((48, 64, 3), numpy.uint8))\n"
        "import sys; assert sys.modules['openvino_telemetry'] is None\n"
    )
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(packages), "TMPDIR": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == []


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the sample video has not been fetched")
def test_the_three_people_in_the_sample_video_are_found(detector):
    """In its first picture, looked at by eye: three people stand and walk, far from one another."""
    known, bgr = cv2.VideoCapture(str(SAMPLE)).read()
    assert known
    found = detector.detect(bgr)
    people = found.xyxy_px[(found.kind == Kind.PEDESTRIAN) & (found.score > 0.4)]
    middles = sorted(((people[:, :2] + people[:, 2:]) / 2).tolist())
    np.testing.assert_allclose(middles, [(267, 263), (514, 195), (661, 281)], atol=8)
