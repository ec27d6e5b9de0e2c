"""Facts for papers, and a look into PDF files as people and cameras see them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray

from flaneur.serve.papers.facts import AuditState, BudgetDay, Camera, Guarantee, Keeping, Operator, SiteFacts
from flaneur.serve.papers.published import PublishedFigure, PublishedGuarantee, PublishedSet

URL = "https://www.beispielhausen.example/verkehr/marktplatz"
START = datetime(2026, 6, 1, 7, tzinfo=UTC)


def operator(**changes: object) -> Operator:
    """A town that has stated nothing that it need not state."""
    fields: dict[str, object] = {
        "controller": "Stadt Beispielhausen, Tiefbauamt",
        "address": "Rathausplatz 1, 12345 Beispielhausen",
        "contact": "verkehr@beispielhausen.example",
        "public_url": URL,
        "ground": "e",
        "purposes": ("Verkehrsplanung", "Verkehrszählung"),
        "law": None,
        "interest": None,
        "recipients": None,
        "officer": None,
        "authority": None,
        "recordings_h": None,
        "checked": None,
    }
    return Operator(**(fields | changes))  # type: ignore[arg-type]


def complete_operator(**changes: object) -> Operator:
    """One that has stated everything, and had it checked."""
    stated = {
        "law": "§ 4 Landesdatenschutzgesetz",
        "recipients": ("Planungsbüro Muster",),
        "officer": "Datenschutz der Stadt, dsb@beispielhausen.example",
        "authority": "Landesbeauftragte für den Datenschutz",
        "recordings_h": 72,
        "checked": date(2026, 11, 20),
    }
    return operator(**(stated | changes))


def facts(**changes: object) -> SiteFacts:
    """A site of two cameras that publishes nothing."""
    fields: dict[str, object] = {
        "site": "Marktplatz",
        "timezone": "Europe/Berlin",
        "interval_s": 60,
        "software": "flaneur 0.1.0",
        "detector": "nanodet (Apache-2.0)",
        "kinds": ("pedestrian", "two-wheeler", "car", "truck", "bus", "train"),
        "configuration": "3f" * 32,
        "made": date(2026, 11, 22),
        "operator": operator(),
        "cameras": (Camera("Nord", lines=("Zebrastreifen", "Radweg"), zones=("Platz",), metric=True), Camera("Süd")),
        "keeping": None,
        "guarantee": None,
        "budget": (),
        "audit": None,
        "published": (),
        "languages": ("de", "en"),
    }
    return SiteFacts(**(fields | changes))  # type: ignore[arg-type]


def published(windows: int, camera: str = "Nord", place: str = "Zebrastreifen") -> PublishedSet:
    """Crossings in both directions, an hour each; the first one to the right is 10, the second 11 …"""
    figures = []
    for n in range(windows):
        start = START + timedelta(hours=n)
        for direction, value in (("to right", 10.0 + n), ("to left", 5.0), ("all", 15.0 + n)):
            figures.append(
                PublishedFigure(
                    site="Marktplatz",
                    camera=camera,
                    measure="crossings",
                    place=place,
                    kind="pedestrian",
                    direction=direction,
                    start=start,
                    end=start + timedelta(hours=1),
                    value=value,
                    low=max(0.0, value - 24),
                    high=value + 24,
                    unit="road users",
                    coverage=1.0 if n else 0.5,
                    epsilon=0.5,
                )
            )
    guarantee = PublishedGuarantee(
        rho_s=60, appearances=2, epsilon_per_day=1.0, ledger_entry=windows, ledger_seal="ab" * 32, assumption="None."
    )
    return PublishedSet(guarantee=guarantee, figures=tuple(figures))


def complete_facts(**changes: object) -> SiteFacts:
    """A site with everything that there is."""
    whole = facts(
        operator=complete_operator(),
        keeping=Keeping(730, 30, 3600),
        guarantee=Guarantee(60, 2, 1.0, 60, 3600, trusts_tracker=True),
        budget=(BudgetDay("Nord", date(2026, 6, 1), 17, 0.75),),
        audit=AuditState(17, "3fa9" * 16, "ab" * 32, "2026-11-22T07:00:00.000Z"),
        published=(published(6),),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


class Pdf:
    """A PDF file as it is read and seen."""

    def __init__(self, content: bytes) -> None:
        self._document = pypdfium2.PdfDocument(content)

    def __len__(self) -> int:
        return len(self._document)

    @property
    def title(self) -> str:
        return str(self._document.get_metadata_dict()["Title"])

    @property
    def author(self) -> str:
        return str(self._document.get_metadata_dict()["Author"])

    def size_mm(self, page: int = 0) -> tuple[int, int]:
        width, height = self._document[page].get_size()
        return round(width / 72 * 25.4), round(height / 72 * 25.4)

    def text(self, page: int = 0) -> str:
        """Its text, with every run of blanks and line ends as one blank."""
        return " ".join(self._document[page].get_textpage().get_text_bounded().split())

    def picture(self, page: int = 0, scale: float = 2.0) -> NDArray[np.uint8]:
        return np.ascontiguousarray(self._document[page].render(scale=scale).to_numpy()[:, :, :3])

    def code(self, page: int = 0) -> str:
        """What a telephone reads from the page."""
        text, _, _ = cv2.QRCodeDetector().detectAndDecode(self.picture(page))
        return str(text)
