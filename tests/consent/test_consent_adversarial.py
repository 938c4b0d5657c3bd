"""Every way to cheat that we could think of: none counts, and each is refused with the right code."""

from __future__ import annotations

import base64
import hashlib
import time
from datetime import timedelta
from typing import Any

import pytest
from consent_world import MAREN, NOW, OTTO, PURPOSE, key_of
from town import Town, policy, town

from attest import approval, canonical, dsse, enrolment, mandate
from attest.errors import FormatError, SignatureError
from attest.keys import key_id, public_bytes
from consent import bodies, build, decide, keys
from consent.errors import RecordError
from consent.ledger import Ledger
from consent.record import PAYLOAD_TYPE, parse


def held_back(here: Town, **changes: Any) -> build.Signed:
    """A yes that is signed now and logged by nobody yet."""
    return build.sign(here.record(**changes), key_of(MAREN))


def signed_raw(payload: bytes, signer: str = MAREN, kind: str = PAYLOAD_TYPE) -> dict[str, Any]:
    envelope = dsse.sign(kind, payload, [(key_id(key_of(signer)), key_of(signer))])
    digest = hashlib.sha256(payload).hexdigest()
    return {"pid": MAREN, "record_sha256": digest, "envelope": canonical.loads(envelope)}


# --- signatures that are somebody else's, or old ---------------------------------------------------------------------


def test_a_signature_is_not_replayed() -> None:
    here = town()
    first = held_back(here)
    here.log(first.event_type, first.body)
    here.withdraw()
    here.pass_time(days=1)
    assert here.code(here.log(first.event_type, first.body)) == "replayed"
    assert here.state() == "withdrawn"


def test_an_approval_is_not_replayed() -> None:
    here = town()
    said = here.statement("run", "hr-1").body(key_of("hr-1"))
    first = here.log("approval.given", said)
    here.log("approval.withdrawn", {"index": first, "holder": "hr-1"})
    assert here.code(here.log("approval.given", said)) == "replayed"
    assert here.ledger().approvals(here.now) == ()


def test_an_approval_held_back_while_the_officer_changed_their_mind_does_not_count() -> None:
    here = town()
    other = here.statement("run", "hr-1").body(key_of("hr-1"))
    here.pass_time(days=1)
    first = here.approve("run", "hr-1")
    here.log("approval.withdrawn", {"index": first, "holder": "hr-1"})
    assert here.code(here.log("approval.given", other)) == "older_than_withdrawal"


def test_a_signature_under_one_policy_does_not_serve_for_another() -> None:
    here = town()
    signed = here.policy
    here.give()
    other = policy(2, "P12M", 50)
    found = decide.decide_run(other, here.request(policy=other.sha256), here.ledger())
    assert "subject.scope" in found.reasons
    # Nor by pointing the record at the other policy: that is no longer what was signed.
    body = held_back(here).body
    payload = base64.b64decode(body["envelope"]["payload"]).replace(signed.sha256.encode(), other.sha256.encode())
    forged = body | {"envelope": body["envelope"] | {"payload": base64.b64encode(payload).decode()}}
    assert here.code(here.log("consent.given", forged)) == "bad_signature"


def test_a_yes_to_one_purpose_is_none_to_another() -> None:
    here = town()
    here.give()
    found = decide.decide_run(here.policy, here.request(purpose="onboarding"), here.ledger())
    assert {"subject.consent_valid", "subject.scope"} <= set(found.reasons)
    assert here.state(purpose="onboarding") == "unknown"


def test_a_consent_of_one_person_does_not_serve_for_another() -> None:
    here = town()
    here.enrol(OTTO, witness="wc-1")
    signed = held_back(here)
    assert here.code(here.log(signed.event_type, signed.body | {"pid": OTTO})) == "bad_signature"
    again = build.sign(here.record(MAREN), key_of(OTTO)).body | {"pid": OTTO}
    assert here.code(here.log("consent.given", again)) == "wrong_pid"
    assert here.state(OTTO) == "unknown"


def test_an_envelope_of_another_kind_is_no_consent_and_no_approval() -> None:
    here = town()
    payload = here.record().to_payload()
    assert here.code(here.log("consent.given", signed_raw(payload, kind=approval.PAYLOAD_TYPE))) == "bad_signature"
    said = here.statement("run", "hr-1")
    envelope = dsse.sign(PAYLOAD_TYPE, said.payload(), [(key_id(key_of("hr-1")), key_of("hr-1"))])
    body = said.body(key_of("hr-1")) | {"envelope": canonical.loads(envelope)}
    assert here.code(here.log("approval.given", body)) == "malformed"


