"""Tables of a site file that only `flaneur watch` reads."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from flaneur.config.base import Name, Table


def _check_host(host: str) -> str:
    try:
        host.encode("idna")  # what the resolver will do
    except UnicodeError:
        raise ValueError("no host can be called so; a name has parts of 1 to 63 characters between its dots") from None
    return host


def _check_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:  # its words quote the address, which may hold a secret
        raise ValueError("host or port of this address cannot be read") from None
    if not host:
        raise ValueError("this address names no host")
    _check_host(host)
    return url


Host = Annotated[str, Field(min_length=1), AfterValidator(_check_host)]


class WatchTable(Table):
    """`[watch]`: what a site may take of its machine."""

    folder: Annotated[str, Field(min_length=1)] = "results"
    """Where the store is, from the folder of the site file."""
    workers: Annotated[int, Field(ge=1, le=64)] | None = None
    """Looks at once, each on one processor core; as many as the machine has where it is not given."""
    memory_mb: Annotated[int, Field(ge=256)] | None = None
    """Above it, frames that wait are dropped and counted; no limit where it is not given."""
    secrets: Annotated[str, Field(min_length=1)] | None = None
    """A file of credentials, from the folder of the site file; nobody else may be able to read it."""


class ServeTable(Table):
    """`[serve]`: health, metrics and completed intervals over HTTP. Off unless present."""

    host: Host = "127.0.0.1"
    """Others than this machine can ask where it is another, and must then show a token."""
    port: Annotated[int, Field(ge=1, le=65535)] = 8470
    position: tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]] | None = None
    """Latitude and longitude of the site in degrees, for city platforms."""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "ZZ"
    """Of who runs the site, ISO 3166-1, for DATEX II."""
    viewers: list[Name] = []
    """Who may see the live view, by what their user and password are called in the file of secrets."""


class MqttTable(Table):
    """`[mqtt]`: completed intervals and states to a broker. Off unless present."""

    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    tls: bool = False
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")] = "flaneur"
    discovery: Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$")] = "homeassistant"
    """Where Home Assistant looks for devices; none is announced where it is empty."""


class WebhookTable(Table):
    """`[[webhook]]`: where alarms are posted."""

    name: Name
    url: Annotated[str, Field(pattern=r"^https?://"), AfterValidator(_check_url)]
