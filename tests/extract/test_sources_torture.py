"""Mails that others collected to break readers: each is a record or a defect, whole, and the same twice."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from extract.records import Record
from extract.sources.api import Defect, Unit
from extract.sources.mail import MailSource

#: Archive, and how many mails it holds; `SOURCES.md` beside them says where each is from.
MAILS = {
    "bigbang_mbox": 273,
    "flanker_fixtures": 48,
    "mikel_mail_fixtures": 103,
    "mime4j_testmsgs": 135,
    "ponymail_mbox": 17,
    "reply_trimmer_gold": 12,
    "rspamd_messages": 211,
    "spamscope_mails": 21,
    "stalwart_mime": 107,
    "talon_fixtures": 14,
    "unstructured_eml": 40,
}

#: Archives of bare bodies, which are put behind a header.
BODIES = ("crisp_reply_fixtures", "email_reply_parser_fixtures", "mail_parser_reply_fixtures", "reply_trimmer_gold")


def unpacked(shared: Path, name: str, folder: Path) -> Path:
    with tarfile.open(shared / "data" / "mail" / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def everything(path: Path) -> list[tuple[Unit, Record | Defect]]:
    source = MailSource(path)
    return [(unit, source.read(unit)) for unit in source.units()]


def check(record: Record) -> None:
    at = 0
    for span in record.spans:
        assert span.start == at < span.end
        at = span.end
    assert at == len(record.text)
    assert record.container_kind in ("list", "mailbox", "personal_folder")
    assert (record.author_basis, bool(record.author_key)) in (("header.from", True), ("unknown", False))
    assert (record.sent_at is None) <= bool(record.parse_defects)
    assert record.sent_at is None or record.sent_at.tzname() == "UTC"
    assert record.tz_basis in ("header", "unknown")
    assert (record.tz_basis == "header") <= (record.tz_offset_min is not None)
    assert record.thread_id
    assert record.author_key or not record.own_text()
    # All of it can be written down: no lone surrogates.
    "".join((record.text, record.title, record.author_raw, *record.names_seen, *record.labels)).encode("utf-8")


@pytest.mark.parametrize("name", sorted(MAILS))
def test_every_mail_has_a_disposition_and_is_the_same_twice(shared: Path, tmp_path: Path, name: str) -> None:
    path = unpacked(shared, name, tmp_path)
    first, second = everything(path), everything(path)
    assert [(u.locator, u.raw_digest, r) for u, r in first] == [(u.locator, u.raw_digest, r) for u, r in second]
    assert len({u.locator for u, _ in first}) == len(first)
    records = [r for _, r in first if isinstance(r, Record)]
    assert len(records) == MAILS[name]
    assert {r.code for _, r in first if isinstance(r, Defect)} <= {"file.not_mail"}
    for record in records:
        assert "mail.unparseable" not in record.parse_defects
        check(record)


@pytest.mark.parametrize("name", sorted(MAILS))
def test_a_mail_that_ends_too_early_is_still_a_record(shared: Path, tmp_path: Path, name: str) -> None:
    source = MailSource(unpacked(shared, name, tmp_path))
    for unit in source.units():
        raw = unit.payload.raw
        if not unit.payload.defect and len(raw) < 100_000:
            for cut in (len(raw) // 3, len(raw) * 3 // 4):
                found = source.read(
                    Unit(unit.locator, unit.raw_digest, unit.payload._replace(raw=raw[:cut]), unit.size)
                )
                assert isinstance(found, Record)
                assert "mail.unparseable" not in found.parse_defects
                check(found)


@pytest.mark.parametrize("name", BODIES)
def test_every_reply_is_covered_by_its_spans(shared: Path, tmp_path: Path, name: str) -> None:
    head = b"From: Maren Holt <maren@works.example>\nDate: Mon, 2 Mar 2026 10:15:00 +0100\n"
    bodies = sorted(p for p in unpacked(shared, name, tmp_path).rglob("*.txt") if p.is_file())
    assert len(bodies) > 20
    for path in bodies:
        (tmp_path / "one.eml").write_bytes(head + b"Content-Type: text/plain; charset=utf-8\n\n" + path.read_bytes())
        ((_, record),) = everything(tmp_path / "one.eml")
        assert isinstance(record, Record)
        assert record.text.strip() or not path.read_bytes().strip()
        check(record)
