"""The shape of parsed JSON: exact fields with exact types, so that nothing unknown hides in signed data.

The offline verifier uses the standard library only, which rules pydantic out here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attest.encoding import is_digest
from attest.errors import FormatError

DIGEST = "digest"
"""In place of a type: a string of 64 lower-case hexadecimal digits."""

COUNT = "count"
"""In place of a type: an integer from 0."""

Shape = Mapping[str, type | str | tuple[type, ...]]


def exact(value: object, where: str, shape: Shape, optional: Shape | None = None) -> dict[str, Any]:
    """Return `value` if it is an object with exactly these fields of these types.

    Args:
        value: What was parsed.
        where: What it is, for the message; never a value out of it.
        shape: Type of each field that must be there.
        optional: Type of each field that may be missing.

    Raises:
        FormatError: A field is missing, unknown, or of another type.
    """
    if type(value) is not dict:
        raise FormatError(f"{where} is not an object")
    known = {**shape, **(optional or {})}
    if missing := sorted(shape.keys() - value.keys()):
        raise FormatError(f"{where} lacks {missing[0]}")
    if value.keys() - known.keys():
        raise FormatError(f"{where} has a field that is not known")
    for name, item in value.items():
        if not _fits(item, known[name]):
            raise FormatError(f"{where}: {name} has the wrong type")
    return value


def fields(value: object, where: str, shape: Shape) -> dict[str, Any]:
    """Return `value` if it is an object with at least these fields of these types; others may be there.

    For records whose full form another package owns.

    Raises:
        FormatError: A field is missing or of another type.
    """
    if type(value) is not dict:
        raise FormatError(f"{where} is not an object")
    exact({name: item for name, item in value.items() if name in shape}, where, shape)
    return value


def counts(value: object, where: str) -> dict[str, int]:
    """Return `value` if it is an object of non-negative integers.

    Raises:
        FormatError: It is not.
    """
    if type(value) is not dict or not all(_fits(item, COUNT) for item in value.values()):
        raise FormatError(f"{where} is not an object of counts")
    return value


def _fits(item: object, kind: type | str | tuple[type, ...]) -> bool:
    if kind == DIGEST:
        return is_digest(item)
    if kind == COUNT:
        return type(item) is int and item >= 0
    return type(item) in kind if isinstance(kind, tuple) else type(item) is kind
