"""Reads the bulk export of Mattermost: JSON lines, alone or in a zip or folder."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from extract.errors import SourceError
from extract.personkeys import account_key, mail_key
from extract.records import FLAG_BOT, FLAG_SYSTEM, Record, SourceKind, of_defect
from extract.sources import files
from extract.sources import jsonfiles as jf
from extract.sources.api import Defect, Link, Unit

_VERSION = re.compile(rb'\s*\{\s*"type"\s*:\s*"version"')
_POST = re.compile(rb'\s*\{\s*"type"\s*:\s*"(?:direct_)?post"')
_HEAD = 4096
#: Lines about people, places and the server, which are no messages.
_ABOUT = frozenset(
    {
        "version",
        "role",
        "scheme",
        "team",
        "channel",
        "user",
        "bot",
        "direct_channel",
        "emoji",
        "info",
        "thread_follower",
    }
)
#: Old exports do not say which posts the server wrote.
_JOINED = re.compile(r"@?\S+ (?:joined|left|(?:was )?(?:added to|removed from)) the (?:channel|team)(?: by \S+)?\.?\Z")


class MattermostSource:
    """A bulk export of Mattermost.

    A channel is public if its line says `O` and its team is not by invitation only. Administrators may edit other
    people's posts, and an export does not say who edited one: the words of an edited post are nobody's.

    Attributes:
        path: The path as typed.
    """

    kind: SourceKind = "chat"
    completeness = "mattermost.as_exported"

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether the path is a file of JSON lines that starts with a version, or holds one."""
        try:
            if path.is_dir():
                return any(_starts(p.read_bytes()[:_HEAD]) for p in sorted(path.glob("*.jsonl"))[:3])
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as packed:
                    names = [n for n in packed.namelist() if n.endswith(".jsonl")]
                    return any(_starts(packed.open(n).read(_HEAD)) for n in names[:3])
            with path.open("rb") as file:
                return _starts(file.read(_HEAD))
        except Exception:
            # A damaged zip raises whatever its damage provokes; it is no bulk export then.
            return False

    def __init__(self, path: Path) -> None:
        """Open the path and read its lines about people and places.

        Raises:
            SourceError: It cannot be opened, or holds no JSON lines.
        """
        files.require(path, "a bulk export of Mattermost")
        self.path = path
        self.name = path.name or path.resolve().name
        self._teams: dict[str, str] = {}
        self._places: dict[str, jf.Place] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._bots: dict[str, None] = {}
        self._links: dict[Link, None] = {}
        self._members: dict[str, dict[str, None]] = {}
        channels: list[dict[str, Any]] = []
        found = False
        for _, _, raw, _ in self._lines():
            found = True
            if raw and not _POST.match(raw):
                value = jf.parse(raw)[0]
                self._learn(value, channels)
        if not found:
            raise SourceError(
                f"{path}: no JSON lines in it", "export with `mmctl export create` or `mattermost export`"
            )
        for channel in channels:
            self._channel(channel)
        del self._members

    @property
    def links(self) -> frozenset[Link]:
        """Return which accounts and mail addresses the export joins."""
        return frozenset(self._links)

    def _lines(self) -> Iterator[tuple[str, int, bytes, str]]:
        """Yield (file, line number, line, defect)."""
        if self.path.is_file() and not zipfile.is_zipfile(self.path):
            number = 0
            with self.path.open("rb") as file:
                while line := file.readline(jf.MAX_LINE):
                    number += 1
                    whole = line.endswith(b"\n") or len(line) < jf.MAX_LINE
                    while not line.endswith(b"\n") and len(line) == jf.MAX_LINE:
                        line = file.readline(jf.MAX_LINE)
                    yield self.name, number, line if whole else b"", "" if whole else "line.too_long"
            return
        with jf.tree(self.path) as tree:
            for name, broken in tree.names.items():
                if broken or not name.endswith(".jsonl"):
                    yield name, 0, b"", broken or "file.not_messages"
                    continue
                try:
                    data = tree.read(name)
                except files.FileUnreadable as error:
                    yield name, 0, b"", error.code
                    continue
                for number, line in enumerate(data.split(b"\n"), 1):
                    yield name, number, line, ""

    def _learn(self, value: Any, channels: list[dict[str, Any]]) -> None:
        kind = jf.word(value, "type")
        about = jf.part(value, kind)
        if kind == "team":
            self._teams[jf.word(about, "name")] = jf.word(about, "type")
        elif kind == "channel":
            channels.append(about)
        elif kind == "bot":
            self._bots[jf.word(about, "username")] = None
        elif kind == "user" and (name := jf.word(about, "username")):
            full = f"{jf.word(about, 'first_name')} {jf.word(about, 'last_name')}".strip()
            names = (full, name, jf.word(about, "nickname"), jf.word(about, "email"))
            self._names[name] = tuple(n for n in names if n)
            address = mail_key(jf.word(about, "email"))
            if jf.word(about, "auth_service") == "bot" or about.get("is_bot") is True:
                self._bots[name] = None
            elif address:
                self._links[Link(account_key("mattermost", name), address, "mattermost.profile")] = None
            for team in jf.listed(about, "teams"):
                for channel in jf.listed(team, "channels"):
                    place = f"{jf.word(team, 'name')}/{jf.word(channel, 'name')}"
                    self._members.setdefault(place, {})[account_key("mattermost", name)] = None

    def _channel(self, about: dict[str, Any]) -> None:
        key = f"{jf.word(about, 'team')}/{jf.word(about, 'name')}"
        open_ = jf.word(about, "type") == "O" and self._teams.get(jf.word(about, "team")) != "I"
        known = self._places.get(key)
        if known is not None and known.kind == "private":
            return
        labels = tuple(t for f in ("header", "purpose") if (t := jf.word(about, f).strip()))
        closed = jf.word(about, "type") in ("O", "P")
        self._places[key] = jf.Place(
            jf.word(about, "name"), f"mattermost:{key}", "public" if open_ else "private" if closed else "unknown",
            tuple(sorted(self._members.get(key, {}))), labels,
        )  # fmt: skip

    def units(self) -> Iterator[Unit]:
        """Yield every post, its replies after it; a line that cannot be read is a unit too."""
        for name, number, raw, broken in self._lines():
            locator = f"{name}#{number}" if number else name
            if broken:
                yield jf.refused(locator, broken)
            if broken or not raw.strip():
                continue
            value, digest, broken = jf.parse(raw)
            kind = jf.word(value, "type")
            if broken or not kind:
                yield jf.refused(locator, "line" + (broken or "file.not_an_object").removeprefix("file"), digest)
            elif kind in ("post", "direct_post"):
                post = value.get(kind)
                yield from _posts(locator, post, kind) if isinstance(post, dict) else [jf.unit(locator, post, "")]
            elif kind not in _ABOUT:
                yield jf.refused(locator, "line.unknown_type", digest)

    def read(self, unit: Unit) -> Record | Defect:
        """Return the post's record."""
        item: jf.Item = unit.payload
        if not item.is_message:
            return Defect(unit.locator, unit.raw_digest, item.defect, item.defect != "file.not_messages")
        place = self._places.get(item.place) or _direct(item.place)
        if item.defect:
            return of_defect("chat", unit.locator, unit.raw_digest, item.defect, place.name)
        post, user = item.message, jf.word(item.message, "user")
        props = jf.part(post, "props")
        flags: list[str] = []
        text = jf.word(post, "message")
        deleted = bool(post.get("delete_at")) or "deleteBy" in props
        if deleted or jf.word(post, "type").startswith("system_") or _JOINED.match(text):
            flags.append(FLAG_SYSTEM)
        if user in self._bots or any(str(props.get(p)).lower() == "true" for p in ("from_bot", "from_webhook")):
            flags.append(FLAG_BOT)
        names = self._names.get(user, ())
        edited = bool(post.get("edit_at"))
        return jf.record(
            unit,
            jf.Post(
                place, account_key("mattermost", user), names[0] if names else user, "mattermost.user",
                _ident(item.place, post), "" if deleted else text, jf.since_epoch(post.get("create_at"), 1000),
                parents=(item.parent,) if item.parent else (), names=names, flags=tuple(flags),
                whole="unknown" if edited else None,
                attachments=len(jf.listed(post, "attachments")) + len(jf.listed(props, "attachments")),
                defects=("message.edited_by_somebody",) if edited else (),
            ),
        )  # fmt: skip


