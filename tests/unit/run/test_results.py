import os
from pathlib import Path

import pytest

from flaneur.run.results import OF_A_REPORT, REPORT, STORE, VIDEO, ResultsError, ResultsFolder


def fill(folder: ResultsFolder, text: str) -> None:
    folder.path(STORE).write_text(text)
    folder.path(REPORT).write_text(text)


def test_results_appear_only_when_published(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with ResultsFolder(out, overwrite=False) as folder:
        fill(folder, "1")
        assert not out.exists()
        folder.publish()
    assert sorted(p.name for p in out.iterdir()) == sorted([STORE, REPORT])
    assert [p.name for p in out.parent.iterdir()] == ["out"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), ResultsFolder(tmp_path / "out", overwrite=False) as folder:
        fill(folder, "1")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_run_is_neither_mixed_nor_replaced_unasked(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with ResultsFolder(out, overwrite=False) as folder:
        fill(folder, "1")
        folder.publish()
    with pytest.raises(ResultsError, match="--overwrite"):
        ResultsFolder(out, overwrite=False)
    assert (out / STORE).read_text() == "1"


def test_overwriting_replaces_ours_and_keeps_the_users_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with ResultsFolder(out, overwrite=False) as folder:
        fill(folder, "1")
        folder.publish()
    (out / "notes.txt").write_text("mine")
    with ResultsFolder(out, overwrite=True) as folder:
        folder.path(STORE).write_text("2")
        folder.publish()
    assert {p.name: p.read_text() for p in out.iterdir()} == {STORE: "2", "notes.txt": "mine"}


def test_a_failed_overwrite_keeps_the_earlier_results(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with ResultsFolder(out, overwrite=False) as folder:
        fill(folder, "1")
        folder.publish()
    with pytest.raises(RuntimeError), ResultsFolder(out, overwrite=True) as folder:
        fill(folder, "2")
        raise RuntimeError
    assert (out / STORE).read_text() == "1"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_other_things_is_refused(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(ResultsError, match="holds other files"):
        ResultsFolder(tmp_path, overwrite=overwrite)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(ResultsError, match="is a file"):
        ResultsFolder(tmp_path / "out", overwrite=True)


def test_two_runs_cannot_write_to_one_place(tmp_path: Path) -> None:
    with ResultsFolder(tmp_path / "out", overwrite=False):
        with pytest.raises(ResultsError, match="another run"), ResultsFolder(tmp_path / "out", overwrite=False):
            pass
        assert (tmp_path / ".out.partial").exists(), "the loser must not remove the winner's files"


def test_leftovers_of_a_killed_run_are_not_taken_for_results(tmp_path: Path) -> None:
    (tmp_path / ".out.partial").mkdir()
    (tmp_path / ".out.partial" / STORE).write_text("old")
    with ResultsFolder(tmp_path / "out", overwrite=False) as folder:
        assert list(folder.staging.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ResultsError, match="cannot be written"), ResultsFolder(tmp_path / "out", overwrite=False):
        pass


def test_a_place_below_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ResultsError, match="cannot be written"),
        ResultsFolder(tmp_path / "file" / "out", overwrite=False),
    ):
        pass


def report(out: Path, text: str, *, overwrite: bool = False) -> None:
    with ResultsFolder(out, overwrite=overwrite, names=OF_A_REPORT) as folder:
        for name in OF_A_REPORT:
            folder.path(name).write_text(text)
        folder.publish()


def test_a_report_replaces_an_earlier_one_when_asked_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    report(out, "1")
    others = (VIDEO, f"{STORE}.bak")
    for name in others:
        (out / name).write_text("mine")
    with pytest.raises(ResultsError, match="--overwrite"):
        report(out, "2")
    report(out, "2", overwrite=True)
    assert {p.name: p.read_text() for p in out.iterdir()} == dict.fromkeys(OF_A_REPORT, "2") | dict.fromkeys(
        others, "mine"
    )


def test_a_report_is_never_put_into_the_place_of_a_store(tmp_path: Path) -> None:
    """Which may be in use, and holds more than the report."""
    report(tmp_path / "out", "1")
    for name in (STORE, f"{STORE}-wal"):
        (tmp_path / "out" / name).write_text("figures")
    with pytest.raises(ResultsError, match="holds other files"):
        report(tmp_path / "out", "2", overwrite=True)
    assert (tmp_path / "out" / STORE).read_text() == "figures"


def test_somebody_elses_report_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / REPORT).write_text("mine")
    with pytest.raises(ResultsError, match="holds other files"):
        report(tmp_path, "1", overwrite=True)
