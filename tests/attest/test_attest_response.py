"""The subject's word: signed by the enrolled key, in an envelope or by ssh-keygen, and by nothing else."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attest_world import EXTRACTION, OTHER_KEY, PID, SUBJECT_KEY
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from attest import canonical, response, sshsig
from attest.encoding import to_base64
from attest.errors import FormatError, SignatureError
from attest.keys import public_bytes
from attest.response import NAMESPACE, RESPONSES, Response
from govern.errors import InputError, VerificationError

NOW = datetime(2026, 3, 5, 8, tzinfo=UTC)
SAID = Response(PID, EXTRACTION, "contest", "ab" * 32, NOW)
PUBLIC = public_bytes(SUBJECT_KEY)


def ssh_body(key=SUBJECT_KEY, namespace=NAMESPACE, said=SAID):
    return said.ssh_body(sshsig.sign(said.payload(), key, namespace).armor())


@pytest.mark.parametrize("kind", RESPONSES)
def test_what_was_signed_is_read_back(kind: str) -> None:
    said = Response(PID, EXTRACTION, kind, "ab" * 32, NOW)
    assert response.check(said.body(SUBJECT_KEY), PUBLIC) == said
    assert response.check(ssh_body(said=said), PUBLIC) == said
    assert response.parse(said.payload()) == said


def test_the_body_is_what_the_log_holds() -> None:
    body = canonical.loads(canonical.dumps(SAID.body(SUBJECT_KEY)))
    assert set(body) == {"pid", "extraction_id", "response", "statement_sha256", "at", "envelope"}
    assert response.check(body, PUBLIC) == SAID
    assert set(ssh_body()) == {"pid", "extraction_id", "response", "statement_sha256", "at", "sshsig"}


@pytest.mark.parametrize("make", [lambda key: SAID.body(key), lambda key: ssh_body(key)])
def test_another_key_does_not_speak_for_the_person(make) -> None:
    with pytest.raises(SignatureError):
        response.check(make(OTHER_KEY), PUBLIC)


@pytest.mark.parametrize("body", [SAID.body(SUBJECT_KEY), ssh_body()])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pid", "p-zzzzzzzz"),
        ("extraction_id", EXTRACTION.replace("1", "2")),
        ("response", "confirm"),
        ("statement_sha256", "cd" * 32),
        ("at", "2026-03-06T08:00:00Z"),
    ],
)
def test_no_field_can_be_changed_afterwards(body, field: str, value: str) -> None:
    with pytest.raises((FormatError, SignatureError)):
        response.check({**body, field: value}, PUBLIC)


@pytest.mark.parametrize(
    "change",
    [
        {"response": "ignore"},
        {"statement_sha256": "ab"},
        {"at": "2026-03-05"},
        {"more": 1},
        {"pid": 7},
        {"envelope": None},
        {"sshsig": sshsig.sign(SAID.payload(), SUBJECT_KEY, NAMESPACE).armor()},
    ],
)
def test_a_body_in_another_form_is_refused(change) -> None:
    with pytest.raises(FormatError):
        response.check({**SAID.body(SUBJECT_KEY), **change}, PUBLIC)


def test_a_body_without_any_signature_is_refused() -> None:
    with pytest.raises(FormatError):
        response.check(SAID.said(), PUBLIC)


def test_an_ssh_signature_made_for_something_else_does_not_count() -> None:
    with pytest.raises(SignatureError):
        response.check(ssh_body(namespace="git"), PUBLIC)


def test_an_ssh_signature_has_one_spelling_in_the_log() -> None:
    body = ssh_body()
    with pytest.raises(FormatError):
        response.check({**body, "sshsig": body["sshsig"].rstrip("\n")}, PUBLIC)
    # What a person hands in may have other line ends; what is logged has not.
    assert SAID.ssh_body(body["sshsig"].replace("\n", "\r\n")) == body


@pytest.mark.parametrize("data", [b"", b"{}", SAID.payload() + b" ", SAID.payload().replace(b"/1", b"/2"), b" " * 5000])
def test_a_payload_in_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        response.parse(data)


@pytest.fixture
def ssh(tmp_path: Path) -> Path:
    """A folder with an SSH key `key`, and `allowed` that lists it."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed (Debian: openssh-client)")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    (tmp_path / "allowed").write_text("me " + (tmp_path / "key.pub").read_text())
    return tmp_path


def test_what_ssh_keygen_signs_is_accepted(ssh: Path) -> None:
    (ssh / "said").write_bytes(SAID.payload())
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", ssh / "key", "-n", NAMESPACE, ssh / "said"],
        check=True,
        capture_output=True,
    )
    armored = (ssh / "said.sig").read_text()
    assert sshsig.parse(armored).armor() == armored
    public = sshsig.public_key((ssh / "key.pub").read_text())
    assert response.check(SAID.ssh_body(armored), public) == SAID
    with pytest.raises(SignatureError):
        response.check(SAID.ssh_body(armored), PUBLIC)


@pytest.mark.parametrize(
    ("namespace", "message", "code"), [(NAMESPACE, b"said", 0), ("git", b"said", 255), (NAMESPACE, b"other", 255)]
)
def test_what_is_signed_here_is_judged_alike_by_ssh_keygen(
    ssh: Path, namespace: str, message: bytes, code: int
) -> None:
    key = serialization.load_ssh_private_key((ssh / "key").read_bytes(), None)
    (ssh / "said.sig").write_text(sshsig.sign(b"said", key, namespace).armor())
    done = subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-f", ssh / "allowed", "-I", "me", "-n", NAMESPACE, "-s", ssh / "said.sig"],
        input=message,
        capture_output=True,
        check=False,
    )
    assert done.returncode == code
    if code:
        with pytest.raises(SignatureError):
            sshsig.parse((ssh / "said.sig").read_text()).verify(message, public_bytes(key), NAMESPACE)


@given(st.binary(max_size=200), st.integers(min_value=0), st.integers(min_value=1, max_value=255))
@settings(max_examples=150, deadline=None)
def test_no_changed_byte_of_an_ssh_signature_is_accepted(message: bytes, place: int, mask: int) -> None:
    import base64

    lines = sshsig.sign(message, SUBJECT_KEY, NAMESPACE).armor().strip().split("\n")
    blob = bytearray(base64.b64decode("".join(lines[1:-1])))
    blob[place % len(blob)] ^= mask
    changed = "\n".join((lines[0], to_base64(bytes(blob)), lines[-1]))
    with pytest.raises((InputError, VerificationError)):
        sshsig.parse(changed).verify(message, PUBLIC, NAMESPACE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\n!!!!\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAg==\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQAAADM=\n-----END SSH SIGNATURE-----",
        "-----BEGIN PGP SIGNATURE-----\nAAAA\n-----END PGP SIGNATURE-----",
        "x" * 20_000,
    ],
)
def test_what_is_no_ssh_signature_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        sshsig.parse(text)


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-rsa AAAA", "ssh-ed25519 AAAA", "ssh-ed25519 !"])
def test_what_is_no_ed25519_public_key_is_refused(line: str) -> None:
    with pytest.raises(FormatError):
        sshsig.public_key(line)
