"""Signed commits, made with ssh-keygen and gpg: whose key counts, and that nothing else of the machine is asked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from source_world import git, repository

from extract import identity
from extract.errors import PeopleFileError, RepositoryError
from extract.identity import Identities
from extract.sources import open_source, read_all

MAREN, TOMAS = "p-4k7q2m9x", "p-22222222"


def people(maren: list[str] | None = None, tomas: list[str] | None = None) -> Identities:
    import json

    value = {
        "version": 1,
        "people": [
            {"pid": MAREN, "emails": ["maren@works.example"], "signing_keys": maren or []},
            {"pid": TOMAS, "emails": ["tomas@works.example"], "signing_keys": tomas or []},
        ],
    }
    return identity.parse(json.dumps(value).encode())


def levels(path: Path, who: Identities | None) -> list[str]:
    return [r.authenticity for r in read_all([open_source("repo", path, None, who)]).records]


def ssh_key(folder: Path, name: str, kind: str = "ed25519") -> tuple[Path, str]:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed (Debian: openssh-client)")
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "me@laptop", "-f", path], check=True)
    return path, path.with_suffix(".pub").read_text().strip()


def sign_ssh(repo: Path, key: Path, message: str, **environment: str) -> str:
    git(
        repo,
        *("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}", "commit", "-q", "--allow-empty", "-S", "-m", message),
        **environment,
    )
    return git(repo, "rev-parse", "HEAD")


def forge(repo: Path, old: str, new: str) -> None:
    """Put a commit on top of HEAD's place whose words were changed after it was signed."""
    raw = git(repo, "cat-file", "commit", "HEAD").replace(old, new)
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=repo,
        input=(raw + "\n").encode(),
        check=True,
        capture_output=True,
    )
    git(repo, "reset", "-q", "--soft", made.stdout.decode().strip())


def test_a_commit_signed_by_a_key_of_its_author_is_a4(tmp_path: Path) -> None:
    key, public = ssh_key(tmp_path, "maren")
    repo = repository(tmp_path / "repo", "Unsigned")
    sign_ssh(repo, key, "Signed")
    assert levels(repo, people([public])) == ["A0", "A4"]
    # Without anybody's keys there is nothing to check with, and without a people file neither.
    assert levels(repo, people()) == ["A0", "A0"]
    assert levels(repo, None) == ["A0", "A0"]


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_other_kinds_of_ssh_keys_count_too(tmp_path: Path, kind: str) -> None:
    key, public = ssh_key(tmp_path, "maren", kind)
    repo = repository(tmp_path / "repo", "Unsigned")
    sign_ssh(repo, key, "Signed")
    assert levels(repo, people([public])) == ["A0", "A4"]


def test_a_key_of_somebody_else_or_of_nobody_says_nothing_of_the_author(tmp_path: Path) -> None:
    key, public = ssh_key(tmp_path, "tomas")
    _, other = ssh_key(tmp_path, "maren")
    repo = repository(tmp_path / "repo", "Unsigned")
    sign_ssh(repo, key, "By Maren, signed by Tomas who rebased it")
    assert levels(repo, people([other], [public])) == ["A0", "A0"]
    assert levels(repo, people([other])) == ["A0", "A0"]


def test_a_changed_commit_under_a_signature_fails(tmp_path: Path) -> None:
    key, public = ssh_key(tmp_path, "maren")
    repo = repository(tmp_path / "repo", "Unsigned")
    sign_ssh(repo, key, "Check the checksum")
    forge(repo, "Check the checksum", "Skip the checksum")
    assert git(repo, "log", "-1", "--format=%s") == "Skip the checksum"
    assert levels(repo, people([public])) == ["A0", "F"]
    # An SSH signature carries its key: a wrong one shows even if nobody knows the key.
    _, other = ssh_key(tmp_path, "other")
    assert levels(repo, people([other])) == ["A0", "F"]


def test_a_bundle_carries_its_signatures(tmp_path: Path) -> None:
    key, public = ssh_key(tmp_path, "maren")
    repo = repository(tmp_path / "repo", "Unsigned")
    sign_ssh(repo, key, "Signed")
    git(repo, "bundle", "create", "-q", str(tmp_path / "all.bundle"), "--all")
    assert levels(tmp_path / "all.bundle", people([public])) == ["A0", "A4"]
    read = read_all([open_source("repo", tmp_path / "all.bundle", None, people([public]))], custodian="it")
    assert [r.authenticity for r in read.records] == ["A1", "A4"]
    # A live repository is no export.
    read = read_all([open_source("repo", repo, None, people([public]))], custodian="it")
    assert [r.authenticity for r in read.records] == ["A0", "A4"]


