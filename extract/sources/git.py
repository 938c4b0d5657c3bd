"""Reads the commits of a git repository or of a bundle file, and runs nothing that the repository brings along."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from extract.errors import RepositoryError
from extract.identity import Identities
from extract.records import Record, SourceKind
from extract.sources import commits, files, gitprocess, reviewnotes
from extract.sources.api import Defect, Link, Unit
from extract.sources.gitsignatures import Keyring, Signature

# Ten fields, each ended by NUL: a commit message cannot hold one. The first six are the commit as it was made.
_FIELDS = ("%H", "%P", "%an", "%ae", "%ad", "%B", "%aN", "%aE", "%cN", "%cE")
_MADE = 6
_FORMAT = "--format=tformat:" + "%x00".join(_FIELDS)
_BUNDLE = re.compile(rb"# v[23] git bundle\n")
_FIXUP = (b"fixup! ", b"squash! ", b"amend! ")
# What a fixup changes was committed shortly before: so many titles, and at most twice as many, are remembered.
_TITLES = 20_000
_CHUNK = 1 << 20


class GitSource:
    """The commits that HEAD, branches and tags reach, and the review notes beside them.

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
        self._links: dict[Link, None] = {}
        self._people = people if people is not None and any(p.signing_keys for p in people.people) else None
        self._bundle = path.is_file()
        if self._bundle:
            _check_bundle(path)
        else:
            with tempfile.TemporaryDirectory(prefix="govern-git-") as home:
                self._git_dir(Path(home))

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether a path looks like a working tree, a bare repository or a bundle file."""
        try:
            if path.is_file():
                with path.open("rb") as file:
                    return _BUNDLE.match(file.readline(64)) is not None
            bare = (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()
            return bare or (path / ".git").exists()
        except OSError:
            return False

    def __getstate__(self) -> dict[str, object]:
        """Return what `read` needs: what the people file says is in the units already."""
        return self.__dict__ | {"_people": None}

    @property
    def links(self) -> frozenset[Link]:
        """Return what `.mailmap` asserts, as far as units have been listed."""
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
            clone = ["clone", "--quiet", "--mirror", "--no-hardlinks", "--", source, str(bare)]
            made = gitprocess.run(
                ["-c", "protocol.file.allow=always", *clone], gitprocess.environment(home, "file"), home
            )
            if made.returncode:
                raise RepositoryError(f"{self.path}: the bundle cannot be read", "check it with `git bundle verify`")
            yield bare, gitprocess.environment(home, "none")

    def units(self) -> Iterator[Unit]:
        """Yield the commits, oldest first, and then the review notes.

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
            signatures: dict[str, Signature] = {}
            if self._people is not None:
                with tempfile.TemporaryDirectory(prefix="govern-keys-") as folder:
                    keyring = Keyring(self._people, Path(folder))
                    signatures = keyring.signatures(revisions, environment, git_dir)
            arguments = [
                "log", "-z", _FORMAT, "--date=raw", "--topo-order", "--reverse", "--no-ext-diff", "--no-textconv",
                "--no-show-signature", "--no-notes", "--no-color", "--no-patch", "--use-mailmap", *revisions,
            ]  # fmt: skip
            any_commit = False
            for unit in self._commits(_log(arguments, environment, git_dir, self.path), signatures):
                any_commit = True
                yield unit
            if not any_commit:
                raise RepositoryError(f"{self.path}: the repository holds no commit", "commit or fetch first")
            yield from reviewnotes.units(environment, git_dir, self.path)

    def _commits(self, found: Iterator[list[bytes]], signatures: dict[str, Signature]) -> Iterator[Unit]:
        titles: dict[bytes, bytes] = {}
        older: dict[bytes, bytes] = {}
        mapped: dict[tuple[bytes, ...], None] = {}
        width = len(_FIELDS)
        sha256, join = hashlib.sha256, b"\0".join
        for parts in found:
            for start in range(0, len(parts), width):
                fields = parts[start : start + width]
                commit = fields[0].decode("ascii", "replace")
                # The mailmap may change; the commit as it was made does not.
                made = join(fields[:_MADE])
                title = fields[5].partition(b"\n")[0]
                changed = b""
                if title.startswith(_FIXUP):
                    bare = title.partition(b" ")[2]
                    changed = titles.get(bare) or older.get(bare, b"")
                titles[title] = fields[0]
                if len(titles) >= _TITLES:
                    titles, older = {}, titles
                if fields[2] != fields[6] or fields[3] != fields[7]:
                    names = (fields[2], fields[3], fields[6], fields[7])
                    if names not in mapped:
                        mapped[names] = None
                        self._links.update(dict.fromkeys(commits.mapped(*names)))
                level = self._level(signatures.get(commit), *fields[6:8]) if signatures else b""
                payload = join((made, *fields[_MADE:], changed, level))
                yield Unit(commit, sha256(made).hexdigest(), payload, len(payload))

    def _level(self, signature: Signature | None, name: bytes, mail: bytes) -> bytes:
        if signature is None or self._people is None:
            return b""
        return signature.level(self._people.resolve(commits.author_key(name, mail))).encode("ascii")

    def read(self, unit: Unit) -> Record | Defect:
        """Return the commit's record, or that of a review note."""
        if isinstance(unit.payload, bytes):
            return commits.read(unit, self.name)
        return reviewnotes.read(unit, self.name)


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
    """Yield the fields of whole commits, of many at once, while git runs."""
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
        yield pending[:whole]
        pending = pending[whole:]
