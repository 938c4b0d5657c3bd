"""Checks the signatures of commits with git itself, against the keys of the people file and nothing else."""

from __future__ import annotations

import base64
import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from extract.errors import RepositoryError
from extract.sources import gitprocess

if TYPE_CHECKING:
    from extract.identity import Identities

_FORMAT = "--format=tformat:%H%x00%G?%x00%GK%x00%GF%x00%GP"
_WIDTH = 5
# Nothing is fetched, no agent is started; a key counts because the people file holds it, not by a web of trust.
_GPG_CONF = (
    "batch\nno-tty\nno-autostart\ndisable-dirmngr\nno-auto-key-retrieve\nno-auto-key-locate\ntrust-model always\n"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """What git says of the signature of a commit.

    Attributes:
        good: Whether it is valid, by a key that is known.
        bad: Whether it is there and wrong.
        pid: Whose key made it, or "".
    """

    good: bool
    bad: bool
    pid: str

    def level(self, author: str | None) -> str:
        """Return the level of a commit: A4 signed by its author, F signed wrongly, A0 otherwise."""
        if self.bad:
            return "F"
        return "A4" if self.good and author is not None and self.pid == author else "A0"


class Keyring:
    """The signing keys of all people, in a folder that git's verifiers are pointed at.

    Args:
        people: The people file.
        folder: An empty folder, which only this process uses.
    """

    def __init__(self, people: Identities, folder: Path) -> None:
        self._owner: dict[str, str] = {}
        self._settings: list[str] = []
        self._gnupg = folder / "gnupg"
        self._ssh = _usable_ssh()
        lines = []
        armored = []
        for person in people.people:
            for key in person.signing_keys:
                if key.startswith("-----"):
                    armored.append((person.pid, key))
                    continue
                kind, blob = key.split()
                lines.append(f'{person.pid} namespaces="git" {kind} {blob}\n')
                digest = hashlib.sha256(base64.b64decode(blob)).digest()
                self._own("SHA256:" + base64.b64encode(digest).decode().rstrip("="), person.pid)
        if self._ssh:
            signers = folder / "allowed_signers"
            signers.write_text("".join(lines), "ascii")
            self._settings += [f"gpg.ssh.program={self._ssh}", f"gpg.ssh.allowedSignersFile={signers}"]
        if armored and (gpg := shutil.which("gpg")):
            self._import(gpg, armored)
            self._settings += [f"gpg.program={gpg}", f"gpg.openpgp.program={gpg}"]

    def _own(self, fingerprint: str, pid: str) -> None:
        # A key that two people share belongs to nobody.
        if self._owner.setdefault(fingerprint, pid) != pid:
            self._owner[fingerprint] = ""

    def _import(self, gpg: str, armored: Sequence[tuple[str, str]]) -> None:
        self._gnupg.mkdir(mode=0o700)
        (self._gnupg / "gpg.conf").write_text(_GPG_CONF, "ascii")
        for pid, key in armored:
            for arguments in (("--show-keys", "--with-colons", "--with-subkey-fingerprint"), ("--import",)):
                done = subprocess.run(
                    [gpg, "--homedir", str(self._gnupg), *arguments],
                    input=key.encode(),
                    env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "GNUPGHOME": str(self._gnupg)},
                    capture_output=True,
                    check=False,
                )
                if done.returncode:
                    raise RepositoryError(
                        f"a signing key of {pid} in the people file is not one that gpg reads",
                        "export it with `gpg --armor --export ADDRESS`",
                    )
                for line in done.stdout.decode("ascii", "replace").splitlines():
                    fields = line.split(":")
                    if fields[0] == "fpr":
                        self._own(fields[9], pid)

    def signatures(self, revisions: Sequence[str], environment: Mapping[str, str], cwd: Path) -> dict[str, Signature]:
        """Return what git says of each signed commit.

        Args:
            revisions: Which commits, as arguments of `git log`.
            environment: See `gitprocess.environment`.
            cwd: The repository.
        """
        settings = [part for setting in self._settings for part in ("-c", setting)]
        arguments = [
            *settings, "log", "-z", _FORMAT, "--no-ext-diff", "--no-textconv", "--no-notes", "--no-color", "--no-patch",
            *revisions,
        ]  # fmt: skip
        done = gitprocess.run(arguments, {**environment, "GNUPGHOME": str(self._gnupg)}, cwd)
        parts = done.stdout.decode("utf-8", "replace").split("\0")[:-1]
        found = {}
        for start in range(0, len(parts) - len(parts) % _WIDTH, _WIDTH):
            commit, status, key, fingerprint, primary = parts[start : start + _WIDTH]
            if status == "N":
                continue
            pid = self._owner.get(fingerprint) or self._owner.get(primary) or ""
            # `U` is good by a key of unknown standing: ours stand in the people file. Without a program that can check
            # it, git calls an SSH signature bad: that says nothing of the signature.
            found[commit] = Signature(
                good=status == "G" or (status == "U" and not fingerprint.startswith("SHA256:")),
                bad=status == "B" and bool(self._ssh or key),
                pid=pid,
            )
        return found


def _usable_ssh() -> str:
    """Return the path of ssh-keygen, or "" where it is missing or would refuse to run for a user without a name."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return ""
    return shutil.which("ssh-keygen") or ""
