"""Sealed parts: what workers make lies on the disk encrypted, whole, and under the digest of what it was made of."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from extract.execution.errors import PartError

_KEY = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_MARKER = "-"
"""Name under which the list of a part's files is sealed; no section can be called so."""
_NONCE = 12
"""Bytes; NIST SP 800-38D §8.2.2: random, and far below 2^32 files under one key."""
_TRIES = 3


class Parts(Protocol):
    """Where parts are kept. Several processes may write at the same time, also the same part."""

    def write(self, key: str, files: Mapping[str, bytes]) -> None:
        """Keep a part, all of it or nothing.

        Raises:
            OSError: If the disk is full or fails.
        """
        ...

    def has(self, key: str) -> bool:
        """Return whether all of a part is there."""
        ...

    def read(self, key: str, name: str) -> bytes:
        """Return one section of a part; the others are not touched.

        Raises:
            PartError: If it is missing, changed, or another's.
        """
        ...

    def drop(self, key: str) -> None:
        """Delete a part, if it is there."""
        ...

    def close(self) -> None:
        """Clear away what killed writers left; call it when no writer is at work."""
        ...


class MemoryParts:
    """Parts in a dictionary: for small runs in one process."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, bytes]] = {}

    def write(self, key: str, files: Mapping[str, bytes]) -> None:
        """Keep a part."""
        _checked(key, files)
        self._files[key] = dict(files)

    def has(self, key: str) -> bool:
        """Return whether a part is there."""
        return key in self._files

    def read(self, key: str, name: str) -> bytes:
        """Return one section of a part."""
        try:
            return self._files[key][name]
        except KeyError:
            raise _missing() from None

    def drop(self, key: str) -> None:
        """Delete a part, if it is there."""
        self._files.pop(key, None)

    def close(self) -> None:
        """Do nothing: nothing is left behind."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Refuse: a copy in a worker would be another dictionary."""
        raise TypeError("parts in memory stay in their process: give workers sealed parts")


class SealedParts:
    """Parts in a folder that may be shared between machines: AES-256-GCM, one file per section.

    A file's name is `KEY.SECTION`. Key and section are authenticated with it, so that no file can stand for another.
    A part is there when its marker is, which is renamed into place last.

    A pickle of it carries the key to a worker. Nothing else shows it.
    """

    def __init__(self, folder: Path, secret: bytes) -> None:
        """Open the folder, make it if need be, and clear away what killed writers left.

        Args:
            folder: For the user only (0700).
            secret: At least 16 random bytes; whoever has them can read the parts.
        """
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        if len(secret) < 16:
            raise ValueError("the secret of sealed parts has at least 16 bytes")
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"govern sealed parts v1").derive(secret)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._take(folder.absolute(), key)
        self.close()

    def _take(self, folder: Path, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._folder = folder
        self._key = key
        self._cipher = AESGCM(key)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it for a worker, with the key."""
        return _reopened, (self._folder, self._key)

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "SealedParts()"

    def write(self, key: str, files: Mapping[str, bytes]) -> None:
        """Keep a part, all of it or nothing.

        Raises:
            OSError: If the disk is full or fails; then the part is not there, and no temporary file is left.
        """
        _checked(key, files)
        for name, data in files.items():
            self._put(key, name, data)
        self._put(key, _MARKER, json.dumps(sorted(files)).encode())
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def has(self, key: str) -> bool:
        """Return whether all of a part is there. A marker that cannot be opened counts as none: it is made again."""
        try:
            names = json.loads(self._open(key, _MARKER))
        except PartError:
            return False
        return all(self._path(key, name).is_file() for name in names)

    def read(self, key: str, name: str) -> bytes:
        """Return one section of a part; the others are not touched.

        Raises:
            PartError: If it is missing, changed, or another's.
        """
        if not _NAME.fullmatch(name):
            raise _missing()
        return self._open(key, name)

    def drop(self, key: str) -> None:
        """Delete a part, if it is there: its marker first, so that there never is half of one."""
        self._path(key, _MARKER).unlink(missing_ok=True)
        for path in self._folder.glob(f"{key}.*"):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Clear away what killed writers left: their temporary files."""
        for path in self._folder.glob("*.tmp"):
            path.unlink(missing_ok=True)

    def _path(self, key: str, name: str) -> Path:
        if not _KEY.fullmatch(key):
            raise _missing()
        return self._folder / f"{key}.{name}"

    def _put(self, key: str, name: str, data: bytes) -> None:
        target = self._path(key, name)
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, data, _bound(key, name))
        for left in reversed(range(_TRIES)):
            draft = self._folder / f"{secrets.token_hex(16)}.tmp"
            try:
                _written(draft, sealed)
                draft.replace(target)
            except FileNotFoundError:
                # Somebody who opened the folder just now took the draft for what a killed writer left.
                if not left or not self._folder.is_dir():
                    raise
            except BaseException:
                with contextlib.suppress(OSError):
                    draft.unlink(missing_ok=True)
                raise
            else:
                return

    def _open(self, key: str, name: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            sealed = self._path(key, name).read_bytes()
        except FileNotFoundError:
            raise _missing() from None
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(key, name))
        except (InvalidTag, ValueError):
            raise PartError(
                "a sealed part was changed, or belongs to another run",
                "delete its folder and run the same command again: what is missing is made again",
            ) from None


def _reopened(folder: Path, key: bytes) -> SealedParts:
    # As in a worker: other writers are at work, so nothing is cleared away.
    parts = SealedParts.__new__(SealedParts)
    parts._take(folder, key)
    return parts


def _bound(key: str, name: str) -> bytes:
    return hashlib.sha256(f"govern part\0{key}\0{name}".encode()).digest()


def _written(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _checked(key: str, files: Mapping[str, bytes]) -> None:
    if not _KEY.fullmatch(key) or not all(_NAME.fullmatch(name) for name in files):
        raise ValueError("a part has a SHA-256 as its key and short lower-case names of sections")


def _missing() -> PartError:
    return PartError("a part is missing", "run the same command again: what is missing is made again")
