"""Figures as DATEX II version 3 (CEN/TS 16157-5, schema 3.7): measured data and the table of measurement sites.

A measurement site is a place in one direction; the index of a value tells what was measured of which vehicles, the
same number at every site and for ever. DATEX II has words for vehicles only: figures about pedestrians, about all
kinds together, about pairs of kinds and about densities, dwell times and near misses are left out.

A flow is told in vehicles an hour, as the standard wants it: the count over the time that was really observed, rounded.
The count itself is `numberOfInputValuesUsed`, coverage is `supplierCalculatedDataQuality` in per cent. What is missing
has a fault and no value.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from flaneur.data.kinds import Kind
from flaneur.data.released import Measurement
from flaneur.data.series import digest
from flaneur.data.time import SECOND_NS
from flaneur.serve.live.board import SiteFacts
from flaneur.serve.live.moments import iso

D2 = "http://datex2.eu/schema/3/d2Payload"
COM = "http://datex2.eu/schema/3/common"
LOC = "http://datex2.eu/schema/3/locationReferencing"
ROA = "http://datex2.eu/schema/3/roadTrafficData"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
PREFIXES = {"d2": D2, "com": COM, "loc": LOC, "roa": ROA, "xsi": XSI}
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

for _prefix, _uri in PREFIXES.items():
    register_namespace(_prefix, _uri)


@dataclass(frozen=True, slots=True)
class Place:
    """A measurement site: a place of one camera in one direction."""

    camera: str
    place: str
    direction: str

    def site_id(self, site: SiteFacts) -> str:
        """The same after a restart."""
        return digest("datex2", site.name, self.camera, self.place, self.direction)

    @property
    def name(self) -> str:
        """For people."""
        return ", ".join(part for part in (self.camera, self.place, self.direction) if part)


def is_told(figure: Measurement) -> bool:
    """Whether DATEX II has words for a figure."""
    return figure.measure in SHAPES and figure.kind in VEHICLES


def measured_data(site: SiteFacts, figures: Iterable[Measurement], now_ns: int) -> bytes:
    """A MeasuredDataPublication of all figures that DATEX II has words for; UTF-8, whole in memory."""
    payload = _payload("MeasuredDataPublication", site, now_ns)
    _add(payload, ROA, "measurementSiteTableReference", **_reference("MeasurementSiteTable", _table_id(site)))
    _header(payload)

    def which(figure: Measurement) -> tuple[int, str, str, str]:
        return figure.start_ns, figure.camera, figure.place, figure.direction

    for _, of_site in groupby(sorted(filter(is_told, figures), key=which), key=which):
        _site_measurements(payload, site, list(of_site))
    return _written(payload)


def measurement_sites(site: SiteFacts, figures: Iterable[Measurement], now_ns: int) -> bytes:
    """A MeasurementSiteTablePublication: what the sites and the indices of `measured_data` are.

    The schema wants a location of each, so `site.position` must be known; all places have that of their site.
    """
    assert site.position is not None
    payload = _payload("MeasurementSiteTablePublication", site, now_ns)
    _header(payload)
    table = _add(payload, ROA, "measurementSiteTable", id=_table_id(site), version=VERSION)
    told = {(Place(f.camera, f.place, f.direction), SHAPES[f.measure], f.kind) for f in figures if is_told(f)}
    for place in sorted({place for place, _, _ in told}, key=lambda place: place.name):
        _site(table, site, place, sorted(INDEX[shape, kind] for other, shape, kind in told if other == place))
    return _written(payload)


def _site(table: Element, site: SiteFacts, place: Place, indices: Sequence[int]) -> None:
    assert site.position is not None
    record = _add(table, ROA, "measurementSite", id=place.site_id(site), version=VERSION)
    _text(record, "measurementEquipmentTypeUsed", "camera")
    _text(record, "measurementSiteName", place.name)
    of_index = {number: key for key, number in INDEX.items()}
    for index in indices:
        shape, kind = of_index[index]
        outer = _add(record, ROA, "measurementSpecificCharacteristics", index=str(index))
        inner = _add(outer, ROA, "measurementSpecificCharacteristics")
        _add(inner, ROA, "specificMeasurementValueType", DATA_TYPES[shape])
        vehicles = _add(inner, ROA, "specificVehicleCharacteristics")
        _add(vehicles, COM, "vehicleType", VEHICLES[kind])
    where = _add(record, ROA, "measurementSiteLocation", **_typed("loc:PointLocation"))
    coordinates = _add(_add(where, LOC, "pointByCoordinates"), LOC, "pointCoordinates")
    latitude, longitude = site.position
    _add(coordinates, LOC, "latitude", f"{latitude:.7f}")
    _add(coordinates, LOC, "longitude", f"{longitude:.7f}")


def _site_measurements(payload: Element, site: SiteFacts, figures: Sequence[Measurement]) -> None:
    first = figures[0]
    place = Place(first.camera, first.place, first.direction)
    measured = _add(payload, ROA, "siteMeasurements")
    _add(measured, ROA, "measurementSiteReference", **_reference("MeasurementSite", place.site_id(site)))

    def index(figure: Measurement) -> int:
        return INDEX[SHAPES[figure.measure], figure.kind]

    for number, of_index in groupby(sorted(figures, key=index), key=index):
        outer = _add(measured, ROA, "physicalQuantity", index=str(number))
        inner = _add(outer, ROA, "physicalQuantity", **_typed("roa:SinglePhysicalQuantity"))
        _quantity(inner, list(of_index))
    time = _add(measured, ROA, "measurementTimeDefault")
    _add(time, ROA, "timeMeaning", "endTime")
    _add(time, ROA, "timeValue", iso(first.end_ns))
    period = _add(time, ROA, "period")
    _add(period, COM, "startOfPeriod", iso(first.start_ns))
    _add(period, COM, "endOfPeriod", iso(first.end_ns))


def _quantity(quantity: Element, figures: Sequence[Measurement]) -> None:
    known = {figure.measure: figure for figure in figures if figure.value is not None}
    if not known:
        fault = _add(quantity, ROA, "physicalQuantityFault")
        _add(fault, COM, "faultLastUpdateTime", iso(figures[0].end_ns))
        _add(fault, ROA, "physicalQuantityFaultType", "noDataValuesAvailable")
        return
    shape = SHAPES[figures[0].measure]
    data = _add(quantity, ROA, "basicData", **_typed(f"roa:{shape}"))
    vehicles = _add(data, ROA, "forVehiclesWithCharacteristicsOf")
    _add(vehicles, COM, "vehicleType", VEHICLES[figures[0].kind])
    for name in SHAPES:  # in the order of the schema: the average before the percentiles
        if name in known:
            _value(data, known[name])


def _value(data: Element, figure: Measurement) -> None:
    assert figure.value is not None
    match SHAPES[figure.measure]:
        case "TrafficFlow":
            observed_s = (figure.end_ns - figure.start_ns) / SECOND_NS * figure.coverage
            flow = _add(data, ROA, "vehicleFlow", **_quality(figure, round(figure.value)))
            _add(flow, COM, "vehicleFlowRate", str(round(figure.value / observed_s * HOUR_S)))
        case "TrafficSpeed" if figure.measure in PERCENTILES:
            percentile = _add(data, ROA, "speedPercentile")
            share = _add(percentile, ROA, "vehiclePercentage")
            _add(share, COM, "percentage", str(PERCENTILES[figure.measure]))
            speed = _add(percentile, ROA, "speedPercentile", **_quality(figure, figure.sample_size))
            _add(speed, COM, "speed", f"{figure.value * KMH_PER_MPS:.1f}")
        case "TrafficSpeed":
            speed = _add(data, ROA, "averageVehicleSpeed", **_quality(figure, figure.sample_size))
            _add(speed, COM, "speed", f"{figure.value * KMH_PER_MPS:.1f}")
        case "TrafficHeadway" | "TrafficGap":
            name = "averageTimeHeadway" if figure.measure == "headway_mean" else "averageTimeGap"
            duration = _add(data, ROA, name, **_quality(figure, figure.sample_size))
            _add(duration, ROA, "duration", f"{figure.value:.2f}")


def _quality(figure: Measurement, inputs: int | None) -> dict[str, str]:
    used = {} if inputs is None else {"numberOfInputValuesUsed": str(inputs)}
    return used | {"supplierCalculatedDataQuality": f"{100 * figure.coverage:.1f}"}


def _payload(publication: str, site: SiteFacts, now_ns: int) -> Element:
    payload = Element(f"{{{D2}}}payload", {"lang": "en", "modelBaseVersion": "3"} | _typed(f"roa:{publication}"))
    _add(payload, COM, "publicationTime", iso(now_ns))
    creator = _add(payload, COM, "publicationCreator")
    _add(creator, COM, "country", site.country.lower())
    _add(creator, COM, "nationalIdentifier", site.name)
    return payload


def _header(payload: Element) -> None:
    header = _add(payload, ROA, "headerInformation")
    _add(header, COM, "confidentiality", "internalUse")  # exact figures; public ones are made by `flaneur publish`
    _add(header, COM, "informationStatus", "real")


def _table_id(site: SiteFacts) -> str:
    return digest("datex2", site.name)


def _reference(target: str, entity_id: str) -> dict[str, str]:
    return {"targetClass": f"roa:{target}", "id": entity_id, "version": VERSION}


def _typed(name: str) -> dict[str, str]:
    return {f"{{{XSI}}}type": name}


def _add(parent: Element, space: str, name: str, text: str | None = None, **attributes: str) -> Element:
    element = SubElement(parent, f"{{{space}}}{name}", attributes)
    element.text = text if text is None else _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    return element


def _text(parent: Element, name: str, text: str) -> None:
    values = _add(_add(parent, ROA, name), COM, "values")
    _add(values, COM, "value", text, lang="en")


def _written(payload: Element) -> bytes:
    indent(payload)
    out: bytes = tostring(payload, encoding="utf-8", xml_declaration=True)
    return out + b"\n"


def untold(figures: Iterable[Measurement]) -> Iterator[str]:
    """Measures and kinds that DATEX II has no words for, each once, for people."""
    yield from sorted({f"{figure.measure} of {figure.kind}" for figure in figures if not is_told(figure)})
