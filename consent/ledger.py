"""The ledger of consents: the log replayed, into what counts and a list of what does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from attest import canonical, dsse, events
from attest.encoding import from_time
from attest.events import Event
from consent import keys, states
from consent.approvals import Approval, Officer
from consent.errors import LedgerError, RecordError
from consent.keys import EnrolledKey
from consent.mandates import Mandate
from consent.record import PAYLOAD_TYPE, ConsentRecord, GivenChoice, envelope_payload, parse
from consent.states import State
from govern.errors import GovernError

CLOCK_SKEW = timedelta(minutes=10)
"""How far a signed event time may lie after the log's own: clocks differ, and no more than that."""

SIGNED = frozenset({"given", "refused", "renewed"})
"""Events that count only under the signature of the subject's enrolled key."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry, or the part of it about some purposes, that does not count.

    Attributes:
        index: Entry in the log.
        code: Why.
        purposes: The purposes concerned; empty where it is the whole entry.
    """

    index: int
    code: str
    purposes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChoiceState:
    """Where one person stands on one purpose.

    Attributes:
        pid: The person.
        purpose: The purpose.
        state: See `consent.states`.
        index: Entry that led to this state, or None while nothing is logged.
        at: Time of that entry, by the log's clock.
        record: The consent in force or last in force, or None.
        record_index: Entry that holds that consent.
        choice: The yes to this purpose in `record`.
        key: The key that signed it.
        refused_at: Time of the last refusal before that consent.
        asked_at: Time of the first request after that refusal.
        notice_at: Time of the request that carried the notice which the record names, or None where none is logged.
        signed_at: Time of the first signature of the unbroken chain of renewals that `record` stands at the end of.
        objected: Whether an objection or restriction is open.
        mandate: The mandate under which a delegate signed `record`, or None.
    """

    pid: str
    purpose: str
    state: State = "unknown"
    index: int | None = None
    at: datetime | None = None
    record: ConsentRecord | None = field(default=None, repr=False)
    record_index: int | None = None
    choice: GivenChoice | None = field(default=None, repr=False)
    key: EnrolledKey | None = None
    refused_at: datetime | None = None
    asked_at: datetime | None = None
    notice_at: datetime | None = None
    signed_at: datetime | None = None
    objected: bool = False
    mandate: Mandate | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The kinds of source that the yes still covers: what was signed, without what was withdrawn since."""
        return self.choice.sources if self.choice is not None else ()

    @property
    def live(self) -> bool:
        """Whether anything may be processed in this state."""
        return self.state in states.LIVE and self.choice is not None

    @property
    def end(self) -> datetime | None:
        """When the consent ends by itself, or None while there is none."""
        return self.record.end if self.record is not None else None

    @property
    def record_sha256(self) -> str | None:
        """Digest of the consent record, or None while there is none."""
        return self.record.sha256 if self.record is not None else None

    def seen_at(self, now: datetime) -> ChoiceState:
        """Return this state as it is at `now`: a consent that has ended is expired, one from the future unknown."""
        if self.state not in states.LIVE or self.record is None:
            return self
        if now >= self.record.end:
            return replace(self, state="expired")
        # A run replayed at an earlier time must not find a consent that nobody had given yet.
        return self if self.record.start <= now else replace(self, state="unknown")


class Ledger:
    """Who agreed to what: built by `replay`, then read only.

    Attributes:
        rejected: Entries that do not count, in the order of the log.
        size: One more than the index of the last entry replayed.
    """

    def __init__(self) -> None:
        self.rejected: list[Rejected] = []
        self.size = 0
        self._keys: dict[str, list[EnrolledKey]] = {}
        self._disabled: set[str] = set()
        self._owners: dict[bytes, str] = {}
        self._states: dict[str, dict[str, ChoiceState]] = {}
        self._consents: dict[str, list[tuple[int, ConsentRecord]]] = {}
        self._withdrawn: dict[tuple[str, str | None], datetime] = {}
        self._all_withdrawn: dict[str, tuple[int, datetime]] = {}
        self._seen: set[str] = set()
        self._clock: datetime | None = None

    @classmethod
    def replay(cls, entries: Iterable[tuple[int, bytes]]) -> Ledger:
        """Return the ledger that the entries of a log lead to.

        Args:
            entries: (index, exact bytes) in the order of the log; other events than consents and keys are passed over.

        Raises:
            LedgerError: The indexes do not rise.
        """
        ledger = cls()
        for index, data in entries:
            if index < ledger.size:
                raise LedgerError("the entries are not in the order of the log")
            ledger.size = index + 1
            # Everything else is the larger part of a log; a false hit costs a parse and nothing more.
            if b'"type":"consent.' in data or b'"type":"key.' in data:
                ledger._read(index, data)
        return ledger

    def key(self, pid: str) -> EnrolledKey | None:
        """Return the key that speaks for `pid` now, or None."""
        return None if pid in self._disabled else next(reversed(self._keys.get(pid, [])), None)

    def keys(self, pid: str) -> tuple[EnrolledKey, ...]:
        """Return every key that `pid` ever enrolled, oldest first."""
        return tuple(self._keys.get(pid, ()))

    def state(self, pid: str, purpose: str, now: datetime) -> ChoiceState:
        """Return where `pid` stands on `purpose` at `now`; expiry is worked out here."""
        _aware(now)
        return self._at(pid, purpose).seen_at(now)

    def states(self, pid: str, now: datetime) -> dict[str, ChoiceState]:
        """Return where `pid` stands on every purpose that was ever mentioned, sorted by purpose."""
        return {purpose: self.state(pid, purpose, now) for purpose in sorted(self._states.get(pid, {}))}

    def consents(self, pid: str) -> tuple[tuple[int, ConsentRecord], ...]:
        """Return every signed record of `pid` that counted, with its entry, in the order of the log."""
        return tuple(self._consents.get(pid, ()))

    def latest(self, pid: str) -> int | None:
        """Return the last entry that changed where `pid` stands on anything, or None."""
        indexes = [state.index for state in self._states.get(pid, {}).values() if state.index is not None]
        if pid in self._all_withdrawn:
            indexes.append(self._all_withdrawn[pid][0])
        return max(indexes, default=None)

    def refused(self, pid: str, now: datetime) -> tuple[str, ...]:
        """Return the purposes that `pid` said no to and has not said yes to since."""
        return tuple(p for p, state in self.states(pid, now).items() if state.state == "refused")

    def approvals(self, now: datetime) -> tuple[Approval, ...]:
        """Return the approvals in force at `now`, in the order of the log."""
        _aware(now)
        return ()

    def officer(self, holder: str) -> Officer | None:
        """Return the officer with this id, or None where there is none or the role has ended."""
        return None

    def vetoes(self) -> frozenset[str]:
        """Return who wants no message with them to be used: pseudonyms, and `hmac:` commitments to addresses."""
        return frozenset()

    def quarantined(self) -> frozenset[int]:
        """Return the entries of consents that were invalid from the beginning: what rests on them is not to be used."""
        return frozenset()

    def people(self) -> tuple[str, ...]:
        """Return everyone of whom the log knows a key or a state, sorted."""
        return tuple(sorted(self._keys.keys() | self._states.keys()))

    def _at(self, pid: str, purpose: str) -> ChoiceState:
        held = self._states.get(pid, {}).get(purpose)
        if held is not None:
            return held
        # Whoever has taken everything back has said so about purposes that nobody had named yet, too.
        index, at = self._all_withdrawn.get(pid, (None, None))
        return ChoiceState(pid, purpose, "unknown" if index is None else "withdrawn", index, at)

    def _reject(self, index: int, code: str, purposes: tuple[str, ...] = ()) -> None:
        self.rejected.append(Rejected(index, code, purposes))

    def _read(self, index: int, data: bytes) -> None:
        try:
            event = events.parse(data)
        except GovernError:
            return self._reject(index, "malformed")
        # Times of a log may run backwards when a clock is set; the ledger's never do.
        self._clock = max(self._clock or event.at, event.at)
        scope, _, name = event.type.partition(".")
        if scope == "key":
            return self._read_key(index, name, event)
        if scope != "consent":
            return None
        if name in SIGNED:
            return self._read_signed(index, name, event)
        return self._read_unsigned(index, name, event)

    def _read_key(self, index: int, name: str, event: Event) -> None:
        pid = event.body.get("pid")
        current = self.key(pid) if isinstance(pid, str) else None
        if name == "compromised" and isinstance(pid, str):
            # Whoever says so is believed: it only takes away. A new key needs a new pid, or a rotation beforehand.
            self._disabled.add(pid)
            self._invalidate_since(index, pid, event.body.get("since"))
            return None
        if name not in ("enrolled", "rotated"):
            return None
        if name == "enrolled" and isinstance(pid, str) and self._keys.get(pid):
            # Otherwise whoever writes the log could mint a second key for anyone.
            return self._reject(index, "already_enrolled")
        if name == "rotated" and current is None:
            return self._reject(index, "unknown_key")
        try:
            pid, identity, public = keys.check(event.body, current if name == "rotated" else None)
        except RecordError:
            return self._reject(index, "bad_enrolment")
        if public in self._owners:
            return self._reject(index, "key_in_use")
        self._owners[public] = pid
        self._keys.setdefault(pid, []).append(EnrolledKey(index, identity, public))
        return None

    def _invalidate_since(self, index: int, pid: str, since: object) -> None:
        try:
            first = from_time(since) if isinstance(since, str) else None
        except GovernError:
            first = None
        for state in list(self._states.get(pid, {}).values()):
            if state.state in states.LIVE and (first is None or state.at is None or state.at >= first):
                self._put(replace(state, state="invalidated", index=index, at=self._clock))

    def _read_signed(self, index: int, name: str, event: Event) -> None:
        body = event.body
        if set(body) != {"pid", "record_sha256", "envelope"} or not isinstance(body["pid"], str):
            return self._reject(index, "malformed")
        pid: str = body["pid"]
        key = self.key(pid)
        if key is None:
            return self._reject(index, "unknown_key")
        try:
            opened = dsse.open_envelope(canonical.dumps(body["envelope"]), {key.key_id: key.public}, PAYLOAD_TYPE)
        except GovernError:
            return self._reject(index, "bad_signature")
        try:
            record = parse(opened.payload)
        except RecordError:
            return self._reject(index, "malformed")
        code = self._fault(pid, name, record, body["record_sha256"])
        if code:
            return self._reject(index, code)
        # The nonce is burnt even if nothing of the record comes to count: a record is logged once.
        self._seen |= {record.nonce, record.record_id}
        counted = self._apply(index, name, record, key)
        if counted:
            self._consents.setdefault(pid, []).append((index, record))
        return None

    def _fault(self, pid: str, name: str, record: ConsentRecord, sha256: object) -> str | None:
        assert self._clock is not None
        known = {r.sha256 for _, r in self._consents.get(pid, ())}
        checks = (
            ("wrong_pid", record.subject.pid != pid),
            ("actor_not_subject", record.actor.role != "subject" or record.actor.id != pid),
            ("method_not_supported", record.method != "ed25519"),
            ("event_mismatch", record.event != name),
            ("digest_mismatch", record.sha256 != sha256),
            ("replayed", record.nonce in self._seen or record.record_id in self._seen),
            ("event_time_in_future", record.start > self._clock + CLOCK_SKEW),
            ("prev_unknown", record.prev is not None and record.prev not in known),
            ("prev_missing", name == "renewed" and record.prev is None),
        )
        return next((code for code, failed in checks if failed), None)

    def _apply(self, index: int, name: str, record: ConsentRecord, key: EnrolledKey) -> bool:
        pid, counted = record.subject.pid, False
        late, misplaced = [], []
        for choice in record.choices:
            granting = isinstance(choice, GivenChoice)
            # A yes signed before a withdrawal was logged never comes back after it, however late it is logged.
            if granting and self._withdrawn_after(pid, choice.purpose, record.start):
                late.append(choice.purpose)
                continue
            current = self._now(pid, choice.purpose, record.start)
            state = states.after(current.state, name if granting else "refused")
            if state is None or (name == "renewed" and record.prev != current.record_sha256):
                misplaced.append(choice.purpose)
                continue
            counted = True
            change: dict[str, Any] = {"state": state, "index": index, "at": self._clock}
            if isinstance(choice, GivenChoice):
                change |= {"record": record, "record_index": index, "choice": choice, "key": key}
            else:
                change |= {"refused_at": self._clock, "asked_at": None}
            self._put(replace(current, **change))
        if late:
            self._reject(index, "older_than_withdrawal", tuple(late))
        if misplaced:
            self._reject(index, "no_transition", tuple(misplaced))
        return counted

    def _read_unsigned(self, index: int, name: str, event: Event) -> None:
        pid = event.body.get("pid")
        if not isinstance(pid, str):
            return self._reject(index, "malformed")
        purposes = _purposes(event.body, pid)
        assert self._clock is not None
        if name == "withdrawn":
            if purposes is None:
                self._all_withdrawn[pid] = (index, self._clock)
            for purpose in purposes if purposes is not None else (None,):
                self._withdrawn[pid, purpose] = self._clock
        misplaced = []
        for purpose in purposes if purposes is not None else tuple(self._states.get(pid, {})):
            current = self._now(pid, purpose, None)
            state = states.after(current.state, name)
            if state is None:
                misplaced.append(purpose)
                continue
            change: dict[str, Any] = {"state": state, "index": index, "at": self._clock}
            if name == "requested" and current.refused_at is not None and current.asked_at is None:
                change["asked_at"] = self._clock
            self._put(replace(current, **change))
        if misplaced:
            self._reject(index, "no_transition", tuple(misplaced))
        return None

    def _now(self, pid: str, purpose: str, said: datetime | None) -> ChoiceState:
        """Return the state before an entry, expired if it has run out by the log's clock or by the signed time."""
        assert self._clock is not None
        current = self._at(pid, purpose)
        moment = max(self._clock, said) if said else self._clock
        ended = current.state in states.LIVE | {"suspended"} and current.end is not None and moment >= current.end
        return replace(current, state="expired") if ended else current

    def _withdrawn_after(self, pid: str, purpose: str, signed: datetime) -> bool:
        times = (self._withdrawn.get((pid, purpose)), self._withdrawn.get((pid, None)))
        return any(time is not None and signed <= time for time in times)

    def _put(self, state: ChoiceState) -> None:
        self._states.setdefault(state.pid, {})[state.purpose] = state


def _purposes(body: Any, pid: str) -> tuple[str, ...] | None:
    """Return the purposes that an unsigned entry is about; None stands for all of them.

    What cannot be read means all: a withdrawal must not fail for a form.
    """
    listed = body.get("purposes")
    if isinstance(listed, list) and listed and all(isinstance(item, str) for item in listed):
        return tuple(dict.fromkeys(listed))
    payload = envelope_payload(body.get("envelope"))
    if payload is not None:
        try:
            record = parse(payload)
        except RecordError:
            return None
        if record.subject.pid == pid and record.event == "withdrawn":
            return record.purposes
    return None


def _aware(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
