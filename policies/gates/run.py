"""Run gates: may this run happen at all?"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from policies.duration import Duration
from policies.gates.spec import GateSpec
from policies.parameters import (
    FEWER,
    FEWER_OR_ANY,
    FIXED,
    LARGER,
    LONGER,
    MORE,
    REQUIRED,
    SHORTER,
    Bases,
    Digests,
    Length,
    Names,
    Params,
    ranked,
    sorted_unique,
)

Roles = Annotated[tuple[Literal["dpo", "hr", "works_council"], ...], BeforeValidator(sorted_unique)]
ConsentRoles = Annotated[tuple[Literal["legal_basis", "safeguard"], ...], BeforeValidator(sorted_unique)]


class LegalBasisParams(Params):
    """Which legal bases may be named, and which part the consent may play."""

    bases: Annotated[Bases, FEWER] = ("eu-gdpr:A6-1-c", "eu-gdpr:A6-1-f")
    consent_role: Annotated[ConsentRoles, FEWER] = ("safeguard",)


class PurposeParams(Params):
    """What a skill may be made for."""

    allow: Annotated[Names, FEWER] = ("knowledge_transfer", "onboarding", "self_assist")
    deny: Annotated[Names, MORE] = ("discipline", "evaluation", "hiring", "replacement", "surveillance", "termination")


class ImpactAssessmentParams(Params):
    """Which impact assessment must be there, and how old it may be."""

    required: Annotated[bool, REQUIRED] = True
    documents: Annotated[Literal["any"] | Digests, FEWER_OR_ANY] = "any"
    max_age: Annotated[Length, SHORTER] = Duration.parse("P12M")


class CollectiveAgreementParams(Params):
    """Which works agreement must be there, where there is a works council."""

    required_if_body_exists: Annotated[bool, REQUIRED] = True
    documents: Annotated[Literal["any"] | Digests, FEWER_OR_ANY] = "any"


class NoticeParams(Params):
    """When and how the subject is told before."""

    lead: Annotated[Length, LONGER] = Duration.parse("P14D")
    acknowledged: Annotated[bool, REQUIRED] = True
    language: Annotated[Literal["subject", "any"], ranked("subject", "any")] = "subject"


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


class NoCovertParams(Params):
    """Of which runs the subject is told."""

    told: Annotated[Literal["every_run"], FIXED] = "every_run"


class DualControlParams(Params):
    """How many officers must have approved, of which roles, and how recently."""

    approvals: Annotated[int, Field(ge=0, le=3), LARGER] = 2
    roles: Annotated[Roles, FEWER] = ("dpo", "hr", "works_council")
    max_age: Annotated[Length, SHORTER] = Duration.parse("P3M")


class JurisdictionParams(Params):
    """Under which sets of rules a run may happen; the country codes say which ones apply."""

    packs: Annotated[Names, FEWER] = ("cn", "eu", "us")


GATES: tuple[GateSpec, ...] = (
    GateSpec(
        "run.legal_basis", True, LegalBasisParams, "GDPR art. 5(1)(a), 6; WP29 Opinion 2/2017; EDPB Guidelines 05/2020"
    ),
    GateSpec("run.purpose", True, PurposeParams, "GDPR art. 5(1)(b); AI Act Annex III point 4(b)"),
    GateSpec("run.impact_assessment", False, ImpactAssessmentParams, "GDPR art. 35(1), 35(9); PIPL art. 55, 56"),
    GateSpec(
        "run.collective_agreement",
        False,
        CollectiveAgreementParams,
        "BetrVG § 87(1) no. 6; AI Act art. 26(7); GDPR art. 88; CJEU C-65/23",
    ),
    GateSpec("run.notice", False, NoticeParams, "GDPR art. 12(1), 13; AI Act art. 26(7); PIPL art. 17"),
    GateSpec("run.local_model", True, LocalModelParams, "GDPR art. 28, 44; PIPL art. 38"),
    GateSpec("run.no_covert", True, NoCovertParams, "ECtHR 61496/08 Bărbulescu v. Romania (2017); GDPR art. 5(1)(a)"),
    GateSpec("run.dual_control", False, DualControlParams, "GDPR art. 5(2), 25"),
    GateSpec("run.jurisdiction", True, JurisdictionParams, "GDPR art. 3, 88; PIPL art. 3"),
)
