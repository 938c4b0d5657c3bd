"""Review notes of git-appraise: every line of every note is a record or a defect, and nobody's words change hands."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from source_world import git, repository

from extract.errors import RepositoryError
from extract.records import Record
from extract.sources import ReadResult, open_source, read_all
from extract.sources.reviewnotes import FLAG_REVIEW

MAREN, TOMAS = "maren@works.example", "tomas@works.example"
REMARK = {"timestamp": "1772442900", "author": TOMAS, "description": "The checksum is missing.", "resolved": False}


def note(repo: Path, ref: str, *lines: dict[str, Any] | bytes) -> str:
    """Write lines into the note of HEAD; return the commit."""
    content = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    path = repo.parent / "note"
    path.write_bytes(content + b"\n")
    blob = git(repo, "hash-object", "-w", str(path))
    git(repo, "notes", f"--ref=refs/notes/devtools/{ref}", "add", "-f", "-C", blob)
    return git(repo, "rev-parse", "HEAD")


def read(path: Path) -> ReadResult:
    return read_all([open_source("repo", path)])


def reviews(path: Path) -> list[Record]:
    return [r for r in read(path).records if FLAG_REVIEW in r.labels]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "ledger", "Load the ledger once")


def test_a_remark_is_a_record_of_its_author(repo: Path) -> None:
    commit = note(repo, "discuss", REMARK)
    (record,) = reviews(repo)
    assert (record.author_key, record.author_basis) == (f"mailto:{TOMAS}", "git.review")
    assert record.own_text() == record.text == "The checksum is missing."
    assert record.sent_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    # The seconds carry no zone.
    assert (record.tz_offset_min, record.tz_basis) == (None, "unknown")
    assert (record.source_kind, record.container, record.container_kind) == ("commit", "ledger", "repo")
    assert (record.title, record.parent_id, record.references) == ("", commit, (commit,))
    assert record.thread_id == read(repo).records[0].thread_id


def test_a_request_names_its_reviewers(repo: Path) -> None:
    note(
        repo, "reviews", {"timestamp": "1772442900", "requester": MAREN, "reviewers": [TOMAS], "description": "Please."}
    )
    (record,) = reviews(repo)
    assert record.author_key == f"mailto:{MAREN}"
    assert record.recipients == (f"mailto:{TOMAS}",)
    assert record.names_seen == (MAREN, TOMAS)


def test_an_answer_finds_its_parent_by_the_hash_of_the_parents_line(repo: Path) -> None:
    parent = hashlib.sha1(json.dumps(REMARK).encode(), usedforsecurity=False).hexdigest()
    answer = {**REMARK, "author": MAREN, "parent": parent, "description": "> The checksum is missing.\nNot any more."}
    commit = note(repo, "discuss", REMARK, answer)
    first, second = reviews(repo)
    assert second.parent_id == first.message_id
    assert second.references == (commit, first.message_id)
    assert second.own_text() == "Not any more."
    assert first.thread_id == second.thread_id


def test_the_path_of_a_remark_is_nowhere_in_the_record(repo: Path) -> None:
    note(repo, "discuss", {**REMARK, "location": {"commit": "0" * 40, "path": "people/ida-moss/ledger.py"}})
    (record,) = reviews(repo)
    assert "ida" not in repr([getattr(record, name) for name in Record.__slots__])


@pytest.mark.parametrize(
    ("line", "code", "partial"),
    [
        (b"{", "review.not_json", True),
        (b"[" * 100_000, "review.not_json", True),
        (b"[1]", "review.not_an_object", True),
        (b"{}", "review.no_author", True),
        (b'{"author": 7, "description": "x"}', "review.no_author", True),
        (b'{"timestamp": "1", "agent": "build", "status": "success"}', "review.no_author", False),
    ],
    ids=["cut", "deep", "list", "empty", "number", "machine"],
)
def test_a_damaged_line_is_a_defect_and_the_next_is_read(repo: Path, line: bytes, code: str, partial: bool) -> None:
    note(repo, "discuss", line, REMARK)
    result = read(repo)
    assert dict(result.defects) == {code: 1}
    assert [u.code for u in result.unreadable] == ([code] if partial else [])
    assert len(reviews(repo)) == 1


@pytest.mark.parametrize("stamp", [None, "", "soon", "-1", "99999999999999", 1.5, True])
def test_a_time_in_doubt_is_none(repo: Path, stamp: object) -> None:
    note(repo, "discuss", {**REMARK, "timestamp": stamp})
    (record,) = reviews(repo)
    assert record.sent_at is None
    assert record.parse_defects == ("date.unreadable",)


def test_odd_text_is_read(repo: Path) -> None:
    note(repo, "discuss", b'{"author": "t\\u0000@works.example", "description": "a\\u0000\\ud800\\r\\nb"}')
    (record,) = reviews(repo)
    assert record.text == "a\ufffd\nb"
    assert {"review.nul", "review.surrogate"} <= set(record.parse_defects)
    assert "\0" not in record.author_raw


def test_notes_in_folders_and_on_several_commits_are_read_in_a_fixed_order(repo: Path) -> None:
    note(repo, "discuss", REMARK)
    git(repo, "commit", "-q", "--allow-empty", "-m", "second")
    note(repo, "discuss", {**REMARK, "description": "Another remark."})
    note(repo, "reviews", {**REMARK, "requester": MAREN})
    blob = git(repo, "rev-parse", f"refs/notes/devtools/discuss:{git(repo, 'rev-parse', 'HEAD')}")
    commit = git(repo, "rev-parse", "HEAD~1")
    # Git moves notes into folders when there are many of them.
    git(repo, "update-index", "--add", "--cacheinfo", f"100644,{blob},{commit[:2]}/{commit[2:]}")
    made = git(repo, "commit-tree", "-m", "notes", git(repo, "write-tree"))
    git(repo, "update-ref", "refs/notes/devtools/fan", made)
    found = reviews(repo)
    assert found == reviews(repo)
    assert [r.locator.partition("/")[2].partition("/")[0] for r in found] == ["discuss", "discuss", "fan", "reviews"]
    assert found[2].references == (commit,)


def test_a_bundle_carries_the_notes(repo: Path, tmp_path: Path) -> None:
    note(repo, "discuss", REMARK)
    git(repo, "bundle", "create", "-q", str(tmp_path / "ledger.bundle"), "--all")
    assert reviews(tmp_path / "ledger.bundle") == reviews(repo)


def test_notes_of_others_are_left_alone(repo: Path) -> None:
    git(repo, "notes", "add", "-m", json.dumps(REMARK))
    assert len(read(repo).records) == 1


def test_missing_notes_are_an_error(repo: Path) -> None:
    commit = note(repo, "discuss", REMARK)
    blob = git(repo, "rev-parse", f"refs/notes/devtools/discuss:{commit}")
    (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(RepositoryError, match="review notes are damaged"):
        read(repo)
