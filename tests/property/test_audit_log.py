"""Nothing that is done to a log goes unseen: every byte, every line, every cut."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaneur.store.audit.entries import Entry
from flaneur.store.audit.errors import AuditError
from flaneur.store.audit.key import PublicKey
from flaneur.store.audit.reading import verify
from support.audits import ENTRIES, Site


class Made:
    """A finished log, and a place for changed ones."""

    def __init__(self, folder: Path, *entries: Entry) -> None:
        site = Site(folder / "site").create(*entries)
        self.public: PublicKey = site.public
        self.head = site.remembered
        self.content = site.log.read_bytes()
        self._path = folder / "changed.jsonl"

    def holds(self, content: bytes) -> bool:
        self._path.write_bytes(content)
        try:
            verify(self._path, self.public, [self.head])
        except AuditError:
            return False
        return True


@pytest.fixture(scope="module")
def made() -> Iterator[Made]:
    with tempfile.TemporaryDirectory() as folder:
        yield Made(Path(folder), *ENTRIES)


@pytest.fixture(scope="module")
def short() -> Iterator[Made]:
    with tempfile.TemporaryDirectory() as folder:
        yield Made(Path(folder), *ENTRIES[2:5])


def test_a_change_of_any_byte_is_found(short: Made) -> None:
    content = short.content
    assert short.holds(content)
    for at in range(len(content)):
        changed = bytearray(content)
        changed[at] ^= 1 << at % 7
        assert not short.holds(bytes(changed)), at


def test_the_loss_of_any_byte_is_found(short: Made) -> None:
    for at in range(len(short.content)):
        assert not short.holds(short.content[:at] + short.content[at + 1 :]), at


@given(data=st.data())
def test_any_change_of_some_bytes_is_found(made: Made, data: st.DataObject) -> None:
    changed = bytearray(made.content)
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    assert made.holds(bytes(changed)) == (bytes(changed) == made.content)


@given(data=st.data())
def test_any_cut_at_the_end_is_found(made: Made, data: st.DataObject) -> None:
    assert not made.holds(made.content[: data.draw(st.integers(0, len(made.content) - 1))])


@given(data=st.data())
def test_any_bytes_that_are_put_in_are_found(made: Made, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(made.content)))
    more = data.draw(st.binary(min_size=1, max_size=30) | st.sampled_from([b"\n", b"\r", b" ", b"{}\n"]))
    assert not made.holds(made.content[:at] + more + made.content[at:])


@given(data=st.data())
def test_any_other_choice_or_order_of_lines_is_found(made: Made, data: st.DataObject) -> None:
    lines = made.content.splitlines(keepends=True)
    chosen = data.draw(st.lists(st.sampled_from(lines), max_size=len(lines) + 2) | st.permutations(lines))
    assert made.holds(b"".join(chosen)) == (chosen == lines)
