"""Run, subject and lifecycle gates over a log: may this run happen, for this person, now?"""

from datetime import timedelta

import pytest
from consent_world import MAREN, MODEL, OTTO, PURPOSE, World, agreed, ready

from consent import decide
from consent.gates.registry import CLAIM, OUTPUT, RECORD, RUN, SEGMENT
from consent.gates.run import host_of
from consent.ledger import Ledger
from consent.request import UNKNOWN, RunRequest
from consent.verdict import GateResult
from policies.catalogue import GATES
from policies.loader import parse
from policies.model import Policy


def policy(gates: str) -> Policy:
    return parse(f"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates: {{{gates}}}\n".encode(), "test")


def decided(world: World, **changes: object) -> decide.RunDecision:
    return decide.decide_run(world.policy, world.request(**changes), world.ledger())


def details(decision: decide.RunDecision, gate: str) -> tuple[str, ...]:
    return next(result.details for result in decision.results if result.gate == gate)


def asked(world: World, gate: str, under: Policy | None = None, **changes: object) -> GateResult:
    """Return the answer of one gate; the others may say what they like."""
    decision = decide.decide_run(under or world.policy, world.request(**changes), world.ledger())
    return next(result for result in decision.results if result.gate == gate)


def test_every_specified_gate_has_an_evaluator_and_the_other_way_round() -> None:
    assert set(RUN) | set(RECORD) | set(SEGMENT) | set(OUTPUT) == set(GATES)
    assert set(CLAIM) < set(OUTPUT)


def test_a_gate_is_asked_at_least_at_the_stage_of_its_scope() -> None:
    stages = {"run": RUN, "subject": RUN, "record": RECORD, "segment": SEGMENT, "output": OUTPUT, "lifecycle": RUN}
    for gate, spec in GATES.items():
        assert gate in stages[spec.scope]


def test_what_can_be_taken_back_is_asked_again_of_records_and_skills() -> None:
    again = {"subject.consent_valid", "subject.scope", "subject.objection", "lifecycle.withdrawal"}
    assert {gate for gate in RECORD if not gate.startswith("record.")} == again
    assert {gate for gate in OUTPUT if not gate.startswith("output.")} == again | {
        "subject.fresh", "subject.no_detriment", "subject.validity", "subject.exit", "subject.delegate"
    }  # fmt: skip


def test_a_run_inside_the_signed_choices_is_allowed() -> None:
    decision = decided(ready())
    assert decision.reasons == ()
    assert decision.allowed
    assert {result.verdict for result in decision.results} == {"pass"}
    assert {result.gate for result in decision.results} == set(RUN)


def test_of_circumstances_that_nobody_knows_every_gate_says_which_it_lacks() -> None:
    assert decided(ready(), circumstances=UNKNOWN).reasons == tuple(
        f"missing_fact.{name}"
        for name in (
            "access", "announced", "approvals", "cascades", "employment", "jurisdictions", "language", "manager",
            "minor", "operator", "raw_kept", "salts", "state_as_of", "works_council",
        )
    )  # fmt: skip


UNSIGNED = (
    "run.legal_basis", "run.notice", "subject.consent_valid", "subject.cooling_off", "subject.scope",
    "subject.validity",
)  # fmt: skip
"""What is said about a purpose that nobody has signed anything for."""

OUTSIDE = [
    ({"purpose": "onboarding"}, UNSIGNED),
    ({"purpose": "evaluation"}, tuple(sorted((*UNSIGNED, "run.purpose")))),
    ({"subject": OTTO}, UNSIGNED),
    ({"subject": "р-4k7q2m9x"}, UNSIGNED),
    ({"sources": ("mail.work", "document.file")}, ("subject.scope",)),
    ({"recipients": ("team:payments", "team:hr")}, ("subject.scope",)),
    ({"policy": "0" * 64}, ("run.dual_control", "subject.scope")),
    ({"model_sha256": "0" * 64}, ("subject.scope",)),
    ({"model_kind": "remote", "model_address": "10.0.0.1"}, ("run.local_model",)),
    ({"model_kind": "loopback", "model_address": "10.0.0.1"}, ("run.local_model",)),
]


@pytest.mark.parametrize(("changes", "reasons"), OUTSIDE)
def test_a_run_outside_of_them_is_refused_with_every_reason(changes: dict, reasons: tuple[str, ...]) -> None:
    assert decided(ready(), **changes).reasons == reasons


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
    decision = decided(ready(), **{field: None})
    assert not decision.allowed
    # Without subject or purpose there is no choice either, and then the scope denies with certainty.
    assert f"missing_fact.{fact}" in decision.reasons


def test_no_sources_are_as_good_as_unknown_ones() -> None:
    assert decided(ready(), sources=()).reasons == ("missing_fact.sources",)


def test_a_model_server_without_an_address_is_unknown() -> None:
    assert decided(ready(), model_kind="loopback").reasons == ("missing_fact.model_address",)


