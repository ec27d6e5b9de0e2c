"""Figures as entities of the OGC SensorThings API 1.1 (OGC 18-088): pure functions, no server.

A camera is a Thing, its detector a Sensor, a measure an ObservedProperty, a place a FeatureOfInterest, a series a
Datastream, the figure of an interval an Observation. Where nothing was observed `result` is null, which is not 0;
`resultQuality` carries coverage, band and sample size.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, groupby
from typing import Any

from flaneur.data.released import Measurement
from flaneur.data.series import Series, digest, series_of
from flaneur.serve.live.board import SiteFacts
from flaneur.serve.live.moments import iso

Entity = dict[str, Any]
OBSERVATION_TYPE = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
GEOJSON = "application/geo+json"
COLLECTIONS = (
    "Things",
    "Locations",
    "Sensors",
    "ObservedProperties",
    "FeaturesOfInterest",
    "Datastreams",
    "Observations",
)
DEFINITIONS = "urn:flaneur:measure:"


def thing(site: SiteFacts, camera: str) -> Entity:
    """A camera; never its address."""
    return {
        "name": f"{site.name}: {camera}",
        "description": "A camera that measures places and keeps no pictures",
        "properties": {"site": site.name, "camera": camera},
    }


def location(site: SiteFacts) -> Entity:
    """Where the site is; to be asked for only where somebody stated it."""
    assert site.position is not None
    latitude, longitude = site.position
    return {
        "name": site.name,
        "description": "The site, as a point",
        "encodingType": GEOJSON,
        "location": {"type": "Point", "coordinates": [longitude, latitude]},
    }


def sensor(site: SiteFacts) -> Entity:
    """The detector that all figures of a site rest on."""
    return {
        "name": site.detector,
        "description": f"Detector of road users, run by Flaneur {site.version}",
        "encodingType": "text/plain",
        "metadata": "Figures are about a place and an interval of a minute or more; none is about a person.",
    }


def observed_property(measure: str) -> Entity:
    """A measure, with its statistic."""
    return {"name": measure, "description": measure.replace("_", " "), "definition": DEFINITIONS + measure}


def feature(series: Series) -> Entity:
    """A place. It is drawn in the picture and has no coordinates on the earth: a GeoJSON feature without any."""
    return {
        "name": series.place,
        "description": f"A place in the view of {series.camera}",
        "encodingType": GEOJSON,
        "feature": {"type": "Feature", "geometry": None, "properties": {"place": series.place}},
    }


def datastream(series: Series, unit: str) -> Entity:
    """A series."""
    about = ", ".join(part for part in (series.measure, series.place, series.direction, series.kind) if part)
    return {
        "name": f"{series.camera}: {about}",
        "description": "Exact figures for the operator; not for publication",
        "observationType": OBSERVATION_TYPE,
        "unitOfMeasurement": {"name": unit, "symbol": unit, "definition": f"urn:flaneur:unit:{unit.replace(' ', '_')}"},
        "properties": series._asdict(),
    }


def observation(figure: Measurement) -> Entity:
    """The figure of one interval."""
    quality = {
        "coverage": figure.coverage,
        "framesSeen": figure.frames_seen,
        "framesDropped": figure.frames_dropped,
        "low": figure.low,
        "high": figure.high,
        "sampleSize": figure.sample_size,
    }
    return {
        "phenomenonTime": f"{iso(figure.start_ns)}/{iso(figure.end_ns)}",
        "resultTime": iso(figure.end_ns),
        "result": figure.value,
        "resultQuality": {name: value for name, value in quality.items() if value is not None},
    }


def thing_id(site: str, camera: str) -> str:
    """The id of a camera, the same after a restart."""
    return digest("thing", site, camera)


def site_id(site: SiteFacts) -> str:
    """The id of the site's location."""
    return digest("site", site.name)


def sensor_id(site: SiteFacts) -> str:
    """The id of the detector."""
    return digest("sensor", site.name, site.detector)


def property_id(measure: str) -> str:
    """The id of a measure."""
    return digest("measure", measure)


def feature_id(series: Series) -> str:
    """The id of a place."""
    return digest("place", series.site, series.camera, series.place)


def observation_id(figure: Measurement) -> str:
    """The id of a figure: its series and the second at which its interval begins."""
    return f"{series_of(figure).id}-{figure.start_ns // 1_000_000_000}"


def linked(root: str, collection: str, entity_id: str, entity: Mapping[str, Any], *related: str) -> Entity:
    """An entity as a service gives it: with its id, its own address and those of what is `related`."""
    here = f"{root}/{collection}('{entity_id}')"
    links = {f"{name}@iot.navigationLink": f"{here}/{name}" for name in related}
    return {"@iot.id": entity_id, "@iot.selfLink": here} | dict(entity) | links


def document(site: SiteFacts, figures: Iterable[Measurement]) -> Iterator[str]:
    """JSON, piece by piece: a list of Things with all that belongs to them nested, as another service takes them.

    `figures` must come series by series, as `Archive.by_series` gives them; one is held at a time.
    """
    between = "["
    for camera, of_camera in groupby(figures, key=lambda figure: figure.camera):
        places = {"Locations": [location(site)]} if site.position is not None else {}
        yield f'{between}{_opened(thing(site, camera) | places)}"Datastreams":'
        yield from _listed(_streams(site, of_camera))
        yield "}"
        between = ",\n"
    yield "[]\n" if between == "[" else "]\n"


def _streams(site: SiteFacts, figures: Iterable[Measurement]) -> Iterator[Iterator[str]]:
    for series, of_series in groupby(figures, key=series_of):
        yield _stream(site, series, of_series)


def _stream(site: SiteFacts, series: Series, figures: Iterator[Measurement]) -> Iterator[str]:
    first = next(figures)
    about = {"Sensor": sensor(site), "ObservedProperty": observed_property(series.measure)}
    yield f'{_opened(datastream(series, first.unit) | about)}"Observations":'
    place = {"FeatureOfInterest": feature(series)}
    yield from _listed(iter([_text(observation(figure) | place)]) for figure in chain([first], figures))
    yield "}"


def _listed(parts: Iterable[Iterator[str]]) -> Iterator[str]:
    between = "["
    for part in parts:
        yield between
        yield from part
        between = ",\n"
    yield "]" if between != "[" else "[]"


def _opened(entity: Entity) -> str:
    return _text(entity)[:-1] + ","


def _text(entity: Entity) -> str:
    return json.dumps(entity, ensure_ascii=False, allow_nan=False)
