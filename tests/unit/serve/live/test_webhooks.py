"""Signatures as the standard publishes them."""

import asyncio

import pytest

from flaneur.serve.live import webhooks
from flaneur.serve.live.backoff import LONGEST_S, pause_s
from flaneur.serve.live.webhooks import MOST_WAITING, Webhook, WebhookSender, key_of, signature
from support.live import ALARM


def test_the_example_of_standard_webhooks() -> None:
    """The example that the standard's own libraries are tested with."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["", "short", "whsec_AAAA", "whsec_not base64 at all, but long"])
def test_a_secret_that_protects_nothing_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match=r"16 bytes|base64"):
        key_of(secret)


def test_neither_address_nor_key_is_shown() -> None:
    hook = Webhook("duty", "https://example.org/T0KEN", b"k" * 32)
    assert "T0KEN" not in repr(hook)
    assert "kkkk" not in repr(hook)


def test_what_waits_is_bounded_and_what_is_dropped_is_counted() -> None:
    sender = WebhookSender(Webhook("duty", "http://127.0.0.1:9/", b"k" * 32))
    for _ in range(MOST_WAITING + 7):
        sender.put("Marktplatz", ALARM)
    assert {one.result: one.number for one in sender.counts()} == {"sent": 0, "failed": 0, "dropped": 7}


def test_what_a_reload_hands_over_stays_in_order_and_bounded() -> None:
    before, after = (WebhookSender(Webhook("duty", "http://127.0.0.1:9/", b"k" * 32)) for _ in range(2))
    for site in range(MOST_WAITING):
        before.put(f"before {site}", ALARM)
    after.put("after", ALARM)
    after.take_over(before)
    bodies = [one.body for one in after._waiting]
    assert len(bodies) == MOST_WAITING
    assert b"before 1" in bodies[0]
    assert b"after" in bodies[-1]
    assert {one.result: one.number for one in after.counts()}["dropped"] == 1


@pytest.mark.parametrize("url", ["http://xn--/", "http://[::1", f"http://{'a' * 70}/", "http://h:99999/"])
def test_an_address_that_cannot_be_fails_like_any_other(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "GIVE_UP_S", 0.0)

    async def deliver() -> None:
        sender = WebhookSender(Webhook("duty", url, b"k" * 32))
        sender.put("Marktplatz", ALARM)
        running = asyncio.create_task(sender.run())
        async with asyncio.timeout(10):
            while {one.result: one.number for one in sender.counts()}["failed"] == 0:
                assert not running.done()
                await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(deliver())


def test_pauses_grow_and_are_bounded() -> None:
    for failures in range(1, 200):
        whole = min(2.0 ** (failures - 1), LONGEST_S)
        assert whole / 2 <= pause_s(failures) <= whole
