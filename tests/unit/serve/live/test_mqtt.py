"""What the publisher holds. Its life with a broker is in `tests/integration/test_operations.py`."""

import asyncio
from dataclasses import replace

from flaneur.serve.live import messages
from flaneur.serve.live.board import SiteFacts
from flaneur.serve.live.mqtt import MOST_EVENTS, Broker, MqttPublisher
from support.live import ALARM, STATUS

SITE = SiteFacts("Marktplatz", ("north",), "1", "model")
STATE = messages.state(SITE, "flaneur", STATUS)
TAKEN_BACK = replace(STATE, payload="")


def publisher(host: str = "127.0.0.1") -> MqttPublisher:
    here, gone = (messages.online(SITE, "flaneur", here=here) for here in (True, False))
    return MqttPublisher(Broker(host, 1), here, gone)


def alarm(time_ns: int) -> messages.Message:
    return messages.alarm(SITE, "flaneur", replace(ALARM, time_ns=time_ns * 10**9))


def counted(one: MqttPublisher) -> dict[str, float]:
    return {count.result: count.number for count in one.counts()}


def test_what_a_reload_hands_over_is_what_happened_and_what_is_taken_back() -> None:
    before, after = publisher(), publisher()
    before.put([STATE, messages.state(SITE, "flaneur", replace(STATUS, camera="south")), TAKEN_BACK])
    before.put(alarm(second) for second in range(MOST_EVENTS))
    before.stop()
    after.put([alarm(MOST_EVENTS)])
    after.take_over(before)
    held = [after._next() for _ in range(MOST_EVENTS + 1)]
    assert held == [*(alarm(second) for second in range(1, MOST_EVENTS + 1)), TAKEN_BACK]
    assert after._next() is None
    assert counted(after)["dropped"] == 1


def test_a_camera_that_came_back_is_not_taken_back() -> None:
    before, after = publisher(), publisher()
    before.put([STATE, TAKEN_BACK])
    after.put([STATE])
    after.take_over(before)
    assert after._next() == STATE
    assert after._next() is None


def test_a_host_that_cannot_be_is_a_broker_that_does_not_answer() -> None:
    async def live() -> None:
        one = publisher("a" * 70)
        running = asyncio.create_task(one.run())
        async with asyncio.timeout(10):
            while not counted(one)["failed"]:
                assert not running.done()
                await asyncio.sleep(0.01)
        one.stop()
        await running

    asyncio.run(live())
