"""Where the evaluators stand, by stage and gate id.

A gate may be asked at several stages: a withdrawal stops the run, the reading of records and the release alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from consent.ledger import ChoiceState
from consent.request import ClaimFacts, OutputFacts, RunRequest, SegmentFacts
from consent.verdict import Verdict
from policies.model import Policy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from consent.fact_frame import FactFrame


@dataclass(frozen=True, slots=True)
class RunContext:
    """What run and subject gates see.

    Attributes:
        policy: The policy.
        request: What is to be run.
        choice: Where the subject stands on the purpose, as of `request.now`.
    """

    policy: Policy
    request: RunRequest
    choice: ChoiceState


@dataclass(frozen=True, slots=True)
class RecordContext:
    """What record gates see beside the facts.

    Attributes:
        policy: The policy.
        request: The run.
        choice: Where the subject stands on the purpose, as of `request.now`.
        seed: Seed of the draw of `record.volume`.
        candidates: Rows that the draw is made from.
    """

    policy: Policy
    request: RunRequest
    choice: ChoiceState
    seed: int
    candidates: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class OutputContext:
    """What output gates see.

    Attributes:
        policy: The policy.
        request: The run.
        choice: Where the subject stands on the purpose, as of `request.now`.
        facts: The finished skill.
    """

    policy: Policy
    request: RunRequest
    choice: ChoiceState
    facts: OutputFacts


@dataclass(frozen=True, slots=True)
class Rows:
    """The answer of a record gate: one bit per row for the denial, and one per row and missing fact.

    Attributes:
        deny: True where the gate denies with certainty.
        missing: For each fact that the gate needs, True where it is not known.
    """

    deny: NDArray[np.bool_]
    missing: Mapping[str, NDArray[np.bool_]]


StageContext = RunContext | RecordContext | OutputContext
"""What the gates have in common that are asked at several stages."""

RunGate = Callable[[Any, RunContext], Verdict]
RecordGate = Callable[[Any, "FactFrame", RecordContext], Rows]
SegmentGate = Callable[[Any, SegmentFacts], Verdict]
ClaimGate = Callable[[Any, ChoiceState, ClaimFacts], Verdict]
OutputGate = Callable[[Any, OutputContext], Verdict]

RUN: dict[str, RunGate] = {}
RECORD: dict[str, RecordGate] = {}
SEGMENT: dict[str, SegmentGate] = {}
CLAIM: dict[str, ClaimGate] = {}
"""Output gates that can be asked about a single claim; each of them is asked about the whole skill, too."""
OUTPUT: dict[str, OutputGate] = {}

G = TypeVar("G", bound=Callable[..., Any])


def register(stage: dict[str, G], gate: str) -> Callable[[Callable[..., Any]], G]:
    """Return a decorator that makes a function the evaluator of `gate` at a stage."""

    def add(function: Callable[..., Any]) -> G:
        if gate in stage:
            raise ValueError(f"gate {gate} has two evaluators")
        stage[gate] = cast(G, function)
        return stage[gate]

    return add
