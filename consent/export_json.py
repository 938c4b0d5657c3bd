"""Every consent and refusal of one person as plain JSON: the records as they were signed, and where things stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attest import canonical
from attest.encoding import to_time
from attest.events import Event
from consent.ledger import ChoiceState, Ledger
from consent.record import ConsentRecord, envelope_payload, parse
from govern.errors import GovernError

SCHEMA = "govern-consents/1"


@dataclass(frozen=True, slots=True)
class Happening:
    """One consent event that counts.

    Attributes:
        index: Entry in the log.
        event: `given`, `refused`, `withdrawn` and so on.
        at: When it was logged.
        purposes: The purposes it is about; None for all.
    """

    index: int
    event: str
    at: datetime
    purposes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class History:
    """What one person decided.

    Attributes:
        pid: The person.
        at: The moment of `states`.
        records: Every signed record that counted, by entry.
        events: Every consent event about the person that counted, in the order of the log.
        states: Where the person stands on each purpose.
    """

    pid: str
    at: datetime
    records: Mapping[int, ConsentRecord]
    events: tuple[Happening, ...]
    states: Mapping[str, ChoiceState]

    @property
    def in_force(self) -> tuple[tuple[int, ConsentRecord, tuple[str, ...]], ...]:
        """Entry, record and purposes of every yes that stands."""
        found: dict[int, list[str]] = {}
        for purpose, state in self.states.items():
            if state.live and state.record_index is not None:
                found.setdefault(state.record_index, []).append(purpose)
        return tuple((index, self.records[index], tuple(p)) for index, p in sorted(found.items()))

    @property
    def unfit_for_receipts(self) -> tuple[tuple[int, str], ...]:
        """Entry and purpose of every choice that is no yes in force: a format without a state would misstate it."""
        live = {(index, purpose) for index, _, purposes in self.in_force for purpose in purposes}
        every = {(index, choice.purpose) for index, record in self.records.items() for choice in record.choices}
        return tuple(sorted(every - live))


def history(entries: Iterable[tuple[int, Event]], ledger: Ledger, pid: str, now: datetime) -> History:
    """Return what one person decided.

    Args:
        entries: The consent events of the log with their indexes.
        ledger: The consents of the same log.
        pid: The person.
        now: The moment to speak of.
    """
    void = {rejected.index: rejected.purposes for rejected in ledger.rejected}
    found = []
    for index, event in entries:
        if event.body.get("pid") != pid or not event.type.startswith("consent."):
            continue
        purposes = _purposes(event)
        if index in void:
            left = () if not void[index] or purposes is None else tuple(p for p in purposes if p not in void[index])
            if not left:
                continue
            purposes = left
        found.append(Happening(index, event.type.removeprefix("consent."), event.at, purposes))
    return History(pid, now, dict(ledger.consents(pid)), tuple(found), ledger.states(pid, now))


def document(told: History) -> dict[str, Any]:
    """Return the history as a JSON value."""
    return {
        "schema": SCHEMA,
        "subject": told.pid,
        "at": to_time(told.at),
        "records": [
            {"index": index, "sha256": record.sha256, "record": record.to_document()}
            for index, record in sorted(told.records.items())
        ],
        "events": [
            {
                "index": happening.index,
                "event": happening.event,
                "at": to_time(happening.at),
                "purposes": list(happening.purposes) if happening.purposes is not None else None,
            }
            for happening in told.events
        ],
        "choices": {
            purpose: {
                "state": state.state,
                "index": state.index,
                "until": to_time(state.end) if state.end is not None else None,
            }
            for purpose, state in sorted(told.states.items())
        },
    }


def read(exported: Mapping[str, Any]) -> dict[int, ConsentRecord]:
    """Return the records of `document`, by entry.

    Raises:
        RecordError: One of them is not in its one form.
    """
    return {item["index"]: parse(canonical.dumps(item["record"])) for item in exported["records"]}


def _purposes(event: Event) -> tuple[str, ...] | None:
    listed = event.body.get("purposes")
    if isinstance(listed, list) and listed:
        return tuple(map(str, listed))
    payload = envelope_payload(event.body.get("envelope"))
    try:
        return parse(payload).purposes if payload is not None else None
    except GovernError:
        return None
