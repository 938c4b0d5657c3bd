"""The order between policies, by example; its laws are properties in the tests of the decisions."""

import pytest

from policies.loader import floor, load, parse
from policies.model import Policy
from policies.order import combine, compare, compare_params, differences, overall


def policy(gates: str) -> Policy:
    return parse(f"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates: {{{gates}}}\n".encode(), "test")


def test_the_shipped_policy_is_stricter_than_the_floor() -> None:
    assert overall(load("worker_protection"), floor()) == "stricter"
    assert overall(floor(), load("worker_protection")) == "looser"
    assert set(compare(load("worker_protection"), floor()).values()) == {"equal", "stricter"}


def test_the_policy_for_works_councils_is_on_every_gate_at_least_as_strict_as_the_default() -> None:
    relations = compare(load("eu_works_council"), load("worker_protection"))
    assert set(relations.values()) == {"equal", "stricter"}
    assert {"run.dual_control", "run.notice", "subject.cooling_off", "record.lookback"} <= {
        gate for gate, relation in relations.items() if relation == "stricter"
    }


def test_the_policy_for_oneself_leaves_out_what_protects_from_others_and_nothing_else() -> None:
    loaded = load("minimal_self")
    assert set(load("worker_protection").gates) - set(loaded.gates) == {
        *("run.impact_assessment", "run.collective_agreement", "run.dual_control"),
        *("subject.cooling_off", "output.identity", "output.benefit"),
    }
    assert loaded.gates["run.purpose"].values()["allow"] == ("self_assist",)
    assert loaded.gates["subject.no_detriment"].values()["by"] == ("subject",)


def test_a_policy_equals_itself() -> None:
    assert overall(floor(), floor()) == "equal"
    assert differences(floor(), floor()) == []


PAIRS = [
    ("record.volume: {max: 10}", "record.volume: {max: 11}", "stricter"),
    ("record.volume: {max: 10}", "", "stricter"),
    ("", "record.volume: {max: 1000000000}", "looser"),
    ("output.support: {records: 4, days: 1}", "output.support: {records: 3, days: 2}", "incomparable"),
    ("output.support: {records: 4, days: 2}", "output.support: {records: 3, days: 2}", "stricter"),
    ("record.lookback: {max: P30D}", "record.lookback: {max: P1M}", "incomparable"),
    ("record.lookback: {max: P28D}", "record.lookback: {max: P1M}", "stricter"),
    ("record.lookback: {}", "record.lookback: {before_notice: allow}", "stricter"),
    ("subject.validity: {rest_after_refusal: P1Y}", "subject.validity: {rest_after_refusal: P6M}", "stricter"),
    ("record.source: {allow: [mail.work]}", "record.source: {allow: [vcs.commit]}", "incomparable"),
    ("record.source: {allow: []}", "record.source: {allow: [vcs.commit]}", "stricter"),
    ("run.local_model: {addresses: [10.0.0.1]}", "run.local_model: {addresses: any_private}", "stricter"),
    ("run.local_model: {addresses: [10.0.0.1]}", "run.local_model: {addresses: [10.0.0.2]}", "incomparable"),
    ("run.local_model: {addresses: []}", "run.local_model: {addresses: [10.0.0.2]}", "stricter"),
    (
        'record.working_time: {week: {mon: [{from: "09:00", to: "12:00"}, {from: "13:00", to: "17:00"}]}}',
        'record.working_time: {week: {mon: [{from: "09:00", to: "17:00"}]}}',
        "stricter",
    ),
    (
        'record.working_time: {week: {mon: [{from: "09:00", to: "17:00"}]}}',
        'record.working_time: {week: {mon: [{from: "08:00", to: "16:00"}]}}',
        "incomparable",
    ),
    ("record.volume: {max: 1}", "output.support: {records: 1, days: 1}", "incomparable"),
]


@pytest.mark.parametrize(("a", "b", "expected"), PAIRS)
def test_pairs_compare_as_they_should(a: str, b: str, expected: str) -> None:
    opposite = {"stricter": "looser", "looser": "stricter"}
    assert overall(policy(a), policy(b)) == expected
    assert overall(policy(b), policy(a)) == opposite.get(expected, expected)


def test_a_difference_names_gate_parameter_and_both_values() -> None:
    (found,) = differences(policy("record.volume: {max: 10}"), policy("record.volume: {max: 20}"))
    assert (found.gate, found.parameter, found.relation, found.first, found.second) == (
        "record.volume",
        "max",
        "stricter",
        10,
        20,
    )


def test_a_missing_gate_is_a_difference_of_the_whole_gate() -> None:
    (found,) = differences(policy(""), policy("record.volume: {max: 20}"))
    assert (found.parameter, found.relation, found.first, found.second) == ("", "looser", None, {"max": 20})


def test_stricter_here_and_looser_there_is_incomparable() -> None:
    assert combine(["stricter", "equal", "looser"]) == "incomparable"
    assert combine(["stricter", "equal"]) == "stricter"
    assert combine([]) == "equal"


def test_parameters_of_two_gates_do_not_compare() -> None:
    with pytest.raises(TypeError):
        compare_params(floor().gates["run.purpose"], floor().gates["record.source"])
