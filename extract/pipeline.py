"""One extraction, from sources to a sealed draft: each stage is one call, and each stage is logged."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, RefusedError

if TYPE_CHECKING:
    import pandas as pd

    from attest.disposition import Dispositions
    from attest.log import EventLog
    from attest.vault import Vault
    from consent.decide import RunDecision, RunRequest
    from consent.ledger import Ledger as Consents
    from extract.distil.backend import Backend
    from extract.distil.claims import Claim, Distillate, Passage
    from extract.identity import Identities
    from extract.residue import Ledger
    from extract.sources import ReadResult
    from policies.model import Policy

Progress = Callable[[str, int, int], None]
SourcePaths = Mapping[str, Sequence[Path]]

#: Which source (as policies and consents name it) each kind of path on the command line asks for.
ASKED = {"mail": "mail.work", "repo": "vcs.commit", "chat": "chat.public_channel", "docs": "document.file"}
ACTOR = "operator"


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything with a side effect that an extraction needs, opened by the application.

    Attributes:
        log: The event log.
        vault: Salts, by person.
        random: `random(n)` returns n random bytes.
        secret: Workspace secret from which the pseudonym key of an extraction is derived.
        progress: Called with stage, done, total; never with text.
    """

    log: EventLog
    vault: Vault
    random: Callable[[int], bytes]
    secret: bytes
    progress: Progress


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for.

    Attributes:
        request: Subject, purpose, sources, policy, model and moment.
        people: Who is who.
        paths: Source paths by kind: mail, repo, chat, docs.
        seed: Seed of the sampling; logged.
    """

    request: RunRequest
    people: Identities
    paths: SourcePaths
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Gated:
    """Records with a decision for each of them; nothing of them has been used yet."""

    read: ReadResult
    frame: pd.DataFrame
    facts: pd.DataFrame
    reasons: Sequence[tuple[str, ...]]

    @property
    def taken(self) -> list[int]:
        """Rows without a reason to be left out."""
        return [i for i, r in enumerate(self.reasons) if not r]

    def by_reason(self) -> dict[str, int]:
        """Return how many records each reason holds back."""
        return dict(sorted(Counter(r for reasons in self.reasons for r in reasons).items()))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished, sealed extraction; `claims` have not been reviewed yet."""

    extraction_id: str
    claims: tuple[Claim, ...]
    ledger: Ledger
    dispositions: Dispositions
    manifest_index: int
    seal_index: int
    pseudonym: str
    read: ReadResult
    hits: int = 0
    steps: dict[str, int] = field(default_factory=dict)


def decide_run(request: RunRequest, consents: Consents) -> RunDecision:
    """Ask the run and subject gates."""
    from consent import decide

    return decide.decide_run(request.policy, request, consents)


def refuse(decision: RunDecision) -> RefusedError:
    """Return the error for a run that the gates refused: gate ids only."""
    return RefusedError(
        f"refused by {', '.join(decision.reasons)}",
        "`govern policy explain GATE` says what a gate asks; `govern consent status` says what the person agreed to",
    )


def read_and_gate(job: Job, decision: RunDecision, progress: Progress, commit: Callable[[ReadResult], object]) -> Gated:
    """Read every source and decide over every record; `commit` is called in between, before any record gate runs."""
    from consent import decide
    from extract import facts, records
    from extract.sources import open_source, read_all

    sources = [open_source(kind, path) for kind, paths in sorted(job.paths.items()) for path in paths]
    if not sources:
        raise InputError("no source was given", "name at least one of --mail, --repo, --chat, --docs")
    progress("reading", 0, 0)
    read = read_all(sources)
    if not read.records:
        raise InputError("the sources hold no record", "check the paths; `govern doctor` shows what each reader needs")
    commit(read)
    progress("gates", 0, len(read.records))
    frame = records.to_frame(read.records)
    rows = facts.compute(frame, job.people, job.request.subject)
    verdict = decide.decide_records(job.request.policy, rows, decision.choice, job.request)
    return Gated(read, frame, rows, verdict.reasons)


