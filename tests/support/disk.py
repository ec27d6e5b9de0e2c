"""A disk that is soon full, and one that fails."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@contextmanager
def small_disk(mount_point: Path, size: str) -> Iterator[Path]:
    """A disk of a `size` such as `64k`; the test is skipped where this user may not mount one."""
    mount_point.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(mount_point)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a disk of its own can be mounted by root only")
    yield mount_point
    subprocess.run(["umount", str(mount_point)], check=True)


@dataclass
class BreakingDisk:
    """A disk that the system makes read-only when it begins to fail, as it does with real ones."""

    mount_point: Path
    image: Path

    def fail(self) -> None:
        """From now on nothing can be written; what was on its way is lost."""
        subprocess.run(["mount", "-o", "remount,abort", str(self.mount_point)], check=True)

    def mend(self) -> None:
        """Take it out, check it and put it back."""
        subprocess.run(["umount", str(self.mount_point)], check=True)
        subprocess.run(["e2fsck", "-y", str(self.image)], capture_output=True, check=False)
        self.insert()

    def insert(self) -> None:
        """Put it in; the test is skipped where this user may not."""
        mounted = subprocess.run(
            ["mount", "-o", "loop", str(self.image), str(self.mount_point)], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("a disk of its own can be mounted by root only, and where there are loop devices")


@contextmanager
def breaking_disk(mount_point: Path) -> Iterator[BreakingDisk]:
    """A disk of 8 MB with a journal; the test is skipped where this user may not mount one."""
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("there is no mkfs.ext4 on this machine")
    image = mount_point.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(8 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    mount_point.mkdir()
    disk = BreakingDisk(mount_point, image)
    disk.insert()
    yield disk
    subprocess.run(["umount", str(mount_point)], check=True)
