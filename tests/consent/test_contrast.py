"""Examples on which two policies disagree: found for every gate that can tell them apart, and true."""

from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_strategies import FLOOR, LAYERS, VALUES, params, policies, policy_of, stricter_pairs

from consent import contrast, situations
from consent.contrast import HIDDEN, NOT_CONTRASTABLE, TOO_MANY, Example
from consent.gates.registry import RUN
from consent.situations_of_material import MOST_ROWS, OF_MATERIAL
from consent.situations_of_runs import OF_RUNS
from policies.catalogue import GATES
from policies.loader import load, parse, shipped
from policies.model import Policy
from policies.order import compare, compare_params

SHIPPED = [load(name) for name in shipped()]
FIXED = {
    "run.no_covert", "subject.objection", "record.special_category", "record.emotion", "record.participant_veto",
    "segment.secret", "output.disclosure", "output.no_automated_decision", "output.expiry", "lifecycle.withdrawal",
}  # fmt: skip
"""Gates of the floor with nothing to set, or nothing that admits."""


def policy(gates: str, version: int = 1, policy_id: str = "p") -> Policy:
    text = f"schema: govern-policy/1\nid: {policy_id}\nversion: {version}\ntitle: t\ngates: {{{gates}}}\n"
    return parse(text.encode(), "test")


def explained(a: Policy, b: Policy, gate: str) -> bool:
    """Tell whether there is an example, or a good reason why there is none."""
    if contrast.example(a, b, gate) is not None:
        return True
    differ = [n for n, r in compare_params(a.gates.get(gate), b.gates.get(gate)).items() if r != "equal"]
    return all(f"{gate}.{name}" in NOT_CONTRASTABLE for name in differ) or hidden(a, b, gate)


def hidden(a: Policy, b: Policy, gate: str) -> bool:
    """Tell, by reasoning of its own, whether a difference changes nothing because of the gate's other settings."""
    ours, theirs = (p.gates[gate].values() if gate in p.gates else None for p in (a, b))
    both = [values for values in (ours, theirs) if values is not None]
    if ours is None or theirs is None:
        # Against a policy without the gate: the settings let everything pass.
        values = both[0]
        return {
            "run.impact_assessment": not values.get("required"),
            "run.collective_agreement": not values.get("required_if_body_exists"),
            "output.identity": values.get("cap") == "off",
            "output.benefit": values.get("terms") == "none",
            "output.withhold": values.get("kinds") == (),
            "record.label": values.get("deny") == (),
        }.get(gate, False)

    def same(*names: str) -> bool:
        return all(ours[name] == theirs[name] for name in names)

    def admitted(values: dict) -> set:
        return set(values["allow"]) - set(values["deny"])

    match gate:
        case "run.purpose" | "record.source" | "output.categories":
            return admitted(ours) == admitted(theirs)
        case "run.legal_basis":
            meant = {"eu-gdpr:A6-1-a", "cn-pipl:A13-1-1"}
            parts = [
                {basis for basis in values["bases"]
                 if ("legal_basis" if basis in meant else "safeguard") in values["consent_role"]}
                for values in both
            ]  # fmt: skip
            return parts[0] == parts[1]
        case "run.impact_assessment":
            # Nothing is asked for, or nothing can satisfy it.
            return all(not values["required"] for values in both) or (
                same("required") and all(values["documents"] == () for values in both)
            )
        case "run.collective_agreement":
            return same("required_if_body_exists") and not ours["required_if_body_exists"]
        case "run.local_model":
            reach = [set(values["kinds"]) - ({"remote"} if values["addresses"] == () else set()) for values in both]
            dead = [not kinds or values["models"] == () for kinds, values in zip(reach, both, strict=True)]
            alike = same("models") and reach[0] == reach[1] and ("remote" not in reach[0] or same("addresses"))
            return all(dead) or alike
        case "run.dual_control":
            enough = [len(values["roles"]) >= values["approvals"] for values in both]
            # No approval is needed on either side, or neither side can ever get enough of them.
            return all(values["approvals"] == 0 for values in both) or not any(enough)
        case "run.jurisdiction":
            return True
        case "subject.consent_valid":
            return all(values["states"] == () for values in both)
        case "record.private_conversation":
            return same("kinds")
    return False


