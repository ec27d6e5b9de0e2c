"""The channels of a running site, with a real server, broker and receiver on loopback."""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from flaneur.config.load import ConfigError, parse_site
from flaneur.config.site import SiteFile
from flaneur.data.errors import UserError
from flaneur.data.time import MINUTE_NS
from flaneur.run.live.operations import Operations, ServiceSecrets
from flaneur.serve.live import mqtt as mqtt_channel
from flaneur.serve.live import patience
from flaneur.serve.live.patience import MOST_CONNECTIONS
from flaneur.serve.live.webhooks import signature
from flaneur.store.store import Store
from support.figures import MONDAY_7H_NS, Scene, figure
from support.live import ALARM, STATUS, broker, free_port, receiver, relay, soon, status

SITE = """
[site]
name = "Marktplatz"
timezone = "Europe/Berlin"
[[camera]]
name = "north"
[[camera]]
name = "south"
"""


def site(*tables: str) -> SiteFile:
    return parse_site(SITE + "\n".join(tables), "site.toml")


def serve(port: int, more: str = "") -> str:
    return f"[serve]\nport = {port}\n{more}"


@contextmanager
def running(given: SiteFile, folder: Path, secrets: ServiceSecrets | None = None) -> Iterator[Operations]:
    operations = Operations(given, folder, secrets or ServiceSecrets())
    try:
        yield operations
    finally:
        operations.close()
        assert not operations._thread.is_alive()


