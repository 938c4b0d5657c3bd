"""The keys of people over a log: enrolled, rotated, lost, compromised."""

from __future__ import annotations

from datetime import datetime

from attest import enrolment
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
        self._since: dict[bytes, datetime] = {}
        self._without: set[str] = set()
        self._reopened: set[str] = set()

    def key(self, pid: str) -> EnrolledKey | None:
        """Return the key that speaks for `pid` now, or None."""
        return None if pid in self._without else next(reversed(self._keys.get(pid, [])), None)

    def keys(self, pid: str) -> tuple[EnrolledKey, ...]:
        """Return every key that `pid` ever enrolled, oldest first."""
        return tuple(self._keys.get(pid, ()))

    def since(self, key: EnrolledKey) -> datetime:
        """Return when a key was enrolled, by the log's clock."""
        return self._since[key.public]

    def people(self) -> set[str]:
        """Return everyone who ever had a key."""
        return set(self._keys)

    def reopened(self, pid: str) -> bool:
        """Say whether `pid` lost the key by the word of enough officers, and may enrol another, witnessed."""
        return pid in self._reopened

    def enrol(self, event: Event) -> None:
        """Read `key.enrolled`."""
        pid = event.body.get("pid")
        named = enrolment.named_witness(event.body)
        if isinstance(pid, str) and self._keys.get(pid):
            # Otherwise whoever writes the log could mint a second key for anyone.
            if pid not in self._reopened:
                return self._replay.reject("already_enrolled")
            if not named:
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
        witness = self._offices.witness_key(named) if named else None
        if named and witness is None:
            return None
        try:
            found = enrolment.check_key(
                event.body, before={before.key_id: before.public} if before else None, witness=witness
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

    def lose(self, event: Event) -> None:
        """Read `key.lost`: it counts by the signed word of two officers, because it opens the way to a new key."""
        pid = event.body.get("pid")
        if not isinstance(pid, str) or not self._keys.get(pid):
            return self._replay.reject("unknown_key")
        last = self._keys[pid][-1].index
        said = {
            given.holder
            for given in self._offices.in_force(self._replay.clock, "key_lost")
            if given.subject == pid and given.index > last
        }
        if len(said) < LOSS_QUORUM:
            return self._replay.reject("no_quorum")
        self._without.add(pid)
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
        self._without.add(pid)
        try:
            return pid, from_time(since) if isinstance(since, str) else None
        except GovernError:
            return pid, None
