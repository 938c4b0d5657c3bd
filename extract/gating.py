"""Gates over a run and over every record of its sources: decided before anything of a record is used."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from extract import circumstances
from govern.errors import InputError, RefusedError

if TYPE_CHECKING:
    import pandas as pd

    from consent.decide import RunDecision
    from consent.ledger import ChoiceState, Ledger
    from consent.request import RunRequest
    from extract.job import Job, Progress, Tools, Work
    from extract.records import Record
    from extract.sources import ReadResult
    from extract.vetoes import Vetoes


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
        return _reasons(self.reasons)

    def by_source(self) -> dict[str, dict[str, Any]]:
        """Return for each kind of source how many records are taken and left out, and how many each reason holds back.

        Shape: `{kind: {"taken": n, "left_out": n, "by_reason": {reason: n}}}`; a record can have several reasons.
        """
        kinds: dict[str, list[tuple[str, ...]]] = {}
        for record, reasons in zip(self.read.records.light(), self.reasons, strict=True):
            kinds.setdefault(record.source_kind, []).append(reasons)
        return {
            kind: {
                "taken": sum(not reasons for reasons in found),
                "left_out": sum(bool(reasons) for reasons in found),
                "by_reason": _reasons(found),
            }
            for kind, found in sorted(kinds.items())
        }


def _reasons(found: Iterable[tuple[str, ...]]) -> dict[str, int]:
    return dict(sorted(Counter(reason for reasons in found for reason in reasons).items()))


@dataclass(frozen=True, slots=True)
class Announced:
    """A run of which its subject is told.

    Attributes:
        extraction_id: Its id.
        index: Entry that tells.
    """

    extraction_id: str
    index: int


def announce(job: Job, tools: Tools, *, dry_run: bool) -> Announced:
    """Log that somebody is about to read a person's messages: before anything is read, and also for a dry run."""
    from attest.events import uuid7

    extraction_id = job.extraction_id or uuid7(job.request.now, tools.random)
    body = {"extraction_id": extraction_id, "subject": job.subject, "purpose": job.request.purpose, "dry_run": dry_run}
    return Announced(extraction_id, tools.emit("extraction.announced", body, job.request.now))


def asked_now(job: Job, consents: Ledger, announced: int | None) -> RunRequest:
    """Return what is asked for, with the circumstances as they are now.

    Args:
        job: What is asked for.
        consents: The log, replayed just now.
        announced: Entry that told the subject of this run.
    """
    duties = job.duties()
    return replace(
        job.request,
        circumstances=circumstances.of(
            job.people,
            consents,
            job.subject,
            job.request.now,
            operator=job.operator,
            announced=announced,
            cascades=duties.cascades,
            access=duties.access,
            raw_kept=duties.raw_kept,
            salts=duties.salts,
        ),
    )


def decide_run(job: Job, consents: Ledger, announced: int | None = None) -> RunDecision:
    """Ask the run and subject gates, over the circumstances as they are now."""
    from consent import decide

    return decide.decide_run(job.policy, asked_now(job, consents, announced), consents)


def refuse(reasons: Sequence[str], details: Sequence[str] = ()) -> RefusedError:
    """Return the error for something that gates refused: gate ids and codes only, and never why no consent is there."""
    from consent import neutral

    shown = neutral.details_for_operator(reasons, details)
    more = f" ({', '.join(shown)})" if shown else ""
    return RefusedError(
        f"refused by {', '.join(neutral.for_operator(reasons))}{more}",
        "`govern policy explain GATE` says what a gate asks; why a consent is not in force is the person's to say",
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
        key=EnrolledKey(0, "ed25519:" + "0" * 32, bytes(32), "supposed"),
        notice_at=request.now - timedelta(days=366),
        signed_at=request.now - timedelta(days=183),
    )


class Excluded:
    """Drops what was withdrawn, as if the sources had never held it.

    Attributes:
        count: How many records were dropped.
    """

    def __init__(self, job: Job) -> None:
        self._digests, self._sources, self._people = job.without, job.without_sources, job.people
        self._keys = frozenset(job.people.person(job.subject).keys)
        self.count = 0

    def __call__(self, records: Sequence[Record]) -> list[Record]:
        """Return the records that stay."""
        from extract.facts import source_of

        kept = [
            record
            for record in records
            if record.raw_digest not in self._digests
            and not (self._sources and source_of(record, self._keys, self._people) in self._sources)
        ]
        self.count += len(records) - len(kept)
        return kept


def read_and_gate(
    job: Job,
    choice: ChoiceState,
    vetoes: Vetoes,
    progress: Progress,
    commit: Callable[[ReadResult, int], object],
    work: Work | None = None,
) -> Gated:
    """Read every source and decide over every record.

    Args:
        job: What is asked for.
        choice: Where the subject stands.
        vetoes: Who vetoed.
        progress: Called with stage, done, total.
        commit: Called before any record gate runs, with what was read and how many records were excluded.
        work: Who reads, and where the records lie meanwhile; None reads here and keeps them in memory.

    Raises:
        InputError: A source cannot be read, or there is no record in any.
    """
    from consent import decide
    from extract import authenticity, facts
    from extract.job import Work
    from extract.sources import open_source, read_all

    progress("reading", 0, 0)
    sources = [
        open_source(kind, path, job.checks, job.people) for kind, paths in sorted(job.paths.items()) for path in paths
    ]
    excluded = Excluded(job)
    work = work or Work()
    read = read_all(
        sources,
        lambda seen: progress("reading", seen, 0),
        job.checks.custodian,
        excluded,
        work.executor,
        work.parts,
    )
    if not read.records:
        raise InputError("the sources hold no record", "check the paths; `govern extract --help` says what each reads")
    commit(read, excluded.count)
    progress("gates", 0, len(read.records))
    rows = facts.compute(read.records.marked, job.people, job.subject, vetoes)
    seed = int.from_bytes(fingerprint(read)[:6], "big")
    verdict = decide.decide_records(job.policy, rows, choice, job.request, seed=seed)
    return Gated(read, rows, authenticity.hold_failed(read.records.light(), verdict.reasons), seed)


def dry_run(job: Job, consents: Ledger, tools: Tools) -> tuple[RunDecision, Gated]:
    """Decide over everything and keep nothing; that somebody looked is logged first, since nobody is read covertly."""
    from extract.vetoes import Vetoes

    announced = announce(job, tools, dry_run=True)
    decision = decide_run(job, consents, announced.index)
    choice = decision.choice if decision.allowed else suppose(job)
    vetoes = Vetoes.of(consents, tools.secret)
    gated = read_and_gate(job, choice, vetoes, tools.progress, lambda read, excluded: None, tools.work)
    tools.emit(
        "extraction.gated",
        {
            "extraction_id": announced.extraction_id,
            "prev": announced.index,
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
    return hashlib.sha256("\n".join(sorted(r.raw_digest for r in read.records.light())).encode()).digest()
