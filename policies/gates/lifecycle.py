"""Lifecycle gates: what happens afterwards?"""

from __future__ import annotations

from typing import Annotated, Literal

from policies.duration import Duration
from policies.gates.spec import GateSpec
from policies.parameters import FIXED, LONGER, SHORTER, Length, Params


class WithdrawalParams(Params):
    """What a withdrawal does, and how soon."""

    effect: Annotated[Literal["next_gate"], FIXED] = "next_gate"
    key_needed: Annotated[Literal[False], FIXED] = False
    erase_within: Annotated[Length, SHORTER] = Duration.parse("P7D")


class CascadeParams(Params):
    """How soon everything that rests on a withdrawn consent is re-derived without it or tombstoned."""

    within: Annotated[Length, SHORTER] = Duration.parse("P7D")


class RawRetentionParams(Params):
    """How long raw material may stay after the run."""

    max: Annotated[Length, SHORTER] = Duration.parse("P0D")


class LogParams(Params):
    """What the log holds of a record, and how long the salts are kept that link it to one."""

    commitments: Annotated[Literal["salted"], FIXED] = "salted"
    keep_min: Annotated[Length, LONGER] = Duration.parse("P6M")
    keep_max: Annotated[Length, SHORTER] = Duration.parse("P3Y")


class AccessParams(Params):
    """How soon a request for access is answered."""

    within: Annotated[Length, SHORTER] = Duration.parse("PT1H")


GATES: tuple[GateSpec, ...] = (
    GateSpec("lifecycle.withdrawal", True, WithdrawalParams, "GDPR art. 7(3), 17; PIPL art. 15"),
    GateSpec("lifecycle.cascade", True, CascadeParams, "GDPR art. 17; EDPB Opinion 28/2024"),
    GateSpec("lifecycle.raw_retention", False, RawRetentionParams, "GDPR art. 5(1)(e)"),
    GateSpec("lifecycle.log", True, LogParams, "GDPR art. 5(1)(e), 5(2), 17; CJEU C-604/22; AI Act art. 26(6)"),
    GateSpec("lifecycle.access", False, AccessParams, "GDPR art. 12(3), 15, 20; PIPL art. 45"),
)
