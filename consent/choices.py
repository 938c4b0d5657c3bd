"""The choices of people over a log: which entry moves which purpose of whom into which state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from consent import states
from consent.approvals import Approval
from consent.choice import ChoiceState, Withdrawal
from consent.keys import EnrolledKey
from consent.mandates import Mandate
from consent.record import ConsentRecord, GivenChoice
from consent.replay import Replay

_BLOCKS = {
    "withdrawn": "older_than_withdrawal",
    "objected": "older_than_objection",
    "suspended": "older_than_suspension",
    "revoked": "older_than_revocation",
    "invalidated": "older_than_invalidation",
    "refused": "older_than_refusal",
}
"""What takes away, and what becomes of a yes that was signed before and logged after it. In the order of the codes."""


@dataclass(frozen=True, slots=True)
class _Grant:
    index: int
    at: datetime
    record: ConsentRecord


class Choices:
    """Every choice of every person."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._states: dict[str, dict[str, ChoiceState]] = {}
        self._records: dict[str, list[tuple[int, ConsentRecord]]] = {}
        self._digests: dict[str, set[str]] = {}
        self._grants: dict[str, dict[str, list[_Grant]]] = {}
        self._withdrawals: dict[str, list[Withdrawal]] = {}
        self._everything: dict[str, ChoiceState] = {}
        self._taken: dict[tuple[str, str | None], dict[str, datetime]] = {}
        self._notices: dict[tuple[str, str, str | None], datetime] = {}
        self.quarantined: set[tuple[int, str]] = set()

    # What the ledger asks.

    def at(self, pid: str, purpose: str) -> ChoiceState:
        """Return where `pid` stands, whatever the time."""
        held = self._states.get(pid, {}).get(purpose)
        if held is not None:
            return held
        # Whoever has taken everything back, or objected to everything, has said so about what nobody had named yet.
        return replace(self._everything.get(pid, ChoiceState(pid, purpose)), purpose=purpose)

    def purposes(self, pid: str) -> tuple[str, ...]:
        """Return every purpose that was ever mentioned, sorted."""
        return tuple(sorted(self._states.get(pid, {})))

    def records(self, pid: str) -> tuple[tuple[int, ConsentRecord], ...]:
        """Return every signed record that counted, in the order of the log."""
        return tuple(self._records.get(pid, ()))

    def knows(self, pid: str, sha256: str) -> bool:
        """Say whether a record of `pid` with this digest counted."""
        return sha256 in self._digests.get(pid, ())

    def withdrawals(self, pid: str) -> tuple[Withdrawal, ...]:
        """Return every withdrawal, in the order of the log."""
        return tuple(self._withdrawals.get(pid, ()))

    def latest(self, pid: str) -> int | None:
        """Return the last entry that changed where `pid` stands on anything, or None."""
        everywhere = [*self._states.get(pid, {}).values(), *filter(None, [self._everything.get(pid)])]
        return max((state.index for state in everywhere if state.index is not None), default=None)

    def people(self) -> set[str]:
        """Return everyone who stands anywhere."""
        return set(self._states)

    # What the person signed.

    def sign(self, name: str, record: ConsentRecord, key: EnrolledKey, mandate: Mandate | None) -> None:
        """Apply a record whose signature holds."""
        pid, counted = record.subject.pid, False
        not_counted: dict[str, list[str]] = {}
        for choice in record.choices:
            if isinstance(choice, GivenChoice):
                code = self._give(name, record, choice, key, mandate)
            else:
                code = self._refuse(pid, choice.purpose)
            counted |= code is None
            if code is not None:
                not_counted.setdefault(code, []).append(choice.purpose)
        for code in sorted(not_counted):
            self._replay.reject(code, tuple(not_counted[code]))
        if counted:
            self._records.setdefault(pid, []).append((self._replay.index, record))
            self._digests.setdefault(pid, set()).add(record.sha256)

    def _give(
        self, name: str, record: ConsentRecord, choice: GivenChoice, key: EnrolledKey, mandate: Mandate | None
    ) -> str | None:
        pid, purpose, clock = record.subject.pid, choice.purpose, self._replay.clock
        # A yes signed before something was taken away never comes back after it, however late it is logged.
        if code := self._late(pid, purpose, record.start):
            return code
        current = self._now(pid, purpose, record.start)
        state = states.after(current.state, name)
        if state is None or (name == "renewed" and record.prev != current.record_sha256):
            return "no_transition"
        unbroken = name == "renewed" and current.state in states.LIVE and current.covers(record, choice)
        notice = record.notice.sha256
        self._put(
            replace(
                current,
                state=state,
                index=self._replay.index,
                at=clock,
                record=record,
                record_index=self._replay.index,
                choice=choice,
                key=key,
                notice_at=self._notices.get((pid, notice, purpose)) or self._notices.get((pid, notice, None)),
                signed_at=current.signed_at if unbroken else clock,
                # Whoever objected says themself when they no longer do.
                objected=current.objected and mandate is not None,
                mandate=mandate,
            )
        )
        grant = _Grant(self._replay.index, clock, record)
        self._grants.setdefault(pid, {}).setdefault(purpose, []).append(grant)
        return None

    def _refuse(self, pid: str, purpose: str) -> str | None:
        current = self._now(pid, purpose, None)
        state = states.after(current.state, "refused")
        if state is None:
            return "no_transition"
        self._move(current, state, refused_at=self._replay.clock, asked_at=None)
        self._take(pid, purpose, "refused")
        return None

    def _late(self, pid: str, purpose: str, signed: datetime) -> str | None:
        times = (self._taken.get((pid, purpose), {}), self._taken.get((pid, None), {}))
        late = (code for name, code in _BLOCKS.items() if any(name in t and signed <= t[name] for t in times))
        return next(late, None)

    # What needs no signature, because it gives nothing.

    def ask(self, pid: str, purposes: tuple[str, ...] | None, notice: object) -> None:
        """Apply a request; remember since when the person has this notice."""
        for purpose in purposes if purposes is not None else (*self.purposes(pid), None):
            current = self._now(pid, purpose, None) if purpose is not None else None
            if isinstance(notice, str):
                place = (pid, notice, purpose)
                # After a no, the time begins anew with the first request that follows it.
                if current is not None and current.state in states.TERMINAL:
                    self._notices[place] = self._replay.clock
                else:
                    self._notices.setdefault(place, self._replay.clock)
            if current is None:
                continue
            again = current.refused_at is not None and current.asked_at is None
            asked_at = self._replay.clock if again else current.asked_at
            state = states.after(current.state, "requested")
            if state is not None and state != current.state:
                self._move(current, state, asked_at=asked_at)
            else:
                self._put(replace(current, asked_at=asked_at))

    def say(self, name: str, pid: str, purposes: tuple[str, ...] | None) -> None:
        """Apply deferred, suspended, revoked or expired."""
        known = purposes if purposes is not None else self.purposes(pid)
        misplaced = []
        for purpose in known:
            current = self._now(pid, purpose, None)
            state = states.after(current.state, name)
            if state is None:
                misplaced.append(purpose)
                continue
            self._move(current, state)
            if name in _BLOCKS:
                self._take(pid, purpose, name)
        # Said of everything, it is about what it has a place in.
        if len(misplaced) == len(known) or (misplaced and purposes is not None):
            self._replay.reject("no_transition", tuple(misplaced))

    def object(self, pid: str, purposes: tuple[str, ...] | None) -> None:
        """Apply an objection: it stays open until the person signs a new yes."""
        for purpose in purposes if purposes is not None else self.purposes(pid):
            current = self._now(pid, purpose, None)
            self._move(current, states.after(current.state, "objected") or current.state, objected=True)
            self._take(pid, purpose, "objected")
        if purposes is None:
            self._take(pid, None, "objected")
            before = self._everything.get(pid, ChoiceState(pid, ""))
            index, clock = self._replay.index, self._replay.clock
            self._everything[pid] = replace(before, objected=True, index=index, at=clock)

    def withdraw(self, pid: str, purposes: tuple[str, ...] | None, sources: tuple[str, ...] | None) -> None:
        """Apply a withdrawal; of some sources only where `sources` names them."""
        index, clock = self._replay.index, self._replay.clock
        self._withdrawals.setdefault(pid, []).append(Withdrawal(index, clock, purposes, sources))
        for purpose in purposes if purposes is not None else (None,):
            self._take(pid, purpose, "withdrawn")
        if purposes is None and sources is None:
            before = self._everything.get(pid, ChoiceState(pid, ""))
            self._everything[pid] = replace(before, state="withdrawn", index=index, at=clock)
        for purpose in purposes if purposes is not None else self.purposes(pid):
            current = self._now(pid, purpose, None)
            if sources is not None:
                self._narrow(current, frozenset(sources))
                continue
            self._move(current, states.after(current.state, "withdrawn") or current.state)

    def _narrow(self, current: ChoiceState, without: frozenset[str]) -> None:
        held = current.choice
        if held is None or current.state not in (*states.LIVE, "suspended") or not without & set(held.sources):
            return
        left = tuple(source for source in held.sources if source not in without)
        # The record stays what was signed; the choice derived from it is what still counts.
        narrowed = held.model_copy(update={"sources": left})
        self._move(current, current.state if left else "withdrawn", choice=narrowed)

    # What others take away.

    def suspend_signed_under(self, policies: frozenset[str]) -> None:
        """Suspend every consent in force that was signed under one of these policies."""
        for pid in self._states if policies else ():
            for purpose in self.purposes(pid):
                current = self._now(pid, purpose, None)
                if (
                    current.state in states.LIVE
                    and current.record is not None
                    and current.record.policy.sha256 in policies
                ):
                    self._move(current, "suspended")
                    # Whoever signs in the second of the adoption has the new policy before them.
                    self._take(pid, purpose, "suspended", self._replay.clock - timedelta(seconds=1))

    def invalidate(self, pid: str, votes: Iterable[Approval]) -> bool:
        """Invalidate, from their beginning, the consents that the votes are enough for; say whether there were any."""
        cast, struck = tuple(votes), False
        origin = {record.sha256: record.prev for _, record in self._records.get(pid, ())}
        for purpose, grants in self._grants.get(pid, {}).items():
            for grant in grants:
                line = _line(grant.record.sha256, origin)
                roles = {
                    vote.role
                    for vote in cast
                    if vote.index > grant.index
                    and vote.purpose in (None, purpose)
                    and (vote.sha256 is None or vote.sha256 in line)
                }
                if roles & {"authority", "auditor"} or roles >= {"works_council", "dpo"}:
                    self._strike(pid, purpose, grant)
                    struck = True
        return struck

    def compromised(self, pid: str, since: datetime | None) -> None:
        """Invalidate what the key gave since then; what it took away stands."""
        for purpose, grants in self._grants.get(pid, {}).items():
            for grant in grants:
                if since is None or max(grant.at, grant.record.start) >= since:
                    self._strike(pid, purpose, grant, only_running=True)

    def _strike(self, pid: str, purpose: str, grant: _Grant, *, only_running: bool = False) -> None:
        self.quarantined.add((grant.index, purpose))
        current = self._now(pid, purpose, None)
        if current.record_index != grant.index or current.state == "invalidated":
            return
        running = current.state in (*states.LIVE, "suspended")
        past = current.state in (states.TERMINAL - {"refused"}) and not only_running
        if running or past:
            self._move(current, "invalidated")
            self._take(pid, purpose, "invalidated")

    # Bookkeeping.

    def _now(self, pid: str, purpose: str, said: datetime | None) -> ChoiceState:
        """Return the state before an entry, expired if it has run out by the log's clock or by the signed time."""
        current = self.at(pid, purpose)
        moment = max(self._replay.clock, said) if said else self._replay.clock
        ended = current.state in (*states.LIVE, "suspended") and current.end is not None and moment >= current.end
        return replace(current, state="expired") if ended else current

    def _move(self, current: ChoiceState, state: states.State, **changes: Any) -> None:
        self._put(replace(current, state=state, index=self._replay.index, at=self._replay.clock, **changes))

    def _put(self, state: ChoiceState) -> None:
        self._states.setdefault(state.pid, {})[state.purpose] = state

    def _take(self, pid: str, purpose: str | None, name: str, at: datetime | None = None) -> None:
        times = self._taken.setdefault((pid, purpose), {})
        times[name] = max(at or self._replay.clock, times.get(name, at or self._replay.clock))


def _line(sha256: str, origin: dict[str, str | None]) -> set[str]:
    """Return the digests of a record and of those that it renews."""
    line: set[str] = set()
    step: str | None = sha256
    while step is not None and step not in line:
        line.add(step)
        step = origin.get(step)
    return line
