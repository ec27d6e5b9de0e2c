import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.data.released import Measurement
from flaneur.data.time import MINUTE_NS
from flaneur.store import Store
from support.figures import figure

Key = tuple[object, ...]

figures = st.builds(
    lambda minute, place, kind, value: figure(minute * MINUTE_NS, value, place=place, kind=kind),
    minute=st.integers(-3, 5),
    place=st.sampled_from(["a", "b", "'; DROP TABLE measurement; --"]),
    kind=st.sampled_from(["car", "bus"]),
    value=st.none() | st.floats(0, 1e6),
)
intervals = st.lists(st.lists(figures, max_size=4), max_size=6)


def _key(m: Measurement) -> Key:
    return (m.start_ns, m.site, m.camera, m.measure, m.place, m.kind, m.direction)


def _after(writes: list[list[Measurement]]) -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder, Store.create(Path(folder) / "s.sqlite") as store:
        for interval in writes:
            store.write_interval(interval)
        return list(store.measurements())


@settings(max_examples=40, deadline=None)
@given(writes=intervals, data=st.data())
def test_any_sequence_of_writes_leaves_the_last_figure_of_each_name_once(
    writes: list[list[Measurement]], data: st.DataObject
) -> None:
    last = {_key(m): m for interval in writes for m in interval}
    expected = [last[key] for key in sorted(last)]  # type: ignore[type-var]
    assert _after(writes) == expected
    again = data.draw(st.permutations(expected))
    assert _after([*writes, again, again]) == expected
