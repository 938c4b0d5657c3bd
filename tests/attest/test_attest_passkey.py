"""The enrolment of a passkey: the same bytes signed by the passkey, by the witness, and by the key before it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from passkey import Authenticator

from attest import canonical, dsse, events, evidence, keys, vouching, webauthn
from attest.errors import FormatError, SignatureError
from attest.fingerprint import words
from attest.passkey import PAYLOAD_TYPE, Enrolment, check, check_page, parse, parse_entry
from govern.errors import GovernError

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PHONE, LAPTOP = Authenticator(), Authenticator(seed="laptop")
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(32))
OWN = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
WITNESS_PUBLIC = keys.public_bytes(WITNESS)
WITNESSES = {keys.key_id(WITNESS): WITNESS_PUBLIC}
SAID = Enrolment("p-4k7q2m9x", PHONE.passkey, PHONE.credential_id, "wc-1", "", NOW)


def by_phone(said: Enrolment = SAID, phone: Authenticator = PHONE) -> dict[str, Any]:
    return phone.sign(dsse.pae(PAYLOAD_TYPE, said.to_payload())).to_signature(phone.passkey.key_id)


def by(key: Ed25519PrivateKey, said: Enrolment = SAID) -> dict[str, Any]:
    return dsse.signature(PAYLOAD_TYPE, said.to_payload(), keys.key_id(key), key)


def test_passkey_and_witness_sign_the_same_bytes() -> None:
    body = SAID.to_body([by_phone(), by(WITNESS)])
    assert check(body, WITNESSES) == SAID
    assert parse_entry(body)[2] == (PHONE.passkey.key_id, keys.key_id(WITNESS))


def test_the_key_before_it_signs_too() -> None:
    said = replace(SAID, by=keys.key_id(OWN))
    body = said.to_body([by_phone(said), by(WITNESS, said), by(OWN, said)])
    assert check(body, WITNESSES, keys.public_bytes(OWN)) == said
    for before in (None, WITNESS_PUBLIC, LAPTOP.passkey):
        with pytest.raises(SignatureError):
            check(body, WITNESSES, before)
    with pytest.raises(SignatureError):
        check(said.to_body([by_phone(said), by(WITNESS, said)]), WITNESSES, keys.public_bytes(OWN))


def test_the_passkey_before_it_signs_too() -> None:
    said = replace(SAID, by=LAPTOP.passkey.key_id)
    body = said.to_body([by_phone(said), by(WITNESS, said), by_phone(said, LAPTOP)])
    assert check(body, WITNESSES, LAPTOP.passkey) == said


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
        check(SAID.to_body(signatures), WITNESSES)


def test_nobody_is_their_own_witness() -> None:
    said = replace(SAID, witness=SAID.pid)
    with pytest.raises(SignatureError, match="own enrolment"):
        check(said.to_body([by_phone(said), by(WITNESS, said)]), WITNESSES)


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
        check({**body, **change}, WITNESSES)


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


# As the verifier of a skill sees it: the entry, the officers and the keys in the file.


def entry(said: Enrolment, *signatures: dict[str, Any], kind: str = "passkey.enrolled") -> evidence.Logged:
    event = events.Event.new(kind, "system", said.to_body(signatures), NOW, bytes)
    return evidence.Logged(9, event)


def officer(role: str = "works_council", index: int = 2) -> dict[str, vouching.Officer]:
    return {"wc-1": vouching.Officer(index, "wc-1", role, WITNESS_PUBLIC)}


def own(**changes: Any) -> dict[str, vouching.Enrolled]:
    key = vouching.Enrolled(5, SAID.pid, keys.key_id(OWN), keys.public_bytes(OWN))
    return {key.key_id: replace(key, **changes)}


def test_the_verifier_takes_a_passkey_that_an_officer_in_the_file_witnessed() -> None:
    found = vouching.enrolled_passkey(entry(SAID, by_phone(), by(WITNESS)), {}, officer())
    assert (found.pid, found.witness, found.witnessed, found.method) == (SAID.pid, "wc-1", True, "webauthn")
    assert found.verifier == PHONE.passkey
    assert (found.speaks_at(9), found.speaks_at(10)) == (False, True)


@pytest.mark.parametrize("officers", [{}, officer("hr"), officer(index=9)], ids=["none", "HR", "enrolled later"])
def test_the_verifier_refuses_a_witness_who_is_not_there_or_of_hr(officers: dict[str, vouching.Officer]) -> None:
    with pytest.raises(SignatureError, match="witness"):
        vouching.enrolled_passkey(entry(SAID, by_phone(), by(WITNESS)), {}, officers)


def test_the_verifier_wants_the_key_that_vouched_to_have_spoken_for_the_person() -> None:
    said = replace(SAID, by=keys.key_id(OWN))
    made = entry(said, by_phone(said), by(WITNESS, said), by(OWN, said))
    assert vouching.enrolled_passkey(made, own(), officer()).pid == SAID.pid
    for held in ({}, own(until=8), own(index=9), own(pid="p-7h3d9w2c"), own(public=WITNESS_PUBLIC)):
        with pytest.raises(SignatureError):
            vouching.enrolled_passkey(made, held, officer())


def test_the_verifier_takes_no_other_entry_for_an_enrolment() -> None:
    with pytest.raises(FormatError):
        vouching.enrolled_passkey(entry(SAID, by_phone(), by(WITNESS), kind="key.enrolled"), {}, officer())


@pytest.mark.parametrize("method", ["ed25519", "paper", None])
def test_the_verifier_takes_no_consent_that_says_another_way_of_signing(method: str | None) -> None:
    record = {
        "event": "given", "event_time": "2026-11-22T10:00:00Z", "validity": "P1D", "subject": {"pid": SAID.pid},
        "choices": [{"purpose": "x", "decision": "given"}], "policy": {"sha256": "0" * 64}, "method": "webauthn",
    }  # fmt: skip
    held = {PHONE.passkey.key_id: vouching.enrolled_passkey(entry(SAID, by_phone(), by(WITNESS)), {}, officer())}

    def consent(said: dict[str, Any]) -> evidence.Consent:
        payload = canonical.dumps(said)
        made = PHONE.sign(dsse.pae(evidence.CONSENT_TYPE, payload)).to_signature(PHONE.passkey.key_id)
        body = {
            "pid": SAID.pid,
            "record_sha256": hashlib.sha256(payload).hexdigest(),
            "envelope": canonical.loads(dsse.build(evidence.CONSENT_TYPE, payload, [made])),
        }
        return evidence.consent(evidence.Logged(12, events.Event.new("consent.given", "x", body, NOW, bytes)), held)

    assert consent(record).key.passkey == PHONE.passkey
    del record["method"]
    with pytest.raises(SignatureError, match="another way"):
        consent(record if method is None else {**record, "method": method})
