"""Reads a Slack export, a zip or a folder: every message of every channel, with what the export says of the place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from extract.errors import SourceError
from extract.personkeys import mail_key, slack_key
from extract.records import FLAG_BOT, FLAG_EXTERNAL, FLAG_SYSTEM, ContainerKind, Record, SourceKind
from extract.sources import archive, files, slacktext
from extract.sources.api import Defect, Link, Unit
from extract.sources.decoding import clean
from extract.sources.scrub import scrub_bytes, scrub_value
from extract.spans import assemble, split_chat

_LISTS: dict[str, ContainerKind] = {
    "channels.json": "public",
    "groups.json": "private",
    "mpims.json": "group_dm",
    "dms.json": "dm",
}
#: Files of an export that hold no messages of channels.
_ABOUT = {*_LISTS, "users.json", "org_users.json", "integration_logs.json", "canvases.json", "lists.json",
          "huddle_transcripts.json", "file_conversations.json", "content_flags.json"}  # fmt: skip
_STRICTER = ("public", "private", "group_dm", "dm")
#: Messages that a person typed; any other subtype was written by Slack or by an app.
_TYPED = {"", "me_message", "thread_broadcast", "file_share", "reply_broadcast", "file_comment"}
_TS = re.compile(r"(\d{1,11})\.(\d{1,6})\Z")
_MENTION = re.compile(r"<@([UW][A-Z0-9]{2,30})(?:\|[^>]*)?>")
_TOMBSTONE = ("tombstone", "message_deleted", "sh_room_created")


class _Place(NamedTuple):
    name: str
    ident: str
    kind: ContainerKind
    members: tuple[str, ...]
    labels: tuple[str, ...]


class _User(NamedTuple):
    name: str
    names: tuple[str, ...]
    zone: str
    bot: bool


class _Payload(NamedTuple):
    message: dict[str, Any]
    place: _Place
    defect: str
    unreadable: bool


class SlackSource:
    """A Slack export.

    Attributes:
        path: The path as typed.
    """

    kind: SourceKind = "chat"

    def __init__(self, path: Path) -> None:
        """Open and check an export.

        Args:
            path: The zip, or a folder that it was unpacked to.

        Raises:
            SourceError: It is no Slack export, or it cannot be opened.
        """
        self.path = path
        self.name = path.name or path.resolve().name
        self._links: set[Link] = set()
        self._users: dict[str, _User] = {}
        self._companies: dict[tuple[str, str], tuple[str, ...]] = {}
        with _closing(path) as tree:
            self._root = _find_root(tree, path)

    @property
    def links(self) -> frozenset[Link]:
        """Return which chat ids and mail addresses the profiles of the export join."""
        return frozenset(self._links)

    @property
    def completeness(self) -> str:
        """Return which lists the export has: without `dms.json` there may still have been direct messages."""
        with _closing(self.path) as tree:
            have = [n for n in _LISTS if self._root + n in tree.names]
        return "slack." + ("+".join(n.removesuffix(".json") for n in have) or "folders_only")

    def units(self) -> Iterator[Unit]:
        """Yield every message, by channel folder, file and position; a file that is not messages is one unit."""
        with _closing(self.path) as tree:
            self._users = self._read_users(tree)
            places = self._read_places(tree)
            for name, broken in tree.names.items():
                relative = name.removeprefix(self._root)
                parts = PurePosixPath(relative).parts
                if broken:
                    yield _defect(name, broken, unreadable=True)
                elif relative in _ABOUT:
                    if relative in self._broken:
                        yield _defect(name, self._broken[relative], unreadable=True)
                elif len(parts) != 2 or not name.startswith(self._root) or not relative.endswith(".json"):
                    yield _defect(name, "file.not_messages", unreadable=False)
                else:
                    place = places.get(parts[0]) or _Place(parts[0], parts[0], "unknown", (), ())
                    yield from self._messages(tree, name, relative, place)

    def _load(self, tree: archive.Tree, name: str) -> tuple[Any, str, str]:
        """Return (value, digest of the scrubbed bytes, defect) of a JSON file."""
        try:
            raw = tree.read(name)
        except files.FileUnreadable as error:
            return None, "", error.code
        data = scrub_bytes(raw)
        digest = files.digest(data)
        try:
            value = json.loads(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return None, digest, "file.not_utf8"
        except (ValueError, RecursionError):
            return None, digest, "file.not_json"
        if b"\\u00" in data:
            # An escaped letter hides a credential from the pass over the bytes.
            try:
                value = scrub_value(value)
            except RecursionError:
                return None, digest, "file.not_json"
        return value, digest, ""

    def _messages(self, tree: archive.Tree, name: str, relative: str, place: _Place) -> Iterator[Unit]:
        value, digest, broken = self._load(tree, name)
        if not broken and isinstance(value, dict) and isinstance(value.get("messages"), list):
            value = value["messages"]
        if not broken and not isinstance(value, list):
            broken = "file.not_a_list"
        if broken:
            yield _defect(relative, broken, unreadable=True, raw_digest=digest)
            return
        for number, message in enumerate(value, 1):
            raw = json.dumps(message, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
            locator = f"{relative}#{number}"
            if isinstance(message, dict):
                yield Unit(locator, files.digest(raw), _Payload(message, place, "", unreadable=False))
            else:
                yield _defect(locator, "message.not_an_object", unreadable=True, raw_digest=files.digest(raw))

    def _read_users(self, tree: archive.Tree) -> dict[str, _User]:
        self._broken: dict[str, str] = {}
        users: dict[str, _User] = {}
        for name in ("users.json", "org_users.json"):
            for entry in self._entries(tree, name):
                ident = entry.get("id")
                if not isinstance(ident, str) or not ident:
                    continue
                profile = entry.get("profile") if isinstance(entry.get("profile"), dict) else {}
                user = _user(entry, profile or {})
                users[ident] = user
                address = (profile or {}).get("email")
                key = mail_key(address) if isinstance(address, str) else ""
                if key and not user.bot:
                    self._links.add(Link(slack_key(ident), key, "slack.profile"))
        return users

    def _entries(self, tree: archive.Tree, name: str) -> list[dict[str, Any]]:
        full = self._root + name
        if full not in tree.names:
            return []
        value, _, broken = self._load(tree, full)
        if not broken and not isinstance(value, list):
            broken = "file.not_a_list"
        if broken:
            self._broken[name] = broken
            return []
        return [entry for entry in value if isinstance(entry, dict)]

    def _read_places(self, tree: archive.Tree) -> dict[str, _Place]:
        places: dict[str, _Place] = {}
        for name, listed in _LISTS.items():
            for entry in self._entries(tree, name):
                place = _place(entry, listed)
                # A direct message stands in a folder named by its id, a channel in one named by its name; renamed
                # channels appear under both. Listed twice, the stricter kind holds.
                for folder in {place.name, place.ident} - {""}:
                    known = places.get(folder)
                    if known is None or _STRICTER.index(known.kind) < _STRICTER.index(place.kind):
                        places[folder] = place
        return places

    def read(self, unit: Unit) -> Record | Defect:
        """Return the message's record."""
        payload: _Payload = unit.payload
        if payload.defect:
            return Defect(unit.locator, unit.raw_digest, payload.defect, payload.unreadable)
        message, place = payload.message, payload.place
        defects: list[str] = []
        subtype = _text(message, "subtype")
        author, raw_name, basis, flags = self._author(message, subtype)
        words, more = clean(slacktext.words(message), "message")
        defects += more
        stamp = _text(message, "ts")
        sent_at = _moment(stamp)
        if sent_at is None:
            defects.append("date.unreadable" if stamp else "date.missing")
        typed = FLAG_SYSTEM not in flags and FLAG_BOT not in flags
        edited = message.get("edited")
        editor = edited.get("user") if isinstance(edited, dict) else None
        if not typed:
            spans = assemble(words, ["log"] * (words.count("\n") + 1), author)
        elif isinstance(editor, str) and slack_key(editor) != author:
            # Whoever edited a message may have written any of it.
            defects.append("message.edited_by_other")
            spans = assemble(words, ["unknown"] * (words.count("\n") + 1), author)
        else:
            spans = split_chat(words, author)
        user = self._users.get(author.removeprefix("slack:"))
        offset, tz_basis = _offset(user.zone if user else "", sent_at)
        thread = _text(message, "thread_ts") or stamp
        mentioned = {slack_key(u) for u in _MENTION.findall(words)}
        recipients = self._others(place, author)
        if not mentioned <= {author, *recipients}:
            recipients = tuple(sorted({*recipients, *mentioned} - {author}))
        names: dict[str, None] = dict.fromkeys(user.names if user else ())
        for ident in mentioned:
            other = self._users.get(ident.removeprefix("slack:"))
            names.update(dict.fromkeys(other.names if other else ()))
        profile = message.get("user_profile")
        if isinstance(profile, dict):
            names.update(dict.fromkeys(v for k in _NAMES if isinstance(v := profile.get(k), str) and v))
        return Record(
            source_kind="chat",
            locator=unit.locator,
            raw_digest=unit.raw_digest,
            container=place.name,
            container_kind=place.kind,
            author_key=author,
            author_raw=clean(raw_name)[0],
            author_basis=basis,
            recipients=recipients,
            names_seen=tuple(sorted(clean(n)[0] for n in names if n)),
            labels=(*place.labels, *flags),
            sent_at=sent_at,
            tz_offset_min=offset,
            tz_basis=tz_basis,
            thread_id=f"chat:{place.ident}:{thread or unit.raw_digest}",
            parent_id=f"{place.ident}:{thread}" if thread and thread != stamp else "",
            title="",
            text=words,
            spans=spans,
            attachments=sum(len(v) for k in ("files", "attachments") if isinstance(v := message.get(k), list)),
            parse_defects=tuple(dict.fromkeys(defects)),
            message_id=f"{place.ident}:{stamp}" if sent_at is not None else "",
            references=(f"{place.ident}:{thread}",) if thread and thread != stamp else (),
        )

    def _others(self, place: _Place, author: str) -> tuple[str, ...]:
        """Return the other members; one tuple per channel and author, as a channel can have thousands."""
        known = self._companies.get((place.ident, author))
        if known is None:
            known = self._companies[place.ident, author] = tuple(m for m in place.members if m != author)
        return known

    def _author(self, message: dict[str, Any], subtype: str) -> tuple[str, str, str, tuple[str, ...]]:
        """Return (key, as written, basis, flags)."""
        ident = _text(message, "user")
        if subtype == "file_comment" and isinstance(comment := message.get("comment"), dict):
            ident = _text(comment, "user") or ident
        user = self._users.get(ident)
        written = user.name if user else ""
        if not written and isinstance(profile := message.get("user_profile"), dict):
            written = next((v for k in _NAMES if isinstance(v := profile.get(k), str) and v), "")
        if subtype in _TOMBSTONE or message.get("hidden") is True or ident == "USLACKBOT":
            return slack_key(ident), written, "slack.user" if ident else "unknown", (FLAG_SYSTEM, FLAG_BOT)
        bot = _text(message, "bot_id")
        if bot or subtype == "bot_message" or (user is not None and user.bot):
            # An app posts under a person's id too; the words are then the app's as likely as the person's.
            return slack_key(ident or bot), written or _text(message, "username"), "slack.bot", (FLAG_BOT,)
        if subtype not in _TYPED:
            return slack_key(ident), written, "slack.user" if ident else "unknown", (FLAG_SYSTEM,)
        return slack_key(ident), written or ident, "slack.user" if ident else "unknown", ()


