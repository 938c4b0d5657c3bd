"""Files of a folder, in a fixed order, links never followed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from extract.errors import SourceError

#: One file of a source; larger ones become a defect, never half a record.
FILE_LIMIT = 2 * 1024**3


class Entry(NamedTuple):
    """A file below a folder.

    Attributes:
        path: Where it is.
        relative: Path below the folder, with `/`.
        defect: "" or why it is not to be read.
    """

    path: Path
    relative: str
    defect: str


class FileUnreadable(Exception):  # noqa: N818 - not an error of the program: it becomes a defect
    """A file could not be read.

    Attributes:
        code: Defect code.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def require(path: Path, what: str) -> None:
    """Check that a path that the user typed exists and can be listed or opened.

    Raises:
        SourceError: It does not, or it cannot.
    """
    try:
        if path.is_dir():
            with os.scandir(path) as found:
                next(found, None)
        elif path.is_file():
            with path.open("rb"):
                pass
        elif path.exists():
            raise SourceError(f"{path}: neither a file nor a folder", f"give the path of {what}")
        else:
            raise SourceError(f"{path}: no such file or folder", f"give the path of {what}")
    except PermissionError:
        raise SourceError(f"{path}: permission denied", "let this account read it, or run with one that may") from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened ({error.strerror or 'input/output error'})") from None


def walk(folder: Path) -> Iterator[Entry]:
    """Yield the files below a folder, sorted by relative path; links, devices and hidden folders as defects."""
    found: list[Entry] = []

    def failed(error: OSError) -> None:
        name = Path(error.filename) if error.filename else folder
        code = "folder.permission_denied" if isinstance(error, PermissionError) else "folder.unreadable"
        found.append(Entry(name, _relative(name, folder), code))

    for top, folders, names in os.walk(folder, onerror=failed, followlinks=False):
        here = Path(top)
        for name in sorted(folders):
            if (here / name).is_symlink():
                found.append(Entry(here / name, _relative(here / name, folder), "folder.link"))
        folders[:] = [n for n in folders if not (here / n).is_symlink()]
        for name in names:
            path = here / name
            defect = "" if not path.is_symlink() else "file.link"
            if not defect and not path.is_file():
                defect = "file.special"
            found.append(Entry(path, _relative(path, folder), defect))
    yield from sorted(found, key=lambda entry: PurePosixPath(entry.relative).parts)


def _relative(path: Path, folder: Path) -> str:
    text = path.relative_to(folder).as_posix() if path != folder else "."
    return text.encode("utf-8", "replace").decode("utf-8")


def read_bytes(path: Path, limit: int = FILE_LIMIT) -> bytes:
    """Return the content of a file.

    Raises:
        FileUnreadable: With a defect code that says why.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except PermissionError:
        raise FileUnreadable("file.permission_denied") from None
    except OSError:
        raise FileUnreadable("file.unreadable") from None
    if len(data) > limit:
        raise FileUnreadable("file.too_large")
    return data


def digest(data: bytes) -> str:
    """Return the SHA-256 of some bytes, hex."""
    return hashlib.sha256(data).hexdigest()
