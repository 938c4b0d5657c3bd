"""Removes live credentials from exports before anything is hashed, logged or attested."""

from __future__ import annotations

import re
from typing import Any

MARK = "[SECRET]"
_CREDENTIAL = (
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%.-]{8,}|xapp-[A-Za-z0-9-]{8,}|"
    r"(?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{8,}|(?<=hooks\.slack\.com/workflows/)[A-Za-z0-9/]{8,}|"
    r"(?<=[?&;]t=)[A-Za-z0-9%._-]{16,}|(?<=[?&;]token=)[A-Za-z0-9%._~-]{8,}|(?<=[?&;]pub_secret=)[A-Za-z0-9]{4,}|"
    r"(?<=[?&;]secret=)[A-Za-z0-9%._~-]{8,}|(?<=[?&;]X-Amz-Signature=)[0-9a-f]{16,}|"
    r"(?<=[?&;]sig=)[A-Za-z0-9%._~-]{16,}"
)
# In JSON a slash may be written `\/`.
_ESCAPED = _CREDENTIAL.replace("/services/", r"\\/services\\/").replace("/workflows/", r"\\/workflows\\/")
_ESCAPED = _ESCAPED.replace("[A-Za-z0-9/]{8,}", r"(?:[A-Za-z0-9]|\\?/){8,}")
_BYTES = re.compile(_CREDENTIAL.encode())
_BYTES_ESCAPED = re.compile(_ESCAPED.encode())
_TEXT = re.compile(_CREDENTIAL)


def scrub_bytes(data: bytes) -> bytes:
    """Return the bytes of a JSON file with credentials replaced."""
    return _BYTES_ESCAPED.sub(MARK.encode(), _BYTES.sub(MARK.encode(), data))


def scrub_text(text: str) -> str:
    """Return the text with credentials replaced."""
    return _TEXT.sub(MARK, text)


def scrub_value(value: Any) -> Any:
    """Return a JSON value with credentials replaced in every string and key, however they were escaped."""
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, list):
        return [scrub_value(v) for v in value]
    if isinstance(value, dict):
        return {scrub_text(str(k)): scrub_value(v) for k, v in value.items()}
    return value
