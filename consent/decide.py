"""Decides: floor and policy and consent, every gate asked, unknown denied, every reason given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from consent.fact_frame import FactFrame
from consent.gates import lifecycle, output, record, run, segment, subject  # noqa: F401 - they register themselves
from consent.gates.output import category_of, support_of
from consent.gates.registry import (
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
from consent.request import ClaimFacts, OutputFacts, RunRequest, SegmentFacts
from consent.verdict import GateResult, Verdict
from policies.gates.lifecycle import WithdrawalParams
from policies.gates.output import CategoriesParams, SupportParams
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

    reasons: list[tuple[str, ...]]
    by_reason: dict[str, int]
    seed: int

    @property
    def taken(self) -> list[int]:
        """Rows that are taken, in order."""
        return [row for row, reasons in enumerate(self.reasons) if not reasons]


def decide_run(policy: Policy, request: RunRequest, ledger: Ledger) -> RunDecision:
    """Return whether a run may happen at all.

    Args:
        policy: The policy; it is never looser than the floor, or it would not have loaded.
        request: What is to be run.
        ledger: The consents, as the log has them now.
    """
    choice = ledger.state(request.subject or "", request.purpose or "", request.now)
    context = RunContext(policy, request, choice)
    return RunDecision(_ask(policy, RUN, lambda gate, params: RUN[gate](params, context)), choice)


def decide_segments(policy: Policy, facts: SegmentFacts) -> tuple[GateResult, ...]:
    """Return whether the redaction of a run's texts is good enough; `transform` lets pass."""
    return _ask(policy, SEGMENT, lambda gate, params: SEGMENT[gate](params, facts))


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
    return list(_ask(policy, OUTPUT, lambda gate, params: OUTPUT[gate](params, context)))


def claim_reasons(policy: Policy, choice: ChoiceState | None, claims: Iterable[ClaimFacts]) -> list[tuple[str, ...]]:
    """Return for each claim why it must be left out of the skill, sorted; empty where it may stay."""
    state = choice or ChoiceState("", "")
    found = []
    for claim in claims:
        reasons: set[str] = set()
        for gate, params in policy.gates.items():
            if isinstance(params, CategoriesParams):
                reasons.update(GateResult.of(gate, category_of(params, state, claim)).reasons)
            elif isinstance(params, SupportParams):
                reasons.update(GateResult.of(gate, support_of(params, claim)).reasons)
        found.append(tuple(sorted(reasons)))
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
    masks = {reason: _spread(mask, group) for reason, mask in masks.items()}
    if unsure:
        # Which copies belong together is not known, so any row may have a copy that is denied.
        masks["missing_fact.duplicate_of"] = frame.all_rows(True)
    masks["duplicate"] = _not_kept(group)
    return _decision(masks, frame.size, seed)


def _choice(choice: ChoiceState | None, request: RunRequest) -> ChoiceState:
    return (choice or ChoiceState(request.subject or "", request.purpose or "")).seen_at(request.now)


def _ask(policy: Policy, stage: Mapping[str, Any], ask: Callable[[str, Any], Verdict]) -> tuple[GateResult, ...]:
    results = []
    for gate, params in policy.gates.items():
        if gate in stage:
            try:
                results.append(GateResult.of(gate, ask(gate, params)))
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


def _spread(mask: Mask, group: NDArray[np.int64]) -> Mask:
    """Return a mask in which every copy has what any copy has: the strictest gate of all copies counts."""
    import numpy as np

    reached = np.zeros(len(group), dtype=bool)
    reached[group[mask]] = True
    return reached[group]


def _not_kept(group: NDArray[np.int64]) -> Mask:
    import numpy as np

    different: Mask = group != np.arange(len(group))
    return different


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
    denied = frame.all_rows(False)
    for gate, params in base.items():
        rows = _rows(gate, params, frame, context, cache)
        if rows is not None:
            denied |= rows.deny
    return ~_spread(denied, group) & ~_not_kept(group)


def _decision(masks: Mapping[str, Mask], size: int, seed: int) -> RecordDecision:
    import numpy as np

    names = sorted(masks)
    if not size:
        return RecordDecision([], {}, seed)
    # Few combinations of reasons occur; each tuple is built once.
    table = np.stack([masks[name] for name in names], axis=1)
    packed = np.packbits(table, axis=1)
    _, first, inverse = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    tuples = [tuple(name for name, on in zip(names, table[row], strict=True) if on) for row in first]
    reasons = [tuples[i] for i in inverse.reshape(-1)]
    counts: Counter[str] = Counter({name: int(n) for name, n in zip(names, table.sum(axis=0), strict=True) if n})
    return RecordDecision(reasons, dict(sorted(counts.items())), seed)
