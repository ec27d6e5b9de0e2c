"""What a board holds, as messages for MQTT: pure functions."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from flaneur.data.live import Alarm, CameraStatus, State
from flaneur.data.released import Measurement
from flaneur.data.series import MeasuredPlace, Series, digest, series_of
from flaneur.serve.live.board import SiteFacts
from flaneur.serve.live.moments import iso
from flaneur.serve.live.topics import Message, topic

SENSOR_CLASSES = {"m/s": "speed", "s": "duration", "m": "distance"}
"""Unit -> Home Assistant's class of a sensor, where it has one for the unit."""


def online(site: SiteFacts, prefix: str, *, here: bool) -> Message:
    """Whether the program runs."""
    return Message("online", topic("online", prefix, site=site.name), json.dumps(here))


def state(site: SiteFacts, prefix: str, status: CameraStatus) -> Message:
    """How a camera is; the same text as long as its state lasts."""
    payload = {"state": status.state, "reason": status.reason, "since": iso(status.since_ns)}
    return Message("state", _state_topic(site, prefix, status.camera), json.dumps(payload))


def alarm(site: SiteFacts, prefix: str, one: Alarm) -> Message:
    """An alarm that began, got worse or is over (level 0)."""
    payload = {
        "camera": one.camera,
        "what": one.what,
        "reason": one.reason,
        "place": one.place,
        "level": one.level,
        "time": iso(one.time_ns),
    }
    return Message("alarm", topic("alarm", prefix, site=site.name, camera=one.camera or "site"), json.dumps(payload))


def intervals(site: SiteFacts, prefix: str, figures: Iterable[Measurement]) -> Iterator[Message]:
    """Figures of complete intervals, one message for each camera, place and measure, oldest first."""
    together: defaultdict[tuple[int, MeasuredPlace], list[Measurement]] = defaultdict(list)
    for figure in figures:
        together[figure.start_ns, series_of(figure).measured_place].append(figure)
    for (_, where), of_one in sorted(together.items(), key=lambda one: one[0]):
        yield Message(
            "interval", _interval_topic(site, prefix, where), json.dumps(_interval(of_one), ensure_ascii=False)
        )


def _interval(figures: Sequence[Measurement]) -> dict[str, Any]:
    first = figures[0]
    values: defaultdict[str, dict[str, dict[str, float | int | None]]] = defaultdict(dict)
    for figure in figures:
        band = {"low": figure.low, "high": figure.high, "sample_size": figure.sample_size}
        known = {name: number for name, number in band.items() if number is not None}
        values[figure.direction][figure.kind] = {"value": figure.value, **known}
    return {
        "start": iso(first.start_ns),
        "end": iso(first.end_ns),
        "coverage": first.coverage,
        "unit": first.unit,
        "figures": values,
    }


def discovery(
    site: SiteFacts, prefix: str, root: str, camera: str, known: Mapping[Series, Measurement]
) -> Iterator[Message]:
    """A camera as a device of Home Assistant, with its state and every series of it that is known.

    The device-based form of MQTT discovery. One retained message for the state and one for each place and measure:
    each is small enough for any broker, however many places there are, and can be taken back by itself.
    """
    yield _announced(site, prefix, root, (camera,), {"state": _state_entity(site, prefix, camera)})
    entities: defaultdict[MeasuredPlace, dict[str, Any]] = defaultdict(dict)
    for series, figure in known.items():
        if series.camera == camera:
            entities[series.measured_place][series.id] = _figure_entity(site, prefix, series, figure.unit)
    for where, of_one in entities.items():
        yield _announced(site, prefix, root, where, of_one)


def _announced(site: SiteFacts, prefix: str, root: str, names: Sequence[str], entities: dict[str, Any]) -> Message:
    """Entities of the camera that comes first in `names`."""
    payload = {
        "device": {
            "identifiers": [_device(site, names[0])],
            "name": f"{site.name} {names[0]}",
            "manufacturer": "Flaneur",
            "sw_version": site.version,
        },
        "origin": {"name": "Flaneur", "sw_version": site.version},
        "availability": [
            {
                "topic": topic("online", prefix, site=site.name),
                "payload_available": "true",
                "payload_not_available": "false",
            }
        ],
        "components": entities,
    }
    return Message("discovery", _discovery_topic(site, root, *names), json.dumps(payload, ensure_ascii=False))


def farewell(site: SiteFacts, prefix: str, root: str | None, camera: str, known: Iterable[Series]) -> Iterator[Message]:
    """Takes back what is retained of a camera that the site file no longer names, with the series it had."""
    yield Message("state", _state_topic(site, prefix, camera), "")
    if root is not None:
        yield Message("discovery", _discovery_topic(site, root, camera), "")
    yield from withdrawal(site, prefix, root, (series for series in known if series.camera == camera))


def withdrawal(site: SiteFacts, prefix: str, root: str | None, gone: Iterable[Series]) -> Iterator[Message]:
    """Takes back what is retained of measures at places that are no more."""
    for where in sorted({series.measured_place for series in gone}):
        yield Message("interval", _interval_topic(site, prefix, where), "")
        if root is not None:
            yield Message("discovery", _discovery_topic(site, root, *where), "")


def _state_entity(site: SiteFacts, prefix: str, camera: str) -> dict[str, Any]:
    return {
        "platform": "sensor",
        "unique_id": f"{_device(site, camera)}_state",
        "name": "State",
        "device_class": "enum",
        "options": list(get_args(State)),
        "state_topic": _state_topic(site, prefix, camera),
        "value_template": "{{ value_json.state }}",
        "json_attributes_topic": _state_topic(site, prefix, camera),
    }


def _figure_entity(site: SiteFacts, prefix: str, series: Series, unit: str) -> dict[str, Any]:
    # A kind that was not there has no entry, and what is missing is unknown to Home Assistant, which knows it as None.
    direction, kind = (json.dumps(name, ensure_ascii=False) for name in (series.direction, series.kind))
    value = f"((value_json.figures[{direction}] | default({{}}))[{kind}] | default({{}})).value"
    entity = {
        "platform": "sensor",
        "unique_id": f"flaneur_{series.id}",
        "name": ", ".join(part for part in (series.place, series.measure, series.direction, series.kind) if part),
        "state_topic": _interval_topic(site, prefix, series.measured_place),
        "value_template": f"{{{{ {value} | default(none) }}}}",
        "unit_of_measurement": unit,
        "state_class": "measurement",
    }
    return entity | ({"device_class": SENSOR_CLASSES[unit]} if unit in SENSOR_CLASSES else {})


def _device(site: SiteFacts, *names: str) -> str:
    return f"flaneur_{digest('device', site.name, *names)}"


def _discovery_topic(site: SiteFacts, root: str, *names: str) -> str:
    return topic("discovery", root, device=_device(site, *names))


def _state_topic(site: SiteFacts, prefix: str, camera: str) -> str:
    return topic("state", prefix, site=site.name, camera=camera)


def _interval_topic(site: SiteFacts, prefix: str, where: MeasuredPlace) -> str:
    return topic("interval", prefix, site=site.name, **where._asdict())
