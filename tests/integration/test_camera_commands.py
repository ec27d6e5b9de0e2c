"""`flaneur camera` beside real cameras."""

import logging
import tomllib
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from flaneur.cli.main import app
from flaneur.config.load import load_site
from support.live_cameras import RtspServer, free_port, street_file, street_pictures, web_server
from support.onvif_camera import PORT, run_beside_camera
from support.tracing import namespaces_allowed

SECRET = "p:ä%secret"
FIND = ["-m", "flaneur", "camera", "find"]
AT = f"127.0.0.1:{PORT}"

in_namespace = pytest.mark.skipif(not namespaces_allowed(), reason="this system allows no namespaces")


@in_namespace
def test_cameras_are_found_and_their_sub_streams_taken(tmp_path: Path) -> None:
    all_, one, none = run_beside_camera(
        [[*FIND, "--wait", "1"], [*FIND, AT, "--name", "Gate"], [*FIND, "127.0.0.1:9"]], tmp_path
    )
    assert all_.out.startswith(f"# {AT}, calls itself North gate\n")
    stream = "rtsp://127.0.0.1:8554/video_sub"
    assert tomllib.loads(all_.out) == {"camera": [{"name": "camera 1", "source": stream}]}
    assert tomllib.loads(one.out) == {"camera": [{"name": "Gate", "source": stream}]}
    assert "# also: rtsp://127.0.0.1:8554/video_main  H264 1920×1080" in one.out
    assert (all_.code, one.code, none.code) == (0, 0, 1)
    assert "error: 127.0.0.1:9 cannot be reached." in none.err
    assert all_.err == one.err == none.out == ""
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]  # no cache in the user's home


@in_namespace
def test_a_password_is_sent_to_the_named_camera_only(tmp_path: Path) -> None:
    login = {"FLANEUR_GATE_USER": "viewer", "FLANEUR_GATE_PASSWORD": SECRET}
    commands = [[*FIND, "--wait", "1"], [*FIND, AT, "--name", "Gate"], [*FIND, AT, "--name", "Yard"]]
    all_, right, wrong = run_beside_camera(commands, tmp_path, ("viewer", SECRET), login)
    assert f'then: flaneur camera find {AT} --name "camera 1"' in all_.out
    assert tomllib.loads(all_.out) == {}
    assert tomllib.loads(right.out)["camera"][0]["name"] == "Gate"
    assert "FLANEUR_YARD_USER" in wrong.err
    assert (all_.code, right.code, wrong.code) == (0, 0, 1)
    assert not [one for one in (all_, right, wrong) if "secret" in one.out + one.err]


def test_cameras_are_tried_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.NOTSET)
    street_file(tmp_path / "street.mp4", 10)
    street_pictures(tmp_path)
    with RtspServer(tmp_path) as server, web_server(tmp_path, ("viewer", SECRET)) as place:
        (tmp_path / "site.toml").write_text(
            f'[site]\nname = "x"\n[watch]\nsecrets = "logins.toml"\n'
            f'[[camera]]\nname = "Süd"\nsource = "{server.url("street.mp4")}"\n'
            f'[[camera]]\nname = "yard"\nsource = "http://{place}/mjpeg"\n'
            f'[[camera]]\nname = "gone"\nsource = "rtsp://127.0.0.1:{free_port()}/x"\n'
        )
        (tmp_path / "logins.toml").write_text(
            "".join(f'[{name}]\nuser = "viewer"\npassword = "{SECRET}"\n' for name in ("yard", "gone"))
        )
        (tmp_path / "logins.toml").chmod(0o600)
        load_site(tmp_path / "site.toml")
        command = ["camera", "test", str(tmp_path / "site.toml"), "--seconds", "2", "--out", str(tmp_path)]
        ran = CliRunner().invoke(app, command)
    lines = ran.output.splitlines()
    assert ran.exit_code == 1, ran.output
    assert lines[0].startswith("Süd: h264 320×240; ")
    assert "by the camera's clock" in lines[0]
    assert lines[2].startswith("yard: mjpeg 320×240; ")
    assert "dated by their arrival" in lines[2]
    assert lines[4].startswith("gone: rtsp://127.0.0.1:")
    assert lines[4].endswith("(refused)")
    for name in ("camera-sud.png", "camera-yard.png"):
        assert cv2.imread(str(tmp_path / name)).shape == (480, 640, 3)
    assert "secret" not in ran.output + caplog.text


def test_a_camera_that_the_site_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('[site]\nname = "x"\n[[camera]]\nname = "a"\nsource = "webcam:0"\n')
    ran = CliRunner().invoke(app, ["camera", "test", str(tmp_path / "site.toml"), "--camera", "b"])
    assert "there is no camera 'b'" in str(ran.exception)
    assert "'a'" in str(ran.exception)
