"""Decodes the header fields of a mail one by one: words, addresses, dates, labels."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from email.utils import getaddresses

from extract.sources.decoding import clean, decode
from extract.sources.mime import Fields, fields_of

_WORD = re.compile(r"=\?([^?\s]{1,64})\?([bBqQ])\?([^?]*)\?=")
_GAP = re.compile(r"(\?=)[ \t\r\n]+(?==\?)")
_FOLD = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_QP = re.compile(rb"=([0-9A-Fa-f]{2})")
_AT = re.compile(r"^([\w.+-]+) at ([\w-]+(?:\.[\w-]+)+)(?: \((.*)\))?$")
# What nearly every address field holds: addresses, each alone or behind a name without specials (RFC 5322 §3.2.3) or in
# quotes. The general parser takes the others, and comes to the same for these.
_PHRASE = r"(?:\"([^\"\\\r\n]*)\"|([^\s()<>@,:;\"\[\]\\]+(?: [^\s()<>@,:;\"\[\]\\]+)*)) ?"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_SPEC = rf"{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})+"
_USUAL = re.compile(rf"(?:(?:{_PHRASE})?<({_SPEC})>|({_SPEC}))(?:[ \t]*,[ \t]*|\Z)")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,995})>")
_LABELS = (
    "X-Gmail-Labels", "Keywords", "X-Keywords", "X-Folder", "Sensitivity", "X-Sensitivity", "Classification",
    "X-Classification", "X-Label", "X-Labels", "X-Confidentiality",
)  # fmt: skip
_MSIP_NAME = re.compile(r"_Name=([^;,]{1,80})", re.IGNORECASE)
_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_DATE = re.compile(
    r"(?:[A-Za-z]{2,9}\.?,?\s+)?(\d{1,2})[ -]([A-Za-z]{3})[a-z]*\.?[ -](\d{4}|\d{2}),?\s+"
    r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*(?:([+-]\d{4})|([A-Za-z]{1,5}))?(?:\s|\(|$)"
)
_ASCTIME = re.compile(
    r"[A-Za-z]{3},?\s+([A-Za-z]{3})\s+(\d{1,2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s+(?:([A-Z]{1,5})\s+)?(\d{4})(?:\s+([+-]\d{4}))?"
)
# RFC 5322 §4.3: only these names have a fixed meaning; all others are as good as no zone.
_ZONES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420,
    "MDT": -360, "PST": -480, "PDT": -420,
}  # fmt: skip


def raw_fields(fields: Fields | Message, name: str) -> list[str]:
    """Return all values of a field, unfolded, bytes beyond ASCII decoded, encoded words not yet."""
    if isinstance(fields, Message):
        fields = fields_of(fields)
    found = fields.get(name.lower())
    return [_unfolded(value) for value in found] if found else []


def _unfolded(value: str) -> str:
    if not value.isascii():
        value = decode(value.encode("utf-8", "surrogateescape"), where="header")[0]
    if "\n" in value or "\r" in value:
        value = _FOLD.sub(" ", value)
    return value.strip()


def raw_field(fields: Fields | Message, name: str) -> str:
    """Return the first value of a field, or ""."""
    values = raw_fields(fields, name)
    return values[0] if values else ""


def decode_words(value: str) -> str:
    """Return a header value with its encoded words (RFC 2047) decoded, as far as they can be."""
    if "=?" not in value:
        return value if value.isprintable() else clean(value, "header")[0]
    out: list[str] = []
    pending, charset = b"", ""
    position = 0
    value = _GAP.sub(r"\1", value)
    for match in _WORD.finditer(value):
        between = value[position : match.start()]
        declared = match[1].partition("*")[0].casefold()
        # Words of one charset are joined before decoding: senders cut inside multi-byte characters.
        if pending and (between or declared != charset):
            out.append(decode(pending, charset, "header")[0])
            pending = b""
        out.append(between)
        charset = declared
        pending += _word_bytes(match[2], match[3])
        position = match.end()
    if pending:
        out.append(decode(pending, charset, "header")[0])
    out.append(value[position:])
    return _FOLD.sub(" ", clean("".join(out), "header")[0])


def _word_bytes(encoding: str, content: str) -> bytes:
    raw = content.encode("utf-8", "replace")
    if encoding in "qQ":
        return _QP.sub(lambda m: bytes([int(m[1], 16)]), raw.replace(b"_", b" "))
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return raw


def addresses(fields: Fields | Message, *names: str) -> list[tuple[str, str]]:
    """Return (display name, address) of all addressees in these fields; groups are resolved, empty ones dropped."""
    found: list[tuple[str, str]] = []
    for name in names:
        for value in raw_fields(fields, name):
            obscured = _AT.match(value)
            if obscured is not None:
                found.append((decode_words(obscured[3] or ""), f"{obscured[1]}@{obscured[2]}"))
                continue
            for display, address in _listed(value):
                if address or display:
                    found.append((decode_words(display).strip(" \"'"), decode_words(address).strip()))
    return found


def _listed(value: str) -> list[tuple[str, str]]:
    found = []
    at = 0
    while at < len(value):
        match = _USUAL.match(value, at)
        if match is None:
            return getaddresses([value])
        quoted, phrase, behind, alone = match.groups()
        found.append((quoted or phrase or "", behind or alone))
        at = match.end()
    # A comma at the end has nothing behind it.
    return found if found and value[-1] not in ", \t" else getaddresses([value])


def date(fields: Fields | Message) -> tuple[datetime | None, int | None, str, list[str]]:
    """Return (UTC time, offset in minutes, basis of the offset, defects) of the Date field.

    An unreadable date, or one without an offset, is None: a guess could be half a day wrong, and gates over working
    hours decide by it. `-0000` (RFC 5322 §3.3) states a time but no place; nor does `+0000`, which servers write too.
    """
    values = raw_fields(fields, "Date")
    if not values:
        return None, None, "unknown", ["date.missing"]
    if len(values) > 1:
        return None, None, "unknown", ["date.duplicate"]
    return parse_date(values[0])


def parse_date(value: str) -> tuple[datetime | None, int | None, str, list[str]]:
    """Return what `date` returns for one value of a Date field."""
    fields = _date_fields(value[:200])
    if fields is None:
        return None, None, "unknown", ["date.unreadable"]
    day, month, year, hour, minute, second, zone = fields
    if not zone:
        return None, None, "unknown", ["date.no_offset"]
    offset = _ZONES.get(zone.upper()) if zone[0] not in "+-" else _numeric_offset(zone)
    if offset is None:
        return None, None, "unknown", ["date.no_offset"]
    try:
        local = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=timezone(timedelta(minutes=offset)))
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None, None, "unknown", ["date.unreadable"]
    if not 1970 <= moment.year <= 2100:
        return None, None, "unknown", ["date.unreadable"]
    if zone == "-0000":
        return moment, None, "unknown", []
    return moment, offset, "header" if offset else "unknown", []


def _date_fields(value: str) -> tuple[int, int, int, int, int, int, str] | None:
    match = _DATE.match(value.strip())
    if match is not None:
        month = _MONTHS.get(match[2].lower())
        year = int(match[3])
        if year < 100:
            year += 2000 if year < 50 else 1900  # RFC 5322 §4.3
        zone = match[7] or match[8] or ""
        day, hour, minute, second = int(match[1]), int(match[4]), int(match[5]), int(match[6] or 0)
    else:
        match = _ASCTIME.match(value.strip())
        if match is None:
            return None
        month, year = _MONTHS.get(match[1].lower()), int(match[7])
        zone = match[8] or match[6] or ""
        day, hour, minute, second = int(match[2]), int(match[3]), int(match[4]), int(match[5] or 0)
    return None if month is None else (day, month, year, hour, minute, second, zone)


def _numeric_offset(zone: str) -> int | None:
    minutes = int(zone[1:3]) * 60 + int(zone[3:5])
    if int(zone[3:5]) > 59 or minutes > 14 * 60:
        return None
    return -minutes if zone[0] == "-" else minutes


def message_ids(value: str) -> list[str]:
    """Return the message ids of a References, In-Reply-To or Message-ID field, without angle brackets."""
    return list(dict.fromkeys(_MESSAGE_ID.findall(value[:65_536])))


def labels(fields: Fields | Message) -> list[str]:
    """Return the labels that mail programs wrote into the header."""
    found: list[str] = []
    for name in _LABELS:
        for value in raw_fields(fields, name):
            decoded = decode_words(value)
            found += [part.strip(" \"'") for part in decoded.split(",")]
    for value in raw_fields(fields, "MSIP_Labels"):
        # `MSIP_Label_<id>_Name=Customer Secret; MSIP_Label_<id>_SetDate=...`: only the names say anything.
        found += [match.strip() for match in _MSIP_NAME.findall(decode_words(value))]
    return list(dict.fromkeys(part for part in found if part))
