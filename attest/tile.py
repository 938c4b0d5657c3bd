"""Tiles and entry bundles (C2SP tlog-tiles): where they are, what they hold, and how entries become tiles.

A tile holds up to 256 consecutive hashes of one level of the Merkle tree, of which every eighth level is stored; an
entry bundle holds the entries under one tile of level 0. Nothing here reads or writes files: `attest.publish` writes
what `Builder` yields, `attest.tiles` compares a folder with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attest.encoding import MAX_NUMBER
from attest.errors import FormatError
from attest.events import MAX_ENTRY
from attest.merkle import EMPTY_ROOT, leaf_hash, node_hash

WIDTH = 256
"""Hashes in a full tile: its height is 8."""

ENTRIES = -1
"""The level of entry bundles; their paths say `entries`."""

MAX_LEVEL = 63

_PREFIX = 2

MAX_TILE = WIDTH * (_PREFIX + MAX_ENTRY)
"""Bytes of the longest file."""

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class Coordinate:
    """Where a tile or entry bundle is.

    Attributes:
        level: 0 for leaf hashes, one more for each eight levels of the tree; or `ENTRIES`.
        index: Place within the level, from 0.
        width: Number of hashes or entries, 1 to `WIDTH`; fewer than that make a partial tile.
    """

    level: int
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        """Refuse what no log has."""
        if not (ENTRIES <= self.level <= MAX_LEVEL and 0 <= self.index <= MAX_NUMBER and 1 <= self.width <= WIDTH):
            raise FormatError("level, index or width of a tile is out of range")

    @property
    def path(self) -> str:
        """The path below the log's prefix, `tile/0/x001/234.p/5`."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        index, digits = divmod(self.index, 1000)
        place = f"{digits:03d}"
        while index:
            index, digits = divmod(index, 1000)
            place = f"x{digits:03d}/{place}"
        return f"tile/{level}/{place}" + (f".p/{self.width}" if self.width < WIDTH else "")

    def within(self, size: int) -> bool:
        """Tell whether a log of that size has all of the tile's hashes."""
        return self.index * WIDTH + self.width <= size >> 8 * max(self.level, 0)


def parse_path(path: str) -> Coordinate:
    """Read the path of a tile.

    Raises:
        FormatError: It is not what `Coordinate.path` writes.
    """
    match = _PATH.fullmatch(path)
    if match is not None:
        level, place, width = match.groups()
        index = int(place.replace("x", "").replace("/", ""))
        found = Coordinate(ENTRIES if level == "entries" else int(level), index, int(width) if width else WIDTH)
        # The expression lets through superfluous zeros and a partial tile of full width.
        if found.path == path:
            return found
    raise FormatError("a path is not that of a tile")


def coordinates(size: int) -> Iterator[Coordinate]:
    """Iterate over the tiles and entry bundles that stand for a log of a size, and no others."""
    for level in (ENTRIES, *range(MAX_LEVEL + 1)):
        full, rest = divmod(size >> 8 * max(level, 0), WIDTH)
        yield from (Coordinate(level, index) for index in range(full))
        if rest:
            yield Coordinate(level, full, rest)


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """Read an entry bundle.

    Args:
        data: Its bytes.
        width: How many entries it must have.

    Raises:
        FormatError: It is cut short, or has another number of entries.
    """
    entries: list[bytes] = []
    start = 0
    while start < len(data) and len(entries) < width:
        begin = start + _PREFIX
        end = begin + int.from_bytes(data[start:begin], "big")
        # A length that is itself cut short leads past the end too.
        if max(begin, end) > len(data):
            raise FormatError("an entry bundle is cut short")
        entries.append(data[begin:end])
        start = end
    if start != len(data) or len(entries) != width:
        raise FormatError("an entry bundle has another number of entries")
    return entries


def _prefixed(entry: bytes) -> bytes:
    if len(entry) > MAX_ENTRY:
        raise FormatError("an entry is too long for a bundle")
    return len(entry).to_bytes(_PREFIX, "big") + entry


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile or entry bundle with its content.

    Attributes:
        level: As of `Coordinate`.
        index: As of `Coordinate`.
        items: Its hashes, or its entries with their length before them.
    """

    level: int
    index: int
    items: tuple[bytes, ...]

    @property
    def place(self) -> Coordinate:
        """Where it is."""
        return Coordinate(self.level, self.index, len(self.items))

    def data(self, width: int = WIDTH) -> bytes:
        """Return the bytes of the tile, or of the partial tile with its first `width` items."""
        return b"".join(self.items[:width])


class Builder:
    """Makes the tiles of a log from its entries, which are given in order, a bundle at a time.

    Args:
        size: How many entries came before; a multiple of `WIDTH`.
        upper: The last, unfinished tiles over them, from level 1 upwards.
    """

    __slots__ = ("_upper", "size")

    def __init__(self, size: int = 0, upper: Sequence[Sequence[bytes]] = ()) -> None:
        self.size = size
        # Levels that nothing has reached yet are not there.
        self._upper: list[list[bytes]] = [list(hashes) for hashes in upper]

    def add(self, entries: Sequence[bytes]) -> Iterator[Tile]:
        """Add the next bundle of entries and yield what it completes, lower levels first.

        A bundle that is not full is the last one. What it makes unfinished above level 0 is left to `unfinished`.
        """
        index, hashes = self.size // WIDTH, tuple(leaf_hash(entry) for entry in entries)
        self.size += len(entries)
        if entries:
            yield Tile(ENTRIES, index, tuple(_prefixed(entry) for entry in entries))
            yield Tile(0, index, hashes)
        level = 0
        while len(hashes) == WIDTH:
            level += 1
            if level > len(self._upper):
                self._upper.append([])
            self._upper[level - 1].append(_combined(hashes))
            hashes = tuple(self._upper[level - 1])
            if len(hashes) == WIDTH:
                yield Tile(level, self._index(level) - 1, hashes)
                self._upper[level - 1] = []

    def unfinished(self) -> Iterator[Tile]:
        """Yield the tiles from level 1 upwards that are not full."""
        for level, hashes in enumerate(self._upper, 1):
            if hashes:
                yield Tile(level, self._index(level), tuple(hashes))

    def root(self, leaves: Sequence[bytes] = ()) -> bytes:
        """Return the root over the full bundles, and over fewer than `WIDTH` leaf hashes that come after them."""
        # From the right: complete subtrees get larger to the left, and each is the left sibling of all to its right.
        root: bytes | None = None
        for hashes in (leaves, *self._upper):
            for subtree in reversed(_subtrees(hashes)):
                root = subtree if root is None else node_hash(subtree, root)
        return EMPTY_ROOT if root is None else root

    def _index(self, level: int) -> int:
        return self.size >> 8 * (level + 1)


def _subtrees(hashes: Sequence[bytes]) -> list[bytes]:
    """Return the roots of the complete subtrees that a tile splits into, largest first."""
    roots, start = [], 0
    for height in range(8, -1, -1):
        if len(hashes) >> height & 1:
            roots.append(_combined(hashes[start : start + (1 << height)]))
            start += 1 << height
    return roots


def _combined(hashes: Sequence[bytes]) -> bytes:
    """Return the root over a number of hashes that is a power of two."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]
