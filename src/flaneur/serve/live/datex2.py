"""Figures as DATEX II version 3 (EN 16157-5, schema 3.7): measured data and the table of measurement sites.

A measurement site is a place in one direction; the index of a value tells what was measured of which vehicles, the
same number at every site and for ever. DATEX II has words for vehicles only: figures about pedestrians, about all
kinds together, about pairs of kinds and about densities, dwell times and near misses are left out.

A flow is told in vehicles an hour, as the standard wants it: the count over the time that was really observed, rounded.
The count itself is `numberOfInputValuesUsed`, coverage is `supplierCalculatedDataQuality` in per cent. What is missing
has a fault and no value.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from flaneur.data.kinds import Kind
from flaneur.data.released import Measurement
from flaneur.data.series import digest
from flaneur.data.time import SECOND_NS
from flaneur.serve.live.board import SiteFacts
from flaneur.serve.live.moments import iso

NAMESPACES = {
    "d2": "http://datex2.eu/schema/3/d2Payload",
    "com": "http://datex2.eu/schema/3/common",
    "loc": "http://datex2.eu/schema/3/locationReferencing",
    "roa": "http://datex2.eu/schema/3/roadTrafficData",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
VERSION = "1"
"""Of the sites and their table: their ids are made of names, so another name is another site."""
KMH_PER_MPS = 3.6
HOUR_S = 3600

VEHICLES = {
    Kind.TWO_WHEELER.label: "twoWheeledVehicle",
    Kind.BICYCLE.label: "bicycle",
    Kind.MOTORCYCLE.label: "motorcycle",
    Kind.CAR.label: "car",
    Kind.TRUCK.label: "lorry",
    Kind.BUS.label: "bus",
    Kind.TRAIN.label: "tram",
}
"""Kind -> value of VehicleTypeEnum; whatever runs on rails in a street is a tram."""

Lines = Iterable[str]
Shape = Literal["TrafficFlow", "TrafficSpeed", "TrafficHeadway", "TrafficGap"]
SHAPES: dict[str, Shape] = {
    "crossings": "TrafficFlow",
    "passages": "TrafficFlow",
    "flow": "TrafficFlow",
    "speed_mean": "TrafficSpeed",
    "speed_median": "TrafficSpeed",
    "speed_v85": "TrafficSpeed",
    "headway_mean": "TrafficHeadway",
    "gap_mean": "TrafficGap",
}
"""Measure -> type of data."""
DATA_TYPES: dict[Shape, str] = {
    "TrafficFlow": "trafficFlow",
    "TrafficSpeed": "trafficSpeed",
    "TrafficHeadway": "trafficHeadway",
    "TrafficGap": "trafficGap",
}
"""Type of data -> value of MeasuredOrDerivedDataTypeEnum."""
PERCENTILES = {"speed_median": 50, "speed_v85": 85}
INDEX = {
    (shape, kind): number
    for number, (shape, kind) in enumerate(((shape, kind) for shape in DATA_TYPES for kind in VEHICLES), start=1)
}
"""What an index of a physical quantity stands for, at every site."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_told(figure: Measurement) -> bool:
    """Whether DATEX II has words for a figure."""
    return figure.measure in SHAPES and figure.kind in VEHICLES


def measured_data(site: SiteFacts, figures: Iterable[Measurement], now_ns: int) -> Iterator[str]:
    """A MeasuredDataPublication of all figures that DATEX II has words for, line by line.

    `figures` must come in the order of time; those of one interval are held at a time. The schema wants measurements of
    one site at least, so `is_told` must hold for one of them.
    """

    def content() -> Lines:
        yield from _element("roa:measurementSiteTableReference", **_reference("MeasurementSiteTable", _table_id(site)))
        yield from _header()
        for _, of_interval in groupby(filter(is_told, figures), key=lambda figure: figure.start_ns):
            for _, of_site in groupby(sorted(of_interval, key=_where), key=_where):
                yield from _site_measurements(site, list(of_site))

    return _payload("MeasuredDataPublication", site, now_ns, content())


