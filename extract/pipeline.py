"""One extraction, from sources to a sealed draft: each stage is one call, and each stage is logged."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, RefusedError

if TYPE_CHECKING:
    import pandas as pd

    from attest.disposition import Dispositions
    from attest.log import EventLog
    from attest.vault import Vault
    from consent.decide import RunDecision
    from consent.ledger import ChoiceState
    from consent.ledger import Ledger as Consents
    from consent.request import ClaimFacts, RunRequest
    from extract.distil.backend import Backend
    from extract.distil.claims import Claim, Distillate
    from extract.identity import Identities
    from extract.records import Record
    from extract.residue import Ledger
    from extract.sources import ReadResult
    from extract.sources.reading import Kind
    from policies.model import Policy
    from redact.engine import Redacted

Progress = Callable[[str, int, int], None]
SourcePaths = Mapping["Kind", Sequence[Path]]

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

    def emit(self, kind: str, body: dict[str, Any], now: datetime) -> int:
        """Append one event and return its index."""
        from attest.events import Event

        return self.log.append([Event.new(kind, ACTOR, body, now, random=self.random)])[0]


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for.

    Attributes:
        request: Subject, purpose, sources, model and moment, as the gates see them.
        policy: The policy.
        people: Who is who.
        paths: Source paths by kind: mail, repo, chat, docs.
    """

    request: RunRequest
    policy: Policy
    people: Identities
    paths: SourcePaths

    @property
    def subject(self) -> str:
        """Pseudonymous id of the person."""
        return self.request.subject or ""

    @property
    def policy_ref(self) -> dict[str, Any]:
        """The policy as log entries name it."""
        return {"id": self.policy.id, "version": self.policy.version, "sha256": self.policy.sha256}


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


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished, sealed extraction.

    Attributes:
        extraction_id: Its id.
        claims: The claims; none reviewed.
        ledger: What was taken and what was left out.
        dispositions: The disposition tree.
        manifest_index: Log index of `source.manifest`.
        seal_index: Log index of `extraction.sealed`.
        pseudonym: The token that stands for the subject.
        unreadable: How many files could not be read.
    """

    extraction_id: str
    claims: tuple[Claim, ...]
    ledger: Ledger
    dispositions: Dispositions
    manifest_index: int
    seal_index: int
    pseudonym: str
    unreadable: int


def decide_run(job: Job, consents: Consents) -> RunDecision:
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
    from extract import facts, records
    from extract.sources import open_source, read_all

    progress("reading", 0, 0)
    sources = [open_source(kind, path) for kind, paths in sorted(job.paths.items()) for path in paths]
    read = read_all(sources, lambda seen: progress("reading", seen, 0))
    if not read.records:
        raise InputError("the sources hold no record", "check the paths; `govern extract --help` says what each reads")
    commit(read)
    progress("gates", 0, len(read.records))
    rows = facts.compute(records.to_frame(read.records), job.people, job.subject)
    seed = int.from_bytes(_fingerprint(read)[:6], "big")
    verdict = decide.decide_records(job.policy, rows, choice, job.request, seed=seed)
    return Gated(read, rows, verdict.reasons, seed)


def dry_run(job: Job, consents: Consents, tools: Tools) -> tuple[RunDecision, Gated]:
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


def run(job: Job, consents: Callable[[], Consents], backend: Backend, tools: Tools) -> Sealed:
    """Run one extraction and seal it in the log.

    Args:
        job: What is asked for.
        consents: Returns the consents as the log has them at that moment.
        backend: The language model.
        tools: Everything with a side effect.

    Raises:
        RefusedError: A gate says no; that is logged too.
        InputError: The sources cannot be read.
    """
    from attest import canonical
    from attest.events import uuid7
    from extract import residue
    from extract.skill import codec

    now = job.request.now
    extraction_id = uuid7(now, tools.random)
    head = {"extraction_id": extraction_id, "subject": job.subject, "purpose": job.request.purpose}

    def emit(kind: str, body: dict[str, Any]) -> int:
        return tools.emit(kind, {**head, **body}, now)

    def still_agreed() -> RunDecision:
        # Asked anew before each part of the work: a withdrawal stops the run at the next gate, not after it.
        decision = decide_run(job, consents())
        if not decision.allowed:
            emit("extraction.gated", {"policy": job.policy_ref, "allowed": False, "reasons": list(decision.reasons)})
            raise refuse(decision.reasons)
        return decision

    decision = still_agreed()
    consent_index = decision.choice.record_index

    salts: list[bytes] = []
    commitments: list[str] = []
    manifest_index = -1

    def commit(read: ReadResult) -> None:
        # Commit, then gate: what there was is fixed before anything decides what is taken.
        nonlocal manifest_index
        salts.extend(tools.random(32) for _ in read.records)
        manifest_index = _commit(job, read, salts, commitments, extraction_id, tools, emit)

    gated = read_and_gate(job, decision.choice, tools.progress, commit)
    taken = gated.taken
    gated_index = emit(
        "extraction.gated",
        {
            "prev": manifest_index,
            "policy": job.policy_ref,
            "request": _request_body(job.request),
            "allowed": True,
            "consent_index": consent_index,
            "seed": gated.seed,
            "taken": len(taken),
            "left_out": len(gated.reasons) - len(taken),
            "by_reason": gated.by_reason(),
        },
    )

    redactor = _redactor(job, gated, tools.secret)
    gated, redacted = _redact(gated, redactor, tools.progress)
    counts: Counter[str] = Counter()
    for result in redacted.values():
        counts.update(result.counts)
    redacted_index = emit(
        "extraction.redacted",
        {
            "prev": gated_index,
            "redactor": dict(redactor.info()),
            "counts": dict(sorted(counts.items())),
            "left_out": len(taken) - len(redacted),
        },
    )
    _ask_segments(job, redactor.info())

    still_agreed()
    distillate = _distil(job, gated, redacted, backend, tools.progress)
    still_agreed()
    tools.progress("scanning again", 0, len(distillate.claims))
    claims, kept_back = _output_gates(job, decision, distillate, redactor)
    distilled_index = emit(
        "extraction.distilled",
        {
            "prev": redacted_index,
            "engine": distillate.engine,
            "claims": len(claims),
            "claims_sha256": hashlib.sha256(codec.to_lines(claims)).hexdigest(),
            "kept_back": kept_back,
        },
    )

    dispositions = _dispositions(gated, redacted, salts, commitments)
    ledger = residue.account(dispositions, distillate, kept_back)
    pseudonym = str(redactor.people_tokens().get(job.subject, ""))
    seal_index = emit(
        "extraction.sealed",
        {
            "prev": distilled_index,
            "manifest_index": manifest_index,
            "root": dispositions.root.hex(),
            "size": dispositions.size,
            "counts": dispositions.counts(),
            "steps": {"gated": gated_index, "redacted": redacted_index, "distilled": distilled_index},
            "ledger_sha256": hashlib.sha256(canonical.dumps(ledger)).hexdigest(),
            "policy": job.policy_ref,
            "consent_index": consent_index,
            "pseudonym": pseudonym,
        },
    )
    return Sealed(
        extraction_id=extraction_id,
        claims=claims,
        ledger=ledger,
        dispositions=dispositions,
        manifest_index=manifest_index,
        seal_index=seal_index,
        pseudonym=pseudonym,
        unreadable=len(gated.read.unreadable),
    )


def _commit(
    job: Job,
    read: ReadResult,
    salts: Sequence[bytes],
    commitments: list[str],
    extraction_id: str,
    tools: Tools,
    emit: Callable[[str, dict[str, Any]], int],
) -> int:
    """Put the salts into the vault and the manifest into the log; return its index."""
    from attest.disposition import commitment, manifest_line, manifest_root

    tools.vault.put(extraction_id, salts, [_persons(r, job.people) for r in read.records])
    commitments.extend(
        commitment(salt, "source", bytes.fromhex(r.raw_digest)) for salt, r in zip(salts, read.records, strict=True)
    )
    root = manifest_root(
        manifest_line(i, r.source_kind, c) for i, (r, c) in enumerate(zip(read.records, commitments, strict=True))
    )
    sources = [
        {"kind": s.kind, "units": s.units, "completeness": s.completeness, "sha256": s.sha256, "head": s.head}
        for s in read.sources
    ]
    return emit(
        "source.manifest",
        {"root": root.hex(), "size": len(read.records), "sources": sources, "defects": dict(read.defects)},
    )


def _redact(gated: Gated, redactor: Any, progress: Progress) -> tuple[Gated, dict[int, Redacted]]:
    """Return the redacted own words by row; a record in which the second scan still finds something is left out."""
    taken = gated.taken
    progress("redacting", 0, len(taken))
    results = dict(zip(taken, redactor.redact([gated.read.records[i].own_text() for i in taken]), strict=True))
    held = {int(name) for name in residual_hits({str(i): r.text for i, r in results.items()}, redactor)}
    reasons = [(*r, "segment.pii") if i in held else r for i, r in enumerate(gated.reasons)]
    return replace(gated, reasons=reasons), {i: r for i, r in results.items() if i not in held}


def _dispositions(
    gated: Gated, redacted: Mapping[int, Redacted], salts: Sequence[bytes], commitments: Sequence[str]
) -> Dispositions:
    from attest.disposition import Dispositions, Leaf, commitment

    leaves = []
    for i, record in enumerate(gated.read.records):
        result = redacted.get(i)
        changed = result is not None and bool(result.counts)
        leaves.append(
            Leaf(
                i=i,
                kind=record.source_kind,
                outcome="left_out" if result is None else ("taken_redacted" if changed else "taken"),
                reasons=gated.reasons[i],
                authenticity=record.authenticity,
                redactions={} if result is None else result.counts,
                source=commitments[i],
                output=None if result is None else commitment(salts[i], "output", result.text.encode()),
            )
        )
    return Dispositions(leaves)


def residual_hits(texts: Mapping[str, str], redactor: Any, trusted: Sequence[str] = ()) -> list[str]:
    """Return the name of the text for each place that a second scan still finds.

    Args:
        texts: Text by name.
        redactor: The redactor of the run, or `scanner`.
        trusted: Lines that the toolkit itself writes.
    """
    from redact.rescan import rescan

    return [hit.file for hit in rescan(texts, redactor, trusted=trusted)]


def scanner(people: Identities, policy: Policy) -> Any:
    """Return a redactor for scanning only: it knows the people file, not the headers of a run."""
    return _make_redactor(people, (), policy, bytes(32))


def _ask_segments(job: Job, info: Mapping[str, Any]) -> None:
    """Hold the redaction against the policy; no hit is left, since records with one were left out."""
    from consent import decide
    from consent.request import SegmentFacts

    facts = SegmentFacts(
        profile=str(info["profile"]),
        engine_sha256=str(info["engine_sha256"]),
        secrets_removed=True,
        residual_hits=0,
    )
    reasons = sorted({r for result in decide.decide_segments(job.policy, facts) for r in result.reasons})
    if reasons:
        raise refuse(reasons)


def _request_body(request: RunRequest) -> dict[str, Any]:
    return {
        "sources": sorted(request.sources or ()),
        "recipients": sorted(request.recipients or ()),
        "model_kind": request.model_kind,
        "model_sha256": request.model_sha256,
        "model_address": request.model_address,
    }


def _persons(record: Record, people: Identities) -> set[str]:
    # A person who is not in the people file is filed under their address, so that they can be erased as well.
    keys = {k for k in (record.author_key, *record.recipients) if k}
    return {people.resolve(k) or k for k in keys}


def _fingerprint(read: ReadResult) -> bytes:
    """Return a digest of what was read: nobody can choose the draws and tokens that are derived from it."""
    return hashlib.sha256("\n".join(sorted(r.raw_digest for r in read.records)).encode()).digest()


def _redactor(job: Job, gated: Gated, secret: bytes) -> Any:
    # One key per extraction. It is derived, never stored: the same sources under the same consent give the same
    # tokens, so that a second run gives the same skill, and other sources give others.
    key = hmac.digest(secret, b"pseudonyms\0" + job.subject.encode() + _fingerprint(gated.read), "sha256")
    names = sorted({n for r in gated.read.records for n in (*r.names_seen, r.author_raw) if n})
    # Repositories and open channels are named after products, which a model easily takes for people.
    places = sorted({r.container for r in gated.read.records if r.container_kind in ("repo", "public")})
    return _make_redactor(job.people, names, job.policy, key, places)


def _make_redactor(
    people: Identities, names: Sequence[str], policy: Policy, key: bytes, keep: Sequence[str] = ()
) -> Any:
    from redact.directory import Person
    from redact.engine import LANGUAGES, Redactor

    known = [Person(pid=p.pid, names=p.names, emails=p.emails, handles=p.slack) for p in people.people]
    params = policy.gates["segment.pii"].values()
    models = params["models"]
    # A policy that takes any model gets the one that the project ships.
    languages = LANGUAGES if isinstance(models, str) else {name.partition("_")[0]: name for name in models}
    return Redactor(
        known, names, sorted(people.work_domains), key, profile=params["profile"], languages=languages, keep=keep
    )


def _distil(
    job: Job, gated: Gated, redacted: Mapping[int, Redacted], backend: Backend, progress: Progress
) -> Distillate:
    from datetime import date

    from extract.distil.claims import Passage
    from extract.distil.pipeline import distil
    from extract.distil.settings import Settings

    threads: dict[str, str] = {}
    passages = []
    for row, result in redacted.items():
        record = gated.read.records[row]
        # Thread ids of mail are addresses of sorts: the distiller gets an opaque number.
        thread = threads.setdefault(f"{record.source_kind}/{record.thread_id}", f"t{len(threads):04d}")
        day = date.fromisoformat(str(gated.facts["local_date"].iloc[row]))
        passages.append(Passage(record=row, text=result.text, source_kind=record.source_kind, thread=thread, day=day))
    support: Any = job.policy.gates.get("output.support")
    settings = Settings(min_records=support.records, min_days=support.days) if support else Settings()
    return distil(passages, backend, seed=gated.seed, settings=settings, progress=progress)


def claim_facts(claims: Sequence[Claim]) -> list[ClaimFacts]:
    """Return what the output gates need to know of each claim."""
    from consent.request import ClaimFacts
    from extract.distil.claims import CATEGORY

    return [ClaimFacts(c.id, CATEGORY[c.kind], c.support, c.days, c.review) for c in claims]


def spoken(claim: Claim) -> str:
    """Return all words of a claim: its statement and its quotes."""
    return "\n".join([claim.statement, *(s.quote for s in claim.evidence)])


def _output_gates(
    job: Job, decision: RunDecision, made: Distillate, redactor: Any
) -> tuple[tuple[Claim, ...], dict[str, int]]:
    """Return the claims that may be shown to the subject, and how many each gate kept back."""
    from consent import decide
    from redact.rescan import rescan

    # A claim is read outside its passage, where the detectors may see what they did not see inside it.
    hit = {found.file for found in rescan({c.id: spoken(c) for c in made.claims}, redactor)}
    reasons = [
        (*gates, *(("output.residual_pii",) if claim.id in hit else ()))
        for claim, gates in zip(
            made.claims, decide.claim_reasons(job.policy, decision.choice, claim_facts(made.claims)), strict=True
        )
    ]
    kept = tuple(c for c, r in zip(made.claims, reasons, strict=True) if not r)
    # A claim that two gates keep back is counted once, under the first, so that the ledger adds up.
    back = Counter(r[0] for r in reasons if r)
    return kept, dict(sorted(back.items()))
