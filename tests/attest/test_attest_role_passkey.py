"""The passkey of an officer: signed by itself and by a key of the office, and then as good as that key."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from passkey import Authenticator

from attest import approval, canonical, dsse, events, evidence, keys, passkey, role_passkey, vouching, webauthn
from attest.errors import FormatError, SignatureError
from attest.role_passkey import PAYLOAD_TYPE, RolePasskey, check, parse, parse_entry
from govern.errors import GovernError

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
PHONE, LAPTOP, PERSON = (Authenticator(seed=seed) for seed in ("office", "laptop", "person"))
OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
OFFICE_ID = keys.key_id(OFFICE)
KEYS: dict[str, dsse.Key] = {OFFICE_ID: keys.public_bytes(OFFICE)}
SAID = RolePasskey("wc-1", PHONE.passkey, PHONE.credential_id, OFFICE_ID, NOW)


def touch(payload: bytes, kind: str = PAYLOAD_TYPE, device: Authenticator = PHONE) -> dict[str, Any]:
    return device.sign(dsse.pae(kind, payload)).to_signature(device.passkey.key_id)


def by(key: Ed25519PrivateKey, payload: bytes, kind: str = PAYLOAD_TYPE) -> dict[str, Any]:
    return dsse.signature(kind, payload, keys.key_id(key), key)


def body(said: RolePasskey = SAID, *more: dict[str, Any]) -> dict[str, Any]:
    return said.to_body([touch(said.to_payload()), *(more or (by(OFFICE, said.to_payload()),))])


def test_passkey_and_key_of_the_office_sign_the_same_bytes() -> None:
    assert check(body(), KEYS) == SAID
    assert parse(SAID.to_payload()) == SAID
    assert parse_entry(body())[0] == SAID


def test_a_passkey_before_it_vouches_as_well() -> None:
    said = replace(SAID, passkey=LAPTOP.passkey, credential_id=LAPTOP.credential_id, by=PHONE.passkey.key_id)
    made = said.to_body([touch(said.to_payload(), device=LAPTOP), touch(said.to_payload())])
    assert check(made, {**KEYS, PHONE.passkey.key_id: PHONE.passkey}) == said
    with pytest.raises(SignatureError, match="does not speak"):
        check(made, KEYS)


@pytest.mark.parametrize(
    "signatures",
    [
        [touch(SAID.to_payload())],
        [by(OFFICE, SAID.to_payload())],
        [touch(SAID.to_payload()), by(OTHER, SAID.to_payload())],
        [touch(SAID.to_payload(), device=LAPTOP), by(OFFICE, SAID.to_payload())],
        [touch(SAID.to_payload()), by(OFFICE, SAID.to_payload()), by(OTHER, SAID.to_payload())],
        [touch(SAID.to_payload(), passkey.PAYLOAD_TYPE), by(OFFICE, SAID.to_payload())],
        [touch(SAID.to_payload()), by(OFFICE, SAID.to_payload(), passkey.PAYLOAD_TYPE)],
        [touch(replace(SAID, holder="wc-2").to_payload()), by(OFFICE, SAID.to_payload())],
    ],
    ids=["no key", "no passkey", "another key", "another passkey", "one more", "type", "type of key", "other record"],
)
def test_a_signature_that_is_missing_wrong_or_too_many_is_refused(signatures: list[dict[str, Any]]) -> None:
    with pytest.raises(SignatureError):
        check(SAID.to_body(signatures), KEYS)


@pytest.mark.parametrize("change", [{"holder": "wc-2"}, {"key_id": LAPTOP.passkey.key_id}, {"envelope": {}}, {"x": 1}])
def test_an_entry_says_what_was_signed_or_nothing(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        check({**body(), **change}, KEYS)


def test_a_passkey_that_speaks_already_is_not_entered_again() -> None:
    with pytest.raises(SignatureError, match="is enrolled"):
        check(body(), {**KEYS, PHONE.passkey.key_id: PHONE.passkey})


@pytest.mark.parametrize("name", ["schema", "holder", "key_id", "alg", "public_key", "credential_id", "origin", "at"])
def test_a_record_has_one_form(name: str) -> None:
    value = canonical.loads(SAID.to_payload())
    wrong = {"alg": -8, "credential_id": "", "at": "yesterday", "origin": "http://consent.example"}
    value[name] = wrong.get(name, f"{value[name]}!")
    with pytest.raises(GovernError):
        parse(canonical.dumps(value))


def test_the_record_keeps_its_form() -> None:
    """These bytes are signed and stand in logs: another form is another version."""
    phone = Authenticator(webauthn.EDDSA)
    said = replace(SAID, passkey=phone.passkey, credential_id=phone.credential_id)
    digest = hashlib.sha256(said.to_payload()).hexdigest()
    assert digest == "f78e93c96d2ffa51bd74e8fc1d41b9012597cd989572c6360b4768bd722d6bc2"


# As the verifier of a skill sees it.


def entry(index: int, kind: str, about: dict[str, Any]) -> evidence.Logged:
    return evidence.Logged(index, events.Event.new(kind, "system", about, NOW, bytes))


def officers(role: str = "works_council") -> dict[str, vouching.Officer]:
    return {"wc-1": vouching.Officer(2, "wc-1", role, keys.public_bytes(OFFICE))}


def with_passkey(index: int = 5, role: str = "works_council") -> dict[str, vouching.Officer]:
    held = vouching.officers_passkey(entry(index, "role.passkey_enrolled", body()), officers(role))
    return {"wc-1": held}


def enrolment() -> passkey.Enrolment:
    return passkey.Enrolment("p-4k7q2m9x", PERSON.passkey, PERSON.credential_id, "wc-1", "", NOW)


def witnessed(*more: dict[str, Any]) -> evidence.Logged:
    payload = enrolment().to_payload()
    own = touch(payload, passkey.PAYLOAD_TYPE, PERSON)
    return entry(9, "passkey.enrolled", enrolment().to_body([own, *more]))


def test_a_person_s_passkey_may_be_witnessed_by_it() -> None:
    payload = enrolment().to_payload()
    made = witnessed(touch(payload, passkey.PAYLOAD_TYPE))
    found = vouching.enrolled_passkey(made, {}, with_passkey())
    assert (found.witness, found.witnessed) == ("wc-1", True)
    # The key of the office still does, too; both at once is one too many.
    vouching.enrolled_passkey(witnessed(by(OFFICE, payload, passkey.PAYLOAD_TYPE)), {}, with_passkey())
    both = witnessed(touch(payload, passkey.PAYLOAD_TYPE), by(OFFICE, payload, passkey.PAYLOAD_TYPE))
    with pytest.raises(SignatureError, match="twice"):
        vouching.enrolled_passkey(both, {}, with_passkey())


@pytest.mark.parametrize("held", [officers(), with_passkey(9), with_passkey(12), with_passkey(role="hr"), {}])
def test_not_by_a_passkey_that_is_not_there_came_later_or_is_hr_s(held: dict[str, vouching.Officer]) -> None:
    made = witnessed(touch(enrolment().to_payload(), passkey.PAYLOAD_TYPE))
    with pytest.raises(SignatureError):
        vouching.enrolled_passkey(made, {}, held)


def test_the_verifier_takes_only_a_passkey_of_an_officer_in_the_file() -> None:
    with pytest.raises(FormatError, match="officer"):
        vouching.officers_passkey(entry(5, "role.passkey_enrolled", body()), {})
    with pytest.raises(FormatError):
        vouching.officers_passkey(entry(5, "role.enrolled", body()), officers())
    # Enrolled before the officer.
    with pytest.raises(SignatureError):
        vouching.officers_passkey(entry(1, "role.passkey_enrolled", body()), officers())


def test_an_approval_may_be_signed_by_it_and_by_one_key_only() -> None:
    said = approval.Statement("run", "wc-1", "works_council", "0" * 32, NOW)
    touched = touch(said.payload(), approval.PAYLOAD_TYPE)
    assert vouching.approved(entry(7, "approval.given", said.signed_body(touched)), with_passkey()) == said
    for held in (officers(), with_passkey(7)):
        with pytest.raises(SignatureError):
            vouching.approved(entry(7, "approval.given", said.signed_body(touched)), held)
    keyed = said.body(OFFICE)
    keyed["envelope"]["signatures"].append(touched)
    with pytest.raises(SignatureError, match="twice"):
        vouching.approved(entry(7, "approval.given", keyed), with_passkey())
    replaced = said.signed_body(touch(replace(said, kind="undertaking").payload(), approval.PAYLOAD_TYPE))
    with pytest.raises(SignatureError):
        vouching.approved(entry(7, "approval.given", replaced), with_passkey())
    assert role_passkey.SCHEMA == "govern-role-passkey/1"
