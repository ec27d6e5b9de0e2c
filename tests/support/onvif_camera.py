"""An ONVIF camera (ipycam) in a network of its own, and commands run beside it.

    run_beside_camera([["-m", "flaneur", "camera", "find"]], tmp_path)      # -> what each printed, as subprocess.run

ipycam binds to all addresses and joins a multicast group, so the tests start it where only loopback is.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PORT = 8080

INSIDE = """
import json, subprocess, sys, threading, time
import numpy as np
from ipycam import CameraConfig, IPCamera
user, password, *commands = json.loads(sys.argv[1])
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["ip", "link", "set", "lo", "multicast", "on"], check=True)
subprocess.run(["ip", "route", "add", "239.0.0.0/8", "dev", "lo"], check=True)
camera = IPCamera(CameraConfig(name="North%20gate", local_ip="127.0.0.1", onvif_port=PORT, username=user,
                               password=password, main_fps=10))
camera.start()
def film():
    while True:
        camera.stream(np.random.default_rng().integers(0, 255, (360, 640, 3), np.uint8))
        time.sleep(0.1)
threading.Thread(target=film, daemon=True).start()
pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
begun = [subprocess.Popen([sys.executable, *command], **pipes) for command in commands]
said = [one.communicate() for one in begun]
print("RAN" + json.dumps([[one.returncode, *texts] for one, texts in zip(begun, said)]), flush=True)
import os
os._exit(0)
""".replace("PORT", str(PORT))


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def run_beside_camera(
    commands: list[list[str]],
    folder: Path,
    login: tuple[str, str] = ("", ""),
    environment: Mapping[str, str] | None = None,
) -> list[Ran]:
    """What Python printed for each of `commands`, run at once in the camera's network; `folder` is its home."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    given = json.dumps([*login, *commands])
    done = subprocess.run(
        ["unshare", "--net", "--map-root-user", sys.executable, "-c", INSIDE, given],
        capture_output=True,
        text=True,
        cwd=folder,
        env=kept | {"HOME": str(folder), "PYTHONWARNINGS": "ignore"} | dict(environment or {}),
        timeout=120,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RAN")]
    assert lines, done.stderr
    return [Ran(*one) for one in json.loads(lines[-1].removeprefix("RAN"))]
