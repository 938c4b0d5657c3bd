"""The keys and passkeys of people over a log: enrolled, rotated, lost, compromised."""

from __future__ import annotations

from datetime import datetime

from attest import enrolment, passkey
from attest.encoding import from_time
from attest.events import Event
from attest.names import PID
from consent.keys import EnrolledKey
from consent.offices import Offices
from consent.replay import Replay
from govern.errors import GovernError

LOSS_QUORUM = 2
"""Officers, none of HR, who must say that a key is lost before another can be enrolled."""


class KeyRing:
    """Which key speaks for whom."""

    def __init__(self, replay: Replay, offices: Offices) -> None:
        self._replay = replay
        self._offices = offices
        self._keys: dict[str, list[EnrolledKey]] = {}
        self._passkeys: dict[str, list[EnrolledKey]] = {}
        self._ended: dict[str, int] = {}
        self._since: dict[bytes, datetime] = {}
        self._without: set[str] = set()
        self._reopened: set[str] = set()

    def key(self, pid: str) -> EnrolledKey | None:
        """Return the key that speaks for `pid` now, or None."""
        return None if pid in self._without else next(reversed(self._keys.get(pid, [])), None)

    def keys(self, pid: str) -> tuple[EnrolledKey, ...]:
        """Return every key that `pid` ever enrolled, oldest first."""
        return tuple(self._keys.get(pid, ()))

    def passkeys(self, pid: str) -> tuple[EnrolledKey, ...]:
        """Return the passkeys that speak for `pid` now, oldest first."""
        return tuple(key for key in self._passkeys.get(pid, ()) if key.key_id not in self._ended)

    def former(self, pid: str) -> tuple[EnrolledKey, ...]:
        """Return the passkeys that spoke for `pid` and do not any more."""
        return tuple(key for key in self._passkeys.get(pid, ()) if key.key_id in self._ended)

    def passkey_at(self, pid: str, name: str, index: int) -> EnrolledKey | None:
        """Return a passkey by its id, if it spoke for `pid` when the entry at an index was logged."""
        for key in self._passkeys.get(pid, ()):
            if key.key_id == name and key.index < index <= self._ended.get(name, index):
                return key
        return None

    def speaking(self, pid: str) -> dict[str, EnrolledKey]:
        """Return everything that speaks for `pid` now, the key and the passkeys, by id."""
        own = self.key(pid)
        return {key.key_id: key for key in (*((own,) if own is not None else ()), *self.passkeys(pid))}

    def may_enrol(self, pid: str) -> bool:
        """Say whether a key can be enrolled: there was none and no passkey ended, or officers say that it is lost."""
        if self._keys.get(pid) or (self._passkeys.get(pid) and not self.passkeys(pid)):
            return pid in self._reopened
        return True

    def must_be_witnessed(self, pid: str) -> bool:
        """Say whether the next key counts only with a witness: whenever it is not the person's first."""
        return bool(self._keys.get(pid) or self._passkeys.get(pid))

    def since(self, key: EnrolledKey) -> datetime:
        """Return when a key was enrolled, by the log's clock."""
        return self._since[key.public]

    def people(self) -> set[str]:
        """Return everyone who ever had a key."""
        return set(self._keys) | set(self._passkeys)

    def enrol(self, event: Event) -> None:
        """Read `key.enrolled`."""
        pid = event.body.get("pid")
        named = enrolment.named_witness(event.body)
        if isinstance(pid, str):
            # Otherwise whoever writes the log could mint a second key for anyone.
            if not self.may_enrol(pid):
                return self._replay.reject("already_enrolled")
            if self.must_be_witnessed(pid) and not named:
                return self._replay.reject("witness_required")
        return self._add(event, named, None)

    def rotate(self, event: Event) -> None:
        """Read `key.rotated`: the old key signs the new one."""
        pid = event.body.get("pid")
        current = self.key(pid) if isinstance(pid, str) else None
        if current is None:
            return self._replay.reject("unknown_key")
        return self._add(event, enrolment.named_witness(event.body), current)

    def _add(self, event: Event, named: str, before: EnrolledKey | None) -> None:
        replay = self._replay
        witness = self._offices.witness(named) if named else None
        if named and witness is None:
            return None
        try:
            found = enrolment.check_key(
                event.body,
                before={before.key_id: before.public} if before else None,
                witness=witness.public if witness is not None else None,
            )
        except GovernError:
            return replay.reject("bad_enrolment")
        if found.public in replay.owners:
            return replay.reject("key_in_use")
        replay.owners[found.public] = found.owner
        # What a witnessed key signs for is as good as it: the new key has the old one's witness unless it has its own.
        watched = found.witness or (before.witness if before else "")
        self._keys.setdefault(found.owner, []).append(EnrolledKey(replay.index, found.key_id, found.public, watched))
        self._since[found.public] = replay.clock
        self._without.discard(found.owner)
        self._reopened.discard(found.owner)
        return None

    def enrol_passkey(self, event: Event) -> None:
        """Read `passkey.enrolled`: a witness signs always, and where there ever was a key, one that speaks now.

        After a loss the word of the officers stands in the place of that key.
        """
        replay = self._replay
        try:
            said, _, _ = passkey.parse_entry(event.body)
        except GovernError:
            return replay.reject("bad_enrolment")
        pid = said.pid
        before = self.speaking(pid).get(said.by)
        known = self._keys.get(pid) or self._passkeys.get(pid)
        if known and before is None and not (pid in self._reopened and not said.by):
            return replay.reject("own_key_required")
        witness = self._offices.witness(said.witness)
        if witness is None:
            return None
        try:
            passkey.check(event.body, witness.keys, before.verifier if before is not None else None)
        except GovernError:
            return replay.reject("bad_enrolment")
        key = said.passkey
        if key.public in replay.owners:
            return replay.reject("key_in_use")
        if code := replay.time_fault(said.at, said.at):
            return replay.reject(code)
        replay.owners[key.public] = pid
        held = EnrolledKey(replay.index, key.key_id, key.public, said.witness, key, said.credential_id)
        self._passkeys.setdefault(pid, []).append(held)
        self._since[key.public] = replay.clock
        self._reopened.discard(pid)
        return None

    def end_passkey(self, event: Event) -> None:
        """Read `passkey.ended`. Whoever says so is believed: it only takes away, and opens the way to no other key."""
        pid, name = event.body.get("pid"), event.body.get("key_id")
        if not isinstance(pid, str) or name not in [key.key_id for key in self.passkeys(pid)]:
            return self._replay.reject("unknown_key")
        self._ended[str(name)] = self._replay.index
        return None

    def lose(self, event: Event) -> None:
        """Read `key.lost`: it counts by the signed word of two officers, because it opens the way to a new key."""
        pid = event.body.get("pid")
        held = (*self._keys.get(pid, ()), *self._passkeys.get(pid, ())) if isinstance(pid, str) else ()
        if not isinstance(pid, str) or not held:
            return self._replay.reject("unknown_key")
        last = max(key.index for key in held)
        said = {
            given.holder
            for given in self._offices.in_force(self._replay.clock, "key_lost")
            if given.subject == pid and given.index > last
        }
        if len(said) < LOSS_QUORUM:
            return self._replay.reject("no_quorum")
        self._silence(pid)
        self._reopened.add(pid)
        return None

    def compromise(self, event: Event) -> tuple[str, datetime | None] | None:
        """Read `key.compromised`; return whose, and since when (None: ever since).

        Whoever says so is believed: it only takes away.
        """
        pid, since = event.body.get("pid"), event.body.get("since")
        if not isinstance(pid, str) or PID.fullmatch(pid) is None:
            self._replay.reject("malformed")
            return None
        self._silence(pid)
        try:
            return pid, from_time(since) if isinstance(since, str) else None
        except GovernError:
            return pid, None

    def _silence(self, pid: str) -> None:
        self._without.add(pid)
        for key in self.passkeys(pid):
            self._ended[key.key_id] = self._replay.index
