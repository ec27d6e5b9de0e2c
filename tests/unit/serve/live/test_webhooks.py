"""Signatures as the standard publishes them."""

import pytest

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


def test_pauses_grow_and_are_bounded() -> None:
    for failures in range(1, 200):
        whole = min(2.0 ** (failures - 1), LONGEST_S)
        assert whole / 2 <= pause_s(failures) <= whole
