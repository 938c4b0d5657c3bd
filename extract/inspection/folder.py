"""Opens a skill as files: a folder, a zip or one file, within limits that no honest skill comes near."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from extract.errors import ArchiveError, SourceError
from extract.sources import files
from extract.sources.archive import ZipTree

MAX_FILES = 2_000
MAX_FILE = 4 << 20
MAX_TOTAL = 16 << 20

#: Folders of tools, which are no part of what an agent loads.
_TOOLS = frozenset({".git", "__pycache__", "node_modules", ".venv"})
_HINT = "do not load it; ask whoever made it for a plain folder of text files"


@dataclass(frozen=True, slots=True)
class Opened:
    """What was opened.

    Attributes:
        name: Name of the folder that the files are in, or "" where it has none of its own.
        files: Content by path inside that folder.
        alone: Whether it is one file that was given without its folder.
    """

    name: str
    files: Mapping[str, bytes] = field(repr=False)
    alone: bool = False


def open_skill(path: Path) -> Opened:
    """Read a folder, a zip (`.skill`, `.zip`) or a single file.

    Links are not followed, entries that lead out of a zip are not read, and nothing is unpacked to disk.

    Raises:
        SourceError: There is no such path, it holds a link, or more than a skill may hold.
        ArchiveError: The zip is damaged, or built to do harm.
    """
    # A link that the user types is theirs; one that a stranger packed is not.
    path = path.resolve() if path.is_symlink() else path
    files.require(path, "a folder with a SKILL.md, a .skill or .zip file, or one file")
    if path.is_dir():
        return _folder(path)
    if path.stat().st_size > MAX_TOTAL:
        raise _too_large(path)
    with path.open("rb") as file:
        packed = file.read(4) == b"PK\x03\x04"
    if packed or path.suffix.lower() in (".zip", ".skill"):
        return _zip(path)
    content = _within(path, [(path.name, path.stat().st_size)], lambda _: files.read_bytes(path, MAX_FILE))
    return Opened(path.resolve().parent.name, content, alone=True)


def _folder(path: Path) -> Opened:
    paths: dict[str, Path] = {}
    for entry in files.walk(path):
        if _TOOLS & set(PurePosixPath(entry.relative).parts):
            continue
        if entry.defect.endswith((".link", ".special")):
            raise SourceError(f"{path}: refused: it holds a link or a device", _HINT)
        if entry.defect:
            raise SourceError(f"{path}: a file or folder in it cannot be read", "let this account read it")
        paths[entry.relative] = entry.path
        if len(paths) > MAX_FILES:
            raise _too_many(path)
    sizes = [(name, each.stat().st_size) for name, each in paths.items()]
    return Opened(path.resolve().name, _within(path, sizes, lambda name: files.read_bytes(paths[name], MAX_FILE)))


def _zip(path: Path) -> Opened:
    try:
        tree = ZipTree(path)
    except ArchiveError as error:
        raise ArchiveError(error.message, _HINT) from None
    try:
        with zipfile.ZipFile(path) as opened:
            sizes = [(i.filename, i.file_size) for i in opened.infolist() if not i.is_dir()]
        content = _within(path, sizes, tree.read)
    finally:
        tree.close()
    tops = {name.partition("/")[0] for name in content}
    if len(tops) == 1 and all("/" in name for name in content):
        return Opened(tops.pop(), {name.partition("/")[2]: data for name, data in content.items()})
    return Opened("", content)


def _within(path: Path, sizes: Iterable[tuple[str, int]], read: Callable[[str], bytes]) -> dict[str, bytes]:
    """Return the files, after their sizes were looked at and before more than that was read."""
    sizes = list(sizes)
    if not sizes:
        raise SourceError(f"{path}: there is no file in it", "name the folder with the SKILL.md")
    if len(sizes) > MAX_FILES:
        raise _too_many(path)
    if max(size for _, size in sizes) > MAX_FILE or sum(size for _, size in sizes) > MAX_TOTAL:
        raise _too_large(path)
    try:
        return {name: read(name) for name, _ in sorted(sizes)}
    except files.FileUnreadable:
        raise SourceError(f"{path}: a file in it is damaged or cannot be read", _HINT) from None


def _too_many(path: Path) -> SourceError:
    return SourceError(f"{path}: refused: more than {MAX_FILES:,} files", "name the folder of one skill")


def _too_large(path: Path) -> SourceError:
    return SourceError(
        f"{path}: refused: a file of more than {MAX_FILE >> 20} MB, or more than {MAX_TOTAL >> 20} MB in all",
        "name the folder of one skill; data that it works on is no part of it",
    )
