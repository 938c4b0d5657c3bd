"""An export as a tree of named files: a folder, or a zip that is checked before anything of it is read."""

from __future__ import annotations

import contextlib
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Protocol

from extract.errors import ArchiveError
from extract.sources import files

#: No export of chat messages comes near these; what does is built to fill a disk or a memory.
MAX_ENTRIES = 500_000
MAX_FILE = 512 * 1024**2
MAX_TOTAL = 16 * 1024**3
#: JSON of chats compresses 5 to 40 times; DEFLATE ends near 1030.
MAX_RATIO = 200
RATIO_FROM = 1024**2


class Tree(Protocol):
    """A tree of files; `names` maps relative paths, sorted, to "" or the code of a defect."""

    @property
    def names(self) -> Mapping[str, str]: ...  # noqa: D102 - described above

    def read(self, name: str) -> bytes:
        """Return a file's content.

        Raises:
            FileUnreadable: With a defect code.
        """
        ...


class FolderTree:
    """The files below a folder."""

    def __init__(self, path: Path) -> None:
        """List the folder."""
        entries = list(files.walk(path))
        self.names: Mapping[str, str] = {e.relative: e.defect for e in entries}
        self._paths = {e.relative: e.path for e in entries}

    def read(self, name: str) -> bytes:
        """Return a file's content."""
        return files.read_bytes(self._paths[name], MAX_FILE)


class ZipTree:
    """The files in a zip."""

    def __init__(self, path: Path) -> None:
        """Open and check the zip.

        Raises:
            ArchiveError: It is damaged or encrypted, or an entry leads out of it, is a link, stands twice, or
                declares more content than an export can have.
        """
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, ValueError, NotImplementedError):
            raise ArchiveError(f"{path}: not a readable zip, or cut off", "download the export again") from None
        try:
            self._entries = self._checked()
        except ArchiveError:
            self._zip.close()
            raise
        self.names: Mapping[str, str] = dict.fromkeys(sorted(self._entries, key=lambda n: PurePosixPath(n).parts), "")

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        if len(infos) > MAX_ENTRIES:
            raise self._refusal(f"more than {MAX_ENTRIES} entries")
        found: dict[str, zipfile.ZipInfo] = {}
        total = packed = 0
        for info in infos:
            name = info.filename
            if (
                not name
                or name.startswith(("/", "\\"))
                or "\\" in info.orig_filename
                or "\0" in info.orig_filename
                or ":" in PurePosixPath(name).parts[0]
                or ".." in PurePosixPath(name).parts
            ):
                raise self._refusal("an entry leads out of it")
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise self._refusal("an entry is a link or a device")
            if info.flag_bits & 0x1:
                raise self._refusal("an entry is encrypted")
            if info.is_dir():
                continue
            if name in found:
                raise self._refusal("an entry stands twice")
            total += info.file_size
            packed += info.compress_size
            if info.file_size > MAX_FILE or total > MAX_TOTAL:
                raise self._refusal("it unpacks to more than an export can hold")
            if info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * max(info.compress_size, 1):
                raise self._refusal(f"an entry unpacks to more than {MAX_RATIO} times its size")
            found[name] = info
        # Entries that share compressed bytes add up to more than the file: the way of the strongest zip bombs.
        if packed > self._path.stat().st_size:
            raise self._refusal("its entries overlap")
        return found

    def _refusal(self, what: str) -> ArchiveError:
        return ArchiveError(f"{self._path}: refused: {what}", "use the zip as the chat service made it")

    def read(self, name: str) -> bytes:
        """Return a file's content, at most as much as the zip declared."""
        info = self._entries[name]
        try:
            with self._zip.open(info) as file:
                data = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
            raise files.FileUnreadable("file.damaged") from None
        if len(data) != info.file_size:
            raise files.FileUnreadable("file.damaged")
        return data


def check(path: Path) -> None:
    """Check a zip.

    Raises:
        SourceError: It cannot be opened.
        ArchiveError: It is no zip, or one that is refused.
    """
    tree = open_tree(path)
    if isinstance(tree, ZipTree):
        tree.close()


def open_tree(path: Path) -> FolderTree | ZipTree:
    """Open a folder or a zip.

    Raises:
        SourceError: It cannot be opened.
        ArchiveError: A file that is no zip, or a zip that is refused.
    """
    files.require(path, "an export: a zip or a folder")
    if path.is_dir():
        return FolderTree(path)
    with contextlib.suppress(OSError):
        if path.stat().st_size == 0:
            raise ArchiveError(f"{path}: the file is empty", "download the export again")
    return ZipTree(path)