# --- times -----------------------------------------------------------------------------------------------------------


def test_a_consent_dated_before_its_key_does_not_count() -> None:
    here = town()
    assert here.code(here.give(now=here.now - timedelta(days=30))) == "event_time_before_key"


def test_a_backdated_consent_does_not_undo_what_was_taken_away_since() -> None:
    for event, code in (
        ("withdrawn", "older_than_withdrawal"),
        ("objected", "older_than_objection"),
        ("suspended", "older_than_suspension"),
        ("revoked", "older_than_revocation"),
    ):
        here = town()
        here.give()
        here.pass_time(hours=1)
        late = held_back(here)
        here.pass_time(hours=1)
        here.say(event)
        here.pass_time(hours=1)
        assert here.code(here.log(late.event_type, late.body)) == code
        assert not here.choice().live


def test_a_yes_held_back_until_after_a_refusal_does_not_count() -> None:
    here = town()
    late = held_back(here)
    here.pass_time(hours=1)
    here.refuse()
    assert here.code(here.log(late.event_type, late.body)) == "older_than_refusal"
    assert here.state() == "refused"


def test_a_notice_counts_from_the_log_and_not_from_what_the_record_claims() -> None:
    here = town()
    here.give(shown_at=here.now - timedelta(days=300))
    assert here.choice().notice_at is None
    asked = here.now + timedelta(hours=1)
    here.pass_time(hours=1)
    here.ask()
    here.pass_time(hours=1)
    here.give(shown_at=here.now - timedelta(days=300))
    assert here.choice().notice_at == asked


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22T11:00:00+01:00",  # the right moment, in another zone
        "2026-10-25T02:30:00",  # an hour that came twice
        "2026-11-22T10:00:00",
        "2026-11-22T10:00:60Z",
        "2026-11-22T10:00:00.5Z",
        "2026-02-30T10:00:00Z",
        "2026-11-22t10:00:00z",
        "２026-11-22T10:00:00Z",  # a full-width digit
    ],
)
def test_times_have_one_spelling_in_utc(moment: str) -> None:
    here = town()
    payload = canonical.dumps(here.record().to_document() | {"event_time": moment})
    assert here.code(here.log("consent.given", signed_raw(payload))) == "malformed"


def test_a_consent_over_the_change_of_clocks_ends_by_the_calendar_in_utc() -> None:
    here = town()
    here.now = NOW.replace(month=12, day=31, hour=1, minute=30)
    here.give(validity="P3M")
    end = here.choice().end
    assert end is not None
    assert end.isoformat() == "2027-03-31T01:30:00+00:00"


@pytest.mark.parametrize(("minutes", "code"), [(10, ""), (11, "event_time_in_future")])
def test_clocks_may_differ_by_ten_minutes(minutes: int, code: str) -> None:
    here = town()
    assert here.code(here.give(now=here.now + timedelta(minutes=minutes))) == code
    ahead = here.now + timedelta(minutes=minutes)
    assert here.code(here.approve("run", "hr-1", at=ahead)) == code
    assert here.code(here.mandate(at=ahead)) == code


def test_an_approval_in_the_log_tomorrow_is_not_in_force_today() -> None:
    here = town()
    before = here.now
    here.pass_time(days=1)
    here.approve("run", "hr-1", until=here.now + timedelta(days=1))
    assert here.ledger().approvals(before) == ()
    assert [a.kind for a in here.ledger().approvals(here.now)] == ["run"]
    assert here.ledger().approvals(here.now + timedelta(days=1)) == ()


# --- keys ------------------------------------------------------------------------------------------------------------


def test_an_enrolment_witnessed_by_hr_or_by_nobody_known_does_not_count() -> None:
    here = Town()
    here.officers()
    assert here.code(here.enrol(witness="hr-1")) == "witness_is_hr"
    assert here.code(here.enrol(witness="dpo-9")) == "unknown_witness"
    assert here.ledger().key(MAREN) is None


