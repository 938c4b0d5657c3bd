"""Reads channels of Discord as DiscordChatExporter writes them: one JSON file per channel, or many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from extract.personkeys import account_key
from extract.records import FLAG_BOT, FLAG_SYSTEM, ContainerKind, Record, SourceKind, of_defect
from extract.sources import files
from extract.sources import jsonfiles as jf
from extract.sources.api import Defect, Link, Unit

_HEAD = 8192
_GUILD = re.compile(rb'"guild"\s*:\s*\{')
_CHANNEL = re.compile(rb'"channel"\s*:\s*\{')
_KINDS: dict[str, ContainerKind] = {
    "DirectTextChat": "dm", "DirectGroupTextChat": "group_dm", "GuildPrivateThread": "private",
}  # fmt: skip


class DiscordSource:
    """Files of DiscordChatExporter.

    A direct chat, a group and a private thread say what they are. Any other channel of a guild may be hidden from
    most of it by permissions, which no file holds: its kind is unknown, and never public. Discord lets only the author
    edit a message, so an edit changes nothing.

    Attributes:
        path: The path as typed.
    """

    kind: SourceKind = "chat"
    completeness = "discord.as_exported"
    links: frozenset[Link] = frozenset()

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether the path is a file of a channel, or a folder or zip with one near its start."""
        try:
            if path.is_file() and path.suffix.lower() != ".zip":
                return _is_head(path)
            if path.is_dir():
                return any(_is_head(p) for p in [p for p in sorted(path.glob("*.json")) if p.is_file()][:5])
            with jf.tree(path) as tree:
                names = [n for n in tree.names if n.endswith(".json")][:5]
                return any(_looks(tree.read(n)[:_HEAD]) for n in names)
        except Exception:
            # A damaged zip raises whatever its damage provokes; it is no export of Discord then.
            return False

    def __init__(self, path: Path) -> None:
        """Open the path.

        Raises:
            SourceError: It cannot be opened.
        """
        files.require(path, "a file of DiscordChatExporter")
        self.path = path
        self.name = path.name or path.resolve().name

    def units(self) -> Iterator[Unit]:
        """Yield every message by file and position; a file that is no channel is one unit."""
        for name, data, broken in jf.each(self.path):
            if broken or not name.endswith(".json"):
                yield jf.refused(name, broken or "file.not_messages")
                continue
            value, digest, broken = jf.parse(data)
            messages = value.get("messages") if isinstance(value, dict) else None
            if broken or not isinstance(messages, list):
                yield jf.refused(name, broken or "file.not_messages", digest)
                continue
            channel = jf.part(value, "channel")
            place = "\0".join(jf.word(channel, k) for k in ("type", "id", "name"))
            for number, message in enumerate(messages, 1):
                if isinstance(message, dict):
                    message = {k: v for k, v in message.items() if k != "reactions"}
                yield jf.unit(f"{name}#{number}", message, place)

    def read(self, unit: Unit) -> Record | Defect:
        """Return the message's record."""
        item: jf.Item = unit.payload
        if not item.is_message:
            return Defect(unit.locator, unit.raw_digest, item.defect, item.defect != "file.not_messages")
        kind, ident, name = item.place.split("\0", 2)
        place = jf.Place(name or ident, f"discord:{ident}", _KINDS.get(kind, "unknown"))
        if item.defect:
            return of_defect("chat", unit.locator, unit.raw_digest, item.defect, place.name)
        message, author = item.message, jf.part(item.message, "author")
        flags = [FLAG_SYSTEM] if jf.word(message, "type") not in ("Default", "Reply") else []
        if author.get("isBot") is True:
            flags.append(FLAG_BOT)
        reference = jf.part(message, "reference")
        answered = jf.word(reference, "messageId") if jf.word(reference, "channelId") in ("", ident) else ""
        forwarded = bool(jf.part(message, "forwardedMessage"))
        number = jf.word(message, "id")
        return jf.record(
            unit,
            jf.Post(
                place, account_key("discord", jf.word(author, "id")), jf.word(author, "nickname")
                or jf.word(author, "name"), "discord.user", f"{place.ident}/{number}" if number else "",
                jf.word(message, "content"), jf.iso(jf.word(message, "timestamp")),
                parents=(f"{place.ident}/{answered}",) if answered else (), flags=tuple(flags),
                names=(jf.word(author, "name"), *(jf.word(m, "name") for m in jf.listed(message, "mentions"))),
                whole="forwarded" if forwarded else None,
                attachments=len(jf.listed(message, "attachments")) + len(jf.listed(message, "embeds")),
            ),
        )  # fmt: skip


def _is_head(path: Path) -> bool:
    with path.open("rb") as file:
        return _looks(file.read(_HEAD))


def _looks(head: bytes) -> bool:
    return _GUILD.search(head) is not None and _CHANNEL.search(head) is not None
