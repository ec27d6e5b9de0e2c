"""The servers and senders of a running site: what they are, and their life on one event loop."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import structlog
import uvicorn
from starlette.types import ASGIApp

from flaneur.config.load import ConfigError
from flaneur.config.site import SiteFile
from flaneur.data.live import Alarm, CameraStatus
from flaneur.data.released import Measurement
from flaneur.data.series import Series
from flaneur.serve.live import messages
from flaneur.serve.live.board import SiteFacts
from flaneur.serve.live.http import Access
from flaneur.serve.live.metrics import ChannelCount
from flaneur.serve.live.mqtt import Broker, MqttPublisher
from flaneur.serve.live.patience import PatientProtocol
from flaneur.serve.live.topics import Message
from flaneur.serve.live.webhooks import Webhook, WebhookSender, key_of

GOODBYE_S = 1.2
"""How long goodbyes may take."""
AGAIN_S = 5.0
LISTEN = 32
"""Connections that may wait to be accepted, and are accepted in one go."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, repr=False)
class ServiceSecrets:
    """What the services of a site must know and nobody else; never shown, not even by `repr`."""

    mqtt: tuple[str, str] | None = None
    """User and password."""
    webhooks: Mapping[str, str] = field(default_factory=dict)
    """Name of the webhook -> what its messages are signed with."""
    serve_token: str | None = None
    """Whoever asks over HTTP must show it; needed where others than this machine can ask."""
    viewers: Mapping[str, str] = field(default_factory=dict)
    """User -> password of those who may see the live view."""


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """What the site file asks for, checked."""

    access: Access | None
    broker: Broker | None
    prefix: str
    discovery: str | None
    hooks: tuple[Webhook, ...]

    @staticmethod
    def of(site: SiteFile, secrets: ServiceSecrets) -> "Plan":
        """ConfigError where a secret is missing or too short, or two webhooks have one name."""
        user, password = secrets.mqtt or (None, None)
        mqtt = site.mqtt
        return Plan(
            access=_access(site, secrets.serve_token),
            broker=Broker(mqtt.host, mqtt.port, mqtt.tls, user, password) if mqtt else None,
            prefix=mqtt.prefix if mqtt else "",
            discovery=(mqtt.discovery or None) if mqtt else None,
            hooks=tuple(_hooks(site, secrets.webhooks)),
        )


def _access(site: SiteFile, token: str | None) -> Access | None:
    if site.serve is None:
        return None
    access = Access(site.serve.host, token)
    if not access.local and token is None:
        raise ConfigError(
            f"[serve] host = {site.serve.host!r}: others could ask for exact figures; give a token (user and password "
            'under ["serve"] in the file of secrets; the password is the token), or leave the host out'
        )
    return access


def _hooks(site: SiteFile, secrets: Mapping[str, str]) -> Iterator[Webhook]:
    names = [hook.name for hook in site.webhook]
    for hook in site.webhook:
        if names.count(hook.name) > 1:
            raise ConfigError(f"two webhooks are called {hook.name!r}")
        if hook.name not in secrets:
            raise ConfigError(
                f"webhook {hook.name!r}: there is no secret to sign alarms with; write user and password under "
                f'["{hook.name}"] in the file of secrets; the password is the secret'
            )
        try:
            yield Webhook(hook.name, hook.url, key_of(secrets[hook.name]))
        except ValueError as error:
            raise ConfigError(f"webhook {hook.name!r}: the secret {error}") from None


