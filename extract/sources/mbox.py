"""Splits an mbox file into mails: mboxo, mboxrd, mboxcl and mboxcl2, without making mails out of quoted lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A separator is "From " after a blank line, with a year in it, and a header field on the next line: all four, because
# "From " at the start of a line of prose is common, and a separator taken from prose forges a mail.
_SEPARATOR = re.compile(
    rb"From [^\r\n]{0,400}\b(?:19|20)\d\d\b[^\r\n]{0,60}\r?\n(?=>?[\x21-\x39\x3b-\x7e]{1,80}[ \t]*:)"
)
_FIRST = re.compile(rb"From [^\r\n]*\r?\n")
_ESCAPED = re.compile(rb"^>+From ", re.MULTILINE)
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,12})[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")


def looks_like_mbox(head: bytes) -> bool:
    """Say whether a file that starts with these bytes is an mbox."""
    return _FIRST.match(head.lstrip(b"\xef\xbb\xbf\r\n")) is not None


def split(data: bytes) -> Iterator[bytes]:
    """Yield the raw mails of an mbox, without their separator lines and the blank line after them.

    Args:
        data: The whole file; a read-only memory map works too.
    """
    match = _FIRST.search(data, 0, 4096)
    if match is None:
        return
    counted = _trusts_lengths(data, match.end())
    start = match.end()
    while True:
        search_from = _counted_end(data, start) if counted else None
        following = _next_separator(data, start if search_from is None else search_from)
        end = len(data) if following is None else following.start()
        yield _strip_gap(data[start:end])
        if following is None:
            return
        start = following.end()


def _next_separator(data: bytes, position: int) -> re.Match[bytes] | None:
    for match in _SEPARATOR.finditer(data, position):
        at = match.start()
        if at == position or data[max(0, at - 2) : at] == b"\n\n" or data[max(0, at - 3) : at] == b"\n\r\n":
            return match
    return None


def _trusts_lengths(data: bytes, start: int) -> bool:
    """Say whether the first mail's Content-Length ends exactly at a separator or the end: then this is mboxcl."""
    return _counted_end(data, start) is not None


def _counted_end(data: bytes, start: int) -> int | None:
    header = _HEADER_END.search(data, start, start + 262_144)
    if header is None:
        return None
    length = _LENGTH.search(data[start : header.end()])
    if length is None:
        return None
    end = header.end() + int(length[1])
    if end > len(data):
        return None
    gap = re.compile(rb"(?:\r?\n)?").match(data, end)
    position = end if gap is None else gap.end()
    if position >= len(data) or _SEPARATOR.match(data, position) is not None:
        return position
    return None


def _strip_gap(mail: bytes) -> bytes:
    """Remove the one blank line that mbox puts between a mail and the next separator."""
    if mail.endswith(b"\r\n\r\n"):
        return mail[:-2]
    return mail[:-1] if mail.endswith(b"\n\n") else mail


def unescape(mail: bytes) -> bytes:
    """Return the mail with `>From ` turned back to `From `.

    A line next to another quoted line stays as it is: there `>From` is more likely a quotation, and to un-escape it
    would make someone else's line the author's.
    """
    if b">From " not in mail:
        return mail
    out: list[bytes] = []
    position = 0
    for match in _ESCAPED.finditer(mail):
        at = match.start()
        before = mail.rfind(b"\n", 0, max(0, at - 1)) + 1
        after = mail.find(b"\n", match.end()) + 1
        neighbours = (mail[before : before + 1] if at else b"", mail[after : after + 1] if after else b"")
        out.append(mail[position:at])
        position = at if b">" in neighbours else at + 1
    out.append(mail[position:])
    return b"".join(out)