_NAMES = ("real_name", "display_name", "name", "first_name", "last_name", "email")


class _closing:  # noqa: N801 - reads as a verb, like contextlib.closing
    """Opens a tree and closes it if it needs closing."""

    def __init__(self, path: Path) -> None:
        self._tree = archive.open_tree(path)

    def __enter__(self) -> archive.Tree:
        return self._tree

    def __exit__(self, *_: object) -> None:
        if isinstance(self._tree, archive.ZipTree):
            self._tree.close()


def _find_root(tree: archive.Tree, path: Path) -> str:
    """Return the folder inside the export, with a slash, that holds its lists; re-packed zips have one on top."""
    roots = sorted(
        {name[: -len(PurePosixPath(name).name)] for name in tree.names if PurePosixPath(name).name in _ABOUT},
        key=lambda root: (root.count("/"), root),
    )
    for root in roots:
        if not root.startswith("__MACOSX"):
            return root
    raise SourceError(
        f"{path}: not a Slack export",
        "an export has channels.json or users.json beside one folder per channel",
    )


def _defect(locator: str, code: str, *, unreadable: bool, raw_digest: str = "") -> Unit:
    return Unit(locator, raw_digest, _Payload({}, _Place("", "", "unknown", (), ()), code, unreadable))


def _text(message: Mapping[str, Any], key: str) -> str:
    value = message.get(key)
    return value if isinstance(value, str) else ""


