"""The ledger of consents: the log replayed, into what counts and a list of what does not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from attest import canonical, dsse, events
from attest.events import Event
from attest.names import PID
from consent import entries as said
from consent.adoptions import Adoptions
from consent.approvals import Approval, Officer
from consent.choice import ChoiceState, Withdrawal
from consent.choices import Choices
from consent.errors import LedgerError, RecordError
from consent.keyring import KeyRing
from consent.keys import EnrolledKey
from consent.mandates import Mandate, Mandates
from consent.offices import Offices
from consent.record import PAYLOAD_TYPE, ConsentRecord, parse
from consent.replay import CLOCK_SKEW, Rejected, Replay
from govern.errors import GovernError

__all__ = ["CLOCK_SKEW", "SIGNED", "ChoiceState", "EnrolledKey", "Ledger", "Rejected", "Withdrawal"]

SIGNED = frozenset({"given", "refused", "renewed"})
"""Events that count only under a signature: of the subject's enrolled key, or of a delegate's under a mandate."""

# Canonical JSON ends with the type and the version: whatever the body holds, this looks at the event's own type.
_TAIL = 96
_MINE = re.compile(
    rb'"type":"(?:consent|key|passkey|role|approval|mandate|participant|policy)\.[a-z_]+"[^"]*(?:"v":1)?\}\s*\Z'
)


class Ledger:
    """Who agreed to what: built by `replay`, then read only.

    Attributes:
        size: One more than the index of the last entry replayed.
        spoiled: Whether it holds an entry that the log does not: it is to be replayed anew.
    """

    def __init__(self) -> None:
        self.size = 0
        self.spoiled = False
        self._replay = Replay()
        self._offices = Offices(self._replay)
        self._ring = KeyRing(self._replay, self._offices)
        self._mandates = Mandates(self._replay, self._offices, self._ring)
        self._adoptions = Adoptions(self._replay)
        self._choices = Choices(self._replay)
        self._vetoes: set[str] = set()

    @classmethod
    def replay(cls, entries: Iterable[tuple[int, bytes]]) -> Ledger:
        """Return the ledger that the entries of a log lead to.

        Args:
            entries: (index, exact bytes) in the order of the log; events that nothing here rests on are passed over.

        Raises:
            LedgerError: The indexes do not rise.
        """
        ledger = cls()
        ledger.extend(entries)
        return ledger

    def extend(self, entries: Iterable[tuple[int, bytes]]) -> None:
        """Read on: the entries that the log has grown by.

        Raises:
            LedgerError: The indexes do not rise.
        """
        for index, data in entries:
            if index < self.size:
                raise LedgerError("the entries are not in the order of the log")
            self.size = index + 1
            # Everything else is the larger part of a log.
            if _MINE.search(data, max(0, len(data) - _TAIL)) is not None:
                self._replay.index = index
                self._read(data)

    @property
    def rejected(self) -> list[Rejected]:
        """Entries that do not count, in the order of the log."""
        return list(self._replay.rejected)

    def key(self, pid: str) -> EnrolledKey | None:
        """Return the key that speaks for `pid` now, or None."""
        return self._ring.key(pid)

    def keys(self, pid: str) -> tuple[EnrolledKey, ...]:
        """Return every key that `pid` ever enrolled, oldest first."""
        return self._ring.keys(pid)

    def passkeys(self, pid: str) -> tuple[EnrolledKey, ...]:
        """Return the passkeys that speak for `pid` now, oldest first."""
        return self._ring.passkeys(pid)

    def former_passkeys(self, pid: str) -> tuple[EnrolledKey, ...]:
        """Return the passkeys that spoke for `pid` and do not any more, oldest first."""
        return self._ring.former(pid)

    def passkey_at(self, pid: str, name: str, index: int) -> EnrolledKey | None:
        """Return a passkey by its id, if it spoke for `pid` when the entry at an index was logged."""
        return self._ring.passkey_at(pid, name, index)

    def may_enrol(self, pid: str) -> bool:
        """Say whether a key can be enrolled for `pid`: there was none, or officers say that it is lost."""
        return self._ring.may_enrol(pid)

    def must_be_witnessed(self, pid: str) -> bool:
        """Say whether the next enrolment for `pid` counts only with a witness."""
        return self._ring.must_be_witnessed(pid)

    def state(self, pid: str, purpose: str, now: datetime) -> ChoiceState:
        """Return where `pid` stands on `purpose` at `now`; expiry is worked out here."""
        _aware(now)
        return self._choices.at(pid, purpose).seen_at(now)

    def states(self, pid: str, now: datetime) -> dict[str, ChoiceState]:
        """Return where `pid` stands on every purpose that was ever mentioned, sorted by purpose."""
        return {purpose: self.state(pid, purpose, now) for purpose in self._choices.purposes(pid)}

    def consents(self, pid: str) -> tuple[tuple[int, ConsentRecord], ...]:
        """Return every signed record of `pid` that counted, with its entry, in the order of the log."""
        return self._choices.records(pid)

    def withdrawals(self, pid: str) -> tuple[Withdrawal, ...]:
        """Return every withdrawal of `pid`, in the order of the log."""
        return self._choices.withdrawals(pid)

    def latest(self, pid: str) -> int | None:
        """Return the last entry that changed where `pid` stands on anything, or None."""
        return self._choices.latest(pid)

    def refused(self, pid: str, now: datetime) -> tuple[str, ...]:
        """Return the purposes that `pid` said no to and has not said yes to since."""
        return tuple(p for p, state in self.states(pid, now).items() if state.state == "refused")

    def people(self) -> tuple[str, ...]:
        """Return everyone of whom the log knows a key or a state, sorted."""
        return tuple(sorted(self._ring.people() | self._choices.people()))

    def approvals(self, now: datetime) -> tuple[Approval, ...]:
        """Return the approvals in force at `now`, in the order of the log."""
        _aware(now)
        return self._offices.in_force(now)

    def officer(self, holder: str) -> Officer | None:
        """Return the officer with this id, or None where there is none or the role has ended."""
        return self._offices.officer(holder)

    def officers(self) -> tuple[Officer, ...]:
        """Return the officers in office, in the order of the log."""
        return self._offices.officers()

    def mandates(self, pid: str) -> tuple[Mandate, ...]:
        """Return the mandates of `pid` that have not been ended, witnessed or not, in the order of the log."""
        return self._mandates.of(pid)

    def vetoes(self) -> frozenset[str]:
        """Return who wants no message with them to be used: pseudonyms, and `hmac:` commitments to addresses."""
        return frozenset(self._vetoes)

    def quarantined(self, purpose: str | None = None) -> frozenset[int]:
        """Return the entries of consents that were invalid from the beginning: what rests on them is not to be used.

        Args:
            purpose: Only those that were invalid for this purpose; one record may say yes to several.
        """
        return frozenset(index for index, struck in self._choices.quarantined if purpose in (None, struck))

    def _read(self, data: bytes) -> None:
        try:
            event = events.parse(data)
        except GovernError:
            return self._replay.reject("malformed")
        # Times of a log may run backwards when a clock is set; the ledger's never do.
        self._replay.clock = max(self._replay.clock, event.at)
        match event.type:
            case "role.enrolled":
                self._offices.enrol(event)
            case "role.ended":
                self._offices.end(event)
            case "role.passkey_enrolled":
                self._offices.enrol_passkey(event)
            case "role.passkey_ended":
                self._offices.end_passkey(event)
            case "approval.given":
                given = self._offices.approve(event)
                if given is not None and given.kind == "invalidation" and given.subject is not None:
                    self._invalidate(given.subject)
            case "approval.withdrawn":
                self._offices.withdraw(event)
            case "mandate.given":
                self._mandates.give(event)
            case "mandate.ended":
                self._mandates.end(event)
            case "key.enrolled":
                self._ring.enrol(event)
            case "key.rotated":
                self._ring.rotate(event)
            case "key.lost":
                self._ring.lose(event)
            case "key.compromised":
                self._compromise(event)
            case "passkey.enrolled":
                self._ring.enrol_passkey(event)
            case "passkey.ended":
                self._ring.end_passkey(event)
            case "participant.vetoed" | "participant.veto_lifted":
                self._veto(event)
            case "policy.adopted":
                self._choices.suspend_signed_under(self._adoptions.adopt(event))
            case _:
                return self._read_consent(event)
        return None

    def _invalidate(self, pid: str) -> bool:
        votes = [v for v in self._offices.in_force(self._replay.clock, "invalidation") if v.subject == pid]
        return self._choices.invalidate(pid, votes)

    def _compromise(self, event: Event) -> None:
        found = self._ring.compromise(event)
        if found is not None:
            self._choices.compromised(*found)
            self._mandates.compromised(*found)

    def _veto(self, event: Event) -> None:
        who = event.body.get("who")
        if not isinstance(who, str) or _WHO.fullmatch(who) is None:
            return self._replay.reject("malformed")
        if event.type == "participant.vetoed":
            self._vetoes.add(who)
        else:
            self._vetoes.discard(who)
        return None

    def _read_consent(self, event: Event) -> None:
        name, pid = event.type.removeprefix("consent."), event.body.get("pid")
        if not isinstance(pid, str) or PID.fullmatch(pid) is None:
            return self._replay.reject("unknown_key" if name in SIGNED and isinstance(pid, str) else "malformed")
        if name in SIGNED:
            return self._read_signed(name, pid, event)
        purposes = said.purposes(event.body, pid)
        match name:
            case "withdrawn":
                return self._choices.withdraw(pid, purposes, said.sources(event.body))
            case "requested":
                return self._choices.ask(pid, purposes, event.body.get("notice_sha256"))
            case "objected":
                return self._choices.object(pid, purposes)
            case "invalidated":
                # The officers' signed votes did it already, or nothing did.
                return None if self._invalidate(pid) else self._replay.reject("no_quorum")
        return self._choices.say(name, pid, purposes)

    def _read_signed(self, name: str, pid: str, event: Event) -> None:
        body, replay = event.body, self._replay
        if set(body) != {"pid", "record_sha256", "envelope"}:
            return replay.reject("malformed")
        known, mandate = self._ring.speaking(pid), None
        delegate = said.delegate(body["envelope"])
        if delegate is not None:
            found = self._mandates.find(pid, delegate)
            if isinstance(found, str):
                return replay.reject(found)
            mandate, key = found
            known = {key.key_id: key}
        if not known:
            return replay.reject("unknown_key")
        trusted = {name: key.verifier for name, key in known.items()}
        try:
            opened = dsse.open_envelope(canonical.dumps(body["envelope"]), trusted, PAYLOAD_TYPE)
        except GovernError:
            return replay.reject("bad_signature")
        key = known[opened.signers[0]]
        try:
            record = parse(opened.payload)
        except RecordError:
            return replay.reject("malformed")
        since = mandate.at if mandate is not None else self._ring.since(key)
        code = self._fault(pid, name, record, body["record_sha256"], key, mandate)
        if code := code or replay.time_fault(record.start, since):
            return replay.reject(code)
        # The nonce is burnt even if nothing of the record comes to count: a record is logged once.
        replay.nonces |= {record.nonce, record.record_id}
        return self._choices.sign(name, record, key, mandate)

    def _fault(
        self, pid: str, name: str, record: ConsentRecord, sha256: object, key: EnrolledKey, mandate: Mandate | None
    ) -> str | None:
        seen = self._replay.nonces
        other = record.actor.role != "subject" or record.actor.id != pid
        checks = (
            ("wrong_pid", record.subject.pid != pid),
            ("actor_not_subject", mandate is None and other),
            ("method_not_supported", record.method != key.method),
            ("event_mismatch", record.event != name),
            ("digest_mismatch", record.sha256 != sha256),
            ("replayed", record.nonce in seen or record.record_id in seen),
            ("prev_unknown", record.prev is not None and not self._choices.knows(pid, record.prev)),
            ("prev_missing", name == "renewed" and record.prev is None),
            ("beyond_mandate", mandate is not None and mandate.beyond(record)),
        )
        return next((code for code, failed in checks if failed), None)


# A pseudonym, or a keyed commitment to the address of somebody who has none.
_WHO = re.compile(rf"{PID.pattern}|hmac:[0-9a-f]{{64}}")


def _aware(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
