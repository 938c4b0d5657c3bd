"""Finds an example that one policy admits at a gate and another does not, by asking the real evaluators of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from consent.situations import Pair, Situation, Thing, passes
from consent.situations_of_material import OF_MATERIAL
from consent.situations_of_runs import OF_RUNS
from policies.model import Policy
from policies.order import combine, compare_params

NOT_CONTRASTABLE: Mapping[str, str] = MappingProxyType(
    {
        "subject.no_detriment.min_group": "it hides small numbers in reports and admits nothing",
        "segment.pii.models": "it says which packages look for names; no fact of a text says which ones did",
        "lifecycle.withdrawal.erase_within": "it sets the day by which is erased and admits nothing",
        "lifecycle.log.keep_min": "it says how long salts must be kept and admits nothing",
    }
)
"""Parameters about which no example exists, by gate and name, each with the reason."""

HIDDEN = "with its other settings, nothing passes under one of the two that does not pass under the other"
TOO_MANY = "an example would need more records than anybody wrote"


@dataclass(frozen=True, slots=True)
class Example:
    """One situation on which two policies disagree at a gate.

    Attributes:
        gate: Gate id.
        thing: What it is about: a run, a record, a text, a claim or a skill.
        text: The example in one sentence.
        facts: What matters in it.
        admitted_by: The policy under which the gate lets it pass.
        denied_by: The policy under which the gate does not.
    """

    gate: str
    thing: Thing
    text: str
    facts: Mapping[str, Any]
    admitted_by: str
    denied_by: str


def example(a: Policy, b: Policy, gate: str) -> Example | None:
    """Return a situation that one of two policies admits at a gate and the other does not, or None.

    Where both directions exist, the one that `b` admits comes first: what is lost by going from `b` to `a`.
    """
    return next(iter(examples(a, b, gate)), None)


def examples(a: Policy, b: Policy, gate: str) -> tuple[Example, ...]:
    """Return one situation that `b` admits and `a` does not, and one the other way round, as far as there are any.

    Args:
        a: A policy.
        b: Another one.
        gate: Gate id.
    """
    found: dict[bool, Example] = {}
    relation = combine(compare_params(a.gates.get(gate), b.gates.get(gate)).values())
    if relation == "equal":
        return ()
    wanted = 2 if relation == "incomparable" else 1
    for situation in _situations(a, b, gate):
        first, second = passes(a, gate, situation), passes(b, gate, situation)
        if first != second and second not in found:
            found[second] = _example(gate, situation, *((b, a) if second else (a, b)))
            if len(found) == wanted:
                break
    return tuple(found[second] for second in (True, False) if second in found)


def why_none(a: Policy, b: Policy, gate: str) -> str:
    """Return why there is no example for a gate on which two policies differ: one clause."""
    differ = [name for name, r in compare_params(a.gates.get(gate), b.gates.get(gate)).items() if r != "equal"]
    reasons = [NOT_CONTRASTABLE.get(f"{gate}.{name}") for name in differ]
    if differ and all(reasons):
        return "; ".join(sorted({reason for reason in reasons if reason}))
    return TOO_MANY if gate == "record.volume" else HIDDEN


def _situations(a: Policy, b: Policy, gate: str) -> Iterator[Situation]:
    make = OF_RUNS.get(gate) or OF_MATERIAL.get(gate)
    if make is not None and gate in {*a.gates, *b.gates}:
        yield from make(Pair(a.gates.get(gate), b.gates.get(gate)))


def _example(gate: str, situation: Situation, admits: Policy, denies: Policy) -> Example:
    one, other = _names(admits, denies)
    text = f"Under {one} and not under {other}, {gate} lets pass a {situation.thing} {situation.words}."
    return Example(gate, situation.thing, text, situation.facts, one, other)


def _names(one: Policy, other: Policy) -> tuple[str, str]:
    """Return what the two are called: their ids, with as much behind them as tells them apart."""
    if one.id != other.id:
        return one.id, other.id
    if one.version != other.version:
        return f"{one.id} {one.version}", f"{other.id} {other.version}"
    return f"{one.id} {one.sha256[:8]}", f"{other.id} {other.sha256[:8]}"
