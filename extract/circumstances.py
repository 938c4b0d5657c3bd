"""What is known about people, papers and duties at the moment of a run: people file and log, put together anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from extract import employment

if TYPE_CHECKING:
    from consent.ledger import Ledger
    from consent.request import Circumstances
    from extract.identity import Identities, Person


@dataclass(frozen=True, slots=True)
class Duties:
    """What the organisation still owes, as times; None is not known, and denies.

    Attributes:
        cascades: Times of the withdrawals whose artefacts are neither re-derived nor tombstoned yet.
        access: Times of the requests for access that are not answered yet.
        raw_kept: Since when raw material of earlier runs is still kept.
        salts: Times of the extractions whose salts are still kept.
    """

    cascades: tuple[datetime, ...] | None = None
    access: tuple[datetime, ...] | None = None
    raw_kept: tuple[datetime, ...] | None = None
    salts: tuple[datetime, ...] | None = None


def of(
    people: Identities,
    ledger: Ledger,
    subject: str,
    now: datetime,
    *,
    operator: str | None,
    announced: int | None,
    cascades: tuple[datetime, ...] | None,
    access: tuple[datetime, ...] | None,
    raw_kept: tuple[datetime, ...] | None,
    salts: tuple[datetime, ...] | None,
    as_of: datetime | None = None,
) -> Circumstances:
    """Return the circumstances of a run.

    Args:
        people: The people file.
        ledger: The log, replayed just now.
        subject: Pseudonymous id of the person.
        now: The moment of the decision.
        operator: Role id or pseudonym of who runs it.
        announced: Entry that told the subject of this run.
        cascades: See `Duties`.
        access: See `Duties`.
        raw_kept: See `Duties`.
        salts: See `Duties`.
        as_of: Up to when the log was complete where it was replayed; None where it was the log itself, just now.
    """
    from consent.request import Circumstances

    person = people.by_pid(subject)
    return Circumstances(
        employment=None if person is None else _states(person, now),
        last_day=None if person is None else person.last_day,
        minor=None if person is None else person.minor,
        language=None if person is None else person.language or None,
        jurisdictions=_jurisdictions(people, person),
        works_council=people.works_council,
        operator=operator or None,
        manager=None if person is None else person.manager,
        approvals=ledger.approvals(now),
        announced=announced,
        state_as_of=now if as_of is None else as_of,
        cascades=cascades,
        access=access,
        raw_kept=raw_kept,
        salts=salts,
    )


def _states(person: Person, now: datetime) -> tuple[str, ...] | None:
    days = {now.astimezone(UTC).date()}
    if person.timezone:
        days.add(now.astimezone(ZoneInfo(person.timezone)).date())
    return employment.states_on(person.employment, days)


def _jurisdictions(people: Identities, person: Person | None) -> tuple[str, ...] | None:
    # Half of it would leave out the law of the other half, and the strictest of all is to win.
    if person is None or person.jurisdictions is None or people.jurisdictions is None:
        return None
    return tuple(sorted({*people.jurisdictions, *person.jurisdictions}))
