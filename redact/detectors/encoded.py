"""Finds personal data and secrets inside encoded runs: Base64, hexadecimal, URL-encoded, encoded words of headers."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote_plus

from redact.detectors import mailaddresses, phones, secrets
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded, clean

#: Longer runs are attachments; only their beginning is decoded, and the whole run goes if that holds anything.
LONGEST = 1 << 16

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}(?:\n[> \t]{0,8}[A-Za-z0-9+/_-]{16,}){0,400}(?:\n[A-Za-z0-9+/_-]+)?={0,2}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{2}){10,}(?![0-9A-Za-z])")
# It begins with its first escape, for which `re` skips ahead; the unescaped characters before that belong to it.
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}[\w.~+*-]*(?:%[0-9A-Fa-f]{2}[\w.~+*-]*)+")
_UNESCAPED = re.compile(r"[\w.~+*-]")
_WORD = re.compile(r"=\?[\w-]{1,40}\?[BbQq]\?[^?\s]{1,800}\?=(?:\s{1,3}=\?[\w-]{1,40}\?[BbQq]\?[^?\s]{1,800}\?=){0,40}")
_ONE_WORD = re.compile(r"=\?([\w-]{1,40})\?([BbQq])\?([^?\s]{1,800})\?=")
_ADDRESS_LINE = re.compile(r"(?i)(?:^|\n)[> \t]*(?:from|to|cc|bcc|reply-to|sender|von|an)\s*:[^\n]*$")


def find_encoded(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return whole encoded runs in which a listed person, an address, a phone number or a secret is found.

    One level is decoded, and URL-encoding inside it.
    """
    out = []
    for start, end, meant in _runs(text):
        if found := _inside(meant, directory):
            out.append(replace(found, start=start, end=end, rule="encoded value"))
    if "=?" in text:
        for m in _WORD.finditer(text):
            found = _inside("".join(_decoded_word(*w.groups()) for w in _ONE_WORD.finditer(m.group())), directory)
            if found is None and _ADDRESS_LINE.search(text[max(0, m.start() - 200) : m.start()]):
                found = Finding(0, 1, "PERSON", "structure", 0.9)
            if found:
                out.append(replace(found, start=m.start(), end=m.end(), rule="encoded header"))
    return out


def _runs(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield runs that decode to readable text: start, end, what they say."""
    long = list(_BASE64.finditer(text))
    for m in long:
        if meant := _readable(re.sub(r"[\s>]", "", m.group())):
            yield *m.span(), meant
    for run in long:  # which hold every hexadecimal one
        for m in _HEX.finditer(text, *run.span()):
            if meant := _as_text(bytes.fromhex(m.group()[:LONGEST])):
                yield *m.span(), meant
    for m in _PERCENT.finditer(text):
        start = m.start()
        while start and _UNESCAPED.match(text, start - 1):
            start -= 1
        yield start, m.end(), unquote_plus(text[start : m.end()][:LONGEST])


def _as_text(data: bytes) -> str:
    """Return what `secrets.as_text` does; most bytes are no UTF-8, which is soon seen."""
    text = data.decode("utf-8", "replace")
    if text.count("\ufffd") * 20 > len(text) + 20 and 0 not in data:
        return ""
    return secrets.as_text(data)


def _readable(run: str) -> str:
    """Return what a run says in Base64, or "". A path or a field name may stand right before it."""
    starts = [0, *(i + 1 for i in (run.find("/"), run.rfind("/"), run.rfind("-"), run.rfind("_")) if i >= 0), 1, 2, 3]
    run = run.rstrip("=").replace("-", "+").replace("_", "/")
    for start in dict.fromkeys(starts):
        beginning = run[start : start + 16]
        # A look at the beginning spares the rest: most runs are no Base64.
        if len(beginning) < 16 or not _as_text(binascii.a2b_base64(beginning)):
            continue
        piece = run[start : start + LONGEST]
        piece = piece[: len(piece) - 1] if len(piece) % 4 == 1 else piece
        try:
            if meant := _as_text(base64.b64decode(piece + "=" * (-len(piece) % 4))):
                return meant
        except binascii.Error:
            continue
    return ""


def _decoded_word(charset: str, how: str, value: str) -> str:
    try:
        base = how in "Bb"
        data = base64.b64decode(value + "=" * (-len(value) % 4)) if base else binascii.a2b_qp(value, header=True)
        return data.decode(charset, "replace")
    except (binascii.Error, LookupError, ValueError):
        return ""


def _inside(meant: str, directory: Directory) -> Finding | None:
    """Return the first thing of a certain kind in a decoded text."""
    text = clean(meant)
    folded = Folded(text)
    for detect in (secrets.find_secrets, mailaddresses.find_emails, phones.find_phones):
        for found in detect(text, folded, directory):
            if found.rule != "random string":  # data inside data is no secret yet
                return found
    return next(iter(directory.find(folded)), None)
