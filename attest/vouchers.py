"""Looks up in the log who vouches for the keys and consents of a skill, so that the skill can carry it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attest import canonical, enrolment, events, evidence, passkey, role_passkey
from attest.encoding import from_base64
from govern.errors import GovernError

if TYPE_CHECKING:
    from attest.events import Event
    from attest.log import EventLog

_OURS = re.compile(
    rb'"type":"(?:role\.enrolled|role\.passkey_enrolled|passkey\.enrolled|mandate\.given|approval\.given)"'
)


def entries(log: EventLog, signed: Sequence[int], keys: Sequence[int], passkeys: Sequence[int] = ()) -> dict[str, int]:
    """Return the entries that vouch for keys and signed entries, by the name of the file that holds each.

    They are the enrolments of the officers who witnessed a key, and their passkeys, the passkeys that signed an entry,
    the mandate under which a delegate signed, and the approvals of that mandate. What is not in the log is left out;
    the verifier says so.

    Args:
        log: The event log.
        signed: Indexes of consents and responses.
        keys: Indexes of the enrolments of keys.
        passkeys: Indexes of the enrolments of passkeys that signed something outside the log.
    """
    witnessed = [(index, enrolment.named_witness(_event(log, index).body)) for index in keys]
    delegated = [(index, *who) for index in signed if (who := _delegate(_event(log, index))) is not None]
    by_passkey = [(index, name) for index in signed for name in _passkeys(_event(log, index))]
    by_passkey += [(index + 1, str(_event(log, index).body.get("key_id"))) for index in passkeys]
    wanted: list[tuple[int, str]] = [(index, name) for index, name in witnessed if name]
    if not wanted and not delegated and not by_passkey:
        return {}
    last = max([*(i for i, _ in wanted), *(i for i, _, _ in delegated), *(i for i, _ in by_passkey)])
    papers = [(index, events.parse(data)) for index, data in log.entries(0, last) if _OURS.search(data)]
    found: dict[str, int] = {}
    by_officer: list[tuple[int, str]] = []
    for before, pid, delegate in delegated:
        mandate = _last(papers, before, "mandate.given", {"pid": pid, "delegate": delegate})
        if mandate is None:
            continue
        found[evidence.mandate_file(mandate[0])] = mandate[0]
        for index, event in papers:
            about = event.type == "approval.given" and event.body.get("kind") == "mandate"
            named = _said(event).get("sha256") == mandate[1].body.get("mandate_sha256")
            if about and named and mandate[0] < index < before:
                found[evidence.approval_file(index)] = index
                wanted.append((index, str(event.body.get("holder"))))
                by_officer += [(index, name) for name in _passkeys(event)]
    while by_passkey:
        before, name = by_passkey.pop()
        key = next(((i, said) for i, said in _passkeys_of(papers) if said.passkey.key_id == name and i < before), None)
        if key is not None:
            found[evidence.passkey_file(key[0])] = key[0]
            wanted.append((key[0], key[1].witness))
            by_passkey.append((key[0], key[1].by))
            by_officer += [(key[0], other) for other in _passkeys(_event(log, key[0]))]
    while by_officer:
        before, name = by_officer.pop()
        # Ids of people's passkeys are among them: no officer has those.
        held = next(((i, said) for i, said in _of_officers(papers) if said.passkey.key_id == name and i < before), None)
        if held is not None:
            found[evidence.role_passkey_file(held[0])] = held[0]
            wanted.append((held[0], held[1].holder))
            by_officer.append((held[0], held[1].by))
    while wanted:
        before, holder = wanted.pop()
        officer = _last(papers, before, "role.enrolled", {"holder": holder})
        if officer is not None and evidence.role_file(officer[0]) not in found:
            found[evidence.role_file(officer[0])] = officer[0]
            wanted += [(officer[0], name) for name in [enrolment.named_witness(officer[1].body)] if name]
    return dict(sorted(found.items()))


def _last(
    papers: Iterable[tuple[int, Event]], before: int, kind: str, body: dict[str, str]
) -> tuple[int, Event] | None:
    fitting = [
        (index, event)
        for index, event in papers
        if index < before and event.type == kind and all(event.body.get(name) == value for name, value in body.items())
    ]
    return fitting[-1] if fitting else None


def _event(log: EventLog, index: int) -> Event:
    return events.parse(log.entry(index))


def _said(event: Event) -> dict[str, Any]:
    """Return what an envelope in an entry says, unchecked: it only decides what is looked up."""
    try:
        envelope = event.body.get("envelope")
        said = canonical.loads(from_base64(envelope["payload"]))  # type: ignore[index]
    except (GovernError, KeyError, TypeError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _passkeys_of(papers: Iterable[tuple[int, Event]]) -> Iterator[tuple[int, passkey.Enrolment]]:
    for index, event in papers:
        if event.type == "passkey.enrolled":
            with contextlib.suppress(GovernError):
                yield index, passkey.parse_entry(event.body)[0]


def _of_officers(papers: Iterable[tuple[int, Event]]) -> Iterator[tuple[int, role_passkey.RolePasskey]]:
    for index, event in papers:
        if event.type == "role.passkey_enrolled":
            with contextlib.suppress(GovernError):
                yield index, role_passkey.parse_entry(event.body)[0]


def _passkeys(event: Event) -> list[str]:
    """Return the ids of the passkeys that signed an entry, by its own word."""
    envelope = event.body.get("envelope")
    signatures = envelope.get("signatures") if isinstance(envelope, dict) else None
    ids = [str(item.get("keyid")) for item in signatures or () if isinstance(item, dict)]
    return [name for name in ids if name.startswith("webauthn:")]


def _delegate(event: Event) -> tuple[str, str] | None:
    actor = _said(event).get("actor")
    if not isinstance(actor, dict) or actor.get("role") != "delegate":
        return None
    return str(event.body.get("pid")), str(actor.get("id"))