def test_a_forged_witness_signature_does_not_count() -> None:
    here = Town()
    here.officers()
    honest = keys.enrolment(MAREN, key_of(MAREN), here.now, ("wc-1", key_of("wc-1")))
    forged = keys.enrolment(MAREN, key_of(MAREN), here.now, ("wc-1", key_of("hr-1")))
    assert here.code(here.log("key.enrolled", forged)) == "bad_enrolment"
    stripped = {name: value for name, value in honest.items() if name != "witness"}
    assert here.code(here.log("key.enrolled", stripped)) == "bad_enrolment"
    claimed = keys.enrolment(MAREN, key_of(MAREN), here.now) | {"witness": "wc-1"}
    assert here.code(here.log("key.enrolled", claimed)) == "bad_enrolment"
    assert here.code(here.log("key.enrolled", honest | {"pid": OTTO})) == "bad_enrolment"


def test_nobody_witnesses_their_own_key() -> None:
    here = Town()
    here.officer("dpo-1")
    own = keys.enrolment("dpo-1", key_of("dpo-1 at work"), here.now, ("dpo-1", key_of("dpo-1")))
    assert here.code(here.log("key.enrolled", own)) == "bad_enrolment"


def test_an_officers_key_does_not_speak_for_a_person() -> None:
    here = Town()
    here.officers()
    assert here.code(here.enrol(MAREN, "dpo-1")) == "key_in_use"
    assert here.code(here.officer("dpo-2", "dpo", key="hr-1")) == "key_in_use"


def test_a_rotation_needs_the_old_key_that_speaks_now() -> None:
    here = town()
    assert here.code(here.rotate("mallory", "new")) == "bad_enrolment"
    here.rotate(MAREN, "new")
    assert here.code(here.rotate(MAREN, "newer")) == "bad_enrolment"
    assert here.code(here.give()) == "bad_signature"
    assert here.code(here.give(key="new")) == ""
    found = here.ledger().key(MAREN)
    assert found is not None
    assert found.witness == "wc-1"


def test_a_loss_is_the_word_of_two_officers_and_not_of_hr() -> None:
    here = town()
    assert here.code(here.lose()) == "no_quorum"
    here.approve("key_lost", "dpo-1")
    here.approve("key_lost", "dpo-1")
    assert here.code(here.lose()) == "no_quorum"
    assert here.code(here.approve("key_lost", "hr-1")) == "role_not_entitled"
    assert here.code(here.lose()) == "no_quorum"
    assert here.code(here.enrol(MAREN, "new", "wc-1")) == "already_enrolled"
    here.approve("key_lost", "wc-1")
    assert here.code(here.lose()) == ""
    assert here.ledger().key(MAREN) is None
    assert here.code(here.enrol(MAREN, "new")) == "witness_required"
    assert here.code(here.enrol(MAREN, "new", "hr-1")) == "witness_is_hr"
    assert here.code(here.enrol(MAREN, "new", "wc-1")) == ""
    # The same votes do not open the door a second time.
    assert here.code(here.lose()) == "no_quorum"


def test_after_a_compromise_grants_fall_and_withdrawals_stand() -> None:
    here = town()
    here.give(purposes=["onboarding"])
    here.pass_time(days=2)
    since = here.now
    stolen = here.give()
    here.withdraw(purposes=("self_assist",))
    here.pass_time(days=1)
    here.compromise(since)
    assert here.state() == "invalidated"
    assert here.state(purpose="onboarding") == "given"
    assert here.state(purpose="self_assist") == "withdrawn"
    assert here.ledger().quarantined() == {stolen}
    here.pass_time(days=1)
    assert here.code(here.give()) == "unknown_key"
    for holder in ("dpo-1", "aud-1"):
        here.approve("key_lost", holder)
    assert here.code(here.lose()) == ""
    assert here.code(here.enrol(MAREN, "new", "wc-1")) == ""


def test_a_thief_who_dates_a_yes_back_before_the_theft_gains_nothing() -> None:
    here = town()
    before = here.now
    here.pass_time(days=2)
    since = here.now
    here.pass_time(hours=1)
    stolen = here.give(now=before)
    here.pass_time(hours=1)
    here.compromise(since)
    assert (here.state(), here.ledger().quarantined()) == ("invalidated", {stolen})


@pytest.mark.parametrize("since", ["yesterday", 3, "2026-11-22T10:00:00+01:00"])
def test_a_compromise_whose_time_cannot_be_read_reaches_back_to_the_beginning(since: object) -> None:
    here = town()
    here.give()
    here.log("key.compromised", {"pid": MAREN, "since": since})
    assert here.state() == "invalidated"


