"""The description of a data set of public figures in DCAT-AP 3, as JSON-LD.

Mandatory in DCAT-AP 3.0: of a data set its title and description, of a distribution its access URL; the rest is what
portals ask for. Addresses are relative to the document, so it can be put up anywhere together with its files.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flaneur.data.time import SECOND_NS

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
FILE_TYPES = "http://publications.europa.eu/resource/authority/file-type/"
MEDIA_TYPES = "http://www.iana.org/assignments/media-types/"
THEME = "http://publications.europa.eu/resource/authority/data-theme/TRAN"
PUBLIC = "http://publications.europa.eu/resource/authority/access-right/PUBLIC"
TITLE = {
    "en": "Road users at {site}, {camera}: public figures",
    "de": "Verkehrsteilnehmer an {site}, {camera}: öffentliche Zahlen",
}
DESCRIPTION = {
    "en": "Crossings, passages and occupancy, measured from camera video that was not kept. The figures carry noise: "
    "they are differentially private with ε = {epsilon:g} a day for everything that is visible for at most {rho:g} s "
    "at a time, at most {times} times a day. Each has its 95 % noise band and its coverage. Assumption: {assumption}",
    "de": "Querungen, Durchgänge und Belegung, gemessen aus Kamerabildern, die nicht aufgehoben wurden. Die Zahlen "
    "sind verrauscht: differentiell privat mit ε = {epsilon:g} am Tag für alles, was höchstens {rho:g} s am Stück zu "
    "sehen ist, höchstens {times}-mal am Tag. Zu jeder gehören ihr Rauschband (95 %) und ihre Abdeckung. "
    "Annahme: {assumption}",
}
ASSUMPTION = {
    "en": (
        "none about detector or tracker.",
        "whoever passes is one track in each chunk of video and changes no other track.",
    ),
    "de": (
        "keine über Erkennung oder Verfolgung.",
        "wer vorbeikommt, ist in jedem Abschnitt des Videos eine Spur und ändert keine andere.",
    ),
}


@dataclass(frozen=True, slots=True)
class DataSet:
    """What a portal wants to know."""

    site: str
    camera: str
    publisher: str
    licence: str | None
    """Its address."""
    start_ns: int
    end_ns: int
    """UTC."""
    window_s: int
    issued_ns: int
    """When it was made, UTC."""
    epsilon_per_day: float
    rho_s: float
    appearances: int
    trusts_tracker: bool
    """Whether the guarantee assumes something of the tracker."""


def describe(data_set: DataSet, csv: Path, json: Path) -> dict[str, Any]:
    """The description of the files `csv` and `json`, which lie beside it."""
    return {
        "@context": CONTEXT,
        "@id": "#dataset",
        "@type": "dcat:Dataset",
        "dct:title": [_text(language, TITLE[language], data_set) for language in TITLE],
        "dct:description": [_text(language, DESCRIPTION[language], data_set) for language in DESCRIPTION],
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": data_set.publisher},
        "dct:accessRights": {"@id": PUBLIC},
        "dcat:theme": {"@id": THEME},
        "dct:issued": _moment(data_set.issued_ns),
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _moment(data_set.start_ns),
            "dcat:endDate": _moment(data_set.end_ns),
        },
        "dcat:temporalResolution": {"@type": "xsd:duration", "@value": f"PT{data_set.window_s}S"},
        "dcat:distribution": [
            _distribution(csv, "CSV", "text/csv", data_set.licence),
            _distribution(json, "JSON", "application/json", data_set.licence),
        ],
    }


def _distribution(path: Path, file_type: str, media_type: str, licence: str | None) -> dict[str, Any]:
    content = path.read_bytes()
    return {
        "@id": f"#{file_type.lower()}",
        "@type": "dcat:Distribution",
        "dcat:accessURL": {"@id": path.name},
        "dcat:downloadURL": {"@id": path.name},
        "dct:format": {"@id": FILE_TYPES + file_type},
        "dcat:mediaType": {"@id": MEDIA_TYPES + media_type},
        "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(len(content))},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": hashlib.sha256(content).hexdigest()},
        },
    } | ({"dct:license": {"@id": licence}} if licence else {})


def _text(language: str, text: str, data_set: DataSet) -> dict[str, str]:
    said = text.format(
        site=data_set.site,
        camera=data_set.camera,
        epsilon=data_set.epsilon_per_day,
        rho=data_set.rho_s,
        times=data_set.appearances,
        assumption=ASSUMPTION[language][data_set.trusts_tracker],
    )
    return {"@language": language, "@value": said}


def _moment(time_ns: int) -> dict[str, str]:
    at = datetime.fromtimestamp(time_ns // SECOND_NS, UTC)
    return {"@type": "xsd:dateTime", "@value": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
