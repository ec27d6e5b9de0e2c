"""Checks whether a machine and a site are fit to watch, one finding for each thing that is looked at.

What is said of a finding, and what to do, is in `flaneur.cli.doctor_texts` under its key.
"""

import ctypes
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import av
import numpy as np

from flaneur.data.errors import UserError
from flaneur.detect.detector import DetectParams, open_detector
from flaneur.run.audit import log_paths
from flaneur.run.live.setup import CameraSetup, SiteSetup, read_setup
from flaneur.run.results import STORE
from flaneur.source.live import LiveSource
from flaneur.source.live_clock import Clock
from flaneur.source.live_opening import LostError
from flaneur.store.archive import Archive
from flaneur.store.store import Store

DECODERS = {"H.264": "h264", "H.265": "hevc", "MJPEG": "mjpeg"}
ENCODER = "libx264"
FEW_MB, MANY_MB = 1_000, 2_000
"""Memory with which the detector barely starts, and with which some cameras fit."""
FULL_MB, NEARLY_FULL_MB = 100, 1_000
"""Free space of the store's disk; a camera with ten lines fills about 17 MB a day."""
MB = 1_000_000
NETWORK_DISKS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs"})
"""SQLite's write-ahead log needs shared memory, which these do not have."""
PORT_S = 2.0

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and how it is."""

    verdict: Verdict
    what: str
    """`memory`, `clock`, `camera` …"""
    key: str
    """Of the sentence about it; each key that is not `ok` has a remedy, too."""
    values: Mapping[str, object] = field(default_factory=dict)
    """What fills the gaps of the sentence: text, paths, numbers, a tuple of kinds' labels; None where it is unknown."""


def examine(site_path: Path | None, *, cameras: bool) -> Iterator[Finding]:
    """All findings, one by one as they are made; those of a site only where its file is given and can be read."""
    yield from _machine()
    yield from _codecs()
    yield _clock()
    if site_path is None:
        yield _model(DetectParams())
        return
    try:
        setup = read_setup(site_path)
    except UserError as error:
        yield Finding("fail", "site", "site_wrong", {"error": error})
        return
    said = {"name": setup.site.site.name, "cameras": len(setup.cameras), "path": site_path}
    yield Finding("ok", "site", "site", said)
    yield from of_store(setup.folder)
    yield from permissions(setup)
    yield from _services(setup)
    table = setup.site.detector
    yield _model(DetectParams(table.model, table.layout, table.kinds, table.licence))
    if cameras:
        for camera in setup.cameras:
            yield _camera(camera, site_path)


def _machine() -> Iterator[Finding]:
    yield Finding("ok", "cores", "cores", {"cores": len(os.sched_getaffinity(0))})
    free_mb = _free_memory_mb()
    if free_mb < FEW_MB:
        yield Finding("fail", "memory", "memory_short", {"free": free_mb, "needed": FEW_MB})
    elif free_mb < MANY_MB:
        yield Finding("warn", "memory", "memory_low", {"free": free_mb})
    else:
        yield Finding("ok", "memory", "memory", {"free": free_mb})
    if os.geteuid() == 0:
        yield Finding("warn", "account", "root")


def _free_memory_mb() -> int:
    """What the system says can still be had, or what the control group leaves, if that is less."""
    meminfo = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    free = int(meminfo["MemAvailable"].split()[0]) * 1024
    try:
        limit, used = (Path(f"/sys/fs/cgroup/memory.{name}").read_text().strip() for name in ("max", "current"))
    except OSError:
        return free // MB
    return (free if limit == "max" else min(free, int(limit) - int(used))) // MB


def _codecs() -> Iterator[Finding]:
    for name, codec in DECODERS.items():
        yield _codec(name, codec, "r", "codec_reads")
    yield _codec("H.264", ENCODER, "w", "codec_writes")


def _codec(name: str, codec: str, mode: Literal["r", "w"], key: str) -> Finding:
    try:
        av.Codec(codec, mode)
    except av.codec.codec.UnknownCodecError:
        return Finding("fail", "codec", f"{key}_not", {"codec": name})
    return Finding("ok", "codec", key, {"codec": name})


class _Timex(ctypes.Structure):
    """The beginning of `struct timex` of adjtimex(2), with room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


STA_UNSYNC = 0x40
US_PER_MS = 1000


def _clock() -> Finding:
    """Whether the kernel's clock is kept right by a time server."""
    now = _Timex()  # modes = 0: only read
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(now))
    if state < 0:
        return Finding("warn", "clock", "clock_untold")
    if now.status & STA_UNSYNC:
        return Finding("warn", "clock", "clock_adrift")
    return Finding("ok", "clock", "clock", {"worst": round(now.maxerror / US_PER_MS)})


