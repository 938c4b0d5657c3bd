"""What officers sign for others: an approval is put together, signed elsewhere, and entered in the log."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attest.approval import MAY_SIGN, NEEDS, Statement
from govern.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from attest.log import EventLog
    from consent.approvals import Officer
    from consent.ledger import Ledger
    from govern.workspace import Workspace

#: Options that give what an approval of some kinds must say.
OPTIONS = {
    "subject": "--subject",
    "sha256": "--document, or for a mandate --mandate",
    "dated": "--dated",
    "ref": "--ref",
}


def statement(
    officer: Officer,
    kind: str,
    now: datetime,
    *,
    subject: str | None = None,
    purpose: str | None = None,
    policy: str | None = None,
    sha256: str | None = None,
    dated: datetime | None = None,
    ref: str = "",
    until: datetime | None = None,
) -> Statement:
    """Return what an officer is to sign.

    Raises:
        UsageError: Something is missing without which it means nothing.
        RefusedError: Officers of this role do not sign this.
    """
    named = {"subject": subject, "sha256": sha256, "dated": dated, "ref": ref}
    if missing := [OPTIONS[name] for name in NEEDS.get(kind, ()) if not named[name]]:
        raise UsageError(f"an approval of kind {kind} needs {' and '.join(missing)}", "it means nothing without")
    if officer.role not in MAY_SIGN[kind]:
        raise RefusedError(f"an approval of kind {kind} does not count from this role", "`govern role list`")
    return Statement(
        kind=kind,
        holder=officer.holder,
        role=officer.role,
        nonce=secrets.token_hex(16),
        at=now,
        until=until,
        subject=subject,
        purpose=purpose,
        policy=policy,
        sha256=sha256,
        dated=dated,
        ref=ref,
    )


def give(
    workspace: Workspace, log: EventLog, said: Statement, body: Mapping[str, Any], now: datetime
) -> tuple[int, Ledger]:
    """Log an approval that was signed; return its index and the ledger after it. What it makes invalid stops at once.

    Raises:
        RefusedError: It would not count.
    """
    from govern import counted, stopping

    index, after = counted.append(log, "approval.given", f"{said.role}:{said.holder}", dict(body), now)
    if said.kind == "invalidation":
        stopping.stop(workspace, log, None, now)
    return index, after


def withdraw(log: EventLog, holder: str, index: int, channel: str, now: datetime) -> int:
    """Log that an officer takes an approval back; return the index. No key is needed: it only takes away.

    Raises:
        RefusedError: There is no such approval of this officer.
    """
    from govern import counted

    body = {"index": index, "holder": holder, "channel": channel}
    return counted.append(log, "approval.withdrawn", f"officer:{holder}", body, now)[0]
