"""Word documents: one proven author, other people's words apart, nothing built to do harm is unpacked."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.records import Record
from extract.sources import docxfile
from extract.sources.api import Defect
from extract.sources.content import Content
from extract.sources.documents import DocumentSource
from extract.sources.docxfile import read_docx
from extract.sources.files import FileUnreadable

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MAREN = "Maren Holt"


def new(author: str = MAREN, modifier: str = MAREN) -> Any:
    document = docx.Document()
    document.core_properties.author = author
    document.core_properties.last_modified_by = modifier
    document.core_properties.modified = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    return document


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def changed(data: bytes, part: str, old: str, fresh: str) -> bytes:
    """Return the package with a part's text changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            content = source.read(info)
            if info.filename == part:
                assert old.encode() in content
                content = content.replace(old.encode(), fresh.encode())
            target.writestr(info.filename, content)
    return out.getvalue()


def everything(path: Path) -> tuple[list[Record], list[Defect]]:
    source = DocumentSource(path)
    found = [source.read(unit) for unit in source.units()]
    return [f for f in found if isinstance(f, Record)], [f for f in found if isinstance(f, Defect)]


def record(tmp_path: Path, data: bytes) -> Record:
    (tmp_path / "plan.docx").write_bytes(data)
    ((found,), _) = everything(tmp_path / "plan.docx")
    return found


def defect(tmp_path: Path, data: bytes) -> dict[str, int]:
    (tmp_path / "plan.docx").write_bytes(data)
    records, defects = everything(tmp_path)
    assert records == []
    assert all(d.unreadable for d in defects)
    return dict(Counter(d.code for d in defects))


def test_author_who_is_also_the_last_modifier_is_proven(tmp_path: Path) -> None:
    document = new()
    document.core_properties.title = "Ledger plan"
    document.add_paragraph("We load it once.")
    found = record(tmp_path, saved(document))
    assert (found.author_key, found.author_basis) == ("name:maren holt", "docx.properties")
    assert found.own_text() == "We load it once."
    assert found.title == "Ledger plan"
    assert (found.sent_at, found.tz_offset_min, found.tz_basis) == (
        datetime(2026, 3, 2, 9, 15, tzinfo=UTC),
        0,
        "unknown",
    )


@pytest.mark.parametrize(
    ("author", "modifier"),
    [
        (MAREN, "Tomas Lind"),
        (MAREN, ""),
        ("", MAREN),
        ("", ""),
        ("python-docx", "python-docx"),
        ("Microsoft Office User", "Microsoft Office User"),
        ("Author", "Author"),
        ("Maren Holt; Tomas Lind", "Maren Holt; Tomas Lind"),
    ],
)
def test_any_other_pair_of_properties_proves_nobody(tmp_path: Path, author: str, modifier: str) -> None:
    document = new(author, modifier)
    document.add_paragraph("We load it once.")
    data = saved(document)
    found = record(tmp_path, data)
    assert (found.author_key, found.author_basis, found.own_text()) == ("", "unknown", "")
    assert {s.kind for s in found.spans} == {"unknown"}


@pytest.mark.parametrize("name", [MAREN, "Tomas Lind"])
@pytest.mark.parametrize("tag", ["ins", "del", "moveFrom"])
def test_tracked_changes_of_somebody_else_hold_the_document(tmp_path: Path, tag: str, name: str) -> None:
    document = new()
    paragraph = document.add_paragraph("We load it once.")
    run = "<w:r><w:delText>or twice</w:delText></w:r>" if tag == "del" else "<w:r><w:t> More.</w:t></w:r>"
    paragraph._p.append(parse_xml(f'<w:{tag} {W} w:id="1" w:author="{name}">{run}</w:{tag}>'))
    found = record(tmp_path, saved(document))
    assert found.author_key == ("name:maren holt" if name == MAREN else "")
    assert found.own_text() == ("" if name != MAREN else "We load it once." + " More." * (tag == "ins"))
    assert ("author.several" in found.parse_defects) is (name != MAREN)
    assert name in found.names_seen
    assert "twice" not in found.text


@pytest.mark.parametrize("name", [MAREN, "Tomas Lind"])
def test_comments_are_never_text_and_those_of_others_hold_the_document(tmp_path: Path, name: str) -> None:
    document = new()
    paragraph = document.add_paragraph("We load it once.")
    document.add_comment(paragraph.runs, text="Are you sure of this?", author=name)
    found = record(tmp_path, saved(document))
    assert "sure" not in found.text
    assert found.author_key == ("name:maren holt" if name == MAREN else "")


