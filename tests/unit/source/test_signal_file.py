from pathlib import Path

import pytest

from flaneur.data.errors import UserError
from flaneur.data.signals import SignalPhases, SignalState
from flaneur.data.time import SECOND_NS
from flaneur.source.signal_file import LONGEST_PHASE_NS, SignalFile
from support.signal_files import read_signals

FIRST_FRAME_NS = 1_777_874_400 * SECOND_NS
"""2026-05-04T08:00:00+02:00"""


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "signals.csv"
    path.write_bytes(text.encode(encoding))
    return path


def rows(phases: SignalPhases) -> list[tuple[float, str]]:
    return [(ns / SECOND_NS, SignalState(code).label) for ns, code in zip(phases.start_ns, phases.state, strict=True)]


def test_changes_in_seconds(tmp_path):
    path = write(tmp_path, "time_s,group,state\n0,a,red\n0,b,green\n31.5,a,red-amber\n32.5,a,green\n40,b,yellow\n")
    b, a = read_signals(path, ["b", "a"])
    end_s = LONGEST_PHASE_NS / SECOND_NS
    assert (a.group, b.group) == ("a", "b")
    assert rows(a) == [(0.0, "red"), (31.5, "red-amber"), (32.5, "green"), (32.5 + end_s, "unknown")]
    assert rows(b) == [(0.0, "green"), (40.0, "amber"), (40.0 + end_s, "unknown")]


def test_other_columns_order_spelling_and_spreadsheets(tmp_path):
    text = (
        "State;Arm;Group;Time_s\r\nRed;N;to left;0.0\r\nRED_AMBER;N;to left;5\r\n\r\n flashing yellow;N;to left;6\r\n"
    )
    [phases] = read_signals(write(tmp_path, text, "utf-8-sig"), ["to left"])
    assert rows(phases)[:3] == [(0.0, "red"), (5.0, "red-amber"), (6.0, "off")]


def test_dates_count_from_the_first_frame(tmp_path):
    path = write(tmp_path, "time,group,state\n2026-05-04T05:59:50.25Z,a,red\n2026-05-04T08:00:31+02:00,a,green\n")
    [phases] = read_signals(path, ["a"], FIRST_FRAME_NS)
    assert rows(phases)[:2] == [(-9.75, "red"), (31.0, "green")]


def test_a_row_that_says_when_it_ends_leaves_the_rest_unknown(tmp_path):
    path = write(tmp_path, "time_s,until_s,group,state\n0,10,a,red\n10,12,a,green\n15,20,a,green\n20,30,a,green\n")
    [phases] = read_signals(path, ["a"])
    assert rows(phases) == [(0, "red"), (10, "green"), (12, "unknown"), (15, "green"), (30, "unknown")]


def test_two_lines_of_one_group(tmp_path):
    first, second = read_signals(write(tmp_path, "time_s,group,state\n0,a,red\n"), ["a", "a"])
    assert rows(first) == rows(second)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", r"no column 'time_s' or 'time' .*empty"),
        ("moment,group,state\n", r"no column 'time_s' or 'time'"),
        ("time_s,state\n", r"no column 'group'"),
        ("time_s,group\n", r"no column 'state'"),
        ("time_s,group,state\n0,a,blue\n", r"row 2: unknown state 'blue'; known are unknown, off, red"),
        ("time_s,group,state\n0,a,red\n5,a\n", r"row 3: 2 columns"),
        ("time_s,group,state\nsoon,a,red\n", r"row 2: 'soon' is no number"),
        ("time_s,group,state\nnan,a,red\n", r"row 2: 'nan' is no number"),
        ("time_s,group,state\n0,a,red\n9,a,green\n5,a,red\n", r"row 4: .* not later than that of row 3"),
        ("time_s,group,state\n0,a,red\n0,a,green\n", r"row 3: .* not later than that of row 2"),
        ("time_s,until_s,group,state\n0,10,a,red\n9,12,a,green\n", r"row 3: it begins before row 2"),
        ("time_s,until_s,group,state\n9,5,a,red\n", r"row 2: it ends before"),
        ("time_s,group,state\n0,b,red\n", r"no row for signal group 'a'; it knows 'b'"),
        ("time,group,state\n8 o'clock,a,red\n", r"row 2: .* is no date and time"),
        ("time,group,state\n2026-05-04T08:00:00,a,red\n", r"row 2: .* no offset from UTC"),
        ("time,group,state\n0001-01-01T00:00:00+14:00,a,red\n", r"row 2: .* not between 1970 and 2199"),
        ("time,group,state\n9999-12-31T23:59:59Z,a,red\n", r"row 2: .* not between 1970 and 2199"),
    ],
)
def test_bad_files_are_told_with_row_and_reason(tmp_path, text, told):
    with pytest.raises(UserError, match=rf"^signals\.csv.*{told}"):
        read_signals(write(tmp_path, text), ["a"], FIRST_FRAME_NS)


def test_a_file_that_was_read_serves_videos_of_any_start(tmp_path):
    path = write(tmp_path, "time,group,state\n2026-05-04T08:00:31+02:00,a,green\n")
    file = SignalFile.read(path)
    path.unlink()
    for late_s in (0, 3600):
        assert rows(file.phases("a", FIRST_FRAME_NS + late_s * SECOND_NS))[0] == (31.0 - late_s, "green")


def test_dates_without_a_date_of_the_video(tmp_path):
    with pytest.raises(UserError, match="when the video begins is not known"):
        read_signals(write(tmp_path, "time,group,state\n2026-05-04T08:00:00Z,a,red\n"), ["a"])


def test_what_cannot_be_read(tmp_path):
    path = tmp_path / "signals.csv"
    path.write_bytes(b"time_s,group,state\n0,\xff\xfe,red\n")
    with pytest.raises(UserError, match="no CSV text"):
        read_signals(path, ["a"])
    with pytest.raises(UserError, match="No such file"):
        read_signals(tmp_path / "missing.csv", ["a"])
