"""Decides: floor and policy and consent, every gate asked, unknown denied, every reason given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from consent.fact_frame import FactFrame
from consent.gates import (  # noqa: F401 - they register themselves
    lifecycle,
    output,
    output_claims,
    record,
    run,
    run_papers,
    segment,
    subject,
    subject_standing,
)
from consent.gates.registry import (
    CLAIM,
    OUTPUT,
    RECORD,
    RUN,
    SEGMENT,
    OutputContext,
    RecordContext,
    Rows,
    RunContext,
)
from consent.ledger import ChoiceState, Ledger
from consent.reasons import Reasons
from consent.request import ClaimFacts, OutputFacts, RunRequest, SegmentFacts
from consent.verdict import GateResult
from policies.gates.lifecycle import WithdrawalParams
from policies.loader import floor
from policies.model import Policy

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RunDecision:
    """Whether a run may happen.

    Attributes:
        results: The answer of every run, subject and lifecycle gate.
        choice: Where the subject stands on the purpose.
    """

    results: tuple[GateResult, ...]
    choice: ChoiceState

    @property
    def allowed(self) -> bool:
        """Whether no gate objects."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not, sorted."""
        return tuple(sorted({reason for result in self.results for reason in result.reasons}))


@dataclass(frozen=True, slots=True)
class RecordDecision:
    """What becomes of each record.

    Attributes:
        reasons: For each row why it is left out, sorted; empty where it is taken.
        by_reason: Number of rows for each reason, sorted by reason.
        seed: Seed of the draw of `record.volume`, for the log.
    """

    reasons: Reasons
    by_reason: dict[str, int]
    seed: int

    @property
    def taken(self) -> list[int]:
        """Rows that are taken, in order."""
        return self.reasons.without()


def decide_run(policy: Policy, request: RunRequest, ledger: Ledger) -> RunDecision:
    """Return whether a run may happen at all.

    Args:
        policy: The policy; it is never looser than the floor, or it would not have loaded.
        request: What is to be run.
        ledger: The consents, as the log has them now.
    """
    return decide_run_for(policy, request, ledger.state(request.subject or "", request.purpose or "", request.now))


def decide_run_for(policy: Policy, request: RunRequest, choice: ChoiceState) -> RunDecision:
    """Return whether a run may happen if its subject stood so on its purpose: what a preview asks.

    Args:
        policy: The policy.
        request: What is to be run.
        choice: Where the subject stands, or would stand.
    """
    context = RunContext(policy, request, choice)
    return RunDecision(_ask(policy, RUN, context), choice)


def decide_segments(policy: Policy, facts: SegmentFacts) -> tuple[GateResult, ...]:
    """Return whether the redaction of a run's texts is good enough; `transform` lets pass."""
    return _ask(policy, SEGMENT, facts)


def decide_output(
    policy: Policy, facts: OutputFacts, choice: ChoiceState | None, request: RunRequest
) -> list[GateResult]:
    """Return whether a finished skill may be released.

    Args:
        policy: The policy.
        facts: The skill.
        choice: `ledger.state(...)` as it is now; a state from the beginning of the run misses a withdrawal.
        request: The run, with the moment of release as `now`.
    """
    context = OutputContext(policy, request, _choice(choice, request), facts)
    return list(_ask(policy, OUTPUT, context))


def claim_reasons(policy: Policy, choice: ChoiceState | None, claims: Iterable[ClaimFacts]) -> list[tuple[str, ...]]:
    """Return for each claim why it must be left out of the skill, sorted; empty where it may stay."""
    state = choice or ChoiceState("", "")
    found = []
    for claim in claims:
        results = _ask(policy, CLAIM, state, claim)
        found.append(tuple(sorted({reason for result in results for reason in result.reasons})))
    return found


def erase_by(policy: Policy, choice: ChoiceState) -> datetime | None:
    """Return until when what rests on a withdrawn consent must be erased; None where nothing was withdrawn."""
    params = policy.gates["lifecycle.withdrawal"]
    if choice.state not in lifecycle.STOPPED or choice.at is None or not isinstance(params, WithdrawalParams):
        return None
    return params.erase_within.after(choice.at)


