"""Traps of MIME and of headers, each a mail of our own making; and the two parsers come to the same."""

from __future__ import annotations

import time
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_world import mail

from extract.records import Record
from extract.sources import headers, mime
from extract.sources.api import Unit
from extract.sources.mail import record_of


def read(raw: bytes) -> Record:
    return record_of(mime.parse(raw), Unit("x", "0" * 64, None), "box", ())


def part(fields: str, body: bytes = b"Use the mirror.\n") -> bytes:
    head = mail("", MIME_Version="1.0").removesuffix(b"\n")
    return head + fields.encode() + b"\n\n" + body


LONG = "Größe und Maß stimmen nicht überein, bitte prüfen Sie die Übergabe am Flughafen Köln noch heute früh. " * 3


@pytest.mark.parametrize(
    ("fields", "body", "text", "defects"),
    [
        ("Content-Type: text/plain; charset=iso-8859-15", "5 €\n".encode("iso-8859-15"), "5 €\n", ()),
        ("Content-Type: text/plain; charset=us-ascii", "5 €\n".encode(), "5 €\n", ()),
        ("Content-Type: text/plain; charset*=us-ascii'en'utf-8", "5 €\n".encode(), "5 €\n", ()),
        ('Content-Type: text/plain; charset="ISO-2022-JP"', "橋\n".encode("iso-2022-jp"), "橋\n", ()),
        ("Content-Type: text/plain; charset=ascii", LONG.encode("cp1252"), LONG, ("body.bad_charset",)),
        ("Content-Type: text/plain; charset=klingon", b"plain\n", "plain\n", ("body.unknown_charset",)),
        ("Content-Type: text/plain; charset=ascii", b"\xff\xfe\x81", "ÿþ\x81", ("body.bad_charset",)),
        ("Content-Transfer-Encoding: base64", b"VXNlIHRoZSBtaXJyb3I=\n", "Use the mirror", ()),
        ("Content-Transfer-Encoding: base64", b"VXNlIHRoZSBtaXJyb3I\n", "Use the mirror", ("body.bad_base64",)),
        ("Content-Transfer-Encoding: base64", b"VXNl!IHRo*ZSBt\n", "Use the m", ("body.bad_base64",)),
        ("Content-Transfer-Encoding: quoted-printable ", b"5 =E2=82=AC=\n!\n", "5 €!\n", ()),
        ("Content-Transfer-Encoding: x-made-up", b"Use it.\n", "Use it.\n", ()),
        ("Content-Type: nonsense", b"Use it.\n", "Use it.\n", ()),
        ("Content-Type: multipart/mixed", b"Use it.\n", "Use it.\n", ("body.no_boundary",)),
        ("Content-Type: multipart/mixed; boundary=b", b"Use it.\n", "Use it.\n", ("body.no_boundary",)),
        ("Content-Type: multipart/mixed; boundary=b", b"--b\n\nUse it.", "Use it.", ()),
    ],
)
def test_bodies_are_decoded_or_flagged(fields: str, body: bytes, text: str, defects: tuple[str, ...]) -> None:
    record = read(part(fields, body))
    assert record.text == text
    assert record.parse_defects == defects


@pytest.mark.parametrize(
    ("to", "found"),
    [
        ("Team: a@works.example, B <b@works.example>;", ("mailto:a@works.example", "mailto:b@works.example")),
        ("undisclosed-recipients:;", ()),
        ('"Lind, Tomas" <tomas@works.example>', ("mailto:tomas@works.example",)),
        ("=?utf-8?q?J=C3=B6rg=2C_Abel?= <joerg@works.example>", ("mailto:joerg@works.example",)),
        ("a@works.example (Ann), <b@works.example>,", ("mailto:a@works.example", "mailto:b@works.example")),
        ("tomas at works.example (Tomas Lind)", ("mailto:tomas@works.example",)),
        ('"Tomas Lind" <>', ("name:tomas lind",)),
    ],
)
def test_addressees_of_every_form_are_found(to: str, found: tuple[str, ...]) -> None:
    assert read(mail(To=to)).recipients == found


