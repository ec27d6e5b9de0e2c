import copy
import pickle
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.errors import UserError
from flaneur.data.private import PrivateDataError
from flaneur.source.address import Address
from flaneur.source.secrets import Credentials

HERE = Path("/srv/site")
SECRET = "s3cr3t"


def parse(source: str, **how) -> Address:
    return Address.parse(source, folder=HERE, **how)


@pytest.mark.parametrize(
    ("source", "host", "port", "shown"),
    [
        ("rtsp://10.0.0.7/street", "10.0.0.7", 554, "rtsp://10.0.0.7/street"),
        ("RTSP://Gate.example:8554/a/b", "gate.example", 8554, "rtsp://Gate.example:8554/a/b"),
        ("rtsps://gate", "gate", 322, "rtsps://gate"),
        ("http://[fe80::1]:81/mjpeg", "fe80::1", 81, "http://[fe80::1]:81/mjpeg"),
        (f"https://gate/live.m3u8?token={SECRET}", "gate", 443, "https://gate/live.m3u8"),
        (f"rtsp://gate/user=a_password={SECRET}_channel=1.sdp", "gate", 554, "rtsp://gate/user=…"),
        (f"rtsp://gate/x=1/{SECRET[:0]}main#{SECRET}", "gate", 554, "rtsp://gate/x=…/main"),
    ],
)
def test_what_is_shown_of_an_address(source: str, host: str, port: int, shown: str) -> None:
    address = parse(source)
    assert (address.host, address.port, address.shown) == (host, port, shown)
    assert str(address) == repr(address) == f"<Address {shown}>"
    assert address.secret_url.partition("://")[2] == source.partition("://")[2]


def test_a_webcam_and_a_file() -> None:
    assert parse("webcam:0").shown == "webcam:0"
    file = parse("videos/a.mp4", realtime=True)
    assert (file.place, file.shown, file.is_file, file.is_played) == ("/srv/site/videos/a.mp4", "a.mp4", True, True)


def test_a_playlist_is_played_and_a_camera_is_not() -> None:
    assert parse("http://gate/live.M3U8?x=1").is_played
    assert not parse("http://gate/mjpeg?x=.m3u8").is_played
    assert not parse("rtsp://gate/live.m3u8").is_played


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("street.mp4", "realtime = true"),
        ("webcam:x", "realtime = true"),
        ("rtmp://gate/x", "rtmp"),
        ("file:///etc/passwd", "not with file"),
        ("rtsp://", "host"),
        ("rtsp://gate:x/", "host or port"),
        ("rtsp://gate:99999/", "host or port"),
        ("rtsp://gate/a\nb", "host or port"),
        ("rtsp://[::1/", "host or port"),
        (f"rtsp://admin:{SECRET}@gate/", "take both out"),
        (f"rtsp://{SECRET}@gate/", "take both out"),
    ],
)
def test_nonsense_is_refused_without_repeating_a_password(source: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as refused:
        parse(source)
    assert SECRET not in str(refused.value)


def test_realtime_is_for_files() -> None:
    with pytest.raises(UserError, match="for files"):
        parse("rtsp://gate/", realtime=True)


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_login_is_in_the_secret_url_and_nowhere_else(user: str, password: str) -> None:
    address = parse("rtsp://gate/street").with_credentials(Credentials(user, password))
    assert str(address) == "<Address rtsp://gate/street>"
    _, _, login_and_place = address.secret_url.partition("://")
    login, at, place = login_and_place.partition("@")
    assert (at, place, login.count(":")) == ("@", "gate/street", 1)


def test_a_login_is_neither_copied_nor_written() -> None:
    address = parse("rtsp://gate/street").with_credentials(Credentials("admin", SECRET))
    for write in (pickle.dumps, copy.deepcopy, asdict):
        with pytest.raises(PrivateDataError):
            write(address)
    assert SECRET not in f"{address.credentials}{address.credentials!r}"
