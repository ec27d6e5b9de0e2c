"""DATEX II as its schema wants it: names, order, types.

The order below is that of the schema of version 3.7, for the elements that we write. Where the schema itself is on the
machine (FLANEUR_DATEX2_XSD names its DATEXII_3_D2Payload.xsd) documents are validated against it, too.
"""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from flaneur.data.kinds import LABELS
from flaneur.data.released import Measurement
from flaneur.data.time import MINUTE_NS
from flaneur.serve.live.board import SiteFacts
from flaneur.serve.live.datex2 import INDEX, NAMESPACES, VEHICLES, is_told, measured_data, measurement_sites
from support.figures import MONDAY_7H_NS, Scene, figure

SITE = SiteFacts("Marktplatz", ("north",), "0.1", "nanodet", (52.5, 13.4), "DE")
ORDER = {
    "payload MeasuredDataPublication": (
        "publicationTime publicationCreator measurementSiteTableReference headerInformation siteMeasurements"
    ),
    "payload MeasurementSiteTablePublication": (
        "publicationTime publicationCreator headerInformation measurementSiteTable"
    ),
    "publicationCreator": "country nationalIdentifier",
    "headerInformation": "confidentiality informationStatus",
    "siteMeasurements": "measurementSiteReference physicalQuantity measurementTimeDefault",
    "physicalQuantity": "physicalQuantity",
    "physicalQuantity SinglePhysicalQuantity": "physicalQuantityFault basicData",
    "physicalQuantityFault": "faultLastUpdateTime physicalQuantityFaultType",
    "basicData TrafficFlow": "forVehiclesWithCharacteristicsOf vehicleFlow",
    "basicData TrafficSpeed": "forVehiclesWithCharacteristicsOf averageVehicleSpeed speedPercentile",
    "basicData TrafficHeadway": "forVehiclesWithCharacteristicsOf averageTimeHeadway",
    "basicData TrafficGap": "forVehiclesWithCharacteristicsOf averageTimeGap",
    "forVehiclesWithCharacteristicsOf": "vehicleType",
    "vehicleFlow": "vehicleFlowRate",
    "averageVehicleSpeed": "speed",
    "speedPercentile": "vehiclePercentage speedPercentile speed",
    "vehiclePercentage": "percentage",
    "averageTimeHeadway": "duration",
    "averageTimeGap": "duration",
    "measurementTimeDefault": "timeMeaning timeValue period",
    "period": "startOfPeriod endOfPeriod",
    "measurementSiteTable": "measurementSite",
    "measurementSite": (
        "measurementEquipmentTypeUsed measurementSiteName measurementSpecificCharacteristics measurementSiteLocation"
    ),
    "measurementEquipmentTypeUsed": "values",
    "measurementSiteName": "values",
    "values": "value",
    "measurementSpecificCharacteristics": (
        "measurementSpecificCharacteristics specificMeasurementValueType specificVehicleCharacteristics"
    ),
    "specificVehicleCharacteristics": "vehicleType",
    "measurementSiteLocation PointLocation": "pointByCoordinates",
    "pointByCoordinates": "pointCoordinates",
    "pointCoordinates": "latitude longitude",
}
TYPE = f"{{{NAMESPACES['xsi']}}}type"
ROA, COM = (f"{{{NAMESPACES[prefix]}}}" for prefix in ("roa", "com"))


def check(element: etree._Element) -> None:
    """Children are known, and in the schema's order."""
    name = etree.QName(element).localname
    if TYPE in element.attrib:
        prefix, _, kind = element.attrib[TYPE].partition(":")
        assert prefix in element.nsmap
        name += f" {kind}"
    children = [etree.QName(child).localname for child in element]
    if not children:
        return
    order = ORDER[name].split()
    assert [order.index(child) for child in children] == sorted(order.index(child) for child in children), name
    for child in element:
        check(child)


def parsed(text: str) -> etree._Element:
    root = etree.fromstring(text.encode())
    check(root)
    schema = os.environ.get("FLANEUR_DATEX2_XSD")
    if schema is not None:
        etree.XMLSchema(etree.parse(Path(schema))).assertValid(root)
    return root


def measured(*figures: Measurement) -> etree._Element:
    return parsed("".join(measured_data(SITE, figures, MONDAY_7H_NS)))


STATISTICS = [
    figure(MONDAY_7H_NS, value, measure=measure, unit=unit, kind="car", sample_size=9)
    for measure, value, unit in (
        ("speed_v85", 10.0, "m/s"),
        ("speed_mean", 8.0, "m/s"),
        ("speed_median", 7.5, "m/s"),
        ("headway_mean", 2.5, "s"),
        ("gap_mean", 2.0, "s"),
    )
]


