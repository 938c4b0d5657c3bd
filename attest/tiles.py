"""Folders of published tiles: reading them, and checking one by nothing but the log's key."""

from __future__ import annotations

import hmac
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from attest import checkpoint as checkpoints
from attest.checkpoint import Checkpoint
from attest.errors import FormatError, SignatureError, StoreError, TileError
from attest.files import is_part
from attest.merkle import leaf_hash
from attest.note import MAX_NOTE, Verifier, open_note
from attest.tile import ENTRIES, MAX_TILE, WIDTH, Builder, Coordinate, Tile, parse_bundle, parse_path

CHECKPOINT = "checkpoint"

_DEPTH = 9
"""Folders below `tile`: a level, six of an index, one of partial tiles, and one to spare."""

Progress = Callable[[str, int, int], None]
"""Called with a stage, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a published folder turned out to be.

    Attributes:
        head: The log's head, as its key signed it.
        files: Tiles and entry bundles that were compared.
        ahead: Tiles of a later size: a publication is under way or was interrupted. No checkpoint vouches for them.
        kept: Sizes of the older checkpoints that the log still agrees with.
    """

    head: Checkpoint
    files: int
    ahead: int
    kept: tuple[int, ...]


def check_folder(folder: Path, vkey: str, kept: Sequence[bytes] = (), progress: Progress | None = None) -> Checked:
    """Check a published folder from all its entries up to the checkpoint; trusts the key and nothing else.

    Needs memory for one bundle and one tile of each level, however large the log is.

    Args:
        folder: The folder.
        vkey: The log's key, from somewhere else than the folder. Its name is the log's origin.
        kept: Older checkpoints of the log: the published log must be a continuation of each of them.
        progress: Told how far it is.

    Returns:
        What was found.

    Raises:
        FormatError: The key is not in form.
        StoreError: There is no published log in the folder, or it cannot be read.
        SignatureError: The log's key did not sign a checkpoint.
        TileError: Names what is missing, or which file does not fit.
    """
    verifier = Verifier.from_vkey(vkey)
    head = _read_head(folder, verifier)
    older = sorted((_head(note, verifier, "a kept checkpoint") for note in kept), key=lambda older: older.size)
    if older and older[-1].size > head.size:
        raise TileError(
            f"the folder shows {head.size} entries, but the log has signed {older[-1].size}",
            "ask the log's operator for the present state; a log never gets shorter",
        )
    with reading(folder):
        files = _check_tiles(folder, head, older, progress)
        ahead = _check_names(folder, head.size)
    return Checked(head, files, ahead, tuple(checkpoint.size for checkpoint in older))


def _read_head(folder: Path, verifier: Verifier) -> Checkpoint:
    with reading(folder):
        if not folder.is_dir():
            raise StoreError(f"{folder} is not a folder", "name the folder that holds `checkpoint` and `tile`")
        note = read_file(folder / CHECKPOINT, MAX_NOTE)
    if note is None:
        raise StoreError(
            f"{folder} holds no {CHECKPOINT}", "it is no published log, or its first publication did not end"
        )
    return _head(note, verifier, f"{folder / CHECKPOINT}")


def _head(note: bytes, verifier: Verifier, what: str) -> Checkpoint:
    try:
        head = checkpoints.parse(open_note(note, [verifier]).text)
    except FormatError as error:
        raise TileError(f"{what} is not a signed checkpoint: {error.message}") from None
    except SignatureError as error:
        raise SignatureError(f"{what}: {error.message}", "is this the log's key?") from None
    if head.origin != verifier.name:
        raise TileError(f"{what} is of another log than the key")
    return head


def _read_entries(folder: Path, place: Coordinate) -> list[bytes]:
    """Return the entries of a bundle; a partial one may have given way to the full one (tlog-tiles, Partial Tiles)."""
    for width in sorted({place.width, WIDTH}):
        found = Coordinate(ENTRIES, place.index, width)
        data = read_file(folder / found.path)
        if data is not None:
            try:
                return parse_bundle(data, width)[: place.width]
            except FormatError as error:
                raise TileError(f"{folder / found.path} cannot be read: {error.message}") from None
    raise TileError(f"{folder / place.path} is missing")


