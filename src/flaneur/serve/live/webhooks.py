"""Posts alarms to the addresses that the site file names, signed as Standard Webhooks 1.0 says. Lives on one loop.

The receiver's secret signs the message's id, the moment of sending and the body (HMAC-SHA256), so that it can tell our
alarms from anybody's and an old one from a new one. Libraries of that standard check it.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import ssl
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import structlog

from flaneur.data.live import Alarm
from flaneur.serve.live.backoff import pause_s
from flaneur.serve.live.metrics import ChannelCount
from flaneur.serve.live.moments import iso

MOST_WAITING = 100
"""Alarms that wait for a receiver; the oldest are dropped first."""
GIVE_UP_S = 3600.0
"""An alarm that could not be delivered for so long helps nobody."""
ANSWER_S = 5.0
SECRET_PREFIX = "whsec_"  # noqa: S105 - the standard's
AGAIN = frozenset({408, 425, 429})
"""Refusals of the receiver that may be over soon; all others from 400 to 499 are final."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, repr=False)
class Webhook:
    """Who is told. Its `repr` shows neither address nor key: the address may hold a secret, too."""

    name: str
    url: str
    key: bytes


@dataclass(frozen=True, slots=True)
class _Waiting:
    message_id: str
    body: bytes
    since_s: float


def key_of(secret: str) -> bytes:
    """The key behind a secret: what follows `whsec_` in base64, else the text itself. ValueError when it is too short.

    The standard asks for 24 bytes; somebody's own text is taken from 16.
    """
    if secret.startswith(SECRET_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error:
            raise ValueError(f"what follows {SECRET_PREFIX} is not base64") from None
    else:
        key = secret.encode()
    if len(key) < 16:
        raise ValueError("is shorter than 16 bytes; make one with: openssl rand -base64 32")
    return key


def signature(key: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """What stands in the header `webhook-signature`."""
    signed = b".".join((message_id.encode(), str(timestamp_s).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def alarm_body(site: str, alarm: Alarm) -> bytes:
    """An alarm as JSON."""
    data = {
        "site": site,
        "camera": alarm.camera,
        "what": alarm.what,
        "reason": alarm.reason,
        "place": alarm.place,
        "level": alarm.level,
    }
    document = {"type": f"alarm.{alarm.what}", "timestamp": iso(alarm.time_ns), "data": data}
    return json.dumps(document, ensure_ascii=False).encode()


class WebhookSender:
    """Delivers alarms to one receiver in order, each until it is taken, refused for good or an hour old."""

    def __init__(self, hook: Webhook) -> None:
        self._hook = hook
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._counts: Counter[str] = Counter()

    @property
    def name(self) -> str:
        """Of the webhook."""
        return self._hook.name

    def put(self, site: str, alarm: Alarm) -> None:
        """Deliver this as soon as possible."""
        self._waiting.append(_Waiting(f"msg_{uuid.uuid4().hex}", alarm_body(site, alarm), time.monotonic()))
        self._bound()

    def take_over(self, before: "WebhookSender") -> None:
        """Deliver what `before`, which has stopped, could not, under the same ids. Its counts go on."""
        self._waiting.extendleft(reversed(before._waiting))
        self._bound()
        self._counts.update(before._counts)

    def _bound(self) -> None:
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._counts["dropped"] += 1
        self._wake.set()

    def counts(self) -> Iterator[ChannelCount]:
        """What became of alarms so far."""
        for result in ("sent", "dropped", "failed"):
            yield ChannelCount(f"webhook {self.name}", result, self._counts[result])

    async def run(self) -> None:
        """Deliver until cancelled."""
        trust = ssl.create_default_context()  # whom the system trusts
        async with httpx.AsyncClient(verify=trust, timeout=ANSWER_S, trust_env=False, follow_redirects=False) as client:
            while True:
                while self._waiting:
                    await self._deliver(client, self._waiting[0])
                self._wake.clear()
                await self._wake.wait()

    async def _deliver(self, client: httpx.AsyncClient, one: _Waiting) -> None:
        failures = 0
        while True:
            status = await self._post(client, one)
            if status is not None and 200 <= status < 300:
                self._counts["sent"] += 1
                break
            failures += 1
            for_good = status is not None and 400 <= status < 500 and status not in AGAIN
            if for_good or time.monotonic() - one.since_s > GIVE_UP_S:
                self._counts["failed"] += 1
                log.error("webhook.given_up", webhook=self._hook.name, status=status)
                break
            if failures == 1:
                log.warning("webhook.failed", webhook=self._hook.name, status=status)
            await asyncio.sleep(pause_s(failures))
            if not self._waiting or self._waiting[0] is not one:
                return  # dropped meanwhile
        if self._waiting and self._waiting[0] is one:
            self._waiting.popleft()

    async def _post(self, client: httpx.AsyncClient, one: _Waiting) -> int | None:
        """The status of the answer; None without one. What the receiver writes is not read."""
        now_s = int(time.time())
        headers = {
            "content-type": "application/json",
            "user-agent": "Flaneur",
            "webhook-id": one.message_id,
            "webhook-timestamp": str(now_s),
            "webhook-signature": signature(self._hook.key, one.message_id, now_s, one.body),
        }
        try:
            async with client.stream("POST", self._hook.url, content=one.body, headers=headers) as answer:
                return answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError):  # the last for what can be no host
            return None