def ask(port: int, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    # Without TLS, whose certificates take longer to read than any answer.
    with httpx.Client(trust_env=False, verify=False, timeout=10) as client:
        return client.request(method, f"http://127.0.0.1:{port}{path}", headers=headers)


def stored(folder: Path, *figures: Any) -> None:
    with Store.create(folder / "flaneur.sqlite") as store:
        store.write_interval(figures)


class TestHealth:
    def test_alive_and_ready_tell_what_is_missing(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path) as operations:
            health = soon(lambda: ask(port, "/healthz"))
            assert (health.status_code, health.json()["wrong"]) == (200, [])
            ready = ask(port, "/readyz")
            assert ready.status_code == 503
            assert ready.json()["unseen"] == {"north": "starting", "south": "starting"}
            lost = status(camera="south", state="lost", reason="refused", frames_seen=0)
            operations.statuses([STATUS, lost])
            soon(lambda: ask(port, "/readyz").json()["unseen"] == {"south": "lost: refused"})
            operations.statuses([STATUS, status(camera="south")])
            soon(lambda: ask(port, "/readyz").status_code == 200)

    def test_a_store_that_cannot_be_written_is_not_healthy(self, tmp_path: Path) -> None:
        port = free_port()
        folder = tmp_path / "results"
        folder.mkdir()
        with running(site(serve(port)), folder):
            folder.rmdir()
            answer = ask(port, "/healthz")
        assert answer.status_code == 503
        assert str(folder) in answer.json()["wrong"][0]

    def test_checking_leaves_nothing_behind(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path):
            ask(port, "/healthz")
        assert list(tmp_path.iterdir()) == []

    def test_systemd_hears_that_the_program_is_ready_alive_and_ending(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.settimeout(5)
            systemd.bind(str(tmp_path / "notify"))
            monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
            with running(site(), tmp_path) as operations:
                operations.statuses([STATUS, status(camera="south", state="lost")])
                operations.statuses([STATUS])
            heard = [systemd.recv(4096).decode().splitlines() for _ in range(3)]
        assert heard[0] == ["READY=1", "WATCHDOG=1", "STATUS=1 of 2 cameras are watched"]
        assert heard[1][0] == "WATCHDOG=1"
        assert heard[2] == ["STOPPING=1"]


class TestMetrics:
    def test_they_parse_and_say_what_was_told(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path) as operations:
            operations.statuses([STATUS, status(camera="south", state="blind", reason="dark", lag_s=None)])
            for n, value in enumerate((3.0, 4.0)):
                operations.completed([figure(MONDAY_7H_NS + n * MINUTE_NS, value)])
            operations.completed([figure(MONDAY_7H_NS, None, camera="south")])
            operations.alarm(ALARM)
            answer = soon(lambda: (got := ask(port, "/metrics")).text.count("flaneur_alarm_level{") and got)
        text = answer.text
        assert answer.headers["content-type"].startswith("text/plain; version=")
        samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

        def value(name: str, **labels: str) -> float | None:
            return samples.get((name, tuple(sorted(labels.items()))))

        crosswalk = {"camera": "north", "place": "crosswalk", "direction": "to right", "kind": "pedestrian"}
        assert value("flaneur_interval_crossings", **crosswalk) == 4.0
        assert value("flaneur_crossings_total", **crosswalk) == 7.0
        assert value("flaneur_interval_crossings", **crosswalk | {"camera": "south"}) is None
        assert value("flaneur_interval_coverage_ratio", camera="south") == 0.0
        assert value("flaneur_camera_frames_total", camera="north") == 600.0
        assert value("flaneur_camera_detect_seconds_total", camera="north") == 2.5
        assert value("flaneur_camera_lag_seconds", camera="north") == 0.25
        assert value("flaneur_camera_lag_seconds", camera="south") is None
        assert value("flaneur_camera_state", camera="south", state="blind") == 1.0
        assert value("flaneur_camera_state", camera="south", state="watching") == 0.0
        assert value("flaneur_camera_fault", camera="south", reason="dark") == 1.0
        assert value("flaneur_alarm_level", camera="north", what="lost", place="") == 1.0

    def test_open_metrics_is_given_to_who_asks_for_it(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path) as operations:
            operations.completed([figure(MONDAY_7H_NS)])
            soon(lambda: "flaneur_crossings_total" in ask(port, "/metrics").text)
            text = ask(port, "/metrics", accept="application/openmetrics-text; version=1.0.0").text
        assert "flaneur_crossings" in {family.name for family in openmetrics.text_string_to_metric_families(text)}


class TestAccess:
    def test_others_can_ask_only_with_a_token(self, tmp_path: Path) -> None:
        port = free_port()
        given = site(serve(port, 'host = "0.0.0.0"'))
        with pytest.raises(ConfigError, match="token"):
            Operations(given, tmp_path, ServiceSecrets())
        with running(given, tmp_path, ServiceSecrets(serve_token="geheim")):
            assert ask(port, "/metrics").status_code == 401
            assert ask(port, "/metrics", authorization="Bearer falsch").status_code == 401
            assert ask(port, "/metrics", authorization="Bearer geheim").status_code == 200
            assert ask(port, "/healthz").status_code == 200

    def test_a_page_under_another_name_is_turned_away(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path):
            assert ask(port, "/metrics", host="evil.example:8470").status_code == 421
            assert ask(port, "/metrics", host=f"localhost:{port}").status_code == 200

    def test_behind_a_proxy_the_token_is_what_counts(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path, ServiceSecrets(serve_token="geheim")):
            shown = {"host": "city.example", "authorization": "Bearer geheim", "x-forwarded-proto": "https"}
            links = ask(port, "/sensorthings/v1.1", **shown).json()["value"]
            assert links[0]["url"] == "https://city.example/sensorthings/v1.1/Things"
            assert ask(port, "/sensorthings/v1.1", host="city.example").status_code == 401

    def test_nothing_can_be_changed(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path):
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                assert ask(port, "/sensorthings/v1.1/Things", method).status_code == 405

    def test_a_port_that_is_taken_is_said(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path), pytest.raises(UserError, match=f"port {port}"):
            Operations(site(serve(port)), tmp_path, ServiceSecrets())


class TestPatience:
    """Who connects and asks nothing must not keep others from asking, nor the program from its files."""

    def test_who_sends_no_whole_request_is_hung_up_on(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(patience, "REQUEST_S", 0.5)
        port = free_port()
        beginnings = (
            b"",
            b"G",
            b"GET /readyz HTTP/1.1\r\nHost: x\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1",
        )
        asked = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with running(site(serve(port)), tmp_path):
            for begun in (*beginnings, asked + b"GET"):
                with socket.create_connection(("127.0.0.1", port), 5) as one:
                    one.sendall(begun)
                    assert is_closed(one), begun

    def test_however_many_wait_whoever_asks_is_answered(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path):
            assert ask(port, "/healthz").status_code == 200
            idle = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(3 * MOST_CONNECTIONS)]
            for path, code in (("/healthz", 200), ("/readyz", 503), ("/metrics", 200)):
                answer = ask(port, path)
                assert answer.status_code == code
                assert "limit" not in answer.text
            for one in idle[: 2 * MOST_CONNECTIONS]:
                assert is_closed(one)
            assert not is_closed(idle[-1], 0.1), "there is room for some"
            for one in idle:
                one.close()


def is_closed(one: socket.socket, seconds: float = 5.0) -> bool:
    """Whether the other side closes it within so many seconds."""
    one.settimeout(seconds)
    try:
        while one.recv(4096):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


class TestReload:
    def test_what_is_new_is_served_and_what_is_wrong_changes_nothing(self, tmp_path: Path) -> None:
        first, second, taken = free_port(), free_port(), free_port()
        with running(site(serve(taken)), tmp_path), running(site(serve(first)), tmp_path) as operations:
            assert ask(first, "/healthz").status_code == 200
            with pytest.raises(UserError):
                operations.reload(site(serve(taken)))
            with pytest.raises(ConfigError, match="secret"):
                operations.reload(site(serve(second), '[[webhook]]\nname = "a"\nurl = "http://127.0.0.1/"'))
            assert ask(first, "/healthz").status_code == 200
            operations.reload(site(serve(second)))
            soon(lambda: answers(second))
            soon(lambda: not answers(first))

    def test_new_secrets_hold_from_then_on(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path, ServiceSecrets(serve_token="alt")) as operations:
            assert ask(port, "/metrics", authorization="Bearer alt").status_code == 200
            operations.reload(site(serve(port)), ServiceSecrets(serve_token="neu"))
            soon(lambda: ask(port, "/metrics", authorization="Bearer neu").status_code == 200)
            assert ask(port, "/metrics", authorization="Bearer alt").status_code == 401

    def test_of_many_reloads_at_once_only_the_last_is_in_force(self, tmp_path: Path) -> None:
        port = free_port()
        with broker(tmp_path) as there:
            given = [
                site(serve(port, f'country = "{country}"'), mqtt_table(there.port)) for country in ("DE", "AT", "CH")
            ]
            with running(given[0], tmp_path, ServiceSecrets(serve_token="alt")) as operations:
                soon(lambda: len(clients()) == 1)
                operations.reload(given[1], ServiceSecrets(serve_token="neu"))
                operations.reload(given[2], ServiceSecrets(serve_token="newest"))
                soon(lambda: token_is_right(port, "newest"))
                soon(lambda: len(clients()) == 1)
                time.sleep(0.3)
                assert len(clients()) == 1
                assert [token_is_right(port, old) for old in ("alt", "neu") * 5] == [False] * 10

    def test_the_same_port_of_another_host(self, tmp_path: Path) -> None:
        port = free_port()
        secrets = ServiceSecrets(serve_token="geheim")
        with running(site(serve(port)), tmp_path, secrets) as operations:
            with pytest.raises(UserError, match="cannot be served"):
                operations.reload(site(serve(port, 'host = "192.0.2.1"')))  # nobody's
            assert answers(port)
            for host in ("0.0.0.0", "127.0.0.1"):  # the first has the second one in it
                operations.reload(site(serve(port, f'host = "{host}"')))
                soon(lambda host=host: listening_at(port) == {host})
                assert answers(port)
                with pytest.raises(UserError, match=f"port {port}"):
                    Operations(site(serve(port)), tmp_path, ServiceSecrets())

    def test_what_is_told_meanwhile_is_not_lost(self, tmp_path: Path) -> None:
        secrets = ServiceSecrets(webhooks={"duty": "x" * 16})
        hook = '[[webhook]]\nname = "duty"\nurl = "http://127.0.0.1:{}/alarms"'
        with receiver() as there, broker(tmp_path) as mosquitto:
            listener = Listener(mosquitto.port)
            tables = (hook.format(there.port), mqtt_table(mosquitto.port))
            with running(site(*tables, serve(free_port())), tmp_path, secrets) as operations:
                soon(lambda: listener.last("flaneur/Marktplatz/online"))
                operations.reload(site(*tables, serve(free_port())))
                for level in range(1, 11):
                    operations.alarm(replace(ALARM, level=level))
                    time.sleep(0.03)
                soon(lambda: len(there.taken) == 10)
                soon(lambda: len(listener.levels()) == 10)
            assert listener.levels() == [json.loads(body)["data"]["level"] for _, body in there.taken]
            assert listener.levels() == list(range(1, 11)), "in order, and once"
            listener.close()

    def test_an_alarm_that_waits_goes_to_the_new_address(self, tmp_path: Path) -> None:
        secrets = ServiceSecrets(webhooks={"duty": "x" * 16})
        hook = '[[webhook]]\nname = "duty"\nurl = "http://127.0.0.1:{}/alarms"'
        with receiver() as there, running(site(hook.format(free_port())), tmp_path, secrets) as operations:
            operations.alarm(ALARM)
            time.sleep(0.2)
            operations.reload(site(hook.format(there.port)))
            soon(lambda: there.taken)

    def test_last_figures_of_a_camera_that_is_no_more_are_not_told(self, tmp_path: Path) -> None:
        with broker(tmp_path) as there:
            listener = Listener(there.port)
            with running(mqtt_site(there.port), tmp_path) as operations:
                operations.reload(parse_site(SITE.replace("south", "east") + mqtt_table(there.port), "site.toml"))
                operations.completed([figure(MONDAY_7H_NS, camera="south"), figure(MONDAY_7H_NS)])
                soon(lambda: listener.last("flaneur/Marktplatz/north/crosswalk/crossings"))
            listener.close()
        assert not [topic for topic, payload, _ in listener.heard if "/south/" in topic and payload]

    def test_services_that_stay_are_not_interrupted(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path) as operations:
            operations.completed([figure(MONDAY_7H_NS)])
            operations.statuses([STATUS, status(camera="south")])
            other = parse_site(SITE.replace("south", "east") + serve(port), "site.toml")
            operations.reload(other)
            soon(lambda: ask(port, "/readyz").json()["unseen"] == {"east": "starting"})
            assert "flaneur_crossings_total" in ask(port, "/metrics").text

    def test_a_table_that_changes_keeps_the_port(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path) as operations:
            operations.reload(site(serve(port, "position = [52.5, 13.4]")))
            soon(lambda: ask(port, "/sensorthings/v1.1/Locations").json()["value"])


def token_is_right(port: int, token: str) -> bool:
    try:
        return ask(port, "/metrics", authorization=f"Bearer {token}").status_code == 200
    except httpx.TransportError:
        return False


def listening_at(port: int) -> set[str]:
    """The IPv4 addresses of this machine at which somebody listens on a port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    here = [row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
    return {socket.inet_ntoa(bytes.fromhex(address)[::-1]) for address in here}


def answers(port: int) -> bool:
    try:
        return ask(port, "/healthz").status_code == 200
    except httpx.TransportError:
        return False


class Listener:
    """Somebody who subscribes to everything."""

    def __init__(self, port: int, user: str | None = None, password: str | None = None) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _c, _u, m: self.heard.append((m.topic, m.payload, m.retain))
        self._client.on_connect = lambda c, *_: c.subscribe("#", 1)
        if user is not None:
            self._client.username_pw_set(user, password)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def last(self, topic: str) -> Any:
        found = [payload for heard, payload, _ in self.heard if heard == topic]
        return json.loads(found[-1]) if found and found[-1] else None

    def levels(self) -> list[int]:
        """Of the alarms of `ALARM`'s camera."""
        return [json.loads(payload)["level"] for topic, payload, _ in self.heard if topic.endswith("/north/alarm")]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def mqtt_site(port: int) -> SiteFile:
    return site(f'[mqtt]\nhost = "127.0.0.1"\nport = {port}')


class TestMqtt:
    def test_states_intervals_alarms_and_the_last_word(self, tmp_path: Path) -> None:
        with broker(tmp_path) as there:
            listener = Listener(there.port)
            with running(mqtt_site(there.port), tmp_path) as operations:
                operations.statuses([STATUS, status(camera="south", state="lost", reason="silent")])
                operations.completed([figure(MONDAY_7H_NS), figure(MONDAY_7H_NS, kind="car", value=0.0)])
                operations.alarm(ALARM)
                soon(lambda: listener.last("flaneur/Marktplatz/north/alarm"))
                interval = soon(lambda: listener.last("flaneur/Marktplatz/north/crosswalk/crossings"))
                assert listener.last("flaneur/Marktplatz/online") is True
                assert listener.last("flaneur/Marktplatz/south/state")["reason"] == "silent"
            soon(lambda: listener.last("flaneur/Marktplatz/online") is False)
            listener.close()
            late = Listener(there.port)
            soon(lambda: late.last("flaneur/Marktplatz/north/state"))
            late.close()
        assert interval["start"] == "2026-06-01T05:00:00Z"
        assert interval["coverage"] == 1.0
        assert interval["figures"] == {"to right": {"pedestrian": {"value": 3.0}, "car": {"value": 0.0}}}
        topics = {topic for topic, _, _ in late.heard}
        assert "flaneur/Marktplatz/north/alarm" not in topics, "an alarm is an event and is not retained"

    def test_a_state_is_told_once(self, tmp_path: Path) -> None:
        with broker(tmp_path) as there:
            listener = Listener(there.port)
            with running(mqtt_site(there.port), tmp_path) as operations:
                for n in range(5):
                    operations.statuses([status(frames_seen=n)])
                operations.statuses([status(state="blind", reason="dark")])
                soon(lambda: (last := listener.last("flaneur/Marktplatz/north/state")) and last["reason"])
            listener.close()
        told = [payload for topic, payload, _ in listener.heard if topic.endswith("/state")]
        assert 1 <= len(told) <= 2

    def test_the_broker_tells_the_last_will_when_the_program_dies(self, tmp_path: Path) -> None:
        with broker(tmp_path) as there:
            listener = Listener(there.port)
            operations = Operations(mqtt_site(there.port), tmp_path, ServiceSecrets())
            soon(lambda: listener.last("flaneur/Marktplatz/online"))
            # As if killed: the connection is cut and nobody says goodbye.
            client = soon(lambda: next(iter(clients()), None))
            operations._loop.call_soon_threadsafe(client.socket().shutdown, 2)
            soon(lambda: b"false" in [p for t, p, _ in listener.heard if t.endswith("/online")])
            operations.close()
            listener.close()

    def test_a_broker_that_comes_back_hears_everything_that_holds(self, tmp_path: Path) -> None:
        with broker(tmp_path) as there, running(mqtt_site(there.port), tmp_path) as operations:
            operations.statuses([STATUS])
            there.stop()
            operations.completed([figure(MONDAY_7H_NS)])
            there.start()
            listener = Listener(there.port)
            soon(lambda: listener.last("flaneur/Marktplatz/north/crosswalk/crossings"), 20)
            soon(lambda: listener.last("flaneur/Marktplatz/north/state"))
            listener.close()

    def test_what_is_on_its_way_when_the_connection_breaks_comes_again(self, tmp_path: Path) -> None:
        with broker(tmp_path) as there, relay(there.port) as way:
            listener = Listener(there.port)
            with running(mqtt_site(way.port), tmp_path) as operations:
                operations.statuses([STATUS, status(camera="south")])
                soon(lambda: listener.last("flaneur/Marktplatz/south/state"))
                way.marks = {b"north/alarm\0": 1}  # a topic, and the number that follows it
                operations.alarm(ALARM)
                soon(lambda: listener.last("flaneur/Marktplatz/north/alarm"))
                way.marks[b"south/state\0"] = 1
                operations.reload(parse_site(SITE.replace("south", "east") + mqtt_table(way.port), "site.toml"))
                soon(lambda: ("flaneur/Marktplatz/south/state", b"", False) in listener.heard)
            listener.close()
        assert set(way.marks.values()) == {0}, "each was cut off once"

    def test_names_that_brokers_hang_up_for_are_written_otherwise(self, tmp_path: Path) -> None:
        text = SITE.replace("south", "a\\u0085\\uFFFE\\uFDD0\\U0001FFFFz").replace("north", "b")
        with broker(tmp_path) as there:
            listener = Listener(there.port)
            given = parse_site(text + mqtt_table(there.port), "site.toml")
            with running(given, tmp_path) as operations:
                operations.statuses([status(camera=one.name) for one in reversed(given.camera)])
                soon(lambda: listener.last("flaneur/Marktplatz/b/state"))
                soon(lambda: listener.last("flaneur/Marktplatz/a%C2%85%EF%BF%BE%EF%B7%90%F0%9F%BF%BFz/state"))
            listener.close()

    def test_a_message_that_the_broker_refuses_does_not_hold_up_the_others(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failures: list[int] = []
        monkeypatch.setattr(mqtt_channel, "pause_s", lambda number: failures.append(number) or 0.02)
        port = free_port()
        with broker(tmp_path) as there, relay(there.port) as way:
            way.marks = {b"north/state\0": 1000}
            listener = Listener(there.port)
            with running(site(serve(port), mqtt_table(way.port)), tmp_path) as operations:
                operations.statuses([STATUS, status(camera="south")])
                soon(lambda: listener.last("flaneur/Marktplatz/south/state"))
                operations.statuses([STATUS, status(camera="south", state="lost")])
                soon(lambda: listener.last("flaneur/Marktplatz/south/state")["state"] == "lost")
                metrics = ask(port, "/metrics").text
            listener.close()
        assert failures == [1, 2, 3, 4, 5], "with a longer pause each time, and the same once is enough"
        assert 'flaneur_messages_total{channel="mqtt",result="dropped"} 1.0' in metrics

    def test_user_and_password(self, tmp_path: Path) -> None:
        with broker(tmp_path, "flaneur", "geheim") as there:
            secrets = ServiceSecrets(mqtt=("flaneur", "geheim"))
            listener = Listener(there.port, "flaneur", "geheim")
            with running(mqtt_site(there.port), tmp_path, secrets):
                soon(lambda: listener.last("flaneur/Marktplatz/online"))
            listener.close()
        assert "geheim" not in repr(secrets)

    @pytest.mark.parametrize("silent", [False, True], ids=["refused", "no answer"])
    def test_without_a_broker_the_program_closes_in_time(self, tmp_path: Path, silent: bool) -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(1)] if silent else []
            port = port if silent else free_port()  # who comes after the queue is full gets no answer at all
            with running(mqtt_site(port), tmp_path) as operations:
                operations.statuses([STATUS])
                time.sleep(0.3)
                begin = time.monotonic()
                operations.close()
            assert time.monotonic() - begin < 2.0
            assert not [one for one in threading.enumerate() if one.name.startswith("asyncio_") and busy(one)]
            for one in waiting:
                one.close()

    def test_home_assistant_is_told_of_each_camera_and_takes_it_back(self, tmp_path: Path) -> None:
        with broker(tmp_path) as there:
            listener = Listener(there.port)
            with running(mqtt_site(there.port), tmp_path) as operations:
                operations.completed([figure(MONDAY_7H_NS)])
                soon(lambda: len(announced(listener)) == 2 and len(announced(listener)["Marktplatz north"]) == 2)
                components = announced(listener)["Marktplatz north"].values()
                operations.reload(parse_site(SITE.replace("south", "east") + mqtt_table(there.port), "site.toml"))
                soon(lambda: announced(listener).keys() == {"Marktplatz north", "Marktplatz east"})
            listener.close()
        assert {component["platform"] for component in components} == {"sensor"}
        sensor = next(one for one in components if one["name"].startswith("crosswalk"))
        assert sensor["state_topic"] == "flaneur/Marktplatz/north/crosswalk/crossings"
        assert sensor["unit_of_measurement"] == "road users"

    def test_a_line_that_is_taken_out_is_taken_back(self, tmp_path: Path) -> None:
        with broker(tmp_path) as there:
            with running(mqtt_site(there.port), tmp_path) as operations:
                operations.completed([figure(MONDAY_7H_NS), figure(MONDAY_7H_NS, place="old line")])
                operations.reload(mqtt_site(there.port))
                for n in (1, 2):
                    operations.completed([figure(MONDAY_7H_NS + n * MINUTE_NS)])
            late = Listener(there.port)
            soon(lambda: late.last("flaneur/Marktplatz/online") is False and len(announced(late)) == 2)
            late.close()
        kept = {topic for topic, _, _ in late.heard}
        assert "flaneur/Marktplatz/north/crosswalk/crossings" in kept
        assert not [topic for topic in kept if "old line" in topic]
        names = {component["name"] for component in announced(late)["Marktplatz north"].values()}
        assert names == {"State", "crosswalk, crossings, to right, pedestrian"}


def mqtt_table(port: int) -> str:
    return f'[mqtt]\nhost = "127.0.0.1"\nport = {port}'


def announced(listener: Listener) -> dict[str, dict[str, Any]]:
    """Device -> its components, as Home Assistant puts them together of all that was not taken back."""
    told = {topic: payload for topic, payload, _ in listener.heard if topic.startswith("homeassistant/")}
    out: dict[str, dict[str, Any]] = {}
    for message in map(json.loads, filter(None, told.values())):
        out.setdefault(message["device"]["name"], {}).update(message["components"])
    return out


def busy(thread: threading.Thread) -> bool:
    """Whether a thread of a pool is doing something, so that the program could not end."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and "work_queue" not in frame.f_locals


def clients() -> list[Any]:
    """Those of this program that a broker knows."""
    import gc

    import aiomqtt

    return [one._client for one in gc.get_objects() if isinstance(one, aiomqtt.Client) and one._client.is_connected()]


class TestWebhooks:
    def hook(self, port: int) -> SiteFile:
        return site(f'[[webhook]]\nname = "duty"\nurl = "http://127.0.0.1:{port}/alarms"')

    def test_an_alarm_is_posted_and_signed(self, tmp_path: Path) -> None:
        with receiver() as there:
            secrets = ServiceSecrets(webhooks={"duty": "a secret of some length"})
            with running(self.hook(there.port), tmp_path, secrets) as operations:
                operations.alarm(ALARM)
                soon(lambda: there.taken)
        headers, body = there.taken[0]
        assert json.loads(body) == {
            "type": "alarm.lost",
            "timestamp": "2026-06-01T05:00:00Z",
            "data": {
                "site": "Marktplatz",
                "camera": "north",
                "what": "lost",
                "reason": "silent",
                "place": "",
                "level": 1,
            },
        }
        moment = int(headers["webhook-timestamp"])
        assert abs(moment - time.time()) < 60
        expected = signature(b"a secret of some length", headers["webhook-id"], moment, body)
        assert headers["webhook-signature"] == expected

    def test_it_is_tried_again_with_the_same_id_and_in_order(self, tmp_path: Path) -> None:
        secrets = ServiceSecrets(webhooks={"duty": "x" * 16})
        with receiver(503, 302) as there, running(self.hook(there.port), tmp_path, secrets) as operations:
            operations.alarm(ALARM)
            operations.alarm(replace(ALARM, level=2))
            soon(lambda: len(there.taken) == 4)
        ids = [headers["webhook-id"] for headers, _ in there.taken]
        assert ids[0] == ids[1] == ids[2] != ids[3]
        assert [json.loads(body)["data"]["level"] for _, body in there.taken] == [1, 1, 1, 2]

    @pytest.mark.parametrize("answer", [400, 404, 410])
    def test_what_is_refused_for_good_is_counted_and_not_tried_again(self, tmp_path: Path, answer: int) -> None:
        port = free_port()
        with receiver(answer) as there:
            given = self.hook(there.port).model_copy(update={"serve": site(serve(port)).serve})
            with running(given, tmp_path, ServiceSecrets(webhooks={"duty": "x" * 16})) as operations:
                operations.alarm(ALARM)
                operations.alarm(replace(ALARM, level=2))
                soon(lambda: 'result="sent"} 1.0' in ask(port, "/metrics").text)
                assert (
                    'flaneur_messages_total{channel="webhook duty",result="failed"} 1.0' in ask(port, "/metrics").text
                )
        assert len(there.taken) == 2

    def test_a_secret_must_be_there_and_long_enough(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"'duty'.*secret"):
            Operations(self.hook(1), tmp_path, ServiceSecrets())
        with pytest.raises(ConfigError, match="16 bytes"):
            Operations(self.hook(1), tmp_path, ServiceSecrets(webhooks={"duty": "short"}))


class TestThings:
    @pytest.fixture
    def served(self, tmp_path: Path) -> Iterator[httpx.Client]:
        scene = Scene(lines=("crosswalk",), edges=False, start_ns=MONDAY_7H_NS, minutes=30, covered=((29, 0.0),))
        stored(tmp_path, *(one for one in scene.measurements() if one.kind in ("car", "pedestrian")))
        port = free_port()
        with (
            running(site(serve(port, "position = [52.5, 13.4]")), tmp_path),
            httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False) as client,
        ):
            yield client

    def test_every_link_leads_somewhere(self, served: httpx.Client) -> None:
        """From the landing page over all links, as a client crawls."""
        to_do = [entry["url"] for entry in served.get("/sensorthings/v1.1").json()["value"]]
        done: set[str] = set()
        while to_do:
            url = to_do.pop()
            if url in done or "$skip" in url:
                continue
            done.add(url)
            answer = served.get(url if url.endswith(")") else f"{url}?$top=1")
            assert answer.status_code == 200, url
            found = answer.json()
            for entity in found.get("value", [found]):
                assert entity["@iot.selfLink"].endswith(f"('{entity['@iot.id']}')")
                to_do += [value for key, value in entity.items() if key.endswith("Link")]
        assert len(done) > 15

    def test_pages_go_through_a_whole_series_in_order(self, served: httpx.Client) -> None:
        stream = served.get("/sensorthings/v1.1/Datastreams?$top=1").json()["value"][0]
        url = stream["Observations@iot.navigationLink"] + "?$top=7&$count=true&$orderby=phenomenonTime desc"
        seen: list[dict[str, Any]] = []
        pages = 0
        while url:
            page = served.get(url).json()
            assert page["@iot.count"] == 30
            seen += page["value"]
            url = page.get("@iot.nextLink", "")
            pages += 1
        times = [one["phenomenonTime"] for one in seen]
        assert pages == 5
        assert times == sorted(times, reverse=True)
        assert len(set(times)) == 30
        assert seen[0]["result"] is None
        assert seen[0]["resultQuality"]["coverage"] == 0.0
        oldest = served.get(stream["Observations@iot.navigationLink"] + "?$orderby=phenomenonTime asc&$top=1").json()
        assert oldest["value"] == seen[-1:]
        third = served.get(stream["Observations@iot.navigationLink"] + "?$skip=2&$top=1").json()
        assert third["value"] == seen[2:3]

    @pytest.mark.parametrize(
        ("path", "code"),
        [
            ("Things?$filter=name eq 'x'", 501),
            ("Things?$expand=Datastreams", 501),
            ("Observations?$orderby=result", 501),
            ("Things?$top=many", 400),
            ("Things?$skip=-1", 400),
            ("Nothing", 404),
            ("Things('0000')", 404),
            ("Observations('0000-12')", 404),
        ],
    )
    def test_what_is_not_served_is_said(self, served: httpx.Client, path: str, code: int) -> None:
        answer = served.get(f"/sensorthings/v1.1/{path}")
        assert answer.status_code == code
        assert answer.json()["message"]

    def test_datex2_gives_the_latest_interval(self, tmp_path: Path) -> None:
        port = free_port()
        with running(site(serve(port)), tmp_path) as operations:
            assert ask(port, "/datex2/v3/measured-data.xml").status_code == 503
            assert ask(port, "/datex2/v3/measurement-sites.xml").status_code == 404
            operations.completed([figure(MONDAY_7H_NS, kind="car")])
            text = soon(lambda: (got := ask(port, "/datex2/v3/measured-data.xml")).status_code == 200 and got.text)
        assert 'numberOfInputValuesUsed="3"' in text
        assert ">180<" in text