def check(a: Policy, b: Policy, found: Example, gate: str) -> None:
    """Hold an example against the evaluators once more, by its own words."""
    names = {a.id, b.id} if a.id != b.id else {found.admitted_by, found.denied_by}
    assert {found.admitted_by, found.denied_by} == names
    assert len(names) == 2
    assert found.gate == gate
    assert found.facts
    assert found.text.endswith(".")
    assert gate in found.text
    assert "\n" not in found.text


def test_every_gate_has_situations_or_nothing_to_set() -> None:
    assert set(OF_RUNS) | set(OF_MATERIAL) | FIXED == set(GATES)
    assert not set(OF_RUNS) & set(OF_MATERIAL)
    for gate in FIXED:
        orders = GATES[gate].params.orders()
        free = {name for name, order in orders.items() if order.text != "cannot be changed"}
        assert all(f"{gate}.{name}" in NOT_CONTRASTABLE for name in free), gate


def test_what_cannot_be_contrasted_exists_and_has_a_reason() -> None:
    for name, reason in NOT_CONTRASTABLE.items():
        gate, _, parameter = name.rpartition(".")
        assert parameter in GATES[gate].params.orders()
        assert len(reason) > 20


@pytest.mark.parametrize("a", SHIPPED, ids=lambda p: p.id)
def test_the_shipped_policies_differ_by_examples(a: Policy) -> None:
    for b in SHIPPED:
        for gate, relation in compare(a, b).items():
            found = contrast.examples(a, b, gate)
            if relation == "equal":
                assert found == ()
                continue
            for each in found:
                check(a, b, each, gate)
            if relation in ("stricter", "looser") and found and gate != "run.jurisdiction":
                # The stricter policy admits nothing that the looser one does not.
                assert [e.denied_by for e in found] == [a.id if relation == "stricter" else b.id]
            assert explained(a, b, gate), (a.id, b.id, gate)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted(VALUES)), st.data())
def test_any_two_settings_of_a_gate_differ_by_an_example_or_for_a_reason(gate: str, data: st.DataObject) -> None:
    one, other = data.draw(params(gate)), data.draw(params(gate) | st.none())
    if other is None and gate in FLOOR.gates:
        other = FLOOR.gates[gate]
    a, b = policy_of({gate: one}), policy_of({} if other is None else {gate: other})
    relation = compare(a, b)[gate]
    if relation == "equal":
        assert contrast.examples(a, b, gate) == ()
        return
    found = contrast.examples(a, b, gate)
    assert len(found) <= (2 if relation == "incomparable" else 1)
    for each in found:
        check(a, b, each, gate)
    assert explained(a, b, gate), (gate, one, other, relation)
    if not found:
        assert contrast.why_none(a, b, gate)


@settings(max_examples=40, deadline=None)
@given(stricter_pairs())
def test_a_stricter_policy_never_admits_an_example_alone(pair: tuple[Policy, Policy]) -> None:
    strict, loose = pair
    for gate, relation in compare(strict, loose).items():
        for each in contrast.examples(strict, loose, gate):
            assert relation == "stricter", gate
            assert each.denied_by.endswith(strict.sha256[:8])


@settings(max_examples=15, deadline=None)
@given(policies())
def test_a_policy_does_not_differ_from_itself(one: Policy) -> None:
    for gate in GATES:
        assert contrast.example(one, one, gate) is None


def test_incomparable_settings_have_an_example_each_way() -> None:
    a = policy('record.working_time: {week: {mon: [{from: "08:00", to: "12:00"}]}}', policy_id="mornings")
    b = policy('record.working_time: {week: {mon: [{from: "11:00", to: "16:00"}]}}', policy_id="middays")
    first, second = contrast.examples(a, b, "record.working_time")
    assert (first.admitted_by, first.denied_by) == ("middays", "mornings")
    assert (second.admitted_by, second.denied_by) == ("mornings", "middays")
    assert first.text == (
        "Under middays and not under mornings, record.working_time lets pass a record written on a Monday at 12:00."
    )
    assert second.facts == {"local_weekday": 0, "local_minute": 480}


