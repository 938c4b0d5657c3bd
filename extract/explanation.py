"""Why a record was taken or left out: its stored facts decided over again, gate by gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from extract.kept_facts import VOLUME, frame

if TYPE_CHECKING:
    import pandas as pd

    from consent.ledger import ChoiceState
    from consent.request import RunRequest
    from extract.kept_facts import Kept
    from policies.model import Policy

Answer = Literal["pass", "deny", "unknown", "error"]
RESIDUAL = "segment.pii"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one gate says of a record.

    Attributes:
        gate: Gate id, or `duplicate`: no gate, and a ground to leave a record out.
        answer: `deny` and `unknown` leave it out.
        missing: Facts that the gate lacks.
        by_copy: Whether it is a copy of the record that the gate objects to, and not the record itself.
    """

    gate: str
    answer: Answer
    missing: tuple[str, ...] = ()
    by_copy: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """What it adds to the reasons."""
        own = {"deny": (self.gate,), "error": (f"gate_error.{self.gate}",)}.get(self.answer, ())
        return (*own, *(f"missing_fact.{name}" for name in self.missing))


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the gates say of one record, decided over again.

    Attributes:
        row: The record's place in the manifest.
        gates: Every gate, in the order of the policy.
        reasons: Why it is left out, sorted; empty where it is taken.
        complete: Whether the facts of all its copies are still there; reasons that an erased copy brought cannot be
            explained any more.
    """

    row: int
    gates: tuple[Asked, ...]
    reasons: tuple[str, ...]
    complete: bool

    def equals(self, logged: Sequence[str]) -> bool:
        """Say whether this is what a leaf says; of an incomplete explanation, that it says no more than the leaf."""
        return self.reasons == tuple(logged) if self.complete else set(self.reasons) <= set(logged)


def explain(
    row: int,
    kept: Mapping[int, Kept],
    policy: Policy,
    choice: ChoiceState,
    request: RunRequest,
    *,
    authenticity: str = "",
) -> Explanation:
    """Decide over one record again.

    Args:
        row: The record's place in the manifest.
        kept: What is kept of it and of its copies, by row, in the order of the extraction.
        policy: The policy of the run.
        choice: Where the subject stood then.
        request: The run.
        authenticity: The record's level, which its leaf states; `F` leaves it out.
    """
    from consent import decide
    from extract.authenticity import FAILED
    from extract.records import FAILURE

    facts = frame(kept)
    place = list(kept).index(row)
    # The draw was made among all records of the run; over a handful nothing is drawn, so it is taken from what is kept.
    drawn = all(each.drawn for each in kept.values())
    again = set(decide.decide_records(policy, facts, choice, request).reasons[place]) - {VOLUME}
    asked = [_ask(gate, place, policy, facts, choice, request) for gate in _record_gates(policy)]
    asked = [_volume(each, drawn) if each.gate == VOLUME else each for each in asked]
    if not drawn:
        again.add(VOLUME)
    if "duplicate" in again:
        asked.append(Asked("duplicate", "deny"))
    if authenticity == "F":
        again.add(FAILED)
        asked.append(Asked(FAILED, "deny"))
    if kept[row].residual:
        again.add(RESIDUAL)
        asked.append(Asked(RESIDUAL, "deny"))
    if kept[row].failed:
        again.add(FAILURE)
        asked.append(Asked(FAILURE, "deny"))
    return Explanation(row, tuple(asked), tuple(sorted(again)), set(kept) >= set(kept[row].copies))


def _volume(asked: Asked, drawn: bool) -> Asked:
    return replace(asked, answer="pass" if drawn else "deny", by_copy=False)


def _record_gates(policy: Policy) -> list[str]:
    from consent.gates.registry import RECORD

    return [gate for gate in policy.gates if gate in RECORD]


def _ask(gate: str, place: int, policy: Policy, facts: pd.DataFrame, choice: ChoiceState, request: RunRequest) -> Asked:
    """Return what one gate says of the record; a gate that objects to a copy objects to the record."""
    from consent.fact_frame import FactFrame
    from consent.gates.registry import RECORD, RecordContext

    rows = FactFrame(facts)
    context = RecordContext(policy, request, choice.seen_at(request.now), 0, rows.all_rows(True))
    try:
        found = RECORD[gate](policy.gates[gate], rows, context)
    except Exception:
        return Asked(gate, "error")
    missing = tuple(sorted(name for name, mask in found.missing.items() if mask.any()))
    own = bool(found.deny[place]) or any(bool(mask[place]) for mask in found.missing.values())
    answer: Answer = "deny" if found.deny.any() else "unknown" if missing else "pass"
    return Asked(gate, answer, missing, answer != "pass" and not own)
