"""Passkeys of officers over a log: beside the key of the office, and gone with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from consent_world import MAREN, key_of
from passkey import Authenticator
from test_consent_passkeys import PHONE, Town

from attest import approval, dsse, keys
from attest.passkey import PAYLOAD_TYPE as PERSON_TYPE
from attest.role_passkey import PAYLOAD_TYPE, RolePasskey

DESK, BAG = Authenticator(seed="desk"), Authenticator(seed="bag")


@pytest.fixture
def town() -> Town:
    return Town()


def enrol(
    town: Town, holder: str = "wc-1", device: Authenticator = DESK, before: Authenticator | None = None, **said: Any
) -> str:
    """Enter a passkey of an officer; return why it does not count, or ""."""
    key = key_of(holder)
    by = before.passkey.key_id if before else keys.key_id(key)
    record = replace(RolePasskey(holder, device.passkey, device.credential_id, by, town.now), **said)
    payload = record.to_payload()
    message = dsse.pae(PAYLOAD_TYPE, payload)
    if before is not None:
        vouched = before.sign(message).to_signature(by)
    else:
        vouched = dsse.signature(PAYLOAD_TYPE, payload, by, key)
    signatures = [device.sign(message).to_signature(device.passkey.key_id), vouched]
    return town.told("role.passkey_enrolled", record.to_body(signatures))


def witness(town: Town, device: Authenticator = DESK, holder: str = "wc-1", person: Authenticator = PHONE) -> str:
    """Have a person's passkey witnessed by an officer's; return why it does not count, or ""."""
    record = town.say_of(person, witness=holder)
    message = dsse.pae(PERSON_TYPE, record.to_payload())
    signatures = [each.sign(message).to_signature(each.passkey.key_id) for each in (person, device)]
    return town.told("passkey.enrolled", record.to_body(signatures))


def approve(town: Town, kind: str = "run", holder: str = "wc-1", device: Authenticator = DESK) -> str:
    role = {"wc-1": "works_council", "dpo-1": "dpo", "hr-1": "hr"}[holder]
    town.nonce = getattr(town, "nonce", 0) + 1  # type: ignore[attr-defined]
    said = approval.Statement(kind, holder, role, f"{town.nonce:032x}", town.now, subject=None)  # type: ignore[attr-defined]
    made = device.sign(dsse.pae(approval.PAYLOAD_TYPE, said.payload())).to_signature(device.passkey.key_id)
    return town.told("approval.given", said.signed_body(made))


def test_it_witnesses_and_approves_as_the_key_does(town: Town) -> None:
    assert enrol(town) == ""
    (held,) = town.ledger().officer("wc-1").passkeys
    assert (held.key_id, held.credential_id) == (DESK.passkey.key_id, DESK.credential_id)
    assert witness(town) == ""
    assert [key.key_id for key in town.ledger().passkeys(MAREN)] == [PHONE.passkey.key_id]
    assert approve(town) == ""
    assert [given.holder for given in town.ledger().approvals(town.now)] == ["wc-1"]


def test_a_second_one_is_vouched_for_by_the_first(town: Town) -> None:
    assert enrol(town, device=BAG, before=DESK) == "bad_enrolment"
    assert enrol(town) == ""
    assert enrol(town, device=BAG, before=DESK) == ""
    assert witness(town, BAG) == ""


def test_nobody_adds_one_to_another_s_office(town: Town) -> None:
    record = RolePasskey("wc-1", DESK.passkey, DESK.credential_id, keys.key_id(key_of("hr-1")), town.now)
    payload = record.to_payload()
    signatures = [
        DESK.sign(dsse.pae(PAYLOAD_TYPE, payload)).to_signature(DESK.passkey.key_id),
        dsse.signature(PAYLOAD_TYPE, payload, keys.key_id(key_of("hr-1")), key_of("hr-1")),
    ]
    assert town.told("role.passkey_enrolled", record.to_body(signatures)) == "bad_enrolment"
    assert enrol(town, "mayor-1") == "unknown_officer"
    assert town.told("role.passkey_enrolled", {"holder": [], "x": 1}) == "unknown_officer"
    assert town.ledger().officer("wc-1").passkeys == ()


def test_one_passkey_has_one_owner(town: Town) -> None:
    assert town.passkey(PHONE) == ""
    assert enrol(town, device=PHONE) == "key_in_use"
    assert enrol(town, device=DESK) == ""
    assert enrol(town, "dpo-1", device=DESK) == "key_in_use"


def test_hr_has_one_too_and_it_witnesses_nothing(town: Town) -> None:
    assert enrol(town, "hr-1") == ""
    assert witness(town, holder="hr-1") == "witness_is_hr"
    assert approve(town, "undertaking", "hr-1") == ""
    # Nor in the name of another officer.
    assert witness(town, holder="wc-1") == "bad_enrolment"
    assert approve(town, "run", "wc-1") == "bad_signature"


def test_it_can_be_ended_by_anybody_and_what_it_signed_stays(town: Town) -> None:
    assert enrol(town) == ""
    assert witness(town) == ""
    assert approve(town) == ""
    assert town.told("role.passkey_ended", {"holder": "wc-1", "key_id": DESK.passkey.key_id}) == ""
    assert town.ledger().officer("wc-1").passkeys == ()
    assert len(town.ledger().passkeys(MAREN)) == 1
    assert len(town.ledger().approvals(town.now)) == 1
    assert witness(town, person=BAG) == "own_key_required"
    assert approve(town) == "bad_signature"
    assert enrol(town, device=DESK) == "key_in_use"
    for body in ({"holder": "wc-1", "key_id": DESK.passkey.key_id}, {"holder": "x-1", "key_id": "y"}, {"holder": 3}):
        assert town.told("role.passkey_ended", body) == "unknown_key"


def test_it_ends_with_the_office(town: Town) -> None:
    assert enrol(town) == ""
    assert town.told("role.ended", {"holder": "wc-1"}) == ""
    assert witness(town) == "unknown_witness"
    assert approve(town) == "unknown_officer"


def test_a_record_from_another_time_is_not_entered(town: Town) -> None:
    assert enrol(town, at=town.now.replace(year=town.now.year + 1)) != ""
    assert town.ledger().officer("wc-1").passkeys == ()


JUNK = (None, 1, True, "", "\u202e", [], {}, [None], {"sig": 1}, "a" * 5000)


def test_no_entry_of_any_shape_is_counted_or_stops_the_reading(town: Town) -> None:
    assert enrol(town) == ""
    key = key_of("wc-1")
    record = RolePasskey("wc-1", BAG.passkey, BAG.credential_id, keys.key_id(key), town.now)
    payload = record.to_payload()
    body = record.to_body(
        [
            BAG.sign(dsse.pae(PAYLOAD_TYPE, payload)).to_signature(BAG.passkey.key_id),
            dsse.signature(PAYLOAD_TYPE, payload, record.by, key),
        ]
    )
    envelope = body["envelope"]
    wrong = [{**body, name: junk} for name in body for junk in JUNK]
    wrong += [{**body, "envelope": {**envelope, name: junk}} for name in envelope for junk in JUNK]
    signature = envelope["signatures"][0]
    wrong += [
        {**body, "envelope": {**envelope, "signatures": [{**signature, name: junk}, envelope["signatures"][1]]}}
        for name in signature
        for junk in JUNK
    ]
    for each in wrong:
        town.log("role.passkey_enrolled", each)
        town.log("role.passkey_ended", {k: v for k, v in each.items() if k != "envelope"})
    ledger = town.ledger()
    assert [key.key_id for key in ledger.officer("wc-1").passkeys] == [DESK.passkey.key_id]
    assert len(ledger.rejected) >= 2 * len(wrong)
    assert town.told("role.passkey_enrolled", body) == ""