def run(job: Job, consents: Consents, backend: Backend, tools: Tools) -> Sealed:
    """Run one extraction and seal it in the log.

    Raises:
        RefusedError: A run or subject gate says no; that is logged too.
        InputError: The sources cannot be read.
    """
    from attest.disposition import Dispositions, Leaf, commitment, manifest_line
    from attest.events import uuid7
    from attest.merkle import Tree, leaf_hash

    request = job.request
    extraction_id = uuid7(request.now, tools.random)
    head = {"extraction_id": extraction_id, "subject": request.subject, "purpose": request.purpose}

    def emit(kind: str, body: dict[str, Any]) -> int:
        from attest.events import Event

        event = Event.new(kind, ACTOR, {**head, **body}, request.now)
        return tools.log.append([event], key=f"{extraction_id}/{kind}")[0]

    policy = {"id": request.policy.id, "version": request.policy.version, "sha256": request.policy.sha256}
    decision = decide_run(request, consents)
    if not decision.allowed:
        emit("extraction.gated", {"policy": policy, "allowed": False, "reasons": sorted(decision.reasons)})
        raise refuse(decision)

    salts: list[bytes] = []
    commitments: list[str] = []
    manifest: dict[str, Any] = {}

    def commit(read: ReadResult) -> None:
        # Commit, then gate: what there was is fixed before anything decides what is taken.
        salts.extend(tools.random(32) for _ in read.records)
        tools.vault.put(extraction_id, salts, [_persons(r, job.people) for r in read.records])
        commitments.extend(
            commitment(salt, "source", bytes.fromhex(r.raw_digest))
            for salt, r in zip(salts, read.records, strict=True)
        )
        tree = Tree(
            leaf_hash(manifest_line(i, r.source_kind, c))
            for i, (r, c) in enumerate(zip(read.records, commitments, strict=True))
        )
        sources = [
            {"kind": s.kind, "units": s.units, "completeness": s.completeness, "sha256": s.sha256} for s in read.sources
        ]
        manifest.update(root=tree.root().hex(), size=tree.size)
        manifest["index"] = emit(
            "source.manifest",
            {"root": manifest["root"], "size": tree.size, "sources": sources, "defects": read.defects},
        )

    gated = read_and_gate(job, decision, tools.progress, commit)
    taken = gated.taken
    gated_index = emit(
        "extraction.gated",
        {
            "prev": manifest["index"],
            "policy": policy,
            "allowed": True,
            "consent_index": decision.choice.index,
            "seed": job.seed,
            "taken": len(taken),
            "left_out": len(gated.reasons) - len(taken),
            "by_reason": gated.by_reason(),
        },
    )

    tools.progress("redacting", 0, len(taken))
    redactor = _redactor(job, gated, tools.secret)
    originals = [_own_words(gated.read.records[i]) for i in taken]
    redacted = redactor.redact(originals)
    redaction_counts: Counter[str] = Counter()
    for r in redacted:
        redaction_counts.update(r.counts)
    redacted_index = emit(
        "extraction.redacted",
        {"prev": gated_index, "redactor": dict(redactor.info()), "counts": dict(sorted(redaction_counts.items()))},
    )

    distillate = _distil(job, _passages(gated, taken, [r.text for r in redacted]), backend, tools.progress)
    claims, kept_back = _output_gates(job, decision, distillate)

    leaves = []
    position = {row: k for k, row in enumerate(taken)}
    for i, record in enumerate(gated.read.records):
        k = position.get(i)
        changed = k is not None and bool(redacted[k].counts)
        leaves.append(
            Leaf(
                i=i,
                kind=record.source_kind,
                outcome="left_out" if k is None else ("taken_redacted" if changed else "taken"),
                reasons=tuple(gated.reasons[i]),
                authenticity=record.authenticity,
                redactions=dict(redacted[k].counts) if k is not None else {},
                source=commitments[i],
                output=None if k is None else commitment(salts[i], "output", redacted[k].text.encode()),
            )
        )
    dispositions = Dispositions(leaves)

    from attest import canonical
    from extract import residue
    from extract.skill import codec

    ledger = residue.account(leaves, distillate, kept_back)
    tools.progress("scanning again", 0, 0)
    hits = residual_hits({"claims": "\n".join(c.statement + "\n" + _quotes(c) for c in claims)}, redactor)
    distilled_index = emit(
        "extraction.distilled",
        {
            "prev": redacted_index,
            "engine": distillate.engine,
            "claims": len(claims),
            "claims_sha256": hashlib.sha256(codec.to_lines(claims)).hexdigest(),
            "kept_back": kept_back,
            "residual_hits": hits,
        },
    )
    steps = {"gated": gated_index, "redacted": redacted_index, "distilled": distilled_index}
    pseudonym = redactor.token(request.subject) or ""
    seal_index = emit(
        "extraction.sealed",
        {
            "prev": distilled_index,
            "manifest_index": manifest["index"],
            "root": dispositions.root.hex(),
            "size": dispositions.size,
            "counts": dispositions.counts(),
            "steps": steps,
            "ledger_sha256": hashlib.sha256(canonical.dumps(ledger)).hexdigest(),
            "policy": policy,
            "consent_index": decision.choice.index,
            "pseudonym": pseudonym,
        },
    )
    if hits:
        raise RefusedError(
            f"refused by output.residual_pii: the second scan found {hits} places",
            "the draft was not written; add the names that were missed to the people file and run again",
        )
    return Sealed(
        extraction_id=extraction_id,
        claims=claims,
        ledger=ledger,
        dispositions=dispositions,
        manifest_index=manifest["index"],
        seal_index=seal_index,
        pseudonym=pseudonym,
        read=gated.read,
        hits=hits,
        steps=steps,
    )


