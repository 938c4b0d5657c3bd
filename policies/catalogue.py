"""Every gate by its id: those that this version enforces, and those of the design that it does not."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from policies.errors import GateNotBuiltError, UnknownGateError
from policies.gates import lifecycle, output, record, run, segment, subject
from policies.gates.spec import GateSpec

GATES: Mapping[str, GateSpec] = MappingProxyType(
    {spec.id: spec for module in (run, subject, record, segment, output, lifecycle) for spec in module.GATES}
)
"""The gates that this version enforces, in the order in which a policy is read."""

FLOOR_GATES: tuple[str, ...] = tuple(spec.id for spec in GATES.values() if spec.floor)

NOT_BUILT: Mapping[str, str] = MappingProxyType(
    {
        "run.legal_basis": "the legal basis is named and consent is a safeguard",
        "run.impact_assessment": "a data protection impact assessment exists and is recent",
        "run.collective_agreement": "a works agreement covers the run where there is a works council",
        "run.notice": "the subject was told some days before",
        "run.no_covert": "the subject is told of every run",
        "run.dual_control": "two of HR, DPO and works council approved",
        "run.jurisdiction": "the strictest set of rules of the places involved applies",
        "subject.fresh": "the consent state is minutes old at most",
        "subject.cooling_off": "days pass between notice, signature and first run",
        "subject.no_detriment": "an undertaking that a refusal has no consequence",
        "subject.exit": "no extraction after the last day",
        "subject.vulnerable_time": "no extraction in probation, notice, redundancy, leave or dispute",
        "subject.objection": "an open objection or restriction denies",
        "subject.delegate": "someone with a mandate and two witnesses may sign",
        "record.emotion": "segments about feelings are dropped",
        "record.participant_veto": "any participant's veto drops the thread",
        "record.label": "privileged and case files are left out by label",
        "record.external_party": "customers and suppliers are redacted",
        "output.verbatim": "no long run of source words",
        "output.withhold": "six categories that the subject can keep",
        "output.identity": "a cap on how well the skill identifies its author",
        "output.disclosure": "a label, and no first-person impersonation",
        "output.no_automated_decision": "terms that forbid employment decisions",
        "output.benefit": "compensation terms by reference",
        "lifecycle.cascade": "everything that rests on a withdrawn consent is re-derived",
        "lifecycle.raw_retention": "raw material is gone after the run",
        "lifecycle.log": "how long commitments and salts are kept",
        "lifecycle.access": "the worker's bundle is ready within the hour",
    }
)
"""Gates of the design that have no evaluator yet, each with what it will say."""


def find(gate: str) -> GateSpec:
    """Return the specification of `gate`.

    Raises:
        GateNotBuiltError: The gate is one of the design that this version cannot enforce.
        UnknownGateError: There is no such gate.
    """
    spec = GATES.get(gate)
    if spec is not None:
        return spec
    if gate in NOT_BUILT:
        raise GateNotBuiltError(
            f"gate {gate} is known but not built in this version",
            "remove it from the policy: a policy must not promise a protection that is not applied",
        )
    close = difflib.get_close_matches(gate, [*GATES, *NOT_BUILT], n=1)
    shown = gate if gate.isascii() and gate.isprintable() and len(gate) <= 64 else "(unprintable name)"
    raise UnknownGateError(
        f"there is no gate {shown}",
        f"did you mean {close[0]}?" if close else "`govern policy list` shows the gates",
    )
