"""Reads the commits of a git repository or of a bundle file, and runs nothing that the repository brings along."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from extract.errors import RepositoryError
from extract.identity import Identities
from extract.personkeys import mail_key, name_key
from extract.records import FLAG_BOT, FLAG_COAUTHORED, FLAG_MERGE, FLAG_REVERT, Record, SourceKind
from extract.sources import files, gitprocess, trailers
from extract.sources.api import Defect, Link, Unit
from extract.sources.decoding import decode
from extract.sources.gitsignatures import Keyring, Signature

# Ten fields, each ended by NUL: a commit message cannot hold one.
_FIELDS = ("%H", "%P", "%an", "%ae", "%aN", "%aE", "%ad", "%cN", "%cE", "%B")
_FORMAT = "--format=tformat:" + "%x00".join(_FIELDS)
_BUNDLE = re.compile(rb"# v[23] git bundle\n")
_BOT = re.compile(
    r"\[bot\]|(?:^|[\s<+._-])bot(?:$|[\s@>._-])|\b(?:dependabot|renovate|greenkeeper|semantic-release)\b", re.I
)
_FIXUP = re.compile(r"(?:fixup|squash|amend)! (.+)")
_CHUNK = 1 << 20


class GitSource:
    """The commits that HEAD, branches and tags reach.

    Attributes:
        path: The path as typed.
        head: Commit id of HEAD, once `units` has started; "" if HEAD points nowhere.
    """

    kind: SourceKind = "commit"
    completeness = "repository.reachable_commits"

    def __init__(self, path: Path, people: Identities | None = None) -> None:
        """Open a repository.

        Args:
            path: A working tree, a bare repository or a bundle file.
            people: Whose signing keys to check commits against; None, or nobody's, checks nothing.

        Raises:
            RepositoryError: It is none of these, or it holds no commit.
        """
        files.require(path, "a git repository or a bundle file")
        self.path = path
        self.name = path.resolve().name.removesuffix(".git").removesuffix(".bundle") or "repository"
        self.head = ""
        self._links: set[Link] = set()
        self._titles: dict[str, str] = {}
        self._people = people if people is not None and any(p.signing_keys for p in people.people) else None
        self._signatures: dict[str, Signature] = {}
        self._bundle = path.is_file()
        if self._bundle:
            _check_bundle(path)
        else:
            with tempfile.TemporaryDirectory(prefix="govern-git-") as home:
                self._git_dir(Path(home))

    @property
    def links(self) -> frozenset[Link]:
        """Return what `.mailmap` asserts, as far as units have been read."""
        return frozenset(self._links)

    def _git_dir(self, home: Path) -> Path:
        folder = self.path.resolve()
        environment = gitprocess.environment(home, "none") | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
        found = gitprocess.run(["rev-parse", "--absolute-git-dir"], environment, folder)
        if found.returncode:
            raise RepositoryError(
                f"{self.path}: not a git repository", "give the folder that holds `.git`, a bare repository or a bundle"
            )
        return Path(os.fsdecode(found.stdout.rstrip(b"\n")))

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[Path, dict[str, str]]]:
        with tempfile.TemporaryDirectory(prefix="govern-git-") as folder:
            home = Path(folder)
            if not self._bundle:
                yield self._git_dir(home), gitprocess.environment(home, "none")
                return
            bare = home / "clone.git"
            source = str(self.path.resolve())
            made = gitprocess.run(
                [
                    "-c",
                    "protocol.file.allow=always",
                    "clone",
                    "--quiet",
                    "--mirror",
                    "--no-hardlinks",
                    "--",
                    source,
                    str(bare),
                ],
                gitprocess.environment(home, "file"),
                home,
            )
            if made.returncode:
                raise RepositoryError(f"{self.path}: the bundle cannot be read", "check it with `git bundle verify`")
            yield bare, gitprocess.environment(home, "none")

    def units(self) -> Iterator[Unit]:
        """Yield the commits, oldest first.

        Raises:
            RepositoryError: There is no commit, or objects are missing or damaged.
        """
        with self._opened() as (git_dir, environment):
            environment = environment | {"GIT_DIR": str(git_dir)}
            head = gitprocess.run(
                ["rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}"], environment, git_dir
            )
            self.head = head.stdout.decode("ascii", "replace").strip() if head.returncode == 0 else ""
            revisions = ["--branches", "--tags", "--end-of-options", *(["HEAD"] if self.head else []), "--"]
            if self._people is not None:
                with tempfile.TemporaryDirectory(prefix="govern-keys-") as folder:
                    keyring = Keyring(self._people, Path(folder))
                    self._signatures = keyring.signatures(revisions, environment, git_dir)
            arguments = [
                "log", "-z", _FORMAT, "--date=raw", "--topo-order", "--reverse", "--no-ext-diff", "--no-textconv",
                "--no-show-signature", "--no-notes", "--no-color", "--no-patch", "--use-mailmap", *revisions,
            ]  # fmt: skip
            any_commit = False
            for fields in _log(arguments, environment, git_dir, self.path):
                any_commit = True
                yield self._unit(fields)
            if not any_commit:
                raise RepositoryError(f"{self.path}: the repository holds no commit", "commit or fetch first")

    def _unit(self, fields: list[bytes]) -> Unit:
        commit = fields[0].decode("ascii", "replace")
        # The mailmap may change; the commit as it was made does not.
        raw = b"\0".join((fields[0], fields[1], fields[2], fields[3], fields[6], fields[9]))
        return Unit(commit, hashlib.sha256(raw).hexdigest(), fields)

    def read(self, unit: Unit) -> Record | Defect:
        """Return the commit's record."""
        fields: list[bytes] = unit.payload
        defects: list[str] = []
        texts: list[str] = []
        for value in fields:
            text, more = decode(value, "utf-8", "commit")
            texts.append(text)
            defects += more
        _, parents, raw_name, raw_mail, name, mail, stamp, committer, committer_mail, body = texts
        author = mail_key(mail) or name_key(name)
        committed = mail_key(committer_mail) or name_key(committer)
        as_made = mail_key(raw_mail) or name_key(raw_name)
        if as_made and author and as_made != author:
            self._links.add(Link(as_made, author, "mailmap"))
        sent_at, offset, more = _stamp(stamp)
        defects += more
        text = body.rstrip("\n")
        title = text.partition("\n")[0]
        merge = " " in parents
        message = trailers.split(text, author, merge=merge)
        labels = []
        if merge:
            labels.append(FLAG_MERGE)
        if _BOT.search(name) or _BOT.search(mail.partition("@")[0]):
            labels.append(FLAG_BOT)
        if message.reverts or title.startswith('Revert "'):
            labels.append(FLAG_REVERT)
        if message.coauthors:
            labels.append(FLAG_COAUTHORED)
        fixup = _FIXUP.match(title)
        parent = message.reverts or (self._titles.get(fixup[1], "") if fixup else "")
        self._titles[title] = unit.locator
        others = {committed, *(key for key, _ in message.people)} - {author, "", "mailto:noreply@github.com"}
        names = dict.fromkeys((raw_name, raw_mail, name, mail, committer, committer_mail))
        names.update(dict.fromkeys(written for _, written in message.people))
        return Record(
            source_kind="commit",
            locator=unit.locator,
            raw_digest=unit.raw_digest,
            container=self.name,
            container_kind="repo",
            author_key=author,
            author_raw=f"{name} <{mail}>" if mail else name,
            author_basis="git.author" if author else "unknown",
            recipients=tuple(sorted(others)),
            names_seen=tuple(n for n in names if n),
            labels=tuple(labels),
            sent_at=sent_at,
            tz_offset_min=offset,
            tz_basis="git" if offset else "unknown",
            thread_id=f"commit:{unit.locator}",
            parent_id=parent,
            title=title,
            text=text,
            spans=message.spans,
            parse_defects=tuple(dict.fromkeys(defects)),
            message_id=unit.locator,
            references=(parent,) if parent else (),
            authenticity=self._level(unit.locator, author),
        )

    def _level(self, commit: str, author: str) -> str:
        signature = self._signatures.get(commit)
        if signature is None or self._people is None:
            return "A0"
        return signature.level(self._people.resolve(author))


