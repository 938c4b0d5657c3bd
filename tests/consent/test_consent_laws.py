"""The laws: consent never loosens the floor, a missing fact never helps, stricter means less, the order is an order."""

from datetime import date
from typing import Any

from consent_world import World, choice_of, facts
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_strategies import gaps, policies, policy_of, rows, stricter_pairs

from attest import canonical
from consent import decide
from consent.ledger import ChoiceState
from policies.catalogue import FLOOR_GATES
from policies.loader import floor, parse
from policies.model import Policy
from policies.order import overall
from policies.plain_yaml import MAX_BYTES

WORLD = World()


@st.composite
def choices(draw: st.DrawFn, policy: Policy | None = None) -> ChoiceState:
    """Draw a consent, wide or narrow, live or not."""
    wide = draw(st.booleans())
    record = WORLD.record(
        policy=policy or floor(),
        sources=["mail.work", "vcs.commit", "mail.personal", "document.file"] if wide else ["mail.work"],
        material_from=date(2020, 1, 1) if wide else date(2026, 7, 1),
        material_until=date(2030, 1, 1) if wide else date(2026, 11, 22),
    )
    return choice_of(record, draw(st.sampled_from(["given", "given", "renewed", "withdrawn", "expired"])))


def taken(policy: Policy, changes: list[dict[str, Any]], choice: ChoiceState | None, seed: int = 0) -> set[int]:
    return set(decide.decide_records(policy, facts(*changes), choice, WORLD.request(), seed=seed).taken)


@settings(max_examples=40, deadline=None)
@given(st.data(), policies(), rows())
def test_no_consent_turns_a_denial_of_the_floor_into_an_admission(
    data: st.DataObject, policy: Policy, changes: list[dict[str, Any]]
) -> None:
    # What the floor itself says about a record; the gates about the consent are left out of the comparison.
    said = {gate for gate in FLOOR_GATES if gate.startswith("record.")}

    def floors(choice: ChoiceState | None) -> list[set[str]]:
        found = decide.decide_records(policy, facts(*changes), choice, WORLD.request())
        return [{r for r in row if r in said or r.startswith("missing_fact.")} for row in found.reasons]

    without, choice = floors(None), data.draw(choices(policy))
    for before, after in zip(without, floors(choice), strict=True):
        assert before <= after
    denied = {row for row, reasons in enumerate(without) if reasons}
    assert not denied & taken(policy, changes, choice)
    assert taken(policy, changes, None) == set()


@settings(max_examples=50, deadline=None)
@given(st.data(), policies(), rows(), st.integers(0, 3))
def test_removing_facts_never_turns_a_denial_into_an_admission(
    data: st.DataObject, policy: Policy, changes: list[dict[str, Any]], seed: int
) -> None:
    choice = choice_of(WORLD.record(policy=policy))
    fewer = [dict(row) for row in changes]
    for row, fact in data.draw(gaps(len(changes))):
        fewer[row][fact] = "missing" if fact == "duplicate_of" else None
    assert taken(policy, fewer, choice, seed) <= taken(policy, changes, choice, seed)


@settings(max_examples=50, deadline=None)
@given(stricter_pairs(), rows(), st.integers(0, 3))
def test_a_stricter_policy_admits_no_more(
    pair: tuple[Policy, Policy], changes: list[dict[str, Any]], seed: int
) -> None:
    a, b = pair
    assert overall(a, b) in ("equal", "stricter")
    under_a = taken(a, changes, choice_of(WORLD.record(policy=a)), seed)
    under_b = taken(b, changes, choice_of(WORLD.record(policy=b)), seed)
    assert under_a <= under_b
    assert under_b <= taken(floor(), changes, choice_of(WORLD.record(policy=floor())), seed)


@settings(max_examples=50, deadline=None)
@given(policies(), policies(), policies())
def test_the_order_is_reflexive_antisymmetric_and_transitive(a: Policy, b: Policy, c: Policy) -> None:
    def within(x: Policy, y: Policy) -> bool:
        return overall(x, y) in ("equal", "stricter")

    assert overall(a, a) == "equal"
    if within(a, b) and within(b, a):
        assert dict(a.gates) == dict(b.gates)
        assert a.sha256 == b.sha256
    if within(a, b) and within(b, c):
        assert within(a, c)
    assert within(a, floor())


@settings(max_examples=30, deadline=None)
@given(stricter_pairs(), stricter_pairs())
def test_the_order_is_transitive_along_chains(one: tuple[Policy, Policy], two: tuple[Policy, Policy]) -> None:
    lowest, middle = one
    both = policy_of({**middle.gates})
    assert overall(lowest, both) in ("equal", "stricter")
    assert overall(lowest, floor()) in ("equal", "stricter")
    assert (overall(two[0], two[1]) == "equal") == (two[0].sha256 == two[1].sha256)


@settings(max_examples=40, deadline=None)
@given(policies())
def test_a_policys_document_loads_as_the_same_policy(policy: Policy) -> None:
    data = canonical.dumps(policy.document())
    assert len(data) < MAX_BYTES
    again = parse(data, "test")
    assert dict(again.gates) == dict(policy.gates)
    assert again.sha256 == policy.sha256


@settings(max_examples=40, deadline=None)
@given(st.data(), policies(), rows(), st.integers(0, 2**64))
def test_the_same_facts_policy_and_consent_give_the_same_reasons(
    data: st.DataObject, policy: Policy, changes: list[dict[str, Any]], seed: int
) -> None:
    choice = data.draw(choices(policy))
    first, second = (
        decide.decide_records(policy, facts(*changes), choice, WORLD.request(), seed=seed) for _ in range(2)
    )
    assert first == second
    assert all(list(row) == sorted(set(row)) for row in first.reasons)
    assert sum(first.by_reason.values()) == sum(map(len, first.reasons))
