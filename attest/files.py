"""Durable files: what is there after a power cut is the old content or the new, never half of it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def create_file(path: Path, data: bytes, mode: int = 0o644, *, sync_name: bool = True) -> None:
    """Write a new file; fails if there is one of that name.

    Args:
        path: Where to.
        data: The content.
        mode: The permissions, less the process's mask.
        sync_name: Make the name durable, too; else that is left to the caller, who has many files for one folder.

    Raises:
        FileExistsError: The name is taken, also by a dangling link.
    """
    part = _write_part(path, data, mode)
    try:
        # link, unlike rename, fails if the name exists: no gap between a test and the act.
        os.link(part, path)
    finally:
        part.unlink()
    if sync_name:
        sync_folder(path.parent)


def replace_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file, replacing one of that name in one step."""
    part = _write_part(path, data, mode)
    try:
        part.replace(path)
    except OSError:
        part.unlink()
        raise
    sync_folder(path.parent)


@contextmanager
def whole_file(path: Path, mode: int = 0o644, *, replace: bool = False) -> Iterator[BinaryIO]:
    """Yield a file for what does not fit into memory; it gets its name when the block ends well, and is gone if not.

    Raises:
        FileExistsError: The name is taken, and is not to be replaced.
    """
    part, descriptor = _open_part(path, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replace:
            part.replace(path)
        else:
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def is_part(name: str) -> bool:
    """Tell whether a file's name is that of one that is being written, or whose writer was killed."""
    return name.startswith(".") and name.endswith(".part")


def _write_part(path: Path, data: bytes, mode: int) -> Path:
    part, descriptor = _open_part(path, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        part.unlink()
        raise
    return part


def _open_part(path: Path, mode: int) -> tuple[Path, int]:
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    return part, os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
