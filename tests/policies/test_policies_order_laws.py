"""Stricter and looser are a partial order, gate by gate and policy by policy, over generated parameters."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from parameter_values import VALUES, free, gates_of, params_of

from policies.catalogue import GATES
from policies.model import Policy, digest, document
from policies.order import combine, compare, compare_params, overall
from policies.parameters import Params

NO_LOOSER = ("equal", "stricter")
SOME = ("run.dual_control", "subject.exit", "record.working_time", "output.identity", "lifecycle.log")


def relation(a: Params | None, b: Params | None) -> str:
    return combine(compare_params(a, b).values())


def policy(gates: dict[str, Params]) -> Policy:
    return Policy("p", 1, "t", MappingProxyType(gates), (), digest(document("p", 1, "t", gates)), "test")


def test_every_parameter_that_can_be_chosen_is_generated() -> None:
    assert {gate: sorted(free(gate)) for gate in GATES if free(gate)} == {
        gate: sorted(values) for gate, values in VALUES.items()
    }


@pytest.mark.parametrize("gate", GATES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_order_of_a_gate_is_reflexive_antisymmetric_and_transitive(gate: str, data: st.DataObject) -> None:
    a, b, c = (data.draw(params_of(gate)) for _ in range(3))
    assert relation(a, a) == "equal"
    # Equal in the order means equal in everything that the digest covers.
    assert (relation(a, b) == "equal") == (a.model_dump(mode="json") == b.model_dump(mode="json"))
    opposite = {"stricter": "looser", "looser": "stricter"}
    assert relation(b, a) == opposite.get(relation(a, b), relation(a, b))
    if relation(a, b) in NO_LOOSER and relation(b, c) in NO_LOOSER:
        assert relation(a, c) in NO_LOOSER


@pytest.mark.parametrize("gate", GATES)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_a_gate_that_is_not_applied_is_the_loosest(gate: str, data: st.DataObject) -> None:
    params = data.draw(params_of(gate))
    assert relation(params, None) == "stricter"
    assert relation(None, params) == "looser"


@pytest.mark.parametrize("gate", VALUES)
def test_generated_parameters_are_not_all_alike(gate: str) -> None:
    # Otherwise the laws above would hold of nothing.
    default = GATES[gate].params()
    find(params_of(gate), lambda params: relation(params, default) != "equal", settings=settings(database=None))


@settings(max_examples=60, deadline=None)
@given(gates_of(SOME), gates_of(SOME), gates_of(SOME))
def test_the_order_of_policies_is_a_partial_order(
    first: dict[str, Params], second: dict[str, Params], third: dict[str, Params]
) -> None:
    a, b, c = policy(first), policy(second), policy(third)
    assert overall(a, a) == "equal"
    assert (overall(a, b) == "equal") == (a.sha256 == b.sha256)
    if overall(a, b) in NO_LOOSER and overall(b, c) in NO_LOOSER:
        assert overall(a, c) in NO_LOOSER
    assert set(compare(a, b)) == set(first) | set(second)
