import pytest

from flaneur.data.errors import UserError
from flaneur.source.discovery import Device, _devices

MATCH = """<e:Envelope xmlns:e="x"><e:Body><d:ProbeMatches>{matches}</d:ProbeMatches></e:Body></e:Envelope>"""
ONE = (
    "<d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/type/ptz "
    "onvif://www.onvif.org/name/North%20gate%0a</d:Scopes><d:XAddrs>{urls}</d:XAddrs></d:ProbeMatch>"
)


@pytest.mark.parametrize(
    ("address", "device"),
    [
        ("192.168.1.64", Device("192.168.1.64", 80)),
        ("gate:8080", Device("gate", 8080)),
        ("http://gate:8080/onvif/device_service", Device("gate", 8080)),
        ("[fe80::1]:81", Device("fe80::1", 81)),
    ],
)
def test_addresses_of_cameras(address: str, device: Device) -> None:
    assert Device.parse(address) == device


@pytest.mark.parametrize("address", ["", "a b", "gate:x", "gate:99999", "admin:secret@gate", "http://"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UserError, match="name or a number") as refused:
        Device.parse(address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("urls", "port"),
    [
        ("http://10.0.0.7:8080/onvif/device_service", 8080),
        ("http://[fe80::1]/x http://192.0.2.1:1/x http://10.0.0.7:81/x", 81),
        ("http://192.0.2.1:82/x", 82),
        ("https://10.0.0.7/x", 80),
        ("http://10.0.0.7/x?a=1&amp;b=2", 80),
        ("http://10.0.0.7:99999/x", 80),
        ("", 80),
    ],
)
def test_an_answer_is_believed_about_its_port_and_never_about_its_host(urls: str, port: int) -> None:
    answer = MATCH.format(matches=ONE.format(urls=urls))
    assert list(_devices(answer, "10.0.0.7")) == [Device("10.0.0.7", port, "North gate")]


def test_several_devices_may_answer_at_once() -> None:
    two = ONE.format(urls="http://10.0.0.7:1/") + ONE.format(urls="http://10.0.0.7:2/")
    assert [device.port for device in _devices(MATCH.format(matches=two), "10.0.0.7")] == [1, 2]


@pytest.mark.parametrize("answer", ["", "noise", "<Probe>", "<ProbeMatch>" * 1000, ONE.format(urls="http://[x/")])
def test_noise_is_no_device_or_the_sender_itself(answer: str) -> None:
    assert {device.host for device in _devices(answer, "10.0.0.7")} <= {"10.0.0.7"}
