"""Splits an mbox file into mails: mboxo, mboxrd, mboxcl and mboxcl2, without making mails out of quoted lines."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

#: One mail; a larger one is passed over.
MAIL_LIMIT = 64 * 1024**2

# A separator is "From " after a blank line, with a year in it, and a header field on the next line: all four, because
# "From " at the start of a line of prose is common, and a separator taken from prose forges a mail.
_SEPARATOR = re.compile(
    rb"From [^\r\n]{0,400}\b(?:19|20)\d\d\b[^\r\n]{0,60}\r?\n(?=>?[\x21-\x39\x3b-\x7e]{1,80}[ \t]{0,80}:)"
)
_FIRST = re.compile(rb"From [^\r\n]*\r?\n")
_ESCAPED = re.compile(rb"^>+From ", re.MULTILINE)
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,12})[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_CHUNK, _HEAD, _HEADER = 1024 * 1024, 4096, 262_144
#: No separator and what proves it is longer.
_REACH = 1024


class Mail(NamedTuple):
    """A mail of an mbox.

    Attributes:
        raw: The mail as it stands, or b"" if it is larger than the limit.
        sha256: Of the mail as it stands, hex.
        too_large: Whether it was passed over.
    """

    raw: bytes
    sha256: str
    too_large: bool


def looks_like_mbox(head: bytes) -> bool:
    """Say whether a file that starts with these bytes is an mbox."""
    return _FIRST.match(head.lstrip(b"\xef\xbb\xbf\r\n")) is not None


def split(data: bytes) -> Iterator[bytes]:
    """Yield the raw mails of an mbox in memory, without their separator lines and the blank line after them."""
    for mail in stream(io.BytesIO(data), max(len(data), 1)):
        yield mail.raw


def stream(file: BinaryIO, limit: int = MAIL_LIMIT) -> Iterator[Mail]:
    """Yield the mails of an mbox, without their separator lines and the blank line after them.

    No more than one mail and a chunk are in memory, or three chunks while a larger mail is passed over.

    Args:
        file: The file, opened for reading and seeking.
        limit: Bytes of the largest mail that is taken.
    """
    window = _Window(file)
    first = _FIRST.search(window.get(0, _HEAD))
    if first is None:
        return
    start: int | None = first.end()
    # A first mail whose Content-Length ends exactly at a separator or at the end: then this is mboxcl or mboxcl2.
    counted = _counted_end(window, first.end()) is not None
    while start is not None:
        search_from = _counted_end(window, start) if counted else None
        end, following = _next_separator(window, start if search_from is None else search_from, start, limit)
        yield _taken(window, start, end, limit)
        start = following
        if start is not None:
            window.forget(start - 3)


class _Window:
    """The part of a file that is looked at, by position in the file.

    Attributes:
        size: Bytes of the file.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)
        self._base = 0
        self._data = bytearray()

    def reach(self, end: int) -> None:
        """Have everything up to a position in memory."""
        while (have := self._base + len(self._data)) < min(end, self.size):
            self._file.seek(have)
            chunk = self._file.read(_CHUNK)
            if not chunk:
                # The file was cut while it was read.
                self.size = have
                return
            self._data += chunk

    def forget(self, before: int) -> None:
        """Let go of everything before a position."""
        if before > self._base:
            if before > self._base + len(self._data):
                self._data.clear()
            else:
                del self._data[: before - self._base]
            self._base = before

    def get(self, start: int, end: int) -> bytes:
        """Return the bytes between two positions, none of which is forgotten."""
        self.reach(end)
        return bytes(self._data[max(0, start - self._base) : max(0, end - self._base)])

    def peek(self, start: int, end: int) -> bytes:
        """Return the bytes between two positions, wherever they are."""
        if self._base <= start and end <= self._base + len(self._data):
            return self.get(start, end)
        self._file.seek(start)
        return self._file.read(max(0, end - start))

    def separator(self, at: int, end: int, begin: int) -> tuple[int, int] | None:
        """Return where the first separator that starts between two positions starts and ends.

        Args:
            at: First position.
            end: Position behind the last.
            begin: Where the whole search began: there, no blank line is needed.
        """
        self.reach(end + _REACH)
        base = self._base
        offset = at - base
        while (found := _SEPARATOR.search(self._data, offset)) is not None and found.start() + base < end:
            start, offset = found.span()
            before = bytes(self._data[max(0, start - 3) : start])
            if start + base == begin or before.endswith((b"\n\n", b"\n\r\n")):
                return start + base, offset + base
        return None


def _next_separator(window: _Window, begin: int, start: int, limit: int) -> tuple[int, int | None]:
    """Return where the mail ends, and where the next one starts."""
    at = begin
    while at < window.size:
        if at - start > limit + 4:
            # The mail is too large to be taken, so that its content is not needed any more.
            window.forget(at - 3)
        end = min(at + _CHUNK, window.size)
        found = window.separator(at, end, begin)
        if found is not None:
            return found
        at = end
    return window.size, None


def _counted_end(window: _Window, start: int) -> int | None:
    """Return where Content-Length says that a mail ends, if a separator or the end of the file is there indeed."""
    head = window.get(start, start + _HEADER // 16)
    header = _HEADER_END.search(head)
    if header is None:
        head = window.get(start, start + _HEADER)
        header = _HEADER_END.search(head)
    if header is None:
        return None
    length = _LENGTH.search(head, 0, header.end())
    if length is None:
        return None
    end = start + header.end() + int(length[1])
    if end > window.size:
        return None
    behind = window.peek(end, end + _REACH)
    gap = 2 if behind.startswith(b"\r\n") else 1 if behind.startswith(b"\n") else 0
    if end + gap >= window.size or _SEPARATOR.match(behind, gap) is not None:
        return end + gap
    return None


def _taken(window: _Window, start: int, end: int, limit: int) -> Mail:
    tail = window.peek(max(start, end - 4), end)
    # The one blank line that mbox puts between a mail and the next separator.
    end -= 2 if tail.endswith(b"\r\n\r\n") else 1 if tail.endswith(b"\n\n") else 0
    if end - start <= limit:
        raw = window.get(start, end)
        return Mail(raw, hashlib.sha256(raw).hexdigest(), too_large=False)
    running = hashlib.sha256()
    for at in range(start, end, _CHUNK):
        running.update(window.peek(at, min(at + _CHUNK, end)))
    return Mail(b"", running.hexdigest(), too_large=True)


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
