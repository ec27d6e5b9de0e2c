"""The live view over HTTP: redacted pictures for those who have an account."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from flaneur.data.released import RedactedImage
from flaneur.serve.picture import png

PREFIX = "/cameras/"
"""What lies below asks for user and password itself."""

Look = Callable[[str, str, str], RedactedImage]
"""What a user with a password sees of a camera; RefusedView where nothing may be shown."""


class RefusedView(Exception):  # noqa: N818 - it is an answer, not a failure
    """Why nothing is shown."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def add_views(app: FastAPI, look: Look) -> None:
    """Serve `/cameras/NAME/ghost.png`, where NAME may hold a `/`, in the clear or as `%2F`.

    Waiting for the record happens on a thread, not on the loop.
    """
    basic = HTTPBasic(realm="flaneur")

    @app.get(PREFIX + "{camera:path}/ghost.png")
    def ghost(camera: str, who: Annotated[HTTPBasicCredentials, Depends(basic)]) -> Response:
        try:
            image = look(who.username, who.password, camera)
        except RefusedView as refused:
            challenge = {"www-authenticate": 'Basic realm="flaneur"'} if refused.status == 401 else None
            return JSONResponse({"wrong": str(refused)}, refused.status, challenge)
        return Response(png(image), media_type="image/png", headers={"cache-control": "no-store"})
