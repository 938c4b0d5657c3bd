"""Reads what Telegram Desktop exports as JSON: one chat, or all of an account."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from extract.errors import SourceError
from extract.personkeys import account_key
from extract.records import FLAG_BOT, FLAG_SYSTEM, ContainerKind, Record, SourceKind, SpanKind, of_defect
from extract.sources import archive, files
from extract.sources.api import Defect, Link, Unit
from extract.sources.decoding import clean
from extract.sources.linekinds import lay
from extract.sources.scrub import scrub_bytes, scrub_value
from extract.spans import assemble, split_chat

#: A supergroup or channel is public if it has a public address; the export says so itself.
_KINDS: dict[str, ContainerKind] = {
    "personal_chat": "dm", "bot_chat": "dm", "private_group": "private", "private_supergroup": "private",
    "private_channel": "private", "public_supergroup": "public", "public_channel": "public",
    "saved_messages": "personal_folder",
}  # fmt: skip
#: In these, every account numbers the messages by itself: ids of two exports can be equal by chance.
_OWN_NUMBERS = ("personal_chat", "bot_chat", "private_group", "saved_messages")
_HEAD = re.compile(rb'"type"\s*:\s*"(?:' + "|".join((*_KINDS, "replies")).encode() + rb')"')
_HEAD_BYTES = 4096
_USER = re.compile(r"user(\d{1,20})\Z")
_MEDIA = ("photo", "file", "contact_information", "location_information", "poll", "game_title", "media_type")


class _Chat(NamedTuple):
    name: str
    kind: ContainerKind
    ident: str
    people: tuple[str, ...]
    bot: str


class _Payload(NamedTuple):
    message: dict[str, Any]
    chat: _Chat | None
    defect: str
    unreadable: bool


class TelegramSource:
    """An export of Telegram Desktop.

    Attributes:
        path: The path as typed.
    """

    kind: SourceKind = "chat"
    completeness = "telegram.as_exported"
    links: frozenset[Link] = frozenset()

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether the path is a `result.json` of Telegram, or a folder or zip that holds one."""
        try:
            if path.is_dir():
                path = path / "result.json"
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as packed:
                    names = [n for n in packed.namelist() if PurePosixPath(n).name == "result.json"]
                    return any(_is_head(packed.open(n).read(_HEAD_BYTES)) for n in names[:3])
            with path.open("rb") as file:
                return path.suffix.lower() == ".json" and _is_head(file.read(_HEAD_BYTES))
        except Exception:
            # A damaged zip raises whatever its damage provokes; it is no export of Telegram then.
            return False

    def __init__(self, path: Path) -> None:
        """Open the path.

        Raises:
            SourceError: It cannot be opened, or no result.json is in it.
        """
        files.require(path, "an export of Telegram Desktop")
        self.path = path
        self.name = path.name or path.resolve().name
        self._is_file = path.is_file() and not zipfile.is_zipfile(path)
        if not self._is_file and not any(PurePosixPath(n).name == "result.json" for n in self._names()):
            raise SourceError(f"{path}: no result.json in it", "export from Telegram Desktop as machine-readable JSON")

    def _names(self) -> list[str]:
        tree = archive.open_tree(self.path)
        try:
            return list(tree.names)
        finally:
            if isinstance(tree, archive.ZipTree):
                tree.close()

    def units(self) -> Iterator[Unit]:
        """Yield every message by chat and position; any other file of the export is a unit too."""
        if self._is_file:
            try:
                data = files.read_bytes(self.path, archive.MAX_FILE)
            except files.FileUnreadable as error:
                yield _refused(self.name, error.code)
                return
            yield from _messages(self.name, data)
            return
        tree = archive.open_tree(self.path)
        try:
            for name, broken in tree.names.items():
                if broken:
                    yield _refused(name, broken)
                elif PurePosixPath(name).name != "result.json":
                    yield _refused(name, "file.not_messages", unreadable=False)
                else:
                    try:
                        data = tree.read(name)
                    except files.FileUnreadable as error:
                        yield _refused(name, error.code)
                        continue
                    yield from _messages(name, data)
        finally:
            if isinstance(tree, archive.ZipTree):
                tree.close()

    def read(self, unit: Unit) -> Record | Defect:
        """Return the message's record."""
        payload: _Payload = unit.payload
        if payload.chat is None:
            return Defect(unit.locator, unit.raw_digest, payload.defect, payload.unreadable)
        if payload.defect:
            return of_defect("chat", unit.locator, unit.raw_digest, payload.defect, payload.chat.name)
        return _record(unit, payload.message, payload.chat)


