"""Who may look at the live view, and that it is recorded before anything is shown."""

import hmac
import time
from collections.abc import Callable, Mapping

from flaneur.data.released import RedactedImage
from flaneur.serve.live.views import RefusedView

RECORD_EVERY_S = 900.0
"""Whoever keeps looking is recorded once in each quarter of an hour."""


class Viewing:
    """Shows the ghost of a camera to those who have an account. Its methods may be called from any thread."""

    def __init__(
        self,
        accounts: Mapping[str, str],
        picture: Callable[[str], RedactedImage | None],
        record: Callable[[str, str], bool],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`accounts`: user -> password. `picture` of a camera, None where there is no such camera. `record` writes that
        an account looks at a camera, and says whether that is done."""
        self._accounts = dict(accounts)
        self._picture = picture
        self._record = record
        self._now_s = now_s
        self._recorded_s: dict[tuple[str, str], float] = {}

    def renew(self, accounts: Mapping[str, str]) -> None:
        """The accounts from now on: who is not among them sees nothing any more."""
        self._accounts = dict(accounts)

    def look(self, user: str, password: str, camera: str) -> RedactedImage:
        """What `camera` shows now; RefusedView where nothing may be shown."""
        # An unknown user is compared too, so that the time of the answer does not tell which users there are.
        known = self._accounts.get(user, "")
        right = hmac.compare_digest(password.encode(), known.encode())
        if not (right and known):
            raise RefusedView(401, "user or password are wrong")
        picture = self._picture(camera)
        if picture is None:
            raise RefusedView(404, "there is no such camera, or it was not seen yet")
        if not self._is_recorded(user, camera):
            raise RefusedView(503, "it cannot be recorded now that you look, so nothing is shown; try again")
        return picture

    def _is_recorded(self, user: str, camera: str) -> bool:
        now_s = self._now_s()
        last_s = self._recorded_s.get((user, camera))
        if last_s is not None and now_s - last_s < RECORD_EVERY_S:
            return True
        if not self._record(user, camera):
            return False
        self._recorded_s[user, camera] = now_s
        return True
