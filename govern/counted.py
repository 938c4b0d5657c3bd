"""Append an entry only if it comes to count: the log is replayed with it first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from govern.errors import RefusedError

if TYPE_CHECKING:
    from attest.log import EventLog
    from consent.ledger import Ledger

#: What to do about an entry that would not count, by code of the ledger.
HINTS = {
    "already_ended": "its end lies in the past: give a later --until",
    "already_enrolled": "end the role first: `govern role end`",
    "bad_enrolment": "the key, its witness, and any key before it, sign the same bytes, and nobody else",
    "beyond_mandate": "a delegate agrees to no more than the mandate says, and no longer than it lasts",
    "delegate_is_hr": "somebody of HR cannot sign in a person's place",
    "event_time_before_key": "the time lies before the key was enrolled: check the clock, or --now",
    "event_time_in_future": "the time lies in the future: check the clock, or --now",
    "key_in_use": "one key speaks for one person: make another one",
    "mandate_ended": "the mandate has ended; the person can give another one",
    "mandate_unwitnessed": "two officers, not of HR, witness it first: `govern approve mandate --mandate INDEX`",
    "no_mandate": "nobody gave this delegate a mandate: `govern consent delegate`",
    "no_quorum": "two officers, not of HR, say so first: `govern approve key_lost`",
    "no_transition": "`govern consent status` shows where the person stands; after an end, sign anew",
    "own_key_required": "a key or passkey that speaks for this person signs too; else officers say that it is lost",
    "role_not_entitled": "this kind of approval is not this officer's to give",
    "self_approval": "nobody approves in their own matter",
    "wrong_holder": "an approval is taken back by whoever gave it",
    "witness_is_hr": "whoever asks does not also watch",
    "witness_required": "a new key after a loss, or a role taken up again, needs --witness and --witness-key",
}


def append(
    log: EventLog, kind: str, actor: str, body: dict[str, Any], now: datetime, ledger: Ledger | None = None
) -> tuple[int, Ledger]:
    """Append an event and return its index and the ledger after it.

    Args:
        log: The log.
        kind: Type of the event.
        actor: Who did it.
        body: What it is about.
        now: The moment.
        ledger: A ledger of this log to read on with, instead of replaying the log; it is spoiled by a refusal.

    Raises:
        RefusedError: The ledger would not count it; nothing was written.
    """
    from attest.events import Event
    from consent.ledger import Ledger

    event = Event.new(kind, actor, body, now)
    after = Ledger() if ledger is None else ledger
    after.extend(log.entries(after.size))
    place = after.size
    after.extend([(place, event.to_bytes())])
    codes = sorted({rejected.code for rejected in after.rejected if rejected.index == place})
    if codes:
        after.spoiled = True
        hint = next((HINTS[code] for code in codes if code in HINTS), None)
        if any(code.startswith("older_than_") for code in codes):
            hint = "it was taken back at this very moment, or later: sign again"
        raise RefusedError(f"this would not count: {', '.join(codes)}", hint or "see docs/consent.md, In the log")
    try:
        index = log.append([event])[0]
    except BaseException:
        after.spoiled = True
        raise
    # Another process may have written in between.
    after.spoiled = index != place
    return index, after
