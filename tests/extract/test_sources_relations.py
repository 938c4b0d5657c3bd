"""Across records and sources: threads, copies, the parent's lines, and the account of all units."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from given_records import relate
from hypothesis import given
from hypothesis import strategies as st
from source_world import mail, mbox, message, repository, slack

from extract import subjects
from extract.records import Record
from extract.sources import open_source, read_all
from extract.threads import Head, Relations, Relator, head_of

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


ME, TOMAS, IDA = "mailto:maren@works.example", "mailto:tomas@works.example", "mailto:ida@works.example"
MONDAY = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


def head(ident: str = "", subject: str = "", after: timedelta | None = timedelta(), **changes: Any) -> Head:
    """Return the head of a mail from Maren to Tomas."""
    base = Head("mail", ident, (), ME, (TOMAS,), subject, None if after is None else MONDAY + after, "", b"")
    return base._replace(**changes)


def relations(*heads: Head) -> Relations:
    relator = Relator()
    for each in heads:
        relator.add(each)
    return relator.finish()


def together(*heads: Head) -> bool:
    return len(set(relations(*heads).threads)) == 1


SUBJECT = "Settlement of the ledger"
DAY = timedelta(days=1)
ANSWER = head("b", f"Re: {SUBJECT}", DAY, author_key=TOMAS, participants=(ME,))


def test_an_answer_without_references_joins_by_subject_and_people() -> None:
    found = relations(head("a", SUBJECT), ANSWER)
    assert len(set(found.threads)) == 1
    # That is no proof of whom it answers.
    assert list(found.parents) == [-1, -1]


@pytest.mark.parametrize(
    "subject",
    [
        f"AW: {SUBJECT}",
        f"re[2]: {SUBJECT}",
        f"SV: Fwd: {SUBJECT}",
        f"Re : {SUBJECT.upper()}",
        f"\u56de\u590d\uff1a{SUBJECT}",
        f"Antwort: RE: {SUBJECT}  ",
    ],
)
def test_prefixes_of_answers_are_known_in_many_languages(subject: str) -> None:
    assert together(head("a", SUBJECT), ANSWER._replace(subject=subject))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": SUBJECT},  # no answer
        {"subject": f"Fwd: {SUBJECT}"},  # a forward answers nobody
        {"subject": f"Re: {SUBJECT} again"},
        {"subject": f"Re: [tag] {SUBJECT}"},  # a tag tells two mails apart
        {"sent_at": MONDAY + 15 * DAY},  # too late
        {"sent_at": MONDAY - DAY},  # before it
        {"sent_at": None},
        {"author_key": IDA, "participants": (TOMAS,)},  # both went to Tomas: that is no conversation
        {"author_key": ""},
        {"source_kind": "chat", "subject": ""},
        {"references": ("c",)},  # says itself what it answers
    ],
)
def test_a_subject_alone_joins_nothing(changes: dict[str, Any]) -> None:
    found = relations(head("a", SUBJECT), ANSWER._replace(**changes), head("c", "Something else altogether", -9 * DAY))
    assert found.threads[0] != found.threads[1]


@pytest.mark.parametrize(
    "subject", ["", "Re:", "Hello", "Re: hi", "Meeting", "(no subject)", "Re: ok, thanks", "FYI", "AW: 12 34"]
)
def test_empty_and_common_subjects_join_nothing(subject: str) -> None:
    assert not subjects.split(subject).telling
    bare = subjects.split(subject).bare
    assert not together(head("a", bare), ANSWER._replace(subject=f"Re: {bare}"))


def test_that_two_people_got_a_circular_makes_no_conversation() -> None:
    circular = head("a", SUBJECT, participants=(TOMAS, *(f"mailto:p{i}@works.example" for i in range(20))))
    assert not together(circular, ANSWER._replace(participants=()))
    assert together(circular, ANSWER)


def test_an_answer_joins_the_latest_of_several() -> None:
    mails = [head("a", SUBJECT), head("c", SUBJECT, DAY / 2), head("d", SUBJECT, 2 * DAY), ANSWER]
    for order in (mails, mails[::-1]):
        threads = dict(zip([h.message_id for h in order], relations(*order).threads, strict=True))
        assert threads["b"] == threads["c"] != threads["a"] != threads["d"] != threads["b"]


def test_references_that_nobody_holds_do_not_keep_an_answer_from_its_thread() -> None:
    assert together(head("a", SUBJECT), ANSWER._replace(references=("lost",)))


def test_ids_of_two_kinds_of_source_do_not_meet() -> None:
    found = relations(head("a"), head("a", source_kind="chat"), head("b", source_kind="chat", references=("a",)))
    assert found.threads[0] != found.threads[1] == found.threads[2]
    assert list(found.parents) == [-1, -1, 1]
    assert list(found.copies) == [0, 1, 2]


def test_a_circle_of_parents_is_cut_at_the_earliest() -> None:
    circle = [head(i, after=n * DAY, references=(r,)) for n, (i, r) in enumerate(["ac", "ba", "cb"])]
    assert list(relations(*circle).parents) == [-1, 0, 1]
    tail = head("d", references=("c",))
    assert list(relations(tail, *circle[::-1]).parents) == [1, 2, 3, -1]
    assert list(relations(head("s", references=("s",))).parents) == [-1]


def test_chat_copies_are_found_by_place_and_exact_time() -> None:
    base = replace(_record(), source_kind="chat", container="ledger", sent_at=MONDAY.replace(microsecond=100))
    exact = [replace(base, message_id=i) for i in ("one", "two")]
    assert list(relations(*map(head_of, exact)).copies) == [0, 0]
    # Whole seconds prove nothing: two things are said in a second.
    rough = [replace(r, sent_at=MONDAY) for r in exact]
    assert list(relations(*map(head_of, rough)).copies) == [0, 1]
    assert list(relations(head_of(exact[0]), head_of(replace(exact[1], container="other"))).copies) == [0, 1]


def test_copies_of_copies_point_at_the_one_that_is_kept() -> None:
    one, two = b"1" * 16, b"2" * 16
    found = relations(head("a", words=one), head("b", words=two), head("a", words=two), head("b"), head("c"))
    assert list(found.copies) == [0, 0, 0, 0, 4]
    # The same words of two people are two records.
    assert list(relations(head("a", words=one), head("b", words=one, author_key=IDA)).copies) == [0, 1]


HEADS = st.builds(
    head,
    st.sampled_from(["", *"abcdef"]),
    st.sampled_from(["", SUBJECT, f"Re: {SUBJECT}", f"AW: {SUBJECT}"]),
    st.sampled_from([None, *(n * DAY for n in range(0, 30, 3))]),
    references=st.lists(st.sampled_from("abcdefgh"), max_size=4).map(tuple),
    author_key=st.sampled_from([ME, TOMAS, ""]),
    participants=st.lists(st.sampled_from([ME, TOMAS, IDA]), max_size=2).map(tuple),
    words=st.sampled_from([b"", b"1" * 16, b"2" * 16]),
)


@given(st.data())
def test_threads_and_groups_of_copies_do_not_depend_on_the_order(data: st.DataObject) -> None:
    heads = data.draw(st.lists(HEADS, max_size=8))
    order = data.draw(st.permutations(range(len(heads))))
    straight, mixed = relations(*heads), relations(*(heads[i] for i in order))

    def threads(found: Relations, rows: list[Head]) -> list[tuple[Head, str]]:
        # Two equal heads without an id may change places.
        return sorted(zip(rows, found.threads, strict=True), key=repr)

    assert threads(straight, heads) == threads(mixed, [heads[i] for i in order])
    groups = [
        {frozenset(r for r, k in enumerate(f.copies) if k == kept) for kept in f.copies} for f in (straight, mixed)
    ]
    assert groups[0] == {frozenset(order[i] for i in group) for group in groups[1]}
    for found in (straight, mixed):
        assert all(found.copies[kept] == kept <= row for row, kept in enumerate(found.copies))


@given(st.lists(HEADS, max_size=8))
def test_parents_never_go_in_a_circle(heads: list[Head]) -> None:
    found = relations(*heads)
    for row in range(len(heads)):
        steps = 0
        while row != -1:
            row = found.parents[row]
            steps += 1
            assert steps <= len(heads)


def test_a_record_takes_at_most_five_hundred_bytes() -> None:
    count = 5000
    heads = [
        head(f"{i}.abcdefgh@mail.works.example", f"Re: Ledger of week {i // 4}", i * DAY / 100, words=i.to_bytes(16),
             references=tuple(f"{max(0, i - k)}.abcdefgh@mail.works.example" for k in range(3)),
             participants=tuple(f"mailto:p{(i + k) % 200}@works.example" for k in range(4)))
        for i in range(count)
    ]  # fmt: skip
    tracemalloc.start()
    try:
        relator = Relator()
        for each in heads:
            relator.add(each)
        found = relator.finish()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.threads) == count
    assert peak < 500 * count


@pytest.mark.timeout(60)
def test_one_subject_of_a_machine_does_not_cost_a_square() -> None:
    reports = [
        head(str(i), f"Re: {SUBJECT}", i * DAY / 10_000, author_key=f"mailto:r{i}@works.example", participants=())
        for i in range(5000)
    ]
    assert len(set(relations(*reports).threads)) == 5000


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
