"""What is to be decided: a run, the redaction of its texts, and the skill that came of it. A None is a missing fact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ModelKind = Literal["in_process", "loopback", "remote"]


def _aware(*moments: datetime | None) -> None:
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        raise ValueError("a moment needs its time zone")


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
    """

    profile: str | None
    engine_sha256: str | None
    secrets_removed: bool | None
    residual_hits: int | None


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """What is known about one claim of a skill.

    Attributes:
        id: `c001`.
        category: Output category of its kind: `procedures`.
        records: Number of distinct admitted records that it cites.
        days: Number of distinct days of those.
        review: What the subject said: `accepted`, `corrected`, `struck`; anything else is silence.
    """

    id: str
    category: str | None
    records: int | None
    days: int | None
    review: str | None = None


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
    """

    claims: tuple[ClaimFacts, ...] | None
    drafted_at: datetime | None
    reviewed_at: datetime | None
    signature_valid: bool | None
    residual_hits: int | None
    expires: datetime | None

    def __post_init__(self) -> None:
        """Refuse moments without a time zone."""
        _aware(self.drafted_at, self.reviewed_at, self.expires)