# --- officers and quorum ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voters", "struck"),
    [
        (("aud-1",), True),
        (("law-1",), True),
        (("dpo-1", "wc-1"), True),
        (("wc-1", "dpo-1"), True),
        (("dpo-1",), False),
        (("wc-1",), False),
        (("wc-1", "wc-1"), False),
        ((), False),
    ],
)
def test_invalidation_is_by_quorum_and_from_the_beginning(voters: tuple[str, ...], struck: bool) -> None:
    here = town()
    given = here.give()
    here.pass_time(days=2)
    for holder in voters:
        here.approve("invalidation", holder)
    found = here.ledger()
    assert found.quarantined() == ({given} if struck else set())
    # Whatever moment is asked about, the consent never was.
    for moment in (here.now, here.now - timedelta(days=2)):
        assert (found.state(MAREN, PURPOSE, moment).state == "invalidated") == struck


def test_hr_cannot_vote_and_a_bare_entry_invalidates_nothing() -> None:
    here = town()
    here.give()
    assert here.code(here.approve("invalidation", "hr-1")) == "role_not_entitled"
    assert here.code(here.say("invalidated")) == "no_quorum"
    assert here.state() == "given"


def test_a_vote_that_was_taken_back_or_whose_officer_left_is_none() -> None:
    here = town()
    here.give()
    vote = here.approve("invalidation", "wc-1")
    here.log("approval.withdrawn", {"index": vote, "holder": "wc-1"})
    here.approve("invalidation", "dpo-1")
    assert here.state() == "given"
    other = town()
    other.give()
    other.approve("invalidation", "wc-1")
    other.log("role.ended", {"holder": "wc-1"})
    other.approve("invalidation", "dpo-1")
    assert other.state() == "given"


def test_a_vote_is_about_what_was_logged_before_it() -> None:
    here = town()
    first = here.give()
    here.approve("invalidation", "wc-1")
    here.pass_time(hours=1)
    second = here.give()
    here.approve("invalidation", "dpo-1")
    assert here.ledger().quarantined() == {first}
    assert (here.state(), here.choice().record_index) == ("given", second)


def test_a_vote_on_one_record_strikes_its_renewals_too_and_nothing_else() -> None:
    here = town()
    first = here.give()
    sha256 = here.ledger().consents(MAREN)[0][1].sha256
    here.pass_time(days=1)
    renewal = here.renew()
    other = here.give(purposes=["onboarding"])
    here.approve("invalidation", "aud-1", sha256=sha256)
    assert here.ledger().quarantined() == {first, renewal}
    assert here.state(purpose="onboarding") == "given"
    assert other not in here.ledger().quarantined()


def test_an_approval_by_somebody_who_may_not_give_it_does_not_count() -> None:
    here = town()
    assert here.code(here.approve("run", "mallory")) == "unknown_officer"
    assert here.code(here.approve("run", "dpo-1", key="hr-1")) == "bad_signature"
    assert here.code(here.approve("run", "dpo-1", role="hr")) == "wrong_role"
    assert here.code(here.approve("run", "aud-1")) == "role_not_entitled"
    assert here.code(here.approve("benefit", "hr-1", subject="hr-1", ref="C-1")) == "self_approval"
    assert here.code(here.approve("run", "hr-1", until=here.now)) == "already_ended"
    before = here.now - timedelta(days=9)
    assert here.code(here.approve("run", "hr-1", at=before)) == "event_time_before_key"


def test_an_approval_is_taken_back_by_its_holder_only() -> None:
    here = town()
    index = here.approve("run", "hr-1")
    assert here.code(here.log("approval.withdrawn", {"index": index, "holder": "dpo-1"})) == "wrong_holder"
    assert here.code(here.log("approval.withdrawn", {"index": 0, "holder": "hr-1"})) == "unknown_approval"
    assert here.code(here.log("approval.withdrawn", {"index": True, "holder": "hr-1"})) == "unknown_approval"
    assert len(here.ledger().approvals(here.now)) == 1


def test_a_role_that_ended_takes_its_approvals_along_and_comes_back_witnessed_only() -> None:
    here = town()
    here.approve("run", "hr-1")
    here.log("role.ended", {"holder": "hr-1"})
    assert here.ledger().approvals(here.now) == ()
    assert here.code(here.approve("run", "hr-1")) == "unknown_officer"
    assert here.code(here.officer("hr-1", key="new")) == "witness_required"
    assert here.code(here.officer("hr-1", key="new", witness="dpo-1")) == ""
    assert here.code(here.officer("dpo-1", key="newer", witness="wc-1")) == "already_enrolled"


