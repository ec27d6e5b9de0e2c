import pytest

from flaneur.cli.camera import _about
from flaneur.data.language import Language
from flaneur.run.live.camera_check import CameraCheck
from flaneur.source.live_time import SenderClock
from flaneur.source.opening import SourceInfo

INFO = SourceInfo("gate", 640, 360, "h264", 25.0, None, None, None)


@pytest.mark.parametrize(
    ("language", "rate_per_s", "sender", "said"),
    [
        ("en", 24.96, SenderClock(-0.25, True, 0), ("25.0 pictures/s", "delay 0.25 s by the camera's clock")),
        ("de", 24.96, SenderClock(-0.25, True, 0), ("25,0 Bilder/s", "Verzug 0,25 s nach der Uhr der Kamera")),
        ("en", None, SenderClock(None, False, 0), ("too few pictures", "dated by their arrival")),
        ("de", None, SenderClock(None, False, 0), ("zu wenige Bilder", "Zeit ihrer Ankunft")),
        ("en", 5.0, SenderClock(61.0, False, 0), ("first picture after 0.5 s", "+61 s off")),
        ("de", 5.0, SenderClock(61.0, False, 0), ("erstes Bild nach 0,5 s", "geht um +61 s falsch")),
    ],
)
def test_what_a_camera_sends(
    language: Language, rate_per_s: float | None, sender: SenderClock, said: tuple[str, ...]
) -> None:
    text = _about(CameraCheck(INFO, 0.5, rate_per_s, 0, sender, None), language, is_played=False)
    assert text.startswith("h264 640×360; ")
    assert [part for part in said if part not in text] == []
