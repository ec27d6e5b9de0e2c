"""A disk that is soon full."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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
