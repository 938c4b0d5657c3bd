"""Passkeys over a log: beside key files, enrolled with a witness, and taken away by anyone who says so."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from consent_world import MAREN, NOW, OTTO, PURPOSE, World, key_of
from passkey import Authenticator

from attest import approval, dsse, keys, webauthn
from attest.passkey import PAYLOAD_TYPE, Enrolment
from attest.webauthn import Assertion
from consent import build, notice
from consent.record import PAYLOAD_TYPE as CONSENT_TYPE
from consent.record import ConsentRecord

PHONE, LAPTOP = Authenticator(), Authenticator(webauthn.EDDSA, seed="laptop")


@dataclass
class Town(World):
    """A log with a works council, a data protection officer, and HR."""

    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for holder, role in (("wc-1", "works_council"), ("dpo-1", "dpo"), ("hr-1", "hr")):
            self.appoint(holder, role)

    def say_of(
        self, phone: Authenticator, pid: str = MAREN, by: str = "", witness: str = "wc-1", **changes: Any
    ) -> Enrolment:
        return replace(Enrolment(pid, phone.passkey, phone.credential_id, witness, by, self.now), **changes)

    def signed(self, said: Enrolment, *signers: Authenticator | str) -> list[dict[str, Any]]:
        message = dsse.pae(PAYLOAD_TYPE, said.to_payload())
        return [
            s.sign(message).to_signature(s.passkey.key_id)
            if isinstance(s, Authenticator)
            else dsse.signature(PAYLOAD_TYPE, said.to_payload(), keys.key_id(key_of(s)), key_of(s))
            for s in signers
        ]

    def passkey(self, phone: Authenticator = PHONE, *more: Authenticator | str, **said: Any) -> str:
        """Enrol a passkey; return why it does not count, or ""."""
        record = self.say_of(phone, **said)
        return self.told("passkey.enrolled", record.to_body(self.signed(record, phone, record.witness, *more)))

    def told(self, kind: str, body: dict[str, Any]) -> str:
        index = self.log(kind, body)
        return ", ".join(r.code for r in self.ledger().rejected if r.index == index)

    def agree(self, phone: Authenticator = PHONE, pid: str = MAREN, **changes: Any) -> str:
        """Say yes by passkey; return why it does not count, or ""."""
        return self.put(build.for_passkey(self.record(pid, **changes)), phone)

    def put(self, record: ConsentRecord, phone: Authenticator, assertion: Assertion | None = None) -> str:
        made = assertion or phone.sign(dsse.pae(CONSENT_TYPE, record.to_payload()))
        signed = build.signed(record, made.to_signature(phone.passkey.key_id))
        return self.told(signed.event_type, signed.body)

    def approve_loss(self, pid: str = MAREN) -> None:
        for holder, role in (("wc-1", "works_council"), ("dpo-1", "dpo")):
            said = approval.Statement(
                kind="key_lost", holder=holder, role=role, at=self.now, nonce=self.fresh(32), subject=pid
            )
            assert self.told("approval.given", said.body(key_of(holder))) == ""


def test_a_person_agrees_by_passkey_alone() -> None:
    town = Town()
    assert town.passkey() == ""
    town.pass_time(hours=1)
    assert town.agree() == ""
    state = town.ledger().state(MAREN, PURPOSE, town.now)
    assert (state.state, state.key and state.key.key_id) == ("given", PHONE.passkey.key_id)
    assert state.key is not None
    assert state.key.witness == "wc-1"
    assert state.record is not None
    assert state.record.method == "webauthn"


def test_refusing_and_renewing_by_passkey_count() -> None:
    town = Town()
    town.passkey()
    town.agree()
    held = town.ledger().consents(MAREN)[-1][1]
    town.pass_time(days=1)
    assert town.agree(renew=True, prev=held.sha256) == ""
    assert town.state() == "renewed"
    terms = build.Terms(notice.load(), town.policy, "0" * 64)
    no = build.refused(
        pid=MAREN, terms=terms, purposes=[PURPOSE], now=town.now, record_id=str(uuid.UUID(int=1)), nonce="1" * 32
    )
    assert town.put(build.for_passkey(no), PHONE) == ""
    assert town.state() == "withdrawn"


def test_key_file_and_passkeys_speak_side_by_side() -> None:
    town = Town()
    town.enrol()
    own = keys.key_id(key_of(MAREN))
    assert town.passkey(PHONE, MAREN, by=own) == ""
    assert town.passkey(LAPTOP, PHONE, by=PHONE.passkey.key_id) == ""
    ledger = town.ledger()
    assert [key.key_id for key in ledger.passkeys(MAREN)] == [PHONE.passkey.key_id, LAPTOP.passkey.key_id]
    assert ledger.key(MAREN) is not None
    for say in (lambda: town.agree(PHONE), lambda: town.agree(LAPTOP)):
        assert say() == ""
        town.withdraw()
        assert town.state() == "withdrawn"
        town.pass_time(hours=1)
    town.give()
    assert town.state() == "given"


@pytest.mark.parametrize(
    ("said", "signers", "code"),
    [
        ({"witness": "hr-1"}, (PHONE, "hr-1"), "witness_is_hr"),
        ({"witness": "wc-9"}, (PHONE, "wc-9"), "unknown_witness"),
        ({}, (PHONE,), "bad_enrolment"),
        ({}, ("wc-1",), "bad_enrolment"),
        ({}, (PHONE, "dpo-1"), "bad_enrolment"),
        ({}, (PHONE, "hr-1"), "bad_enrolment"),
        ({}, (LAPTOP, "wc-1"), "bad_enrolment"),
        ({}, (PHONE.but(flags=webauthn.PRESENT), "wc-1"), "bad_enrolment"),
        ({}, (PHONE.but(origin="https://evil.test"), "wc-1"), "bad_enrolment"),
        ({"by": "ed25519:" + "0" * 32}, (PHONE, "wc-1"), "bad_enrolment"),
        ({"pid": "wc-1"}, (PHONE, "wc-1"), "bad_enrolment"),
        ({"at": NOW.replace(year=2027)}, (PHONE, "wc-1"), "event_time_in_future"),
    ],
)
def test_a_forged_enrolment_does_not_count(said: dict[str, Any], signers: Any, code: str) -> None:
    town = Town()
    record = town.say_of(PHONE, **said)
    assert town.told("passkey.enrolled", record.to_body(town.signed(record, *signers))) == code
    assert town.ledger().passkeys(record.pid) == ()
    assert town.agree() == "unknown_key"


def test_a_witness_whose_role_has_ended_is_none() -> None:
    town = Town()
    town.log("role.ended", {"holder": "wc-1"})
    assert town.passkey() == "unknown_witness"


def test_nobody_adds_a_passkey_to_a_key_without_that_key() -> None:
    town = Town()
    town.enrol()
    own = keys.key_id(key_of(MAREN))
    assert town.passkey() == "own_key_required"
    assert town.passkey(PHONE, by=own) == "bad_enrolment"
    assert town.passkey(PHONE, "mallory", by=own) == "bad_enrolment"
    assert town.passkey(PHONE, MAREN, by=own) == ""
    assert town.passkey(LAPTOP) == "own_key_required"
    assert town.passkey(PHONE, MAREN, by=own) == "key_in_use"


def test_a_passkey_speaks_for_one_person() -> None:
    town = Town()
    town.passkey()
    assert town.passkey(PHONE, pid=OTTO) == "key_in_use"


def test_a_key_file_beside_a_passkey_needs_a_witness() -> None:
    town = Town()
    town.passkey()
    index = town.enrol()
    assert [r.code for r in town.ledger().rejected if r.index == index] == ["witness_required"]
    town.enrol(witness="dpo-1")
    assert town.ledger().rejected[-1].index == index
    town.give()
    assert town.state() == "given"


def test_a_signature_for_another_record_does_not_count() -> None:
    town = Town()
    town.passkey()
    one, other = (build.for_passkey(town.record()) for _ in range(2))
    made = PHONE.sign(dsse.pae(CONSENT_TYPE, one.to_payload()))
    assert town.put(other, PHONE, made) == "bad_signature"
    assert town.put(one, PHONE, made) == ""
    assert town.put(one, PHONE, made) == "replayed"


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://evil.test"}, {"rp_id": "evil.test"}, {"flags": webauthn.PRESENT},
        {"flags": webauthn.VERIFIED}, {"says": {"crossOrigin": True}}, {"says": {"type": "webauthn.create"}},
    ],
)  # fmt: skip
def test_a_yes_from_elsewhere_or_without_its_owner_does_not_count(changes: dict[str, Any]) -> None:
    town = Town()
    town.passkey()
    record = build.for_passkey(town.record())
    made = PHONE.but(**changes).sign(dsse.pae(CONSENT_TYPE, record.to_payload()))
    assert town.put(record, PHONE, made) == "bad_signature"
    assert town.state() == "unknown"


def test_a_yes_by_the_passkey_of_somebody_else_does_not_count() -> None:
    town = Town()
    town.passkey()
    assert town.passkey(LAPTOP, pid=OTTO) == ""
    assert town.agree(LAPTOP) == "bad_signature"


def test_the_record_says_truly_how_it_was_signed() -> None:
    town = Town()
    town.enrol()
    town.passkey(PHONE, MAREN, by=keys.key_id(key_of(MAREN)))
    assert town.put(town.record(), PHONE) == "method_not_supported"
    signed = build.sign(build.for_passkey(town.record()), key_of(MAREN))
    assert town.told(signed.event_type, signed.body) == "method_not_supported"


def test_a_withdrawal_by_passkey_without_it_and_with_a_wrong_one_all_count() -> None:
    for phone in (PHONE, None, LAPTOP):
        town = Town()
        town.passkey()
        town.agree()
        held = town.ledger().consents(MAREN)[-1][1]
        town.pass_time(hours=1)
        body = build.withdrawal(MAREN, [PURPOSE], "portal")
        if phone is not None:
            record = build.withdrawn(held, [PURPOSE], now=town.now, record_id=str(uuid.UUID(int=5)), nonce="5" * 32)
            assert (record.method, record.prev, record.event) == ("webauthn", held.sha256, "withdrawn")
            made = phone.sign(dsse.pae(CONSENT_TYPE, record.to_payload()))
            body |= build.signed(record, made.to_signature(phone.passkey.key_id)).body
        assert town.told("consent.withdrawn", body) == ""
        assert town.state() == "withdrawn"


def test_one_passkey_ends_and_the_others_go_on() -> None:
    town = Town()
    town.passkey()
    town.passkey(LAPTOP, PHONE, by=PHONE.passkey.key_id)
    town.agree(PHONE)
    assert town.told("passkey.ended", {"pid": MAREN, "key_id": PHONE.passkey.key_id}) == ""
    assert town.state() == "given"
    town.pass_time(hours=1)
    assert town.agree(PHONE) == "bad_signature"
    assert town.agree(LAPTOP) == ""
    assert [key.key_id for key in town.ledger().former_passkeys(MAREN)] == [PHONE.passkey.key_id]
    assert town.told("passkey.ended", {"pid": MAREN, "key_id": PHONE.passkey.key_id}) == "unknown_key"
    assert town.told("passkey.ended", {"pid": OTTO, "key_id": LAPTOP.passkey.key_id}) == "unknown_key"
    assert town.told("passkey.ended", {"pid": MAREN, "key_id": []}) == "unknown_key"


def test_ending_a_passkey_opens_the_way_to_no_other_key() -> None:
    """Anybody may say that a passkey has ended; only two officers may say that a person has none any more."""
    town = Town()
    town.passkey()
    town.log("passkey.ended", {"pid": MAREN, "key_id": PHONE.passkey.key_id})
    assert town.passkey(LAPTOP) == "own_key_required"
    index = town.enrol(witness="dpo-1")
    assert [r.code for r in town.ledger().rejected if r.index == index] == ["already_enrolled"]
    town.approve_loss()
    assert town.told("key.lost", {"pid": MAREN}) == ""
    assert town.passkey(LAPTOP) == ""
    assert town.passkey(Authenticator(seed="third")) == "own_key_required"


def test_a_loss_silences_everything_and_nothing_of_it_comes_back() -> None:
    town = Town()
    town.enrol()
    town.passkey(PHONE, MAREN, by=keys.key_id(key_of(MAREN)))
    assert town.told("key.lost", {"pid": MAREN}) == "no_quorum"
    town.approve_loss()
    assert town.told("key.lost", {"pid": MAREN}) == ""
    ledger = town.ledger()
    assert (ledger.key(MAREN), ledger.passkeys(MAREN)) == (None, ())
    assert town.agree() == "unknown_key"
    assert town.passkey(LAPTOP, by=PHONE.passkey.key_id) == "own_key_required"
    assert town.passkey(LAPTOP) == ""
    ledger = town.ledger()
    assert (ledger.key(MAREN), [key.key_id for key in ledger.passkeys(MAREN)]) == (None, [LAPTOP.passkey.key_id])


def test_approvals_from_before_a_passkey_do_not_lose_it() -> None:
    town = Town()
    town.approve_loss()
    town.passkey()
    assert town.told("key.lost", {"pid": MAREN}) == "no_quorum"


def test_what_a_compromised_passkey_gave_is_invalid_and_what_it_took_stands() -> None:
    town = Town()
    town.passkey()
    town.agree()
    town.pass_time(hours=1)
    town.log("key.compromised", {"pid": MAREN, "since": None})
    assert town.state() == "invalidated"
    assert town.ledger().passkeys(MAREN) == ()
    assert town.agree() == "unknown_key"
    assert town.ledger().quarantined()
