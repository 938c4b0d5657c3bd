"""Officers and their approvals over a log: who holds which role, and what of their word is in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast

from attest import approval, enrolment, role_passkey
from attest.errors import SignatureError
from attest.events import Event
from consent.approvals import Approval, ApprovalKind, Officer, Role
from consent.keys import EnrolledKey
from consent.replay import Replay
from govern.errors import GovernError


class Offices:
    """Officers and approvals, in the order of the log."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._officers: dict[str, Officer] = {}
        self._since: dict[str, datetime] = {}
        self._former: set[str] = set()
        self._approvals: dict[int, Approval] = {}
        self._taken_back: dict[tuple[str, str, str | None], datetime] = {}

    def officer(self, holder: str) -> Officer | None:
        """Return the officer with this id, or None where there is none or the role has ended."""
        return self._officers.get(holder)

    def officers(self) -> tuple[Officer, ...]:
        """Return the officers in office, in the order of the log."""
        return tuple(self._officers.values())

    def in_force(self, now: datetime, kind: str | None = None) -> tuple[Approval, ...]:
        """Return the approvals in force at a moment, in the order of the log."""
        return tuple(
            given
            for given in self._approvals.values()
            if given.at <= now and (given.until is None or now < given.until) and kind in (None, given.kind)
        )

    def witness(self, named: str) -> Officer | None:
        """Return the witness who is named, after noting why it is none.

        Whoever asks (HR) cannot also be the one who watches.
        """
        officer = self._officers.get(named)
        if officer is None:
            self._replay.reject("unknown_witness")
        elif officer.role == enrolment.HR:
            self._replay.reject("witness_is_hr")
        else:
            return officer
        return None

    def enrol(self, event: Event) -> None:
        """Read `role.enrolled`."""
        replay, holder = self._replay, event.body.get("holder")
        if isinstance(holder, str) and holder in self._officers:
            return replay.reject("already_enrolled")
        named = enrolment.named_witness(event.body)
        if holder in self._former and not named:
            # A role that was ended is not taken up again by whoever writes the log.
            return replay.reject("witness_required")
        witness = self.witness(named) if named else None
        if named and witness is None:
            return None
        try:
            found = enrolment.check_role(event.body, witness.public if witness is not None else None)
        except GovernError:
            return replay.reject("bad_enrolment")
        if found.public in replay.owners:
            return replay.reject("key_in_use")
        replay.owners[found.public] = found.owner
        self._officers[found.owner] = Officer(
            found.owner, cast(Role, found.role), found.key_id, found.public, replay.index, found.witness
        )
        self._since[found.owner] = replay.clock
        return None

    def end(self, event: Event) -> None:
        """Read `role.ended`. Anyone may say so: it only takes away, the officer's approvals included."""
        holder = event.body.get("holder")
        if not isinstance(holder, str) or holder not in self._officers:
            return self._replay.reject("unknown_officer")
        del self._officers[holder]
        self._former.add(holder)
        self._approvals = {i: given for i, given in self._approvals.items() if given.holder != holder}
        return None

    def enrol_passkey(self, event: Event) -> None:
        """Read `role.passkey_enrolled`: a key that speaks for the officer already signs it."""
        replay, holder = self._replay, event.body.get("holder")
        officer = self._officers.get(holder) if isinstance(holder, str) else None
        if officer is None:
            return replay.reject("unknown_officer")
        try:
            said = role_passkey.check(event.body, officer.keys)
        except GovernError:
            return replay.reject("bad_enrolment")
        key = said.passkey
        if key.public in replay.owners:
            return replay.reject("key_in_use")
        if code := replay.time_fault(said.at, said.at):
            return replay.reject(code)
        replay.owners[key.public] = officer.holder
        held = EnrolledKey(replay.index, key.key_id, key.public, "", key, said.credential_id)
        self._officers[officer.holder] = replace(officer, passkeys=(*officer.passkeys, held))
        return None

    def end_passkey(self, event: Event) -> None:
        """Read `role.passkey_ended`. Anyone may say so: it only takes away, and what it signed stays."""
        holder, name = event.body.get("holder"), event.body.get("key_id")
        officer = self._officers.get(holder) if isinstance(holder, str) else None
        left = tuple(key for key in officer.passkeys if key.key_id != name) if officer is not None else ()
        if officer is None or len(left) == len(officer.passkeys):
            return self._replay.reject("unknown_key")
        self._officers[officer.holder] = replace(officer, passkeys=left)
        return None

    def approve(self, event: Event) -> Approval | None:
        """Read `approval.given`; return what counts."""
        holder = event.body.get("holder")
        officer = self._officers.get(holder) if isinstance(holder, str) else None
        replay = self._replay
        if officer is None:
            replay.reject("unknown_officer")
            return None
        try:
            said = approval.check(event.body, officer.keys)
        except SignatureError:
            replay.reject("bad_signature")
            return None
        except GovernError:
            replay.reject("malformed")
            return None
        if code := self._fault(said, officer):
            replay.reject(code)
            return None
        replay.nonces.add(said.nonce)
        given = Approval(
            index=replay.index,
            kind=cast(ApprovalKind, said.kind),
            holder=said.holder,
            role=officer.role,
            at=replay.clock,
            until=said.until,
            subject=said.subject,
            purpose=said.purpose,
            policy=said.policy,
            sha256=said.sha256,
            dated=said.dated,
            ref=said.ref,
        )
        self._approvals[given.index] = given
        return given

    def _fault(self, said: approval.Statement, officer: Officer) -> str | None:
        replay = self._replay
        taken_back = self._taken_back.get((said.holder, said.kind, said.subject))
        checks = (
            ("wrong_role", said.role != officer.role),
            ("role_not_entitled", officer.role not in approval.MAY_SIGN[said.kind]),
            ("self_approval", said.subject == said.holder),
            ("replayed", said.nonce in replay.nonces),
            ("already_ended", said.until is not None and said.until <= replay.clock),
            # One that was held back while the officer changed their mind.
            ("older_than_withdrawal", taken_back is not None and said.at <= taken_back),
        )
        found = next((code for code, failed in checks if failed), None)
        return found or replay.time_fault(said.at, self._since[said.holder])

    def withdraw(self, event: Event) -> Approval | None:
        """Read `approval.withdrawn`: in the holder's name, unsigned, because it only takes away."""
        index, holder = event.body.get("index"), event.body.get("holder")
        given = self._approvals.get(index) if type(index) is int else None
        if given is None:
            self._replay.reject("unknown_approval")
            return None
        if holder != given.holder:
            self._replay.reject("wrong_holder")
            return None
        del self._approvals[given.index]
        self._taken_back[given.holder, given.kind, given.subject] = self._replay.clock
        return given
