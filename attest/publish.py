"""Publishing a log as tiles (C2SP tlog-tiles): plain files that any web server can hand out and anyone can check."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from attest import checkpoint as checkpoints
from attest.checkpoint import Checkpoint
from attest.errors import FormatError, FsckError, PublishError, RollbackError, TileError
from attest.files import create_file, replace_file, sync_folder
from attest.merkle import HASH_SIZE, leaf_hash
from attest.note import MAX_NOTE, text_of
from attest.tile import ENTRIES, WIDTH, Builder, Coordinate, Tile
from attest.tiles import CHECKPOINT, Progress, compare, read_file, reading

if TYPE_CHECKING:
    from attest.log import EventLog


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication did.

    Attributes:
        head: The log's head that the folder now shows.
        before: The size that it showed before, or None.
        written: Tiles and entry bundles that are new.
        removed: Partial ones that have given way to full ones.
    """

    head: Checkpoint
    before: int | None
    written: int
    removed: int


def publish(log: EventLog, folder: Path, *, full: bool = False, progress: Progress | None = None) -> Published:
    """Write the tiles of the newest signed checkpoint, then the checkpoint; entries that came later stay unpublished.

    A file, once written, is never written again with other bytes, and the checkpoint goes last, in one step: whenever
    this stops, what was published before is still there and whole, and the next call goes on. Two calls at once take
    turns. Everything is compared before the first file is written.

    Args:
        log: The log. What it signed is in its store, so nothing is published that it could forget.
        folder: Where to; is made if it is not there.
        full: Go over what is already published too, and put back what is missing, not only over what is new.
        progress: Told how far it is.

    Returns:
        What was done.

    Raises:
        PublishError: Nothing is signed yet, or the folder cannot be written.
        StoreError: The folder cannot be read.
        TileError: A published file has other bytes than the log gives; it is named, and nothing was changed.
        RollbackError: The published checkpoint is newer than the log's or contradicts it; nothing was changed.
        FsckError: The log's entries do not lead to the checkpoint that it signed; nothing was changed.
    """
    with _locked(folder):
        # Read under the lock: of two publications, the later one must not show the older head.
        note = log.latest_checkpoint()
        if note is None:
            raise PublishError("the log has no signed checkpoint", "sign one first: `govern log checkpoint`")
        head = checkpoints.parse(text_of(note))
        with reading(folder):
            before = _published(log, folder, head)
            start = _resumed(log, folder, None if full else before)
            root = _compared(log, folder, start, head.size, progress)
        if root != head.root:
            raise FsckError("the log's entries do not lead to the checkpoint that it signed", "see `govern log fsck`")
        since = 0 if before is None or full else before.size
        with _writing(folder):
            written = _write(log, folder, start, _signed_sizes(log, since), head.size, progress)
            _show(folder, log.cosigned(head.size))
        removed = _prune(folder, since, head.size)
    return Published(head, None if before is None else before.size, written, removed)


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the tiles begin that have to be made: the number of entries before, and the unfinished tiles over them."""

    size: int
    upper: tuple[tuple[bytes, ...], ...]

    def builder(self) -> Builder:
        return Builder(self.size, self.upper)


def _published(log: EventLog, folder: Path, head: Checkpoint) -> Checkpoint | None:
    """Return the head that the folder shows, or None if it shows none.

    Its signature is not asked for: what it says is compared with the log, which knows better.
    """
    path = folder / CHECKPOINT
    note = read_file(path, MAX_NOTE)
    if note is None:
        return None
    try:
        shown = checkpoints.parse(text_of(note))
    except FormatError:
        raise TileError(
            f"{path} is not a checkpoint", "find out what was published last; without it nothing is known of that"
        ) from None
    if shown.origin != log.origin:
        raise RollbackError(f"{path} is of another log", "publish each log into a folder of its own")
    if shown.size > head.size:
        raise RollbackError(
            f"{path} shows {shown.size} entries, but the log has signed {head.size}",
            "this is an older copy of the log: bring the newer one back, do not go on with this one",
        )
    if log.root(shown.size) != shown.root:
        raise RollbackError(
            f"{path} contradicts the log's first {shown.size} entries",
            "entries were changed, or this is another copy of the log: find out before anything is published",
        )
    return shown


def _resumed(log: EventLog, folder: Path, shown: Checkpoint | None) -> _Start:
    """Take the unfinished tiles from the folder, if they are what the published checkpoint stands for."""
    beginning = _Start(0, ())
    if shown is None:
        return beginning
    upper: list[tuple[bytes, ...]] = []
    for level in count(1):
        size = shown.size >> 8 * level
        if not size:
            break
        index, width = divmod(size, WIDTH)
        data = read_file(folder / Coordinate(level, index, width).path) if width else b""
        if data is None or len(data) != width * HASH_SIZE:
            return beginning
        upper.append(tuple(data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)))
    start = _Start(shown.size - shown.size % WIDTH, tuple(upper))
    leaves = [leaf_hash(entry) for _, entry in log.entries(start.size, shown.size)]
    # Where they are not, going over everything finds the file that is wrong, or puts back the one that is missing.
    return start if start.builder().root(leaves) == shown.root else beginning


def _compared(log: EventLog, folder: Path, start: _Start, size: int, progress: Progress | None) -> bytes:
    """Compare what is there already with what the log gives, and return the root that its entries lead to."""
    builder = start.builder()
    leaves: tuple[bytes, ...] = ()
    for tile in _tiles(log, builder, size, progress, "comparing"):
        compare(folder, tile, required=False)
        if tile.level == 0:
            leaves = tile.items
    return builder.root(leaves if len(leaves) < WIDTH else ())


def _tiles(log: EventLog, builder: Builder, size: int, progress: Progress | None, stage: str) -> Iterator[Tile]:
    first = builder.size
    entries: list[bytes] = []
    for i, entry in log.entries(first, size):
        entries.append(entry)
        if len(entries) == WIDTH or i + 1 == size:
            yield from builder.add(entries)
            entries = []
            if progress is not None:
                progress(stage, i + 1 - first, size - first)
    yield from builder.unfinished()


def _signed_sizes(log: EventLog, since: int) -> list[int]:
    """Return the sizes of the checkpoints that were signed since one: each may be in somebody's hands."""
    sizes = (checkpoints.parse(text_of(note)).size for note in log.checkpoints())
    return sorted({size for size in sizes if size >= since})


