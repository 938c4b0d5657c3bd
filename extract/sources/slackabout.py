"""What a Slack export says about people and places: profiles, lists of channels, moments and zones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from extract.personkeys import slack_key
from extract.records import FLAG_EXTERNAL, ContainerKind

#: Which list of an export names places of which kind.
LISTS: dict[str, ContainerKind] = {
    "channels.json": "public",
    "groups.json": "private",
    "mpims.json": "group_dm",
    "dms.json": "dm",
}
#: Kinds of places, the stricter the later: a place that is listed twice is of the stricter kind.
STRICTER = ("public", "private", "group_dm", "dm")
NAME_FIELDS = ("real_name", "display_name", "name", "first_name", "last_name", "email")
_TS = re.compile(r"(\d{1,11})\.(\d{1,6})\Z")


class Place(NamedTuple):
    """A channel or conversation.

    Attributes:
        name: Its name, or its id where it has none.
        ident: Its id, or its name where it has none.
        kind: The strictest kind that the export gives it.
        members: Person keys of its members, sorted.
        labels: Topic, purpose and flags.
    """

    name: str
    ident: str
    kind: ContainerKind
    members: tuple[str, ...]
    labels: tuple[str, ...]


class User(NamedTuple):
    """A profile.

    Attributes:
        name: Name to show.
        names: Every name and address of the profile.
        zone: IANA time zone, or "".
        bot: Whether it is a program.
    """

    name: str
    names: tuple[str, ...]
    zone: str
    bot: bool


def text_of(message: Mapping[str, Any], key: str) -> str:
    """Return a field that should hold text, or "" if it holds none."""
    value = message.get(key)
    return value if isinstance(value, str) else ""


def user(entry: dict[str, Any], profile: dict[str, Any]) -> User:
    """Return the profile of one entry of `users.json`."""
    names = dict.fromkeys(
        v for source in (entry, profile) for k in NAME_FIELDS if isinstance(v := source.get(k), str) and v
    )
    name = text_of(profile, "real_name") or text_of(entry, "real_name") or text_of(entry, "name")
    return User(name, tuple(names), text_of(entry, "tz"), entry.get("is_bot") is True or entry.get("id") == "USLACKBOT")


def place(entry: dict[str, Any], listed: ContainerKind) -> Place:
    """Return one entry of a list of channels.

    Args:
        entry: The entry.
        listed: Kind of places that its list holds.
    """
    kind = listed
    for flag, stricter in (("is_private", "private"), ("is_mpim", "group_dm"), ("is_im", "dm")):
        if entry.get(flag) is True and STRICTER.index(kind) < STRICTER.index(stricter):
            kind = stricter  # type: ignore[assignment]
    members = entry.get("members")
    keys = sorted({slack_key(m) for m in members if isinstance(m, str)}) if isinstance(members, list) else []
    labels = []
    for field in ("topic", "purpose"):
        value = entry.get(field)
        if isinstance(value, dict) and text_of(value, "value").strip():
            labels.append(text_of(value, "value").strip())
    if entry.get("is_ext_shared") is True or entry.get("is_org_shared") is True:
        labels.append(FLAG_EXTERNAL)
    ident = text_of(entry, "id")
    return Place(text_of(entry, "name") or ident, ident or text_of(entry, "name"), kind, tuple(keys), tuple(labels))


def moment(stamp: str) -> datetime | None:
    """Return the UTC time of a message's timestamp, or None if it is in doubt."""
    match = _TS.match(stamp)
    if match is None:
        return None
    try:
        moment = datetime.fromtimestamp(int(match[1]), UTC) + timedelta(microseconds=int(match[2].ljust(6, "0")))
    except (ValueError, OverflowError, OSError):
        return None
    return moment if 1970 < moment.year <= 2100 else None


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def offset(zone: str, sent_at: datetime | None) -> tuple[int | None, str]:
    """Return (offset in minutes, basis) at that moment; the profile's own number ignores daylight saving time."""
    found = _zone(zone)
    if found is None or sent_at is None:
        return None, "unknown"
    delta = sent_at.astimezone(found).utcoffset()
    return (None, "unknown") if delta is None else (int(delta.total_seconds() // 60), "profile")
