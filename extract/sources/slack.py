"""Reads a Slack export, a zip or a folder: every message of every channel, with what the export says of the place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from extract.errors import SourceError
from extract.personkeys import mail_key, slack_key
from extract.records import FLAG_BOT, FLAG_SYSTEM, Record, SourceKind
from extract.sources import archive, files, slackabout, slacktext
from extract.sources.api import Defect, Link, Unit
from extract.sources.decoding import clean
from extract.sources.scrub import scrub_bytes, scrub_value
from extract.spans import assemble, split_chat

#: Files of an export that hold no messages of channels.
_ABOUT = {*slackabout.LISTS, "users.json", "org_users.json", "integration_logs.json", "canvases.json", "lists.json",
          "huddle_transcripts.json", "file_conversations.json", "content_flags.json"}  # fmt: skip
#: Messages that a person typed; any other subtype was written by Slack or by an app.
_TYPED = {"", "me_message", "thread_broadcast", "file_share", "reply_broadcast", "file_comment"}
_MENTION = re.compile(r"<@([UW][A-Z0-9]{2,30})(?:\|[^>]*)?>")
_TOMBSTONE = ("tombstone", "message_deleted", "sh_room_created")


class _Payload(NamedTuple):
    message: dict[str, Any]
    folder: str
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
        # Why a list of the export could not be read, by name.
        self._broken: dict[str, str] = {}
        with _closing(path) as tree:
            self._root = _find_root(tree, path)
            self._users, self._links = self._read_users(tree)
            self._places = self._read_places(tree)
            have = [n for n in slackabout.LISTS if self._root + n in tree.names]
        self.completeness = "slack." + ("+".join(n.removesuffix(".json") for n in have) or "folders_only")

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether the path holds the lists of a Slack export."""
        try:
            with _closing(path) as tree:
                return bool(_roots(tree))
        except (SourceError, OSError):
            return False

    @property
    def links(self) -> frozenset[Link]:
        """Return which chat ids and mail addresses the profiles of the export join."""
        return frozenset(self._links)

    def units(self) -> Iterator[Unit]:
        """Yield every message, by channel folder, file and position; a file that is not messages is one unit."""
        with _closing(self.path) as tree:
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
                    yield from self._messages(tree, name, relative, parts[0])

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

    def _messages(self, tree: archive.Tree, name: str, relative: str, folder: str) -> Iterator[Unit]:
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
                yield Unit(locator, files.digest(raw), _Payload(message, folder, "", unreadable=False), len(raw))
            else:
                yield _defect(locator, "message.not_an_object", unreadable=True, raw_digest=files.digest(raw))

    def _read_users(self, tree: archive.Tree) -> tuple[dict[str, slackabout.User], tuple[Link, ...]]:
        users: dict[str, slackabout.User] = {}
        links: dict[Link, None] = {}
        for name in ("users.json", "org_users.json"):
            for entry in self._entries(tree, name):
                ident = entry.get("id")
                if not isinstance(ident, str) or not ident:
                    continue
                profile = entry.get("profile") if isinstance(entry.get("profile"), dict) else {}
                user = slackabout.user(entry, profile or {})
                users[ident] = user
                address = (profile or {}).get("email")
                key = mail_key(address) if isinstance(address, str) else ""
                if key and not user.bot:
                    links[Link(slack_key(ident), key, "slack.profile")] = None
        return users, tuple(links)

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

    def _read_places(self, tree: archive.Tree) -> dict[str, slackabout.Place]:
        places: dict[str, slackabout.Place] = {}
        for name, listed in slackabout.LISTS.items():
            for entry in self._entries(tree, name):
                place = slackabout.place(entry, listed)
                # A direct message stands in a folder named by its id, a channel in one named by its name; renamed
                # channels appear under both. Listed twice, the stricter kind holds.
                for folder in dict.fromkeys((place.name, place.ident)):
                    if not folder:
                        continue
                    known = places.get(folder)
                    if known is None or slackabout.STRICTER.index(known.kind) < slackabout.STRICTER.index(place.kind):
                        places[folder] = place
        return places

    def read(self, unit: Unit) -> Record | Defect:
        """Return the message's record."""
        payload: _Payload = unit.payload
        if payload.defect:
            return Defect(unit.locator, unit.raw_digest, payload.defect, payload.unreadable)
        message = payload.message
        place = self._places.get(payload.folder)
        if place is None:
            place = slackabout.Place(payload.folder, payload.folder, "unknown", (), ())
        defects: list[str] = []
        subtype = slackabout.text_of(message, "subtype")
        author, raw_name, basis, flags = self._author(message, subtype)
        words, more = clean(slacktext.words(message), "message")
        defects += more
        stamp = slackabout.text_of(message, "ts")
        sent_at = slackabout.moment(stamp)
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
        offset, tz_basis = slackabout.offset(user.zone if user else "", sent_at)
        thread = slackabout.text_of(message, "thread_ts") or stamp
        mentioned = {slack_key(u) for u in _MENTION.findall(words)}
        recipients = _others(place, author)
        if not mentioned <= {author, *recipients}:
            recipients = tuple(sorted({*recipients, *mentioned} - {author}))
        names: dict[str, None] = dict.fromkeys(user.names if user else ())
        for ident in mentioned:
            other = self._users.get(ident.removeprefix("slack:"))
            names.update(dict.fromkeys(other.names if other else ()))
        profile = message.get("user_profile")
        if isinstance(profile, dict):
            names.update(dict.fromkeys(v for k in slackabout.NAME_FIELDS if isinstance(v := profile.get(k), str) and v))
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

    def _author(self, message: dict[str, Any], subtype: str) -> tuple[str, str, str, tuple[str, ...]]:
        """Return (key, as written, basis, flags)."""
        ident = slackabout.text_of(message, "user")
        if subtype == "file_comment" and isinstance(comment := message.get("comment"), dict):
            ident = slackabout.text_of(comment, "user") or ident
        user = self._users.get(ident)
        written = user.name if user else ""
        if not written and isinstance(profile := message.get("user_profile"), dict):
            written = next((v for k in slackabout.NAME_FIELDS if isinstance(v := profile.get(k), str) and v), "")
        if subtype in _TOMBSTONE or message.get("hidden") is True or ident == "USLACKBOT":
            return slack_key(ident), written, "slack.user" if ident else "unknown", (FLAG_SYSTEM, FLAG_BOT)
        bot = slackabout.text_of(message, "bot_id")
        if bot or subtype == "bot_message" or (user is not None and user.bot):
            # An app posts under a person's id too; the words are then the app's as likely as the person's.
            return slack_key(ident or bot), written or slackabout.text_of(message, "username"), "slack.bot", (FLAG_BOT,)
        if subtype not in _TYPED:
            return slack_key(ident), written, "slack.user" if ident else "unknown", (FLAG_SYSTEM,)
        return slack_key(ident), written or ident, "slack.user" if ident else "unknown", ()