def test_a_gate_that_fails_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(params: object, context: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(RUN, "run.purpose", broken)
    assert decided(ready()).reasons == ("gate_error.run.purpose",)


def test_a_consent_to_another_policy_does_not_count() -> None:
    world = ready()
    world.policy = policy("record.volume: {max: 100}")
    decision = decided(world)
    assert "subject.scope" in decision.reasons
    assert details(decision, "subject.scope") == ("policy",)


def test_naming_the_agreed_policy_and_running_another_is_refused() -> None:
    world = ready()
    request = world.request()
    other = policy("record.volume: {max: 100}")
    decision = decide.decide_run(other, request, world.ledger())
    assert details(decision, "subject.scope") == ("policy",)


@pytest.mark.parametrize("event", ["withdrawn", "revoked", "suspended", "objected"])
def test_a_consent_that_was_taken_back_stops_the_run(event: str) -> None:
    world = ready()
    world.say(event)
    assert {"lifecycle.withdrawal", "subject.consent_valid"} <= set(decided(world).reasons)


@pytest.mark.parametrize("event", ["requested", "deferred"])
def test_being_asked_is_no_yes(event: str) -> None:
    world = World()
    world.enrol()
    world.say(event)
    assert decided(world).reasons == UNSIGNED


def test_a_refusal_stops_the_run_and_a_later_no_ends_a_yes() -> None:
    world = ready()
    world.pass_time(days=1)
    world.refuse()
    assert decided(world).reasons == ("lifecycle.withdrawal", "subject.consent_valid")


def test_an_expired_consent_stops_the_run() -> None:
    world = ready(validity="P1M")
    world.pass_time(days=31)
    assert decided(world).reasons == ("subject.consent_valid",)


def test_a_policy_can_ask_for_one_state_only() -> None:
    world = World(policy=policy("subject.consent_valid: {states: [renewed], enrolment: self_signed}"))
    world.enrol()
    world.give()
    assert "subject.consent_valid" in decided(world).reasons
    world.pass_time(days=1)
    world.renew()
    assert asked(world, "subject.consent_valid").lets_pass


def test_nobody_witnessed_the_key() -> None:
    world = agreed()
    assert asked(world, "subject.consent_valid").details == ("no_witness",)
    assert asked(world, "subject.consent_valid", policy("run.purpose: {}")).lets_pass


# --- subject.validity -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("validity", "allowed"), [("P12M", True), ("P365D", True), ("P366D", False), ("P13M", False)])
def test_a_consent_made_to_last_too_long_does_not_count(validity: str, allowed: bool) -> None:
    # From October 2026, twelve months are 365 days.
    assert decided(ready(validity=validity)).allowed is allowed


def after_a_refusal(*steps: object) -> GateResult:
    """Return what subject.validity says of a world in which Maren refused, and then days passed and things happened."""
    world = World()
    world.enrol()
    world.refuse()
    for step in steps:
        if isinstance(step, int):
            world.pass_time(days=step)
        elif step == "asked":
            world.ask()
        else:
            world.give()
    return asked(world, "subject.validity")


def test_asking_again_too_soon_after_a_refusal_spoils_the_answer() -> None:
    assert after_a_refusal(30, "asked", "given").details == ("asked_too_soon",)


def test_changing_ones_mind_unasked_counts() -> None:
    assert after_a_refusal(30, "given").lets_pass


def test_being_asked_again_after_the_rest_counts() -> None:
    assert after_a_refusal(200, "asked", "given").lets_pass


def test_a_yes_given_after_the_rest_counts_although_the_question_came_too_soon() -> None:
    assert after_a_refusal(30, "asked", 200, "given").lets_pass


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
    assert decided(ready(), model_kind="loopback", model_address=address).allowed is allowed


def local(under: str, **changes: object) -> bool:
    return asked(ready(), "run.local_model", policy(under), **changes).lets_pass


def test_a_remote_model_must_be_named_by_the_policy() -> None:
    named = "run.local_model: {kinds: [remote], addresses: [10.1.2.3]}"
    assert local(named, model_kind="remote", model_address="http://10.1.2.3:8000/v1")
    assert not local(named, model_kind="remote", model_address="10.1.2.4")
    assert not local(named)


@pytest.mark.parametrize("address", ["8.8.8.8", "models.example.com", "[2001:db8::1]:80", "169.254.1.1"])
def test_the_floor_lets_no_model_run_outside_the_own_network(address: str) -> None:
    assert not local("run.purpose: {}", model_kind="remote", model_address=address)
    assert local("run.purpose: {}", model_kind="remote", model_address="192.168.7.7")


def test_a_policy_can_pin_models() -> None:
    assert not local(f"run.local_model: {{models: ['{'0' * 64}']}}", model_sha256=MODEL)
    assert local(f"run.local_model: {{models: ['{MODEL}']}}", model_sha256=MODEL)


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
    assert decide.erase_by(world.policy, world.ledger().state(MAREN, PURPOSE, world.now)) is None
    world.withdraw()
    state = world.ledger().state(MAREN, PURPOSE, world.now)
    assert decide.erase_by(world.policy, state) == world.now + timedelta(days=7)
