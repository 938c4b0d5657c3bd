"""PDF: text without an author; encrypted, damaged and oversized files are left out."""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.records import Record
from extract.sources import pdffile
from extract.sources.api import Defect
from extract.sources.content import Content
from extract.sources.documents import DocumentSource
from extract.sources.files import FileUnreadable
from extract.sources.pdffile import read_pdf

INFO = "/Author (Maren Holt) /Title (Ledger plan) /ModDate (D:20260302101500+01'00')"
PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
IDENT = bytes(range(16))


def pdf(*pages: str, info: str = INFO, encrypt: str = "", more: str = "") -> bytes:
    """Return a PDF with one line of Helvetica per line of each page."""
    count = len(pages)
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{more}>>",
        f"<</Type/Pages/Count {count}/Kids[{' '.join(f'{5 + 2 * n} 0 R' for n in range(count))}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<<{info}>>",
    ]
    for number, page in enumerate(pages):
        objects.append(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 3 0 R>>>>"
            f"/Contents {6 + 2 * number} 0 R>>"
        )
        stream = "BT /F 12 Tf 50 700 Td 14 TL " + " ".join(f"({line}) Tj T*" for line in page.split("\n")) + " ET"
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    out = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj{content}endobj\n".encode("latin-1")
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{o:010} 00000 n \n".encode() for o in offsets)
    lock = f"/Encrypt {encrypt}/ID[<{IDENT.hex()}><{IDENT.hex()}>]" if encrypt else ""
    return out + f"trailer<</Size {len(objects) + 1}/Root 1 0 R/Info 4 0 R{lock}>>\nstartxref\n{start}\n%%EOF".encode()


def rc4(key: bytes, data: bytes) -> bytes:
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def lock(password: bytes) -> str:
    """Return an /Encrypt dictionary of revision 2 for a user password (ISO 32000-1 §7.6.3)."""
    owner = rc4(hashlib.md5(PAD).digest()[:5], (password + PAD)[:32])
    rights = -44
    key = hashlib.md5((password + PAD)[:32] + owner + rights.to_bytes(4, "little", signed=True) + IDENT).digest()[:5]
    return f"<</Filter/Standard/V 1/R 2/O<{owner.hex()}>/U<{rc4(key, PAD).hex()}>/P {rights}>>"


def everything(path: Path) -> tuple[list[Record], list[Defect]]:
    source = DocumentSource(path)
    found = [source.read(unit) for unit in source.units()]
    return [f for f in found if isinstance(f, Record)], [f for f in found if isinstance(f, Defect)]


def record(tmp_path: Path, data: bytes) -> Record:
    (tmp_path / "plan.pdf").write_bytes(data)
    ((found,), _) = everything(tmp_path / "plan.pdf")
    return found


def defect(tmp_path: Path, data: bytes) -> dict[str, int]:
    (tmp_path / "plan.pdf").write_bytes(data)
    records, defects = everything(tmp_path)
    assert records == []
    assert all(d.unreadable for d in defects)
    return dict(Counter(d.code for d in defects))


def test_author_metadata_proves_nobody_and_no_word_is_own(tmp_path: Path) -> None:
    found = record(tmp_path, pdf("We load it once.\nEvery night.", "Second page."))
    assert found.text == "We load it once.\nEvery night.\nSecond page."
    assert (found.author_key, found.author_basis, found.own_text()) == ("", "unknown", "")
    assert {s.kind for s in found.spans} == {"unknown"}
    assert (found.names_seen, found.title) == (("Maren Holt",), "Ledger plan")
    assert (found.sent_at, found.tz_offset_min) == (datetime(2026, 3, 2, 9, 15, tzinfo=UTC), 60)


@pytest.mark.parametrize(
    ("stated", "moment", "code"),
    [
        ("/ModDate (D:20260302101500-05'30')", datetime(2026, 3, 2, 15, 45, tzinfo=UTC), ""),
        ("/ModDate (D:20260302101500Z)", datetime(2026, 3, 2, 10, 15, tzinfo=UTC), ""),
        ("/ModDate (D:20260302101500)", None, "date.no_offset"),
        ("/ModDate (D:20260302)", None, "date.unreadable"),
        ("/ModDate (D:20261302101500Z)", None, "date.unreadable"),
        ("/ModDate (D:20260302101500+99'00')", None, "date.unreadable"),
        ("/ModDate (D:00010101000000+01'00')", None, "date.unreadable"),
        ("/CreationDate (D:20260302101500Z)", None, "date.missing"),
    ],
)
def test_only_a_change_with_an_offset_is_a_time(
    tmp_path: Path, stated: str, moment: datetime | None, code: str
) -> None:
    found = record(tmp_path, pdf("text", info=stated))
    assert found.sent_at == moment
    assert ("", *found.parse_defects).count(code) == 1


