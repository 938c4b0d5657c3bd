"""Events: the entries of the log. The canonical bytes of an event are the leaf."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from attest import canonical
from attest.encoding import from_time, to_time
from attest.errors import FormatError
from attest.shape import exact

VERSION = 1

MAX_ENTRY = 65_535
"""Longest entry: an entry bundle of C2SP tlog-tiles stores lengths in 16 bits."""

CONSENT_EVENTS = (
    "given",
    "refused",
    "withdrawn",
    "renewed",
    "requested",
    "deferred",
    "objected",
    "suspended",
    "revoked",
    "expired",
    "invalidated",
)

EVENT_TYPES = frozenset(
    {
        "log.genesis",
        "key.enrolled",
        "key.rotated",
        "key.lost",
        "key.compromised",
        "passkey.enrolled",
        "passkey.ended",
        "role.enrolled",
        "role.ended",
        "role.passkey_enrolled",
        "role.passkey_ended",
        "approval.given",
        "approval.withdrawn",
        "mandate.given",
        "mandate.ended",
        "participant.vetoed",
        "participant.veto_lifted",
        "access.requested",
        "access.answered",
        "access.read",
        "policy.adopted",
        "notice.published",
        *(f"consent.{event}" for event in CONSENT_EVENTS),
        "source.manifest",
        "extraction.announced",
        "extraction.gated",
        "extraction.redacted",
        "extraction.distilled",
        "extraction.sealed",
        "skill.evaluated",
        "skill.improved",
        "skill.reviewed",
        "skill.released",
        "skill.packaged",
        "skill.superseded",
        "skill.revoked",
        "skill.tombstoned",
        "skill.used",
        "subject.response",
        "salt.shredded",
        "witness.changed",
        "incident.recovered",
    }
)

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# No "@" and no space: a role id or a pseudonym fits, an address or a person's full name does not.
_ACTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
_SHAPE = {"v": int, "type": str, "id": str, "at": str, "actor": str, "body": dict}


_TYPE = re.compile(rb'"type":"([a-z._]+)","v":1\}$')


def type_of(data: bytes) -> str:
    """Return the type of an entry without reading the rest: in canonical JSON it stands at the end; "" if it does not.

    Most entries of a log are not what somebody looks for, and to parse each takes a hundred times as long.
    """
    found = _TYPE.search(data, max(0, len(data) - 64))
    return found[1].decode() if found is not None else ""


def uuid7(now: datetime, random: Callable[[int], bytes]) -> str:
    """Make a UUID version 7 (RFC 9562 §5.7): 48 bits of milliseconds, then random bits.

    Args:
        now: The time, with a zone.
        random: Returns that many random bytes, like `secrets.token_bytes`.
    """
    if now.tzinfo is None:
        raise ValueError("a time needs a zone")
    elapsed = now - datetime(1970, 1, 1, tzinfo=UTC)
    milliseconds = elapsed.days * 86_400_000 + elapsed.seconds * 1000 + elapsed.microseconds // 1000
    value = milliseconds << 80 | int.from_bytes(random(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        type: One of `EVENT_TYPES`.
        actor: Role id or pseudonym of who did it.
        body: What it is about; codes, digests, counts and ids only. Read-only.
        id: UUID version 7.
        at: When, by the writer's clock; kept in UTC with whole seconds. The order of the log counts, not this.
    """

    type: str
    actor: str
    body: Mapping[str, Any]
    id: str
    at: datetime

    def __post_init__(self) -> None:
        """Refuse what is not an event; normalise the time."""
        if self.type not in EVENT_TYPES:
            raise FormatError("an event is of a type that is not known")
        if not _ACTOR.fullmatch(self.actor):
            raise FormatError("the actor of an event is not a role id or pseudonym")
        if not _UUID7.fullmatch(self.id):
            raise FormatError("the id of an event is not a UUID of version 7")
        # What is compared and what is written must be the same value, so the time is normalised once, here.
        object.__setattr__(self, "at", from_time(to_time(self.at)))
        object.__setattr__(self, "body", MappingProxyType(dict(self.body)))

    @classmethod
    def new(
        cls,
        type: str,  # noqa: A002 - the field's name
        actor: str,
        body: Mapping[str, Any],
        now: datetime,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> Event:
        """Make an event that happens now, with a fresh id.

        Raises:
            FormatError: A part is not in form.
        """
        return cls(type, actor, body, uuid7(now, random), now)

    def to_bytes(self) -> bytes:
        """Return the entry: canonical JSON, at most `MAX_ENTRY` bytes.

        Raises:
            FormatError: The body has no canonical form, or the entry is too long.
        """
        data = canonical.dumps(
            {
                "v": VERSION,
                "type": self.type,
                "id": self.id,
                "at": to_time(self.at),
                "actor": self.actor,
                "body": dict(self.body),
            }
        )
        if len(data) > MAX_ENTRY:
            raise FormatError(f"an event takes {len(data)} bytes; {MAX_ENTRY} are allowed")
        return data


def parse(data: bytes) -> Event:
    """Read an entry.

    Raises:
        FormatError: The bytes are not what `Event.to_bytes` writes.
    """
    if len(data) > MAX_ENTRY:
        raise FormatError("an event is too long")
    value = exact(canonical.loads(data), "an event", _SHAPE)
    if value["v"] != VERSION:
        raise FormatError("an event is of a version that is not known")
    return Event(value["type"], value["actor"], value["body"], value["id"], from_time(value["at"]))
