"""The order stricter/looser between policies, worked out gate by gate and parameter by parameter.

A policy A is no looser than B when every gate is. A gate is no looser when every parameter is, by the order that its
type carries; a gate that a policy does not have is looser than any parameters. The order is partial: two policies that
are each stricter somewhere are incomparable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from policies.model import Policy
from policies.parameters import Params

Relation = Literal["equal", "stricter", "looser", "incomparable"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One parameter in which two policies differ.

    Attributes:
        gate: Gate id.
        parameter: Name of the parameter; "" where one policy does not have the gate.
        relation: What the first is to the second.
        first: Value in the first policy, as JSON; None where it does not have the gate.
        second: Value in the second.
    """

    gate: str
    parameter: str
    relation: Relation
    first: Any
    second: Any


def _relation(no_looser: bool, no_stricter: bool) -> Relation:
    if no_looser and no_stricter:
        return "equal"
    if no_looser:
        return "stricter"
    return "looser" if no_stricter else "incomparable"


def combine(relations: Iterable[Relation]) -> Relation:
    """Return what a whole is to another whole when its parts relate like this."""
    seen = set(relations) - {"equal"}
    if not seen:
        return "equal"
    return seen.pop() if len(seen) == 1 else "incomparable"


def compare_params(a: Params | None, b: Params | None) -> dict[str, Relation]:
    """Return for each parameter what `a` is to `b`; None stands for a gate that is not applied."""
    if a is None or b is None:
        return {} if a is b else {"": "looser" if a is None else "stricter"}
    if type(a) is not type(b):
        raise TypeError("parameters of two different gates cannot be compared")
    ours, theirs = a.values(), b.values()
    return {
        name: _relation(order.within(ours[name], theirs[name]), order.within(theirs[name], ours[name]))
        for name, order in a.orders().items()
    }


def compare(a: Policy, b: Policy) -> dict[str, Relation]:
    """Return for each gate of either policy what `a` is to `b`."""
    return {
        gate: combine(compare_params(a.gates.get(gate), b.gates.get(gate)).values())
        for gate in _gates(a.gates, b.gates)
    }


def overall(a: Policy, b: Policy) -> Relation:
    """Return what `a` as a whole is to `b`."""
    return combine(compare(a, b).values())


def differences(a: Policy, b: Policy) -> list[Difference]:
    """Return every parameter in which `a` and `b` differ, in the order of the gates."""
    found = []
    for gate in _gates(a.gates, b.gates):
        ours, theirs = a.gates.get(gate), b.gates.get(gate)
        first, second = _json(ours), _json(theirs)
        for name, relation in compare_params(ours, theirs).items():
            if relation != "equal":
                one, two = (first, second) if name == "" else ((first or {}).get(name), (second or {}).get(name))
                found.append(Difference(gate, name, relation, one, two))
    return found


def _gates(a: Mapping[str, Params], b: Mapping[str, Params]) -> list[str]:
    return [*a, *(gate for gate in b if gate not in a)]


def _json(params: Params | None) -> dict[str, Any] | None:
    return None if params is None else params.model_dump(mode="json", by_alias=True)
