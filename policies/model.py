"""What a policy is: named gates with their parameters, and the digest that stands for them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from attest.canonical import dumps
from policies.parameters import Params

SCHEMA = "govern-policy/1"


class PolicyHead(BaseModel):
    """The top level of a policy file; the parameters of the gates are parsed by the gates' own models."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_: Literal["govern-policy/1"] = Field(alias="schema")
    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    gates: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that loaded: every gate in it is built, and none is looser than the floor.

    Attributes:
        id: Name of the policy: `worker_protection`.
        version: Its version, 1 or more.
        title: One line for people.
        gates: Parameters of every gate that applies, by gate id. Floor gates are always there.
        inherited: Floor gates that the file does not name; the floor's own parameters apply to them.
        sha256: Digest of `document()` in canonical JSON, 64 hex digits.
        source: Where it came from: `shipped:worker_protection`, or the path as typed.
    """

    id: str
    version: int
    title: str
    gates: Mapping[str, Params]
    inherited: tuple[str, ...]
    sha256: str
    source: str

    def document(self) -> dict[str, Any]:
        """Return the JSON value that the digest covers."""
        return document(self.id, self.version, self.title, self.gates)


def document(policy_id: str, version: int, title: str, gates: Mapping[str, Params]) -> dict[str, Any]:
    """Return a policy as a JSON value with every default filled in and every list sorted.

    Two files that mean the same have the same document: the order of keys and lists, comments, `P1Y` or `P12M`,
    and leaving out a default or writing it make no difference.
    """
    return {
        "schema": SCHEMA,
        "id": policy_id,
        "version": version,
        "title": title,
        "gates": {gate: params.model_dump(mode="json", by_alias=True) for gate, params in gates.items()},
    }


def digest(value: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a policy document's RFC 8785 form, in hex."""
    return hashlib.sha256(dumps(dict(value))).hexdigest()