def decide_records(
    policy: Policy, facts: pd.DataFrame, choice: ChoiceState | None, request: RunRequest, *, seed: int = 0
) -> RecordDecision:
    """Return for each record why it is left out, or that it is taken.

    Args:
        policy: The policy.
        facts: One row per record, columns as `consent.facts.FACTS` says; row i is record i.
        choice: `ledger.state(...)` as it is now.
        request: The run.
        seed: Seed of the draw of `record.volume`. Take it from the logged manifest, so that nobody can choose it.
    """
    frame = FactFrame(facts)
    context = RecordContext(policy, request, _choice(choice, request), seed)
    group, unsure = _copies(frame)
    cache: dict[tuple[str, Any], Rows | None] = {}
    base = {gate: params for gate, params in floor().gates.items() if gate.startswith("record.")}
    context = replace(context, candidates=_candidates(frame, context, base, group, cache))

    masks: dict[str, Mask] = {}
    for gate, params in policy.gates.items():
        if gate not in RECORD:
            continue
        rows = _rows(gate, params, frame, context, cache)
        if rows is None:
            masks[f"gate_error.{gate}"] = frame.all_rows(True)
            continue
        masks[gate] = rows.deny
        for field, mask in rows.missing.items():
            name = f"missing_fact.{field}"
            masks[name] = masks[name] | mask if name in masks else mask
    if unsure:
        # Which copies belong together is not known, so any row may have a copy that is denied.
        masks["missing_fact.duplicate_of"] = frame.all_rows(True)
    reasons = Reasons.of(masks, group, "duplicate")
    return RecordDecision(reasons, reasons.totals(), seed)


def _choice(choice: ChoiceState | None, request: RunRequest) -> ChoiceState:
    return (choice or ChoiceState(request.subject or "", request.purpose or "")).seen_at(request.now)


def _ask(policy: Policy, stage: Mapping[str, Any], *about: Any) -> tuple[GateResult, ...]:
    results = []
    for gate, params in policy.gates.items():
        if gate in stage:
            try:
                results.append(GateResult.of(gate, stage[gate](params, *about)))
            except Exception:
                results.append(GateResult.error(gate))
    return tuple(results)


def _rows(
    gate: str, params: Any, frame: FactFrame, context: RecordContext, cache: dict[tuple[str, Any], Rows | None]
) -> Rows | None:
    """Return a gate's answer, or None where it failed. The floor's answer serves a policy with equal parameters."""
    if (gate, params) not in cache:
        try:
            cache[gate, params] = RECORD[gate](params, frame, context)
        except Exception:
            cache[gate, params] = None
    return cache[gate, params]


def _copies(frame: FactFrame) -> tuple[NDArray[np.int64], bool]:
    """Return for each row the row of the copy that is kept, and whether that is in doubt anywhere."""
    import numpy as np

    rows = np.arange(frame.size, dtype=np.int64)
    try:
        kept = frame.integers("duplicate_of")
    except Exception:
        return rows, True
    inside = (kept >= 0) & (kept < frame.size)
    target = np.where(inside, kept, rows)
    # The kept copy must itself be kept, or two groups would be one without anyone knowing.
    sound = inside & (target[target] == target)
    return np.where(sound, kept, rows), not bool(sound.all())


def _candidates(
    frame: FactFrame,
    context: RecordContext,
    base: Mapping[str, Any],
    group: NDArray[np.int64],
    cache: dict[tuple[str, Any], Rows | None],
) -> Mask:
    """Return the rows that the floor does not certainly deny; the draw of `record.volume` is made from them.

    A row with a missing fact stays a candidate and wastes its place: if it gave the place up, hiding a fact of one
    record would let another one in.
    """
    import numpy as np

    denied = frame.all_rows(False)
    for gate, params in base.items():
        rows = _rows(gate, params, frame, context, cache)
        if rows is not None:
            denied |= rows.deny
    copies = np.flatnonzero(group != np.arange(frame.size))
    denied[group[copies[denied[copies]]]] = True
    # Of several copies only the kept one can be drawn.
    denied[copies] = True
    return ~denied
