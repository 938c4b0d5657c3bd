"""Reads chat messages of Microsoft Teams as Graph returns them: saved responses, or one value per line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from extract.personkeys import account_key
from extract.records import FLAG_BOT, FLAG_SYSTEM, ContainerKind, Record, SourceKind, SpanKind, of_defect
from extract.sources import files, html
from extract.sources import jsonfiles as jf
from extract.sources.api import Defect, Link, Unit

_HEAD = 65536
_MESSAGE = re.compile(rb'"messageType"\s*:')
_PLACE = re.compile(rb'"(?:chatId|channelIdentity|from)"\s*:')
_CHATS: dict[str, ContainerKind] = {"oneOnOne": "dm", "group": "group_dm", "meeting": "group_dm"}
_CHANNELS: dict[str, ContainerKind] = {"standard": "public", "private": "private", "shared": "private"}


class TeamsSource:
    """Saved answers of Graph about chats and channels of Teams.

    A place is of a known kind where an answer about it was saved as well: `chatType` of a chat, `membershipType` of a
    channel. A standard channel is open to its team only, which says nothing of the firm: `visibility` of the team
    must be saved as `public`, or it is private. Teams lets only the author edit a message, so an edit changes nothing.

    Attributes:
        path: The path as typed.
    """

    kind: SourceKind = "chat"
    completeness = "teams.as_saved"
    links: frozenset[Link] = frozenset()

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether the path is a file with messages of Graph, or a folder or zip with one near its start."""
        try:
            if path.is_file() and path.suffix.lower() != ".zip":
                return _is_head(_start(path))
            if path.is_dir():
                found = [p for p in sorted(path.iterdir()) if p.suffix in (".json", ".jsonl") and p.is_file()][:5]
                return any(_is_head(_start(p)) for p in found)
            with jf.tree(path) as tree:
                return any(_is_head(tree.read(n)[:_HEAD]) for n in [n for n in tree.names if ".json" in n][:5])
        except Exception:
            # A damaged zip raises whatever its damage provokes; it is no export of Teams then.
            return False

    def __init__(self, path: Path) -> None:
        """Open the path and read what it says of places.

        Raises:
            SourceError: It cannot be opened.
        """
        files.require(path, "saved answers of Graph")
        self.path = path
        self.name = path.name or path.resolve().name
        self._places: dict[str, jf.Place] = {}
        self._public: dict[str, None] = {}
        for _, data, broken in jf.each(path):
            if not broken and any(w in data for w in (b"chatType", b"membershipType", b"visibility")):
                for _, value, _, _ in _values(data):
                    for about in _listed(value):
                        if isinstance(about, dict):
                            self._learn(about)

    def _learn(self, about: dict[str, Any]) -> None:
        ident, chat, channel = jf.word(about, "id"), jf.word(about, "chatType"), jf.word(about, "membershipType")
        if jf.word(about, "visibility").lower() == "public":
            self._public[ident] = None
        if not ident or not (chat or channel):
            return
        kind = _CHATS.get(chat) or _CHANNELS.get(channel) or "unknown"
        known = self._places.get(ident)
        if known is not None and known.kind not in ("unknown", "public"):
            kind = known.kind
        people = {account_key("teams", jf.word(m, "userId")) for m in jf.listed(about, "members")} - {""}
        name = jf.word(about, "displayName") or jf.word(about, "topic") or ident
        self._places[ident] = jf.Place(name, f"teams:{ident}", kind, tuple(sorted(people)))

    def units(self) -> Iterator[Unit]:
        """Yield every message, its replies after it; other answers are one unit each that is left alone."""
        for name, data, broken in jf.each(self.path):
            if broken:
                yield jf.refused(name, broken)
                continue
            for line, value, digest, bad in _values(data):
                locator = f"{name}#{line}" if line else name
                if bad:
                    yield jf.refused(locator, bad, digest)
                    continue
                values = _listed(value)
                if not any(map(_is_message, values)):
                    yield jf.refused(locator, "file.not_messages", digest)
                    continue
                for number, message in enumerate(values, 1):
                    where = f"{locator}#{number}"
                    if _is_message(message):
                        yield from _messages(where, message)
                    elif isinstance(message, dict):
                        yield jf.refused(where, "file.not_messages", digest)
                    else:
                        yield jf.unit(where, message, "")

    def read(self, unit: Unit) -> Record | Defect:
        """Return the message's record."""
        item: jf.Item = unit.payload
        if not item.is_message:
            return Defect(unit.locator, unit.raw_digest, item.defect, item.defect != "file.not_messages")
        if item.defect:
            return of_defect("chat", unit.locator, unit.raw_digest, item.defect)
        message = item.message
        team, _, ident = item.place.partition("/")
        place = self._places.get(ident) or jf.Place(ident or "teams", f"teams:{ident}", "unknown")
        if place.kind == "public" and team not in self._public:
            place = place._replace(kind="private")
        sender = jf.part(message, "from")
        user, program = jf.part(sender, "user"), jf.part(sender, "application")
        flags: list[str] = []
        deleted = bool(message.get("deletedDateTime"))
        if deleted or jf.word(message, "messageType") not in ("message", ""):
            flags.append(FLAG_SYSTEM)
        if program:
            flags.append(FLAG_BOT)
        text, stated = ("", []) if deleted else _words(jf.part(message, "body"))
        attached = jf.listed(message, "attachments")
        quotes = [a for a in attached if jf.word(a, "contentType") == "messageReference"]
        forwarded = any(jf.word(a, "contentType") == "forwardedMessageReference" for a in attached)
        who = user or program
        return jf.record(
            unit,
            jf.Post(
                place, account_key("teams", jf.word(who, "id")), jf.word(who, "displayName"),
                "teams.user" if user else "teams.application",
                f"{place.ident}/{i}" if (i := jf.word(message, "id")) else "",
                text, jf.iso(jf.word(message, "createdDateTime")),
                parents=(f"{place.ident}/{item.parent}",) if item.parent else (), flags=tuple(flags),
                names=tuple(jf.word(m, "mentionText") for m in jf.listed(message, "mentions")),
                whole="forwarded" if forwarded else None, stated=stated,
                attachments=len(attached) - len(quotes), title=jf.word(message, "subject"),
            ),
        )  # fmt: skip


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _is_head(head: bytes) -> bool:
    return _MESSAGE.search(head) is not None and _PLACE.search(head) is not None


