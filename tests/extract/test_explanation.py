"""Explanations: what the vault keeps of each record decides again as the run did, for every record of the sample."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from extract import explanation, gating, identity, kept_facts
from extract.explanation import Explanation
from extract.job import Job
from extract.kept_facts import Kept
from extract.vetoes import Vetoes

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "workplace"
NOW = datetime(2026, 10, 19, 7, 0, tzinfo=UTC)


class Run:
    """The sample, gated once; a veto is in force, and so is a small limit of records where a test asks for one."""

    def __init__(self, limit: int | None = None) -> None:
        from consent.request import RunRequest
        from policies import loader

        people = identity.load(SAMPLE / "identities.yaml")
        policy = loader.load("worker_protection")
        if limit is not None:
            volume = policy.gates["record.volume"].model_copy(update={"max": limit})
            policy = replace(policy, gates={**policy.gates, "record.volume": volume})
        request = RunRequest(
            subject=people.people[0].pid,
            purpose="knowledge_transfer",
            sources=("chat.public_channel", "mail.work", "vcs.commit"),
            recipients=("team:own",),
            policy=policy.sha256,
            model_kind="in_process",
            model_sha256="0" * 64,
            model_address=None,
            now=NOW,
        )
        paths: Any = {
            "chat": [SAMPLE / "chat" / "export.zip"],
            "docs": [SAMPLE / "docs"],
            "mail": [SAMPLE / "mail" / "archive.mbox"],
            "repo": [SAMPLE / "repo.bundle"],
        }
        self.job = Job(request, policy, people, paths)
        self.choice = gating.suppose(self.job)
        vetoes = Vetoes(frozenset({people.people[1].pid}), b"secret")
        self.gated = gating.read_and_gate(self.job, self.choice, vetoes, lambda *_: None, lambda *_: None)
        # As redaction does: one record is left out late.
        late = self.gated.taken[0]
        reasons = [("segment.pii",) if i == late else tuple(r) for i, r in enumerate(self.gated.reasons)]
        self.reasons = reasons
        after = replace(self.gated, reasons=reasons)
        self.kept = [kept_facts.parse(data) for data in kept_facts.rows(self.gated, after)]

    def explain(self, row: int, without: frozenset[int] = frozenset()) -> Explanation:
        """Decide over a record again, as if some of its copies had been erased."""
        kept: dict[int, Kept] = {i: self.kept[i] for i in sorted({row, *self.kept[row].copies}) if i not in without}
        record = self.gated.read.records[row]
        return explanation.explain(
            row, kept, self.job.policy, self.choice, self.job.request, authenticity=record.authenticity
        )


@pytest.fixture(scope="module")
def run() -> Run:
    return Run()


@pytest.mark.parametrize("limit", [None, 50])
def test_every_record_of_the_sample_is_decided_again_as_it_was(limit: int | None, run: Run) -> None:
    made = run if limit is None else Run(limit)
    assert len(made.kept) > 600
    found = {reason for reasons in made.reasons for reason in reasons}
    assert {"record.participant_veto", "record.third_party", "duplicate", "segment.pii"} <= found
    assert ("record.volume" in found) == (limit is not None)
    some = range(0, len(made.reasons), 1 if limit is None else 5)
    differ = [i for i in some if not made.explain(i).equals(made.reasons[i])]
    assert differ == []


def test_the_gates_say_together_what_the_reasons_say(run: Run) -> None:
    for i in range(0, len(run.kept), 7):
        made = run.explain(i)
        assert {reason for each in made.gates for reason in each.reasons} == set(made.reasons)
        assert len({each.gate for each in made.gates}) == len(made.gates) > 10


def test_a_reason_that_an_erased_copy_brought_is_not_made_up(run: Run) -> None:
    (copy,) = [i for i, each in enumerate(run.kept) if len(each.copies) > 1 and i != each.copies[0]][:1]
    kept_row = run.kept[copy].copies[0]
    assert run.explain(copy).complete
    alone = run.explain(copy, frozenset({kept_row}))
    assert not alone.complete
    assert "duplicate" not in alone.reasons
    assert alone.equals(run.reasons[copy])


def test_changed_facts_are_told_from_those_of_the_run(run: Run) -> None:
    row = run.gated.taken[1]
    kept = run.kept[row]
    night = replace(kept, facts={**kept.facts, "local_minute": 3 * 60})
    again = explanation.explain(row, {row: night}, run.job.policy, run.choice, run.job.request)
    assert again.reasons == ("record.working_time",)
    assert not again.equals(run.reasons[row])


def test_what_is_kept_holds_codes_and_no_text(run: Run) -> None:
    rows = kept_facts.rows(run.gated, run.gated)
    text = b"\n".join(rows).decode()
    assert max(map(len, rows)) < 4096
    words = {r.text.strip().split("\n")[0] for r in run.gated.read.records if len(r.text) > 80}
    assert [w for w in words if len(w) > 30 and w in text] == []


def test_a_fact_that_was_never_kept_is_unknown(run: Run) -> None:
    from attest import canonical

    row = run.gated.taken[1]
    value = canonical.loads(kept_facts.rows(run.gated, run.gated)[row])
    del value["facts"]["minor"]
    kept = kept_facts.parse(canonical.dumps(value))
    again = explanation.explain(row, {row: kept}, run.job.policy, run.choice, run.job.request)
    assert "missing_fact.minor" in again.reasons


def test_an_unreadable_gate_denies(run: Run) -> None:
    row = run.gated.taken[1]
    kept = run.kept[row]
    broken = replace(kept, facts={**kept.facts, "special_category": (1,)})
    again = explanation.explain(row, {row: broken}, run.job.policy, run.choice, run.job.request)
    assert "gate_error.record.special_category" in again.reasons
    assert (
        SimpleNamespace(**{a.gate.replace(".", "_"): a.answer for a in again.gates}).record_special_category == "error"
    )
