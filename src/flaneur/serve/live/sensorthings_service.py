"""Answers questions to the SensorThings API: a read-only subset.

Entities of all kinds by collection and id, those that belong to one of them, `$top`, `$skip`, `$count`, and
`$orderby` of Observations by time. Whatever else is asked is refused with 501 and a sentence.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from flaneur.data.released import Measurement
from flaneur.data.series import Series, series_of
from flaneur.data.time import SECOND_NS
from flaneur.serve.live import sensorthings as things
from flaneur.serve.live.board import Board, SiteFacts
from flaneur.serve.live.sensorthings import Entity, linked

MOST = 1000
"""Entities of one answer, however many are asked for."""
USUAL = 100
LARGEST = 2**63 - 1
"""Whole numbers of a store end there."""
CONFORMANCE = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
READ = (
    *(
        f"datamodel/{part}"
        for part in (
            "thing/properties",
            "location/properties",
            "datastream/properties",
            "sensor/properties",
            "observed-property/properties",
            "observation/properties",
            "feature-of-interest/properties",
            "entity-control-information",
        )
    ),
    "resource-path/resource-path-to-entities",
    *(f"request-data/{part}" for part in ("top", "skip", "count", "pagination")),
)
"""Classes of the standard that are served."""
_PATH = re.compile(r"(?P<collection>[A-Za-z]+)(?:\('(?P<id>[0-9a-f-]+)'\)(?:/(?P<related>[A-Za-z]+))?)?/?")
_ORDER = re.compile(r"(?:phenomenonTime|resultTime)(?: (?P<way>asc|desc))?")
_OPTIONS = {"$top", "$skip", "$count", "$orderby", "$skiptoken"}


class Refused(Exception):  # noqa: N818 - an answer, not a defect
    """What was asked cannot be answered: a status of HTTP and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Archive(Protocol):
    """Figures that are stored. Methods block, so they are called on threads of their own."""

    def page(
        self, series: Series | None, top: int, skip: int = 0, *, beyond_ns: int | None = None, newest_first: bool = True
    ) -> list[Measurement]:
        """See `flaneur.store.archive`."""

    def count(self, series: Series | None) -> int:
        """How many figures a series has, or all together."""

    def one(self, series: Series, start_ns: int) -> Measurement | None:
        """The figure of one interval."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which part of a collection is asked for."""

    top: int = USUAL
    skip: int = 0
    count: bool = False
    newest_first: bool = True
    beyond_ns: int | None = None
    """Where the page before ended."""

    @staticmethod
    def of(options: Mapping[str, str]) -> "Query":
        """From the options of an address; Refused when they are not among those that are served."""
        for name in options:
            if name not in _OPTIONS:
                raise Refused(501, f"{name}: is not served; served are $top, $skip, $count and $orderby")
        order = _ORDER.fullmatch(options.get("$orderby", "phenomenonTime desc"))
        if order is None:
            raise Refused(501, "$orderby: only phenomenonTime or resultTime, with asc or desc")
        if options.get("$count", "false") not in ("true", "false"):
            raise Refused(400, "$count: true or false")
        token = options.get("$skiptoken")
        return Query(
            top=min(_whole(options, "$top", USUAL), MOST),
            skip=_whole(options, "$skip", 0),
            count=options.get("$count") == "true",
            newest_first=order["way"] == "desc",
            beyond_ns=None if token is None else _whole(options, "$skiptoken", 0),
        )

    def address(self, collection: str, *, skip: int = 0, beyond_ns: int | None = None) -> str:
        """Where the next page is."""
        options = [f"$top={self.top}"]
        options += [f"$skip={skip}"] if skip else []
        options += ["$count=true"] if self.count else []
        options += [] if self.newest_first else ["$orderby=phenomenonTime%20asc"]
        options += [f"$skiptoken={beyond_ns}"] if beyond_ns is not None else []
        return f"{collection}?{'&'.join(options)}"


def _whole(options: Mapping[str, str], name: str, otherwise: int) -> int:
    text = options.get(name, str(otherwise))
    smallest = -LARGEST if name == "$skiptoken" else 0
    if not re.fullmatch(r"-?[0-9]{1,19}", text) or not smallest <= int(text) <= LARGEST:
        raise Refused(400, f"{name}: a whole number from {smallest} to {LARGEST}")
    return int(text)


@dataclass(slots=True)
class _Catalogue:
    """All entities but Observations, by collection and id, and which belong together."""

    root: str
    entities: dict[str, dict[str, Entity]] = field(default_factory=lambda: {name: {} for name in things.COLLECTIONS})
    related: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    """(collection, id, name of the relation) -> ids."""
    series: dict[str, Series] = field(default_factory=dict)
    """By Datastream."""

    def add(self, collection: str, entity_id: str, entity: Entity, *related: str) -> None:
        self.entities[collection].setdefault(entity_id, linked(self.root, collection, entity_id, entity, *related))

    def join(self, collection: str, entity_id: str, relation: str, other: str) -> None:
        held = self.related.setdefault((collection, entity_id, relation), [])
        if other not in held:
            held.append(other)


RELATIONS = {
    "Thing": "Things",
    "Things": "Things",
    "Locations": "Locations",
    "Sensor": "Sensors",
    "ObservedProperty": "ObservedProperties",
    "Datastream": "Datastreams",
    "Datastreams": "Datastreams",
    "FeatureOfInterest": "FeaturesOfInterest",
}
"""What a relation leads to."""