@pytest.mark.parametrize("password", [b"", b"correct horse"], ids=["rights only", "password"])
def test_an_encrypted_pdf_is_left_out_even_if_it_opens_without_a_password(tmp_path: Path, password: bytes) -> None:
    assert defect(tmp_path, pdf("text", encrypt=lock(password))) == {"file.encrypted": 1}


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.4", b"%PDF-1.7\n%%EOF", b"\0" * 100], ids=["empty", "start", "ends", "nul"]
)
def test_a_file_that_pdfium_cannot_open_is_damaged(tmp_path: Path, data: bytes) -> None:
    assert defect(tmp_path, data) == {"file.damaged": 1}


def test_a_pdf_named_as_text_is_read_as_a_pdf(tmp_path: Path) -> None:
    (tmp_path / "plan.txt").write_bytes(pdf("We load it once."))
    ((found,), _) = everything(tmp_path)
    assert found.text == "We load it once."


def test_a_scan_without_text_says_so(tmp_path: Path) -> None:
    assert "text.none" in record(tmp_path, pdf("")).parse_defects


def test_pages_and_characters_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdffile, "MAX_PAGES", 1)
    assert defect(tmp_path, pdf("a", "b")) == {"file.too_many_pages": 1}
    monkeypatch.setattr(pdffile, "MAX_CHARACTERS", 10)
    assert defect(tmp_path, pdf("more than ten characters")) == {"file.too_long": 1}


def packed(content: bytes, about: str) -> bytes:
    """Return a PDF whose one page is described by a packed stream."""
    stream = zlib.compress(content, 9).decode("latin-1")
    plain = pdf("MARK").decode("latin-1")
    start, end = plain.index("<</Length"), plain.index("endstream")
    return (plain[:start] + f"<</Length {len(stream)}{about}>>stream\n{stream}\n" + plain[end:]).encode("latin-1")


@pytest.mark.parametrize(
    ("content", "about"),
    [(b"(xx) Tj " * 200_000, "/Filter/FlateDecode"), (b"BT ET", "/Filter[/FlateDecode/FlateDecode]")],
    ids=["bomb", "packed twice"],
)
def test_a_page_that_unpacks_to_a_bomb_is_refused(tmp_path: Path, content: bytes, about: str) -> None:
    assert defect(tmp_path, packed(content, about)) == {"file.refused": 1}


def test_a_packed_page_is_read_and_a_white_picture_is_no_bomb(tmp_path: Path) -> None:
    line = b"BT /F 12 Tf 50 700 Td (We load it once.) Tj ET"
    assert record(tmp_path, packed(line, "/Filter/FlateDecode")).text == "We load it once."
    record(tmp_path, packed(b"\xff" * 3_000_000, "/Subtype/Image/Filter/FlateDecode"))


def test_scripts_are_not_run_and_credentials_not_kept(tmp_path: Path) -> None:
    script = "/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"
    found = record(tmp_path, pdf("https://files.example/a?token=" + "k" * 24, more=script))
    assert found.text == "https://files.example/a?token=[SECRET]"


def test_embedded_files_are_counted_and_not_read(tmp_path: Path) -> None:
    names = "/Names<</EmbeddedFiles<</Names[(a.txt) <</Type/Filespec/F(a.txt)>>]>>>>"
    assert record(tmp_path, pdf("text", more=names)).attachments == 1


GOOD = pdf("We load it once.")


@settings(deadline=None, max_examples=100)
@given(at=st.integers(0, len(GOOD) - 1), data=st.binary(min_size=1, max_size=6))
def test_any_changed_bytes_are_read_or_refused(at: int, data: bytes) -> None:
    with contextlib.suppress(FileUnreadable):
        assert isinstance(read_pdf(GOOD[:at] + data + GOOD[at + len(data) :]), Content)
