"""Where one person stands on one purpose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from consent import states
from consent.keys import EnrolledKey
from consent.mandates import Mandate
from consent.record import ConsentRecord, GivenChoice
from consent.states import State


@dataclass(frozen=True, slots=True)
class ChoiceState:
    """Where one person stands on one purpose.

    Attributes:
        pid: The person.
        purpose: The purpose.
        state: See `consent.states`.
        index: Entry that led to this state, or None while nothing is logged.
        at: Time of that entry, by the log's clock.
        record: The consent in force or last in force, or None. It stays what was signed.
        record_index: Entry that holds that consent.
        choice: The yes to this purpose in `record`, without the sources that were withdrawn since.
        key: The key that signed it.
        refused_at: Time of the last refusal before that consent.
        asked_at: Time of the first request after that refusal.
        notice_at: Time of the request that carried the notice which the record names, or None where none is logged.
        signed_at: Time of the first signature of the unbroken chain of renewals that `record` stands at the end of.
            A renewal that widens anything begins a chain of its own, and so does one out of a suspension.
        objected: Whether an objection or restriction is open.
        mandate: The mandate under which a delegate signed `record`, or None.
    """

    pid: str
    purpose: str
    state: State = "unknown"
    index: int | None = None
    at: datetime | None = None
    record: ConsentRecord | None = field(default=None, repr=False)
    record_index: int | None = None
    choice: GivenChoice | None = field(default=None, repr=False)
    key: EnrolledKey | None = None
    refused_at: datetime | None = None
    asked_at: datetime | None = None
    notice_at: datetime | None = None
    signed_at: datetime | None = None
    objected: bool = False
    mandate: Mandate | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The kinds of source that the yes still covers: what was signed, without what was withdrawn since."""
        return self.choice.sources if self.choice is not None else ()

    @property
    def live(self) -> bool:
        """Whether anything may be processed in this state."""
        return self.state in states.LIVE and self.choice is not None

    @property
    def end(self) -> datetime | None:
        """When the consent ends by itself, or None while there is none."""
        return self.record.end if self.record is not None else None

    @property
    def record_sha256(self) -> str | None:
        """Digest of the consent record, or None while there is none."""
        return self.record.sha256 if self.record is not None else None

    def seen_at(self, now: datetime) -> ChoiceState:
        """Return this state as it is at `now`: a consent that has ended is expired, one from the future unknown."""
        if self.state not in states.LIVE or self.record is None:
            return self
        if now >= self.record.end:
            return replace(self, state="expired")
        # A run replayed at an earlier time must not find a consent that nobody had given yet.
        return self if self.record.start <= now else replace(self, state="unknown")

    def covers(self, record: ConsentRecord, choice: GivenChoice) -> bool:
        """Say whether a renewal stays within this consent; more recent material is what a renewal is for."""
        held, own = self.record, self.choice
        return (
            held is not None
            and own is not None
            and set(choice.sources) <= set(own.sources)
            and set(choice.categories) <= set(own.categories)
            and set(choice.recipients) <= set(own.recipients)
            and choice.from_ >= own.from_
            and set(record.withhold) >= set(held.withhold)
            and record.policy.sha256 == held.policy.sha256
            and record.processing.model_sha256 == held.processing.model_sha256
        )


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal, as it was logged.

    Attributes:
        index: Entry.
        at: When, by the log's clock.
        purposes: The purposes; None for all.
        sources: The kinds of source, where the yes was narrowed and not ended; None for all.
    """

    index: int
    at: datetime
    purposes: tuple[str, ...] | None
    sources: tuple[str, ...] | None