def _user(entry: dict[str, Any], profile: dict[str, Any]) -> _User:
    names = dict.fromkeys(v for source in (entry, profile) for k in _NAMES if isinstance(v := source.get(k), str) and v)
    name = _text(profile, "real_name") or _text(entry, "real_name") or _text(entry, "name")
    return _User(name, tuple(names), _text(entry, "tz"), entry.get("is_bot") is True or entry.get("id") == "USLACKBOT")


def _place(entry: dict[str, Any], listed: ContainerKind) -> _Place:
    kind = listed
    for flag, stricter in (("is_private", "private"), ("is_mpim", "group_dm"), ("is_im", "dm")):
        if entry.get(flag) is True and _STRICTER.index(kind) < _STRICTER.index(stricter):
            kind = stricter  # type: ignore[assignment]
    members = entry.get("members")
    keys = sorted({slack_key(m) for m in members if isinstance(m, str)}) if isinstance(members, list) else []
    labels = []
    for field in ("topic", "purpose"):
        value = entry.get(field)
        if isinstance(value, dict) and _text(value, "value").strip():
            labels.append(_text(value, "value").strip())
    if entry.get("is_ext_shared") is True or entry.get("is_org_shared") is True:
        labels.append(FLAG_EXTERNAL)
    ident = _text(entry, "id")
    return _Place(_text(entry, "name") or ident, ident or _text(entry, "name"), kind, tuple(keys), tuple(labels))


def _moment(stamp: str) -> datetime | None:
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


def _offset(zone: str, sent_at: datetime | None) -> tuple[int | None, str]:
    """Return (offset in minutes, basis) at that moment; the profile's own number ignores daylight saving time."""
    found = _zone(zone)
    if found is None or sent_at is None:
        return None, "unknown"
    delta = sent_at.astimezone(found).utcoffset()
    return (None, "unknown") if delta is None else (int(delta.total_seconds() // 60), "profile")