def test_a_whole_scene_has_the_schemas_order() -> None:
    scene = Scene(lines=("crosswalk", "gate"), zones=("plaza",), start_ns=MONDAY_7H_NS, minutes=3, covered=((1, 0.0),))
    figures = [*scene.measurements(), *STATISTICS]
    root = measured(*sorted(figures, key=lambda one: one.start_ns))
    assert len(root.findall(f"{ROA}siteMeasurements")) == 3 * (2 * 2 + 2 + 8)
    parsed("".join(measurement_sites(SITE, figures, MONDAY_7H_NS)))


def test_a_flow_is_the_count_over_the_time_that_was_observed() -> None:
    (flow,) = measured(figure(MONDAY_7H_NS, 3.0, kind="car", coverage=0.5)).iter(f"{ROA}vehicleFlow")
    assert dict(flow.attrib) == {"supplierCalculatedDataQuality": "50.0", "numberOfInputValuesUsed": "3"}
    assert flow.findtext(f"{COM}vehicleFlowRate") == "360"


def test_speeds_are_in_km_per_hour_with_their_percentile() -> None:
    root = measured(*STATISTICS)
    (data,) = (one for one in root.iter(f"{ROA}basicData") if one.attrib[TYPE] == "roa:TrafficSpeed")
    assert data.findtext(f"{ROA}averageVehicleSpeed/{COM}speed") == "28.8"
    percentiles = {
        one.findtext(f"{ROA}vehiclePercentage/{COM}percentage"): one.findtext(f"{ROA}speedPercentile/{COM}speed")
        for one in data.findall(f"{ROA}speedPercentile")
    }
    assert percentiles == {"50": "27.0", "85": "36.0"}


def test_what_was_not_observed_has_a_fault_and_no_value() -> None:
    root = measured(figure(MONDAY_7H_NS, None, kind="car"))
    assert root.findtext(f".//{ROA}physicalQuantityFaultType") == "noDataValuesAvailable"
    assert not list(root.iter(f"{ROA}basicData"))


def test_times_are_those_of_the_interval() -> None:
    root = measured(figure(MONDAY_7H_NS, kind="car", end_ns=MONDAY_7H_NS + 15 * MINUTE_NS))
    assert root.findtext(f".//{COM}startOfPeriod") == "2026-06-01T05:00:00Z"
    assert root.findtext(f".//{ROA}timeValue") == root.findtext(f".//{COM}endOfPeriod") == "2026-06-01T05:15:00Z"


def test_measured_values_and_the_table_of_sites_speak_of_the_same() -> None:
    figures = [*Scene(lines=("crosswalk",), start_ns=MONDAY_7H_NS, minutes=1).measurements(), *STATISTICS]
    table = parsed("".join(measurement_sites(SITE, figures, MONDAY_7H_NS)))
    known = {
        site.attrib["id"]: {
            one.attrib["index"]: (
                one.findtext(f".//{ROA}specificMeasurementValueType"),
                one.findtext(f".//{COM}vehicleType"),
            )
            for one in site.findall(f"{ROA}measurementSpecificCharacteristics")
        }
        for site in table.iter(f"{ROA}measurementSite")
    }
    for measurements in measured(*figures).iter(f"{ROA}siteMeasurements"):
        site = known[measurements.find(f"{ROA}measurementSiteReference").attrib["id"]]  # type: ignore[union-attr]
        for quantity in measurements.findall(f"{ROA}physicalQuantity"):
            what, vehicle = site[quantity.attrib["index"]]
            data = next(quantity.iter(f"{ROA}basicData"))
            assert data.attrib[TYPE].lower() == f"roa:{what}".lower()
            assert data.findtext(f".//{COM}vehicleType") == vehicle


def test_people_have_no_place_among_vehicles() -> None:
    assert not is_told(figure(kind="pedestrian"))
    assert {kind for kind in LABELS if is_told(figure(kind=kind))} == set(VEHICLES)
    assert len(set(INDEX.values())) == len(INDEX)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_name_makes_a_document_that_can_be_read(name: str) -> None:
    sites = "".join(measurement_sites(SITE, [figure(place=name, kind="car")], 0))
    shown = etree.fromstring(sites.encode()).findtext(f".//{ROA}measurementSiteName//{COM}value")
    assert shown is not None
    if name.isprintable():
        assert name in shown
