"""The report to HR: what stands in force and what was made, in numbers from which nobody can be singled out.

Refusals, deferrals, withdrawals and objections are not counted at all: a person who said no looks like one who never
answered. What is counted is hidden where a few people would show, see `govern.suppression`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attest.events import parse, type_of
from govern import suppression
from govern.suppression import MINIMUM, Cell, Table

if TYPE_CHECKING:
    from consent.ledger import Ledger
    from policies.model import Policy

SCHEMA = "govern-hr-report/1"
MIN_GROUP = 10
"""Smallest number of people asked of whom anything is said; the floor of `subject.no_detriment` `min_group`."""

_TOLD = frozenset({"consent.requested", "extraction.gated", "extraction.sealed", "skill.released", "skill.tombstoned"})
#: Gates that hold records back because of what somebody decided: how often says that somebody did.
DECISIONS = frozenset({"record.participant_veto"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the report is made from, counted per person.

    Attributes:
        asked: Who was asked, by purpose.
        agreed: Whose yes stands in force, by purpose and source.
        runs: Number of sealed extractions, without those that took the place of an earlier one.
        released: Number of released skills.
        held_back: Records that each gate held back, by gate and then by person.
        records: Records seen and taken, by person.
    """

    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    agreed: Mapping[Cell, frozenset[str]] = field(default_factory=dict)
    runs: int = 0
    released: int = 0
    held_back: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    records: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """The report.

    Attributes:
        at: The moment that it speaks of.
        min_group: Smallest number of people asked of whom it says anything.
        consents: People whose yes stands in force, by purpose and source, rounded down; a person who agreed to two
            sources counts in both.
        runs: Number of extractions.
        released: Number of released skills.
        gates: Records that gates held back, most first, rounded down; None where it would show a few people.
        records: Records seen and taken, rounded down, or None.
    """

    at: datetime
    min_group: int
    consents: Table
    runs: int
    released: int
    gates: tuple[tuple[str, int | None], ...]
    records: tuple[int, int] | None

    def document(self) -> dict[str, Any]:
        """Return the report as a JSON value; null is a number that is not shown."""
        table = self.consents
        return {
            "schema": SCHEMA,
            "at": self.at.isoformat(),
            "rules": {"min_cell": MINIMUM, "min_group": self.min_group, "rounded_down_to": MINIMUM},
            "in_force": {
                "by_purpose_and_source": {p: {s: table.cells[p, s] for s in table.columns} for p in table.rows},
                "by_purpose": dict(table.row_totals),
                "by_source": dict(table.column_totals),
            },
            "extractions": self.runs,
            "skills_released": self.released,
            "records": None if self.records is None else {"seen": self.records[0], "taken": self.records[1]},
            "held_back_by_gate": [{"gate": gate, "records": count} for gate, count in self.gates],
        }


def gather(entries: Iterable[tuple[int, bytes]], ledger: Ledger, now: datetime) -> Facts:
    """Return what a log says that the report needs.

    Args:
        entries: The log. A run that took another's place is left out with all its numbers: one run more than
            were ordered would say that somebody took something back.
        ledger: The consents of the same log.
        now: The moment to speak of; later events are left out.
    """
    told = [event for _, data in entries if type_of(data) in _TOLD and (event := parse(data)).at <= now]
    again = {event.body.get("replaced_by") for event in told if event.type == "skill.tombstoned"} - {None}
    asked: dict[str, set[str]] = defaultdict(set)
    held: dict[str, Counter[str]] = defaultdict(Counter)
    seen: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for event in told:
        body = event.body
        if body.get("extraction_id") in again:
            continue
        kinds[event.type] += 1
        if event.type == "consent.requested":
            for purpose in body.get("purposes") or ():
                asked[str(purpose)].add(str(body.get("pid")))
        elif event.type == "extraction.gated" and body.get("allowed") and not body.get("dry_run"):
            subject = str(body.get("subject"))
            taken[subject] += body["taken"]
            seen[subject] += body["taken"] + body["left_out"]
            for reason, count in body.get("by_reason", {}).items():
                held[reason][subject] += count
    agreed: dict[Cell, set[str]] = defaultdict(set)
    for pid in ledger.people():
        for purpose, state in ledger.states(pid, now).items():
            if state.live and state.choice is not None:
                for source in state.choice.sources:
                    agreed[purpose, source].add(pid)
    return Facts(
        {purpose: frozenset(people) for purpose, people in asked.items()},
        {cell: frozenset(people) for cell, people in agreed.items()},
        kinds["extraction.sealed"],
        kinds["skill.released"],
        held,
        {subject: (seen[subject], taken[subject]) for subject in seen},
    )


def build(facts: Facts, policy: Policy, now: datetime) -> Report:
    """Return the report.

    Its rows and columns are what the policy allows and what somebody was asked. Were they what stands in force, a
    column that comes or goes would tell that one person agreed or took it back.

    Args:
        facts: What it is made from.
        policy: Names purposes and sources, and the smallest group (`subject.no_detriment`).
        now: The moment that it speaks of.
    """
    detriment = policy.gates.get("subject.no_detriment")
    group = int(detriment.values()["min_group"]) if detriment is not None else MIN_GROUP
    purposes = sorted({*policy.gates["run.purpose"].values()["allow"], *facts.asked})
    sources = sorted(policy.gates["record.source"].values()["allow"])
    counts = {cell: len(people) for cell, people in facts.agreed.items()}
    reached = {
        purpose: len(
            set(facts.asked.get(purpose, ())).union(*(who for (p, _), who in facts.agreed.items() if p == purpose))
        )
        for purpose in purposes
    }

    def hides(cell: Cell, count: int) -> bool:
        # Whoever knows who was asked subtracts: those without a yes must be enough people, too.
        asked = reached[cell[0]]
        return asked < group or count < MINIMUM or asked - count < MINIMUM

    table = _rounded(suppression.suppress(counts, purposes, sources, hides))
    gates = []
    for gate, people in facts.held_back.items():
        if gate in DECISIONS or not gate.startswith("record."):
            continue
        enough = sum(1 for count in people.values() if count) >= MINIMUM
        gates.append((gate, suppression.rounded(sum(people.values())) if enough else None))
    gates.sort(key=lambda item: (-(item[1] or 0), item[0]))
    records = None
    if len(facts.records) >= MINIMUM:
        seen, taken = (sum(pair[i] for pair in facts.records.values()) for i in (0, 1))
        records = (seen - seen % MINIMUM, taken - taken % MINIMUM)
    return Report(now, group, table, facts.runs, facts.released, tuple(gates), records)


def _rounded(table: Table) -> Table:
    def down(counts: Mapping[Any, int | None]) -> dict[Any, int | None]:
        return {key: suppression.rounded(count) for key, count in counts.items()}

    return Table(table.rows, table.columns, down(table.cells), down(table.row_totals), down(table.column_totals))
