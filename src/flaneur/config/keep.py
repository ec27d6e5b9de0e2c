"""Tables of a site file about what is kept: the age of figures, and the audit log."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from flaneur.config.base import Table

DAY_S = 86_400
Days = Annotated[int, Field(ge=1, le=36_500)]


class KeepTable(Table):
    """`[keep]`: how old figures may become. `flaneur retention` sees to it."""

    figures_days: Days | None = None
    """Older figures are deleted."""
    fine_days: Days | None = None
    """Older figures are added up into intervals of `coarsen_to_s`; what cannot be added up is deleted."""
    coarsen_to_s: Annotated[int, Field(ge=120, le=DAY_S)] = 3600

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.figures_days is None and self.fine_days is None:
            raise ValueError("say how many days: figures_days, or fine_days to add up, or both")
        if self.figures_days is not None and self.fine_days is not None and self.fine_days >= self.figures_days:
            raise ValueError("fine_days must be fewer than figures_days, or nothing is left to add up")
        if DAY_S % self.coarsen_to_s:
            raise ValueError(f"coarsen_to_s: {self.coarsen_to_s} s do not divide a day evenly; take 3600 or 86400")
        return self

    def check_interval(self, interval_s: int) -> None:
        """ValueError unless the site's intervals fit evenly into the longer ones."""
        if self.fine_days is not None and (self.coarsen_to_s % interval_s or self.coarsen_to_s == interval_s):
            raise ValueError(
                f"keep.coarsen_to_s: {self.coarsen_to_s} s are not a multiple of the site's interval_s, {interval_s} s"
            )


class AuditTable(Table):
    """`[audit]`: where the audit log and the key that signs it lie; from the site file's folder on."""

    log: Annotated[str, Field(min_length=1)] = "audit.jsonl"
    key: Annotated[str, Field(min_length=1)] = "audit.key"
    """Best on another disk or in another folder than the log, which only the account of Flaneur may read."""
