"""Reads the export of a Zulip organisation: `realm.json` beside files of messages, as a folder or a zip."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from extract.errors import SourceError
from extract.personkeys import account_key, mail_key
from extract.records import FLAG_BOT, ContainerKind, Record, SourceKind, SpanKind, of_defect
from extract.sources import files
from extract.sources import jsonfiles as jf
from extract.sources.api import Defect, Link, Unit

_REALM = "realm.json"
_MESSAGES = re.compile(r"messages-\d{1,9}\.json\Z")
#: Names of lists of people: of the organisation, of programs that all organisations share, of imported strangers.
_SHARED = "zerver_userprofile_crossrealm"
_PEOPLE = ("zerver_userprofile", _SHARED, "zerver_userprofile_mirrordummy")
_PERSONAL, _STREAM, _GROUP = 1, 2, 3
#: `@_**Maren Holt|12** [said](...):` announces a quotation in the block below it.
_SAID = re.compile(r"\s*@_?\*\*([^*|]{1,200})(?:\|\d{1,12})?\*\* (?:\[[^\]]{1,80}\]\([^)]{0,2000}\)|said)\s*:?\s*\Z")
_FENCE = re.compile(r"(`{3,}|~{3,}) *\{?\.?([\w+./#-]*)[^~`]*\Z")


class ZulipSource:
    """An export of an organisation on Zulip.

    A stream is public unless it is by invitation only; what the export does not say of a stream is not public. Words of
    a message that somebody else than its sender edited are nobody's.

    Attributes:
        path: The path as typed.
    """

    kind: SourceKind = "chat"
    completeness = "zulip.as_exported"

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether the path is a folder or zip with a `realm.json` beside files of messages."""
        try:
            if path.is_dir():
                return (path / _REALM).is_file() and any(_MESSAGES.match(p.name) for p in path.iterdir())
            with jf.tree(path) as tree:
                names = {PurePosixPath(name).name for name in tree.names}
                return _REALM in names and any(map(_MESSAGES.match, names))
        except (SourceError, OSError):
            return False

    def __init__(self, path: Path) -> None:
        """Open the export and read what it says of people and places.

        Raises:
            SourceError: It cannot be opened, or its `realm.json` cannot be read.
        """
        files.require(path, "an export of a Zulip organisation, unpacked")
        self.path = path
        self.name = path.name or path.resolve().name
        realm: Any = None
        for name, data, broken in jf.each(path, lambda name: PurePosixPath(name).name == _REALM):
            realm, _, bad = jf.parse(data)
            if broken or bad or not isinstance(realm, dict):
                raise SourceError(f"{path}: {_REALM} cannot be read", "export the organisation again")
            self._root = name.removesuffix(_REALM)
            break
        if realm is None:
            raise SourceError(f"{path}: no {_REALM} in it", "unpack the export, and name its folder")
        # Two organisations number their people alike: without its name one's would be the other's.
        self._realm = next((n for r in jf.listed(realm, "zerver_realm") for n in (jf.word(r, "string_id"),) if n), "")
        self._names: dict[str, tuple[str, ...]] = {}
        self._zones: dict[str, str] = {}
        self._bots: dict[str, None] = {}
        links: dict[Link, None] = {}
        for name in _PEOPLE:
            for person in jf.listed(realm, name):
                # Of the programs that all organisations share, an export holds the id and the address only.
                self._person(person, links, is_bot=name == _SHARED)
        self._links = tuple(links)
        self._places = _places(realm, self._realm)

    @property
    def links(self) -> frozenset[Link]:
        """Return which accounts and mail addresses the profiles join."""
        return frozenset(self._links)

    def _person(self, person: Any, links: dict[Link, None], *, is_bot: bool) -> None:
        ident = jf.word(person, "id")
        if not ident:
            return
        # `email` may be made up to hide the address; `delivery_email` is where mail goes to.
        address = jf.word(person, "delivery_email")
        self._names[ident] = tuple(n for n in (jf.word(person, "full_name"), address) if n)
        if zone := jf.word(person, "timezone"):
            self._zones[ident] = zone
        if is_bot or jf.part({"": person}, "").get("is_bot") is True:
            self._bots[ident] = None
        elif key := mail_key(address):
            links[Link(_account(self._realm, ident), key, "zulip.profile")] = None

    def units(self) -> Iterator[Unit]:
        """Yield every message, file by file; a file that holds none is one unit."""
        for name, data, broken in jf.each(self.path, lambda name: PurePosixPath(name).name != _REALM):
            relative = name.removeprefix(self._root)
            if broken or not _MESSAGES.match(relative):
                yield jf.refused(name, broken or "file.not_messages")
                continue
            value, digest, broken = jf.parse(data)
            messages = value.get("zerver_message") if isinstance(value, dict) else None
            if broken or not isinstance(messages, list):
                yield jf.refused(name, broken or "file.not_a_list", digest)
                continue
            for number, message in enumerate(messages, 1):
                if isinstance(message, dict):
                    message = {k: v for k, v in message.items() if k not in ("rendered_content", "search_tsvector")}
                yield jf.unit(f"{name}#{number}", message, jf.word(message, "recipient"))

    def read(self, unit: Unit) -> Record | Defect:
        """Return the message's record."""
        item: jf.Item = unit.payload
        if not item.is_message:
            return Defect(unit.locator, unit.raw_digest, item.defect, item.defect != "file.not_messages")
        message = item.message
        sender, topic = jf.word(message, "sender"), jf.word(message, "subject")
        place = self._place(item.place, sender)
        if item.defect:
            return of_defect("chat", unit.locator, unit.raw_digest, item.defect, place.name)
        sent_at = jf.since_epoch(message.get("date_sent"), 1)
        text = jf.word(message, "content").replace("\r\n", "\n")
        by_another = _edited_by_another(message, sender)
        names = self._names.get(sender, ())
        number = jf.word(message, "id")
        offset, basis = _offset(self._zones.get(sender, ""), sent_at)
        stated = _quotations(text)
        return jf.record(
            unit,
            jf.Post(
                place._replace(labels=(*place.labels, topic) if topic else place.labels),
                _account(self._realm, sender), names[0] if names else "", "zulip.sender",
                f"{place.ident}/{number}" if number else "", text, sent_at,
                # A topic is what Zulip has for a thread; its first message is not told apart.
                parents=(f"{place.ident}/topic/{topic}",) if topic and place.kind in ("public", "private") else (),
                names=names, flags=(FLAG_BOT,) if sender in self._bots else (),
                whole="unknown" if by_another else None, stated=stated,
                attachments=1 if message.get("has_attachment") is True else 0,
                defects=("message.edited_by_other",) if by_another else (), offset=offset, tz_basis=basis,
            ),
        )  # fmt: skip

    def _place(self, recipient: str, sender: str) -> jf.Place:
        place = self._places.get(recipient)
        if place is None:
            return jf.Place(recipient, f"zulip:{self._realm}/{recipient}", "unknown")
        if place.kind == "dm":
            # Addressed to one person: the conversation is that of the two, whoever wrote.
            pair = tuple(sorted({*place.members, _account(self._realm, sender)} - {""}))
            numbers = ",".join(p.rpartition("/")[2] for p in pair)
            return place._replace(ident=f"zulip:{self._realm}/dm/{numbers}", members=pair)
        return place