def measurement_sites(site: SiteFacts, figures: Iterable[Measurement], now_ns: int) -> Iterator[str]:
    """A MeasurementSiteTablePublication, line by line: what the sites and the indices of `measured_data` are.

    The schema wants one site at least, so `is_told` must hold for one of `figures`. It wants a location of each, so
    `site.position` must be known; all places have that of their site.
    """
    told = {(_where(f)[1:], INDEX[SHAPES[f.measure], f.kind]) for f in figures if is_told(f)}

    def content() -> Lines:
        records = (
            _site(site, place, [index for _, index in of_place])
            for place, of_place in groupby(sorted(told), key=lambda one: one[0])
        )
        yield from _header()
        yield from _element("roa:measurementSiteTable", *records, id=_table_id(site), version=VERSION)

    return _payload("MeasurementSiteTablePublication", site, now_ns, content())


def _where(figure: Measurement) -> tuple[int, str, str, str]:
    return figure.end_ns, figure.camera, figure.place, figure.direction


def _site(site: SiteFacts, place: tuple[str, ...], indices: Iterable[int]) -> Lines:
    assert site.position is not None
    of_index = {number: key for key, number in INDEX.items()}
    name = ", ".join(part for part in place if part)
    latitude, longitude = (f"{degrees:.7f}" for degrees in site.position)
    return _element(
        "roa:measurementSite",
        _text("roa:measurementEquipmentTypeUsed", "camera"),
        _text("roa:measurementSiteName", name),
        *(_characteristics(index, *of_index[index]) for index in indices),
        _element(
            "roa:measurementSiteLocation",
            _element(
                "loc:pointByCoordinates",
                _element(
                    "loc:pointCoordinates",
                    _element("loc:latitude", latitude),
                    _element("loc:longitude", longitude),
                ),
            ),
            **_typed("loc:PointLocation"),
        ),
        id=_site_id(site, place),
        version=VERSION,
    )


def _characteristics(index: int, shape: Shape, kind: str) -> Lines:
    inner = _element(
        "roa:measurementSpecificCharacteristics",
        _element("roa:specificMeasurementValueType", DATA_TYPES[shape]),
        _element("roa:specificVehicleCharacteristics", _element("com:vehicleType", VEHICLES[kind])),
    )
    return _element("roa:measurementSpecificCharacteristics", inner, index=str(index))


def _site_measurements(site: SiteFacts, figures: Sequence[Measurement]) -> Lines:
    """All of one place and one interval."""
    first = figures[0]

    def index(figure: Measurement) -> int:
        return INDEX[SHAPES[figure.measure], figure.kind]

    quantities = (
        _element("roa:physicalQuantity", _quantity(list(of_index)), index=str(number))
        for number, of_index in groupby(sorted(figures, key=index), key=index)
    )
    return _element(
        "roa:siteMeasurements",
        _element("roa:measurementSiteReference", **_reference("MeasurementSite", _site_id(site, _where(first)[1:]))),
        *quantities,
        _element(
            "roa:measurementTimeDefault",
            _element("roa:timeMeaning", "endTime"),
            _element("roa:timeValue", iso(first.end_ns)),
            _element(
                "roa:period",
                _element("com:startOfPeriod", iso(first.start_ns)),
                _element("com:endOfPeriod", iso(first.end_ns)),
            ),
        ),
    )


