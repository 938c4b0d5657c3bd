"""The floor cannot be loosened: not on any parameter, not by any value that a file may hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from parameter_values import VALUES, params_of, settings_of
from test_policies_loader import LOOSER

from policies.catalogue import FLOOR_GATES, GATES
from policies.errors import LooserThanFloorError
from policies.loader import floor, load, parse, shipped
from policies.order import compare, compare_params
from policies.parameters import FIXED

NO_LOOSER = ("equal", "stricter")

AT_THE_END = {
    "run.legal_basis consent_role": "the floor allows both roles",
    "run.local_model addresses": "the floor allows every private address, and others cannot be written",
    "run.local_model models": "the floor allows every model that a consent names",
    "subject.consent_valid states": "the floor allows both states, and others cannot be written",
    "subject.consent_valid enrolment": "the floor allows both kinds of enrolment",
    "subject.no_detriment by": "the floor allows both",
    "subject.vulnerable_time states": "the built-in states are added to whatever the file says",
    "record.private_conversation kinds": "the built-in kinds are added to whatever the file says",
    "record.private_conversation words": "the built-in words are added to whatever the file says",
    "record.third_party min_own_chars": "the floor asks for one character, and none cannot be written",
    "record.external_party customers": "the floor allows both",
    "segment.pii residual_hits": "only 0 can be written",
    "segment.pii engines": "the floor allows every recorded engine",
    "segment.pii models": "the floor allows every installed package",
    "segment.pii dates": "the floor allows both",
    "output.subject_review while_contested": "the floor allows both",
}
"""Parameters whose floor is the loosest value that can be written, each with the reason."""

FREE = [
    (gate, name) for gate in FLOOR_GATES for name, order in GATES[gate].params.orders().items() if order is not FIXED
]


def text(gate: str, values: object) -> bytes:
    # JSON is YAML, and says exactly what was drawn.
    head = {"schema": "govern-policy/1", "id": "p", "version": 1, "title": "t"}
    return json.dumps({**head, "gates": {gate: values}}).encode()


@pytest.mark.parametrize("gate", [gate for gate in FLOOR_GATES if gate in VALUES])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_policy_loads_exactly_when_it_is_no_looser_than_the_floor(gate: str, data: st.DataObject) -> None:
    values = data.draw(settings_of(gate))
    relations = compare_params(GATES[gate].params.model_validate(values), floor().gates[gate])
    if all(relation in NO_LOOSER for relation in relations.values()):
        assert compare(parse(text(gate, values), "test"), floor())[gate] in NO_LOOSER
    else:
        with pytest.raises(LooserThanFloorError) as caught:
            parse(text(gate, values), "test")
        assert caught.value.gate == gate
        assert relations[caught.value.parameter] not in NO_LOOSER


@pytest.mark.parametrize(("gate", "name"), FREE)
def test_each_parameter_of_the_floor_has_a_looser_value_that_is_refused_or_none_at_all(gate: str, name: str) -> None:
    def looser(params: object) -> bool:
        return compare_params(params, floor().gates[gate])[name] not in NO_LOOSER  # type: ignore[arg-type]

    if f"{gate} {name}" in AT_THE_END:
        with pytest.raises(NoSuchExample):
            find(params_of(gate), looser, settings=settings(max_examples=200, database=None))
    else:
        find(params_of(gate), looser, settings=settings(max_examples=2000, database=None))
        assert (gate, name) in {(g, n) for g, n, _ in LOOSER}


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_policy_is_proved_against_the_floor_gate_by_gate(name: str) -> None:
    relations = compare(load(name), floor())
    assert set(FLOOR_GATES) <= set(relations)
    assert set(relations.values()) <= set(NO_LOOSER)
