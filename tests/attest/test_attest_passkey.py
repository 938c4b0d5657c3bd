"""The enrolment of a passkey: the same bytes signed by the passkey, by the witness, and by the key before it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from passkey import Authenticator

from attest import canonical, dsse, keys, webauthn
from attest.errors import FormatError, SignatureError
from attest.fingerprint import words
from attest.passkey import PAYLOAD_TYPE, Enrolment, check, check_page, parse, parse_entry
from govern.errors import GovernError

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PHONE, LAPTOP = Authenticator(), Authenticator(seed="laptop")
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(32))
OWN = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
WITNESS_PUBLIC = keys.public_bytes(WITNESS)
SAID = Enrolment("p-4k7q2m9x", PHONE.passkey, PHONE.credential_id, "wc-1", "", NOW)


def by_phone(said: Enrolment = SAID, phone: Authenticator = PHONE) -> dict[str, Any]:
    return phone.sign(dsse.pae(PAYLOAD_TYPE, said.to_payload())).to_signature(phone.passkey.key_id)


def by(key: Ed25519PrivateKey, said: Enrolment = SAID) -> dict[str, Any]:
    return dsse.signature(PAYLOAD_TYPE, said.to_payload(), keys.key_id(key), key)


def test_passkey_and_witness_sign_the_same_bytes() -> None:
    body = SAID.to_body([by_phone(), by(WITNESS)])
    assert check(body, WITNESS_PUBLIC) == SAID
    assert parse_entry(body)[2] == (PHONE.passkey.key_id, keys.key_id(WITNESS))


def test_the_key_before_it_signs_too() -> None:
    said = replace(SAID, by=keys.key_id(OWN))
    body = said.to_body([by_phone(said), by(WITNESS, said), by(OWN, said)])
    assert check(body, WITNESS_PUBLIC, keys.public_bytes(OWN)) == said
    for before in (None, WITNESS_PUBLIC, LAPTOP.passkey):
        with pytest.raises(SignatureError):
            check(body, WITNESS_PUBLIC, before)
    with pytest.raises(SignatureError):
        check(said.to_body([by_phone(said), by(WITNESS, said)]), WITNESS_PUBLIC, keys.public_bytes(OWN))


def test_the_passkey_before_it_signs_too() -> None:
    said = replace(SAID, by=LAPTOP.passkey.key_id)
    body = said.to_body([by_phone(said), by(WITNESS, said), by_phone(said, LAPTOP)])
    assert check(body, WITNESS_PUBLIC, LAPTOP.passkey) == said


@pytest.mark.parametrize(
    "signatures",
    [
        [by_phone()],
        [by(WITNESS)],
        [by_phone(), by(OWN)],
        [by_phone(), by(WITNESS), by(OWN)],
        [by_phone(replace(SAID, witness="wc-2")), by(WITNESS)],
        [by_phone(), by(WITNESS, replace(SAID, pid="p-7h3d9w2c"))],
        [by_phone(phone=LAPTOP), by(WITNESS)],
        [by_phone(phone=PHONE.but(flags=1)), by(WITNESS)],
        [by_phone(phone=PHONE.but(origin="https://evil.test")), by(WITNESS)],
        [{**by_phone(), "keyid": keys.key_id(WITNESS)}, {**by(WITNESS), "keyid": PHONE.passkey.key_id}],
    ],
    ids=["no witness", "no passkey", "another witness", "one too many", "another record", "another person",
         "another passkey", "not verified", "another page", "swapped"],
)  # fmt: skip
def test_a_forged_enrolment_is_refused(signatures: list[dict[str, Any]]) -> None:
    with pytest.raises(SignatureError):
        check(SAID.to_body(signatures), WITNESS_PUBLIC)


def test_nobody_is_their_own_witness() -> None:
    said = replace(SAID, witness=SAID.pid)
    with pytest.raises(SignatureError, match="own enrolment"):
        check(said.to_body([by_phone(said), by(WITNESS, said)]), WITNESS_PUBLIC)


@pytest.mark.parametrize(
    "change",
    [
        {"alg": -8}, {"alg": "-7"}, {"key_id": "webauthn:" + "0" * 32}, {"schema": "govern-passkey/2"},
        {"origin": "http://consent.example"}, {"origin": "https://consent.example/"}, {"rp_id": "other.example"},
        {"pid": "P"}, {"witness": ""}, {"credential_id": ""}, {"public_key": "AAAA"}, {"more": 1}, {"by": None},
    ],
)  # fmt: skip
def test_a_record_of_another_form_is_refused(change: dict[str, Any]) -> None:
    said = canonical.loads(SAID.to_payload())
    assert parse(canonical.dumps(said)) == SAID
    with pytest.raises(FormatError):
        parse(canonical.dumps({**said, **change}))


@pytest.mark.parametrize("change", [{"pid": "p-7h3d9w2c"}, {"key_id": "webauthn:x"}, {"envelope": {}}, {"more": 1}])
def test_an_entry_says_what_was_signed(change: dict[str, Any]) -> None:
    body = SAID.to_body([by_phone(), by(WITNESS)])
    with pytest.raises(GovernError):
        check({**body, **change}, WITNESS_PUBLIC)


@pytest.mark.parametrize(
    ("rp_id", "origin", "holds"),
    [
        ("consent.example", "https://consent.example", True),
        ("consent.example", "https://consent.example:8443", True),
        ("consent.example", "https://app.consent.example", True),
        ("localhost", "http://localhost:8000", True),
        ("consent.example", "http://consent.example", False),
        ("consent.example", "https://evilconsent.example", False),
        ("consent.example", "https://consent.example.evil.test", False),
        ("consent.example", "https://evil.test/consent.example", False),
        ("127.0.0.1", "http://127.0.0.1:8000", False),
        ("", "https://", False),
        ("cоnsent.example", "https://cоnsent.example", False),  # a Cyrillic letter
    ],
)
def test_a_page_uses_passkeys_of_its_own_host(rp_id: str, origin: str, holds: bool) -> None:
    try:
        check_page(rp_id, origin)
    except FormatError:
        assert not holds
    else:
        assert holds


def test_the_record_of_an_enrolment_keeps_its_form() -> None:
    """These bytes are signed and stand in logs: another form is another version."""
    phone = Authenticator(webauthn.EDDSA)
    said = replace(SAID, passkey=phone.passkey, credential_id=phone.credential_id)
    body = said.to_body([by_phone(said, phone), by(WITNESS, said)])
    digest = hashlib.sha256(canonical.dumps(body)).hexdigest()
    assert digest == "127f2a87dab28a81ae0137d31ca02eda998d2f5976ba02b35dc76d5052f8ae8a"


def test_a_fingerprint_is_eight_words_that_differ_where_the_digests_do() -> None:
    assert words(bytes(16)) == " ".join(["babab"] * 8)
    assert words(bytes.fromhex("7f000001") + bytes(12)).startswith("lusab babad babab")
    found = {words(hashlib.sha256(bytes([n])).digest()) for n in range(256)}
    assert len(found) == 256
    assert all(len(word) == 5 for each in found for word in each.split())
    with pytest.raises(ValueError, match="sixteen"):
        words(bytes(15))
