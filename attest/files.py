"""Durable files: what is there after a power cut is the old content or the new, never half of it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


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
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        part.unlink()
        raise
    return part
