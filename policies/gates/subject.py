"""Subject gates: has this person agreed to this, now?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from policies.duration import Duration
from policies.gates.spec import GateSpec
from policies.parameters import FEWER, FIXED, LONGER, REQUIRED, SHORTER, Length, Params, sorted_unique


class ConsentValidParams(Params):
    """Which state of a consent is good enough."""

    states: Annotated[tuple[Literal["given", "renewed"], ...], BeforeValidator(sorted_unique), FEWER] = (
        "given",
        "renewed",
    )
    signature: Annotated[Literal["verified"], FIXED] = "verified"
    logged: Annotated[Literal[True], FIXED] = True


class ScopeParams(Params):
    """Which digests the signed choices must name exactly."""

    same_policy: Annotated[bool, REQUIRED] = True
    same_model: Annotated[bool, REQUIRED] = True


class ValidityParams(Params):
    """How long a consent may last, and how long a refusal must be left in peace."""

    max: Annotated[Length, SHORTER] = Duration.parse("P12M")
    rest_after_refusal: Annotated[Length, LONGER] = Duration.parse("P6M")


GATES: tuple[GateSpec, ...] = (
    GateSpec(
        id="subject.consent_valid",
        floor=True,
        params=ConsentValidParams,
        worker="Nothing is done unless you said yes with your own key, the yes is in the log, and you have not taken "
        "it back.",
        hr="The worker's consent for this purpose is in force: signed by the enrolled key, logged, and neither "
        "expired, suspended nor withdrawn.",
        source="GDPR art. 7(1); ISO/IEC TS 27560",
    ),
    GateSpec(
        id="subject.scope",
        floor=True,
        params=ScopeParams,
        worker="Only what you ticked counts: this purpose, these sources, this period, these readers, this policy and "
        "this model.",
        hr="Purpose, sources, period, recipients, policy digest and model digest of the run all lie inside the signed "
        "choices.",
        source="GDPR art. 7(2); PIPL art. 14",
    ),
    GateSpec(
        id="subject.validity",
        floor=False,
        params=ValidityParams,
        worker="Your yes ends by itself, and after a no you are left in peace for a while.",
        hr="A consent that was made to last longer than the limit does not count, nor does one that was asked for too "
        "soon after a refusal.",
        source="GDPR art. 5(1)(e), 7(3) and recital 42",
    ),
)
