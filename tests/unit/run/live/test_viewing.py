import numpy as np
import pytest

from flaneur.data.released import RedactedImage
from flaneur.run.live.viewing import RECORD_EVERY_S, Viewing
from flaneur.serve.live.views import RefusedView

PICTURE = RedactedImage(0, np.zeros((2, 2, 3), np.uint8), fully_hidden=False)


class Desk:
    """Viewing with what surrounds it."""

    def __init__(self, works=True):
        self.now_s = 1000.0
        self.recorded = []
        self.works = works
        self.viewing = Viewing({"anna": "secret"}, {"north": PICTURE}.get, self.record, lambda: self.now_s)

    def record(self, user, camera):
        if self.works:
            self.recorded.append((user, camera))
        return self.works

    def refused(self, *who):
        with pytest.raises(RefusedView) as refused:
            self.viewing.look(*who)
        return refused.value.status


@pytest.mark.parametrize("who", [("anna", "wrong"), ("anna", ""), ("berta", "secret"), ("", ""), ("berta", "")])
def test_only_those_with_an_account_see_anything(who):
    desk = Desk()
    assert desk.refused(*who, "north") == 401
    assert not desk.recorded


def test_it_is_recorded_before_anything_is_shown():
    desk = Desk(works=False)
    assert desk.refused("anna", "secret", "north") == 503
    desk.works = True
    assert desk.viewing.look("anna", "secret", "north") is PICTURE
    assert desk.recorded == [("anna", "north")]


def test_who_keeps_looking_is_recorded_each_quarter_of_an_hour():
    desk = Desk()
    for _ in range(3):
        desk.viewing.look("anna", "secret", "north")
    assert len(desk.recorded) == 1
    desk.now_s += RECORD_EVERY_S
    desk.viewing.look("anna", "secret", "north")
    assert len(desk.recorded) == 2


def test_who_has_lost_the_account_or_has_another_password_sees_nothing_from_then_on():
    desk = Desk()
    assert desk.viewing.look("anna", "secret", "north") is PICTURE
    desk.viewing.renew({"anna": "another", "berta": "word"})
    assert desk.refused("anna", "secret", "north") == 401
    assert desk.viewing.look("anna", "another", "north") is PICTURE
    desk.viewing.renew({"berta": "word"})
    assert desk.refused("anna", "another", "north") == 401
    assert desk.viewing.look("berta", "word", "north") is PICTURE


def test_an_unknown_camera_is_neither_shown_nor_recorded():
    desk = Desk()
    assert desk.refused("anna", "secret", "south") == 404
    assert not desk.recorded
