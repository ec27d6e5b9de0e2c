import random
import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from flaneur.data.time import SECOND_NS
from flaneur.run.live.connection import BETWEEN_CALLS_S, JITTER, LONGEST_WAIT_S, SHORTEST_WAIT_S, BackOff, Connection
from flaneur.run.live.turns import Turns
from flaneur.run.live.vitals import Vitals
from flaneur.source import Address, Clock, LiveSource, LostError, SourceParams
from support.live_cameras import RtspServer, street_file, wait_until
from support.video import moving_boxes, write_video


@given(st.integers(0, 2**32))
def test_waits_grow_to_a_bound(seed: int) -> None:
    back_off = BackOff(random.Random(seed))
    waits = [back_off.wait_s("refused") for _ in range(12)]
    usual = [min(SHORTEST_WAIT_S * 2**n, LONGEST_WAIT_S) for n in range(12)]
    for wait_s, usual_s in zip(waits, usual, strict=True):
        assert (1 - JITTER) * usual_s <= wait_s <= min((1 + JITTER) * usual_s, LONGEST_WAIT_S)


def test_waits_differ_between_cameras() -> None:
    assert len({BackOff(random.Random(seed)).wait_s("refused") for seed in range(20)}) == 20


def test_a_good_connection_makes_the_next_wait_short() -> None:
    back_off = BackOff(random.Random(0))
    for _ in range(10):
        back_off.wait_s("silent")
    back_off.reset()
    assert back_off.wait_s("silent") <= (1 + JITTER) * SHORTEST_WAIT_S


def test_a_wrong_password_is_not_tried_often() -> None:
    assert BackOff(random.Random(0)).wait_s("unauthorised") >= (1 - JITTER) * LONGEST_WAIT_S


def test_cameras_that_begin_together_are_called_one_after_the_other() -> None:
    clock = Clock()
    called_ns: list[int] = []

    def refuse() -> LiveSource:
        called_ns.append(clock.now_ns())
        raise LostError("refused", "nobody is there")

    connections = [
        Connection(str(n), refuse, Turns[None]().join(None), Vitals(str(n), 0), clock, 5.0, random.Random(n))
        for n in range(25)
    ]
    for connection in connections:
        connection.start()
    wait_until(lambda: len(called_ns) >= 25)
    for connection in connections:
        connection.stop()
    assert called_ns[24] - called_ns[0] >= 0.9 * 24 * BETWEEN_CALLS_S * SECOND_NS


def test_a_camera_that_serves_only_one_is_hung_up_before_it_is_called_again(tmp_path: Path) -> None:
    street_file(tmp_path / "street.mp4", 10)
    clock, taken = Clock(), threading.Lock()
    vitals = [Vitals("c", clock.now_ns()) for _ in range(2)]

    class OnlyOne(LiveSource):
        def close(self) -> None:
            super().close()
            taken.release()

    with RtspServer(tmp_path) as server:
        address = Address.parse(server.url("street.mp4"), folder=tmp_path)

        def connect() -> LiveSource:
            if not taken.acquire(blocking=False):
                raise LostError("refused", "somebody else is watching")
            return OnlyOne(address, SourceParams(), clock, 0)

        def connection(n: int, before: Connection | None = None) -> Connection:
            box = Turns[None]().join(None)
            return Connection("c", connect, box, vitals[n], clock, 5.0, random.Random(n), before)

        def seen(n: int) -> bool:
            status = vitals[n].status(clock.now_ns())
            assert status.state == "starting"  # and never lost
            return status.frames_seen > 3

        first = connection(0)
        first.start()
        wait_until(lambda: seen(0))
        first.stop()
        second = connection(1, first)
        second.start()
        wait_until(lambda: seen(1))
        second.stop()
        wait_until(lambda: not taken.locked())


def test_a_camera_that_waits_for_a_picture_can_be_stopped(tmp_path: Path) -> None:
    hour = range(36_000, 36_010)
    path = write_video(tmp_path / "pause.mp4", moving_boxes(20), rate=10, pts=[*range(10), *hour])
    clock = Clock()
    vitals = Vitals("c", clock.now_ns())
    address = Address.parse(str(path), realtime=True, folder=tmp_path)

    def connect() -> LiveSource:
        return LiveSource(address, SourceParams(), clock, 0)

    connection = Connection("c", connect, Turns[None]().join(None), vitals, clock, 5.0, random.Random(0))
    before = threading.active_count()
    connection.start()
    wait_until(lambda: vitals.status(clock.now_ns()).frames_seen == 10)
    connection.stop()
    wait_until(lambda: threading.active_count() == before)
