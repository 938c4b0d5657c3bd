"""The document reader: an author counts only where the file states a single one."""

from __future__ import annotations

import hashlib
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.errors import SourceError
from extract.records import Record
from extract.sources import documents, open_source, read_all, textfile
from extract.sources.api import Defect, Unit
from extract.sources.documents import DocumentSource

FRONT = "---\nauthor: Maren Holt <maren@works.example>\ndate: 2026-03-02T10:15:00+01:00\ntitle: Ledger\n---\n"

READER = DocumentSource(Path(__file__).parent)


def only(tmp_path: Path, content: str | bytes) -> Record:
    path = tmp_path / "ledger.md"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (record,) = read_all([open_source("docs", path)]).records
    return record


def test_front_matter_states_author_date_and_title(tmp_path: Path) -> None:
    record = only(tmp_path, FRONT + "\nLoad it once.\n\n> Why?\n")
    assert (record.author_key, record.author_basis) == ("mailto:maren@works.example", "front_matter")
    assert record.sent_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert record.tz_offset_min == 60
    assert record.title == "Ledger"
    assert record.own_text() == "Load it once."


def test_without_front_matter_the_author_is_unknown_and_nothing_is_own(tmp_path: Path) -> None:
    record = only(tmp_path, "# Ledger\n\nLoad it once.\n")
    assert (record.author_key, record.author_basis, record.own_text()) == ("", "unknown", "")
    assert record.title == "Ledger"


@pytest.mark.parametrize(
    ("author", "key"),
    [
        ("Maren Holt", "name:maren holt"),
        ("[Maren Holt]", "name:maren holt"),
        ("maren@works.example", "mailto:maren@works.example"),
        ("[Maren Holt, Tomas Lind]", ""),
        ("Maren Holt and Tomas Lind", ""),
        ("Maren Holt; Tomas Lind", ""),
        ("12", ""),
        ("{a: b}", ""),
    ],
)
def test_only_a_single_stated_author_counts(tmp_path: Path, author: str, key: str) -> None:
    assert only(tmp_path, f"---\nauthor: {author}\n---\ntext\n").author_key == key


@pytest.mark.parametrize(
    ("date", "moment", "defect"),
    [
        ("2026-03-02", None, "date.no_time"),
        ("2026-03-02 10:15:00", None, "date.no_offset"),
        ("'2026-13-40'", None, "date.unreadable"),
        ("someday", None, "date.unreadable"),
    ],
)
def test_dates_say_what_they_lack(tmp_path: Path, date: str, moment: datetime | None, defect: str) -> None:
    record = only(tmp_path, f"---\nauthor: Maren Holt\ndate: {date}\n---\ntext\n")
    assert record.sent_at == moment
    assert defect in record.parse_defects


@pytest.mark.parametrize("front", ["a: [", "a: &x [*x]", "a: 1\na: 2", "!!python/object:os.system x", "[" * 3000])
def test_front_matter_that_cannot_be_read_leaves_no_author(tmp_path: Path, front: str) -> None:
    assert only(tmp_path, f"---\n{front}\n---\ntext\n").author_key == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(tmp_path: Path, encoding: str) -> None:
    assert only(tmp_path, "Größe\n".encode(encoding)).text == "Größe\n"


def test_a_folder_accounts_for_every_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "b.md").write_text("b")
    (tmp_path / "sub" / "a.txt").write_text("a")
    (tmp_path / "sub" / "logo.png").write_bytes(b"\x89PNG\0")
    (tmp_path / "nul.txt").write_bytes(b"a\0b")
    (tmp_path / ".git" / "config").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path)
    result = read_all([open_source("docs", tmp_path)])
    assert [r.locator for r in result.records] == ["b.md", "sub/a.txt"]
    assert result.records[1].labels == ("sub",)
    assert result.defects == {"file.binary": 1, "file.hidden": 1, "file.unsupported": 1, "folder.link": 1}
    assert [u.code for u in result.unreadable] == ["folder.link"]
    assert result.sources[0].units == 6


def test_an_empty_folder_holds_nothing_and_says_so(tmp_path: Path) -> None:
    result = read_all([open_source("docs", tmp_path)])
    assert (list(result.records), result.sources[0].units) == ([], 0)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.odt").write_bytes(b"PK")
    with pytest.raises(SourceError, match="not a document that can be read"):
        open_source("docs", tmp_path / "a.odt")


@pytest.mark.parametrize(("name", "found"), [("a.md", True), ("a.PDF", True), ("sub/a.docx", True), ("a.png", False)])
def test_a_folder_of_documents_is_known_by_its_names(tmp_path: Path, name: str, found: bool) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / name).write_bytes(b"x")
    assert DocumentSource.detect(tmp_path) is found
    assert DocumentSource.detect(tmp_path / name) is found
    assert not DocumentSource.detect(tmp_path / "missing")


def test_an_opened_source_and_its_units_can_be_sent_to_another_process(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(FRONT + "words")
    source = DocumentSource(tmp_path)
    (unit,) = source.units()
    assert unit.size == len(FRONT + "words")
    copy = pickle.loads(pickle.dumps(source))
    assert copy.read(pickle.loads(pickle.dumps(unit))) == source.read(unit)


def test_a_text_beyond_the_limit_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text("x" * 200)
    monkeypatch.setattr(textfile, "MAX_CHARACTERS", 100)
    (unit,) = (source := DocumentSource(tmp_path)).units()
    assert source.read(unit) == Defect("a.md", unit.raw_digest, "file.too_long", unreadable=True)
    monkeypatch.setitem(documents._LIMITS, ".md", 100)
    (unit,) = source.units()
    assert source.read(unit) == Defect("a.md", "", "file.too_large", unreadable=True)


def test_credentials_are_gone_before_anything_is_hashed(tmp_path: Path) -> None:
    secret = "https://files.example/a?token=" + "k" * 24
    for encoding in ("utf-8", "utf-16"):
        assert "kkkk" not in only(tmp_path, secret.encode(encoding)).text
    digest = only(tmp_path, secret).raw_digest
    assert digest == hashlib.sha256(b"https://files.example/a?token=[SECRET]").hexdigest()


def test_code_and_quotations_in_markdown_are_nobody_s_own_words(tmp_path: Path) -> None:
    quote = "> We load it twice\nand hope.\n"
    log = "2026-03-02 10:15:00 start\n2026-03-02 10:15:01 load\n2026-03-02 10:15:02 done\n"
    record = only(tmp_path, FRONT + "We load it once.\n\n" + quote + "\n```\n" + log + "```\n")
    assert "hope" not in record.own_text()
    assert "10:15:01" not in record.own_text()
    assert "We load it once." in record.own_text()


@given(data=st.binary(max_size=400), name=st.sampled_from(["a.md", "a.docx", "a.pdf"]))
def test_any_bytes_become_a_record_or_a_defect(data: bytes, name: str) -> None:
    for lead in (b"", b"%PDF-1.4\n", b"PK\x03\x04", b"---\n"):
        whole = lead + data
        unit = Unit(name, hashlib.sha256(whole).hexdigest(), documents._File(whole, name[1:], "", False), len(whole))
        found = READER.read(unit)
        if isinstance(found, Record):
            assert "".join(found.text[s.start : s.end] for s in found.spans) == found.text