def _check_bundle(path: Path) -> None:
    """Check the header of a bundle (gitformat-bundle): its prerequisites are commits that a fresh clone cannot have."""
    with path.open("rb") as file:
        first = file.readline(64)
        if not _BUNDLE.match(first):
            raise RepositoryError(f"{path}: not a git bundle", "make one with `git bundle create FILE --all`")
        for line in file:
            if line == b"\n":
                return
            if line.startswith(b"-"):
                raise RepositoryError(
                    f"{path}: the bundle builds on commits that are not in it",
                    "make a complete one with `git bundle create FILE --all`",
                )
    raise RepositoryError(f"{path}: the bundle is cut off", "copy it again")


def _log(arguments: Sequence[str], environment: dict[str, str], cwd: Path, typed: Path) -> Iterator[list[bytes]]:
    """Yield the fields of each commit while git runs."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            gitprocess.command(*arguments),
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            yield from _groups(process)
        finally:
            if process.stdout is not None:
                process.stdout.close()
            process.terminate() if process.poll() is None else None
            code = process.wait()
    if code:
        raise RepositoryError(f"{typed}: the repository is damaged or incomplete", "check it with `git fsck`")


def _groups(process: subprocess.Popen[bytes]) -> Iterator[list[bytes]]:
    width = len(_FIELDS)
    pending: list[bytes] = []
    rest = b""
    if process.stdout is None:
        return
    while chunk := process.stdout.read(_CHUNK):
        parts = (rest + chunk).split(b"\0")
        rest = parts.pop()
        pending += parts
        whole = len(pending) - len(pending) % width
        for start in range(0, whole, width):
            yield pending[start : start + width]
        pending = pending[whole:]


def _stamp(value: str) -> tuple[datetime | None, int | None, list[str]]:
    """Return (UTC time, offset in minutes, defects) of git's raw date, `1700000000 +0100`."""
    match = re.fullmatch(r"(-?\d{1,12}) ([+-])(\d{2})(\d{2})", value.strip())
    if match is None:
        return None, None, ["date.unreadable"]
    offset = int(match[3]) * 60 + int(match[4])
    try:
        moment = datetime.fromtimestamp(int(match[1]), UTC)
    except (ValueError, OverflowError, OSError):
        return None, None, ["date.unreadable"]
    if not 1970 <= moment.year <= 2100:
        return None, None, ["date.unreadable"]
    if offset > 14 * 60:
        return moment, None, ["date.bad_offset"]
    return moment, -offset if match[2] == "-" else offset, []
