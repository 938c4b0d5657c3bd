"""Names in signed objects: ASCII only, so that no name can look like another one, to a reader or to a comparison."""

from __future__ import annotations

import re

from attest.errors import FormatError

PID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
NONCE = re.compile(r"[0-9a-f]{32}")

MAX_NAME = 64
MAX_NAMES = 64


def fits(form: re.Pattern[str], value: object, where: str) -> str:
    """Return a value if it is a string of a form.

    Raises:
        FormatError: It is not; the message says where, never what.
    """
    if type(value) is not str or form.fullmatch(value) is None or (form is NAME and len(value) > MAX_NAME):
        raise FormatError(f"{where} is not in form")
    return value


def sorted_names(form: re.Pattern[str], value: object, where: str) -> tuple[str, ...]:
    """Return a list of names, each once and in order, so that one set has one spelling.

    Raises:
        FormatError: It is no such list.
    """
    if type(value) is not list or len(value) > MAX_NAMES:
        raise FormatError(f"{where} is not a list of names, or too long")
    found = tuple(fits(form, item, where) for item in value)
    if list(found) != sorted(set(found)):
        raise FormatError(f"{where} is not in order, or repeats a name")
    return found