@lru_cache(maxsize=1024)
def _others(place: slackabout.Place, author: str) -> tuple[str, ...]:
    """Return the other members; one tuple per channel and author, as a channel can have thousands."""
    return tuple(m for m in place.members if m != author)


class _closing:  # noqa: N801 - reads as a verb, like contextlib.closing
    """Opens a tree and closes it if it needs closing."""

    def __init__(self, path: Path) -> None:
        self._tree = archive.open_tree(path)

    def __enter__(self) -> archive.Tree:
        return self._tree

    def __exit__(self, *_: object) -> None:
        if isinstance(self._tree, archive.ZipTree):
            self._tree.close()


def _roots(tree: archive.Tree) -> list[str]:
    """Return the folders inside the export that hold lists of Slack's, the outermost first."""
    found = {name[: -len(PurePosixPath(name).name)] for name in tree.names if PurePosixPath(name).name in _ABOUT}
    return sorted((r for r in found if not r.startswith("__MACOSX")), key=lambda root: (root.count("/"), root))


def _find_root(tree: archive.Tree, path: Path) -> str:
    """Return the folder inside the export, with a slash, that holds its lists; re-packed zips have one on top."""
    roots = _roots(tree)
    if roots:
        return roots[0]
    raise SourceError(
        f"{path}: not a Slack export",
        "an export has channels.json or users.json beside one folder per channel",
    )


def _defect(locator: str, code: str, *, unreadable: bool, raw_digest: str = "") -> Unit:
    return Unit(locator, raw_digest, _Payload({}, "", code, unreadable))
