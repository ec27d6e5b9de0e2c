"""Tables of a site that is watched: what they take and what they refuse."""

import pytest

from flaneur.config.load import ConfigError, parse_site
from flaneur.config.site import SiteFile
from flaneur.run.live.services import Plan, ServiceSecrets

SITE = '[site]\nname = "Marktplatz"\n[[camera]]\nname = "north"\n'


def parsed(text: str) -> SiteFile:
    return parse_site(SITE + text, "site.toml")


def test_nothing_is_served_or_sent_unless_asked_for() -> None:
    site = parsed("")
    assert (site.serve, site.mqtt, site.webhook) == (None, None, [])


def test_what_is_served_is_for_this_machine_unless_said_otherwise() -> None:
    serve = parsed("[serve]").serve
    assert serve is not None
    assert serve.host == "127.0.0.1"


@pytest.mark.parametrize("where", ["", "homeassistant", "ha/test"])
def test_devices_are_announced_where_it_says_or_nowhere(where: str) -> None:
    site = parsed(f'[mqtt]\nhost = "h"\ndiscovery = "{where}"')
    assert Plan.of(site, ServiceSecrets()).discovery == (where or None)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[serve]\nport = 0", "serve.port"),
        ("[serve]\nposition = [91.0, 0.0]", "serve.position"),
        ("[serve]\nposition = [0.0]", "serve.position"),
        ('[serve]\ncountry = "de"', "serve.country"),
        ("[mqtt]\nport = 1883", "mqtt.host"),
        ('[mqtt]\nhost = "h"\npassword = "in the wrong place"', "mqtt.password"),
        ('[[webhook]]\nname = "a"\nurl = "ftp://h/"', "webhook[1].url"),
        (f'[mqtt]\nhost = "{"a" * 70}.org"', "mqtt.host"),
        ('[serve]\nhost = ".x."', "serve.host"),
        ('[[webhook]]\nname = "a"\nurl = "https:///in the wrong place"', "webhook[1].url"),
        ('[[webhook]]\nname = "a"\nurl = "https://[::1/in the wrong place"', "webhook[1].url"),
        ('[[webhook]]\nname = "a"\nurl = "https://user:in the wrong place"', "webhook[1].url"),
        (f'[[webhook]]\nname = "a"\nurl = "https://{"a" * 70}/in the wrong place"', "webhook[1].url"),
        ('[[webhook]]\nname = "a"\nurl = "https://h/"\nsecret = "in the wrong place"', "webhook[1].secret"),
    ],
)
def test_what_is_wrong_is_named(text: str, where: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(text)
    assert where in str(refused.value)
    assert "in the wrong place" not in str(refused.value), "a secret in a site file is not repeated"
