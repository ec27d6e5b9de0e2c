"""Health, metrics, messages and alarms of a running site: one event loop on a thread of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flaneur.config.site import SiteFile
from flaneur.data.live import Alarm, CameraStatus
from flaneur.data.released import Measurement


@dataclass(frozen=True, slots=True, repr=False)
class ServiceSecrets:
    """What the services of a site must know and nobody else; never shown, not even by `repr`."""

    mqtt: tuple[str, str] | None = None
    """User and password."""
    webhooks: Mapping[str, str] = field(default_factory=dict)
    """Name of the webhook -> what its messages are signed with."""
    serve_token: str | None = None
    """Whoever asks over HTTP must show it; needed where others than this machine can ask."""


class Operations:
    """Serves what the site file asks for under `[serve]`, `[mqtt]` and `[[webhook]]`.

    Every method returns at once and may be called from any one thread.
    """

    def __init__(self, site: SiteFile, folder: Path, secrets: ServiceSecrets) -> None:
        """`folder` holds the site's store. UserError when the port is taken or a secret is missing."""

    def statuses(self, statuses: Sequence[CameraStatus]) -> None:
        """How all cameras are now; about once a second, which is also what tells systemd that we are alive."""

    def completed(self, measurements: Sequence[Measurement]) -> None:
        """Figures of intervals that are complete and in the store."""

    def alarm(self, alarm: Alarm) -> None:
        """Something began, got worse or is over."""

    def reload(self, site: SiteFile) -> None:
        """The site file was read anew. UserError, and nothing changed, when its port is taken or a secret is missing."""

    def close(self) -> None:
        """Say goodbye to brokers and readers and stop, within two seconds."""
