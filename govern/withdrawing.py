"""Taking a consent back: what holds at once, and what is cleared away after it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attest.encoding import to_time
from consent import build
from govern import erasure, receipts, rederive, stopping, subjects
from govern.errors import GovernError, UsageError

if TYPE_CHECKING:
    from attest.log import EventLog
    from consent.ledger import Ledger
    from consent.record import ConsentRecord
    from extract.job import Progress
    from govern.passkeys import Signing
    from govern.rederive import Settled
    from govern.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Cleared:
    """What became of the rest of a withdrawal.

    Attributes:
        settled: Each skill and draft that was due: ended, made again, or waiting.
        shredded: Entries that say that salts were destroyed.
        later: Why something is left to the next sweep; "" where nothing is.
        receipt: The person's receipt, see `govern.receipts`.
    """

    settled: tuple[Settled, ...]
    shredded: frozenset[int]
    later: str
    receipt: bytes


def withdraw(
    workspace: Workspace,
    log: EventLog,
    pid: str,
    now: datetime,
    *,
    channel: str,
    purposes: Sequence[str] = (),
    sources: Sequence[str] = (),
    signed: tuple[ConsentRecord, Signing, Mapping[str, Any]] | None = None,
) -> tuple[int, bool]:
    """Log a withdrawal and stop what rests on it; return the entry, and whether it is signed.

    Nothing that is wrong with a signature keeps a withdrawal back.

    Args:
        workspace: The workspace.
        log: Its log.
        pid: The person.
        now: The moment.
        channel: How it came: `command line`, `portal`.
        purposes: What is taken back; empty for everything.
        sources: Kinds of source that may no longer be read; empty where it is the whole yes.
        signed: What `passkeys.begin_withdrawal` returned, and what the browser did.

    Raises:
        UsageError: The person never agreed to one of the sources.
        PeopleFileError: Nobody has this id.
    """
    ledger = workspace.ledger(log)
    # Someone whose line was erased from the people file must still be able to get out.
    if pid not in ledger.people():
        workspace.identities().person(pid)
    _refuse_unknown(ledger, pid, sources)
    body: dict[str, Any] = build.withdrawal(pid, sorted(set(purposes)) or None, channel)
    if sources:
        body["sources"] = sorted(set(sources))
    if signed is not None:
        record, signing, response = signed
        fits = record.event == "withdrawn" and record.subject.pid == pid and not sources
        if fits and set(record.purposes) == set(purposes) and signing.payload == record.to_payload():
            with contextlib.suppress(GovernError):
                body |= build.signed(record, signing.finish(response)).body
    # First of all, and whatever fails after it: it is said, and it holds.
    index = workspace.append(log, "consent.withdrawn", f"employee:{pid}", body, now)
    with contextlib.suppress(GovernError):
        stopping.stop(workspace, log, None, now)
    return index, "envelope" in body


def clear(
    workspace: Workspace,
    log: EventLog,
    pid: str,
    index: int,
    now: datetime,
    progress: Progress,
    *,
    erase: bool = False,
) -> Cleared:
    """End, or make again, what rested on what was taken back; destroy the salts where that was asked for.

    Args:
        workspace: The workspace.
        log: Its log.
        pid: The person.
        index: Entry of the withdrawal.
        now: The moment.
        progress: Is told what is being done.
        erase: Destroy the salts of all the person's records, too.
    """
    shredded: set[int] = set()
    settled: list[Settled] = []
    later = ""
    try:
        stopping.stop(workspace, log, None, now)
        with workspace.vault() as vault:
            if erase:
                who = subjects.asker(workspace, log, vault, pid)
                shredded |= set(erasure.erase(workspace, log, vault, who.filed, now).indexes)
                stopping.stop(workspace, log, vault, now)
            settled = rederive.Sweep(workspace, log, vault, now, progress).run({index, *shredded})
    except GovernError as error:
        # The vault may be with an extraction that runs. It stops at its next gate; the rest is the sweep's.
        later = error.message
    note = workspace.sign(log)
    data = receipts.receipt(log, note, pid, to_time(now), shredded)
    return Cleared(tuple(settled), frozenset(shredded), later, data)


def _refuse_unknown(ledger: Ledger, pid: str, sources: Sequence[str]) -> None:
    known = {s for _, record in ledger.consents(pid) for c in record.choices for s in getattr(c, "sources", ())}
    if unknown := sorted(set(sources) - known):
        # A slip of the pen must not look like a withdrawal that worked.
        raise UsageError(
            f"this person never agreed to {', '.join(unknown)}",
            f"they agreed to: {', '.join(sorted(known)) or 'nothing'}",
        )
