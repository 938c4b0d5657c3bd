"""Across records and sources: threads, copies, the parent's lines, and the account of all units."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from source_world import mail, mbox, message, repository, slack

from extract.records import COLUMNS, Record, to_frame
from extract.sources import open_source, read_all
from extract.threads import relate

LONG = "The ledger must balance before the settlement starts."


def read(tmp_path: Path, *mails: bytes) -> list[Record]:
    (tmp_path / "box.mbox").write_bytes(mbox(*mails))
    return read_all([open_source("mail", tmp_path / "box.mbox")]).records


def test_replies_join_a_thread_through_mails_that_are_missing(tmp_path: Path) -> None:
    first = mail("a\n", Message_ID="<a@x>")
    third = mail("c\n", Message_ID="<c@x>", References="<a@x> <b@x>")
    fourth = mail("d\n", Message_ID="<d@x>", In_Reply_To="<b@x>")
    other = mail("e\n", Message_ID="<e@x>")
    records = read(tmp_path, first, third, fourth, other)
    assert len({r.thread_id for r in records[:3]}) == 1
    assert records[3].thread_id != records[0].thread_id
    assert [r.parent_id for r in records] == ["", "b@x", "b@x", ""]


def test_references_in_a_circle_end(tmp_path: Path) -> None:
    records = read(
        tmp_path,
        mail("a\n", Message_ID="<a@x>", References="<b@x>"),
        mail("b\n", Message_ID="<b@x>", References="<a@x>"),
        mail("c\n", Message_ID="<c@x>", References="<c@x>"),
    )
    assert records[0].thread_id == records[1].thread_id != records[2].thread_id


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefgh"), max_size=5)), max_size=8))
def test_any_references_give_every_record_a_thread(shape: list[tuple[str, list[str]]]) -> None:
    base = _record()
    records = [
        replace(base, locator=str(i), message_id=ident, references=tuple(chain))
        for i, (ident, chain) in enumerate(shape)
    ]
    related = relate(records)
    assert all(r.thread_id for r in related)
    for one in related:
        for other in related:
            if one.message_id == other.message_id:
                assert one.thread_id == other.thread_id


def _record() -> Record:
    return Record(
        "mail", "x", "0" * 64, "box", "mailbox", "mailto:a@x.example", "", "header.from", (), (), (), None, None,
        "unknown", "t", "", "", "", (),
    )  # fmt: skip


def test_copies_point_to_the_first(tmp_path: Path) -> None:
    records = read(
        tmp_path,
        mail(LONG + "\n", Message_ID="<a@x>"),
        mail(LONG + "\n-- \nlist footer\n", Message_ID="<a@x>"),
        mail(LONG + "\n", Message_ID="<other@x>"),
        mail("Thanks.\n", Message_ID="<t1@x>"),
        mail("Thanks.\n", Message_ID="<t2@x>"),
        mail(LONG + "\n", Message_ID="<z@x>", From="Tomas Lind <tomas@works.example>"),
    )
    assert [r.dup_of for r in records] == ["", "box.mbox#1", "box.mbox#1", "", "", ""]


def test_the_parents_lines_are_not_the_repliers(tmp_path: Path) -> None:
    parent = mail(LONG + "\n", Message_ID="<a@x>", From="Tomas Lind <tomas@works.example>")
    reply = mail(f"Yes, it does.\n{LONG}\n", Message_ID="<b@x>", In_Reply_To="<a@x>")
    assert read(tmp_path, parent, reply)[1].own_text() == "Yes, it does."


def test_two_sources_with_the_same_names_keep_their_records_apart(tmp_path: Path) -> None:
    for folder, words in (("one", "first\n"), ("two", "second\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "box.mbox").write_bytes(mbox(mail(words, Message_ID=f"<{folder}@x>")))
    result = read_all([open_source("mail", tmp_path / f / "box.mbox") for f in ("one", "two")])
    assert [r.locator for r in result.records] == ["box.mbox#1", "box.mbox#1~2"]


def test_all_kinds_together_account_for_all_units_and_fill_a_frame(tmp_path: Path) -> None:
    (tmp_path / "box.mbox").write_bytes(mbox(mail()))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("text")
    seen: list[int] = []
    result = read_all(
        [
            open_source("mail", tmp_path / "box.mbox"),
            open_source("repo", repository(tmp_path / "repo", "first")),
            open_source("chat", slack(tmp_path / "export", ledger=[message("a")])),
            open_source("docs", tmp_path / "docs"),
        ],
        seen.append,
    )
    assert [s.kind for s in result.sources] == ["mail", "commit", "chat", "document"]
    assert sum(s.units for s in result.sources) == len(result.records) + sum(result.defects.values()) == 4
    frame = to_frame(result.records)
    assert list(frame.columns) == [c.name for c in COLUMNS]
    assert [str(frame.dtypes[c.name]) for c in COLUMNS] == [c.dtype for c in COLUMNS]
    assert list(to_frame([]).columns) == list(frame.columns)
    for record in result.records:
        assert record.container_kind
        assert record.author_basis
        assert record.tz_basis
        assert len(record.raw_digest) == 64


def test_opening_sources_imports_nothing_heavy() -> None:
    code = (
        "import sys, extract.sources as s; s.open_source; s.read_all; s.Defect;"
        "print(sorted({'pandas', 'selectolax', 'charset_normalizer', 'ruamel'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