def _starts(head: bytes) -> bool:
    return _VERSION.match(head.removeprefix(b"\xef\xbb\xbf")) is not None


def _direct(key: str) -> jf.Place:
    """Return the conversation of some members, or a channel of which the export says nothing."""
    if not key.startswith("@"):
        return jf.Place(key.rpartition("/")[2], f"mattermost:{key}", "unknown")
    members = tuple(sorted(account_key("mattermost", m) for m in key[1:].split(",") if m))
    kind = jf.Place(key, f"mattermost:{key}", "dm" if len(members) < 3 else "group_dm", members)
    return kind if members else kind._replace(kind="unknown")


def _ident(place: str, post: dict[str, Any]) -> str:
    """Return an id of a post: exports have none, so what it is and when it was sent stand for it."""
    words = files.digest(jf.word(post, "message").encode("utf-8", "surrogatepass"))[:12]
    ident = jf.word(post, "id") or f"{jf.word(post, 'create_at')}-{jf.word(post, 'user')}-{words}"
    return f"mattermost:{place}/{ident}"


def _posts(locator: str, post: dict[str, Any], kind: str) -> Iterator[Unit]:
    if kind == "post":
        place = f"{jf.word(post, 'team')}/{jf.word(post, 'channel')}"
    else:
        place = "@" + ",".join(sorted(m for m in jf.listed(post, "channel_members") if isinstance(m, str)))
    replies = jf.listed(post, "replies")
    yield jf.unit(locator, {k: v for k, v in post.items() if k not in ("replies", "reactions")}, place)
    for number, reply in enumerate(replies, 1):
        if isinstance(reply, dict):
            reply = {k: v for k, v in reply.items() if k != "reactions"}
        yield jf.unit(f"{locator}.{number}", reply, place, _ident(place, post))
