"""Checks whether a machine and a site are fit to watch, one finding for each thing that is looked at."""

import ctypes
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
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
    """What was looked at, how it is, and what to do where it is not well."""

    verdict: Verdict
    what: str
    text: str
    remedy: str = ""


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
        yield Finding("fail", "site", str(error), "put that right, then ask again")
        return
    yield Finding("ok", "site", f"{setup.site.site.name}, {len(setup.cameras)} camera(s), {site_path}")
    yield from of_store(setup.folder)
    yield from permissions(setup)
    yield from _services(setup)
    table = setup.site.detector
    yield _model(DetectParams(table.model, table.layout, table.kinds, table.licence))
    if cameras:
        for camera in setup.cameras:
            yield _camera(camera, site_path)


def _machine() -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0))
    yield Finding("ok", "cores", f"{cores} may be used")
    free_mb = _free_memory_mb()
    more = "close other programs, or give the machine (or its container) more"
    if free_mb < FEW_MB:
        yield Finding("fail", "memory", f"{free_mb} MB are free, {FEW_MB} MB are needed", more)
    elif free_mb < MANY_MB:
        yield Finding("warn", "memory", f"{free_mb} MB are free; that is enough for a few cameras", more)
    else:
        yield Finding("ok", "memory", f"{free_mb} MB are free")
    if os.geteuid() == 0:
        yield Finding(
            "warn",
            "account",
            "this is root, who may do anything",
            "run as an account of its own, as flaneur.service does",
        )


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
        yield _codec(name, codec, "r", "cameras that send it cannot be watched")
    yield _codec("H.264 (writing)", ENCODER, "w", "redacted videos cannot be written")


def _codec(name: str, codec: str, mode: Literal["r", "w"], otherwise: str) -> Finding:
    try:
        av.Codec(codec, mode)
    except av.codec.codec.UnknownCodecError:
        return Finding("fail", "codec", f"{name}: is not there; {otherwise}", "install the package av from a wheel")
    return Finding("ok", "codec", name)


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
        return Finding(
            "warn", "clock", "the system does not tell whether it is right", "make sure that NTP or PTP runs"
        )
    if now.status & STA_UNSYNC:
        return Finding(
            "warn",
            "clock",
            "no time server keeps it right; intervals would drift from those of other sites",
            "install and start one of: systemd-timesyncd, chrony, ntpsec",
        )
    return Finding("ok", "clock", f"kept right, to {now.maxerror / US_PER_MS:.0f} ms at worst")


def _model(params: DetectParams) -> Finding:
    try:
        detector = open_detector(params)
        detector.detect(np.zeros((480, 640, 3), np.uint8))
    except UserError as error:
        return Finding("fail", "model", str(error), "name another model under [detector], or get this one")
    kinds = ", ".join(kind.label for kind in detector.facts.kinds)
    return Finding("ok", "model", f"{detector.facts.name}, SHA-256 {detector.facts.sha256}; it tells {kinds}")


def of_store(folder: Path) -> Iterator[Finding]:
    """Whether the store's folder can be written and has room, and whether the store is whole."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"1")
    except OSError as error:
        yield Finding("fail", "store", f"{there}: cannot be written: {error.strerror}", "let this account write there")
        return
    yield Finding("ok", "store", f"{there} can be written")
    free_mb = shutil.disk_usage(there).free // MB
    text, less = f"{free_mb} MB are free", "free some, or let old figures go: [keep] and flaneur retention"
    verdict: Verdict = "fail" if free_mb < FULL_MB else "warn" if free_mb < NEARLY_FULL_MB else "ok"
    yield Finding(verdict, "disk", text, "" if verdict == "ok" else less)
    if (kind := _disk_kind(there)) in NETWORK_DISKS:
        yield Finding(
            "warn", "disk", f"{there} is on a network disk ({kind}), where a store can be damaged", "take a local disk"
        )
    path = folder / STORE
    if path.exists():
        yield _integrity(path)


def _integrity(path: Path) -> Finding:
    restore = "stop the program, put the file aside, and restore it from a copy"
    try:
        Store.open(path, read_only=True).close()
        damage = Archive(path).damage()
    except UserError as error:
        return Finding("fail", "store", str(error), restore)
    if damage:
        return Finding("fail", "store", f"{path}: is damaged: {damage}", restore)
    return Finding("ok", "store", f"{path} is whole")


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
    files = {"site file": (setup.path, stat.S_IWOTH | stat.S_IWGRP, "change")}
    if setup.folder.is_dir():  # exact figures: for the operator only
        files["folder of the store"] = (setup.folder, stat.S_IRWXO, "read or change")
    if setup.site.watch.secrets is not None:  # that it is private was checked when it was read
        yield Finding("ok", "permissions", f"{setup.path.parent / setup.site.watch.secrets}: nobody else can read it")
    if setup.site.audit is not None:
        files["key of the audit log"] = (log_paths(setup.path)[1], stat.S_IRWXO | stat.S_IRWXG, "read or change")
    for what, (path, others, do) in files.items():
        if not path.exists():
            yield Finding("warn", "permissions", f"{path}: is not there yet", "make it with: flaneur audit init")
        elif path.stat().st_mode & others:
            sign = "o-rwx" if others == stat.S_IRWXO else "go-w" if do == "change" else "go-rwx"
            yield Finding("warn", "permissions", f"{path}: others can {do} the {what}", f"chmod {sign} {path}")
        else:
            yield Finding("ok", "permissions", f"{path}: nobody else can {do} the {what}")


def _services(setup: SiteSetup) -> Iterator[Finding]:
    serve, mqtt = setup.site.serve, setup.site.mqtt
    if serve is not None:
        address = (serve.host, serve.port)
        try:
            family = socket.AF_INET6 if ":" in serve.host else socket.AF_INET
            socket.create_server(address, family=family).close()
        except OSError as error:
            yield Finding(
                "warn",
                "serve",
                f"{serve.host} port {serve.port}: {error.strerror or error}",
                "well if flaneur watch runs already; else take another host or port",
            )
        else:
            yield Finding("ok", "serve", f"{serve.host} port {serve.port} is free")
    if mqtt is not None:
        try:
            with closing(socket.create_connection((mqtt.host, mqtt.port), PORT_S)):
                yield Finding("ok", "mqtt", f"{mqtt.host} port {mqtt.port} answers")
        except OSError as error:
            yield Finding(
                "warn",
                "mqtt",
                f"{mqtt.host} port {mqtt.port}: {error.strerror or error}",
                "start the broker, or check both",
            )


def _camera(camera: CameraSetup, site_path: Path) -> Finding:
    what = f"camera {camera.name}"
    try:
        with LiveSource(camera.address, camera.source, Clock(), 0) as source:
            info = source.info
    except (LostError, UserError) as error:
        return Finding(
            "fail", what, str(error), f"look closer: flaneur camera test {site_path} --camera {camera.name!r}"
        )
    rate = "" if info.rate_per_s is None else f", {info.rate_per_s:g} frames/s"
    return Finding("ok", what, f"{info.codec}, {info.width_px} × {info.height_px}{rate}")
