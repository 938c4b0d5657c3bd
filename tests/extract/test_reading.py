"""Reading by way of executors: the same records wherever they are read, and each unit kept whatever happens."""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from source_world import mail, mbox, message, slack

from attest.disposition import commitment, manifest_line, manifest_root
from extract import facts, identity, recordparts
from extract.execution import dask
from extract.execution.errors import DiskFullError
from extract.execution.opening import open_executor
from extract.execution.parts import MemoryParts, SealedParts
from extract.records import FAILURE, Record
from extract.sources import Defect, ReadResult, Unit, open_source, read_all
from extract.sources.api import Link

PEOPLE = b"""version: 1
organisation: {name: Works, mail_domains: [works.example]}
people:
  - {pid: p-4k7q2m9x, emails: [maren@works.example], timezone: Europe/Berlin}
"""
LONG = "The ledger must balance before the settlement of this week starts."


def box(folder: Path, count: int = 23) -> Path:
    """Return a mailbox with answers that repeat their parent's words without any mark."""
    mails = []
    for i in range(count):
        body = f"{LONG} Number {i} of them.\n"
        head = {"Message_ID": f"<{i}@works.example>"}
        if i % 3 == 2:
            body = f"Yes, that is how I see it too, number {i}.\n\n{LONG} Number {i - 1} of them.\n"
            head["References"] = f"<{i - 1}@works.example>"
        mails.append(mail(body, **head))
    path = folder / "box.mbox"
    path.write_bytes(mbox(*mails))
    return path


def root(read: ReadResult) -> str:
    """Return the root of the source manifest, with salts that are the same each time."""
    salts = [hashlib.sha256(str(i).encode()).digest() for i in range(len(read.records))]
    lines = (
        manifest_line(i, r.source_kind, commitment(salt, "source", bytes.fromhex(r.raw_digest)))
        for i, (r, salt) in enumerate(zip(read.records.light(), salts, strict=True))
    )
    return manifest_root(lines).hex()


def tiny(monkeypatch: pytest.MonkeyPatch, most: int = 4) -> None:
    """Let partitions be small, so that a small source has several."""
    from extract.execution import driver

    whole = driver.cut
    monkeypatch.setattr(driver, "cut", lambda units, size: whole(units, size, most))


def test_every_executor_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch)
    path, export = box(tmp_path), slack(tmp_path / "export", general=[message("a"), message("b")])
    results = []
    for name, start in (("here", open_executor), ("two", lambda: open_executor(2)), ("dask", lambda: dask.local(2))):
        with closing(SealedParts(tmp_path / name, bytes(32))) as parts, closing(start()) as executor:
            read = read_all([open_source("mail", path), open_source("chat", export)], executor=executor, parts=parts)
            results.append((list(read.records), root(read), read.sources, read.defects))
    whole = read_all([open_source("mail", path), open_source("chat", export)])
    results.append((list(whole.records), root(whole), whole.sources, whole.defects))
    assert results[0] == results[1] == results[2] == results[3]
    assert len(results[0][0]) == 25


def test_the_cut_into_partitions_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = box(tmp_path)
    whole = read_all([open_source("mail", path)])
    tiny(monkeypatch, 3)
    cut = read_all([open_source("mail", path)])
    assert cut == whole
    people = identity.parse(PEOPLE)
    one, other = (facts.compute(r.records.marked, people, "p-4k7q2m9x") for r in (whole, cut))
    assert one.equals(other)


def test_what_an_answer_repeats_of_its_parent_is_the_parents_also_across_partitions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny(monkeypatch, 2)
    read = read_all([open_source("mail", box(tmp_path, 9))])
    answer = read.records[5]
    assert answer.own_text() == "Yes, that is how I see it too, number 5."
    _, marks = read.records.with_marks(5)
    assert (marks.sizes.own, marks.sizes.foreign) == (len(answer.own_text()), len(f"{LONG} Number 4 of them."))


def test_records_without_their_text_are_had_without_the_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = MemoryParts()
    read = read_all([open_source("mail", box(tmp_path, 2))], parts=parts)
    asked: list[str] = []
    whole = parts.read

    def spied(key: str, name: str) -> bytes:
        asked.append(name)
        return whole(key, name)

    monkeypatch.setattr(parts, "read", spied)
    assert [r.text for r in read.records.light()] == ["", ""]
    assert recordparts.WORDS not in asked
    assert read.records[1].text.startswith(LONG)
    assert recordparts.WORDS in asked


