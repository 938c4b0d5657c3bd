"""Makes the record of one commit out of the fields that git wrote of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from extract.personkeys import mail_key, name_key
from extract.records import FLAG_BOT, FLAG_COAUTHORED, FLAG_MERGE, FLAG_REVERT, Record
from extract.sources import trailers
from extract.sources.api import Link, Unit
from extract.sources.decoding import decode

_BOT = re.compile(
    r"\[bot\]|(?:^|[\s<+._-])bot(?:$|[\s@>._-])|\b(?:dependabot|renovate|greenkeeper|semantic-release)\b", re.I
)
_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})")
# Git writes no more digits; the last second of the year 2100.
_DIGITS, _LATEST = 12, 4_133_980_799
_UNREADABLE = "date.unreadable"
# Code hosts commit in everybody's name.
_NOBODY = ("", "mailto:noreply@github.com")


class _People(NamedTuple):
    """What follows from who is named in the head of a commit: the same few people make most of them."""

    author: str
    written: str
    others: tuple[str, ...]
    names: tuple[str, ...]
    bot: bool


@lru_cache(maxsize=16_384)
def _people(made: tuple[str, str], name: str, mail: str, committer: str, committer_mail: str) -> _People:
    author = mail_key(mail) or name_key(name)
    committed = mail_key(committer_mail) or name_key(committer)
    return _People(
        author,
        f"{name} <{mail}>" if mail else name,
        () if committed in (author, *_NOBODY) else (committed,),
        tuple(n for n in dict.fromkeys((*made, name, mail, committer, committer_mail)) if n),
        _BOT.search(name) is not None or _BOT.search(mail.partition("@")[0]) is not None,
    )


def author_key(name: bytes, mail: bytes) -> str:
    """Return the key of an author as git wrote it."""
    return mail_key(_text(mail)) or name_key(_text(name))


def mapped(raw_name: bytes, raw_mail: bytes, name: bytes, mail: bytes) -> Iterator[Link]:
    """Yield what a mailmap asserts by writing one author as another."""
    made, author = author_key(raw_name, raw_mail), author_key(name, mail)
    if made and author and made != author:
        yield Link(made, author, "mailmap")


def _text(value: bytes) -> str:
    return decode(value, "utf-8", "commit")[0]


def read(unit: Unit, container: str) -> Record:
    """Return the record of a commit.

    Args:
        unit: Its payload holds the fields of `git.GitSource`, each but the last ended by NUL.
        container: Name of the repository.
    """
    defects: list[str] = []
    try:
        payload = unit.payload.decode("utf-8")
        if "\r" in payload:
            payload = payload.replace("\r\n", "\n").replace("\r", "\n")
        fields = payload.split("\0")
    except UnicodeDecodeError:
        fields = []
        for value in unit.payload.split(b"\0"):
            text, more = decode(value, "utf-8", "commit")
            fields.append(text)
            defects += more
    commit, parents, raw_name, raw_mail, raw_date, body, name, mail, committer, committer_mail, changed, level = fields
    who = _people((raw_name, raw_mail), name, mail, committer, committer_mail)
    sent_at, offset, wrong = stamp(raw_date)
    if wrong:
        defects.append(wrong)
    text = body.rstrip("\n")
    title = text.partition("\n")[0]
    merge = " " in parents
    message = trailers.split(text, who.author, merge=merge)
    others, names = who.others, who.names
    if message.people:
        others = tuple(sorted({*others, *(key for key, _ in message.people)} - {who.author, *_NOBODY}))
        names = tuple(dict.fromkeys((*names, *(written for _, written in message.people))))
    parent = message.reverts or changed
    return Record(
        "commit",
        unit.locator,
        unit.raw_digest,
        container,
        "repo",
        who.author,
        who.written,
        "git.author" if who.author else "unknown",
        others,
        names,
        _labels(merge, who.bot, bool(message.reverts) or title.startswith('Revert "'), bool(message.coauthors)),
        sent_at,
        offset,
        "git" if offset else "unknown",
        "commit:" + commit,
        parent,
        title,
        text,
        message.spans,
        0,
        tuple(dict.fromkeys(defects)) if defects else (),
        "",
        level or "A0",
        commit,
        (parent,) if parent else (),
    )


@lru_cache(maxsize=16)
def _labels(merge: bool, bot: bool, revert: bool, coauthored: bool) -> tuple[str, ...]:
    flags = ((merge, FLAG_MERGE), (bot, FLAG_BOT), (revert, FLAG_REVERT), (coauthored, FLAG_COAUTHORED))
    return tuple(flag for given, flag in flags if given)


@lru_cache(maxsize=256)
def _offset(zone: str) -> tuple[int | None, str]:
    """Return the minutes that `+0100` stands for, and a defect code or ""."""
    match = _OFFSET.fullmatch(zone.strip())
    if match is None:
        return None, _UNREADABLE
    offset = int(match[2]) * 60 + int(match[3])
    if offset > 14 * 60:
        return None, "date.bad_offset"
    return -offset if match[1] == "-" else offset, ""


def stamp(raw: str) -> tuple[datetime | None, int | None, str]:
    """Return (UTC time, offset in minutes, defect code or "") of git's raw date, `1700000000 +0100`.

    What lies before 1970 or after 2100 is no date.
    """
    seconds, _, zone = raw.strip().partition(" ")
    offset, wrong = _offset(zone)
    if wrong == _UNREADABLE or not seconds.isdecimal() or not seconds.isascii() or len(seconds) > _DIGITS:
        return None, None, _UNREADABLE
    number = int(seconds)
    return (None, None, _UNREADABLE) if number > _LATEST else (datetime.fromtimestamp(number, UTC), offset, wrong)
