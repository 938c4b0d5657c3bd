"""CBOR as authenticators write it (RFC 8949, CTAP2 §8): integers, byte and text strings, arrays, maps, true, false."""

from __future__ import annotations

from typing import Any

from attest.errors import FormatError

MAX_DEPTH = 8
"""Nesting that is accepted; a certificate chain in an attestation needs four."""

_SIMPLE = {20: False, 21: True, 22: None}
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}


def first(data: bytes) -> tuple[Any, bytes]:
    """Return the first value and the bytes that follow it.

    Lengths are definite; floats, tags and keys that repeat are refused.

    Raises:
        FormatError: The bytes do not begin with such a value.
    """
    value, end = _read(data, 0, 0)
    return value, data[end:]


def loads(data: bytes) -> Any:
    """Return the one value that the bytes hold.

    Raises:
        FormatError: They hold none, or more than one.
    """
    value, rest = first(data)
    if rest:
        raise FormatError("bytes follow a CBOR value")
    return value


def _read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > MAX_DEPTH:
        raise FormatError("CBOR is nested too deeply")
    kind, number, at = _head(data, at)
    match kind:
        case 0:
            return number, at
        case 1:
            return -1 - number, at
        case 2:
            return _bytes(data, at, number), at + number
        case 3:
            try:
                return _bytes(data, at, number).decode(), at + number
            except UnicodeDecodeError:
                raise FormatError("CBOR text is not UTF-8") from None
        case 4:
            items = []
            # Each item takes a byte at least: a length that lies costs nothing.
            for _ in range(min(number, len(data) - at + 1)):
                item, at = _read(data, at, depth + 1)
                items.append(item)
            return items, at
        case 5:
            found: dict[int | str, Any] = {}
            for _ in range(min(number, len(data) - at + 1)):
                key, at = _read(data, at, depth + 1)
                if type(key) not in (int, str) or key in found:
                    raise FormatError("a CBOR map repeats a key, or has one that is no number or text")
                found[key], at = _read(data, at, depth + 1)
            return found, at
        case _:
            return _SIMPLE[number], at


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Return major type, argument, and where the content begins (RFC 8949 §3)."""
    kind, more = divmod(_bytes(data, at, 1)[0], 32)
    width = _WIDTHS.get(more, 0)
    if kind == 6 or more > 27 or (kind == 7 and more not in _SIMPLE):
        raise FormatError("CBOR holds a tag, a float, or a length that is not definite")
    number = int.from_bytes(_bytes(data, at + 1, width), "big") if width else more
    return kind, number, at + 1 + width


def _bytes(data: bytes, at: int, size: int) -> bytes:
    part = data[at : at + size]
    if len(part) != size:
        raise FormatError("CBOR ends too early")
    return part
