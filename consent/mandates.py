"""Mandates: somebody who may sign in another person's place, for a while, for no more than is written there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mandate:
    """A mandate under which a delegate signed.

    Attributes:
        index: Entry that holds it.
        at: When it was logged, by the log's clock.
        until: When it ends.
        witnesses: Ids of the officers who witnessed it, sorted; none of them is HR.
        delegate: Who may sign.
        key_id: Id of the key that the delegate signs with.
        by_subject: Whether the person signed it; otherwise the witnesses vouch for someone who cannot sign.
        purposes: What may be agreed to.
        sources: Kinds of source that may be agreed to.
        categories: Kinds of knowledge that may be agreed to.
        recipients: Who may be named as user of the skill.
        sha256: Digest of the mandate: what the witnesses' approvals name.
    """

    index: int
    at: datetime
    until: datetime
    witnesses: tuple[str, ...]
    delegate: str = ""
    key_id: str = ""
    by_subject: bool = False
    purposes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    sha256: str = field(default="", repr=False)
