"""The repository reader: it runs nothing of the repository's, and takes no words that trailers give to others."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_world import git, repository

from extract.errors import RepositoryError, SourceError
from extract.records import FLAG_BOT, FLAG_COAUTHORED, FLAG_MERGE, FLAG_REVERT, Record, own_text
from extract.sources import ReadResult, open_source, read_all, trailers
from extract.sources.commits import stamp as stamp_of

ME = "mailto:maren@works.example"


def read(path: Path) -> ReadResult:
    return read_all([open_source("repo", path)])


def only(path: Path) -> Record:
    (record,) = read(path).records
    return record


def test_a_commit_fills_every_field(tmp_path: Path) -> None:
    record = only(repository(tmp_path / "ledger", "Load the ledger once\n\nTwice doubles the totals."))
    assert record.author_key == ME
    assert record.author_basis == "git.author"
    assert record.sent_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert (record.tz_offset_min, record.tz_basis) == (60, "git")
    assert (record.container, record.container_kind) == ("ledger", "repo")
    assert record.title == "Load the ledger once"
    assert record.own_text() == "Load the ledger once\n\nTwice doubles the totals."
    assert record.locator == record.message_id


def test_trailers_belong_to_whom_they_name(tmp_path: Path) -> None:
    text = (
        "Load once\n\nBecause totals doubled.\n\nReported-by: Tomas Lind <tomas@works.example>\n"
        "Co-authored-by: Ida Moss <ida@works.example>\nSigned-off-by: Maren Holt <maren@works.example>\nCloses: #7"
    )
    record = only(repository(tmp_path / "r", text))
    owners = {record.text[s.start : s.end].strip(): (s.kind, s.owner) for s in record.spans if s.kind != "own"}
    assert ("signature", ME) in owners.values()
    assert all("Tomas" not in part or kind == "attribution" for part, (kind, _) in owners.items())
    assert record.own_text() == "Load once\n\nBecause totals doubled."
    assert record.recipients == ("mailto:ida@works.example", "mailto:tomas@works.example")
    assert FLAG_COAUTHORED in record.labels
    assert "Tomas Lind <tomas@works.example>" in record.names_seen


def test_one_named_person_owns_the_trailer() -> None:
    message = trailers.split("Load once\n\nReported-by: T <tomas@works.example>\n", ME, merge=False)
    assert [s.owner for s in message.spans if s.kind == "attribution"] == ["mailto:tomas@works.example"]


@given(st.lists(st.text(max_size=40), max_size=12), st.booleans())
def test_spans_cover_any_commit_message(lines: list[str], merge: bool) -> None:
    text = "\n".join(lines)
    spans = trailers.split(text, ME, merge=merge).spans
    assert "".join(text[s.start : s.end] for s in spans) == text


def test_a_merged_requests_title_is_not_the_mergers(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first")
    git(repo, "checkout", "-q", "-b", "topic")
    git(repo, "commit", "-q", "--allow-empty", "-m", "topic")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "Merge pull request #3 from t/topic\n\nWords of the requester", "topic")
    merge = read(repo).records[-1]
    assert FLAG_MERGE in merge.labels
    assert merge.own_text() == ""


def test_the_bullets_of_a_squash_with_several_authors_are_unknown() -> None:
    text = "Ledger\n\n* first part\n* second part\n\nCo-authored-by: T <t@works.example>\n"
    assert own_text(text, trailers.split(text, ME, merge=False).spans) == "Ledger"


def test_reverts_and_fixups_join_the_thread_of_what_they_change(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first", "second")
    second = git(repo, "rev-parse", "HEAD")
    git(repo, "commit", "-q", "--allow-empty", "-m", f'Revert "second"\n\nThis reverts commit {second}.\n\nIt broke.')
    git(repo, "commit", "-q", "--allow-empty", "-m", "fixup! first")
    first, second_record, revert, fixup = read(repo).records
    assert revert.parent_id == second
    assert revert.thread_id == second_record.thread_id != first.thread_id == fixup.thread_id
    assert FLAG_REVERT in revert.labels
    assert revert.own_text() == "It broke."


def test_bots_are_flagged(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first")
    git(repo, "commit", "-q", "--allow-empty", "-m", "Bump", GIT_AUTHOR_NAME="dependabot[bot]",
        GIT_AUTHOR_EMAIL="49699333+dependabot[bot]@users.noreply.github.com")  # fmt: skip
    assert [FLAG_BOT in r.labels for r in read(repo).records] == [False, True]


def test_the_mailmap_of_head_is_applied_and_asserted_as_a_link(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first")
    git(repo, "commit", "-q", "--allow-empty", "-m", "second", GIT_AUTHOR_EMAIL="maren@laptop.local")
    (repo / ".mailmap").write_text("Maren Holt <maren@works.example> <maren@laptop.local>\n")
    git(repo, "add", ".mailmap")
    git(repo, "commit", "-q", "-m", "Add the mailmap")
    result = read(repo)
    assert {r.author_key for r in result.records} == {ME}
    assert [tuple(link) for link in result.links] == [("mailto:maren@laptop.local", ME, "mailmap")]


def test_a_bundle_gives_the_same_records_as_its_repository(tmp_path: Path) -> None:
    repo = repository(tmp_path / "ledger", "first", "second")
    git(repo, "tag", "v1")
    git(repo, "bundle", "create", "-q", str(tmp_path / "ledger.bundle"), "--all")
    assert read(repo).records == read(tmp_path / "ledger.bundle").records


def test_commits_of_all_branches_are_read_once_in_the_same_order(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first")
    git(repo, "branch", "other")
    git(repo, "checkout", "-q", "other")
    git(repo, "commit", "-q", "--allow-empty", "-m", "on the other branch")
    git(repo, "checkout", "-q", "main")
    first, second = read(repo), read(repo)
    assert [r.title for r in first.records] == ["first", "on the other branch"]
    assert first == second
    assert first.sources[0].head == git(repo, "rev-parse", "HEAD")


def test_nothing_that_a_repository_configures_is_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    repo = repository(tmp_path / "r", "first")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {canary}\n")
    program.chmod(0o755)
    for key in ("core.pager", "pager.log", "core.fsmonitor", "core.sshCommand", "core.editor", "core.askPass",
                "core.alternateRefsCommand", "gpg.program", "diff.external", "diff.x.textconv", "diff.x.command",
                "credential.helper", "alias.log", "sequence.editor", "uploadpack.packObjectsHook"):  # fmt: skip
        git(repo, "config", key, f"!{program}" if key.startswith("alias") else str(program))
    git(repo, "config", "log.showSignature", "true")
    git(repo, "config", "log.diffMerges", "on")
    git(repo, "config", "core.worktree", str(tmp_path))
    for hook in ("post-checkout", "pre-auto-gc", "reference-transaction", "post-index-change"):
        (repo / ".git" / "hooks" / hook).write_text(program.read_text())
        (repo / ".git" / "hooks" / hook).chmod(0o755)
    (repo / ".git" / "info" / "attributes").write_text("* diff=x\n")
    assert len(read(repo).records) == 1
    assert not canary.exists()


def test_a_partial_clone_calls_no_remote(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    repo = repository(tmp_path / "r", "first", "second")
    git(repo, "config", "remote.origin.url", f"ext::sh -c 'touch {canary}'")
    git(repo, "config", "remote.origin.promisor", "true")
    git(repo, "config", "extensions.partialClone", "origin")
    git(repo, "config", "protocol.ext.allow", "always")
    first = git(repo, "rev-parse", "HEAD~1")
    (repo / ".git" / "objects" / first[:2] / first[2:]).unlink()
    with pytest.raises(RepositoryError, match="damaged or incomplete"):
        read(repo)
    assert not canary.exists()


def test_a_message_that_is_not_utf8_is_flagged(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first")
    tree = git(repo, "rev-parse", "HEAD^{tree}")
    raw = (
        f"tree {tree}\nauthor M <maren@works.example> 1772442900 +0100\ncommitter M <m@x.example> 1772442900 +0100\n\n"
    )
    path = tmp_path / "commit"
    path.write_bytes(raw.encode() + b"Gr\xf6\xdfe\n")
    commit = git(repo, "hash-object", "-t", "commit", "-w", str(path))
    git(repo, "update-ref", "refs/heads/main", commit)
    record = only(repo)
    assert record.title == "Größe"
    assert record.parse_defects == ("commit.bad_charset",)


@pytest.mark.parametrize("stamp", ["", "x", "99999999999999 +0000", "-5 +0000", "1772442900"])
def test_a_stamp_in_doubt_is_none(stamp: str) -> None:
    assert stamp_of(stamp)[0] is None


def test_a_folder_inside_a_repository_is_not_one(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first")
    (repo / "sub").mkdir()
    with pytest.raises(RepositoryError, match="not a git repository") as caught:
        open_source("repo", repo / "sub")
    assert caught.value.exit_code == 6
    assert caught.value.hint


def test_an_empty_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="holds no commit"):
        read(repository(tmp_path / "r"))


def test_bundles_that_cannot_stand_alone_are_refused(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first", "second")
    git(repo, "bundle", "create", "-q", str(tmp_path / "part.bundle"), "HEAD~1..main")
    with pytest.raises(RepositoryError, match="builds on commits"):
        open_source("repo", tmp_path / "part.bundle")
    git(repo, "bundle", "create", "-q", str(tmp_path / "whole.bundle"), "--all")
    data = (tmp_path / "whole.bundle").read_bytes()
    (tmp_path / "cut.bundle").write_bytes(data[: len(data) - 40])
    with pytest.raises(RepositoryError, match="cannot be read"):
        read(tmp_path / "cut.bundle")
    (tmp_path / "head.bundle").write_bytes(data[:20])
    with pytest.raises(RepositoryError, match=r"cut off|not a git bundle"):
        open_source("repo", tmp_path / "head.bundle")
    (tmp_path / "letter.bundle").write_bytes(b"Dear all\n")
    with pytest.raises(RepositoryError, match="not a git bundle"):
        open_source("repo", tmp_path / "letter.bundle")


def test_without_git_the_hint_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = repository(tmp_path / "r", "first")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(RepositoryError, match="git is not installed"):
        open_source("repo", repo)


def test_a_missing_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such"):
        open_source("repo", tmp_path / "nothing")


def test_no_temporary_folder_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = repository(tmp_path / "r", "first")
    git(repo, "bundle", "create", "-q", str(tmp_path / "b.bundle"), "--all")
    spare = tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    read(tmp_path / "b.bundle")
    next(open_source("repo", tmp_path / "b.bundle").units())
    assert os.listdir(spare) == []  # noqa: PTH208
