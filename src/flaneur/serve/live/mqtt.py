"""Publishes messages to an MQTT broker and keeps at it when the broker goes away. Lives on one event loop."""

import asyncio
import ssl
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import aiomqtt
import structlog

from flaneur.serve.live.backoff import pause_s
from flaneur.serve.live.metrics import ChannelCount
from flaneur.serve.live.topics import Message

KEEPALIVE_S = 20
"""A broker that hears nothing for one and a half times as long tells everybody the last will."""
MOST_EVENTS = 200
"""Messages that are not retained and wait while there is no broker; the oldest are dropped first."""
ANSWER_S = 10.0
"""How long a broker may take to confirm a message."""
MOST_REFUSALS = 5
"""A message at which the connection breaks so many times in a row is dropped: nothing behind it would ever arrive."""
AT_LEAST_ONCE = 1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, repr=False)
class Broker:
    """Where messages go. Its `repr` shows no password."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None


class MqttPublisher:
    """Holds the latest message of every retained topic, and sends what has changed as soon as there is a broker.

    What is held is bounded: one message for each retained topic, and the `MOST_EVENTS` latest of the others. It is held
    until the broker has confirmed it, or refused it `MOST_REFUSALS` times.
    """

    def __init__(self, broker: Broker, here: Message, gone: Message) -> None:
        """`here` is published after each connection, `gone` is the last will and the goodbye."""
        self._broker = broker
        self._here, self._gone = here, gone
        self._retained: dict[str, Message] = {}
        self._changed: dict[str, Message] = {}
        self._events: deque[Message] = deque()
        self._refusals: Counter[str] = Counter()
        """Topic -> broken connections since one of its messages was confirmed."""
        self._wake = asyncio.Event()
        self._stopping = False
        self.connected = False
        self._failures = 0
        """Connections lost since everything that waited was confirmed."""
        self._counts: Counter[str] = Counter()

    def put(self, messages: Iterable[Message]) -> None:
        """Send these as soon as possible; a retained message that says what its topic says already is not sent again.

        What takes the place of figures that were never sent is counted as dropped, and so are events that do not fit.
        """
        for message in messages:
            if not message.retained:
                if len(self._events) == MOST_EVENTS:
                    self._events.popleft()
                    self._counts["dropped"] += 1
                self._events.append(message)
            elif self._retained.get(message.topic) != message:
                self._counts["dropped"] += message.kind == "interval" and message.topic in self._changed
                self._retained[message.topic] = self._changed[message.topic] = message
        self._wake.set()

    def take_over(self, before: "MqttPublisher") -> None:
        """Send what `before`, which has stopped, could not: events, and what it was to take back. Its counts go on."""
        later = list(self._events)
        self._events.clear()
        self.put(one for one in before._changed.values() if not one.payload and one.topic not in self._retained)
        self.put([one for one in before._events if not one.retained] + later)
        self._counts.update(before._counts)

    def counts(self) -> Iterator[ChannelCount]:
        """What became of messages so far."""
        for result in ("sent", "dropped", "failed"):
            yield ChannelCount("mqtt", result, self._counts[result])

    def stop(self) -> None:
        """Make `run` say goodbye, send what is left and return."""
        self._stopping = True
        self._events.appendleft(self._gone)  # first, in case there is no time for the rest
        self._wake.set()

    async def run(self) -> None:
        """Stay connected and send until `stop` is called."""
        where = f"{self._broker.host}:{self._broker.port}"
        while not self._stopping:
            try:
                await self._knock()
                async with self._client() as client:
                    self.connected = True
                    log.info("mqtt.connected", broker=where)
                    await self._session(client)
            except (aiomqtt.MqttError, OSError, UnicodeError) as error:  # the last for what can be no host
                self._failures += 1
                self._counts["failed"] += 1
                if self._failures == 1:
                    log.warning("mqtt.lost", broker=where, why=str(error) or "no answer")
                await self._pause(pause_s(self._failures))
            finally:
                self.connected = False

    async def _knock(self) -> None:
        """OSError when nobody answers there.

        aiomqtt connects on a thread that cannot be interrupted and would hold up the end of the program.
        """
        async with asyncio.timeout(ANSWER_S):
            _, writer = await asyncio.open_connection(self._broker.host, self._broker.port)
        writer.close()

    def _client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.user,
            password=self._broker.password,
            will=aiomqtt.Will(self._gone.topic, self._gone.payload, AT_LEAST_ONCE, retain=True),
            keepalive=KEEPALIVE_S,
            timeout=ANSWER_S,
            tls_context=ssl.create_default_context() if self._broker.tls else None,
        )

    async def _session(self, client: aiomqtt.Client) -> None:
        """Send until stopped; MqttError when the connection breaks, also while there is nothing to send."""
        listening = asyncio.create_task(_listen(client))
        sending = asyncio.create_task(self._send_all(client))
        try:
            done, _ = await asyncio.wait((listening, sending), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (listening, sending):
                task.cancel()
                with suppress(asyncio.CancelledError, aiomqtt.MqttError):
                    await task

    async def _send_all(self, client: aiomqtt.Client) -> None:
        await self._send(client, self._here)
        # A broker may have forgotten everything; what was to be taken back is not told to one that never knew it.
        held = {topic: message for topic, message in self._retained.items() if message.payload}
        self._changed = {topic: held[topic] for topic in held if not self._is_given_up(topic)} | self._changed
        while True:
            while (message := self._next()) is not None:
                try:
                    await self._send(client, message)
                except BaseException:  # also when it is cancelled because the connection broke
                    self._return(message)
                    raise
                del self._refusals[message.topic]
            self._failures = 0
            if self._stopping:
                return
            self._wake.clear()
            await self._wake.wait()

    def _next(self) -> Message | None:
        if self._events:
            return self._events.popleft()
        return self._changed.pop(next(iter(self._changed))) if self._changed else None

    def _return(self, message: Message) -> None:
        """Put a message back that was not confirmed, unless there is a newer one or it was refused too often."""
        self._refusals[message.topic] += 1
        if self._is_given_up(message.topic):
            self._counts["dropped"] += 1
            log.error("mqtt.given_up", topic=message.topic)
        elif message.retained:
            self._changed.setdefault(message.topic, message)
        else:
            self._events.appendleft(message)

    def _is_given_up(self, topic: str) -> bool:
        """Whether the broker hangs up at this topic; a new message of it is tried once more."""
        return self._refusals[topic] >= MOST_REFUSALS

    async def _send(self, client: aiomqtt.Client, message: Message) -> None:
        """The only place from which anything is published: a `Message` has been checked against the table of topics."""
        checked = replace(message)
        await client.publish(checked.topic, checked.payload, AT_LEAST_ONCE, retain=checked.retained, timeout=ANSWER_S)
        self._counts["sent"] += 1

    async def _pause(self, seconds: float) -> None:
        """Wait, or until stopped; what is put meanwhile does not shorten it."""
        end = asyncio.get_running_loop().time() + seconds
        while not self._stopping and (left := end - asyncio.get_running_loop().time()) > 0.0:
            await asyncio.sleep(min(left, 0.1))


async def _listen(client: aiomqtt.Client) -> None:
    async for _ in client.messages:  # nothing is subscribed to; it fails when the connection does
        pass
