"""Tables of a site file for the papers that the law asks for: who is responsible, why, and on what ground."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from flaneur.config.base import Table
from flaneur.data.language import Language

Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]+$")]
"""One line of text."""


class PapersTextTable(Table):
    """`[papers.de]` and `[papers.en]`: what is said in one language."""

    purposes: Annotated[list[Line], Field(min_length=1, max_length=8)]
    """What the figures are for, in keywords."""
    law: Line | None = None
    """The statute that goes with Article 6, such as that of a state; needed for the grounds c and e."""
    legitimate_interest: Line | None = None
    """Whose interest it is and which; for ground f."""
    recipients: Annotated[list[Line], Field(max_length=8)] | None = None
    """Who gets personal data; an empty list where nobody does."""


class PapersTable(Table):
    """`[papers]`: what `flaneur papers` cannot know. What is left out stays a marked blank in the papers."""

    controller: Line
    """Who is responsible."""
    address: Line
    contact: Line
    """E-mail, telephone."""
    public_url: Annotated[str, Field(max_length=300)]
    """Where the public page is put up; the sign leads there."""
    article_6_1: Literal["a", "b", "c", "d", "e", "f"]
    """The legal ground: a letter of Article 6(1) GDPR."""
    data_protection_officer: Line | Literal[False] | None = None
    """With contact; false where none has to be designated (Article 37)."""
    supervisory_authority: Line | None = None
    """Where to complain."""
    recordings_hours: Annotated[int, Field(ge=0, le=87_600)] | None = None
    """How long recordings from which figures are measured are kept at most; 0 where none are made."""
    checked: date | None = None
    """When counsel or the data-protection officer approved the papers; until then each is marked as a draft."""
    de: PapersTextTable | None = None
    en: PapersTextTable | None = None

    @property
    def texts(self) -> dict[Language, PapersTextTable]:
        """What is said, by the languages in which it is."""
        both: dict[Language, PapersTextTable | None] = {"de": self.de, "en": self.en}
        return {language: table for language, table in both.items() if table is not None}

    @field_validator("public_url")
    @classmethod
    def _leads_somewhere(cls, url: str) -> str:
        if not re.fullmatch(r"https?://[A-Za-z0-9\[][\x21-\x7e]*", url) or set(url) & set('<>"'):
            raise ValueError(f"{url!r} is no web address such as 'https://www.example.org/figures'")
        return url

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.texts:
            raise ValueError("say the purposes in one language or both: [papers.de] or [papers.en] with `purposes`")
        for language, text in self.texts.items():
            if self.article_6_1 == "f" and text.legitimate_interest is None:
                raise ValueError(
                    f"[papers.{language}] needs `legitimate_interest`: article_6_1 = 'f' weighs it, and the sign "
                    "must name it"
                )
            if self.article_6_1 != "f" and text.legitimate_interest is not None:
                raise ValueError(
                    f"[papers.{language}]: `legitimate_interest` goes with article_6_1 = 'f', not with "
                    f"{self.article_6_1!r}"
                )
        return self