def test_quotation_styles_are_quoted_and_a_style_based_on_one_too(tmp_path: Path) -> None:
    document = new()
    document.add_paragraph("We load it once.")
    document.add_paragraph("Load it twice, said the auditor.", style="Quote")
    document.add_paragraph("And once more.", style="Intense Quote")
    style = document.styles.add_style("House", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Quote"]
    document.add_paragraph("Or never.", style="House")
    document.add_paragraph("So be it.").add_run(" As she said.", style="Quote Char")
    found = record(tmp_path, saved(document))
    assert found.own_text() == "We load it once."
    assert {s.kind for s in found.spans} == {"own", "quoted"}


def test_a_quotation_style_keeps_its_name_where_word_translates_its_id(tmp_path: Path) -> None:
    document = new()
    document.add_paragraph("We load it once.")
    document.add_paragraph("Zweimal laden.", style="Quote")
    data = changed(saved(document), "word/styles.xml", 'w:styleId="Quote"', 'w:styleId="Zitat"')
    data = changed(data, "word/document.xml", 'w:val="Quote"', 'w:val="Zitat"')
    assert record(tmp_path, data).own_text() == "We load it once."


def test_tables_are_read_by_row_and_a_table_inside_a_cell_once(tmp_path: Path) -> None:
    document = new()
    table = document.add_table(2, 2)
    for cell, words in zip([c for r in table.rows for c in r.cells], ["step", "owner", "load", "Maren"], strict=True):
        cell.text = words
    inner = table.cell(1, 1).add_table(1, 1)
    inner.cell(0, 0).text = "inside"
    text = record(tmp_path, saved(document)).text
    assert "step\towner" in text
    assert text.count("inside") == 1


def test_headers_and_footers_are_footers_and_text_boxes_unknown(tmp_path: Path) -> None:
    document = new()
    paragraph = document.add_paragraph("We load it once.")
    document.sections[0].header.paragraphs[0].text = "Example works, internal"
    document.sections[0].footer.paragraphs[0].text = "Page of many"
    box = f"<w:r {W}><w:pict><w:txbxContent><w:p><w:r><w:t>A callout</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>"
    paragraph._p.append(parse_xml(box))
    found = record(tmp_path, saved(document))
    kinds = {found.text[s.start : s.end].strip(): s.kind for s in found.spans}
    assert kinds == {
        "We load it once.": "own",
        "A callout": "unknown",
        "Page of many\nExample works, internal": "footer",
    }


def test_hidden_text_codes_of_fields_and_line_breaks(tmp_path: Path) -> None:
    document = new()
    paragraph = document.add_paragraph("One")
    paragraph.add_run().add_break()
    paragraph.add_run("two")
    paragraph.add_run("secret").font.hidden = True
    paragraph._p.append(parse_xml(f"<w:r {W}><w:instrText>AUTHOR x</w:instrText></w:r>"))
    assert record(tmp_path, saved(document)).text == "One\ntwo"


def test_pictures_and_macros_count_as_attachments_and_are_never_opened(tmp_path: Path) -> None:
    document = new()
    document.add_paragraph("We load it once.")
    part = docx.opc.part.Part(
        docx.opc.packuri.PackURI("/word/vbaProject.bin"), "application/vnd.ms-office.vbaProject", b"\0macro"
    )
    document.part.relate_to(part, "http://schemas.microsoft.com/office/2006/relationships/vbaProject")
    found = record(tmp_path, saved(document))
    assert found.attachments == 1
    assert "macro" not in found.text


@pytest.mark.parametrize(
    ("stated", "moment", "code"),
    [
        ("2026-03-02T10:15:00+01:00", datetime(2026, 3, 2, 9, 15, tzinfo=UTC), ""),
        ("2026-03-02T10:15:00", None, "date.no_offset"),
        ("2026-03-02", None, "date.no_offset"),
        ("yesterday", None, "date.unreadable"),
        ("", None, "date.missing"),
    ],
)
def test_the_time_counts_only_with_an_offset(tmp_path: Path, stated: str, moment: datetime | None, code: str) -> None:
    data = changed(saved(new()), "docProps/core.xml", "2026-03-02T09:15:00Z", stated)
    found = record(tmp_path, data)
    assert found.sent_at == moment
    assert ("", *found.parse_defects).count(code) == 1


def test_an_encrypted_document_is_left_out(tmp_path: Path) -> None:
    ole = docxfile.OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    assert defect(tmp_path, ole) == {"file.encrypted": 1}
    assert defect(tmp_path, docxfile.OLE + b"\0" * 600) == {"file.damaged": 1}


def test_an_encrypted_entry_is_left_out(tmp_path: Path) -> None:
    data = bytearray(saved(new()))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert defect(tmp_path, bytes(data)) == {"file.encrypted": 1}


@pytest.mark.parametrize("ending", [b"", b"<!-- -->"])
def test_a_document_that_unpacks_to_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, ending: bytes) -> None:
    out = io.BytesIO(saved(new()))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/media/image9.png", b"\0" * 3_000_000 + ending)
    assert defect(tmp_path, out.getvalue()) == {"file.refused": 1}


def test_entries_that_stand_twice_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO(saved(new()))
    with zipfile.ZipFile(out, "a") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr("word/document.xml", b"<w/>")
    assert defect(tmp_path, out.getvalue()) == {"file.refused": 1}


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    document = new()
    document.add_paragraph("MARK")
    lol = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    data = changed(saved(document), "word/document.xml", "<w:document", lol + "<w:document")
    data = changed(data, "word/document.xml", "MARK", "x&b;&f;y")
    (tmp_path / "plan.docx").write_bytes(data)
    for found in everything(tmp_path)[0]:
        assert "aaaa" not in found.text
        assert "root" not in found.text


@pytest.mark.parametrize("cut", [10, 1000, 20_000, -30])
def test_a_document_that_was_cut_off_is_damaged(tmp_path: Path, cut: int) -> None:
    assert defect(tmp_path, saved(new())[:cut]) == {"file.damaged": 1}


def test_a_zip_that_is_no_word_document_is_damaged(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("a.txt", "words")
    assert defect(tmp_path, out.getvalue()) == {"file.damaged": 1}


def test_a_text_too_long_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = new()
    document.add_paragraph("x" * 200)
    monkeypatch.setattr(docxfile, "MAX_CHARACTERS", 100)
    assert defect(tmp_path, saved(document)) == {"file.too_long": 1}


GOOD = saved(new())


@settings(deadline=None, max_examples=60)
@given(at=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_is_read_or_refused(at: int, byte: int) -> None:
    data = GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]
    with contextlib.suppress(FileUnreadable):
        assert isinstance(read_docx(data), Content)


def test_the_namespace_of_the_fixtures_is_word_s() -> None:
    assert qn("w:p")[1:].split("}")[0] in W