@pytest.mark.parametrize(("one", "other"), [("P30D", "P1M"), ("P365D", "P12M"), ("P59D", "P2M"), ("P1D", "PT25H")])
def test_months_and_days_are_told_apart_by_the_month_that_does_it(one: str, other: str) -> None:
    a, b = (policy(f"record.lookback: {{max: {length}, before_notice: allow}}", policy_id=f"l{n}")
            for n, length in enumerate((one, other)))  # fmt: skip
    relation = compare(a, b)["record.lookback"]
    assert len(contrast.examples(a, b, "record.lookback")) == (2 if relation == "incomparable" else 1)


def test_policies_of_one_name_are_told_apart_by_version_or_digest() -> None:
    a, b, c = policy("record.volume: {max: 2}"), policy("record.volume: {max: 3}"), policy("record.volume: {max: 3}", 2)
    found = contrast.example(a, b, "record.volume")
    assert found is not None
    assert (found.admitted_by, found.denied_by) == (f"p {b.sha256[:8]}", f"p {a.sha256[:8]}")
    found = contrast.example(a, c, "record.volume")
    assert found is not None
    assert (found.admitted_by, found.denied_by) == ("p 2", "p 1")


def test_why_there_is_none() -> None:
    a, b = policy("lifecycle.log: {keep_min: P12M}"), policy("lifecycle.log: {keep_min: P6M}")
    assert contrast.example(a, b, "lifecycle.log") is None
    assert contrast.why_none(a, b, "lifecycle.log") == NOT_CONTRASTABLE["lifecycle.log.keep_min"]
    deny = "discipline, evaluation, hiring, replacement, surveillance, termination"
    a = policy("run.purpose: {allow: [onboarding]}")
    b = policy(f"run.purpose: {{allow: [onboarding, self_assist], deny: [self_assist, {deny}]}}")
    assert contrast.example(a, b, "run.purpose") is None
    assert contrast.why_none(a, b, "run.purpose") == HIDDEN
    a, b = (policy(f"record.volume: {{max: {MOST_ROWS + n}}}") for n in range(2))
    assert contrast.why_none(a, b, "record.volume") == TOO_MANY
    assert contrast.example(a, b, "record.volume") is None


def test_a_broken_evaluator_gives_no_example(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(params: object, context: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(RUN, "run.purpose", broken)
    a, b = policy("run.purpose: {allow: [onboarding]}"), policy("run.purpose: {}")
    assert contrast.example(a, b, "run.purpose") is None


@pytest.mark.parametrize("gate", sorted(set(GATES) - {"run.jurisdiction"}))
def test_the_situations_start_from_one_that_a_strict_policy_lets_pass(gate: str) -> None:
    # Without this an example could be denied for something else than what it says.
    lenient = Policy("l", 1, "t", MappingProxyType({gate: GATES[gate].params()}), (), "0" * 64, "test")
    thing = "run" if gate in RUN else {"record": "record", "segment": "text"}.get(gate.partition(".")[0], "skill")
    if thing == "record":
        return
    known = {"works_council": False, "approvals": papers()}
    situation = situations.Situation(thing, "", {}, circumstances=known)  # type: ignore[arg-type]
    assert situations.passes(lenient, gate, situation), gate


def papers() -> tuple:
    now = situations.NOW
    return (
        situations.paper("run", "hr", at=now, policy=situations.THIS),
        situations.paper("run", "dpo", at=now, policy=situations.THIS),
        situations.paper("impact_assessment", "dpo", dated=now),
        situations.paper("undertaking", "hr"),
        situations.paper("benefit", "hr", ref="terms:1"),
    )


def test_the_layers_cover_every_gate_of_their_scope() -> None:
    assert set().union(*LAYERS) == {g for g in GATES if g.partition(".")[0] in ("run", "subject", "record", "output")}