# --- delegates -------------------------------------------------------------------------------------------------------


def delegated(here: Town, **changes: Any) -> int:
    arguments = {"delegate": OTTO, "sources": ["mail.work"], "validity": "P30D", "key": "delegate", **changes}
    return here.sign(**arguments)


def test_a_delegate_signs_within_a_witnessed_mandate() -> None:
    here = town()
    index = here.witnessed_mandate()
    here.pass_time(hours=1)
    assert here.code(delegated(here)) == ""
    held = here.choice().mandate
    assert held is not None
    assert (held.index, held.witnesses, held.by_subject) == (index, ("dpo-1", "wc-1"), True)
    assert here.choice().key is not None
    assert here.choice().key.public == public_bytes(key_of("delegate"))


def test_a_mandate_for_someone_who_cannot_sign_needs_the_same_two() -> None:
    here = Town()
    here.officers()
    here.pass_time(hours=1)
    here.mandate(own=None)
    assert here.code(delegated(here)) == "mandate_unwitnessed"
    here.witnessed_mandate("dpo-1", "aud-1", own=None)
    assert here.code(delegated(here)) == ""
    held = here.choice().mandate
    assert held is not None
    assert not held.by_subject


@pytest.mark.parametrize("witnesses", [("dpo-1",), ("dpo-1", "dpo-1"), ("hr-1", "dpo-1")])
def test_too_few_witnesses_are_none(witnesses: tuple[str, ...]) -> None:
    here = town()
    here.witnessed_mandate(*witnesses)
    assert here.code(delegated(here)) == "mandate_unwitnessed"


@pytest.mark.parametrize(
    "change",
    [
        {"purposes": ["onboarding"]},
        {"sources": ["mail.work", "chat.public_channel"]},
        {"categories": ["procedures", "references"]},
        {"recipients": ["team:other"]},
        {"validity": "P12M"},
    ],
)
def test_a_delegate_agrees_to_no_more_than_the_mandate_says(change: dict[str, Any]) -> None:
    here = town()
    here.witnessed_mandate()
    assert here.code(delegated(here, **change)) == "beyond_mandate"


def test_a_mandate_ends_by_time_by_word_and_with_its_witnesses() -> None:
    here = town()
    assert here.code(delegated(here)) == "no_mandate"
    here.witnessed_mandate(until=here.now + timedelta(days=40))
    here.pass_time(days=40)
    assert here.code(delegated(here)) == "mandate_ended"
    index = here.witnessed_mandate()
    assert here.code(delegated(here, validity="P1D")) == ""
    here.log("mandate.ended", {"pid": MAREN, "index": index})
    # What is left is the one that ran out.
    assert here.code(delegated(here)) == "mandate_ended"
    here.log("mandate.ended", {"pid": MAREN})
    assert here.code(delegated(here)) == "no_mandate"
    here.witnessed_mandate()
    here.log("approval.withdrawn", {"index": len(here.entries) - 1, "holder": "wc-1"})
    assert here.code(delegated(here)) == "mandate_unwitnessed"


def test_a_delegate_is_somebody_else_with_a_key_of_their_own_and_not_hr() -> None:
    here = town()
    here.enrol(OTTO, witness="wc-1")
    assert here.code(here.mandate(delegate="hr-1")) == "delegate_is_hr"
    taken = here.mandate(key="dpo-1", public=public_bytes(key_of("dpo-1")))
    assert here.code(taken) == "key_in_use"
    assert here.code(here.mandate(key=OTTO, public=public_bytes(key_of(OTTO)))) == ""
    assert here.code(here.mandate(key="mallory")) == "bad_mandate"
    assert here.code(here.mandate(own="mallory")) == "bad_mandate"
    with pytest.raises(FormatError):
        here.terms(delegate=MAREN)


def test_a_mandate_signed_with_a_stolen_key_falls_with_it() -> None:
    here = town()
    since = here.now
    here.witnessed_mandate()
    here.compromise(since)
    assert here.code(delegated(here)) == "no_mandate"


