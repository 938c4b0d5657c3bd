"""Subject gates: has this person agreed to this, now?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from policies.duration import Duration
from policies.gates.spec import GateSpec
from policies.parameters import (
    FEWER,
    FIXED,
    LARGER,
    LONGER,
    MORE,
    REQUIRED,
    SHORTER,
    Length,
    Name,
    Params,
    always,
    ranked,
    sorted_unique,
)

VULNERABLE_STATES = (
    "disciplinary",
    "grievance",
    "improvement_plan",
    "notice",
    "parental_leave",
    "probation",
    "redundancy",
    "sick_leave",
)
"""States of employment in which a yes is not free; a policy can add states and can drop none."""


class ConsentValidParams(Params):
    """Which state of a consent is good enough."""

    states: Annotated[tuple[Literal["given", "renewed"], ...], BeforeValidator(sorted_unique), FEWER] = (
        "given",
        "renewed",
    )
    signature: Annotated[Literal["verified"], FIXED] = "verified"
    logged: Annotated[Literal[True], FIXED] = True
    enrolment: Annotated[Literal["witnessed", "self_signed"], ranked("witnessed", "self_signed")] = "witnessed"


class FreshParams(Params):
    """How old the state of the consent may be that a decision rests on."""

    max_age: Annotated[Length, SHORTER] = Duration.parse("PT15M")


class ScopeParams(Params):
    """Which digests the signed choices must name exactly."""

    same_policy: Annotated[bool, REQUIRED] = True
    same_model: Annotated[bool, REQUIRED] = True


class CoolingOffParams(Params):
    """How much time lies between being told, signing, and the first run."""

    notice_to_signature: Annotated[Length, LONGER] = Duration.parse("P3D")
    signature_to_run: Annotated[Length, LONGER] = Duration.parse("P7D")


class NoDetrimentParams(Params):
    """Whose word counts that a refusal has no consequence, and in how small a group refusals stay hidden."""

    by: Annotated[tuple[Literal["hr", "subject"], ...], BeforeValidator(sorted_unique), FEWER] = ("hr",)
    min_group: Annotated[int, Field(ge=1, le=1_000_000), LARGER] = 10


class ValidityParams(Params):
    """How long a consent may last, and how long a refusal must be left in peace."""

    max: Annotated[Length, SHORTER] = Duration.parse("P12M")
    rest_after_refusal: Annotated[Length, LONGER] = Duration.parse("P6M")


class ExitParams(Params):
    """What the last day of work ends."""

    use_ends_after: Annotated[Length, SHORTER] = Duration.parse("P0D")
    extraction: Annotated[Literal["deny"], FIXED] = "deny"


class VulnerableTimeParams(Params):
    """In which states of employment nothing is read; the list can be added to and never shortened."""

    states: Annotated[tuple[Name, ...], always(VULNERABLE_STATES), BeforeValidator(sorted_unique), MORE] = (
        VULNERABLE_STATES
    )
    minors: Annotated[Literal["deny"], FIXED] = "deny"


class ObjectionParams(Params):
    """What an open objection or restriction does."""

    effect: Annotated[Literal["deny"], FIXED] = "deny"


class DelegateParams(Params):
    """What a mandate to sign for somebody else needs."""

    witnesses: Annotated[int, Field(ge=0, le=10), LARGER] = 2
    max: Annotated[Length, SHORTER] = Duration.parse("P3M")


GATES: tuple[GateSpec, ...] = (
    GateSpec("subject.consent_valid", True, ConsentValidParams, "GDPR art. 7(1); ISO/IEC TS 27560"),
    GateSpec("subject.fresh", True, FreshParams, "GDPR art. 7(3), 25"),
    GateSpec("subject.scope", True, ScopeParams, "GDPR art. 7(2); PIPL art. 14"),
    GateSpec("subject.cooling_off", False, CoolingOffParams, "GDPR art. 4(11), 7(4), recital 42"),
    GateSpec("subject.no_detriment", True, NoDetrimentParams, "GDPR art. 7(4), recital 42; PIPL art. 16"),
    GateSpec("subject.validity", False, ValidityParams, "GDPR art. 5(1)(e), 7(3), recital 42"),
    GateSpec("subject.exit", True, ExitParams, "GDPR art. 5(1)(b), 5(1)(e)"),
    GateSpec("subject.vulnerable_time", True, VulnerableTimeParams, "GDPR art. 7(4), 8, recitals 38, 43"),
    GateSpec("subject.objection", True, ObjectionParams, "GDPR art. 18, 21"),
    GateSpec("subject.delegate", False, DelegateParams, "GDPR art. 4(11), 7(1)"),
)