def _widths(tile: Tile, sizes: Sequence[int]) -> set[int]:
    """Return the widths in which a tile has to be there.

    "Logs MUST serve partial tiles corresponding to tree sizes for which a checkpoint was produced", until the full
    tile is there (tlog-tiles, Partial Tiles).
    """
    widths = {len(tile.items)}
    if len(tile.items) < WIDTH:
        for size in sizes:
            index, width = divmod(size >> 8 * max(tile.level, 0), WIDTH)
            if index == tile.index and 0 < width < len(tile.items):
                widths.add(width)
    return widths


def _write(
    log: EventLog, folder: Path, start: _Start, sizes: Sequence[int], size: int, progress: Progress | None
) -> int:
    written = 0
    touched: set[Path] = set()
    for tile in _tiles(log, start.builder(), size, progress, "writing"):
        for width in _widths(tile, sizes):
            path = folder / Coordinate(tile.level, tile.index, width).path
            if not os.path.lexists(path):
                _make_folder(path.parent, touched)
                create_file(path, tile.data(width), sync_name=False)
                touched.add(path.parent)
                written += 1
    # One sync for each folder and not for each file, but all of them before the checkpoint that vouches for them.
    for parent in sorted(touched):
        sync_folder(parent)
    return written


def _make_folder(path: Path, touched: set[Path]) -> None:
    if not path.is_dir():
        _make_folder(path.parent, touched)
        path.mkdir()
        touched.add(path.parent)


def _show(folder: Path, note: bytes) -> None:
    path = folder / CHECKPOINT
    if read_file(path, MAX_NOTE) != note:
        replace_file(path, note)


def _prune(folder: Path, since: int, size: int) -> int:
    """Remove partial tiles whose full tile is there: "MAY delete any partial tile" (tlog-tiles, Partial Tiles)."""
    removed = 0
    for level in (ENTRIES, *range(size.bit_length() // 8 + 1)):
        shift = 8 * (max(level, 0) + 1)
        for index in range(since >> shift, size >> shift):
            path = folder / Coordinate(level, index).path
            parts = path.with_name(path.name + ".p")
            # What cannot be removed may stay: nobody asks for it, and it says nothing that is wrong.
            with suppress(OSError):
                for part in list(parts.iterdir()):
                    part.unlink()
                    removed += 1
                parts.rmdir()
    return removed


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Make the folder if need be, and keep other publications out of it."""
    with _writing(folder):
        touched: set[Path] = set()
        _make_folder(folder, touched)
        for parent in touched:
            sync_folder(parent)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with _writing(folder):
            # The system takes the lock back when the process ends, however it ends.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Say that a folder cannot be written, in place of the system's error."""
    try:
        yield
    except OSError as error:
        raise PublishError(
            f"{folder} cannot be written: {os.strerror(error.errno or 0)}",
            "what was published before still holds; make room or change permissions, then publish again",
        ) from None
