"""Lifecycle gates: what happens afterwards?"""

from __future__ import annotations

from typing import Annotated, Literal

from policies.duration import Duration
from policies.gates.spec import GateSpec
from policies.parameters import FIXED, SHORTER, Length, Params


class WithdrawalParams(Params):
    """What a withdrawal does, and how soon."""

    effect: Annotated[Literal["next_gate"], FIXED] = "next_gate"
    key_needed: Annotated[Literal[False], FIXED] = False
    erase_within: Annotated[Length, SHORTER] = Duration.parse("P7D")


GATES: tuple[GateSpec, ...] = (
    GateSpec(
        id="lifecycle.withdrawal",
        floor=True,
        params=WithdrawalParams,
        worker="You can take your yes back at any time, without a key and without a reason; it stops the next step and "
        "what was made is erased in time.",
        hr="A withdrawal stops the run at its next gate; what rests on it is erased and re-derived within the limit.",
        source="GDPR art. 7(3), 17",
    ),
)