@pytest.mark.parametrize(
    ("fields", "attachments"),
    [
        ("Content-Disposition: attachment; filename*=utf-8''pl%C3%A4ne.txt", 1),
        ("Content-Disposition: attachment; filename*0=pl; filename*1=an.txt", 1),
        ("Content-Disposition: inline; filename*0*=utf-8''pl%C3%A4; filename*1*=ne.txt", 1),
        ("Content-Type: text/plain; name=plan.txt", 1),
        ("Content-Disposition: inline", 0),
    ],
)
def test_file_names_of_rfc_2231_make_an_attachment(fields: str, attachments: int) -> None:
    body = f"--b\n\nSee the plan.\n--b\n{fields}\n\nSECRET\n--b--\n".encode()
    record = read(part("Content-Type: multipart/mixed; boundary=b", body))
    assert record.attachments == attachments
    assert ("SECRET" in record.text) is (attachments == 0)


@pytest.mark.parametrize("levels", [3, 25, 35, 100])
def test_nested_parts_are_read_to_a_depth_and_flagged_beyond(levels: int) -> None:
    body = "\n--b{0}--\n".join(["Deep.\n"])
    for i in reversed(range(1, levels)):
        inner = f'Content-Type: multipart/mixed; boundary="b{i}."\n\n--b{i}.\n' if i < levels else ""
        body = f"{inner}{'' if i < levels - 1 else chr(10)}{body}\n--b{i}.--\n"
    record = read(part('Content-Type: multipart/mixed; boundary="b0."', f"--b0.\n{body}\n--b0.--\n".encode()))
    if levels <= 25:
        assert (record.text.strip(), record.parse_defects) == ("Deep.", ())
    else:
        assert record.parse_defects == ("body.too_deep",)


@pytest.mark.parametrize(
    "raw",
    [
        b"X: 1\n" * 200_000 + mail(),
        b"X-Long: " + b"a " * 500_000 + b"\n" + mail(),
        b"X-Folded: a\n" + b" b\n" * 200_000 + mail(),
        b"To: " + b"<" * 50_000 + b"\n" + mail(To=""),
        b"To: " + b"a@works.example, " * 20_000 + b"\n" + mail(To=""),
        b"Subject: " + b"=?utf-8?q?a?= " * 50_000 + b"\n" + mail(Subject=""),
        b"References: " + b"<a@b> " * 100_000 + b"\n" + mail(),
        b"Content-Type: text/plain" + b"; a=b" * 50_000 + b"\n" + mail(),
        b"Content-Type: multipart/mixed; boundary=b\n" + mail("--b\n\nx\n" * 20_000 + "--b--\n"),
    ],
    ids=["fields", "long", "folds", "angles", "addresses", "words", "references", "parameters", "parts"],
)
def test_a_header_bomb_is_a_record_within_seconds(raw: bytes) -> None:
    start = time.process_time()
    assert read(raw).author_key == "mailto:maren@works.example"
    assert time.process_time() - start < 10


PIECES = (
    b"\n", b"\r\n", b"--b\n", b"--b--\n", b"--c\r\n", b"--c--\n", b" folded\n", b"text\n", b"Subject: a\n",
    b"From x\n", b"Content-Type: multipart/mixed; boundary=b\n", b'Content-Type: multipart/alternative; boundary="c"\n',
    b"Content-Type: text/html\n", b"Content-Transfer-Encoding: base64\n", b"QUJD\n", b"Content-Type: message/rfc822\n",
    b": empty\n", b"Content-Disposition: attachment\n", b"no end", b"\xff\n", b"\r",
)  # fmt: skip


def shape(found: mime.Part) -> object:
    inside = None if found.children is None else [shape(child) for child in found.children]
    # Nobody looks into what is attached as a mail.
    if found.kind.name.startswith("message/"):
        return found.kind.name
    return (found.fields, found.kind[0], found.kind.charset, found.kind.attached, inside, inside or found.data())


@given(st.lists(st.sampled_from(PIECES), max_size=14), st.sampled_from([b"b", b"c"]))
def test_cutting_gives_what_the_general_parser_gives(pieces: list[bytes], boundary: bytes) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=" + boundary + b"\n" + b"".join(pieces)
    general = mime._from_message(BytesParser(policy=compat32).parsebytes(raw))
    assert shape(mime.parse(raw)) == shape(general)


TOKENS = (
    "a", "B.", '"x y"', '"x, y"', "<", ">", "x.y@works.example", "<a@b.example>", ",", " ", "  ", "(c)", ";", ":", '"',
    "\\", "@", "\t", "o'k", "M. Holt <m@x.example>", '"H, M" <m@x.example>', "\xa0", "é",
)  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=8))
def test_usual_addresses_are_what_the_general_parser_finds(tokens: list[str]) -> None:
    value = "".join(tokens).strip()
    assert headers._listed(value) == getaddresses([value])