def _words(body: dict[str, Any]) -> tuple[str, list[SpanKind | None]]:
    content = jf.word(body, "content").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if jf.word(body, "contentType").lower() != "html":
        return content, []
    lines = html.to_lines(content)
    return "\n".join(text for text, _ in lines), [kind for _, kind in lines]


def _values(data: bytes) -> Iterator[tuple[int, Any, str, str]]:
    """Yield (line or 0, value, digest, defect): the whole file as one value, or each line as one."""
    value, digest, bad = jf.parse(data)
    if not bad or b"\n{" not in data.strip():
        yield 0, value, digest, bad
        return
    first = data.lstrip().split(b"\n", 1)[0]
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        if not any(_MESSAGE.search(line) for line in data.split(b"\n") if line.rstrip().endswith(b"}")):
            yield 0, None, digest, bad
            return
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            value, digest, bad = jf.parse(line)
            yield number, value, digest, "line" + bad.removeprefix("file") if bad else ""


def _listed(value: Any) -> list[Any]:
    """Return what is in a list, in an answer's `value`, or in an answer that was wrapped once more."""
    if isinstance(value, dict) and isinstance(value.get("response"), dict):
        value = value["response"]
    if isinstance(value, dict):
        value = value["value"] if isinstance(value.get("value"), list) else [value]
    return value if isinstance(value, list) else []


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and ("messageType" in value or ("body" in value and "createdDateTime" in value))


def _messages(locator: str, message: dict[str, Any], root: str = "") -> Iterator[Unit]:
    where = jf.part(message, "channelIdentity")
    place = f"{jf.word(where, 'teamId')}/{jf.word(where, 'channelId') or jf.word(message, 'chatId')}"
    parent = jf.word(message, "replyToId") or root
    answered = next(
        (
            jf.word(a, "id")
            for a in jf.listed(message, "attachments")
            if jf.word(a, "contentType") == "messageReference"
        ),
        "",
    )
    own = {k: v for k, v in message.items() if k not in ("replies", "reactions", "etag")}
    yield jf.unit(locator, own, place, parent or answered)
    if not root:
        for number, reply in enumerate(jf.listed(message, "replies"), 1):
            if isinstance(reply, dict):
                reply = {"channelIdentity": where, "chatId": message.get("chatId"), **reply}
                yield from _messages(f"{locator}.{number}", reply, jf.word(message, "id"))
            else:
                yield jf.unit(f"{locator}.{number}", reply, place)
