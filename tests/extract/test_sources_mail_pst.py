"""Outlook data files. No free program writes one, so the library is played by a tree of our own making."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from source_world import mail, mbox

from extract.errors import SourceError
from extract.records import Record
from extract.sources import open_source, read_all, registry
from extract.sources.api import Defect
from extract.sources.mail import MailSource

pst = pytest.importorskip("extract.sources.pst")

HEADER = (
    "From: Tomas Lind <tomas@works.example>\r\nTo: maren@works.example\r\nSubject: Mirror\r\n"
    "Date: Mon, 2 Mar 2026 10:15:00 +0100\r\nMessage-ID: <in@works.example>\r\n"
    'Content-Type: multipart/mixed; boundary="gone"\r\n\r\n'
)


@dataclass
class Entry:
    ident: int
    value: Any

    def get_entry_type(self) -> int:
        return self.ident

    def get_data_as_string(self) -> str:
        return str(self.value)

    def get_data_as_integer(self) -> int:
        return int(self.value)


@dataclass
class Values:
    values: dict[int, Any]

    def get_number_of_entries(self) -> int:
        return len(self.values)

    def get_entry(self, number: int) -> Entry:
        return Entry(*list(self.values.items())[number])


@dataclass
class Recipients:
    found: list[Values]

    def get_number_of_record_sets(self) -> int:
        return len(self.found)

    def get_record_set(self, number: int) -> Values:
        return self.found[number]


@dataclass
class Message:
    ident: int = 100
    header: str | None = None
    plain: bytes | None = b"Use the mirror.\r\n"
    html: bytes | None = None
    rtf: bytes | None = None
    values: dict[int, Any] = field(default_factory=dict)
    to: list[dict[int, Any]] = field(default_factory=list)
    subject: str = "Mirror"
    attachments: int = 0
    broken: bool = False

    @property
    def recipients(self) -> Recipients:
        return Recipients([Values(each) for each in self.to])

    def get_identifier(self) -> int:
        if self.broken:
            raise OSError("unable to read descriptor of Maren Holt")
        return self.ident

    def get_record_set(self, _: int) -> Values:
        return Values(self.values)

    def get_transport_headers(self) -> str | None:
        return self.header

    def get_plain_text_body(self) -> bytes | None:
        return self.plain

    def get_html_body(self) -> bytes | None:
        return self.html

    def get_rtf_body(self) -> bytes | None:
        return self.rtf

    def get_subject(self) -> str:
        return self.subject

    def get_sender_name(self) -> str:
        return "Maren Holt"

    def get_client_submit_time(self) -> datetime:
        return datetime(2026, 3, 2, 9, 15)  # noqa: DTZ001 - as the library gives it

    def get_number_of_attachments(self) -> int:
        return self.attachments


@dataclass
class Folder:
    name: str | None
    messages: list[Message] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)

    def get_identifier(self) -> int:
        return 7

    def get_name(self) -> str | None:
        return self.name

    def get_number_of_sub_folders(self) -> int:
        return len(self.folders)

    def get_sub_folder(self, number: int) -> Folder:
        return self.folders[number]

    def get_number_of_sub_messages(self) -> int:
        return len(self.messages)

    def get_sub_message(self, number: int) -> Message:
        return self.messages[number]


@dataclass
class File:
    root: Folder
    encryption: int = 1

    def open(self, _: str) -> None: ...

    def close(self) -> None: ...

    def get_encryption_type(self) -> int:
        return self.encryption

    def get_root_folder(self) -> Folder:
        return self.root


def box(*messages: Message, name: str = "Inbox") -> Folder:
    top = Folder("Top of Personal Folders", folders=[Folder(name, list(messages))])
    return Folder(None, folders=[Folder("Search Root"), top])


def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, root: Folder, encryption: int = 1) -> list[Record | Defect]:
    monkeypatch.setattr(pst.pypff, "file", lambda: File(root, encryption))
    path = tmp_path / "box.pst"
    path.write_bytes(b"!BDN" + bytes(600))
    source = pst.PstSource(path)
    units = list(source.units())
    assert all(unit.size > 0 for unit in units)
    assert len({unit.locator for unit in units}) == len(units)
    copy = pickle.loads(pickle.dumps(source))
    return [copy.read(pickle.loads(pickle.dumps(unit))) for unit in units]


def one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, message: Message, name: str = "Inbox") -> Record:
    (found,) = read(monkeypatch, tmp_path, box(message, name=name))
    assert isinstance(found, Record)
    return found


def test_a_mail_that_came_in_is_read_by_its_own_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = one(monkeypatch, tmp_path, Message(header=HEADER, attachments=2))
    assert (record.author_key, record.author_basis) == ("mailto:tomas@works.example", "header.from")
    assert (record.tz_offset_min, record.tz_basis) == (60, "header")
    assert (record.message_id, record.title) == ("in@works.example", "Mirror")
    assert (record.text, record.own_text()) == ("Use the mirror.\n", "Use the mirror.")
    assert (record.container, record.container_kind, record.labels) == ("Inbox", "mailbox", ("Inbox",))
    assert record.attachments == 2
    assert record.locator == "box.pst#100"


def test_the_line_that_exchange_puts_before_a_header_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = "Microsoft Mail Internet Headers Version 2.0\r\n" + HEADER
    assert one(monkeypatch, tmp_path, Message(header=header)).author_key == "mailto:tomas@works.example"


SMTP = {0x0C1E: "SMTP", 0x0C1F: "Maren@works.example"}


def test_a_mail_that_was_sent_is_read_by_its_properties(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = one(
        monkeypatch,
        tmp_path,
        Message(
            values={**SMTP, 0x1035: "<out@works.example>", 0x1042: "<in@works.example>"},
            to=[{0x3001: "Tomas Lind", 0x39FE: "tomas@works.example"}, {0x3001: "Board", 0x3002: "EX", 0x3003: "/o=x"}],
            subject="\x01\x05RE: Mirror",
        ),
    )
    assert (record.author_key, record.author_basis) == ("mailto:maren@works.example", "pst.sender")
    assert record.recipients == ("mailto:tomas@works.example", "name:board")
    assert record.sent_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert (record.tz_offset_min, record.tz_basis) == (None, "unknown")
    assert (record.message_id, record.parent_id, record.title) == (
        "out@works.example",
        "in@works.example",
        "RE: Mirror",
    )
    assert record.own_text() == "Use the mirror."


@pytest.mark.parametrize(
    "values",
    [
        {},
        {0x0C1E: "EX", 0x0C1F: "/O=WORKS/OU=X/CN=RECIPIENTS/CN=MAREN"},
        {0x0C1E: "EX", 0x0C1F: "maren@works.example"},
        {**SMTP, 0x0064: "SMTP", 0x0065: "chief@works.example"},
    ],
)
def test_a_sender_who_is_not_proven_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[int, Any]
) -> None:
    record = one(monkeypatch, tmp_path, Message(values=values))
    assert (record.author_key, record.author_basis, record.own_text()) == ("", "unknown", "")
    assert record.author_raw == '"Maren Holt"'


def test_the_address_that_exchange_resolved_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {0x0C1E: "EX", 0x0C1F: "/o=x", 0x5D01: "maren@works.example", 0x5D02: "maren@works.example"}
    assert one(monkeypatch, tmp_path, Message(values=values)).author_key == "mailto:maren@works.example"


def test_html_is_read_in_its_codepage_with_quotations_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "<p>Größe 5.</p><blockquote>Welche Größe?</blockquote>".encode("cp1252")
    record = one(monkeypatch, tmp_path, Message(plain=None, html=body, values={**SMTP, 0x3FDE: 1252}))
    assert record.own_text() == "Größe 5."


def test_a_mail_in_rtf_only_is_a_record_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = one(monkeypatch, tmp_path, Message(plain=None, rtf=b"{\\rtf1 x}", values=SMTP))
    assert (record.text, record.parse_defects) == ("", ("body.rtf_only",))


def test_a_private_folder_is_one_and_the_scaffolding_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert one(monkeypatch, tmp_path, Message(values=SMTP), "Privat").container_kind == "personal_folder"
    assert one(monkeypatch, tmp_path, Message(values=SMTP), "Orders").container_kind == "mailbox"


def test_everything_has_a_disposition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [
        Message(1, values={0x001A: "IPM.Appointment"}),
        Message(2, broken=True),
        Message(3, header="\x00: broken\r\n\r\n"),
        Message(4, values={**SMTP, 0x001A: "IPM.Note.SMIME"}, plain=None),
    ]
    found = read(monkeypatch, tmp_path, box(*messages))
    assert [each.code if isinstance(each, Defect) else each.author_basis for each in found] == [
        "pst.no_mail",
        "mail.unreadable",
        "unknown",
        "pst.sender",
    ]
    assert [each.unreadable for each in found if isinstance(each, Defect)] == [False, True]


def test_a_damaged_file_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    path = tmp_path / "box.pst"
    path.write_bytes(b"!BDN" + b"Maren" * 200)
    with pytest.raises(SourceError, match="damaged") as caught:
        open_source("mail", path)
    assert caught.value.hint
    assert "Maren" not in str(caught.value)


def test_an_encrypted_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="encrypted"):
        read(monkeypatch, tmp_path, box(), encryption=0x10)


def test_it_is_told_from_other_mail_and_read_like_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "box.pst"
    path.write_bytes(b"!BDN" + bytes(600))
    (tmp_path / "inbox.mbox").write_bytes(mbox(mail()))
    assert pst.PstSource.detect(path)
    assert not MailSource.detect(path)
    assert not pst.PstSource.detect(tmp_path / "inbox.mbox")
    assert not pst.PstSource.detect(tmp_path)
    monkeypatch.setattr(pst.pypff, "file", lambda: File(box(Message(header=HEADER))))
    (record,) = read_all([open_source("mail", path)]).records
    assert record.own_text() == "Use the mirror."


def test_without_the_package_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "extract.sources.pst", None)
    (found,) = [f for f in registry.FORMATS if f.name == "pst"]
    with pytest.raises(SourceError, match="package is missing") as caught:
        found.reader()
    assert caught.value.hint == "install it: pip install 'govern-toolkit[pst]'"
    # Other mail does not need it.
    (tmp_path / "inbox.mbox").write_bytes(mbox(mail()))
    assert isinstance(open_source("mail", tmp_path / "inbox.mbox"), MailSource)
