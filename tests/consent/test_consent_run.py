"""Run, subject and lifecycle gates: may this run happen, for this person, now?"""

from datetime import timedelta

import pytest
from consent_world import MAREN, MODEL, OTTO, World, agreed

from consent import decide
from consent.gates.registry import OUTPUT, RECORD, RUN, SEGMENT
from consent.gates.run import host_of
from consent.ledger import Ledger
from consent.request import RunRequest
from policies.catalogue import GATES
from policies.loader import parse
from policies.model import Policy


def policy(gates: str) -> Policy:
    return parse(f"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates: {{{gates}}}\n".encode(), "test")


def decided(world: World, **changes: object) -> decide.RunDecision:
    return decide.decide_run(world.policy, world.request(**changes), world.ledger())


def details(decision: decide.RunDecision, gate: str) -> tuple[str, ...]:
    return next(result.details for result in decision.results if result.gate == gate)


def test_every_specified_gate_has_an_evaluator_and_the_other_way_round() -> None:
    assert set(RUN) | set(RECORD) | set(SEGMENT) | set(OUTPUT) == set(GATES)


def test_a_gate_is_asked_at_least_at_the_stage_of_its_scope() -> None:
    stages = {"run": RUN, "subject": RUN, "record": RECORD, "segment": SEGMENT, "output": OUTPUT, "lifecycle": RUN}
    for gate, spec in GATES.items():
        assert gate in stages[spec.scope]


def test_a_run_inside_the_signed_choices_is_allowed() -> None:
    decision = decided(agreed())
    assert decision.allowed
    assert decision.reasons == ()
    assert {result.verdict for result in decision.results} == {"pass"}
    assert {result.gate for result in decision.results} == set(RUN)


OUTSIDE = [
    ({"purpose": "onboarding"}, ("subject.consent_valid", "subject.scope", "subject.validity")),
    ({"purpose": "evaluation"}, ("run.purpose", "subject.consent_valid", "subject.scope", "subject.validity")),
    ({"subject": OTTO}, ("subject.consent_valid", "subject.scope", "subject.validity")),
    ({"subject": "р-4k7q2m9x"}, ("subject.consent_valid", "subject.scope", "subject.validity")),
    ({"sources": ("mail.work", "document.file")}, ("subject.scope",)),
    ({"recipients": ("team:payments", "team:hr")}, ("subject.scope",)),
    ({"policy": "0" * 64}, ("subject.scope",)),
    ({"model_sha256": "0" * 64}, ("subject.scope",)),
    ({"model_kind": "remote", "model_address": "10.0.0.1"}, ("run.local_model",)),
    ({"model_kind": "loopback", "model_address": "10.0.0.1"}, ("run.local_model",)),
]


@pytest.mark.parametrize(("changes", "reasons"), OUTSIDE)
def test_a_run_outside_of_them_is_refused_with_every_reason(changes: dict, reasons: tuple[str, ...]) -> None:
    assert decided(agreed(), **changes).reasons == reasons


MISSING = [
    ("subject", "subject"),
    ("purpose", "purpose"),
    ("sources", "sources"),
    ("recipients", "recipients"),
    ("policy", "policy"),
    ("model_kind", "model_kind"),
    ("model_sha256", "model_sha256"),
]


@pytest.mark.parametrize(("field", "fact"), MISSING)
def test_a_missing_fact_denies_and_is_named(field: str, fact: str) -> None:
    decision = decided(agreed(), **{field: None})
    assert not decision.allowed
    # Without subject or purpose there is no choice either, and then the scope denies with certainty.
    assert f"missing_fact.{fact}" in decision.reasons


def test_no_sources_are_as_good_as_unknown_ones() -> None:
    assert decided(agreed(), sources=()).reasons == ("missing_fact.sources",)


def test_a_model_server_without_an_address_is_unknown() -> None:
    assert decided(agreed(), model_kind="loopback").reasons == ("missing_fact.model_address",)


