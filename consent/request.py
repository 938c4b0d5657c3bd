"""What is to be decided: a run, the redaction of its texts, and the skill that came of it. A None is a missing fact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from consent.approvals import Approval

ModelKind = Literal["in_process", "loopback", "remote"]


def _aware(*moments: datetime | None) -> None:
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        raise ValueError("a moment needs its time zone")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known about people, papers and duties at the moment of a run, beyond what was asked for.

    Attributes:
        employment: States of the subject's employment in force that day: `active`, `probation`, `sick_leave`.
        last_day: The subject's last day; with `employment` known, None means that none is set.
        minor: Whether the subject is a minor.
        language: Language of the subject, as a notice names it: `de`.
        jurisdictions: Country codes of the subject and of the organisation.
        works_council: Whether there is a works council.
        operator: Role id or pseudonym of who runs it.
        manager: Pseudonym of the subject's line manager; "" where there is none.
        approvals: Approvals in force.
        announced: Entry that told the subject of this run.
        state_as_of: Time up to which the log was replayed.
        cascades: Times of the withdrawals whose artefacts are neither re-derived nor tombstoned yet.
        access: Times of the requests for access that are not answered yet.
        raw_kept: Since when raw material of earlier runs is still kept, one time for each run.
        salts: Times of the extractions whose salts are still kept.
    """

    employment: tuple[str, ...] | None = None
    last_day: date | None = None
    minor: bool | None = None
    language: str | None = None
    jurisdictions: tuple[str, ...] | None = None
    works_council: bool | None = None
    operator: str | None = None
    manager: str | None = None
    approvals: tuple[Approval, ...] | None = None
    announced: int | None = None
    state_as_of: datetime | None = None
    cascades: tuple[datetime, ...] | None = None
    access: tuple[datetime, ...] | None = None
    raw_kept: tuple[datetime, ...] | None = None
    salts: tuple[datetime, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse moments without a time zone."""
        _aware(
            self.state_as_of, *(self.cascades or ()), *(self.access or ()), *(self.raw_kept or ()), *(self.salts or ())
        )


UNKNOWN = Circumstances()
"""Nothing is known: every gate that needs a circumstance denies."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One extraction that somebody wants to run.

    Attributes:
        subject: Pseudonymous id of the person whose messages are to be read.
        purpose: What for.
        sources: Kinds of source to be read: `mail.work`.
        recipients: Who may use the skill.
        policy: SHA-256 of the policy that the run names.
        model_kind: Where the model runs.
        model_sha256: Digest of the model file.
        model_address: Numeric address of the model server, with or without scheme and port; None in process.
        now: The moment of the decision.
        circumstances: What is known about people, papers and duties at that moment.
    """

    subject: str | None
    purpose: str | None
    sources: tuple[str, ...] | None
    recipients: tuple[str, ...] | None
    policy: str | None
    model_kind: ModelKind | None
    model_sha256: str | None
    model_address: str | None
    now: datetime
    circumstances: Circumstances = UNKNOWN

    def __post_init__(self) -> None:
        """Refuse a moment without a time zone."""
        _aware(self.now)


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """What is known about the redaction of a run's texts.

    Attributes:
        profile: Redaction profile that was applied.
        engine_sha256: Digest of the redaction engine.
        secrets_removed: Whether credentials were looked for and taken out.
        residual_hits: What a second scan of the redacted texts found.
        dates: `relative` where days were replaced by their distance from another, otherwise `keep`.
    """

    profile: str | None
    engine_sha256: str | None
    secrets_removed: bool | None
    residual_hits: int | None
    dates: str | None


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """What is known about one claim of a skill.

    Attributes:
        id: `c001`.
        category: Output category of its kind: `procedures`.
        records: Number of distinct admitted records that it cites.
        days: Number of distinct days of those.
        review: What the subject said: `accepted`, `corrected`, `struck`; anything else is silence.
        verbatim_words: Length of the longest run of consecutive words that the claim shares with one record it cites.
        keeps: Which of the kinds of knowledge that a person may keep the claim belongs to: `pitfalls`, `judgement`.
    """

    id: str
    category: str | None
    records: int | None
    days: int | None
    review: str | None = None
    verbatim_words: int | None = None
    keeps: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class OutputFacts:
    """What is known about a finished skill.

    Attributes:
        claims: Every claim of the draft, the struck ones included.
        drafted_at: When the draft was ready for the subject.
        reviewed_at: When the subject signed; None while there is silence.
        signature_valid: Whether the subject's signature over the final content holds.
        residual_hits: What a second scan of the finished skill found.
        expires: When the skill ends.
        contested: Whether the subject contests this skill, or the one that it replaces.
        identity: How well the skill tells its author from a peer, 0.5 (not at all) to 1; None where not measured.
        disclosed: Whether the skill says that it is derived from consented work.
        impersonates: Number of places at which the skill speaks as the person, or tells its reader to.
        terms: Whether the skill's terms forbid employment decisions about the subject.
        compensation_ref: Reference to the compensation terms that the skill carries; "" where it carries none.
    """

    claims: tuple[ClaimFacts, ...] | None
    drafted_at: datetime | None
    reviewed_at: datetime | None
    signature_valid: bool | None
    residual_hits: int | None
    expires: datetime | None
    contested: bool | None = None
    identity: float | None = None
    disclosed: bool | None = None
    impersonates: int | None = None
    terms: bool | None = None
    compensation_ref: str | None = None

    def __post_init__(self) -> None:
        """Refuse moments without a time zone."""
        _aware(self.drafted_at, self.reviewed_at, self.expires)
