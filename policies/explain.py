"""Says in words what a gate does, what it can be set to, and where it comes from."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policies.catalogue import GATES, find
from policies.loader import floor
from policies.model import Policy
from policies.sentences import LANGUAGES, labels, sentences

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Parameter:
    """What one parameter of a gate can be.

    Attributes:
        name: Its name in a policy file.
        order: What is stricter, in words.
        default: What a policy gets that names the gate and leaves this out, as JSON.
        floor: The weakest permitted setting; None for a gate outside the floor.
        policy: What a given policy sets; None where it does not apply the gate, or none was given.
    """

    name: str
    order: str
    default: Any
    floor: Any
    policy: Any


def parameters(gate: str, policy: Policy | None = None) -> tuple[Parameter, ...]:
    """Return the parameters of one gate, in the order of its model.

    Raises:
        UnknownGateError: There is no such gate.
    """
    spec = find(gate)
    defaults = spec.params().model_dump(mode="json", by_alias=True)
    limits = _dump(floor(), gate)
    chosen = _dump(policy, gate)
    return tuple(
        Parameter(name, order.text, defaults[name], limits and limits[name], chosen and chosen[name])
        for name, order in spec.params.orders().items()
    )


def explain(gate: str, policy: Policy | None = None, lang: str = LANGUAGES[0]) -> str:
    """Return the explanation of one gate, several lines.

    Args:
        gate: Gate id.
        policy: When given, its settings are shown beside the floor's.
        lang: Language of the sentences, one of `LANGUAGES`; parameters and sources are shown as they are.

    Raises:
        UnknownGateError: There is no such gate.
    """
    spec = find(gate)
    words, said = labels(lang), sentences(lang)[gate]
    lines = [f"{gate} ({words.floor})" if spec.floor else gate]
    colon = "：" if lang == "zh" else ": "
    lines += [_wrap(f"{words.worker}{colon}{said.worker}", lang), _wrap(f"{words.hr}{colon}{said.hr}", lang)]
    lines += [_wrap(f"Source: {spec.source}", "en"), "Parameters:"]
    for parameter in parameters(gate, policy):
        lines.append(f"  {parameter.name} ({parameter.order})")
        lines.append(_line("default", parameter.default))
        if spec.floor:
            lines.append(_line("floor", _unless_same(parameter.floor, parameter.default)))
        if policy is not None and gate in policy.gates:
            lines.append(_line(policy.id, _unless_same(parameter.policy, parameter.default)))
    if policy is not None and gate not in policy.gates:
        lines.append(f"  {policy.id} does not apply this gate")
    return "\n".join(lines)


def document(gate: str, policy: Policy | None = None) -> dict[str, Any]:
    """Return the explanation of one gate as a JSON value, in all languages.

    Raises:
        UnknownGateError: There is no such gate.
    """
    spec = find(gate)
    shown: dict[str, Any] = {}
    for parameter in parameters(gate, policy):
        shown[parameter.name] = {"order": parameter.order, "default": parameter.default, "floor": parameter.floor}
        if policy is not None:
            shown[parameter.name]["policy"] = parameter.policy
    return {
        "gate": gate,
        "floor": spec.floor,
        "sentences": {lang: sentences(lang)[gate].model_dump() for lang in LANGUAGES},
        "source": spec.source,
        "parameters": shown,
    }


def index(lang: str = LANGUAGES[0]) -> list[tuple[str, str]]:
    """Return every gate with its sentence for the worker, in the order in which gates are evaluated."""
    return [(gate, sentences(lang)[gate].worker) for gate in GATES]


def value_text(value: Any) -> str:
    """Return a parameter's JSON value as a person reads it."""
    if isinstance(value, list):
        return ", ".join(value) or "(none)"
    if isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values()):
        return ", ".join(f"{name}: {entry}" for name, entry in value.items())
    if isinstance(value, dict):
        return "; ".join(f"{day} {_windows(windows)}" for day, windows in value.items() if windows) or "(none)"
    return value if isinstance(value, str) else json.dumps(value)


def _dump(policy: Policy | None, gate: str) -> dict[str, Any] | None:
    params = policy.gates.get(gate) if policy is not None else None
    return params.model_dump(mode="json", by_alias=True) if params is not None else None


def _unless_same(value: Any, default: Any) -> Any:
    return "the same" if value == default else value


def _line(label: str, value: Any) -> str:
    return textwrap.fill(f"{label}: {value_text(value)}", _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 6)


def _wrap(text: str, lang: str) -> str:
    if lang != "zh":
        return textwrap.fill(text, _WIDTH, subsequent_indent="  ")
    # No spaces to break at, and each character is as wide as two: half the width, at any character.
    return "\n  ".join(_pieces(text, _WIDTH // 2))


def _pieces(text: str, width: int) -> Iterator[str]:
    while len(text) > width:
        # Punctuation does not begin a line.
        cut = width - 1 if text[width] in "，。；：、！？）”" else width
        yield text[:cut]
        text = text[cut:]
    yield text


def _windows(windows: list[dict[str, str]]) -> str:
    return " ".join(f"{window['from']}-{window['to']}" for window in windows)
