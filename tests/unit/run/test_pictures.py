from pathlib import Path

from flaneur.data.notes import Note
from flaneur.data.private import Detections
from flaneur.run.clock import StageClock
from flaneur.run.job import plan_job
from flaneur.run.pictures import Pictures
from flaneur.source import SourceInfo
from support.street import frame_of, ground

INFO = SourceInfo("v.mp4", 64, 48, "h264", 10.0, 0.5, 5, None)


def notes_of(video: Path | None, detections: Detections | None) -> list[Note]:
    """What is noted about five pictures of an empty place."""
    with Pictures(plan_job(Path("v.mp4")), INFO, StageClock(), video, "en") as pictures:
        for index in range(5):
            pictures.step(frame_of(index, index / 10, ground(64, 48)), detections, [], {})
        pictures.finish([], {})
    return pictures.notes


def test_hidden_pictures_are_noted_with_how_many_there_are_in_all(tmp_path: Path) -> None:
    assert notes_of(tmp_path / "redacted.mp4", None) == [Note("hidden_pictures", (5, 5))]


def test_without_a_video_nothing_is_hidden() -> None:
    assert notes_of(None, None) == []
