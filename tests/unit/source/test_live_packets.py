from pathlib import Path

import av
from av.packet import Packet

from flaneur.source.live_packets import Heard
from support.video import moving_boxes, write_video


def packets(path: Path, begin: int) -> list[Packet]:
    """Those of ten pictures whose time stamps begin there."""
    write_video(path, moving_boxes(10), rate=10, pts=range(begin, begin + 10))
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


def test_what_came_over_earlier_connections_is_known_again_until_something_new_comes(tmp_path: Path) -> None:
    old, new = packets(tmp_path / "old.ts", 0), packets(tmp_path / "new.ts", 100)
    heard = Heard()
    heard.connected()
    assert all(heard.is_new(packet) for packet in old)
    for _ in range(3):  # a playlist that stays as it is
        heard.connected()
        assert not any(heard.is_new(packet) for packet in old)
    assert all(heard.is_new(packet) for packet in new)
    assert all(heard.is_new(packet) for packet in old)


def test_one_connection_hears_all_that_comes(tmp_path: Path) -> None:
    heard = Heard()
    heard.connected()
    assert all(heard.is_new(packet) for packet in 2 * packets(tmp_path / "a.ts", 0))
