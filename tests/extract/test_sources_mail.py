"""Mail readers: nothing lost, nobody's mail forged, bad input named."""

from __future__ import annotations

import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_world import mail, mbox

from extract.errors import SourceError
from extract.records import Record
from extract.sources import Unit, files, headers, open_source, read_all
from extract.sources import mbox as splitter
from extract.sources.mail import MailSource, _Mail


def read_one(tmp_path: Path, raw: bytes) -> Record:
    path = tmp_path / "one.eml"
    path.write_bytes(raw)
    (record,) = read_all([open_source("mail", path)]).records
    return record


# --- one mail -----------------------------------------------------------------------------------------------------


def test_a_plain_mail_fills_every_field(tmp_path: Path) -> None:
    record = read_one(tmp_path, mail(Cc="Group: a@works.example, B <b@works.example>;"))
    assert record.author_key == "mailto:maren@works.example"
    assert record.author_basis == "header.from"
    assert record.recipients == ("mailto:a@works.example", "mailto:b@works.example", "mailto:tomas@works.example")
    assert record.sent_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert (record.tz_offset_min, record.tz_basis) == (60, "header")
    assert record.container_kind == "mailbox"
    assert record.own_text() == "Check the checksum first."
    assert record.parse_defects == ()
    assert "Maren Holt" in record.names_seen


@pytest.mark.parametrize(
    ("date", "defect"),
    [
        ("yesterday", "date.unreadable"),
        ("Mon, 2 Mar 2026 10:15:00", "date.no_offset"),
        ("Mon, 2 Mar 2026 10:15:00 CET", "date.no_offset"),
        ("Mon, 32 Mar 2026 10:15:00 +0100", "date.unreadable"),
        ("Mon, 2 Mar 2026 10:15:00 +9900", "date.no_offset"),
        ("Mon, 2 Mar 1926 10:15:00 +0100", "date.unreadable"),
        ("", "date.missing"),
    ],
)
def test_a_date_that_is_in_doubt_is_none(tmp_path: Path, date: str, defect: str) -> None:
    record = read_one(tmp_path, mail(Date=date))
    assert record.sent_at is None
    assert defect in record.parse_defects


@pytest.mark.parametrize("zone", ["+0000", "-0000", "GMT"])
def test_a_zero_offset_says_nothing_about_the_place(tmp_path: Path, zone: str) -> None:
    record = read_one(tmp_path, mail(Date=f"Mon, 2 Mar 2026 10:15:00 {zone}"))
    assert record.sent_at == datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
    assert record.tz_basis == "unknown"


@pytest.mark.parametrize(
    ("fields", "defect"),
    [
        ({"From": ""}, "from.missing"),
        ({"From": "undisclosed"}, "from.unreadable"),
        ({"From": "a@x.example, b@x.example"}, "from.several"),
        ({"From": "a@x.example\nFrom: b@x.example"}, "from.duplicate"),
        ({"From": "Maren via List <l@x.example>"}, "from.rewritten"),
        ({"From": "M <l@x.example>", "List-Post": "<mailto:l@x.example>"}, "from.rewritten"),
    ],
)
def test_an_author_in_doubt_is_unknown_and_nothing_is_own(tmp_path: Path, fields: dict[str, str], defect: str) -> None:
    record = read_one(tmp_path, mail(**fields))
    assert record.author_key == ""
    assert record.author_basis == "unknown"
    assert defect in record.parse_defects
    assert record.own_text() == ""


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"List_Id": "<dev.works.example>"}, "list"),
        ({"X_Gmail_Labels": "Inbox,Private"}, "personal_folder"),
        ({"X_Gmail_Labels": "Inbox,Category Personal"}, "mailbox"),
        ({"Keywords": "Familie"}, "personal_folder"),
        ({"Sensitivity": "Personal", "List_Id": "<dev.works.example>"}, "personal_folder"),
        ({"X_Gmail_Labels": "=?utf-8?q?Priv=C3=A9?="}, "personal_folder"),
    ],
)
def test_the_kind_of_container_follows_headers_and_labels(tmp_path: Path, fields: dict[str, str], kind: str) -> None:
    assert read_one(tmp_path, mail(**fields)).container_kind == kind


