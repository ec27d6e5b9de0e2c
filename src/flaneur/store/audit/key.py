"""The site's key, with which the audit log is signed: Ed25519 (RFC 8032), in a file that nobody else may read."""

import os
import stat
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from flaneur.store.audit.errors import AuditError, explained

LARGEST_BYTES = 10_000
OWNER_ONLY = 0o600
EVERYBODY = 0o644


class PublicKey:
    """The half of a site's key that everybody may know."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key in the PEM file at `path`; AuditError when there is none."""
        try:
            key = serialization.load_pem_public_key(_content(path))
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise AuditError(f"{path}: is not the public key of a site; `flaneur audit init` writes one")
        return cls(key)

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """The key of these 32 bytes."""
        return cls(Ed25519PublicKey.from_public_bytes(bytes.fromhex(text)))

    @property
    def hex(self) -> str:
        """Its 32 bytes, hexadecimal."""
        return self._key.public_bytes_raw().hex()

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether the owner of the key signed the message."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SiteKey:
    """The secret half. It signs and tells its public half, and nothing else."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a key, in a new file that only this account may read, and its public half beside it (`….pub`)."""
        key = Ed25519PrivateKey.generate()
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        new_file(path, secret, OWNER_ONLY)
        try:
            new_file(public_path(path), public, EVERYBODY)
        except AuditError:
            path.unlink()
            raise
        return cls(key)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key in the file at `path`; AuditError when others may read it or it is none."""
        with explained(path):
            status = path.stat()
        if status.st_uid != os.geteuid():
            raise AuditError(f"{path}: belongs to another account than the one that runs Flaneur; change its owner")
        if stat.S_IMODE(status.st_mode) & ~OWNER_ONLY:
            raise AuditError(f"{path}: may be used by others than its owner; make it private: chmod 600 {path}")
        try:
            key = serialization.load_pem_private_key(_content(path), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise AuditError(f"{path}: is not the key of a site; `flaneur audit init` makes one")
        return cls(key)

    @property
    def public(self) -> PublicKey:
        """The half that everybody may know."""
        return PublicKey(self._key.public_key())

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)


def public_path(key: Path) -> Path:
    """Where the public half of the key in the file `key` lies."""
    return key.with_name(f"{key.name}.pub")


def new_file(path: Path, content: bytes, mode: int) -> None:
    """Write a file that was not there before, whole or not at all; AuditError when it was there or the disk refuses."""
    with explained(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink()
            raise


def _content(path: Path) -> bytes:
    with explained(path), path.open("rb") as file:
        return file.read(LARGEST_BYTES)
