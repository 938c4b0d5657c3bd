"""The receipt of one decision of a person, made from the log as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attest import events
from consent import receipt as receipts
from govern import notices
from govern.errors import UsageError

if TYPE_CHECKING:
    from attest.events import Event
    from attest.log import EventLog
    from consent.ledger import Ledger
    from consent.receipt import Receipt
    from govern.workspace import Workspace


def receipt(
    workspace: Workspace, log: EventLog, subject: str, index: int | None = None, lang: str | None = None
) -> Receipt:
    """Return the receipt of a person's decision.

    Args:
        workspace: The workspace.
        log: Its log; a checkpoint over it is signed.
        subject: The person.
        index: The entry; by default that of the last decision.
        lang: Language of the words for people; by default that of the people file.

    Raises:
        UsageError: There is no such decision of this person.
    """
    ledger = workspace.ledger(log)
    people = workspace.identities()
    # Whoever was taken out of the people file still gets a receipt; a pid that nobody knows is an error.
    person = people.by_pid(subject) if subject in ledger.people() else people.person(subject)
    last = ledger.latest(subject) if index is None else index
    if last is None or not 0 <= last < log.size:
        raise UsageError("there is nothing to give a receipt for", "`govern consent status` shows what the log has")
    entry = log.entry(last)
    event = _event_of(entry, subject)
    note = workspace.sign(log)
    key = _signer(ledger, event)
    return receipts.receipt(
        entry,
        log.proof(last, note).to_bytes(),
        workspace.log_vkey,
        notices=notices.published(log),
        signer=(log.entry(key), log.proof(key, note).to_bytes()) if key is not None else None,
        lang=notices.language(person, lang) if person is not None else lang,
    )


def _event_of(entry: bytes, subject: str) -> Event:
    event = events.parse(entry)
    if not event.type.startswith("consent.") or event.body.get("pid") != subject:
        raise UsageError("this entry is not about a decision of this person", "leave out --entry for the last one")
    return event


def _signer(ledger: Ledger, event: Event) -> int | None:
    """Return the entry that enrolled the key that signed, or None where nothing is signed."""
    envelope = event.body.get("envelope")
    if not isinstance(envelope, dict):
        return None
    ids = {s.get("keyid") for s in envelope.get("signatures", []) if isinstance(s, dict)}
    actors = (str(event.body["pid"]), *(p for p in ledger.people() if p != event.body["pid"]))
    for pid in actors:
        for key in (*ledger.keys(pid), *ledger.passkeys(pid), *ledger.former_passkeys(pid)):
            if key.key_id in ids:
                return key.index
    return None