def test_html_alone_is_read_with_its_quotations_marked(tmp_path: Path) -> None:
    body = "<p>Use the mirror.</p><blockquote>Which host?</blockquote>"
    record = read_one(tmp_path, mail(body, MIME_Version="1.0", Content_Type="text/html; charset=utf-8"))
    assert record.own_text() == "Use the mirror."
    assert "Which host?" in record.text


def test_of_two_forms_the_html_says_what_the_plain_form_quotes(tmp_path: Path) -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nUse the mirror.\n\nWhich host is it?\n"
        "--b\nContent-Type: text/html\n\n<p>Use the mirror.</p><blockquote>Which host is it?</blockquote>\n--b--\n"
    )
    record = read_one(tmp_path, mail(body, MIME_Version="1.0", Content_Type='multipart/alternative; boundary="b"'))
    assert record.own_text() == "Use the mirror."
    assert "Which host is it?" in record.text


def test_attachments_are_counted_and_never_read(tmp_path: Path) -> None:
    body = (
        "--b\n\nSee the file.\n--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nSECRET PLAN\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: t@x.example\n\nFORWARDED WORDS\n--b--\n"
    )
    record = read_one(tmp_path, mail(body, MIME_Version="1.0", Content_Type='multipart/mixed; boundary="b"'))
    assert record.attachments == 2
    assert record.text.strip() == "See the file."


@pytest.mark.parametrize(
    ("charset", "raw", "text", "defect"),
    [
        ("iso-8859-15", "Größe".encode("iso-8859-15"), "Größe", ""),
        ("utf-8", "Größe".encode("latin-1"), "Größe", "body.bad_charset"),
        ("x-made-up", "Größe".encode(), "Größe", "body.unknown_charset"),
        ("punycode", b"plain", "plain", "body.unknown_charset"),
        ("unicode_escape", b"\\x41", "\\x41", "body.unknown_charset"),
        ("utf-8", b"a\x00b", "ab", "body.nul"),
        ("shift_jis", "日本".encode("shift_jis"), "日本", ""),
    ],
)
def test_charsets_are_declared_guessed_or_flagged(
    tmp_path: Path, charset: str, raw: bytes, text: str, defect: str
) -> None:
    head = mail("", MIME_Version="1.0", Content_Type=f"text/plain; charset={charset}", Content_Transfer_Encoding="8bit")
    record = read_one(tmp_path, head + raw)
    assert record.text == text
    assert record.parse_defects == ((defect,) if defect else ())


def test_bad_base64_is_a_flag_and_not_a_lost_mail(tmp_path: Path) -> None:
    record = read_one(tmp_path, mail("=!*AA\n", MIME_Version="1.0", Content_Transfer_Encoding="base64"))
    assert record.author_key


def test_encoded_words_cut_inside_a_character_are_joined() -> None:
    assert (
        headers.decode_words("=?utf-8?b?R3LDtsOf?= =?utf-8?q?e_und_?=\r\n =?utf-8?q?Ma=C3?= =?utf-8?q?=9F?=")
        == "Größe und Maß"
    )


@given(st.text(max_size=80))
def test_any_header_value_decodes_to_text_without_surrogates(value: str) -> None:
    headers.decode_words("=?utf-8?q?" + value + "?= " + value).encode("utf-8")


@given(st.text(max_size=60))
def test_any_date_is_a_moment_or_a_defect(value: str) -> None:
    moment, _, _, defects = headers.parse_date(value)
    assert (moment is None) == bool(defects)


@given(st.binary(max_size=400))
def test_any_bytes_make_a_record(raw: bytes) -> None:
    source = MailSource.__new__(MailSource)
    source._keys = None
    unit = Unit("x", "0" * 64, _Mail(raw, "box", (), "", unreadable=False))
    record = source.read(unit)
    assert isinstance(record, Record)
    assert "".join(record.text[s.start : s.end] for s in record.spans) == record.text
    record.text.encode("utf-8")