def _is_head(head: bytes) -> bool:
    return (_HEAD.search(head) is not None and b'"messages"' in head) or (
        b'"about"' in head and (b'"personal_information"' in head or b'"chats"' in head)
    )


def _refused(locator: str, code: str, digest: str = "", *, unreadable: bool = True) -> Unit:
    return Unit(locator, digest, _Payload({}, None, code, unreadable), 256)


def _messages(name: str, data: bytes) -> Iterator[Unit]:
    data = scrub_bytes(data)
    digest = files.digest(data)
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        yield _refused(name, "file.not_json", digest)
        return
    chats = _chats(value)
    if not chats:
        yield _refused(name, "file.not_messages", digest)
        return
    owner = value.get("personal_information")
    owner_key = _account(f"user{owner.get('user_id')}") if isinstance(owner, dict) else ""
    for place, (raw, messages) in enumerate(chats, 1):
        chat = _chat(raw, messages, owner_key)
        for number, message in enumerate(messages, 1):
            locator = f"{name}#{place}/{number}"
            try:
                message = scrub_value(message)
                written = json.dumps(message, sort_keys=True, separators=(",", ":")).encode()
            except RecursionError:
                yield Unit(
                    locator, files.digest(locator.encode()), _Payload({}, chat, "message.too_deep", unreadable=True)
                )
                continue
            if isinstance(message, dict):
                payload = _Payload(message, chat, "", unreadable=False)
            else:
                payload = _Payload({}, chat, "message.not_an_object", unreadable=True)
            yield Unit(locator, files.digest(written), payload, len(written))


def _chats(value: Any) -> list[tuple[dict[str, Any], list[Any]]]:
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("messages"), list):
        return [(value, value["messages"])]
    found: list[tuple[dict[str, Any], list[Any]]] = []
    for name in ("chats", "left_chats"):
        section = value.get(name)
        listed = section.get("list") if isinstance(section, dict) else None
        for chat in listed if isinstance(listed, list) else ():
            if isinstance(chat, dict) and isinstance(chat.get("messages"), list):
                found.append((chat, chat["messages"]))
    return found


def _chat(raw: dict[str, Any], messages: list[Any], owner: str) -> _Chat:
    kind, number = _text(raw, "type"), raw.get("id")
    ident = f"telegram:{kind}/{number}"
    if kind in _OWN_NUMBERS or not isinstance(number, int):
        try:
            start = json.dumps(scrub_value(messages[:1]), sort_keys=True)
        except RecursionError:
            start = ""
        ident += f"/{files.digest(start.encode())[:12]}"
    people = {_sender(m)[0] for m in messages if isinstance(m, dict)} | {owner}
    other = _account(f"user{number}") if kind in ("personal_chat", "bot_chat") else ""
    name = clean(_text(raw, "name"))[0] or ident
    return _Chat(
        name, _KINDS.get(kind, "unknown"), ident, tuple(sorted((people | {other}) - {""})), other * (kind == "bot_chat")
    )


def _text(message: dict[str, Any], name: str) -> str:
    value = message.get(name)
    return value if isinstance(value, str) else ""


def _account(ident: str) -> str:
    match = _USER.match(ident)
    return account_key("telegram", match[1]) if match is not None else ""


