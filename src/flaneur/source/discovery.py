"""Asks the local network which cameras there are, by WS-Discovery (April 2005), as ONVIF's core specification does."""

import html
import re
import socket
import struct
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from flaneur.data.errors import UserError

GROUP = ("239.255.255.250", 3702)
LARGEST_ANSWER = 65_535
ASK_EVERY_S = 0.5
"""Datagrams get lost, so the question is put again."""

PROBE = """<?xml version="1.0" encoding="UTF-8"?>\
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" \
xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" \
xmlns:dn="http://www.onvif.org/ver10/network/wsdl">\
<e:Header><w:MessageID>urn:uuid:{id}</w:MessageID>\
<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>\
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""


@dataclass(frozen=True, slots=True, order=True)
class Device:
    """Where an ONVIF camera answers."""

    host: str
    port: int
    name: str = ""
    """As it calls itself; anybody on the network may have sent it."""

    @staticmethod
    def parse(address: str) -> "Device":
        """`host`, `host:port` or the URL of a device service; UserError for anything else."""
        try:
            parts = urlsplit(address if "://" in address else f"http://{address}")
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or re.search(r"[\s@]", address):
            raise UserError("a camera's address is a name or a number, as 192.168.1.64 or 192.168.1.64:8080.")
        return Device(host, port or 80)


def probe(wait_s: float) -> list[Device]:
    """All cameras that answer within `wait_s`, in order of their addresses."""
    found: dict[tuple[str, int], Device] = {}
    end_s, ask_s = time.monotonic() + wait_s, 0.0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        while (now_s := time.monotonic()) < end_s:
            if now_s >= ask_s:
                _ask(asker)
                ask_s = now_s + ASK_EVERY_S
            asker.settimeout(max(min(end_s, ask_s) - now_s, 0.01))
            with suppress(TimeoutError):
                answer, (sender, _) = asker.recvfrom(LARGEST_ANSWER)
                for device in _devices(answer.decode(errors="replace"), sender):
                    found.setdefault((device.host, device.port), device)
    return sorted(found.values())


def _ask(asker: socket.socket) -> None:
    question = PROBE.format(id=uuid.uuid4()).encode()
    for number, _ in socket.if_nameindex():
        interface = struct.pack("4s4si", socket.inet_aton(GROUP[0]), bytes(4), number)
        with suppress(OSError):  # an interface that is down or has no address
            asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
            asker.sendto(question, GROUP)


def _devices(answer: str, sender: str) -> Iterator[Device]:
    """The devices that an answer names. It is searched, not parsed as XML: whoever sent it is not trusted."""
    for match in re.findall(r"<(?:[\w.-]+:)?ProbeMatch[\s>].*?</(?:[\w.-]+:)?ProbeMatch\s*>", answer, re.DOTALL):
        places = re.findall(r"\bhttp://(\[[^]/\s]*\]|[^:/\s]+)(?::(\d{1,5}))?/", _text(match, "XAddrs"))
        ports = [int(port or 80) for host, port in places if host == sender] or [int(port or 80) for _, port in places]
        names = re.findall(r"onvif://www\.onvif\.org/name/(\S+)", _text(match, "Scopes"))
        name = "".join(character for character in unquote("".join(names[:1])) if character.isprintable())
        yield Device(sender, next((port for port in ports if 0 < port < 65_536), 80), name)


def _text(xml: str, name: str) -> str:
    found = re.search(rf"<(?:[\w.-]+:)?{name}(?:\s[^>]*)?>([^<]*)<", xml)
    return html.unescape(found[1]) if found else ""
