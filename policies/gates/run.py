"""Run gates: may this run happen at all?"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import BeforeValidator, StringConstraints

from policies.gates.spec import GateSpec
from policies.parameters import FEWER, FEWER_OR_ANY, FIXED, MORE, Digests, Names, Params, sorted_unique


class PurposeParams(Params):
    """What a skill may be made for."""

    allow: Annotated[Names, FEWER] = ("knowledge_transfer", "onboarding", "self_assist")
    deny: Annotated[Names, MORE] = ("discipline", "evaluation", "hiring", "replacement", "surveillance", "termination")


def is_private_address(host: str) -> bool:
    """Tell whether `host` is a numeric address of a private network, the loopback included."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # is_private is also true for 0.0.0.0 and for the documentation networks, which are nobody's own network.
    networks = _PRIVATE_4 if address.version == 4 else _PRIVATE_6
    return any(address in network for network in networks)


_PRIVATE_4 = tuple(ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8"))
_PRIVATE_6 = tuple(ipaddress.ip_network(n) for n in ("fc00::/7", "::1/128"))


def _addresses(value: object) -> object:
    if value == "any_private":
        return value
    found = sorted_unique(value)
    if isinstance(found, tuple) and not all(is_private_address(host) for host in found):
        raise ValueError("must be numeric addresses of the organisation's own network, such as 10.1.2.3")
    return found


Address = Annotated[str, StringConstraints(min_length=2, max_length=45)]


class LocalModelParams(Params):
    """Where the model may run, and which one."""

    kinds: Annotated[Names, FEWER] = ("in_process", "loopback")
    addresses: Annotated[Literal["any_private"] | tuple[Address, ...], BeforeValidator(_addresses), FEWER_OR_ANY] = ()
    models: Annotated[Literal["any_named_in_consent"] | Digests, FEWER_OR_ANY] = "any_named_in_consent"
    egress: Annotated[Literal["deny"], FIXED] = "deny"
    mode: Annotated[Literal["in_context_only"], FIXED] = "in_context_only"


GATES: tuple[GateSpec, ...] = (
    GateSpec(
        id="run.purpose",
        floor=True,
        params=PurposeParams,
        worker="Your messages are used only for the purposes on this list, and never to judge, discipline, replace "
        "or dismiss anyone.",
        hr="A run for a purpose outside the list is refused; evaluation, discipline, termination, replacement, hiring "
        "and surveillance are refused whatever the policy says.",
        source="GDPR art. 5(1)(b); AI Act Annex III point 4(b)",
    ),
    GateSpec(
        id="run.local_model",
        floor=True,
        params=LocalModelParams,
        worker="Your words are read by a model on your organisation's own machines and are never sent out or used to "
        "train a model.",
        hr="The model runs in the process, on the loopback, or at a named address of the own network; its digest is "
        "known and is the one that the worker signed for; nothing is fine-tuned.",
        source="GDPR art. 28, 44; PIPL art. 38",
    ),
)