def test_mime_nested_beyond_reason_is_a_record(tmp_path: Path) -> None:
    body = "".join(f'--b{i}\nContent-Type: multipart/mixed; boundary="b{i + 1}"\n\n' for i in range(400))
    record = read_one(tmp_path, mail(body, MIME_Version="1.0", Content_Type='multipart/mixed; boundary="b0"'))
    assert set(record.parse_defects) & {"body.too_deep", "mail.unparseable"}


def test_a_parser_that_raises_leaves_an_empty_record_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("extract.sources.mailbody.read", broken)
    record = read_one(tmp_path, mail())
    assert record.parse_defects == ("mail.unparseable",)
    assert (record.text, record.container_kind) == ("", "unknown")


# --- mbox ---------------------------------------------------------------------------------------------------------


def split(data: bytes) -> list[bytes]:
    return list(splitter.split(data))


def test_an_mbox_is_split_at_its_separators_only() -> None:
    quoting = mail("I saw:\n\nFrom here it went down.\n\nFrom 2026 on: nothing.\n")
    assert split(mbox(quoting, mail())) == [quoting, mail()]


def test_a_blank_line_is_needed_before_a_separator() -> None:
    body = mail("text\nFrom x@y.example Mon Mar  2 10:15:00 2026\nSubject: no\n")
    assert split(mbox(body)) == [body]


def test_crlf_mboxes_split_too() -> None:
    data = mbox(mail(), mail()).replace(b"\n", b"\r\n")
    assert split(data) == [mail().replace(b"\n", b"\r\n")] * 2


def test_content_length_keeps_an_unescaped_mbox_inside_a_mail_together() -> None:
    inner = mbox(mail()).decode()
    counted = mail(inner, Content_Length=str(len(inner)))
    assert split(mbox(counted, counted)) == [counted, counted]


def test_a_lying_content_length_swallows_no_mail() -> None:
    first = mail("short\n", Content_Length="7000")
    assert split(mbox(first, mail())) == [first, mail()]


def test_escaped_from_lines_come_back_but_not_inside_a_quotation() -> None:
    assert splitter.unescape(b"a\n>From now on\nb\n") == b"a\nFrom now on\nb\n"
    assert splitter.unescape(b"a\n>>From now on\nb\n") == b"a\n>From now on\nb\n"
    quotation = b"> first\n>From now on\n> last\n"
    assert splitter.unescape(quotation) == quotation


@given(st.lists(st.text(alphabet="aFrom :\n>", max_size=30), min_size=1, max_size=5))
def test_every_mail_put_in_comes_out(bodies: list[str]) -> None:
    mails = [mail(body.replace("\nFrom ", "\n>From ").rstrip("\n") + "\n") for body in bodies]
    assert split(mbox(*mails)) == mails


# --- folders ------------------------------------------------------------------------------------------------------


def maildir(path: Path) -> Path:
    for folder in ("", ".Private", ".Projects.Ledger"):
        for part in ("cur", "new", "tmp"):
            (path / folder / part).mkdir(parents=True)
    (path / "cur" / "1.host:2,S").write_bytes(mail(Message_ID="<a@x.example>"))
    (path / "new" / "2.host").write_bytes(mail("Second, about the mirror.\n", Message_ID="<b@x.example>"))
    (path / "tmp" / "3.host").write_bytes(mail())
    (path / ".Private" / "cur" / "4.host:2,").write_bytes(mail("Third, about dinner.\n", Message_ID="<c@x.example>"))
    (path / ".Projects.Ledger" / "new" / "5.host").write_bytes(mail("Fourth.\n", Message_ID="<d@x.example>"))
    return path


