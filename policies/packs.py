"""Sets of rules by country: what a policy must at least ask for where a person or an organisation is.

A pack holds the weakest permitted settings of some gates, as the floor does for all places. The packs of all countries
involved apply together, so the strictest one wins. They are engineering minima drawn from the law named beside each
line, and no statement that a run which passes them is lawful there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from attest.canonical import dumps
from policies import plain_yaml
from policies.catalogue import GATES
from policies.model import Policy
from policies.order import combine, compare_params
from policies.parameters import Name, Params

SCHEMA = "govern-pack/1"
_REMEMBERED = 1024

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


@dataclass(frozen=True, slots=True)
class Pack:
    """One set of rules.

    Attributes:
        id: Its name, as `run.jurisdiction` lists it: `eu`.
        version: Its version.
        title: One line for people.
        countries: ISO 3166-1 codes of the countries in which it applies.
        gates: The weakest permitted settings, by gate id.
        sha256: Digest over all of it in canonical JSON.
    """

    id: str
    version: int
    title: str
    countries: tuple[str, ...]
    gates: Mapping[str, Params]
    sha256: str


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_: Literal["govern-pack/1"] = Field(alias="schema")
    id: Name
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    countries: Annotated[list[Country], Field(min_length=1)]
    gates: dict[str, dict[str, Any]]


@cache
def packs() -> Mapping[str, Pack]:
    """Return every pack by its id."""
    files = (f for f in resources.files("policies").joinpath("packs").iterdir() if f.name.endswith(".yaml"))
    found = {pack.id: pack for pack in (_parse(file.read_bytes()) for file in files)}
    return MappingProxyType({name: found[name] for name in sorted(found)})


def pack_of(country: str) -> Pack | None:
    """Return the pack that applies in a country, or None where there is none.

    Args:
        country: ISO 3166-1 code in capitals: `DE`.
    """
    return _by_country().get(country)


def looser(policy: Policy, pack: Pack) -> tuple[str, ...]:
    """Return the gates on which `policy` is not at least as strict as `pack`, in the order of the pack."""
    key = policy.sha256, pack.sha256
    if key not in _known:
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[key] = tuple(
            gate
            for gate, params in pack.gates.items()
            if combine(compare_params(policy.gates.get(gate), params).values()) not in ("equal", "stricter")
        )
    return _known[key]


# A run asks for every record and output again, and both sides never change once they have their digest.
_known: dict[tuple[str, str], tuple[str, ...]] = {}


@cache
def _by_country() -> Mapping[str, Pack]:
    found: dict[str, Pack] = {}
    for pack in packs().values():
        for country in pack.countries:
            if country in found:
                raise ValueError(f"two packs claim the country {country}")
            found[country] = pack
    return MappingProxyType(found)


def _parse(data: bytes) -> Pack:
    file = _File.model_validate(plain_yaml.read(data))
    for gate, given in file.gates.items():
        # The default of a parameter is a cautious setting and not the weakest, so a pack may leave none to it.
        if set(given) != set(GATES[gate].params.orders()):
            raise ValueError(f"pack {file.id} does not set every parameter of {gate}")
    gates = {gate: GATES[gate].params.model_validate(file.gates[gate]) for gate in GATES if gate in file.gates}
    countries = tuple(sorted(set(file.countries)))
    head = {"schema": SCHEMA, "id": file.id, "version": file.version, "title": file.title, "countries": list(countries)}
    dumped = {gate: params.model_dump(mode="json", by_alias=True) for gate, params in gates.items()}
    sha256 = hashlib.sha256(dumps({**head, "gates": dumped})).hexdigest()
    return Pack(file.id, file.version, file.title, countries, MappingProxyType(gates), sha256)
