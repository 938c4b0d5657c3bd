"""Mandates: somebody who may sign in another person's place, for a while, for no more than is written there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from attest import enrolment, mandate
from attest.events import Event
from attest.keys import key_id
from attest.names import PID
from consent.keyring import KeyRing
from consent.keys import EnrolledKey
from consent.offices import Offices
from consent.record import ConsentRecord, GivenChoice
from consent.replay import CLOCK_SKEW, Replay
from govern.errors import GovernError


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

    def beyond(self, record: ConsentRecord) -> bool:
        """Say whether a record agrees to more than the mandate does, or outlasts it, or is older."""
        yes = [choice for choice in record.choices if isinstance(choice, GivenChoice)]
        return (
            not set(record.purposes) <= set(self.purposes)
            or any(
                not set(choice.sources) <= set(self.sources)
                or not set(choice.categories) <= set(self.categories)
                or not set(choice.recipients) <= set(self.recipients)
                for choice in yes
            )
            or (bool(yes) and record.end > self.until)
            or record.start < self.at - CLOCK_SKEW
        )


@dataclass(frozen=True, slots=True)
class _Given:
    mandate: Mandate
    key: EnrolledKey


class Mandates:
    """The mandates over a log."""

    def __init__(self, replay: Replay, offices: Offices, ring: KeyRing) -> None:
        self._replay = replay
        self._offices = offices
        self._ring = ring
        self._given: dict[str, list[_Given]] = {}

    def give(self, event: Event) -> None:
        """Read `mandate.given`. It is worth nothing before officers have witnessed it."""
        replay, pid = self._replay, event.body.get("pid")
        own = self._ring.key(pid) if isinstance(pid, str) else None
        try:
            said, by_subject = mandate.check(event.body, own.public if own is not None else None)
        except GovernError:
            return replay.reject("bad_mandate")
        if said.nonce in replay.nonces:
            return replay.reject("replayed")
        replay.nonces.add(said.nonce)
        if code := replay.time_fault(said.at, self._ring.since(own) if own is not None and by_subject else said.at):
            return replay.reject(code)
        officer = self._offices.officer(said.delegate)
        if officer is not None and officer.role == enrolment.HR:
            return replay.reject("delegate_is_hr")
        if replay.owners.setdefault(said.public, said.delegate) != said.delegate:
            return replay.reject("key_in_use")
        key = EnrolledKey(replay.index, key_id(said.public), said.public)
        found = Mandate(
            index=replay.index,
            at=replay.clock,
            until=said.until,
            witnesses=(),
            delegate=said.delegate,
            key_id=key.key_id,
            by_subject=by_subject,
            purposes=said.purposes,
            sources=said.sources,
            categories=said.categories,
            recipients=said.recipients,
            sha256=said.sha256,
        )
        self._given.setdefault(said.pid, []).append(_Given(found, key))
        return None

    def end(self, event: Event) -> None:
        """Read `mandate.ended`. Anyone may say so; what cannot be read ends every mandate of the person."""
        pid, index = event.body.get("pid"), event.body.get("index")
        if not isinstance(pid, str) or PID.fullmatch(pid) is None:
            return self._replay.reject("malformed")
        known = self._given.get(pid, [])
        one = type(index) is int and any(given.mandate.index == index for given in known)
        self._given[pid] = [given for given in known if one and given.mandate.index != index]
        return None

    def compromised(self, pid: str, since: datetime | None) -> None:
        """End the mandates that a compromised key signed."""
        self._given[pid] = [
            given
            for given in self._given.get(pid, ())
            if not given.mandate.by_subject or (since is not None and given.mandate.at < since)
        ]

    def of(self, pid: str) -> tuple[Mandate, ...]:
        """Return the mandates of a person that have not been ended, witnessed or not, in the order of the log."""
        return tuple(self._witnessed(pid, given).mandate for given in self._given.get(pid, ()))

    def find(self, pid: str, delegate: str) -> tuple[Mandate, EnrolledKey] | str:
        """Return the newest mandate under which a delegate may sign now, with the key; or why there is none."""
        why = "no_mandate"
        for given in reversed(self._given.get(pid, ())):
            if given.mandate.delegate != delegate:
                continue
            if given.mandate.until <= self._replay.clock:
                why = "mandate_ended"
                continue
            found = self._witnessed(pid, given)
            if len(found.mandate.witnesses) >= mandate.WITNESSES:
                return found.mandate, found.key
            why = "mandate_unwitnessed"
        return why

    def _witnessed(self, pid: str, given: _Given) -> _Given:
        held = given.mandate
        witnesses = sorted(
            {
                said.holder
                for said in self._offices.in_force(self._replay.clock, "mandate")
                if said.subject == pid
                and said.sha256 == held.sha256
                and said.index > held.index
                and said.holder not in (pid, held.delegate)
            }
        )
        key = replace(given.key, witness=witnesses[0] if witnesses else "")
        return _Given(replace(held, witnesses=tuple(witnesses)), key)
