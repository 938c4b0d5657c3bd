"""Records between the steps of a run: encoded and back again, words apart from what the gates need."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from extract import marks, recordparts
from extract.records import Record, SpanKind, TextSpan
from extract.sources.api import Defect
from extract.threads import head_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WORDS = st.text(st.characters(codec=None), max_size=30)
KINDS: list[SpanKind] = ["own", "quoted", "signature", "unknown"]


@st.composite
def record(draw: st.DrawFn) -> Record:
    parts = draw(st.lists(st.tuples(st.sampled_from(KINDS), st.text(min_size=1, max_size=60), WORDS), max_size=4))
    spans, text = [], ""
    for kind, part, owner in parts:
        spans.append(TextSpan(len(text), len(text) + len(part), kind, owner))
        text += part
    several = st.lists(WORDS, max_size=3).map(tuple)
    return Record(
        source_kind=draw(st.sampled_from(["mail", "commit", "chat", "document"])),
        locator=draw(WORDS),
        raw_digest="ab" * 32,
        container=draw(WORDS),
        container_kind=draw(st.sampled_from(["public", "dm", "unknown"])),
        author_key=draw(WORDS),
        author_raw=draw(WORDS),
        author_basis="header.from",
        recipients=draw(several),
        names_seen=draw(several),
        labels=draw(several),
        sent_at=draw(st.none() | st.integers(0, 4 * 10**15).map(lambda n: EPOCH + timedelta(microseconds=n))),
        tz_offset_min=draw(st.none() | st.integers(-840, 840)),
        tz_basis="header",
        thread_id=draw(WORDS),
        parent_id=draw(WORDS),
        title=draw(WORDS),
        text=text,
        spans=tuple(spans),
        attachments=draw(st.integers(0, 9)),
        parse_defects=draw(several),
        authenticity="A0",
        message_id=draw(WORDS),
        references=draw(several),
    )


DEFECT = st.builds(Defect, WORDS, WORDS, st.sampled_from(["file.not_mail"]), st.booleans())


@given(st.lists(record() | DEFECT, max_size=6))
def test_what_is_encoded_comes_back_and_the_words_by_themselves(found: list[Record | Defect]) -> None:
    files = recordparts.encode(found)
    back = list(recordparts.decode(files[recordparts.META]))
    assert len(back) == len(found)
    for before, after in zip(found, back, strict=True):
        if isinstance(before, Defect):
            assert after.found == before
            assert after.marks is None
            continue
        assert isinstance(after.found, Record)
        assert after.found.text == ""
        text = recordparts.text_at(files[recordparts.WORDS], after.at)
        assert text == before.text
        assert replace(after.found, text=text) == before
        assert after.marks == marks.of(before)
        assert after.words == head_of(before).words


def test_the_lines_of_the_own_words_come_first() -> None:
    own, quoted = "the ledger is checked before it is loaded", "and who looks at it on the day of the release"
    text = f"{quoted}\n{own}\nshort one"
    spans = (
        TextSpan(0, len(quoted) + 1, "quoted", ""),
        TextSpan(len(quoted) + 1, len(text), "own", "mailto:a@x.example"),
    )
    one = Record(
        "mail", "1", "00" * 32, "", "mailbox", "mailto:a@x.example", "", "header.from", (), (), (), None, None,
        "unknown", "t", "", "", text, spans,
    )  # fmt: skip
    (stored,) = recordparts.decode(recordparts.encode([one])[recordparts.META])
    assert stored.own_lines == 1
    assert stored.lines == recordparts.line_digest(own) + recordparts.line_digest(quoted)


def test_the_meta_file_holds_no_word_of_the_text() -> None:
    text = "The Xylophonkonzert is on Tuesday, and nobody else shall read of it here."
    one = Record(
        "mail", "1", "00" * 32, "", "mailbox", "mailto:a@x.example", "", "header.from", (), (), (), None, None,
        "unknown", "t", "", "", text, (TextSpan(0, len(text), "own", "mailto:a@x.example"),),
    )  # fmt: skip
    files = recordparts.encode([one])
    assert b"Xylophon" in files[recordparts.WORDS]
    assert b"ylophon" not in files[recordparts.META]