def _catalogue(root: str, site: SiteFacts, known: Mapping[Series, Measurement]) -> _Catalogue:
    out = _Catalogue(root)
    sensor = things.sensor_id(site)
    out.add("Sensors", sensor, things.sensor(site), "Datastreams")
    for camera in site.cameras:
        thing = things.thing_id(site.name, camera)
        places = ("Locations",) if site.position is not None else ()
        out.add("Things", thing, things.thing(site, camera), "Datastreams", *places)
        if site.position is not None:
            here = things.site_id(site)
            out.add("Locations", here, things.location(site), "Things")
            out.join("Things", thing, "Locations", here)
            out.join("Locations", here, "Things", thing)
    for series, figure in known.items():
        stream, thing = series.id, things.thing_id(series.site, series.camera)
        measure, place = things.property_id(series.measure), things.feature_id(series)
        out.series[stream] = series
        out.add("ObservedProperties", measure, things.observed_property(series.measure), "Datastreams")
        out.add("FeaturesOfInterest", place, things.feature(series))
        ends = ("Thing", "Sensor", "ObservedProperty", "Observations")
        out.add("Datastreams", stream, things.datastream(series, figure.unit), *ends)
        for collection, entity in (("Things", thing), ("Sensors", sensor), ("ObservedProperties", measure)):
            out.join(collection, entity, "Datastreams", stream)
        for relation, entity in (("Thing", thing), ("Sensor", sensor), ("ObservedProperty", measure)):
            out.join("Datastreams", stream, relation, entity)
    return out


def landing(root: str) -> Entity:
    """The service's first page: its collections and what of the standard it serves."""
    return {
        "value": [{"name": name, "url": f"{root}/{name}"} for name in things.COLLECTIONS],
        "serverSettings": {"conformance": [CONFORMANCE + part for part in READ]},
    }


async def answer(board: Board, archive: Archive, root: str, path: str, options: Mapping[str, str]) -> Entity:
    """What is at `path` below `root`; Refused when there is nothing or it is not served."""
    asked = _PATH.fullmatch(path)
    if asked is None or asked["collection"] not in things.COLLECTIONS:
        raise Refused(404, f"there is no {path!r}; known are {', '.join(things.COLLECTIONS)}")
    collection, entity_id, related = asked["collection"], asked["id"], asked["related"]
    query = Query.of(options)
    held = _catalogue(root, board.site, board.series())
    if collection == "Observations":
        return await _of_observations(held, archive, query, entity_id, related)
    if entity_id is None:
        return _page(f"{root}/{collection}", list(held.entities[collection].values()), query)
    entity = held.entities[collection].get(entity_id)
    if entity is None:
        raise Refused(404, f"{collection}: nothing has the id {entity_id!r}")
    if related is None:
        return entity
    here = f"{root}/{path.rstrip('/')}"
    if (collection, related) == ("Datastreams", "Observations"):
        return await _observations(held, archive, held.series[entity_id], here, query)
    if f"{related}@iot.navigationLink" not in entity:
        raise Refused(404, f"{collection}: have no {related}")
    others = held.entities[RELATIONS[related]]
    found = [others[one] for one in held.related.get((collection, entity_id, related), [])]
    return _page(here, found, query) if related in things.COLLECTIONS else found[0]


async def _of_observations(
    held: _Catalogue, archive: Archive, query: Query, entity_id: str | None, related: str | None
) -> Entity:
    if entity_id is None:
        return await _observations(held, archive, None, f"{held.root}/Observations", query)
    stream, _, second = entity_id.partition("-")
    series = held.series.get(stream)
    if series is None or not re.fullmatch(r"[0-9]{1,10}", second) or int(second) > LARGEST // SECOND_NS:
        raise Refused(404, f"Observations: nothing has the id {entity_id!r}")
    figure = await asyncio.to_thread(archive.one, series, int(second) * SECOND_NS)
    if figure is None:
        raise Refused(404, f"Observations: nothing has the id {entity_id!r}")
    if related == "Datastream":
        return held.entities["Datastreams"][stream]
    if related == "FeatureOfInterest":
        return held.entities["FeaturesOfInterest"][things.feature_id(series)]
    if related is not None:
        raise Refused(404, f"Observations: have no {related}")
    return _observation(held, figure)


async def _observations(held: _Catalogue, archive: Archive, series: Series | None, here: str, query: Query) -> Entity:
    """A page. One of a series goes on where the last one ended, however long the series is; one of all by number."""

    def read() -> tuple[list[Measurement], int | None]:
        found = archive.page(
            series, query.top + 1, query.skip, beyond_ns=query.beyond_ns, newest_first=query.newest_first
        )
        return found, archive.count(series) if query.count else None

    found, number = await asyncio.to_thread(read)
    out: Entity = {} if number is None else {"@iot.count": number}
    if len(found) > query.top and query.top:
        if series is None:
            out["@iot.nextLink"] = query.address(here, skip=query.skip + query.top)
        else:
            out["@iot.nextLink"] = query.address(here, beyond_ns=found[query.top - 1].start_ns)
    return out | {"value": [_observation(held, figure) for figure in found[: query.top]]}


def _observation(held: _Catalogue, figure: Measurement) -> Entity:
    entity_id, entity = things.observation_id(figure), things.observation(figure)
    known = series_of(figure).id in held.series
    return linked(held.root, "Observations", entity_id, entity, *(("Datastream", "FeatureOfInterest") if known else ()))


def _page(here: str, found: list[Entity], query: Query) -> Entity:
    end = query.skip + query.top
    out: Entity = {"@iot.count": len(found)} if query.count else {}
    if end < len(found) and query.top:
        out["@iot.nextLink"] = query.address(here, skip=end)
    return out | {"value": found[query.skip : end]}
