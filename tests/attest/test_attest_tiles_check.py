"""Checking a published folder: no byte of it can change unnoticed, and the log's key is all that is trusted."""

from __future__ import annotations

import os
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from attest_world import LOG_KEY, NOW, ORIGIN, SUBJECT_KEY, fixed_random
from tile_world import SIGNER, VKEY, files_of, grow, signed

from attest.checkpoint import Checkpoint
from attest.errors import FormatError, SignatureError, StoreError, TileError
from attest.events import Event
from attest.log import EventLog
from attest.merkle import EMPTY_ROOT
from attest.note import NoteSigner, sign
from attest.publish import publish
from attest.tile import Builder, coordinates, parse_bundle
from attest.tiles import check_folder
from govern.errors import VerificationError


def published(root: Path, *sizes: int) -> Path:
    """Publish a log at each of some sizes and return the folder."""
    with EventLog.create(root / "log.sqlite", ORIGIN) as log:
        for size in sizes:
            signed(log, size)
            publish(log, root / "public")
    return root / "public"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return published(tmp_path_factory.mktemp("small"), 1, 3, 5)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return published(tmp_path_factory.mktemp("large"), 130, 258, 513, 700)


def flips(folder: Path, places: int | None) -> Iterator[str]:
    """Change one bit of a byte of a file, let the caller look, and change it back; every file, many places."""
    choose = random.Random(7)
    for name, data in files_of(folder).items():
        at = (
            range(len(data))
            if places is None
            else {0, 1, 2, len(data) - 1, *choose.choices(range(len(data)), k=places)}
        )
        for i in at:
            changed = bytearray(data)
            changed[i] ^= 1 << choose.randrange(8)
            (folder / name).write_bytes(changed)
            yield f"{name}, byte {i}"
        (folder / name).write_bytes(data)


def unnoticed(folder: Path, places: int | None) -> list[str]:
    found = []
    for change in flips(folder, places):
        try:
            check_folder(folder, VKEY)
        except VerificationError:
            continue
        found.append(change)
    check_folder(folder, VKEY)
    return found


def test_a_change_of_any_byte_of_any_file_is_noticed(small):
    # With partial tiles of earlier sizes among the files.
    assert len(files_of(small)) == 7
    assert unnoticed(small, None) == []


def test_a_change_is_noticed_at_every_level(large):
    files = files_of(large)
    assert {name.split("/")[1] for name in files if "/" in name} == {"entries", "0", "1"}
    assert unnoticed(large, 8) == []


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0", lambda _: b"", lambda d: d * 2])
def test_a_file_of_another_length_is_noticed(small, large, change):
    for folder in (small, large):
        for name, data in files_of(folder).items():
            (folder / name).write_bytes(change(data))
            with pytest.raises((TileError, SignatureError)):
                check_folder(folder, VKEY)
            (folder / name).write_bytes(data)


def test_a_missing_file_is_noticed_unless_it_is_of_an_earlier_size(large):
    needed = {place.path for place in coordinates(700)}
    assert files_of(large).keys() - needed == {"checkpoint", "tile/entries/002.p/1", "tile/0/002.p/1", "tile/1/000.p/1"}
    for name, data in files_of(large).items():
        (large / name).unlink()
        if name != "checkpoint" and name not in needed:
            check_folder(large, VKEY)
        else:
            with pytest.raises((TileError, StoreError), match=r"missing|holds no checkpoint"):
                check_folder(large, VKEY)
        (large / name).write_bytes(data)


def test_swapped_files_are_noticed(large):
    one, other = large / "tile/entries/000", large / "tile/entries/001"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    with pytest.raises(TileError, match="tile/0/000 differs"):
        check_folder(large, VKEY)
    one.write_bytes(first)
    other.write_bytes(second)


def test_a_folder_that_is_consistent_but_not_what_was_signed_is_noticed(tmp_path):
    """All tiles are made anew over a changed entry; only the checkpoint cannot be."""
    folder = published(tmp_path, 300)
    entries = [
        *parse_bundle((folder / "tile/entries/000").read_bytes(), 256),
        *parse_bundle((folder / "tile/entries/001.p/44").read_bytes(), 44),
    ]
    entries[7] = entries[7].replace(b'"n":7', b'"n":8')
    builder = Builder()
    for tile in (*builder.add(entries[:256]), *builder.add(entries[256:]), *builder.unfinished()):
        (folder / tile.place.path).write_bytes(tile.data())
    with pytest.raises(TileError, match="do not lead to the root of the checkpoint"):
        check_folder(folder, VKEY)


def test_another_key_is_not_believed(small):
    for signer in (NoteSigner(ORIGIN, SUBJECT_KEY), NoteSigner("other.example/log", LOG_KEY)):
        with pytest.raises(SignatureError, match="no known key"):
            check_folder(small, signer.verifier.vkey)
    with pytest.raises(FormatError):
        check_folder(small, VKEY[:-2])


def test_a_checkpoint_of_another_log_under_the_same_key_is_refused(tmp_path):
    tmp_path.joinpath("checkpoint").write_bytes(sign(Checkpoint("other", 0, EMPTY_ROOT).text(), [SIGNER]))
    with pytest.raises(TileError, match="another log"):
        check_folder(tmp_path, VKEY)


def test_no_folder_and_an_empty_one_are_told_apart(tmp_path):
    with pytest.raises(StoreError, match="not a folder"):
        check_folder(tmp_path / "none", VKEY)
    with pytest.raises(StoreError, match="holds no checkpoint"):
        check_folder(tmp_path, VKEY)


