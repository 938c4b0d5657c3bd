"""Reads IRC logs: one file, or a folder with a file per channel or day.

A nick is an account as good as the network guards it, and a log does not say which network it is from. No log proves
that a channel is public, and few state their zone: what is not proven stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from extract.personkeys import account_key
from extract.records import FLAG_BOT, FLAG_SYSTEM, ContainerKind, Record, SourceKind, of_defect
from extract.sources import files
from extract.sources import irclines as il
from extract.sources.api import Defect, Link, Unit
from extract.sources.decoding import decode
from extract.sources.scrub import scrub_bytes, scrub_text
from extract.spans import assemble, split_chat

_SUFFIXES = (".log", ".txt", ".weechatlog")
_MORE_SUFFIXES = re.compile(r"(?:\.[a-z]{1,10})+\Z")
#: A line of IRC has 512 bytes (RFC 1459 §2.3); bridges write longer ones.
_LINE = 64 * 1024
_DETECT_LINES, _DETECT_FILES = 20, 30


class _Place(NamedTuple):
    name: str
    ident: str
    kind: ContainerKind
    company: tuple[str, ...]


class _Payload(NamedTuple):
    raw: bytes
    place: _Place | None
    day: date | None
    addressed: str
    defect: str
    unreadable: bool


class IrcSource:
    """A log, or a folder of logs.

    Attributes:
        path: The path as typed.
    """

    kind: SourceKind = "chat"
    completeness = "irc.as_logged"
    links: frozenset[Link] = frozenset()

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether the path is a log of IRC, or a folder that holds one."""
        try:
            if path.is_dir():
                logs = (p for p in islice(path.rglob("*"), 2000) if p.suffix.lower() in _SUFFIXES and p.is_file())
                return any(_is_log(p) for p in islice(logs, _DETECT_FILES))
            return path.suffix.lower() in _SUFFIXES and _is_log(path)
        except OSError:
            return False

    def __init__(self, path: Path) -> None:
        """Open the path.

        Raises:
            SourceError: Nothing is there, or it cannot be opened.
        """
        files.require(path, "a log of IRC")
        self.path = path
        self.name = path.name or path.resolve().name

    def units(self) -> Iterator[Unit]:
        """Yield every line by file and position, empty ones left out; a file that is no log is one unit."""
        if self.path.is_file():
            yield from self._lines(self.path, self.name, f"{self.path.parent.name}/{self.name}")
            return
        for entry in files.walk(self.path):
            if entry.defect:
                yield _refused(entry.relative, entry.defect)
            elif entry.path.suffix.lower() not in _SUFFIXES:
                yield _refused(entry.relative, "file.not_messages", unreadable=False)
            else:
                yield from self._lines(entry.path, entry.relative, f"{self.name}/{entry.relative}")

    def _lines(self, path: Path, locator: str, place: str) -> Iterator[Unit]:
        try:
            spoken, alone = _survey(path)
            if spoken is None:
                yield _refused(locator, "file.not_messages", unreadable=False)
                return
            found = _place(place, locator, spoken, alone)
            day = il.day_of_name(PurePosixPath(locator).name)
            for number, raw in enumerate(_raw_lines(path), 1):
                if not raw.strip():
                    continue
                raw = scrub_bytes(raw)
                line = il.parse(raw.decode("utf-8", "replace"))
                day = (line.day if line is not None else None) or day
                named = il.addressed(line.text).lower() if line is not None and line.nick else ""
                payload = _Payload(raw, found, day, named if named in spoken else "", "", unreadable=False)
                yield Unit(f"{locator}#{number}", files.digest(raw), payload, len(raw) + 128)
        except PermissionError:
            yield _refused(locator, "file.permission_denied")
        except OSError:
            yield _refused(locator, "file.unreadable")

    def read(self, unit: Unit) -> Record | Defect:
        """Return the line's record."""
        payload: _Payload = unit.payload
        if payload.place is None:
            return Defect(unit.locator, unit.raw_digest, payload.defect, payload.unreadable)
        text, defects = decode(payload.raw, where="message")
        line = il.parse(scrub_text(text))
        if line is None:
            return of_defect("chat", unit.locator, unit.raw_digest, "line.unreadable", payload.place.name)
        return _record(unit, payload, line, payload.place, defects)


def _raw_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(_LINE):
            yield line