def _account(realm: str, ident: str) -> str:
    return account_key("zulip", f"{realm}/{ident}") if ident else ""


def _places(realm: dict[str, Any], name: str) -> dict[str, jf.Place]:
    """Return the places by the number under which messages name them.

    Args:
        realm: What the export says of the organisation.
        name: Short name of the organisation.
    """
    members: dict[str, dict[str, None]] = {}
    for subscription in jf.listed(realm, "zerver_subscription"):
        key = _account(name, jf.word(subscription, "user_profile"))
        if key and jf.part({"": subscription}, "").get("active") is not False:
            members.setdefault(jf.word(subscription, "recipient"), {})[key] = None
    streams = {jf.word(s, "id"): s for s in jf.listed(realm, "zerver_stream") if isinstance(s, dict)}
    found: dict[str, jf.Place] = {}
    for recipient in jf.listed(realm, "zerver_recipient"):
        ident, kind = jf.word(recipient, "id"), jf.part({"": recipient}, "").get("type")
        people = tuple(sorted(members.get(ident, {})))
        target = jf.word(recipient, "type_id")
        if kind == _STREAM:
            about = streams.get(target, {})
            by_invitation = about.get("invite_only")
            open_: ContainerKind = (
                "public" if by_invitation is False else "private" if by_invitation is True else "unknown"
            )
            labels = (text,) if (text := jf.word(about, "description").strip()) else ()
            found[ident] = jf.Place(jf.word(about, "name") or target, f"zulip:{name}/{ident}", open_, people, labels)
        elif kind == _GROUP:
            found[ident] = jf.Place(f"group {target}", f"zulip:{name}/{ident}", "group_dm", people)
        elif kind == _PERSONAL:
            found[ident] = jf.Place(f"direct {target}", f"zulip:{name}/{ident}", "dm", (_account(name, target),))
    return found


def _edited_by_another(message: dict[str, Any], sender: str) -> bool:
    """Say whether somebody else than the sender may have changed the words; who moves a topic changes none."""
    history = message.get("edit_history")
    if isinstance(history, str) and history:
        history, _, broken = jf.parse(history.encode("utf-8", "replace"))
        if broken:
            return True
    if not history:
        return False
    if not isinstance(history, list):
        return True
    edits = [e for e in history if not isinstance(e, dict) or "prev_content" in e or "prev_rendered_content" in e]
    return any(jf.word(edit, "user_id") != sender for edit in edits)


def _quotations(text: str) -> list[SpanKind | None]:
    """Return what each line is where the text states it: quotation blocks, and the lines that announce them."""
    lines = text.split("\n")
    kinds: list[SpanKind | None] = [None] * len(lines)
    # Blocks stand inside quotations and spoilers, not inside code; only a bare fence of the same length closes one.
    open_: list[tuple[str, str]] = []
    for i, line in enumerate(lines):
        quoted = any(block == "quote" for _, block in open_)
        match = _FENCE.match(line)
        if open_ and line.rstrip() == open_[-1][0]:
            open_.pop()
        elif match and not (open_ and open_[-1][1] == "code"):
            language = match[2].casefold()
            block = "quote" if language in ("quote", "quoted") else "spoiler" if language == "spoiler" else "code"
            open_.append((match[1], block))
            quoted = quoted or block == "quote"
        elif not open_ and _SAID.match(line):
            kinds[i] = "attribution"
        if quoted:
            kinds[i] = "quoted"
    return kinds


def _offset(zone: str, sent_at: datetime | None) -> tuple[int | None, str]:
    """Return (offset in minutes, basis) at that moment where the sender lives, by the profile."""
    if not zone or sent_at is None:
        return None, "unknown"
    try:
        offset = sent_at.astimezone(ZoneInfo(zone)).utcoffset()
    except (KeyError, ValueError, OSError):
        return None, "unknown"
    return (None, "unknown") if offset is None else (int(offset.total_seconds()) // 60, "profile")