@pytest.mark.parametrize("name", ["tile/0/0", "tile/0/000.p/x", "tile/0/000.p/256", "tile/x", "tile/entries/000.q/1"])
def test_a_file_that_is_no_tile_is_named(tmp_path, name):
    folder = published(tmp_path, 3)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    with pytest.raises(TileError, match="not the name of a tile"):
        check_folder(folder, VKEY)


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
    folder = published(tmp_path, 300)
    (folder / "tile/0/000.p").write_bytes(b"")
    with pytest.raises(TileError, match=r"tile/0/000\.p is not the name of a tile"):
        check_folder(folder, VKEY)


def test_folders_without_end_are_left_alone(tmp_path):
    folder = published(tmp_path, 3)
    deep = folder / "tile" / Path(*["x000"] * 600)
    deep.mkdir(parents=True)
    with pytest.raises(TileError, match="not the name of a tile"):
        check_folder(folder, VKEY)


def test_links_and_pipes_are_not_read(tmp_path):
    folder = published(tmp_path, 3)
    bundle = folder / "tile/entries/000.p/3"
    bundle.unlink()
    bundle.symlink_to("/dev/zero")
    with pytest.raises(TileError, match="not a plain file"):
        check_folder(folder, VKEY)
    bundle.unlink()
    os.mkfifo(bundle)
    with pytest.raises(TileError, match="not a plain file"):
        check_folder(folder, VKEY)


def test_what_is_being_written_does_not_matter(tmp_path):
    folder = published(tmp_path, 300)
    (folder / "tile/0/.001.0123456789abcdef.part").write_bytes(b"half")
    (folder / "tile/0/001.p/.45.0123456789abcdef.part").write_bytes(b"half")
    assert check_folder(folder, VKEY).ahead == 0
    with EventLog.open(tmp_path / "log.sqlite") as log:
        signed(log, 900)
        publish(log, tmp_path / "later")
    # The tiles of a later size, without its checkpoint: nothing vouches for them, and nothing needs them.
    for name, data in files_of(tmp_path / "later").items():
        if name != "checkpoint" and not (folder / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    found = check_folder(folder, VKEY)
    assert (found.head.size, found.ahead) == (300, 7)
    # But where they overlap with what is vouched for, they must agree.
    later = folder / "tile/0/001"
    later.write_bytes(b"\1" + later.read_bytes()[1:])
    with pytest.raises(TileError, match="tile/0/001 differs"):
        check_folder(folder, VKEY)


def test_a_partial_tile_may_have_given_way_to_the_full_one(tmp_path):
    """The reader of an old checkpoint finds what it needs in the full tiles."""
    folder = published(tmp_path, 300)
    old = (folder / "checkpoint").read_bytes()
    with EventLog.open(tmp_path / "log.sqlite") as log:
        signed(log, 512)
        publish(log, folder)
    (folder / "checkpoint").write_bytes(old)
    (folder / "tile/1/000.p/2").rename(folder / "tile/1/000.p/1")
    (folder / "tile/1/000.p/1").write_bytes((folder / "tile/1/000.p/1").read_bytes()[:32])
    assert not (folder / "tile/0/001.p").exists()
    assert check_folder(folder, VKEY).head.size == 300


@pytest.mark.parametrize("sizes", [(0, 1, 700), (1, 256, 257, 512, 700), (255, 256), (512,), (700,)])
def test_the_log_continues_its_kept_checkpoints(tmp_path, sizes):
    with EventLog.create(tmp_path / "log.sqlite", ORIGIN) as log:
        kept = [signed(log, size) for size in sizes]
        signed(log, 700)
        publish(log, tmp_path / "public")
    assert check_folder(tmp_path / "public", VKEY, kept[::-1]).kept == sizes


@pytest.mark.parametrize("size", [1, 255, 256, 300, 511, 512, 700])
def test_a_log_written_anew_is_noticed_by_a_kept_checkpoint(tmp_path, large, size):
    with EventLog.create(tmp_path / "log.sqlite", ORIGIN) as log:
        grow(log, size - 1)
        # Not the entry that the other log has there.
        log.append([Event.new("skill.used", "op", {"n": -1}, NOW, fixed_random("other"))])
        kept = log.checkpoint(SIGNER)
    with pytest.raises(TileError, match=f"first {size} entries do not lead to the root of the kept"):
        check_folder(large, VKEY, [kept])


def test_a_log_shorter_than_a_kept_checkpoint_is_noticed(tmp_path, large):
    with EventLog.create(tmp_path / "log.sqlite", ORIGIN) as log:
        kept = signed(log, 701)
    with pytest.raises(TileError, match="shows 700 entries, but the log has signed 701"):
        check_folder(large, VKEY, [kept])


def test_a_kept_checkpoint_is_checked_like_the_other(large):
    with pytest.raises(TileError, match="a kept checkpoint is not"):
        check_folder(large, VKEY, [b"nonsense"])
    with pytest.raises(SignatureError, match="a kept checkpoint"):
        check_folder(large, VKEY, [(large / "checkpoint").read_bytes().replace(b"\n700\n", b"\n600\n")])


def peak_of_check(folder):
    tracemalloc.start()
    check_folder(folder, VKEY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_log(tmp_path):
    peaks = []
    with EventLog.create(tmp_path / "log.sqlite", ORIGIN) as log:
        for size in (1024, 20 * 1024):
            signed(log, size)
            publish(log, tmp_path / "public")
            # What another thread allocates meanwhile counts, too: the smaller of two tries has less of it.
            peaks.append(min(peak_of_check(tmp_path / "public") for _ in range(2)))
    assert sum(map(len, files_of(tmp_path / "public").values())) > 3_000_000
    assert peaks[1] < 2 * peaks[0] < 1_000_000
