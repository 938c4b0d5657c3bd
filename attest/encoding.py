"""Text forms that are accepted in one spelling only: base64, decimal numbers, hexadecimal digests, times."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime

from attest.errors import FormatError

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_HEX32 = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")
MAX_NUMBER = 2**63 - 1


def to_base64(data: bytes) -> str:
    """Encode as standard base64 with padding (RFC 4648 §4)."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Decode standard base64; other alphabets, missing padding and stray trailing bits (RFC 4648 §3.5) are refused.

    Raises:
        FormatError: The text is not what `to_base64` writes.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("text is not base64") from None
    if to_base64(data) != text:
        raise FormatError("base64 is not in canonical form")
    return data


def from_decimal(text: str) -> int:
    """Read an ASCII decimal without sign or leading zeros, below 2^63.

    Raises:
        FormatError: It is not one.
    """
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_NUMBER:
        raise FormatError("text is not a decimal number in canonical form")
    return int(text)


def is_digest(text: object) -> bool:
    """Tell whether a value is a SHA-256 digest in 64 lower-case hexadecimal digits."""
    return isinstance(text, str) and _HEX32.fullmatch(text) is not None


def to_time(at: datetime) -> str:
    """Write an aware time as UTC with whole seconds, `2026-11-22T10:00:00Z`.

    Raises:
        ValueError: The time has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time needs a zone")
    # isoformat and not strftime: the latter drops the leading zeros of early years.
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def from_time(text: str) -> datetime:
    """Read the form that `to_time` writes.

    Raises:
        FormatError: The text is in another form, or no such time exists.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise FormatError("a time is not written like 2026-11-22T10:00:00Z")
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise FormatError("a time does not exist") from None