def _check_tiles(folder: Path, head: Checkpoint, older: Sequence[Checkpoint], progress: Progress | None) -> int:
    builder, waiting, files = Builder(), list(older), 0
    last: tuple[bytes, ...] = ()
    for start in range(0, head.size, WIDTH):
        entries = _read_entries(folder, Coordinate(ENTRIES, start // WIDTH, min(WIDTH, head.size - start)))
        hashes = tuple(leaf_hash(entry) for entry in entries)
        while waiting and waiting[0].size < start + WIDTH:
            _check_root(builder.root(hashes[: waiting[0].size - start]), waiting.pop(0), "kept checkpoint")
        files += sum(compare(folder, tile) for tile in builder.add(entries))
        last = hashes if len(hashes) < WIDTH else ()
        if progress is not None:
            progress("entries", start + len(entries), head.size)
    files += sum(compare(folder, tile) for tile in builder.unfinished())
    root = builder.root(last)
    _check_root(root, head, CHECKPOINT)
    for checkpoint in waiting:
        _check_root(root, checkpoint, "kept checkpoint")
    return files


def _check_root(root: bytes, head: Checkpoint, what: str) -> None:
    if not hmac.compare_digest(root, head.root):
        raise TileError(f"the first {head.size} entries do not lead to the root of the {what}")


def _check_names(folder: Path, size: int) -> int:
    """Refuse files that are no tiles; count those of a later size."""
    ahead = 0
    for path in _walk(folder / "tile"):
        if is_part(path.name):
            continue
        try:
            ahead += not parse_path(path.relative_to(folder).as_posix()).within(size)
        except FormatError:
            raise TileError(f"{path} is not the name of a tile") from None
    return ahead


def _walk(folder: Path, depth: int = _DEPTH) -> Iterator[Path]:
    try:
        inside = sorted(os.scandir(folder), key=lambda item: item.name)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        yield folder
        return
    for item in inside:
        # Folders that go on for ever must not either; the one that is too deep is no tile.
        if depth and item.is_dir(follow_symlinks=False):
            yield from _walk(folder / item.name, depth - 1)
        else:
            yield folder / item.name


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Say that a folder cannot be read, in place of the system's error."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{folder} cannot be read: {os.strerror(error.errno or 0)}") from None


def compare(folder: Path, tile: Tile, *, required: bool = True) -> int:
    """Compare every file of a folder that holds some of a tile, full and partial, with the tile.

    Args:
        folder: The published folder.
        tile: What should be there.
        required: Whether a file with all of the tile must be there.

    Returns:
        How many files there are.

    Raises:
        TileError: Names the file that differs, or that is missing.
    """
    files, there = _compare(folder, tile)
    if required and not there:
        # While a publication is under way, a partial tile may give way to the full one between two looks.
        files, there = _compare(folder, tile)
        if not there:
            raise TileError(f"{folder / tile.place.path} is missing")
    return files


def _compare(folder: Path, tile: Tile) -> tuple[int, bool]:
    whole = tile.data()
    files, there = 0, False
    for width in stored_widths(folder, tile.level, tile.index):
        place = Coordinate(tile.level, tile.index, width)
        data = read_file(folder / place.path)
        if data is None:
            continue
        # What a wider file has beyond the tile is of a later size, and not this tile's to say.
        fits = data == tile.data(width) if width <= len(tile.items) else data.startswith(whole)
        if not fits:
            raise TileError(
                f"{folder / place.path} differs from what the log's entries give",
                "a published tile never changes: find out who changed it, and compare with another copy",
            )
        files += 1
        there = there or width in (len(tile.items), WIDTH)
    return files, there


def stored_widths(folder: Path, level: int, index: int) -> list[int]:
    """Return the widths in which a folder has a tile, narrowest first.

    Raises:
        TileError: The folder of its partial tiles holds something else.
    """
    full = folder / Coordinate(level, index).path
    parts = full.with_name(full.name + ".p")
    widths = [WIDTH] if os.path.lexists(full) else []
    for path in _walk(parts):
        if is_part(path.name):
            continue
        try:
            found = parse_path(path.relative_to(folder).as_posix())
        except FormatError:
            raise TileError(f"{path} is not the name of a tile") from None
        widths.append(found.width)
    return sorted(widths)


def read_file(path: Path, limit: int = MAX_TILE) -> bytes | None:
    """Return the content of a published file, or None if there is none.

    Raises:
        TileError: It is not a plain file, or longer than any tile.
        OSError: It cannot be read.
    """
    try:
        # A link or a pipe in a folder that a stranger filled is not followed, nor waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        if path.is_symlink():
            raise TileError(f"{path} is not a plain file") from None
        raise
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise TileError(f"{path} is not a plain file")
        if found.st_size > limit:
            raise TileError(f"{path} is too long")
        # The size that was looked at, and not the limit, which would be allocated for each little file.
        return file.read(found.st_size)
