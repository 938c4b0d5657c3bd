"""Gates over a run and over every record of its sources: decided before anything of a record is used."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from govern.errors import InputError, RefusedError

if TYPE_CHECKING:
    import pandas as pd

    from consent.decide import RunDecision
    from consent.ledger import ChoiceState, Ledger
    from extract.job import Job, Progress, Tools
    from extract.sources import ReadResult


@dataclass(frozen=True, slots=True)
class Gated:
    """Records with a decision for each of them; nothing of them has been used yet.

    Attributes:
        read: What the readers found.
        facts: One row per record, see `consent.facts.FACTS`.
        reasons: For each record why it is left out; empty where it is taken.
        seed: Seed of the draw of `record.volume`.
    """

    read: ReadResult
    facts: pd.DataFrame
    reasons: Sequence[tuple[str, ...]]
    seed: int

    @property
    def taken(self) -> list[int]:
        """Rows without a reason to be left out."""
        return [i for i, r in enumerate(self.reasons) if not r]

    def by_reason(self) -> dict[str, int]:
        """Return how many records each reason holds back."""
        return dict(sorted(Counter(r for reasons in self.reasons for r in reasons).items()))


def decide_run(job: Job, consents: Ledger) -> RunDecision:
    """Ask the run and subject gates."""
    from consent import decide

    return decide.decide_run(job.policy, job.request, consents)


def refuse(reasons: Sequence[str], details: Sequence[str] = ()) -> RefusedError:
    """Return the error for something that gates refused: gate ids and codes only."""
    more = f" ({', '.join(details)})" if details else ""
    return RefusedError(
        f"refused by {', '.join(reasons)}{more}",
        "`govern policy explain GATE` says what a gate asks; `govern consent status` says what the person agreed to",
    )


def suppose(job: Job) -> ChoiceState:
    """Return the consent that would grant all that the policy allows: what a dry run shows before anyone signed."""
    from consent import build, notice
    from consent.keys import EnrolledKey
    from consent.ledger import ChoiceState

    request = job.request
    record = build.given(
        pid=job.subject,
        terms=build.Terms(notice.load(), job.policy, request.model_sha256 or "0" * 64),
        purposes=[request.purpose or ""],
        sources=job.policy.gates["record.source"].values()["allow"],
        categories=job.policy.gates["output.categories"].values()["allow"],
        recipients=request.recipients or (),
        material_from=request.now.date() - timedelta(days=366),
        material_until=request.now.date(),
        now=request.now,
        record_id="00000000-0000-0000-0000-000000000000",
        nonce="0" * 32,
    )
    return ChoiceState(
        pid=job.subject,
        purpose=request.purpose or "",
        state="given",
        record=record,
        choice=record.given(request.purpose or ""),
        key=EnrolledKey(0, "ed25519:" + "0" * 32, bytes(32)),
    )


def read_and_gate(job: Job, choice: ChoiceState, progress: Progress, commit: Callable[[ReadResult], object]) -> Gated:
    """Read every source and decide over every record; `commit` is called in between, before any record gate runs.

    Raises:
        InputError: A source cannot be read, or there is no record in any.
    """
    from consent import decide
    from extract import authenticity, facts, records
    from extract.sources import open_source, read_all

    progress("reading", 0, 0)
    sources = [
        open_source(kind, path, job.checks, job.people) for kind, paths in sorted(job.paths.items()) for path in paths
    ]
    read = read_all(sources, lambda seen: progress("reading", seen, 0), job.checks.custodian)
    if not read.records:
        raise InputError("the sources hold no record", "check the paths; `govern extract --help` says what each reads")
    commit(read)
    progress("gates", 0, len(read.records))
    rows = facts.compute(records.to_frame(read.records), job.people, job.subject)
    seed = int.from_bytes(fingerprint(read)[:6], "big")
    verdict = decide.decide_records(job.policy, rows, choice, job.request, seed=seed)
    return Gated(read, rows, authenticity.hold_failed(read.records, verdict.reasons), seed)


def dry_run(job: Job, consents: Ledger, tools: Tools) -> tuple[RunDecision, Gated]:
    """Decide over everything and keep nothing; that somebody looked is logged, since nobody is read covertly."""
    decision = decide_run(job, consents)
    gated = read_and_gate(job, decision.choice if decision.allowed else suppose(job), tools.progress, lambda read: None)
    tools.emit(
        "extraction.gated",
        {
            "subject": job.subject,
            "purpose": job.request.purpose,
            "policy": job.policy_ref,
            "dry_run": True,
            "allowed": decision.allowed,
            "taken": len(gated.taken),
            "left_out": len(gated.reasons) - len(gated.taken),
        },
        job.request.now,
    )
    return decision, gated


def fingerprint(read: ReadResult) -> bytes:
    """Return a digest of what was read: nobody can choose the draws and tokens that are derived from it."""
    return hashlib.sha256("\n".join(sorted(r.raw_digest for r in read.records)).encode()).digest()