def _sender(message: dict[str, Any]) -> tuple[str, str]:
    """Return (key, name) of who sent a message; a channel or a group that posts under its own name is nobody."""
    prefix = "actor" if message.get("type") == "service" else "from"
    ident = message.get(f"{prefix}_id")
    # Before 2021 a user's id was a bare number.
    stated = f"user{ident}" if type(ident) is int else ident
    return (_account(stated) if isinstance(stated, str) else ""), clean(_text(message, prefix))[0]


def _record(unit: Unit, message: dict[str, Any], chat: _Chat) -> Record:
    defects: list[str] = []
    author, written = _sender(message)
    text, quoted = _words(message, defects)
    flags: list[str] = []
    if message.get("type") != "message":
        flags.append(FLAG_SYSTEM)
    if "via_bot" in message or (author and author == chat.bot):
        flags.append(FLAG_BOT)
    spans = split_chat(text, author)
    lines = text.count("\n") + 1
    if flags:
        spans = assemble(text, ["log"] * lines, author)
    elif "forwarded_from" in message or "saved_from" in message:
        spans = assemble(text, ["forwarded"] * lines, author)
    elif any(quoted):
        spans = lay(text, spans, quoted, author)
    sent_at = _moment(message, defects)
    number, parent = message.get("id"), message.get("reply_to_message_id")
    answered = f"{chat.ident}/{parent}" if type(parent) is int and "reply_to_peer_id" not in message else ""
    names = {written, clean(_text(message, "forwarded_from"))[0], clean(_text(message, "author"))[0]}
    members = message.get("members")
    names |= {clean(m)[0] for m in (members if isinstance(members, list) else ()) if isinstance(m, str)}
    ident = f"{chat.ident}/{number}" if type(number) is int else ""
    if not ident:
        defects.append("message.no_id")
    return Record(
        source_kind="chat",
        locator=unit.locator,
        raw_digest=unit.raw_digest,
        container=chat.name,
        container_kind=chat.kind,
        author_key=author,
        author_raw=written,
        author_basis="telegram.user" if author else "unknown",
        recipients=tuple(p for p in chat.people if p != author),
        names_seen=tuple(sorted(names - {""})),
        labels=tuple(flags),
        sent_at=sent_at,
        tz_offset_min=None,
        tz_basis="unknown",
        thread_id=f"chat:{answered or ident or unit.raw_digest}",
        parent_id=answered,
        title="",
        text=text,
        spans=spans,
        attachments=int(any(name in message for name in _MEDIA)),
        parse_defects=tuple(dict.fromkeys(defects)),
        message_id=ident,
        references=(answered,) if answered else (),
    )


def _words(message: dict[str, Any], defects: list[str]) -> tuple[str, list[SpanKind | None]]:
    """Return the text, and per line whether a part of it was marked as a quotation."""
    value = message.get("text", "")
    parts: list[tuple[str, bool]] = []
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, str):
            parts.append((part, False))
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            parts.append((part["text"], part.get("type") == "blockquote"))
        else:
            defects.append("message.bad_text")
    text = ""
    kinds: list[SpanKind | None] = [None]
    for part, is_quote in parts:
        words, more = clean(part, "message")
        defects += more
        first, *rest = words.split("\n")
        if is_quote and first:
            kinds[-1] = "quoted"
        kinds += ["quoted" if is_quote and line else None for line in rest]
        text += words
    return text, kinds


def _moment(message: dict[str, Any], defects: list[str]) -> datetime | None:
    """Return the time of sending; `date` alone is the clock of the machine that exported, in a zone it does not say."""
    stamp = message.get("date_unixtime")
    if stamp is None:
        defects.append("date.no_offset" if "date" in message else "date.missing")
        return None
    try:
        return datetime.fromtimestamp(int(str(stamp)[:20]), UTC)
    except (ValueError, OverflowError, OSError):
        defects.append("date.unreadable")
        return None
