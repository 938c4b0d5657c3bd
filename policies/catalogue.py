"""Every gate by its id."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from policies.errors import UnknownGateError
from policies.gates import lifecycle, output, record, run, segment, subject
from policies.gates.spec import GateSpec

GATES: Mapping[str, GateSpec] = MappingProxyType(
    {spec.id: spec for module in (run, subject, record, segment, output, lifecycle) for spec in module.GATES}
)
"""All gates, in the order in which a policy is read."""

FLOOR_GATES: tuple[str, ...] = tuple(spec.id for spec in GATES.values() if spec.floor)


def find(gate: str) -> GateSpec:
    """Return the specification of `gate`.

    Raises:
        UnknownGateError: There is no such gate.
    """
    spec = GATES.get(gate)
    if spec is not None:
        return spec
    close = difflib.get_close_matches(gate, list(GATES), n=1)
    shown = gate if gate.isascii() and gate.isprintable() and len(gate) <= 64 else "(unprintable name)"
    raise UnknownGateError(
        f"there is no gate {shown}",
        f"did you mean {close[0]}?" if close else "`govern policy explain` lists the gates",
    )
