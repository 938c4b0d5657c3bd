"""Reads fields of the people file strictly: a message names a place in the file, never a value from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NoReturn

from extract.errors import PeopleFileError

_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?\Z")


def fail(where: str, what: str, hint: str | None = None) -> NoReturn:
    """Refuse the file."""
    raise PeopleFileError(f"{where}: {what}", hint or "see docs/sources.md for the form of the people file") from None


def mapping(value: Any, where: str, known: Iterable[str]) -> dict[str, Any]:
    """Return a mapping whose keys are all known."""
    if not isinstance(value, dict):
        fail(where, "must be a mapping of keys to values")
    if not all(isinstance(key, str) and key in set(known) for key in value):
        # The unknown key itself may be a name under a wrong indent, so it is not repeated here.
        fail(where, "unknown key", "known keys: " + ", ".join(known))
    return value


def string(entry: Mapping[str, Any], key: str, where: str) -> str:
    """Return a text, "" where it is not there."""
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 400:
        fail(where, f"{key} must be text")
    return value.strip()


def strings(entry: Mapping[str, Any], key: str, where: str) -> list[str]:
    """Return a list of texts, empty where it is not there."""
    value = entry.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() and len(v) <= 400 for v in value):
        fail(where, f"{key} must be a list of texts")
    return [v.strip() for v in value]


def truth(entry: Mapping[str, Any], key: str, where: str) -> bool | None:
    """Return true or false, or None where it is not there."""
    value = entry.get(key)
    if value is not None and not isinstance(value, bool):
        fail(where, f"{key} must be true or false")
    return value


def day(entry: Mapping[str, Any], key: str, where: str) -> date | None:
    """Return a day, or None where it is not there; a moment is no day."""
    value = entry.get(key)
    if value is not None and type(value) is not date:
        fail(where, f"{key} must be a date like 2027-01-31")
    return value


def countries(entry: Mapping[str, Any], where: str) -> tuple[str, ...] | None:
    """Return `jurisdictions`, or None where it is not there."""
    if entry.get("jurisdictions") is None:
        return None
    codes = strings(entry, "jurisdictions", where)
    if not codes or not all(_COUNTRY.match(code) for code in codes):
        fail(where, "jurisdictions must be a list of country codes like DE")
    return tuple(sorted(set(codes)))


def language(entry: Mapping[str, Any], where: str) -> str:
    """Return `language`, "" where it is not there."""
    code = string(entry, "language", where)
    if code and not _LANGUAGE.match(code):
        fail(where, "language must be a code like de or pt-BR")
    return code
