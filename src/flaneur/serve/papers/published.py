"""Reads back what `flaneur publish` gave to the public."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flaneur.data.errors import UserError
from flaneur.serve.open_data import JSON

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class PublishedFigure(_Read):
    """A figure as it stands in `public.json`."""

    site: str
    camera: str
    measure: str
    place: str
    kind: str
    direction: str
    start: datetime
    end: datetime
    value: float
    low: float
    high: float
    unit: str
    coverage: Share
    epsilon: float


class PublishedGuarantee(_Read):
    """What protects everybody in those figures."""

    rho_s: float
    appearances: int
    epsilon_per_day: float
    ledger_entry: int
    ledger_seal: str
    """State of the ledger after the figures were paid for."""
    assumption: str


class PublishedSet(_Read):
    """The figures of one call of `flaneur publish`, all of one camera."""

    guarantee: PublishedGuarantee
    figures: Annotated[tuple[PublishedFigure, ...], Field(min_length=1)]

    @property
    def camera(self) -> str:
        """Which camera they are of."""
        return self.figures[0].camera


def read_published(folder: Path, site: str) -> PublishedSet:
    """The public figures in `folder`; UserError when there are none of this site."""
    path = folder / JSON if folder.is_dir() else folder
    try:
        found = PublishedSet.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}; name a folder of `flaneur publish`") from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise UserError(f"{path}: is not as `flaneur publish` writes it: {where}: {fault['msg']}") from None
    others = {figure.site for figure in found.figures} - {site}
    if others:
        raise UserError(f"{path}: holds figures of the site {min(others)!r}, and the site file is of {site!r}")
    return found