def _quantity(figures: Sequence[Measurement]) -> Lines:
    """All of one place, interval, type of data and kind: a value, or that there is none."""
    known = {figure.measure: figure for figure in figures if figure.value is not None}
    if known:
        content = _element(
            "roa:basicData",
            _element("roa:forVehiclesWithCharacteristicsOf", _element("com:vehicleType", VEHICLES[figures[0].kind])),
            # in the order of the schema: the average before the percentiles
            *(_value(known[measure]) for measure in SHAPES if measure in known),
            **_typed(f"roa:{SHAPES[figures[0].measure]}"),
        )
    else:
        content = _element(
            "roa:physicalQuantityFault",
            _element("com:faultLastUpdateTime", iso(figures[0].end_ns)),
            _element("roa:physicalQuantityFaultType", "noDataValuesAvailable"),
        )
    return _element("roa:physicalQuantity", content, **_typed("roa:SinglePhysicalQuantity"))


def _value(figure: Measurement) -> Lines:
    assert figure.value is not None
    quality = {"supplierCalculatedDataQuality": f"{100 * figure.coverage:.1f}"}
    used = quality | ({} if figure.sample_size is None else {"numberOfInputValuesUsed": str(figure.sample_size)})
    speed = _element("com:speed", f"{figure.value * KMH_PER_MPS:.1f}")
    match figure.measure:
        case "crossings" | "passages" | "flow":
            observed_s = (figure.end_ns - figure.start_ns) / SECOND_NS * figure.coverage
            rate = _element("com:vehicleFlowRate", str(round(figure.value / observed_s * HOUR_S)))
            return _element("roa:vehicleFlow", rate, **quality, numberOfInputValuesUsed=str(round(figure.value)))
        case "speed_mean":
            return _element("roa:averageVehicleSpeed", speed, **used)
        case "speed_median" | "speed_v85":
            share = _element("com:percentage", str(PERCENTILES[figure.measure]))
            return _element(
                "roa:speedPercentile",
                _element("roa:vehiclePercentage", share),
                _element("roa:speedPercentile", speed, **used),
            )
        case _:
            name = {"headway_mean": "roa:averageTimeHeadway", "gap_mean": "roa:averageTimeGap"}[figure.measure]
            return _element(name, _element("roa:duration", f"{figure.value:.2f}"), **used)


def _payload(publication: str, site: SiteFacts, now_ns: int, content: Lines) -> Iterator[str]:
    spaces = {f"xmlns:{prefix}": uri for prefix, uri in NAMESPACES.items()}
    creator = _element(
        "com:publicationCreator",
        _element("com:country", site.country.lower()),
        _element("com:nationalIdentifier", site.name),
    )
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield from _element(
        "d2:payload",
        _element("com:publicationTime", iso(now_ns)),
        creator,
        content,
        **spaces,
        lang="en",
        modelBaseVersion="3",
        **_typed(f"roa:{publication}"),
    )


def _header() -> Lines:
    return _element(
        "roa:headerInformation",
        _element("com:confidentiality", "internalUse"),  # exact figures; public ones are made by `flaneur publish`
        _element("com:informationStatus", "real"),
    )


def _table_id(site: SiteFacts) -> str:
    return digest("datex2", site.name)


def _site_id(site: SiteFacts, place: tuple[str, ...]) -> str:
    return digest("datex2", site.name, *place)


def _reference(target: str, entity_id: str) -> dict[str, str]:
    return {"targetClass": f"roa:{target}", "id": entity_id, "version": VERSION}


def _typed(name: str) -> dict[str, str]:
    return {"xsi:type": name}


def _text(name: str, text: str) -> Lines:
    return _element(name, _element("com:values", _element("com:value", text, lang="en")))


def _element(name: str, *content: Lines | str, **attributes: str) -> Iterator[str]:
    """An element with texts or elements inside, one line for each tag."""
    begin = name + "".join(f" {key}={quoteattr(_clean(value))}" for key, value in attributes.items())
    if not content:
        yield f"<{begin}/>\n"
    elif isinstance(content[0], str):
        yield f"<{begin}>{escape(_clean(content[0]))}</{name}>\n"
    else:
        yield f"<{begin}>\n"
        for inner in content:
            yield from inner
        yield f"</{name}>\n"


def _clean(text: str) -> str:
    """Without the few characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
