"""What a person says without a key and without a reason: a veto over messages with them, a request for access."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from govern.errors import InputError

if TYPE_CHECKING:
    from attest.log import EventLog
    from govern.workspace import Workspace


@dataclass(frozen=True, slots=True, repr=False)
class Bystander:
    """Somebody who may veto.

    Attributes:
        who: As the log names them: pseudonymous id, or a commitment to an address, keyed with the workspace's secret.
        filed: Under which names the vault files them.
    """

    who: str
    filed: tuple[str, ...]

    @property
    def actor(self) -> str:
        """As the actor of an entry."""
        return f"employee:{self.who}" if self.who.startswith("p-") else "bystander"


def bystander(workspace: Workspace, named: str) -> Bystander:
    """Return who is meant by a pseudonymous id, a mail address, or a chat service and an id: `slack:U024BE7LH`.

    Raises:
        PeopleFileError: It is none of these, or nobody has this id.
    """
    from extract.personkeys import mail_key, stated_account_key
    from extract.vetoes import commitment

    people = workspace.identities()
    key = named if named.startswith("slack:") else stated_account_key(named) or mail_key(named.removeprefix("mailto:"))
    pid = people.resolve(key) if key else named
    if pid is None:
        return Bystander(commitment(workspace.pseudonym_secret(), key), (key,))
    person = people.person(pid)
    return Bystander(person.pid, (person.pid, *(k for k in person.keys if not k.startswith("name:"))))


def veto(workspace: Workspace, log: EventLog, who: Bystander, now: datetime, *, lift: bool = False) -> int | None:
    """Log that no message with a person is to be used, or that this ends; return the entry, None where it was so.

    Raises:
        InputError: There is no veto to end.
    """
    in_force = who.who in workspace.ledger(log).vetoes()
    if lift and not in_force:
        raise InputError("there is no veto of this person", "a veto is lifted under the name under which it was given")
    if in_force and not lift:
        return None
    kind = "participant.veto_lifted" if lift else "participant.vetoed"
    return workspace.append(log, kind, who.actor, {"who": who.who}, now)


def ask(workspace: Workspace, log: EventLog, pid: str, now: datetime) -> int:
    """Log that a person asked for what is held about them; return the entry.

    Raises:
        PeopleFileError: Nobody has this id.
    """
    pid = workspace.identities().person(pid).pid
    return workspace.append(log, "access.requested", f"employee:{pid}", {"subject": pid}, now)


def answered(workspace: Workspace, log: EventLog, pid: str, now: datetime) -> list[int]:
    """Log that a person was given what is held about them, once for each request that waits; return the entries."""
    waiting: list[int | None] = list(open_requests(log, pid))
    return [
        workspace.append(log, "access.answered", "operator", {"subject": pid, "request_index": index}, now)
        for index in waiting or [None]
    ]


def open_requests(log: EventLog, pid: str) -> list[int]:
    """Return the requests for access of a person that are not answered yet."""
    waiting: dict[int, None] = {}
    for index, data in log.entries():
        if b'"type":"access.' not in data:
            continue
        entry = json.loads(data)
        if entry["body"].get("subject") != pid:
            continue
        if entry["type"] == "access.requested":
            waiting[index] = None
        elif entry["type"] == "access.answered":
            waiting.pop(entry["body"].get("request_index"), None)
    return list(waiting)
