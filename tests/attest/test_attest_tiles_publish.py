"""Publishing: what is written, what is never written again, and what an interruption leaves."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from itertools import pairwise
from pathlib import Path

import pytest
from attest_world import LOG_KEY, ORIGIN
from hypothesis import given, settings
from hypothesis import strategies as st
from tile_world import SIGNER, VKEY, files_of, grow, partial_sizes, signed

from attest import checkpoint as checkpoints
from attest.errors import FsckError, PublishError, RollbackError, TileError
from attest.log import EventLog
from attest.note import NoteSigner, open_note, sign, text_of
from attest.publish import publish
from attest.tile import coordinates
from attest.tiles import check_folder


@pytest.fixture
def log(tmp_path):
    with EventLog.create(tmp_path / "log.sqlite", ORIGIN) as log:
        yield log


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 513, 1030])
def test_a_folder_holds_the_tiles_of_its_size_and_the_checkpoint(log, tmp_path, size):
    note = signed(log, size)
    done = publish(log, tmp_path / "public")
    assert (done.before, done.head.size, done.removed) == (None, size, 0)
    files = files_of(tmp_path / "public")
    assert files.pop("checkpoint") == note
    assert sorted(files) == sorted(place.path for place in coordinates(size))
    assert len(files) == done.written
    assert check_folder(tmp_path / "public", VKEY).files == done.written


def test_a_log_that_grows_past_the_second_level_is_published_step_by_step(log, tmp_path):
    folder = tmp_path / "public"
    before, known = None, {}
    sizes = [0, 1, 2, 255, 256, 257, 400, 511, 512, 513, 4096, 65_279, 65_280, 65_535, 65_536, 65_537, 65_792, 66_100]
    for size in sizes:
        signed(log, size)
        done = publish(log, folder)
        assert (done.before, done.head.size) == (before, size)
        assert check_folder(folder, VKEY).head.root == log.root()
        files = files_of(folder)
        files.pop("checkpoint")
        assert all(files[path] == data for path, data in known.items() if path in files)
        assert all(".p/" in path and path.partition(".p/")[0] in files for path in known.keys() - files.keys())
        before, known = size, files
    # Written in one go, it is the same folder, but for what older checkpoints need.
    publish(log, tmp_path / "other")
    other = files_of(tmp_path / "other")
    assert files_of(folder) == other


def test_only_what_is_new_is_written(log, tmp_path):
    folder = tmp_path / "public"
    signed(log, 1000)
    publish(log, folder)
    marks = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    signed(log, 1010)
    # entries, tile 0: the partial one of the new size; level 1 has no new full tile below it.
    assert publish(log, folder).written == 2
    assert {p: p.stat().st_mtime_ns for p in marks if p.name != "checkpoint"} == {
        p: mark for p, mark in marks.items() if p.name != "checkpoint"
    }
    assert publish(log, folder).written == 0
    assert publish(log, folder, full=True).written == 0


def test_entries_after_the_checkpoint_stay_unpublished(log, tmp_path):
    signed(log, 300)
    grow(log, 600)
    assert publish(log, tmp_path / "public").head.size == 300
    assert sorted(files_of(tmp_path / "public")) == sorted(["checkpoint", *(c.path for c in coordinates(300))])


def test_partial_tiles_of_every_signed_size_are_there_until_the_full_one_is(log, tmp_path):
    for size in (3, 100, 260, 270):
        signed(log, size)
    publish(log, tmp_path / "public")
    partial = {path for path in files_of(tmp_path / "public") if ".p/" in path}
    assert partial == set(partial_sizes(270, [3, 100, 260, 270]))
    assert {"tile/entries/001.p/4", "tile/0/001.p/4", "tile/0/001.p/14", "tile/1/000.p/1"} <= partial
    signed(log, 513)
    assert publish(log, tmp_path / "public").removed == 4
    assert not (tmp_path / "public/tile/0/001.p").exists()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from(["", "sign", "publish", "full"])), max_size=12))
def test_no_published_tile_ever_changes(tmp_path_factory, steps):
    root = tmp_path_factory.mktemp("steps")
    signed_sizes, known = [], {}
    with EventLog.create(root / "log.sqlite", ORIGIN) as log:
        for more, act in [*steps, (0, "publish")]:
            grow(log, log.size + more)
            if act:
                log.checkpoint(SIGNER)
                signed_sizes.append(log.size)
            if act not in ("publish", "full"):
                continue
            publish(log, root / "public", full=act == "full")
            files = files_of(root / "public")
            assert check_folder(root / "public", VKEY, list(log.checkpoints())).head.size == log.size
            assert {*(c.path for c in coordinates(log.size)), *partial_sizes(log.size, signed_sizes)} <= files.keys()
            del files["checkpoint"]
            for path in known.keys() - files.keys():
                assert path.partition(".p/")[0] in files
            assert all(files.get(path, data) == data for path, data in known.items())
            known = files


def test_cosignatures_are_published_with_the_checkpoint(log, tmp_path):
    note = signed(log, 5)
    publish(log, tmp_path / "public")
    line = NoteSigner("witness.example", LOG_KEY).signature_line(text_of(note)).encode()
    log.add_cosignatures(5, line)
    assert publish(log, tmp_path / "public").written == 0
    assert (tmp_path / "public/checkpoint").read_bytes() == note + line
    assert check_folder(tmp_path / "public", VKEY).head.size == 5


def test_nothing_is_published_before_something_is_signed(log, tmp_path):
    grow(log, 5)
    with pytest.raises(PublishError, match="no signed checkpoint"):
        publish(log, tmp_path / "public")
    assert files_of(tmp_path / "public") == {}


def refused(log: EventLog, folder: Path, error: type[Exception], words: str) -> None:
    """Publishing fails, says why, and changes nothing; going over everything does, too."""
    before = files_of(folder)
    for full in (False, True):
        with pytest.raises(error, match=words):
            publish(log, folder, full=full)
        assert files_of(folder) == before


@pytest.mark.parametrize(
    "path",
    [
        *("tile/entries/002.p/8", "tile/0/002.p/8", "tile/1/000.p/2"),
        *("tile/entries/002", "tile/0/002", "tile/entries/003", "tile/0/003.p/32", "tile/1/000.p/3"),
    ],
)
def test_a_file_with_other_bytes_is_named_and_nothing_changes(log, tmp_path, path):
    folder = tmp_path / "public"
    signed(log, 520)
    publish(log, folder)
    signed(log, 800)
    place = folder / path
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(place.read_bytes()[:-1] + b"?" if place.exists() else b"something else")
    refused(log, folder, TileError, f"{path} differs")


def test_going_over_everything_finds_what_lies_further_back(log, tmp_path):
    folder = tmp_path / "public"
    signed(log, 600)
    publish(log, folder)
    (folder / "tile/0/000").write_bytes(b"?" * 8192)
    signed(log, 700)
    with pytest.raises(TileError, match=r"tile/0/000 differs"):
        publish(log, folder, full=True)


def test_going_over_everything_puts_back_what_is_missing(log, tmp_path):
    folder = tmp_path / "public"
    signed(log, 600)
    publish(log, folder)
    files = files_of(folder)
    (folder / "tile/entries/000").unlink()
    (folder / "tile/1/000.p/2").unlink()
    assert publish(log, folder, full=True).written == 2
    assert files_of(folder) == files


def test_a_missing_tile_at_the_edge_is_put_back_by_any_publication(log, tmp_path):
    folder = tmp_path / "public"
    signed(log, 600)
    publish(log, folder)
    (folder / "tile/1/000.p/2").unlink()
    signed(log, 610)
    publish(log, folder)
    check_folder(folder, VKEY)


def other_log(path: Path, size: int, origin: str = ORIGIN) -> EventLog:
    other = EventLog.create(path, origin)
    grow(other, size)
    other.checkpoint(NoteSigner(origin, LOG_KEY))
    return other


def test_a_published_checkpoint_newer_than_the_log_is_refused(log, tmp_path):
    signed(log, 300)
    shutil.copy(tmp_path / "log.sqlite", tmp_path / "copy.sqlite")
    signed(log, 400)
    publish(log, tmp_path / "public")
    with EventLog.open(tmp_path / "copy.sqlite") as older:
        older.checkpoint(SIGNER)
        refused(older, tmp_path / "public", RollbackError, "shows 400 entries, but the log has signed")


def test_a_published_checkpoint_that_contradicts_the_log_is_refused(log, tmp_path):
    signed(log, 300)
    publish(log, tmp_path / "public")
    with EventLog.create(tmp_path / "fork.sqlite", ORIGIN) as fork:
        grow(fork, 7)
        grow(fork, 300)
        fork.checkpoint(SIGNER)
        refused(fork, tmp_path / "public", RollbackError, "contradicts the log's first 300 entries")


def test_a_folder_of_another_log_is_refused(log, tmp_path):
    signed(log, 3)
    publish(log, tmp_path / "public")
    with other_log(tmp_path / "other.sqlite", 9, "other.example/log") as other:
        refused(other, tmp_path / "public", RollbackError, "of another log")


@pytest.mark.parametrize("data", [b"", b"\n", b"not a note", b"\xff" * 100, b"x" * (1 << 21)])
def test_a_published_checkpoint_that_is_none_is_named(log, tmp_path, data):
    signed(log, 3)
    publish(log, tmp_path / "public")
    (tmp_path / "public/checkpoint").write_bytes(data)
    refused(log, tmp_path / "public", TileError, "public/checkpoint")


def test_entries_that_do_not_lead_to_the_signed_root_are_not_published(log, tmp_path):
    signed(log, 300)
    head = checkpoints.parse(text_of(log.latest_checkpoint()))
    wrong = sign(checkpoints.Checkpoint(ORIGIN, head.size, b"\1" * 32).text(), [SIGNER])

    class Lying:
        origin, entries, root, checkpoints = log.origin, log.entries, log.root, log.checkpoints

        def latest_checkpoint(self):
            return wrong

    with pytest.raises(FsckError, match="do not lead to the checkpoint"):
        publish(Lying(), tmp_path / "public")
    assert files_of(tmp_path / "public") == {}


def test_a_folder_that_cannot_be_written_is_told_and_the_old_checkpoint_still_holds(log, tmp_path, monkeypatch):
    folder = tmp_path / "public"
    signed(log, 250)
    publish(log, folder)
    signed(log, 520)
    real, left = os.fsync, 4

    def full_disk(descriptor):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "no space")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(PublishError, match="No space left on device"):
        publish(log, folder)
    monkeypatch.undo()
    found = check_folder(folder, VKEY)
    assert (found.head.size, found.ahead) == (250, 4)
    # The name of the last one was still to be made durable.
    publish(log, folder)
    assert check_folder(folder, VKEY).head.size == 520


def test_a_file_in_place_of_the_folder_is_told(log, tmp_path):
    signed(log, 1)
    (tmp_path / "public").write_text("")
    with pytest.raises(PublishError, match="cannot be written"):
        publish(log, tmp_path / "public")


def test_everything_is_durable_before_the_checkpoint_is_shown(log, tmp_path, monkeypatch):
    signed(log, 300)
    folder, synced, replaced = tmp_path / "public", [], []
    fsync, replace = os.fsync, os.replace

    def syncing(descriptor):
        # A file that has its name already, or is still under the one it is written as.
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    def replacing(source, target):
        replaced.append((Path(target), list(synced)))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", replacing)
    publish(log, folder)
    [(target, before)] = replaced
    assert target == folder / "checkpoint"
    files = [folder / name for name in files_of(folder) if name != "checkpoint"]
    contents = [path.name.split(".")[1] for path in before if path.name.startswith(".")]
    assert sorted(contents) == sorted([*(path.name for path in files), "checkpoint"])
    names = {parent for path in files for parent in path.parents if parent.is_relative_to(tmp_path)}
    assert names <= set(before)
    assert synced[-1] == folder


STEPS = ("open", "fsync", "link", "replace", "mkdir", "unlink", "rmdir")


def killed(path: Path, folder: Path, after: int) -> int:
    """Publish in a child that kills itself before or after its n-th call for a file; return how it ended."""
    child = os.fork()
    if child == 0:
        left = after

        def stepping(function):
            def inner(*arguments, **options):
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                result = function(*arguments, **options)
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return result

            return inner

        try:
            with EventLog.open(path) as log:
                for name in STEPS:
                    setattr(os, name, stepping(getattr(os, name)))
                publish(log, folder)
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(("old", "new"), [(None, 3), (250, 520), (511, 512)])
def test_a_publication_killed_between_any_two_steps_leaves_what_the_old_checkpoint_describes(tmp_path, old, new):
    path, base = tmp_path / "log.sqlite", tmp_path / "base"
    base.mkdir()
    with EventLog.create(path, ORIGIN) as log:
        if old is not None:
            signed(log, old)
            publish(log, base)
        signed(log, new)
    after, shown = 0, []
    while True:
        after += 1
        folder = tmp_path / f"after-{after}"
        shutil.copytree(base, folder)
        status = killed(path, folder, after)
        assert status in (0, -signal.SIGKILL)
        if old is None and not (folder / "checkpoint").exists():
            shown.append(0)
        else:
            shown.append(check_folder(folder, VKEY).head.size)
            assert shown[-1] in (old, new)
        assert all(files_of(folder).get(name, data) == data for name, data in files_of(base).items() if "tile" in name)
        if status == 0:
            break
        # And the next publication goes on from there.
        with EventLog.open(path) as log:
            assert publish(log, folder).head.size == new
        found = check_folder(folder, VKEY)
        assert (found.head.size, found.ahead) == (new, 0)
        shutil.rmtree(folder)
    assert after > 30
    assert shown[-1] == new
    assert all(earlier <= later for earlier, later in pairwise(shown))


def test_publications_at_once_take_turns(tmp_path):
    path, folder = tmp_path / "log.sqlite", tmp_path / "public"
    EventLog.create(path, ORIGIN).close()
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            try:
                with EventLog.open(path) as log:
                    for _ in range(8):
                        grow(log, log.size + 40)
                        log.checkpoint(SIGNER)
                        done = publish(log, folder)
                        assert done.before is None or done.before <= done.head.size
                os._exit(0)
            except BaseException:
                os._exit(1)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    with EventLog.open(path) as log:
        publish(log, folder)
        notes = list(log.checkpoints())
        assert check_folder(folder, VKEY, notes).head.size == log.size
        assert open_note((folder / "checkpoint").read_bytes(), [SIGNER.verifier])


def test_a_folder_can_be_checked_while_it_grows(tmp_path):
    path, folder = tmp_path / "log.sqlite", tmp_path / "public"
    with EventLog.create(path, ORIGIN) as log:
        signed(log, 1)
        publish(log, folder)
    child = os.fork()
    if child == 0:
        try:
            with EventLog.open(path) as log:
                for size in range(20, 1100, 20):
                    signed(log, size)
                    publish(log, folder)
            os._exit(0)
        except BaseException:
            os._exit(1)
    sizes = [1]
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        sizes.append(check_folder(folder, VKEY).head.size)
    assert all(earlier <= later for earlier, later in pairwise(sizes))
    assert len(set(sizes)) > 3
    assert check_folder(folder, VKEY).head.size == 1080
