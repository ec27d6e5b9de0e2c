from pathlib import Path

import pytest

from flaneur.data.errors import UserError
from flaneur.data.time import SECOND_NS
from flaneur.run.live.setup import ROOM_NS, SiteSetup, read_setup
from support.scene import ground_table
from support.watching import LINE, SITE, camera_table

HOST = "rtsp://camera.local/stream"
GROUND = "[camera.ground]\nfrom_sizes = true\n"
FILE_SIGNAL = '[[camera.signal]]\nname = "s"\nstop_line = "middle"\ndirection = "to right"\nfile = "signals.csv"\n'
PHASE = "time,group,state\n2026-05-04T08:00:00+02:00,s,"


def setup_of(folder: Path, *tables: str) -> SiteSetup:
    path = folder / "site.toml"
    path.write_text(SITE + "".join(tables))
    return read_setup(path)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[[camera]]\nname = "c"\n' + LINE, "no source"),
        (camera_table("c", HOST) + GROUND, "from_sizes"),
        (camera_table("c", "rtsp://user:secret@camera.local/"), "user or password"),
        (camera_table("c", HOST) + "[watch]\nsecrets = 'none.toml'\n", "none.toml"),
        (camera_table("c", HOST) + FILE_SIGNAL, "signals.csv"),
        (camera_table("c", HOST) + FILE_SIGNAL.replace("signals.csv", "seconds.csv"), "dates in a column `time`"),
        (camera_table("c", HOST) + FILE_SIGNAL.replace("signals.csv", "."), "directory"),
        (camera_table("c", HOST) + "[camera.ground]\nfile = '.'\n", "directory"),
        (camera_table("c", HOST) + ground_table() + "lens = '.'\n", "directory"),
        (camera_table("c", HOST) + "[watch]\nsecrets = '.'\n", "directory"),
        (camera_table("c", HOST) + '[watch]\nsecrets = "a\\u0000b"\n', "u0000"),
        (camera_table("c", HOST) + f"[serve]\nport = {'9' * 5000}\n", "a number is too long"),
        (camera_table("c", HOST, places="[[camera.line]]\nname = 'l'\nmetres = [[0, 0], [1, 1]]\n"), "metres"),
    ],
)
def test_what_cannot_be_watched_is_refused_with_a_reason(tmp_path: Path, table: str, words: str) -> None:
    (tmp_path / "seconds.csv").write_text("time_s,group,state\n0,s,red\n")
    with pytest.raises(UserError, match=words) as told:
        setup_of(tmp_path, table)
    assert "secret@" not in str(told.value)


def test_a_camera_is_the_same_until_something_that_it_depends_on_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals = tmp_path / "signals.csv"
    signals.write_text(f"{PHASE}red\n")
    table = camera_table("c", HOST) + FILE_SIGNAL
    before = setup_of(tmp_path, table).cameras[0]
    assert setup_of(tmp_path, table, camera_table("d", HOST)).cameras[0].same_as(before)
    assert not setup_of(tmp_path, table.replace("0.5, 0.0", "0.6, 0.0")).cameras[0].same_as(before)
    assert not setup_of(tmp_path, table, "[detector]\nrate_per_s = 4.0\n").cameras[0].same_as(before)
    signals.write_text(f"{PHASE}green\n")
    assert not setup_of(tmp_path, table).cameras[0].same_as(before)
    signals.write_text(f"{PHASE}red\n")
    monkeypatch.setenv("FLANEUR_C_USER", "viewer")
    monkeypatch.setenv("FLANEUR_C_PASSWORD", "geheim")
    named = setup_of(tmp_path, table).cameras[0]
    assert not named.same_as(before)
    assert "geheim" not in repr(named)


def test_moments_count_from_a_full_second_a_little_before_now(tmp_path: Path) -> None:
    now_ns = 1_800_000_000_123_456_789
    job, epoch_ns = setup_of(tmp_path, camera_table("c", HOST)).cameras[0].job_from(now_ns)
    assert job.start_ns == epoch_ns
    assert epoch_ns % SECOND_NS == 0
    assert 0 <= now_ns - ROOM_NS - epoch_ns < SECOND_NS
    assert job.dated


@pytest.mark.parametrize(
    ("camera", "tables", "words"),
    [
        ("mqtt", '[mqtt]\nhost = "broker"\n', "'mqtt' and 'mqtt'"),
        ("MQTT", '[mqtt]\nhost = "broker"\n', "FLANEUR_MQTT_"),
        ("Dienst", '[[webhook]]\nname = "dienst"\nurl = "https://duty.example.org"\n', "FLANEUR_DIENST_"),
        ("c", '[mqtt]\nhost = "broker"\n[[webhook]]\nname = "mqtt"\nurl = "https://a.example"\n', "FLANEUR_MQTT_"),
    ],
)
def test_no_two_logins_are_one(tmp_path: Path, camera: str, tables: str, words: str) -> None:
    """The password of a broker would be sent to a camera that is called so."""
    with pytest.raises(UserError, match=words):
        setup_of(tmp_path, tables, camera_table(camera, HOST))
