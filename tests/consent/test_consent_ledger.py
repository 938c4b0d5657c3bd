"""The ledger: what counts, what does not and why, and every way to cheat that we could think of."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from consent_world import MAREN, NOW, OTTO, PURPOSE, World, agreed, key_of
from town import town

from attest import canonical, dsse
from attest.keys import key_id, public_bytes
from consent import build, keys
from consent.errors import LedgerError, RecordError
from consent.ledger import Ledger, Rejected
from consent.record import PAYLOAD_TYPE


def codes(world: World) -> list[tuple[int, str]]:
    return [(r.index, r.code) for r in world.ledger().rejected]


def test_a_signed_and_logged_yes_counts() -> None:
    world = agreed()
    state = world.ledger().state(MAREN, PURPOSE, world.now)
    assert (state.state, state.index, state.record_index, state.live) == ("given", 1, 1, True)
    assert state.key is not None
    assert state.key.index == 0
    assert codes(world) == []


def test_nothing_is_known_about_anyone_else() -> None:
    assert agreed().state(OTTO) == "unknown"
    assert agreed().state(MAREN, "onboarding") == "unknown"


def test_a_refusal_is_logged_like_a_grant() -> None:
    world = World()
    world.enrol()
    world.refuse()
    assert world.state() == "refused"
    assert world.ledger().refused(MAREN, world.now) == (PURPOSE,)
    assert [index for index, _ in world.ledger().consents(MAREN)] == [1]


def test_one_record_can_say_yes_and_no() -> None:
    world = agreed(refused=["onboarding"])
    assert (world.state(), world.state(purpose="onboarding")) == ("given", "refused")


# --- withdrawal -----------------------------------------------------------------------------------------------------


def test_withdrawing_needs_no_key_and_no_reason() -> None:
    world = agreed()
    world.withdraw()
    assert world.state() == "withdrawn"


def test_withdrawing_works_without_any_enrolled_key() -> None:
    world = World()
    world.say("requested")
    world.withdraw()
    assert world.state() == "withdrawn"


def test_one_purpose_can_be_withdrawn_alone() -> None:
    world = agreed(purposes=[PURPOSE, "onboarding"])
    world.withdraw(purposes=("onboarding",))
    assert (world.state(), world.state(purpose="onboarding")) == ("given", "withdrawn")


@pytest.mark.parametrize(
    "body", [{}, {"purposes": "x"}, {"purposes": []}, {"purposes": [1]}, {"envelope": 3}, {"x": 1}]
)
def test_a_withdrawal_that_cannot_be_read_withdraws_everything(body: dict) -> None:
    world = agreed(purposes=[PURPOSE, "onboarding"])
    world.log("consent.withdrawn", {"pid": MAREN} | body)
    assert (world.state(), world.state(purpose="onboarding")) == ("withdrawn", "withdrawn")


def test_a_signed_withdrawal_counts_whoever_signed_it() -> None:
    world = agreed(purposes=[PURPOSE, "onboarding"])
    document = world.record().to_document() | {
        "event": "withdrawn",
        "choices": [{"purpose": "onboarding", "decision": "withdrawn"}],
    }
    wrong = dsse.sign(PAYLOAD_TYPE, canonical.dumps(document), [("ed25519:other", key_of("stranger"))])
    world.log("consent.withdrawn", {"pid": MAREN, "record_sha256": "0" * 64, "envelope": canonical.loads(wrong)})
    assert (world.state(), world.state(purpose="onboarding")) == ("given", "withdrawn")


def test_a_withdrawal_of_one_person_leaves_another_alone() -> None:
    world = agreed()
    world.enrol(OTTO)
    world.give(OTTO)
    world.withdraw(OTTO)
    assert (world.state(), world.state(OTTO)) == ("given", "withdrawn")


def test_a_new_record_is_needed_after_a_withdrawal() -> None:
    world = agreed()
    world.withdraw()
    world.pass_time(days=1)
    renewal = world.renew()
    assert world.state() == "withdrawn"
    assert world.ledger().rejected == [Rejected(renewal, "no_transition", (PURPOSE,))]
    world.give()
    assert world.state() == "given"


def test_give_and_withdraw_at_once_withdraw_wins() -> None:
    world = World()
    world.enrol()
    world.withdraw()
    late = world.give()
    assert world.state() == "withdrawn"
    assert world.ledger().rejected == [Rejected(late, "older_than_withdrawal", (PURPOSE,))]


def test_a_yes_that_was_held_back_does_not_undo_a_withdrawal() -> None:
    world = agreed()
    held_back = build.sign(world.record(), key_of(MAREN))
    world.pass_time(days=3)
    world.withdraw(purposes=(PURPOSE,))
    world.pass_time(days=3)
    index = world.log(held_back.event_type, held_back.body)
    assert world.state() == "withdrawn"
    assert codes(world) == [(index, "older_than_withdrawal")]


def test_a_backdated_log_time_does_not_let_a_held_back_yes_in() -> None:
    world = agreed()
    world.pass_time(days=3)
    held_back = build.sign(world.record(), key_of(MAREN))
    world.log("log.genesis", {})
    world.log("consent.withdrawn", build.withdrawal(MAREN, None, "paper"))
    # The same again, but the operator writes the withdrawal with a time long past.
    other = World(entries=list(world.entries[:2]), now=world.now)
    other.say("requested", OTTO)
    other.log("consent.withdrawn", build.withdrawal(MAREN, None, "paper"), at=NOW - timedelta(days=400))
    for attacked in (world, other):
        attacked.log(held_back.event_type, held_back.body)
        assert attacked.state() == "withdrawn"


def test_the_order_is_the_logs_and_not_the_claimed_time() -> None:
    world = World()
    world.enrol()
    world.pass_time(days=10)
    world.give(now=NOW + timedelta(days=10))
    # A withdrawal written with an earlier time still comes after.
    world.log("consent.withdrawn", build.withdrawal(MAREN, None, "paper"), at=NOW)
    assert world.state() == "withdrawn"


# --- cheating -------------------------------------------------------------------------------------------------------


def test_a_consent_of_one_person_does_not_count_for_another() -> None:
    world = agreed()
    world.enrol(OTTO)
    signed = build.sign(world.record(MAREN), key_of(MAREN))
    stolen = world.log("consent.given", signed.body | {"pid": OTTO})
    resigned = world.log("consent.given", build.sign(world.record(MAREN), key_of(OTTO)).body | {"pid": OTTO})
    assert codes(world) == [(stolen, "bad_signature"), (resigned, "wrong_pid")]
    assert world.state(OTTO) == "unknown"


def test_a_look_alike_pid_is_nobody() -> None:
    world = agreed()
    cyrillic = "р-4k7q2m9x"
    enrolled = world.log("key.enrolled", keys.enrolment(cyrillic, key_of("mallory"), world.now))
    given = world.log("consent.given", build.sign(world.record(), key_of(MAREN)).body | {"pid": cyrillic})
    assert codes(world) == [(enrolled, "bad_enrolment"), (given, "unknown_key")]
    assert world.state(cyrillic) == "unknown"
    assert world.ledger().people() == (MAREN,)


def test_a_yes_without_an_enrolled_key_does_not_count() -> None:
    world = World()
    world.give()
    assert codes(world) == [(0, "unknown_key")]
    assert world.state() == "unknown"


def test_a_key_enrolled_afterwards_does_not_help() -> None:
    world = World()
    world.give()
    world.enrol()
    assert world.state() == "unknown"


def test_a_yes_signed_by_another_key_does_not_count() -> None:
    world = World()
    world.enrol()
    world.give(key="mallory")
    assert codes(world) == [(1, "bad_signature")]


def test_a_changed_payload_does_not_count() -> None:
    world = World()
    world.enrol()
    body = build.sign(world.record(), key_of(MAREN)).body
    payload = base64.b64decode(body["envelope"]["payload"]).replace(b'"until":"2026-11-22"', b'"until":"2026-11-23"')
    envelope = body["envelope"] | {"payload": base64.b64encode(payload).decode()}
    world.log("consent.given", body | {"envelope": envelope})
    assert codes(world) == [(1, "bad_signature")]


def test_a_replayed_record_does_not_count() -> None:
    world = agreed()
    again = world.log("consent.given", build.sign(world.record(), key_of(MAREN)).body)
    replay = build.sign(world.record(nonce=world.ledger().consents(MAREN)[0][1].nonce), key_of(MAREN))
    index = world.log("consent.given", replay.body)
    world.entries.append(world.entries[1])
    assert again == 2
    assert codes(world) == [(index, "replayed"), (index + 1, "replayed")]


def test_another_persons_nonce_cannot_be_used_either() -> None:
    world = agreed()
    world.enrol(OTTO)
    index = world.give(OTTO, nonce=world.ledger().consents(MAREN)[0][1].nonce)
    assert codes(world) == [(index, "replayed")]


def test_a_wrong_digest_in_the_entry_does_not_count() -> None:
    world = World()
    world.enrol()
    world.log("consent.given", build.sign(world.record(), key_of(MAREN)).body | {"record_sha256": "0" * 64})
    assert codes(world) == [(1, "digest_mismatch")]


def test_a_refusal_logged_as_a_grant_does_not_count() -> None:
    world = World()
    world.enrol()
    world.refuse()
    body = canonical.loads(world.entries.pop())["body"]
    world.log("consent.given", body)
    assert codes(world) == [(1, "event_mismatch")]


def test_a_grant_logged_as_a_renewal_does_not_count() -> None:
    world = agreed()
    index = world.log("consent.renewed", build.sign(world.record(), key_of(MAREN)).body)
    assert codes(world) == [(index, "event_mismatch")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"actor": {"id": "hr", "role": "controller"}}, "actor_not_subject"),
        ({"actor": {"id": OTTO, "role": "subject"}}, "actor_not_subject"),
        ({"method": "paper"}, "method_not_supported"),
        ({"event_time": "2026-11-22T10:11:00Z"}, "event_time_in_future"),
        ({"prev": "0" * 64}, "prev_unknown"),
    ],
)
def test_a_record_that_the_rules_exclude_does_not_count(change: dict, code: str) -> None:
    world = World()
    world.enrol()
    payload = canonical.dumps(world.record().to_document() | change)
    envelope = dsse.sign(PAYLOAD_TYPE, payload, [(key_id(public_bytes(key_of(MAREN))), key_of(MAREN))])
    body = {"pid": MAREN, "record_sha256": hashlib.sha256(payload).hexdigest(), "envelope": canonical.loads(envelope)}
    world.log("consent.given", body)
    assert codes(world) == [(1, code)]


@pytest.mark.parametrize("body", [{}, {"pid": MAREN}, {"pid": 3, "record_sha256": "", "envelope": {}}])
def test_a_body_of_another_form_does_not_count(body: dict) -> None:
    world = World()
    world.enrol()
    world.log("consent.given", body)
    assert codes(world) == [(1, "malformed")]


def test_a_payload_signed_under_another_type_does_not_count() -> None:
    world = World()
    world.enrol()
    payload = world.record().to_payload()
    envelope = dsse.sign("application/json", payload, [(key_id(public_bytes(key_of(MAREN))), key_of(MAREN))])
    world.log("consent.given", {"pid": MAREN, "record_sha256": "0" * 64, "envelope": canonical.loads(envelope)})
    assert codes(world) == [(1, "bad_signature")]


def test_an_entry_that_is_no_event_is_listed_and_passed_over() -> None:
    world = agreed()
    world.entries.append(b'{"type":"consent.given"}')
    assert codes(world) == [(2, "malformed")]
    assert world.state() == "given"


# --- keys -----------------------------------------------------------------------------------------------------------


def test_nobody_can_enrol_a_second_key_for_someone() -> None:
    world = agreed()
    index = world.enrol(MAREN, "mallory")
    given = world.give(key="mallory")
    assert codes(world) == [(index, "already_enrolled"), (given, "bad_signature")]


def test_one_key_cannot_speak_for_two_people() -> None:
    world = World()
    world.enrol(MAREN)
    index = world.enrol(OTTO, MAREN)
    assert codes(world) == [(index, "key_in_use")]


def test_an_enrolment_must_be_signed_by_its_own_key() -> None:
    world = World()
    body = keys.enrolment(MAREN, key_of("mallory"), world.now)
    honest = keys.enrolment(MAREN, key_of(MAREN), world.now)
    defects = [
        body | {"public_key": honest["public_key"]},
        body | {"key_id": honest["key_id"]},
        body | {"pid": OTTO},
        body | {"self_signature": honest["self_signature"]},
        body | {"note": "x"},
        {"pid": MAREN},
        body | {"public_key": "AAAA"},
        body | {"self_signature": None},
    ]
    for defect in defects:
        world.log("key.enrolled", defect)
        with pytest.raises(RecordError):
            keys.check(defect)
    assert [code for _, code in codes(world)] == ["bad_enrolment"] * len(defects)
    assert world.ledger().key(MAREN) is None


def test_a_rotated_key_takes_over_and_old_consents_stand() -> None:
    world = agreed()
    world.log("key.rotated", keys.rotation(MAREN, key_of(MAREN), key_of("new"), world.now))
    assert world.state() == "given"
    world.pass_time(days=1)
    old = world.give(purposes=["onboarding"])
    new = world.give(purposes=["onboarding"], key="new")
    assert codes(world) == [(old, "bad_signature")]
    assert world.ledger().state(MAREN, "onboarding", world.now).index == new


def test_a_rotation_that_the_old_key_did_not_sign_does_not_count() -> None:
    world = agreed()
    index = world.log("key.rotated", keys.enrolment(MAREN, key_of("mallory"), world.now))
    other = world.log("key.rotated", keys.rotation(MAREN, key_of("x"), key_of("mallory"), world.now))
    assert codes(world) == [(index, "bad_enrolment"), (other, "bad_enrolment")]


def test_a_compromised_key_ends_what_it_gave_since_then() -> None:
    world = agreed()
    world.pass_time(days=10)
    world.give(purposes=["onboarding"])
    since = (world.now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.log("key.compromised", {"pid": MAREN, "since": since})
    assert (world.state(), world.state(purpose="onboarding")) == ("given", "invalidated")
    later = world.give(purposes=["self_assist"])
    assert codes(world) == [(later, "unknown_key")]
    world.withdraw()
    assert world.state() == "withdrawn"


# --- time -----------------------------------------------------------------------------------------------------------


def test_a_consent_expires_by_itself_at_the_exact_moment() -> None:
    world = agreed(validity="P1M")
    ledger, end = world.ledger(), datetime(2026, 12, 22, 10, 0, tzinfo=UTC)
    assert ledger.state(MAREN, PURPOSE, end - timedelta(seconds=1)).state == "given"
    assert ledger.state(MAREN, PURPOSE, end).state == "expired"


def test_a_run_replayed_at_an_earlier_time_finds_no_consent() -> None:
    world = agreed()
    assert world.ledger().state(MAREN, PURPOSE, NOW - timedelta(seconds=1)).state == "unknown"


def test_a_backdated_yes_ends_all_the_earlier() -> None:
    world = World(now=NOW - timedelta(days=365))
    world.enrol()
    world.pass_time(days=365)
    world.give(now=NOW - timedelta(days=364), validity="P12M")
    assert world.state() == "given"
    world.pass_time(days=2)
    assert world.state() == "expired"


def test_a_renewal_continues_a_running_consent() -> None:
    world = agreed(validity="P1M")
    world.pass_time(days=20)
    index = world.renew(validity="P1M")
    state = world.ledger().state(MAREN, PURPOSE, world.now)
    assert (state.state, state.record_index) == ("renewed", index)
    world.pass_time(days=20)
    assert world.state() == "renewed"


def test_an_expired_consent_cannot_be_renewed() -> None:
    world = agreed(validity="P1M")
    world.pass_time(days=40)
    index = world.renew()
    assert world.state() == "expired"
    assert codes(world) == [(index, "no_transition")]


def test_a_renewal_must_name_the_record_in_force() -> None:
    world = agreed()
    first = world.ledger().consents(MAREN)[0][1].sha256
    world.pass_time(days=1)
    world.give(prev=first)
    world.pass_time(days=1)
    index = world.give(renew=True, prev=first)
    nameless = world.log(
        "consent.renewed",
        build.sign(world.record(renew=True), key_of(MAREN)).body,
    )
    assert codes(world) == [(index, "no_transition"), (nameless, "prev_missing")]


def test_moments_without_a_time_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        agreed().ledger().state(MAREN, PURPOSE, datetime(2026, 11, 22))  # noqa: DTZ001


def test_invalidation_reaches_back_past_a_withdrawal() -> None:
    here = town()
    here.give()
    here.withdraw()
    here.approve("invalidation", "aud-1")
    assert here.state() == "invalidated"


def test_entries_out_of_order_are_refused() -> None:
    world = agreed()
    with pytest.raises(LedgerError):
        Ledger.replay([(1, world.entries[1]), (0, world.entries[0])])
    with pytest.raises(LedgerError):
        Ledger.replay([(0, world.entries[0]), (0, world.entries[0])])


def test_replaying_a_prefix_gives_the_state_of_that_time() -> None:
    world = agreed()
    world.withdraw()
    prefix = Ledger.replay(list(enumerate(world.entries))[:2])
    assert prefix.state(MAREN, PURPOSE, world.now).state == "given"
    assert prefix.size == 2


def test_a_state_does_not_show_the_record_when_printed() -> None:
    world = agreed()
    assert "team:payments" not in repr(world.ledger().state(MAREN, PURPOSE, world.now))