def test_the_persons_own_key_does_not_make_a_delegate_and_the_other_way_round() -> None:
    here = town()
    here.witnessed_mandate()
    assert here.code(delegated(here, key=MAREN)) == "bad_signature"
    assert here.code(here.sign(key="delegate")) == "bad_signature"


def test_a_delegate_cannot_take_back_an_objection_of_the_person() -> None:
    here = town()
    here.witnessed_mandate()
    here.say("objected")
    here.pass_time(hours=1)
    delegated(here)
    assert (here.choice().state, here.choice().objected) == ("given", True)
    here.pass_time(hours=1)
    here.give()
    assert not here.choice().objected


# --- policies --------------------------------------------------------------------------------------------------------

STRICT, LOOSE, OTHER = policy(1, "P6M", 100), policy(2, "P12M", 100), policy(3, "P3M", 200)


@pytest.mark.parametrize(("replacing", "state"), [(LOOSE, "suspended"), (OTHER, "suspended"), (STRICT, "given")])
def test_a_looser_or_incomparable_policy_suspends_what_was_signed_under_the_stricter(replacing, state) -> None:
    here = town()
    here.adopt(STRICT)
    here.give(policy=STRICT)
    here.pass_time(days=1)
    here.adopt(replacing, relation="stricter", replaces=STRICT.sha256)
    assert here.state() == state
    if state == "suspended":
        here.give(policy=replacing, renew=True, prev=here.choice().record_sha256)
        assert here.state() == "renewed"


def test_a_stricter_policy_suspends_nothing() -> None:
    here = town()
    here.adopt(LOOSE)
    here.give(policy=LOOSE)
    here.adopt(STRICT)
    assert here.state() == "given"


def test_a_policy_of_another_id_suspends_nothing() -> None:
    here = town()
    here.adopt(here.policy)
    here.give()
    here.adopt(LOOSE)
    assert here.state() == "given"


@pytest.mark.parametrize(
    "change", [{"sha256": STRICT.sha256}, {"policy": {}}, {"policy": None}, {"id": "elsewhere"}, {"policy": {"id": 1}}]
)
def test_an_adoption_is_what_the_log_holds_and_not_what_it_says(change: dict[str, Any]) -> None:
    here = town()
    here.adopt(STRICT)
    here.give(policy=STRICT)
    assert here.code(here.adopt(LOOSE, **change)) == "bad_policy"
    assert here.state() == "given"


def test_a_policy_that_cannot_be_read_any_more_is_not_taken_for_an_equal_one() -> None:
    here = town()
    here.adopt(STRICT)
    here.give(policy=STRICT)
    document = STRICT.document() | {"gates": {"record.unheard_of": {}}}
    digest = hashlib.sha256(canonical.dumps(document)).hexdigest()
    here.log("policy.adopted", {"id": "house", "version": 9, "sha256": digest, "policy": document})
    assert here.state() == "suspended"


# --- narrowing and objecting -----------------------------------------------------------------------------------------


def test_a_withdrawal_of_one_source_leaves_the_rest_and_the_record() -> None:
    here = town()
    here.give()
    signed = here.choice().record_sha256
    here.narrow("mail.work")
    found = here.choice()
    assert (found.state, found.sources) == ("given", ("chat.public_channel", "vcs.commit"))
    assert found.record is not None
    assert found.record_sha256 == signed
    assert "mail.work" in found.record.choices[0].sources  # type: ignore[union-attr]
    assert [w.sources for w in here.ledger().withdrawals(MAREN)] == [("mail.work",)]
    decision = decide.decide_run(here.policy, here.request(sources=("mail.work",)), here.ledger())
    assert "subject.scope" in decision.reasons
    here.narrow("chat.public_channel", "vcs.commit")
    assert here.state() == "withdrawn"


@pytest.mark.parametrize("sources", [[], "mail.work", [1], None, {}])
def test_a_narrowing_that_cannot_be_read_withdraws_everything(sources: object) -> None:
    here = town()
    here.give()
    here.log("consent.withdrawn", {"pid": MAREN, "purposes": None, "channel": "paper", "sources": sources})
    assert here.state() == "withdrawn"


def test_a_yes_held_back_over_a_narrowing_does_not_widen_it_again() -> None:
    here = town()
    here.give()
    late = held_back(here)
    here.pass_time(hours=1)
    here.narrow("mail.work")
    assert here.code(here.log(late.event_type, late.body)) == "older_than_withdrawal"
    assert "mail.work" not in here.choice().sources


