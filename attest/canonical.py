"""Canonical JSON (RFC 8785), narrowed to what can be hashed without surprises.

Every signed or logged value of the project goes through here, so that one value has exactly one sequence of bytes.
RFC 8785 allows any I-JSON value; this module allows objects with ASCII keys, arrays, strings, integers below 2^53,
booleans and null. Floats are refused in both directions: their text form is the one part of the RFC that two
implementations are likely to disagree on.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from attest.errors import FormatError

MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON parser keeps exact (RFC 8785 §3.2.2.3, RFC 7493 §2.2)."""

MAX_DEPTH = 32
"""Nesting that is accepted. Nothing here needs more than eight; the limit keeps the recursion bounded."""


def _check(value: object, depth: int) -> None:
    # `type(...) is` and not `isinstance`: a bool is an int, and an enum member is a str, and both would be written
    # by the encoder in a form that does not come back as what was put in.
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]
            raise FormatError("an integer is outside the range that JSON keeps exact")
        return
    if depth >= MAX_DEPTH:
        raise FormatError("JSON is nested too deeply")
    if kind is dict:
        for key, item in value.items():  # type: ignore[attr-defined]
            if type(key) is not str or not key.isascii():
                raise FormatError("an object key is not an ASCII string")
            _check(item, depth + 1)
    elif kind is list:
        for item in value:  # type: ignore[attr-defined]
            _check(item, depth + 1)
    else:
        raise FormatError(f"a value of type {kind.__name__} has no canonical JSON form")


def dumps(value: object) -> bytes:
    """Encode a value as its one canonical sequence of bytes.

    Args:
        value: A dict with ASCII string keys, list, string, integer below 2^53, bool or None.

    Raises:
        FormatError: The value holds something that has no canonical form here.
    """
    _check(value, 0)
    # RFC 8785 §3.2.3 sorts keys by UTF-16 code units; for ASCII keys that is the order of `sort_keys`. The escapes of
    # §3.2.2.2 (short forms, lower-case \u00xx, nothing else) are what the standard encoder writes.
    try:
        return _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        raise FormatError("a string holds a lone surrogate") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise FormatError("an object repeats a key")
    return value


def _refuse_number(_text: str) -> NoReturn:
    raise FormatError("a number is not an integer")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_refuse_number, parse_constant=_refuse_number)


def loads(data: bytes) -> Any:
    """Decode canonical bytes; anything that `dumps` would have written differently is refused.

    Raises:
        FormatError: The bytes are not JSON, or not the canonical form of the value that they hold.
    """
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except FormatError:
        raise
    except (ValueError, RecursionError):
        # `from None`: the parser's own message quotes the text.
        raise FormatError("bytes are not JSON in UTF-8") from None
    if dumps(value) != data:
        raise FormatError("JSON is not in canonical form")
    return value
