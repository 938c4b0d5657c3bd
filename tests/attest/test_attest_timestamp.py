"""Time-stamps over checkpoints, against an authority that openssl plays."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from attest_world import LOG_KEY, ORIGIN, fixed_key
from hypothesis import given, settings
from hypothesis import strategies as st
from timestamp_authority import authority, openssl

from attest import timestamp
from attest.checkpoint import Checkpoint
from attest.errors import FormatError, SignatureError
from attest.note import NoteSigner, sign
from govern.errors import GovernError, UsageError

SIGNER = NoteSigner(ORIGIN, LOG_KEY)
NOTE = sign(Checkpoint(ORIGIN, 7, bytes(range(32))).text(), [SIGNER])
pytestmark = pytest.mark.skipif(not timestamp.available(), reason="the extra timestamp is not installed")


@pytest.fixture(scope="module")
def tsa(tmp_path_factory):
    return authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def token(tsa):
    return tsa.answer(timestamp.request(NOTE))


def test_a_token_over_the_note_gives_its_time(tsa, token):
    at = timestamp.verify(token, NOTE, [tsa.root])
    assert abs(at - datetime.now(UTC)) < timedelta(hours=1)
    assert at.utcoffset() == timedelta(0)


def test_the_request_is_what_openssl_asks_for_the_same_message(tsa, tmp_path):
    (tmp_path / "note").write_bytes(NOTE)
    command = ["openssl", "ts", "-query", "-data", tmp_path / "note", "-sha256", "-no_nonce", "-cert"]
    assert timestamp.request(NOTE) == subprocess.run(command, check=True, capture_output=True).stdout


def test_openssl_accepts_what_is_accepted_here(tsa, token, tmp_path):
    (tmp_path / "note").write_bytes(NOTE)
    (tmp_path / "token").write_bytes(token)
    command = ["openssl", "ts", "-verify", "-data", tmp_path / "note", "-in", tmp_path / "token"]
    subprocess.run([*command, "-CAfile", tsa.folder / "ca.pem"], check=True, capture_output=True)


def test_a_token_names_the_message_that_it_is_over(token):
    assert timestamp.imprint(token) == hashlib.sha256(NOTE).digest()


def test_a_token_over_another_message_is_refused(tsa, token):
    with pytest.raises(SignatureError, match="another message"):
        timestamp.verify(token, NOTE + b"\n", [tsa.root])


def test_a_token_of_another_authority_is_refused(token, tmp_path):
    """Even one of the same name: what counts is the key."""
    other = authority(tmp_path / "other")
    with pytest.raises(SignatureError, match="trusted root"):
        timestamp.verify(token, NOTE, [other.root])


def test_one_of_several_roots_suffices(tsa, token, tmp_path):
    other = authority(tmp_path / "other", name="Other root")
    assert timestamp.verify(token, NOTE, [other.root, tsa.root]) == timestamp.verify(token, NOTE, [tsa.root])
    # The roots of one call do not stay for the next.
    with pytest.raises(SignatureError):
        timestamp.verify(token, NOTE, [other.root])


def test_a_root_may_be_der(tsa, token):
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    der = x509.load_pem_x509_certificate(tsa.root).public_bytes(Encoding.DER)
    assert timestamp.verify(token, NOTE, [der]) == timestamp.verify(token, NOTE, [tsa.root])


@pytest.mark.parametrize("rsa", [False, True], ids=["ec", "rsa"])
def test_no_byte_of_a_token_can_be_changed(rsa, tmp_path):
    tsa = authority(tmp_path / "tsa", rsa=rsa)
    token = tsa.stamp(NOTE)
    timestamp.verify(token, NOTE, [tsa.root])
    accepted = []
    for place in range(len(token)):
        for mask in (0x01, 0x80):
            changed = bytearray(token)
            changed[place] ^= mask
            try:
                timestamp.verify(bytes(changed), NOTE, [tsa.root])
            except (FormatError, SignatureError):
                continue
            accepted.append((place, mask))
    assert accepted == []


def test_bytes_after_a_token_are_refused(tsa, token):
    for more in (b"\x00", b"\n", token):
        with pytest.raises(FormatError):
            timestamp.verify(token + more, NOTE, [tsa.root])


@pytest.mark.parametrize(
    ("usage", "accepted"),
    [("critical, timeStamping", True), ("timeStamping", False), ("critical, serverAuth", False)],
    ids=["for_time_stamps", "not_critical", "another_use"],
)
def test_only_a_certificate_that_is_for_time_stamps_can_sign_one(usage, accepted, tsa, tmp_path):
    """RFC 3161 §2.3. `openssl ts` signs with no other, so the token is put together with `openssl cms`."""
    other = authority(tmp_path / "tsa", usage=usage)
    (tmp_path / "answer").write_bytes(tsa.stamp(NOTE))
    openssl("ts", "-reply", "-in", tmp_path / "answer", "-token_out", "-out", tmp_path / "signed")
    openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", tmp_path / "signed", "-out", tmp_path / "info")
    openssl("cms", "-sign", "-binary", "-nodetach", "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-outform", "DER",
            "-in", tmp_path / "info", "-signer", other.folder / "tsa.pem", "-inkey", other.folder / "tsa.key",
            "-out", tmp_path / "signed")  # fmt: skip
    body = bytes.fromhex("3003020100") + (tmp_path / "signed").read_bytes()
    answer = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    if accepted:
        assert timestamp.verify(answer, NOTE, [other.root])
    else:
        with pytest.raises(SignatureError):
            timestamp.verify(answer, NOTE, [other.root])


def test_a_token_without_the_authoritys_certificate_is_refused(tsa):
    with pytest.raises(SignatureError):
        timestamp.verify(tsa.stamp(NOTE, "-sha256"), NOTE, [tsa.root])


def test_another_hash_is_refused(tsa):
    with pytest.raises(FormatError, match="another hash"):
        timestamp.verify(tsa.stamp(NOTE, "-sha512", "-cert"), NOTE, [tsa.root])


def test_a_refusal_of_the_authority_is_not_a_time_stamp(tsa):
    refusal = tsa.stamp(NOTE, "-md5", "-cert")
    with pytest.raises(FormatError):
        timestamp.verify(refusal, NOTE, [tsa.root])


def test_a_root_that_is_no_certificate_is_refused(token):
    for root in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", NOTE):
        with pytest.raises(FormatError, match="not a certificate"):
            timestamp.verify(token, NOTE, [root])
    with pytest.raises(ValueError, match="roots"):
        timestamp.verify(token, NOTE, [])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_bytes_are_refused_in_form(tsa, token, data):
    if data.draw(st.booleans()):
        bad = data.draw(st.binary(max_size=200))
    else:
        start = data.draw(st.integers(0, len(token)))
        bad = token[:start] + data.draw(st.binary(max_size=8)) + token[start + data.draw(st.integers(0, 8)) :]
    if bad != token:
        with pytest.raises((FormatError, SignatureError)):
            timestamp.verify(bad, NOTE, [tsa.root])


def test_cosignatures_do_not_change_what_is_time_stamped():
    text = Checkpoint(ORIGIN, 7, bytes(range(32))).text()
    cosigned = sign(text, [SIGNER, NoteSigner("works-council.example", fixed_key("council"))])
    assert timestamp.own_note(cosigned) == timestamp.own_note(NOTE) == NOTE
    with pytest.raises(FormatError):
        timestamp.own_note(b"no note\n")


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(timestamp, "PACKAGE", "rfc3161_client_that_is_not_there")
    for call in (timestamp.request, timestamp.imprint, lambda note: timestamp.verify(note, note, [note])):
        with pytest.raises(UsageError, match="rfc3161-client"):
            call(NOTE)
    assert issubclass(UsageError, GovernError)
