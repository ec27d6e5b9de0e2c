import pytest

from flaneur.source.discovery import Device
from flaneur.source.onvif_camera import _at, _failure

GATE = Device("192.168.1.64", 8080)
SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ("rtsp://192.168.1.64:554/sub?a=1&b=2", "rtsp://192.168.1.64:554/sub?a=1&b=2"),
        ("rtsp://10.0.0.1/sub", "rtsp://192.168.1.64/sub"),
        (f"rtsp://admin:{SECRET}@evil.example:8554/sub", "rtsp://192.168.1.64:8554/sub"),
    ],
)
def test_a_stream_is_where_the_camera_is_whatever_it_says(told: str, taken: str) -> None:
    assert _at(GATE, told) == taken


def test_a_stream_on_a_camera_with_an_ipv6_address() -> None:
    assert _at(Device("fe80::1", 80), "rtsp://10.0.0.1:554/sub") == "rtsp://[fe80::1]:554/sub"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError(f"Sender not authorized: {SECRET}"), "unauthorised"),
        (ConnectionResetError(f"{SECRET}"), "unreachable"),
        (ValueError(f"<xml>{SECRET}</xml>"), "garbage"),
    ],
)
def test_errors_of_the_library_are_not_repeated(error: Exception, reason: str) -> None:
    failure = _failure(GATE, error)
    assert failure.reason == reason
    assert SECRET not in str(failure)