def test_an_objection_stays_open_until_the_person_signs_again() -> None:
    here = town()
    here.say("objected")
    assert (here.choice().state, here.choice().objected) == ("unknown", True)
    here.pass_time(hours=1)
    here.give()
    assert (here.choice().state, here.choice().objected) == ("given", False)
    here.say("objected", purposes=None)
    assert (here.choice().state, here.choice().objected) == ("suspended", True)
    assert here.choice(purpose="onboarding").objected
    here.withdraw()
    assert here.choice().objected
    here.refuse()
    assert here.choice().objected


def test_a_renewal_that_widens_anything_cools_off_anew() -> None:
    here = town()
    here.give(sources=["mail.work"])
    first = here.choice().signed_at
    here.pass_time(days=1)
    here.renew(sources=["mail.work"])
    assert here.choice().signed_at == first
    here.pass_time(days=1)
    here.renew(sources=["mail.work", "vcs.commit"])
    assert here.choice().signed_at == here.now
    here.say("suspended")
    here.pass_time(days=1)
    here.renew(sources=["mail.work"])
    assert here.choice().signed_at == here.now


def test_after_a_refusal_the_notice_counts_from_the_next_request() -> None:
    here = town()
    here.ask()
    here.pass_time(days=1)
    here.refuse()
    here.pass_time(days=300)
    here.ask()
    asked = here.now
    here.pass_time(days=1)
    here.ask()
    here.pass_time(days=1)
    here.give()
    assert here.choice().notice_at == asked


# --- vetoes ----------------------------------------------------------------------------------------------------------


def test_vetoes_are_of_pseudonyms_and_commitments_only() -> None:
    here = town()
    keyed = "hmac:" + "0" * 64
    for who in (OTTO, keyed):
        here.log("participant.vetoed", {"who": who})
    for who in ("р-4k7q2m9x", "a@b.example", "hmac:0", 3, None):
        assert here.code(here.log("participant.vetoed", {"who": who})) == "malformed"
    assert here.ledger().vetoes() == {OTTO, keyed}
    here.log("participant.veto_lifted", {"who": keyed})
    assert here.ledger().vetoes() == {OTTO}


# --- the form of what is signed --------------------------------------------------------------------------------------

LOOK_ALIKES = ["р-4k7q2m9x", "p-４k7q2m9x", "P-4K7Q2M9X", "p-4k7q2m9x\u200b", "p-4k7q2m9x ", "", "p" * 65]


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_no_name_can_look_like_another_one(name: str) -> None:
    here = town()
    assert here.code(here.log("key.enrolled", keys.enrolment(name, key_of("x"), here.now))) == "bad_enrolment"
    assert here.code(here.log("role.enrolled", enrolment.role_body(name, "dpo", key_of("x"), here.now))) != ""
    for wrong in ({"subject": name}, {"holder": name, "subject": MAREN}):
        with pytest.raises(FormatError):
            approval.Statement(kind="key_lost", **{"holder": "dpo-1", **wrong}, role="dpo", nonce="0" * 32, at=NOW)
    for change in ({"pid": name}, {"delegate": name}):
        with pytest.raises(FormatError):
            here.terms(**change)
    document = here.record().to_document()
    changed = document | {"subject": document["subject"] | {"pid": name}}
    with pytest.raises(RecordError):
        parse(canonical.dumps(changed))
    for event in ("given", "withdrawn", "objected"):
        assert here.code(here.log(f"consent.{event}", {"pid": name})) in ("unknown_key", "malformed")
    assert name not in here.ledger().people()


def payloads() -> dict[str, tuple[bytes, Any]]:
    here = town()
    said = here.statement("mandate", "dpo-1", sha256="0" * 64, until=NOW + timedelta(days=30), ref="C-1")
    return {
        "record": (here.record(renew=True, prev="0" * 64, withhold=["pitfalls"]).to_payload(), parse),
        "approval": (said.payload(), approval.parse),
        "mandate": (here.terms().payload(), mandate.parse),
    }


