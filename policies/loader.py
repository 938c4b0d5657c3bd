"""Loads policies: shipped ones by name, others by path; none that is looser than the floor."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from policies import plain_yaml
from policies.catalogue import FLOOR_GATES, GATES, find
from policies.errors import LooserThanFloorError, PolicyError, PolicyShapeError
from policies.model import Policy, PolicyHead, digest, document
from policies.order import Relation, combine, compare_params
from policies.parameters import Params


def shipped() -> tuple[str, ...]:
    """Return the names of the policies that come with the package."""
    return tuple(sorted(f.name[:-5] for f in resources.files("policies").iterdir() if f.name.endswith(".yaml")))


def load(ref: str | Path) -> Policy:
    """Return the policy that `ref` names.

    Args:
        ref: The name of a shipped policy (`worker_protection`, also with `.yaml`), or a path. A file at that path wins
            over a shipped policy, unless `ref` is the bare name.

    Raises:
        PolicyError: There is no such policy, or it is malformed or names a gate that is not built.
        LooserThanFloorError: A gate is looser than the floor.
    """
    text = str(ref)
    if isinstance(ref, str) and text in shipped():
        return _shipped(text)
    path = Path(ref)
    if not path.exists() and path.name == text and path.suffix == ".yaml" and path.stem in shipped():
        return _shipped(path.stem)
    return parse(_read(path), text)


def against_floor(path: str | Path) -> dict[str, Relation]:
    """Return what a policy file is to the floor, gate by gate, also where it is looser and does not load.

    Raises:
        PolicyError: The file is not a policy.
    """
    named, _ = _parse_gates(_read(Path(path)))
    base = floor()
    return {
        gate: combine(compare_params(named.get(gate, base.gates.get(gate)), base.gates.get(gate)).values())
        for gate in GATES
        if gate in named or gate in base.gates
    }


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # One byte more than allowed is enough to know that it is too large.
            return file.read(plain_yaml.MAX_BYTES + 1)
    except FileNotFoundError:
        raise PolicyError(f"there is no policy {path}", f"a path, or one of: {', '.join(shipped())}") from None
    except OSError:
        raise PolicyError(f"the policy {path} cannot be read") from None


def floor() -> Policy:
    """Return the floor: what no policy and no consent can loosen."""
    return _shipped("floor")


def parse(data: bytes, source: str) -> Policy:
    """Return the policy that `data` writes.

    Args:
        data: The file's bytes.
        source: Where they came from, for `Policy.source` and for messages.

    Raises:
        PolicyError: The bytes are not a policy.
        LooserThanFloorError: A gate is looser than the floor.
    """
    named, head = _parse_gates(data)
    base = floor()
    for gate in FLOOR_GATES:
        if gate in named:
            _refuse_looser(gate, named[gate], base.gates[gate])
    gates = {
        gate: named[gate] if gate in named else base.gates[gate]
        for gate in GATES
        if gate in named or gate in base.gates
    }
    inherited = tuple(gate for gate in FLOOR_GATES if gate not in named)
    return _policy(head, gates, inherited, source)


@cache
def _shipped(name: str) -> Policy:
    data = resources.files("policies").joinpath(f"{name}.yaml").read_bytes()
    if name != "floor":
        return parse(data, f"shipped:{name}")
    gates, head = _parse_gates(data)
    if tuple(gates) != FLOOR_GATES:
        raise PolicyShapeError("floor.yaml does not name exactly the gates of the floor", "reinstall the package")
    return _policy(head, gates, (), "shipped:floor")


def _policy(head: PolicyHead, gates: Mapping[str, Params], inherited: tuple[str, ...], source: str) -> Policy:
    sha256 = digest(document(head.id, head.version, head.title, gates))
    return Policy(head.id, head.version, head.title, MappingProxyType(dict(gates)), inherited, sha256, source)


def _parse_gates(data: bytes) -> tuple[dict[str, Params], PolicyHead]:
    value = plain_yaml.read(data)
    try:
        head = PolicyHead.model_validate(value)
    except ValidationError as error:
        raise PolicyShapeError(f"the policy is malformed: {_first(error)}") from None
    given = {gate: _params(gate, raw) for gate, raw in head.gates.items()}
    # In the order of the catalogue, whatever the order of the file.
    return {gate: given[gate] for gate in GATES if gate in given}, head


def _params(gate: str, raw: Any) -> Params:
    spec = find(gate)
    if raw is None:
        # `record.volume:` with nothing behind it is an unfinished thought as often as it is a wish for the defaults.
        raise PolicyShapeError(f"gate {gate} has no parameters", "write {} for the defaults")
    try:
        return spec.params.model_validate(raw)
    except ValidationError as error:
        raise PolicyShapeError(f"gate {gate}: {_first(error)}", f"`govern policy explain {gate}`") from None


def _first(error: ValidationError) -> str:
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    # Where a word or a list is allowed, the fault of the list says more than that it is not the word.
    same = [e for e in errors if e["loc"][:1] == errors[0]["loc"][:1] and e["type"] != "literal_error"]
    first = same[0] if same else errors[0]
    place = ".".join(str(part) for part in first["loc"] if str(part).replace("_", "").isalnum())
    problem = first["msg"].removeprefix("Value error, ")
    return f"{place}: {problem}" if place else problem


def _refuse_looser(gate: str, params: Params, base: Params) -> None:
    for parameter, relation in compare_params(params, base).items():
        if relation not in ("equal", "stricter"):
            order = params.orders()[parameter]
            raise LooserThanFloorError(
                f"gate {gate}, parameter {parameter}: looser than the floor",
                f"{order.text}; `govern policy diff floor POLICY` shows both values",
                gate=gate,
                parameter=parameter,
            )
