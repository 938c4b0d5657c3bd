"""The document reader: an author counts only where the file states a single one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from extract.errors import SourceError
from extract.records import Record
from extract.sources import open_source, read_all

FRONT = "---\nauthor: Maren Holt <maren@works.example>\ndate: 2026-03-02T10:15:00+01:00\ntitle: Ledger\n---\n"


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
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC), "date.no_time"),
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
    assert (result.records, result.sources[0].units) == ([], 0)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(SourceError, match="not a Markdown or text file"):
        open_source("docs", tmp_path / "a.pdf")