def changed_values(value: Any) -> list[tuple[str, Any]]:
    """Return the value with one thing wrong in it, at any depth, each with a word for what."""
    found: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        found += [("unknown key", {**value, "x": 1})]
        for name in value:
            found += [("missing key", {k: v for k, v in value.items() if k != name})]
            found += [(what, {**value, name: item}) for what, item in changed_values(value[name])]
    elif isinstance(value, list):
        found += [("not a list", "x"), ("repeated", [*value, *value[:1]]) if value else ("other", [3])]
        found += [(what, [item, *value[1:]]) for what, item in changed_values(value[0])] if value else []
        found += [("too long", [f"a{n:03d}" for n in range(70)])]
    elif isinstance(value, bool) or value is None:
        found += [("other type", 3), ("other type", [])]
    elif isinstance(value, int):
        found += [("other type", str(value)), ("bool", True) if value != 1 else ("negative", -1)]
    elif isinstance(value, str):
        found += [
            ("other type", 3),
            ("too long", "a" * 20_000),
            *([] if " " in value or value == "paper" else [("look-alike", value + "\u0430")]),
        ]
        # Lines that people read may be in any script; names may not.
        found += [("control", value + "\n"), ("invisible", value + "\u200b"), ("turned round", "\u202e" + value)]
    return found


def accepted(read: Any, data: bytes) -> bool:
    try:
        read(data)
    except (RecordError, FormatError):
        return False
    return True


@pytest.mark.parametrize("kind", ["record", "approval", "mandate"])
def test_every_signed_object_is_strict_at_any_depth(kind: str) -> None:
    payload, read = payloads()[kind]
    read(payload)
    document = canonical.loads(payload)
    count = 0
    for what, wrong in changed_values(document):
        data = canonical.dumps(wrong)
        if data == payload:
            continue
        assert not accepted(read, data), (what, data)
        count += 1
    assert count > 50


@pytest.mark.parametrize("kind", ["record", "approval", "mandate"])
def test_keys_are_not_repeated_numbers_not_floats_and_spacing_not_free(kind: str) -> None:
    payload, read = payloads()[kind]
    for data in (
        payload[:-1] + b',"schema":"x"}',
        b'{"schema":"x",' + payload[1:],
        payload.replace(b'":"', b'": "', 1),
        payload + b"\n",
        b"\xef\xbb\xbf" + payload,
        payload[:-1] + b',"z":1.0}',
        payload[:-1] + b',"z":NaN}',
        b" " * 20_000 + payload,
    ):
        with pytest.raises((RecordError, FormatError)):
            read(data)


def test_the_bodies_of_entries_are_strict_too() -> None:
    here = town()
    given = here.statement("run", "hr-1").body(key_of("hr-1"))
    for wrong in ({"x": 1}, {"subject": MAREN}, {"kind": "benefit"}, {"approval_sha256": "0" * 64}, {"envelope": []}):
        assert here.code(here.log("approval.given", given | wrong)) == "malformed"
    terms = here.terms().body(key_of("delegate"), key_of(MAREN))
    for wrong in ({"x": 1}, {"pid": OTTO}, {"delegate": "p-x"}, {"mandate_sha256": "0" * 64}, {"envelope": {}}):
        assert here.code(here.log("mandate.given", terms | wrong)) == "bad_mandate"
    officer = enrolment.role_body("dpo-2", "dpo", key_of("dpo-2"), here.now)
    for wrong in ({"x": 1}, {"role": "auditor"}, {"holder": "dpo-3"}, {"key_id": "ed25519:0"}, {"witness": 3}):
        assert here.code(here.log("role.enrolled", officer | wrong)) == "bad_enrolment"
    with pytest.raises((FormatError, SignatureError)):
        enrolment.check_role(enrolment.role_body("x-1", "director", key_of("x"), here.now))


def test_what_is_not_about_consents_is_passed_over_quickly() -> None:
    here = town()
    here.give()
    other = here.entries[:]
    noise = canonical.dumps(
        {
            "v": 1,
            "type": "skill.used",
            "id": "0",
            "at": "",
            "actor": "a",
            "body": {"note": '"type":"consent.given"' * 9},
        }
    )
    entries = [*other, *[noise] * 100_000]
    start = time.process_time()
    found = Ledger.replay(enumerate(entries))
    assert time.process_time() - start < 2
    assert (found.size, found.rejected) == (len(entries), [])
    assert found.state(MAREN, PURPOSE, here.now).live


def test_an_entry_cannot_hide_its_type_from_the_replay() -> None:
    here = town()
    here.give()
    here.log("consent.withdrawn", {**bodies.notice_body(MAREN, None, "paper"), "z": '"type":"skill.used","v":1}'})
    assert here.state() == "withdrawn"