def residual_hits(texts: Mapping[str, str], redactor: Any) -> int:
    """Return how many places a second scan still finds."""
    from redact.rescan import rescan

    return len(rescan(texts, redactor))


def _own_words(record: Any) -> str:
    own: str = record.own_text()
    return own


def _quotes(claim: Claim) -> str:
    return "\n".join(s.quote for s in claim.evidence)


def _persons(record: Any, people: Identities) -> set[str]:
    # A person who is not in the people file is filed under their address, so that they can be erased as well.
    keys = {k for k in (record.author_key, *record.recipients) if k}
    return {people.resolve(k) or k for k in keys}


def _redactor(job: Job, gated: Gated, secret: bytes) -> Any:
    from redact.directory import Person
    from redact.engine import Redactor

    # One key per extraction. It is derived, never stored: the same sources under the same consent give the same
    # tokens, so that a second run gives the same skill, and other sources give others.
    fingerprint = hashlib.sha256("\n".join(sorted(r.raw_digest for r in gated.read.records)).encode()).digest()
    key = hmac.new(secret, b"pseudonyms\0" + job.request.subject.encode() + fingerprint, hashlib.sha256).digest()
    people = [
        Person(pid=p.pid, names=tuple(p.names), emails=tuple(p.emails), handles=tuple(p.handles))
        for p in job.people.people
    ]
    names = sorted({n for r in gated.read.records for n in (*r.names_seen, r.author_raw) if n})
    profile = str(job.request.policy.gates["segment.pii"].profile)
    return Redactor(people, names, sorted(job.people.work_domains), key, profile=profile)


def _passages(gated: Gated, taken: Sequence[int], texts: Sequence[str]) -> list[Passage]:
    from datetime import date

    from extract.distil.claims import Passage

    threads: dict[str, str] = {}
    passages = []
    for row, text in zip(taken, texts, strict=True):
        record = gated.read.records[row]
        # Thread ids of mail are addresses of sorts: the distiller gets an opaque number.
        thread = threads.setdefault(f"{record.source_kind}/{record.thread_id}", f"t{len(threads):04d}")
        day = date.fromisoformat(str(gated.facts["local_date"].iloc[row]))
        passages.append(Passage(record=row, text=text, source_kind=record.source_kind, thread=thread, day=day))
    return passages


def _distil(job: Job, passages: Sequence[Passage], backend: Backend, progress: Progress) -> Distillate:
    from extract.distil.pipeline import Settings, distil

    support = job.request.policy.gates["output.support"]
    settings = Settings(min_records=int(support.records), min_days=int(support.days))
    return distil(passages, backend, seed=job.seed, settings=settings, progress=progress)


def _output_gates(job: Job, decision: RunDecision, made: Distillate) -> tuple[tuple[Claim, ...], dict[str, int]]:
    from consent import decide

    reasons = decide.claim_reasons(job.request.policy, decision.choice, made.claims)
    kept = tuple(c for c, r in zip(made.claims, reasons, strict=True) if not r)
    # A claim that two gates keep back is counted once, under the first, so that the ledger adds up.
    back = Counter(sorted(r)[0] for r in reasons if r)
    return kept, dict(sorted(back.items()))


def expiry(decision: RunDecision, now: datetime) -> datetime:
    """Return when a skill made under this consent ends: never later than the consent."""
    ends: datetime = decision.choice.expires
    if ends <= now:
        raise RefusedError("refused by output.expiry: the consent has ended", "ask for a renewed consent")
    return ends
