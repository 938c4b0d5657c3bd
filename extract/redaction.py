"""Redaction of the records that the gates let pass: one key per extraction, and a second scan of what came out."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from extract.gating import Gated, fingerprint, refuse
from extract.records import FAILURE

if TYPE_CHECKING:
    from extract.identity import Identities
    from extract.job import Job, Progress, Tools
    from policies.model import Policy
    from redact.directory import Person
    from redact.engine import Redacted, Redactor


def redactor_of(job: Job, gated: Gated, tools: Tools) -> Redactor:
    """Return the redactor of one extraction: it knows the people file and everyone in the headers.

    Args:
        job: What is asked for.
        gated: The records.
        tools: Who reads with the models, and the secret from which the key of the pseudonyms is derived.
    """
    # One key per extraction. It is derived, never stored: the same sources under the same consent give the same
    # tokens, so that a second run gives the same skill, and other sources give others.
    key = hmac.digest(tools.secret, b"pseudonyms\0" + job.subject.encode() + fingerprint(gated.read), "sha256")
    names = sorted({n for r in gated.read.records.light() for n in (*r.names_seen, r.author_raw) if n})
    # Repositories and open channels are named after products, which a model easily takes for people.
    places = sorted({r.container for r in gated.read.records.light() if r.container_kind in ("repo", "public")})
    return _make_redactor(job.people, names, job.policy, key, places, tools)


def scanner(people: Identities, policy: Policy) -> Redactor:
    """Return a redactor for scanning only: it knows the people file, not the headers of a run."""
    return _make_redactor(people, (), policy, bytes(32))


def _make_redactor(
    people: Identities,
    names: Sequence[str],
    policy: Policy,
    key: bytes,
    keep: Sequence[str] = (),
    tools: Tools | None = None,
) -> Redactor:
    from extract.namereading import NameReader
    from redact.engine import MODELS, Redactor, engine_digest

    params = policy.gates["segment.pii"].values()
    models = params["models"]
    # A policy that takes any model gets the one that the project ships.
    packages = MODELS if isinstance(models, str) else {name.partition("_")[0]: name for name in models}
    reader = None if tools is None else NameReader(tools.work, engine_digest(), tools.progress)
    return Redactor(
        known_people(people),
        names,
        sorted(people.work_domains),
        key,
        profile=params["profile"],
        models=packages,
        keep=keep,
        read_entities=reader,
    )


def known_people(people: Identities) -> list[Person]:
    """Return everybody in the people file as a redactor knows them."""
    from redact.directory import Person

    return [
        Person(p.pid, p.names, p.emails, (*p.slack, *(account.partition(":")[2] for account in p.accounts)))
        for p in people.people
    ]


@dataclass(frozen=True, slots=True)
class Redaction:
    """What redaction made of the records that were taken.

    Attributes:
        gated: The records, with those left out in which the second scan still found something.
        texts: The redacted own words by row.
        emotion_segments: How many sentences about feelings were cut out before; no redactor and no model saw them.
    """

    gated: Gated
    texts: dict[int, Redacted]
    emotion_segments: int


def redact_taken(gated: Gated, redactor: Redactor, progress: Progress) -> Redaction:
    """Cut sentences about feelings out of the own words, then redact them and scan what came out once more."""
    from extract import emotion
    from redact.engine import UNREAD

    taken = gated.taken
    progress("redacting", 0, len(taken))
    words = [emotion.own_words(gated.read.records[i]) for i in taken]
    results = dict(zip(taken, redactor.redact([text for text, _ in words]), strict=True))
    # A line that no process could read is in no shape to be used.
    unread = {i for i, result in results.items() if UNREAD in result.counts}
    held = {int(name) for name in residual_hits({str(i): r.text for i, r in results.items()}, redactor)} - unread
    why = {**dict.fromkeys(held, "segment.pii"), **dict.fromkeys(unread, FAILURE)}
    reasons = [tuple(sorted({*r, why[i]})) if i in why else r for i, r in enumerate(gated.reasons)]
    return Redaction(
        replace(gated, reasons=reasons),
        {i: r for i, r in results.items() if i not in why},
        sum(cut for i, (_, cut) in zip(taken, words, strict=True) if i not in why),
    )


def residual_hits(texts: Mapping[str, str], redactor: Redactor, trusted: Sequence[str] = ()) -> list[str]:
    """Return the name of the text for each place that a second scan still finds.

    Args:
        texts: Text by name.
        redactor: The redactor of the run, or `scanner`.
        trusted: Lines that the toolkit itself writes.
    """
    from redact.rescan import rescan

    return [hit.file for hit in rescan(texts, redactor, trusted=trusted)]


def ask_segments(job: Job, info: Mapping[str, Any]) -> None:
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
