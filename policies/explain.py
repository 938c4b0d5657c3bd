"""Says in words what a gate does, what it can be set to, and where it comes from."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from policies.catalogue import GATES, find
from policies.loader import floor
from policies.model import Policy

_WIDTH = 100


def explain(gate: str, policy: Policy | None = None) -> str:
    """Return the explanation of one gate, several lines.

    Args:
        gate: Gate id.
        policy: When given, its settings are shown beside the floor's.

    Raises:
        UnknownGateError: There is no such gate.
    """
    spec = find(gate)
    base = floor().gates.get(gate)
    parts = [
        f"{gate}{' (floor: neither policy nor consent can loosen it)' if spec.floor else ''}",
        f"For the worker: {spec.worker}",
        f"For HR: {spec.hr}",
        f"Source: {spec.source}",
        "Parameters:",
    ]
    lines = [textwrap.fill(part, _WIDTH, subsequent_indent="  ") for part in parts]
    defaults = spec.params().model_dump(mode="json", by_alias=True)
    limits = base.model_dump(mode="json", by_alias=True) if base is not None else None
    chosen = policy.gates.get(gate) if policy is not None else None
    settings = chosen.model_dump(mode="json", by_alias=True) if chosen is not None else None
    for name, order in spec.params.orders().items():
        lines.append(f"  {name} ({order.text})")
        lines.append(_line("default", defaults[name]))
        if limits is not None and limits[name] != defaults[name]:
            lines.append(_line("floor", limits[name]))
        if settings is not None and policy is not None:
            same = settings[name] == defaults[name]
            lines.append(_line(policy.id, "the default" if same else settings[name]))
    if policy is not None and settings is None:
        lines.append(f"  {policy.id} does not apply this gate")
    return "\n".join(lines)


def index() -> list[tuple[str, str]]:
    """Return every built gate with its sentence for the worker, in the order in which gates are evaluated."""
    return [(spec.id, spec.worker) for spec in GATES.values()]


def _line(label: str, value: Any) -> str:
    if isinstance(value, list):
        text = ", ".join(value) or "(none)"
    elif isinstance(value, dict):
        text = "; ".join(f"{day} {_windows(windows)}" for day, windows in value.items() if windows) or "(none)"
    else:
        text = value if isinstance(value, str) else json.dumps(value)
    return textwrap.fill(f"{label}: {text}", _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 6)


def _windows(windows: list[dict[str, str]]) -> str:
    return " ".join(f"{window['from']}-{window['to']}" for window in windows)
