"""`flaneur watch` amid all that it talks to: who asks it, a broker, a receiver of alarms. Whatever it says is kept."""

import base64
import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt

from support.live import RunningBroker, broker, free_port, receiver, soon
from support.recorder import record_http, record_message

FULL_S = 10
"""After so long most walkers are or were in sight."""
THINGS = ("Things", "Locations", "Sensors", "ObservedProperties", "Datastreams", "Observations", "FeaturesOfInterest")
ANNA = ("anna", "not a word")
SECRETS = f"""
[hook]
user = "flaneur"
password = "{"5ecret" * 6}"
["control room"]
user = "{ANNA[0]}"
password = "{ANNA[1]}"
"""
WATCH = """
[watch]
folder = "watched"
secrets = "secrets.toml"
[serve]
port = {port}
position = [52.5, 13.4]
viewers = ["control room"]
[[webhook]]
name = "hook"
url = "http://127.0.0.1:{receiver}/alarm"
"""
MQTT = """
[mqtt]
host = "127.0.0.1"
port = {broker}
"""


@contextmanager
def street_watched(work: Path) -> Iterator[Callable[[], None]]:
    """Surroundings for the site of `street.toml`, as `watch.toml`; a function that asks everything while it runs.

    What came is in the folders `answers`, `messages` and `alarms`. Without a mosquitto there are no messages.
    """
    port = free_port()
    with ExitStack() as stack:
        alarms = stack.enter_context(receiver())
        tables = WATCH.format(port=port, receiver=alarms.port)
        if shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists():
            (folder := work.parent / "broker").mkdir()
            running = stack.enter_context(broker(folder))
            stack.enter_context(_messages(running, work / "messages"))
            tables += MQTT.format(broker=running.port)
        (work / "watch.toml").write_text(tables + (work / "street.toml").read_text())
        (work / "secrets.toml").touch(0o600)
        (work / "secrets.toml").write_text(SECRETS)
        yield lambda: _ask(port, work / "answers")
        for headers, body in alarms.taken:
            record_message(work / "alarms", "alarm", json.dumps(headers).encode() + b"\n" + body)


def _ask(port: int, folder: Path) -> None:
    base = f"http://127.0.0.1:{port}"
    soon(lambda: _get(f"{base}/healthz"), 90.0)
    anna = {"Authorization": f"Basic {base64.b64encode(':'.join(ANNA).encode()).decode()}"}
    for second in range(FULL_S):
        time.sleep(1.0)
        record_http(folder / f"after {second} s", base, "/cameras/c/ghost.png", headers=anna)
    told = json.loads(_get(f"{base}/"))
    record_http(
        folder, base, *told, "/", "/nowhere", "/cameras/c/ghost.png", *(f"/sensorthings/v1.1/{name}" for name in THINGS)
    )


def _get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            body: bytes = answer.read()
            return body
    except urllib.error.URLError:
        return b""


@contextmanager
def _messages(running: RunningBroker, folder: Path) -> Iterator[None]:
    """Keep all messages of a broker."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: record_message(folder, message.topic, message.payload)
    client.on_connect = lambda connected, *_: connected.subscribe("#")
    client.connect("127.0.0.1", running.port)
    client.loop_start()
    try:
        yield
    finally:
        client.loop_stop()
        client.disconnect()