def test_a_maildir_gives_folders_as_labels_and_leaves_deliveries_alone(tmp_path: Path) -> None:
    result = read_all([open_source("mail", maildir(tmp_path / "box"))])
    places = {r.locator: (r.container_kind, r.labels) for r in result.records}
    assert places == {
        ".Private/cur/4.host": ("personal_folder", ("Private",)),
        ".Projects.Ledger/new/5.host": ("mailbox", ("Projects/Ledger",)),
        "cur/1.host": ("mailbox", ()),
        "new/2.host": ("mailbox", ()),
    }
    assert result.defects == {"file.in_delivery": 1}
    assert result.unreadable == []


def test_a_folder_of_mails_and_mboxes_accounts_for_every_file(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(mail(Message_ID="<a@x.example>"))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.mbox").write_bytes(mbox(mail(), mail("Other words.\n", Message_ID="<o@x.example>")))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "link.eml").symlink_to(tmp_path / "a.eml")
    result = read_all([open_source("mail", tmp_path)])
    assert [r.locator for r in result.records] == ["a.eml", "sub/b.mbox#1", "sub/b.mbox#2"]
    assert result.defects == {"file.link": 1, "file.not_mail": 1}
    assert [u.code for u in result.unreadable] == ["file.link"]
    assert result.sources[0].units == len(result.records) + sum(result.defects.values())


def test_reading_twice_gives_the_same_records(tmp_path: Path) -> None:
    maildir(tmp_path / "box")
    first, second = (read_all([open_source("mail", tmp_path / "box")]) for _ in range(2))
    assert first == second


def test_a_file_that_may_not_be_read_is_a_defect_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.eml").write_bytes(mail())
    (tmp_path / "b.eml").write_bytes(mail())
    original = files.read_bytes

    def denied(path: Path, limit: int = files.FILE_LIMIT) -> bytes:
        if path.name == "a.eml":
            raise files.FileUnreadable("file.permission_denied")
        return original(path, limit)

    monkeypatch.setattr("extract.sources.files.read_bytes", denied)
    result = read_all([open_source("mail", tmp_path)])
    assert len(result.records) == 1
    assert [u.code for u in result.unreadable] == ["file.permission_denied"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.mbox", b"", "empty"),
        ("a.mbox", b"Dear all,\nthis is a letter\n", "not an mbox"),
        ("a.mbox.gz", b"\x1f\x8b\x08\x00", "not an mbox"),
        ("notes.txt", b"no header here", "no export of mail"),
    ],
)
def test_what_is_no_mail_is_refused_with_a_hint(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=says) as caught:
        open_source("mail", tmp_path / name)
    assert caught.value.exit_code == 6
    assert caught.value.hint


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        open_source("mail", tmp_path / "nothing")


def test_a_path_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mbox").write_bytes(mbox(mail()))

    def denied(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(SourceError, match="permission denied"):
        open_source("mail", tmp_path / "a.mbox")


def test_no_message_of_an_error_or_repr_of_a_unit_holds_the_mail(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(mail())
    (unit,) = open_source("mail", tmp_path).units()
    assert isinstance(unit, Unit)
    assert "checksum" not in repr(unit)


# --- archives of mails that others made to break readers ----------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["flanker_fixtures", "mikel_mail_fixtures", "mime4j_testmsgs", "ponymail_mbox", "rspamd_messages",
     "spamscope_mails", "stalwart_mime", "unstructured_eml", "bigbang_mbox", "talon_fixtures"],
)  # fmt: skip
def test_torture_mails_are_all_accounted_for(shared: Path, tmp_path: Path, name: str) -> None:
    with tarfile.open(shared / "data" / "mail" / f"{name}.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    result = read_all([open_source("mail", tmp_path)])
    assert result.sources[0].units == len(result.records) + sum(result.defects.values())
    assert not result.unreadable
    assert "mail.unparseable" not in {d for r in result.records for d in r.parse_defects}
    for record in result.records:
        assert "".join(record.text[s.start : s.end] for s in record.spans) == record.text
        f"{record.text}{record.title}{record.author_raw}{record.names_seen}{record.labels}".encode()
        assert record.container_kind != "unknown"
        assert record.author_basis
        assert record.tz_basis
