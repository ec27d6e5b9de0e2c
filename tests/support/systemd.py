"""A systemd of its own: a real one, first process of namespaces, over a copy of this machine's files in memory."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.live_cameras import wait_until

SYSTEMD = Path("/usr/lib/systemd/systemd")
PROJECT = Path(__file__).parents[2]
UNITS = "etc/systemd/system"
NAMESPACES = ["--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup"]
BOOT = f"""\
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs "$DISK"
mkdir "$DISK/upper" "$DISK/work" "$DISK/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$DISK/upper,workdir=$DISK/work" "$DISK/root"
cd "$DISK/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
for folder in dev run tmp var/lib; do mount -t tmpfs tmpfs $folder; done
chmod 1777 tmp
for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
mkdir dev/shm dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t devpts -o newinstance devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
# Nothing of this machine is started: targets that want nothing, and the units of the test.
rm -rf usr/lib/systemd/system/*.wants {UNITS}
mkdir -p {UNITS} opt/python opt/packages opt/source etc/flaneur opt/flaneur/bin
mount --bind "$PYTHON" opt/python
mount --bind "$PACKAGES" opt/packages
mount --bind "$SOURCE" opt/source
site=opt/flaneur/lib/$(basename "$STDLIB")/site-packages
mkdir -p $site
printf '/opt/source\\n/opt/packages\\n' > $site/flaneur.pth
ln -s "/opt/python/bin/$(basename "$STDLIB")" opt/flaneur/bin/python
echo "home = /opt/python/bin" > opt/flaneur/pyvenv.cfg
# A Python that was built elsewhere would look for its own library there, where a service cannot see it.
cat > opt/flaneur/bin/flaneur <<'END'
#!/bin/sh
LD_LIBRARY_PATH=/opt/python/lib exec /opt/flaneur/bin/python -c "from flaneur.cli.main import main; main()" "$@"
END
chmod 755 opt/flaneur/bin/flaneur
echo "flaneur:x:990:990::/var/lib/flaneur:/usr/sbin/nologin" >> etc/passwd
echo "flaneur:x:990:" >> etc/group
chown root:990 etc/flaneur && chmod 750 etc/flaneur
cp "$GIVEN"/etc/* etc/flaneur/
cp "$GIVEN"/units/* {UNITS}/
exec env -i container=flaneur PATH="$PATH" chroot . {SYSTEMD} --system --unit=test.target --log-target=journal
"""
TARGET = "[Unit]\nDescription=the test\nWants=systemd-journald.service {unit}\n"


@dataclass(frozen=True)
class Machine:
    """A systemd that runs; paths are those that its programs see."""

    pid: int

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command as its root, beside systemd."""
        inside = ["nsenter", f"--target={self.pid}", *NAMESPACES, "--root", "sh", "-c", 'cd / && exec "$@"', "sh"]
        return subprocess.run([*inside, *command], capture_output=True, text=True, timeout=60, check=False)

    def shown(self, unit: str, key: str) -> str:
        """What systemd says of a unit."""
        return self.run("systemctl", "show", unit, f"--property={key}", "--value").stdout.strip()

    def journal(self, unit: str) -> str:
        """What a unit has said."""
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}").stdout


@contextmanager
def systemd(unit: Path, files: Path, scratch: Path) -> Iterator[Machine]:
    """Boots into `unit`, with what is in `files` in /etc/flaneur. The test is skipped where that may not be done."""
    for need in (SYSTEMD, shutil.which("unshare"), shutil.which("nsenter"), shutil.which("journalctl")):
        if need is None or not Path(need).exists():
            pytest.skip("there is no systemd on this machine")
    group = _own_group()
    shutil.copytree(files, scratch / "given" / "etc")
    (scratch / "given" / "units").mkdir()
    (scratch / "given" / "units" / "test.target").write_text(TARGET.format(unit=unit.name))
    shutil.copy(unit, scratch / "given" / "units")
    (scratch / "disk").mkdir()
    libraries = sysconfig.get_paths()
    told = {
        "DISK": str(scratch / "disk"),
        "GIVEN": str(scratch / "given"),
        "PYTHON": sys.base_prefix,
        "PACKAGES": libraries["purelib"],
        "STDLIB": libraries["stdlib"],
        "SOURCE": str(PROJECT / "src"),
    }
    with (scratch / "boot.log").open("w") as log:
        booting = subprocess.Popen(
            # it joins the group before the namespace of groups is made, so that it sees that one and no other
            ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec unshare --fork "$@" sh -c "$BOOT"', "sh", *NAMESPACES],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | told | {"BOOT": BOOT},
        )
    try:
        yield _machine(booting, scratch / "boot.log")
    finally:
        for pid in _children(booting.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # with the first process all others of its namespace end
        booting.kill()
        booting.wait()
        wait_until(lambda: _removed(group))


def _own_group() -> Path:
    roots = [Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")]
    for root in roots:
        if (root / "cgroup.procs").exists() and (root / "cgroup.controllers").exists():
            group = root / f"flaneur-test-{os.getpid()}"
            try:
                group.mkdir()
            except OSError:
                break
            return group
    pytest.skip("systemd needs a group of processes of its own, which root may make where there are cgroups v2")


def _machine(booting: "subprocess.Popen[bytes]", log: Path) -> Machine:
    def is_up() -> bool:
        (pid,) = _children(booting.pid) or (None,)
        if booting.poll() is not None:
            pytest.fail(f"systemd did not start: {log.read_text()}")
        return pid is not None and Path(f"/proc/{pid}/comm").read_text().strip() == "systemd"

    wait_until(is_up, 20)
    machine = Machine(_children(booting.pid)[0])
    wait_until(lambda: machine.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"), 60)
    return machine


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _removed(group: Path) -> bool:
    for folder, _, _ in os.walk(group, topdown=False):
        with suppress(OSError):
            Path(folder).rmdir()
    return not group.exists()