def test_a_repository_cannot_name_its_own_signers_or_programs(tmp_path: Path) -> None:
    key, public = ssh_key(tmp_path, "eve")
    _, other = ssh_key(tmp_path, "maren")
    repo = repository(tmp_path / "repo", "Unsigned")
    sign_ssh(repo, key, "As Maren")
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\nexit 0\n")
    program.chmod(0o755)
    (tmp_path / "allowed").write_text(f"{MAREN} {public}\n")
    git(repo, "config", "gpg.ssh.allowedSignersFile", str(tmp_path / "allowed"))
    for name in ("gpg.program", "gpg.openpgp.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand"):
        git(repo, "config", name, str(program))
    assert levels(repo, people([other])) == ["A0", "A0"]
    assert not ran.exists()


def test_without_the_verifier_a_signature_is_unknown_and_not_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, public = ssh_key(tmp_path, "maren")
    repo = repository(tmp_path / "repo", "Unsigned")
    sign_ssh(repo, key, "Signed")
    only_git = tmp_path / "bin"
    only_git.mkdir()
    (only_git / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(only_git))
    assert levels(repo, people([public])) == ["A0", "A0"]


class Gpg:
    """A GnuPG home of a test."""

    def __init__(self, home: Path) -> None:
        if shutil.which("gpg") is None or shutil.which("gpg-agent") is None:
            pytest.skip("gpg is not installed (Debian: gnupg)")
        # A socket's path has a length limit that a test's folder may exceed.
        self.home = home
        home.mkdir(mode=0o700)

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--no-tty", *arguments],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def make(self, address: str) -> str:
        self.run("--passphrase", "", "--quick-generate-key", address, "ed25519", "sign", "never")
        return self.run("--armor", "--export", address)

    def commit(self, repo: Path, address: str, message: str) -> None:
        git(
            repo,
            *("-c", "gpg.format=openpgp", "-c", f"user.signingkey={address}"),
            *("commit", "-q", "--allow-empty", "-S", "-m", message),
            GNUPGHOME=str(self.home),
        )

    def close(self) -> None:
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False, capture_output=True)


@pytest.fixture
def gpg() -> object:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="g") as folder:
        made = Gpg(Path(folder) / "h")
        try:
            yield made
        finally:
            made.close()


def test_a_gpg_key_of_the_author_counts_and_a_changed_commit_fails(tmp_path: Path, gpg: Gpg) -> None:
    key = gpg.make("maren@works.example")
    other = gpg.make("tomas@works.example")
    repo = repository(tmp_path / "repo", "Unsigned")
    gpg.commit(repo, "maren@works.example", "Check the checksum")
    assert levels(repo, people([key])) == ["A0", "A4"]
    assert levels(repo, people([other], [key])) == ["A0", "A0"]
    assert levels(repo, people([other])) == ["A0", "A0"]
    assert levels(repo, people([key + "\n"], [other])) == ["A0", "A4"]
    forge(repo, "Check the checksum", "Skip the checksum")
    assert levels(repo, people([key])) == ["A0", "F"]


def test_what_gpg_cannot_read_is_refused_by_pid(tmp_path: Path, gpg: Gpg) -> None:
    del gpg
    repo = repository(tmp_path / "repo", "Unsigned")
    broken = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n=AAAA\n-----END PGP PUBLIC KEY BLOCK-----"
    with pytest.raises(RepositoryError) as caught:
        levels(repo, people([broken]))
    assert MAREN in caught.value.message


@pytest.mark.parametrize(
    "key",
    [
        "ssh-ed25519",
        "maren@laptop",
        'namespaces="git" ssh-ed25519 AAAA',
        "ssh-ed25519 AAAA\nssh-ed25519 BBBB",
        "ssh-ed25519 AAAA\n* ssh-ed25519 BBBB",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
        7,
    ],
)
def test_a_signing_key_in_another_form_is_refused_without_its_value(key: object) -> None:
    with pytest.raises(PeopleFileError) as caught:
        people([key])  # type: ignore[list-item]
    assert "AAAA" not in caught.value.message
    assert "laptop" not in caught.value.message


def test_a_key_belongs_to_one_person_whatever_its_comment() -> None:
    with pytest.raises(PeopleFileError):
        people(["ssh-ed25519 AAAA one"], ["ssh-ed25519 AAAA two"])
    assert people(["ssh-ed25519 AAAA me@laptop"]).person(MAREN).signing_keys == ("ssh-ed25519 AAAA",)