@dataclass
class Poison:
    """A source of numbers; one of them ends or fails whoever reads it."""

    path: Path
    units_: int
    deadly: int = -1
    raising: int = -1
    once: int = -1
    kind: Any = "document"
    name: str = "poison"
    completeness: str = "files"

    @property
    def links(self) -> frozenset[Link]:
        return frozenset()

    def units(self) -> Iterator[Unit]:
        for i in range(self.units_):
            yield Unit(f"{i}.txt", hashlib.sha256(str(i).encode()).hexdigest(), i)

    def read(self, unit: Unit) -> Record | Defect:
        if unit.payload == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if unit.payload == self.once and not (self.path / "killed").exists():
            (self.path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if unit.payload == self.raising:
            raise RuntimeError("Xylophonkonzert")
        return Record(
            "document", unit.locator, unit.raw_digest, "", "document", "", "", "unknown", (), (), (), None, None,
            "unknown", "", "", "", "", (),
        )  # fmt: skip


@pytest.mark.parametrize(("how", "jobs"), [("raising", 1), ("raising", 2), ("deadly", 2)])
def test_a_unit_that_ends_whoever_reads_it_is_left_out_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, jobs: int
) -> None:
    tiny(monkeypatch, 5)
    source = Poison(tmp_path, 12, **{how: 7})
    with closing(open_executor(jobs)) as executor, closing(SealedParts(tmp_path / "parts", bytes(32))) as parts:
        read = read_all([source], executor=executor, parts=parts)
        found = list(read.records)
    assert [r.locator for r in found] == [f"{i}.txt" for i in range(12)]
    assert [r.parse_defects for r in found] == [(FAILURE,) if i == 7 else () for i in range(12)]
    assert found[7].container_kind == "unknown"
    undisturbed = read_all([Poison(tmp_path, 12)])
    assert root(read) == root(undisturbed)
    assert read.sources[0].sha256 == undisturbed.sources[0].sha256


def test_a_worker_that_is_killed_costs_no_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch, 5)
    with closing(SealedParts(tmp_path / "parts", bytes(32))) as parts, closing(open_executor(2)) as executor:
        read = read_all([Poison(tmp_path, 12, once=7)], executor=executor, parts=parts)
        assert (tmp_path / "killed").exists()
        undisturbed = read_all([Poison(tmp_path, 12)])
        assert read == undisturbed
        assert root(read) == root(undisturbed)


RESUMED = """
    import os, signal, sys
    from pathlib import Path
    from extract.execution import driver
    from extract.execution.parts import SealedParts
    from extract.sources import open_source, read_all, reading
    from test_reading import root
    whole = driver.cut
    driver.cut = lambda units, size: whole(units, size, 4)
    box, folder, stop = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    run, made = reading.Reading.run, []
    def counted(self, items):
        if len(made) == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        made.append(len(items))
        return run(self, items)
    reading.Reading.run = counted
    read = read_all([open_source("mail", box)], parts=SealedParts(folder, bytes(32)))
    print(len(made), len(read.records), root(read), read.sources[0].sha256)
"""


def test_a_driver_that_was_killed_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    path = box(tmp_path)

    def drive(folder: str, stop: int) -> subprocess.CompletedProcess[str]:
        here = Path(__file__).parent
        return subprocess.run(
            [sys.executable, "-c", textwrap.dedent(RESUMED), str(path), str(tmp_path / folder), str(stop)],
            cwd=here.parents[1],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent), str(here.parents[1])])},
            capture_output=True,
            text=True,
            check=False,
        )

    undisturbed = drive("one", -1).stdout.split()
    assert undisturbed[:2] == ["6", "23"]
    assert drive("two", 4).returncode == -signal.SIGKILL
    resumed = drive("two", -1).stdout.split()
    assert resumed == ["2", *undisturbed[1:]]


def test_a_full_disk_stops_the_reading_and_more_room_lets_it_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny(monkeypatch)
    path = box(tmp_path)
    parts = SealedParts(tmp_path / "parts", bytes(32))
    whole, written = SealedParts.write, itertools.count()

    def full(self: SealedParts, key: str, files: Any) -> None:
        if next(written) == 2:
            raise OSError(28, "No space left on device")
        whole(self, key, files)

    monkeypatch.setattr(SealedParts, "write", full)
    with pytest.raises(DiskFullError) as caught:
        read_all([open_source("mail", path)], parts=parts)
    assert caught.value.hint is not None
    read = read_all([open_source("mail", path)], parts=parts)
    # Six partitions, of which two were there, and one write that failed.
    assert next(written) == 2 + 1 + 4
    assert root(read) == root(read_all([open_source("mail", path)]))


def test_locators_that_two_sources_share_are_told_apart(tmp_path: Path) -> None:
    path = box(tmp_path, 2)
    read = read_all([open_source("mail", path), open_source("mail", path)])
    assert [r.locator for r in read.records] == ["box.mbox#1", "box.mbox#2", "box.mbox#1~2", "box.mbox#2~2"]
    assert [r.dup_of for r in read.records] == ["", "", "box.mbox#1", "box.mbox#2"]
