"""Reads the reviews that git-appraise keeps in notes: `refs/notes/devtools/*`, one JSON object a line."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from extract.errors import RepositoryError
from extract.personkeys import mail_key, name_key
from extract.records import Record
from extract.sources import commits, gitprocess
from extract.sources.api import Defect, Unit
from extract.sources.decoding import clean, decode
from extract.spans import split_chat

#: Stands among the labels of a record that is a request for review or a remark about a commit.
FLAG_REVIEW = "flag:review"
_REFS = "refs/notes/devtools/"


class Note(NamedTuple):
    """One line of a note.

    Attributes:
        commit: The commit that it is about.
        line: The line, without its end.
    """

    commit: str
    line: bytes


def units(environment: dict[str, str], git_dir: Path, typed: Path) -> Iterator[Unit]:
    """Yield every line of every review note: refs by name, commits by id, lines as they stand.

    Args:
        environment: See `gitprocess.environment`.
        git_dir: The repository.
        typed: The path as the user typed it.

    Raises:
        RepositoryError: Notes are damaged.
    """
    listed = gitprocess.run(["for-each-ref", "--format=%(refname)", _REFS], environment, git_dir)
    if listed.returncode:
        raise _damaged(typed)
    for ref in sorted(listed.stdout.splitlines()):
        where = decode(ref, "utf-8", "review")[0].removeprefix("refs/notes/")
        tree = gitprocess.run(
            ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", ref.decode("utf-8", "surrogateescape")],
            environment,
            git_dir,
        )
        if tree.returncode:
            raise _damaged(typed)
        notes = []
        for entry in tree.stdout.split(b"\0"):
            head, tab, path = entry.partition(b"\t")
            fields = head.split(b" ")
            # Large notes lie in folders named by the first digits of the commit.
            if tab and fields[1] == b"blob":
                notes.append((path.replace(b"/", b"").decode("ascii", "replace"), fields[2]))
        notes.sort()
        blobs = _blobs([blob for _, blob in notes], environment, git_dir, typed)
        for (commit, _), content in zip(notes, blobs, strict=True):
            for number, line in enumerate(content.split(b"\n"), 1):
                if line.strip():
                    digest = hashlib.sha256(f"{where}\0{commit}\0".encode() + line).hexdigest()
                    yield Unit(f"{where}/{commit}#{number}", digest, Note(commit, line), len(line) + len(commit))


def _blobs(ids: list[bytes], environment: dict[str, str], cwd: Path, typed: Path) -> Iterator[bytes]:
    """Yield the content of blobs, while git writes them."""
    if not ids:
        return
    with tempfile.TemporaryFile() as asked:
        asked.write(b"\n".join(ids) + b"\n")
        asked.seek(0)
        process = subprocess.Popen(
            gitprocess.command("cat-file", "--batch", "--buffer"),
            env=environment,
            cwd=cwd,
            stdin=asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        output = process.stdout
        if output is None:
            return
        try:
            for _ in ids:
                head = output.readline().split()
                if len(head) != 3 or not head[2].isdigit():
                    raise _damaged(typed)
                size = int(head[2])
                content = output.read(size + 1)
                if len(content) != size + 1:
                    raise _damaged(typed)
                yield content[:-1]
        finally:
            output.close()
            process.terminate() if process.poll() is None else None
            process.wait()


def _damaged(typed: Path) -> RepositoryError:
    return RepositoryError(f"{typed}: the review notes are damaged or incomplete", "check it with `git fsck`")


def read(unit: Unit, container: str) -> Record | Defect:
    """Return the record of one line of a note.

    Args:
        unit: One of `units`.
        container: Name of the repository.
    """
    note: Note = unit.payload
    line, defects = decode(note.line, "utf-8", "review")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Defect(unit.locator, unit.raw_digest, "review.not_json", True)
    if not isinstance(value, dict):
        return Defect(unit.locator, unit.raw_digest, "review.not_an_object", True)
    written = _word(value, "author") or _word(value, "requester")
    if not written:
        # What build machines report of a commit has an agent and no words.
        return Defect(unit.locator, unit.raw_digest, "review.no_author", not ("agent" in value or "status" in value))
    author = _key(written)
    described = value.get("description")
    text, more = clean(described.strip() if isinstance(described, str) else "", "review")
    stamp = value.get("timestamp")
    sent_at, _, wrong = commits.stamp(f"{stamp} +0000" if isinstance(stamp, (str, int)) else "")
    defects += [*more, *([wrong] if wrong else [])]
    named = value.get("reviewers")
    reviewers = (
        [n for each in named if isinstance(each, str) and (n := clean(each)[0].strip())]
        if isinstance(named, list)
        else []
    )
    parent = _word(value, "parent")
    return Record(
        source_kind="commit",
        locator=unit.locator,
        raw_digest=unit.raw_digest,
        container=container,
        container_kind="repo",
        author_key=author,
        author_raw=written,
        author_basis="git.review" if author else "unknown",
        recipients=tuple(sorted({key for n in reviewers if (key := _key(n))} - {author})),
        names_seen=tuple(dict.fromkeys((written, *reviewers))),
        labels=(FLAG_REVIEW,),
        sent_at=sent_at,
        tz_offset_min=None,
        tz_basis="unknown",
        thread_id=f"commit:{note.commit}",
        parent_id=f"review:{parent}" if parent else note.commit,
        title="",
        text=text,
        spans=split_chat(text, author) if text else (),
        parse_defects=tuple(dict.fromkeys(defects)),
        # A remark names the one that it answers by the SHA-1 of that one's line.
        message_id=f"review:{hashlib.sha1(note.line, usedforsecurity=False).hexdigest()}",
        references=(note.commit, f"review:{parent}") if parent else (note.commit,),
    )


def _word(value: dict[str, Any], field: str) -> str:
    found = value.get(field)
    return clean(found)[0].strip() if isinstance(found, str) else ""


def _key(written: str) -> str:
    return mail_key(written) or name_key(written)
