"""Tiles: paths, bundles, and what entries become, against the words and examples of C2SP tlog-tiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tile_world import mth

from attest.errors import FormatError
from attest.merkle import EMPTY_ROOT, Tree, leaf_hash
from attest.tile import ENTRIES, Builder, Coordinate, coordinates, parse_bundle, parse_path

LEVELS = st.integers(ENTRIES, 63)
INDEXES = st.one_of(st.integers(0, 2_000_000), st.integers(0, 2**63 - 1))


def entry(i: int) -> bytes:
    return b"entry %d" % i


def tiles(size: int, start: int = 0, upper=()):
    builder = Builder(start, upper)
    found = []
    for first in range(start, size, 256):
        found += builder.add([entry(i) for i in range(first, min(size, first + 256))])
    return [*found, *builder.unfinished()]


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (Coordinate(0, 0), "tile/0/000"),
        (Coordinate(0, 1234067), "tile/0/x001/x234/067"),
        (Coordinate(63, 999, 1), "tile/63/999.p/1"),
        (Coordinate(2, 1000, 255), "tile/2/x001/000.p/255"),
        (Coordinate(ENTRIES, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_a_path_is_as_the_specification_writes_it(place, path):
    assert place.path == path
    assert parse_path(path) == place


@given(LEVELS, INDEXES, st.integers(1, 256))
def test_a_path_reads_back(level, index, width):
    place = Coordinate(level, index, width)
    assert parse_path(place.path) == place


@pytest.mark.parametrize(
    "path",
    [
        *("", "tile", "tile/0", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/-1/000", "tile/64/000"),
        *("tile/data/000", "tile/8/0/000", "tile/0/x000/001", "tile/0/001/001", "tile/0/x001/x001", "tile/0/x01/001"),
        *("tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p", "tile/0/000.p/", "tile/0/000/"),
        *("/tile/0/000", "tile/0/000\n", "tile/0/000.p/٣", "tile/entries/x999/x999/x999/x999/x999/x999/999"),
        "tile/0/" + "x001/" * 2000 + "001",
    ],
)
def test_a_path_in_another_spelling_is_refused(path):
    with pytest.raises(FormatError):
        parse_path(path)


@pytest.mark.parametrize("numbers", [(64, 0, 1), (-2, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0), (0, 0, 257)])
def test_a_coordinate_that_no_log_has_is_refused(numbers):
    with pytest.raises(FormatError):
        Coordinate(*numbers)


def test_the_example_of_the_specification():
    # "A tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width 112,
    # one full level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of width 1."
    found = list(coordinates(70_000))
    by_level = {level: [c for c in found if c.level == level] for level in (-1, 0, 1, 2, 3)}
    for level in (-1, 0):
        assert by_level[level] == [*(Coordinate(level, i) for i in range(273)), Coordinate(level, 273, 112)]
    assert by_level[1] == [Coordinate(1, 0), Coordinate(1, 1, 17)]
    assert by_level[2] == [Coordinate(2, 0, 1)]
    assert by_level[3] == []
    # "A tree of size 256 will be represented by a full level 0 tile and a partial level 1 tile of width 1."
    assert list(coordinates(256)) == [Coordinate(-1, 0), Coordinate(0, 0), Coordinate(1, 0, 1)]
    assert list(coordinates(0)) == []


@given(st.integers(0, 300_000), st.integers(-1, 3), st.integers(0, 1200), st.integers(1, 256))
def test_a_tile_is_within_a_size_if_a_smaller_or_equal_size_has_it(size, level, index, width):
    least = (index * 256 + width) << 8 * max(level, 0)
    assert Coordinate(level, index, width).within(size) == (least <= size)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000])
def test_tiles_hold_what_the_definition_says(size):
    entries = [entry(i) for i in range(size)]
    found = {tile.place: tile for tile in tiles(size)}
    assert sorted(found) == sorted(coordinates(size))
    for place, tile in found.items():
        if place.level == ENTRIES:
            first = place.index * 256
            wanted = b"".join(len(e).to_bytes(2, "big") + e for e in entries[first : first + place.width])
        else:
            # MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l])
            span = 256**place.level
            places = range(place.index * 256, place.index * 256 + place.width)
            wanted = b"".join(mth(entries[i * span : (i + 1) * span]) for i in places)
        assert tile.data() == wanted


@given(st.integers(0, 1300))
def test_the_root_over_tiles_is_that_of_the_tree(size):
    builder, leaves = Builder(), []
    for first in range(0, size, 256):
        entries = [entry(i) for i in range(first, min(size, first + 256))]
        leaves = [leaf_hash(e) for e in entries] if len(entries) < 256 else []
        list(builder.add(entries))
    assert builder.root(leaves) == (Tree(leaf_hash(entry(i)) for i in range(size)).root() if size else EMPTY_ROOT)


def test_a_builder_goes_on_where_another_stopped():
    upper = [tile.items for tile in tiles(1024) if tile.level == 1]
    assert tiles(1500, 1024, upper) == [t for t in tiles(1500) if t.level > 0 or t.index >= 4]


def test_a_hash_enters_level_two_when_level_one_is_full():
    builder = Builder(255 * 256, [[bytes([i]) * 32 for i in range(255)]])
    found = [tile.place for tile in builder.add([entry(i) for i in range(256)])]
    assert found == [Coordinate(-1, 255), Coordinate(0, 255), Coordinate(1, 0)]
    assert [tile.place for tile in builder.unfinished()] == [Coordinate(2, 0, 1)]


ENTRY = st.binary(max_size=40)


@given(st.lists(ENTRY, min_size=1, max_size=20))
def test_a_bundle_reads_back(entries):
    bundle = next(Builder().add(entries))
    assert parse_bundle(bundle.data(), len(entries)) == entries


def test_the_longest_entry_fits_and_a_longer_one_does_not():
    longest = b"x" * 65_535
    assert parse_bundle(next(Builder().add([longest])).data(), 1) == [longest]
    with pytest.raises(FormatError):
        next(Builder().add([longest + b"x"]))


@given(st.lists(ENTRY, min_size=1, max_size=6), st.data())
def test_a_bundle_that_is_cut_lengthened_or_miscounted_is_refused(entries, data):
    whole = next(Builder().add(entries)).data()
    cut = data.draw(st.integers(0, len(whole) - 1))
    for wrong, width in ((whole[:cut], len(entries)), (whole + b"\0", len(entries)), (whole, len(entries) + 1)):
        with pytest.raises(FormatError):
            parse_bundle(wrong, width)
