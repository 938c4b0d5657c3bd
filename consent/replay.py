"""What all parts of a replay share: place and clock of the log, what was used before, and what did not count."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

CLOCK_SKEW = timedelta(minutes=10)
"""How far a signed time may lie after the log's own, or before the key's enrolment: clocks differ, and no more than
that."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry, or the part of it about some purposes, that does not count.

    Attributes:
        index: Entry in the log.
        code: Why.
        purposes: The purposes concerned; empty where it is the whole entry.
    """

    index: int
    code: str
    purposes: tuple[str, ...] = ()


@dataclass(slots=True)
class Replay:
    """Where a replay stands.

    Attributes:
        index: The entry being read.
        clock: The latest time of any entry so far: a log's times may run backwards when a clock is set, this never.
        rejected: What did not count.
        nonces: Nonces and ids of everything signed that was read.
        owners: Owner of every public key that was enrolled.
    """

    index: int = -1
    clock: datetime = datetime(1, 1, 1, tzinfo=UTC)
    rejected: list[Rejected] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    owners: dict[bytes, str] = field(default_factory=dict)

    def reject(self, code: str, purposes: tuple[str, ...] = ()) -> None:
        """Note that the entry being read, or its part about some purposes, does not count."""
        self.rejected.append(Rejected(self.index, code, purposes))

    def time_fault(self, signed: datetime, key_since: datetime) -> str | None:
        """Return why a signed time cannot be true, or None: later than the log, or earlier than the key."""
        if signed > self.clock + CLOCK_SKEW:
            return "event_time_in_future"
        return "event_time_before_key" if signed < key_since - CLOCK_SKEW else None