def test_a_gate_that_fails_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(params: object, context: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(RUN, "run.purpose", broken)
    assert decided(agreed()).reasons == ("gate_error.run.purpose",)


def test_a_consent_to_another_policy_does_not_count() -> None:
    world = agreed()
    world.policy = policy("record.volume: {max: 100}")
    decision = decided(world)
    assert decision.reasons == ("subject.scope",)
    assert details(decision, "subject.scope") == ("policy",)


def test_naming_the_agreed_policy_and_running_another_is_refused() -> None:
    world = agreed()
    request = world.request()
    other = policy("record.volume: {max: 100}")
    assert decide.decide_run(other, request, world.ledger()).reasons == ("subject.scope",)


@pytest.mark.parametrize("event", ["withdrawn", "revoked", "suspended", "objected", "invalidated"])
def test_a_consent_that_was_taken_back_stops_the_run(event: str) -> None:
    world = agreed()
    world.say(event)
    assert decided(world).reasons == ("lifecycle.withdrawal", "subject.consent_valid")


@pytest.mark.parametrize("event", ["requested", "deferred"])
def test_being_asked_is_no_yes(event: str) -> None:
    world = World()
    world.enrol()
    world.say(event)
    assert decided(world).reasons == ("subject.consent_valid", "subject.scope", "subject.validity")


def test_a_refusal_stops_the_run_and_a_later_no_ends_a_yes() -> None:
    world = agreed()
    world.pass_time(days=1)
    world.refuse()
    assert decided(world).reasons == ("lifecycle.withdrawal", "subject.consent_valid")


def test_an_expired_consent_stops_the_run() -> None:
    world = agreed(validity="P1M")
    world.pass_time(days=31)
    assert decided(world).reasons == ("subject.consent_valid",)


def test_a_policy_can_ask_for_one_state_only() -> None:
    world = World(policy=policy("subject.consent_valid: {states: [renewed]}"))
    world.enrol()
    world.give()
    assert decided(world).reasons == ("subject.consent_valid",)
    world.pass_time(days=1)
    world.renew()
    assert decided(world).allowed


# --- subject.validity -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("validity", "allowed"), [("P12M", True), ("P365D", True), ("P366D", False), ("P13M", False)])
def test_a_consent_made_to_last_too_long_does_not_count(validity: str, allowed: bool) -> None:
    # From 22 November 2026, twelve months are 365 days.
    assert decided(agreed(validity=validity)).allowed is allowed


def test_asking_again_too_soon_after_a_refusal_spoils_the_answer() -> None:
    world = World()
    world.enrol()
    world.refuse()
    world.pass_time(days=30)
    world.say("requested")
    world.give()
    decision = decided(world)
    assert decision.reasons == ("subject.validity",)
    assert details(decision, "subject.validity") == ("asked_too_soon",)


def test_changing_ones_mind_unasked_counts() -> None:
    world = World()
    world.enrol()
    world.refuse()
    world.pass_time(days=30)
    world.give()
    assert decided(world).allowed


def test_being_asked_again_after_the_rest_counts() -> None:
    world = World()
    world.enrol()
    world.refuse()
    world.pass_time(days=200)
    world.say("requested")
    world.give()
    assert decided(world).allowed


def test_a_yes_given_after_the_rest_counts_although_the_question_came_too_soon() -> None:
    world = World()
    world.enrol()
    world.refuse()
    world.pass_time(days=30)
    world.say("requested")
    world.pass_time(days=200)
    world.give()
    assert decided(world).allowed


# --- run.local_model ------------------------------------------------------------------------------------------------

ADDRESSES = [
    ("127.0.0.1", "127.0.0.1"),
    ("127.0.0.1:8080", "127.0.0.1"),
    ("http://127.0.0.1:8080/v1", "127.0.0.1"),
    ("[::1]:8080", "::1"),
    ("http://[::1]:8080/v1", "::1"),
    ("::1", "::1"),
    ("http://127.0.0.1@example.org/", ""),
    ("http://example.org#@127.0.0.1/", "example.org"),
    ("http://[::1", ""),
    ("localhost:8080", "localhost"),
]


@pytest.mark.parametrize(("address", "host"), ADDRESSES)
def test_the_host_of_an_address(address: str, host: str) -> None:
    assert host_of(address) == host


LOOPBACK = [
    ("127.0.0.1:1", True),
    ("127.9.9.9", True),
    ("[::1]:1", True),
    # A name is whatever the resolver says it is.
    ("localhost:1", False),
    ("127.0.0.1.example.org", False),
    ("0.0.0.0:1", False),
    ("10.0.0.1:1", False),
    ("http://127.0.0.1@example.org/", False),
    ("2130706433", False),
    ("127.1", False),
]


@pytest.mark.parametrize(("address", "allowed"), LOOPBACK)
def test_a_loopback_model_is_on_the_loopback(address: str, allowed: bool) -> None:
    assert decided(agreed(), model_kind="loopback", model_address=address).allowed is allowed


def test_a_remote_model_must_be_named_by_the_policy() -> None:
    named = policy("run.local_model: {kinds: [remote], addresses: [10.1.2.3]}")
    world = World(policy=named)
    world.enrol()
    world.give()
    assert decided(world, model_kind="remote", model_address="http://10.1.2.3:8000/v1").allowed
    assert decided(world, model_kind="remote", model_address="10.1.2.4").reasons == ("run.local_model",)
    assert decided(world).reasons == ("run.local_model",)


@pytest.mark.parametrize("address", ["8.8.8.8", "models.example.com", "[2001:db8::1]:80", "169.254.1.1"])
def test_the_floor_lets_no_model_run_outside_the_own_network(address: str) -> None:
    world = World(policy=policy("run.purpose: {}"))
    world.enrol()
    world.give()
    assert decided(world, model_kind="remote", model_address=address).reasons == ("run.local_model",)
    assert decided(world, model_kind="remote", model_address="192.168.7.7").allowed


def test_a_policy_can_pin_models() -> None:
    pinned = World(policy=policy(f"run.local_model: {{models: ['{'0' * 64}']}}"))
    pinned.enrol()
    pinned.give()
    assert decided(pinned, model_sha256=MODEL).reasons == ("run.local_model",)


def test_moments_without_a_time_zone_are_refused() -> None:
    world = World()
    with pytest.raises(ValueError, match="time zone"):
        world.request(now=world.now.replace(tzinfo=None))


def test_an_empty_log_allows_nothing() -> None:
    world = World()
    request: RunRequest = world.request()
    assert not decide.decide_run(world.policy, request, Ledger.replay([])).allowed


def test_what_was_withdrawn_must_be_erased_within_the_policys_time() -> None:
    world = agreed()
    assert decide.erase_by(world.policy, world.ledger().state(MAREN, "knowledge_transfer", world.now)) is None
    world.withdraw()
    state = world.ledger().state(MAREN, "knowledge_transfer", world.now)
    assert decide.erase_by(world.policy, state) == world.now + timedelta(days=7)