def _is_log(path: Path) -> bool:
    """Say whether most of the first lines have a form of IRC logs, and one is something said."""
    lines = [line.decode("utf-8", "replace") for line in islice(_raw_lines(path), _DETECT_LINES) if line.strip()]
    found = [parsed for line in lines if (parsed := il.parse(line)) is not None]
    return len(found) * 2 > len(lines) and any(line.clock for line in found)


def _survey(path: Path) -> tuple[dict[str, None] | None, bool]:
    """Return who spoke in a file, None if no line has a known form; and whether the server reported nobody else."""
    spoken: dict[str, None] = {}
    known, alone = False, True
    for raw in _raw_lines(path):
        line = il.parse(raw.decode("utf-8", "replace"))
        if line is not None:
            known = True
            alone = alone and (line.what != "server" or not line.clock)
            if line.what in ("said", "action"):
                spoken[line.nick.lower()] = None
    return (spoken if known else None), alone


def _place(path: str, locator: str, spoken: dict[str, None], alone: bool) -> _Place:
    """Return the channel or query of a file, by its name and the folders above it."""
    first, *above = reversed(PurePosixPath(path).parts)
    parts = [_MORE_SUFFIXES.sub("", first), *above]
    name = next((bare for part in parts if (bare := il.without_day(part))), parts[0])
    name = next((il.without_day(part) for part in parts if part.startswith("#")), name)
    # A client names the log of a query by the other's nick. Two who spoke, one of them so named, and nobody coming or
    # going: that is a query. Anything else can be a channel of any kind.
    other = name.rpartition(".")[2].lower()
    is_query = "#" not in name and alone and len(spoken) <= 2 and other in spoken
    company = tuple(account_key("irc", nick) for nick in spoken) if is_query else ()
    return _Place(name, f"irc:{name}", "dm" if is_query else "unknown", company)


def _refused(locator: str, code: str, *, unreadable: bool = True) -> Unit:
    return Unit(locator, "", _Payload(b"", None, None, "", code, unreadable), 256)


def _record(unit: Unit, payload: _Payload, line: il.Line, place: _Place, defects: list[str]) -> Record:
    author = account_key("irc", line.nick.lower())
    flags: tuple[str, ...] = ()
    if line.what == "server":
        flags = (FLAG_SYSTEM,)
    elif line.what == "notice" or il.is_program(line.nick):
        # Notices are for programs: RFC 1459 §4.4.2.
        flags = (FLAG_BOT,)
    quoted = il.QUOTED.match(line.text)
    if flags:
        spans = assemble(line.text, ["log"] * (line.text.count("\n") + 1), author)
    elif quoted is not None:
        spans = assemble(line.text, ["quoted"] * (line.text.count("\n") + 1), author)
    else:
        spans = split_chat(line.text, author)
    day = line.day or payload.day
    sent_at = il.moment(day, line.clock, line.zone)
    if sent_at is None:
        if line.zone and day is not None:
            defects.append("date.unreadable")
        else:
            defects.append("date.missing" if day is None or not line.clock else "date.no_offset")
    zone = line.zone.replace(":", "")
    offset = None
    if sent_at is not None and zone != "Z":
        offset = (int(zone[1:3]) * 60 + int(zone[3:])) * (-1 if zone[0] == "-" else 1)
    named = account_key("irc", payload.addressed)
    others = dict.fromkeys(k for k in (*place.company, named) if k and k != author)
    names = dict.fromkeys(n for n in (line.nick, payload.addressed, quoted[1] if quoted is not None else "") if n)
    return Record(
        source_kind="chat",
        locator=unit.locator,
        raw_digest=unit.raw_digest,
        container=place.name,
        container_kind=place.kind,
        author_key=author,
        author_raw=line.nick,
        author_basis="irc.nick" if author else "unknown",
        recipients=tuple(others),
        names_seen=tuple(names),
        labels=flags,
        sent_at=sent_at,
        tz_offset_min=offset,
        tz_basis="header" if offset else "unknown",
        thread_id=f"chat:{place.ident}:{day.isoformat() if day is not None else 'undated'}",
        parent_id="",
        title="",
        text=line.text,
        spans=spans,
        parse_defects=tuple(dict.fromkeys(defects)),
        message_id=f"{place.ident}/{unit.locator}/{unit.raw_digest[:12]}",
    )