class Services:
    """Runs what a plan asks for; made, used and stopped on the loop.

    It takes messages from the first moment and sends them from `start` on.
    """

    def __init__(self, plan: Plan, site: SiteFacts, listener: socket.socket | None, app: "MakesApp") -> None:
        self._plan = plan
        self._site = site
        self._senders = tuple(map(WebhookSender, plan.hooks))
        self._mqtt = _publisher(plan, site)
        self._http = None if listener is None or plan.access is None else _server(app(plan.access, self.counts))
        # The end of a server closes the socket that it was given, and ours may serve again.
        self._given = None if listener is None or self._http is None else listener.dup()
        self._ending: list[asyncio.Task[None]] = []
        self._cancelled: list[asyncio.Task[None]] = []

    def start(self, before: "Services | None" = None) -> None:
        """Begin to serve and to send; first what `before`, which has stopped, could not send."""
        if before is not None:
            self._take_over(before)
        if self._mqtt is not None:
            self._ending.append(asyncio.create_task(_kept(self._mqtt.run)))
        if self._http is not None and self._given is not None:
            self._ending.append(asyncio.create_task(_kept(partial(self._http.serve, [self._given]))))
        self._cancelled = [asyncio.create_task(_kept(sender.run)) for sender in self._senders]

    def _take_over(self, before: "Services") -> None:
        if self._mqtt is not None and before._mqtt is not None:
            self._mqtt.take_over(before._mqtt)
        senders = {sender.name: sender for sender in before._senders}
        for sender in self._senders:
            if sender.name in senders:
                sender.take_over(senders[sender.name])

    def counts(self) -> Iterator[ChannelCount]:
        """What became of messages, over all channels."""
        if self._mqtt is not None:
            yield from self._mqtt.counts()
        for sender in self._senders:
            yield from sender.counts()

    def states(self, statuses: Iterable[CameraStatus]) -> None:
        """Publish the states that have changed."""
        self._publish(messages.state(self._site, self._plan.prefix, status) for status in statuses)

    def intervals(self, figures: Iterable[Measurement]) -> None:
        """Publish complete intervals."""
        self._publish(messages.intervals(self._site, self._plan.prefix, figures))

    def alarm(self, alarm: Alarm) -> None:
        """Publish an alarm and post it to every webhook."""
        self._publish(messages.alarm(self._site, self._plan.prefix, one) for one in (alarm,))
        for sender in self._senders:
            sender.put(self._site.name, alarm)

    def announce(self, cameras: Iterable[str], known: Mapping[Series, Measurement]) -> None:
        """Tell Home Assistant of cameras and of their series."""
        plan, root = self._plan, self._plan.discovery
        if root is not None:
            for camera in cameras:
                self._publish(messages.discovery(self._site, plan.prefix, root, camera, known))

    def forget(self, cameras: Iterable[str], known: Mapping[Series, Measurement]) -> None:
        """Take back what a broker retains of cameras that are no more."""
        for camera in cameras:
            self._publish(messages.farewell(self._site, self._plan.prefix, self._plan.discovery, camera, known))

    def withdraw(self, gone: Iterable[Series]) -> None:
        """Take back what a broker retains of measures at places that are no more."""
        self._publish(messages.withdrawal(self._site, self._plan.prefix, self._plan.discovery, gone))

    def _publish(self, what: Iterable[Message]) -> None:
        if self._mqtt is not None:
            self._mqtt.put(what)

    async def stop(self) -> None:
        """Say goodbye and end, within `GOODBYE_S` and a little."""
        if self._mqtt is not None:
            self._mqtt.stop()
        if self._http is not None:
            self._http.should_exit = True
        left = set(self._cancelled)
        if self._ending:
            left |= (await asyncio.wait(self._ending, timeout=GOODBYE_S))[1]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


MakesApp = Callable[[Access, Callable[[], Iterable[ChannelCount]]], ASGIApp]


def _publisher(plan: Plan, site: SiteFacts) -> MqttPublisher | None:
    if plan.broker is None:
        return None
    here, gone = (messages.online(site, plan.prefix, here=here) for here in (True, False))
    return MqttPublisher(plan.broker, here, gone)


def _server(app: ASGIApp) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            http=PatientProtocol,
            backlog=LISTEN,
            timeout_graceful_shutdown=1,
        )
    )


async def _kept(run: Callable[[], Awaitable[None]]) -> None:
    """Run until it returns; a defect in one service must stop neither the others nor the measuring."""
    while True:
        try:
            return await run()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told and tried again
            log.error("operations.failed", error=type(error).__name__)
            await asyncio.sleep(AGAIN_S)