def _model(params: DetectParams) -> Finding:
    try:
        detector = open_detector(params)
        detector.detect(np.zeros((480, 640, 3), np.uint8))
    except UserError as error:
        return Finding("fail", "model", "model_wrong", {"error": error})
    facts = detector.facts
    kinds = tuple(kind.label for kind in facts.kinds)
    return Finding("ok", "model", "model", {"name": facts.name, "sha256": facts.sha256, "kinds": kinds})


def of_store(folder: Path) -> Iterator[Finding]:
    """Whether the store's folder can be written and has room, and whether the store is whole."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"1")
    except OSError as error:
        yield Finding("fail", "store", "folder_closed", {"folder": there, "error": error.strerror})
        return
    yield Finding("ok", "store", "folder", {"folder": there})
    free = {"free": shutil.disk_usage(there).free // MB}
    if free["free"] < NEARLY_FULL_MB:
        yield Finding("fail" if free["free"] < FULL_MB else "warn", "disk", "disk_low", free)
    else:
        yield Finding("ok", "disk", "disk", free)
    if (kind := _disk_kind(there)) in NETWORK_DISKS:
        yield Finding("warn", "disk", "disk_network", {"folder": there, "kind": kind})
    path = folder / STORE
    if path.exists():
        yield _integrity(path)


def _integrity(path: Path) -> Finding:
    try:
        Store.open(path, read_only=True).close()
        damage = Archive(path).damage()
    except UserError as error:
        return Finding("fail", "store", "store_wrong", {"error": error})
    if damage:
        return Finding("fail", "store", "store_damaged", {"path": path, "damage": damage.replace("\n", "; ")})
    return Finding("ok", "store", "store", {"path": path})


def _disk_kind(folder: Path) -> str:
    """The kind of file system that a folder is on; empty where it cannot be told."""
    best, kind = "", ""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, this, *_ = line.split()
        inside = place == "/" or f"{folder.resolve()}/".startswith(f"{place}/")
        if inside and len(place) >= len(best):
            best, kind = place, this
    return kind


def permissions(setup: SiteSetup) -> Iterator[Finding]:
    """Whether others can change what decides, or read what is the operator's only."""
    yield _closed("site_file", setup.path, stat.S_IWOTH | stat.S_IWGRP, "go-w")
    if setup.folder.is_dir():  # exact figures: for the operator only
        yield _closed("results", setup.folder, stat.S_IRWXO, "o-rwx")
    if setup.site.watch.secrets is not None:  # that it is private was checked when it was read
        yield Finding("ok", "permissions", "secrets", {"path": setup.path.parent / setup.site.watch.secrets})
    if setup.site.audit is not None:
        _, key = log_paths(setup.path)
        if key.exists():
            yield _closed("key", key, stat.S_IRWXO | stat.S_IRWXG, "go-rwx")
        else:
            yield Finding("warn", "permissions", "key_missing", {"path": key})


def _closed(key: str, path: Path, others: int, sign: str) -> Finding:
    """Whether nobody else has the rights `others`; `sign` is what takes them away."""
    if path.stat().st_mode & others:
        return Finding("warn", "permissions", f"{key}_open", {"path": path, "sign": sign})
    return Finding("ok", "permissions", key, {"path": path})


def _services(setup: SiteSetup) -> Iterator[Finding]:
    serve, mqtt = setup.site.serve, setup.site.mqtt
    if serve is not None:
        address = {"host": serve.host, "port": serve.port}
        try:
            family = socket.AF_INET6 if ":" in serve.host else socket.AF_INET
            socket.create_server((serve.host, serve.port), family=family).close()
        except OSError as error:
            yield Finding("warn", "serve", "port_taken", {**address, "error": error.strerror or error})
        else:
            yield Finding("ok", "serve", "port", address)
    if mqtt is not None:
        address = {"host": mqtt.host, "port": mqtt.port}
        try:
            with closing(socket.create_connection((mqtt.host, mqtt.port), PORT_S)):
                yield Finding("ok", "mqtt", "broker", address)
        except OSError as error:
            yield Finding("warn", "mqtt", "broker_silent", {**address, "error": error.strerror or error})


def _camera(camera: CameraSetup, site_path: Path) -> Finding:
    name = {"camera": camera.name}
    try:
        with LiveSource(camera.address, camera.source, Clock(), 0) as source:
            info = source.info
    except (LostError, UserError) as error:
        return Finding("fail", "camera", "camera_lost", {**name, "error": error, "site": site_path})
    picture = {"codec": info.codec, "width": info.width_px, "height": info.height_px, "rate": info.rate_per_s}
    return Finding("ok", "camera", "camera", {**name, **picture})
