import threading

import numpy as np
import pytest

from flaneur.data.private import Frame
from flaneur.run.live.turns import Turns, Waiting
from flaneur.run.live.watch import work
from support.live_cameras import wait_until


class Owner:
    """Of whom a first turn fails."""

    name = "north"

    def __init__(self) -> None:
        self.turns = 0

    def work(self, _waiting: Waiting) -> None:
        self.turns += 1
        if self.turns == 1:
            raise KeyError("somebody at (3, 4)")


def frame(index: int) -> Frame:
    picture = np.zeros((2, 2, 3), np.uint8)
    return Frame(index, index * 100, 2, 2, lambda: picture, lambda: picture[:, :, 0])


def test_whatever_a_turn_raises_its_worker_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    turns: Turns[Owner] = Turns()
    owner = Owner()
    box = turns.join(owner)
    worker = threading.Thread(target=work, args=(turns,))
    worker.start()
    for number in (1, 2):
        box.put(frame(number), 1, 0)
        wait_until(lambda number=number: (owner.turns == number and box.idle) or not worker.is_alive())
    assert worker.is_alive()
    turns.close()
    worker.join(5.0)
    said = capsys.readouterr().out
    assert "KeyError" in said
    assert "test_watch.py" in said
    assert "somebody" not in said
