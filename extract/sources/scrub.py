"""Removes live credentials from exports before anything is hashed, logged or attested."""

from __future__ import annotations

import re
from typing import Any

MARK = "[SECRET]"
#: Fields of JSON whose text is a credential whatever it looks like.
KEYS = ("password", "passwd", "api_key", "apikey", "token", "access_token", "refresh_token", "bot_token", "auth_token",
        "secret", "client_secret", "auth_data", "authorization", "private_key", "mfa_secret", "session_token",
        "cookie")  # fmt: skip
_SLASH = r"\\?/"  # in JSON a slash may be written `\/`
# The one group holds what stays in front of the credential.
_CREDENTIAL = "|".join(
    (
        r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%.-]{8,}",
        r"xapp-[A-Za-z0-9-]{8,}",
        r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}",
        r"\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,45}",
        r"\bAKIA[0-9A-Z]{16}\b",
        r"\bgh[pousr]_[A-Za-z0-9]{20,}",
        r"((?:"
        r"hooks\.slack\.com/(?:services|workflows)/"
        r"|/hooks/(?=[a-z0-9]{26})"
        r"|[./]office(?:365)?\.com/webhook(?:b2)?/"
        r"|discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{1,20}/"
        r"))(?:[\w@.~-]|/){8,}".replace("/", _SLASH),
        r"(?<=[?&;])((?:t|token|sig|signature|X-Amz-Signature|X-Amz-Security-Token|X-Goog-Signature)=)"
        r"[A-Za-z0-9%._~+/=-]{8,}",
        r"(?<=[?&;])((?:api_key|secret|pub_secret|access_token|X-Amz-Credential|X-Goog-Credential)=)"
        r"[A-Za-z0-9%._~+/=-]{4,}",
        # The signature of Discord's links; a shop's `?is=` is none.
        r"(?<=[?&;])((?:ex|is)=)[0-9a-f]{8}(?=&(?:is|hm)=)",
        r"(?<=[?&;])(hm=)[0-9a-f]{32,}",
        r"\b((?:Bearer|Basic) )[A-Za-z0-9._~+/=-]{16,}",
    )
)


_TEXT = re.compile(_CREDENTIAL)
_BYTES = re.compile(_CREDENTIAL.encode())
_KEYED = re.compile(rb'("(?:' + "|".join(KEYS).encode() + rb')"\s*:\s*")(?:[^"\\]|\\.)+(?=")', re.IGNORECASE)
_SHORTEST = 12


def _text_mark(match: re.Match[str]) -> str:
    return (match[match.lastindex] if match.lastindex else "") + MARK


def _bytes_mark(match: re.Match[bytes]) -> bytes:
    return (match[match.lastindex] if match.lastindex else b"") + MARK.encode()


def scrub_bytes(data: bytes) -> bytes:
    """Return the bytes of a JSON file with credentials replaced."""
    data = _BYTES.sub(_bytes_mark, data)
    return _KEYED.sub(rb"\g<1>" + MARK.encode(), data)


def scrub_text(text: str) -> str:
    """Return the text with credentials replaced."""
    return _TEXT.sub(_text_mark, text) if len(text) >= _SHORTEST else text


def scrub_value(value: Any) -> Any:
    """Return a JSON value with credentials replaced in every string and key, however they were escaped."""
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, list):
        return [scrub_value(v) for v in value]
    if isinstance(value, dict):
        return {scrub_text(str(k)): (_blank if str(k).lower() in KEYS else scrub_value)(v) for k, v in value.items()}
    return value


def _blank(value: Any) -> Any:
    """Return a value with all that could be a credential replaced, whatever it looks like."""
    if isinstance(value, list):
        return [_blank(v) for v in value]
    if isinstance(value, dict):
        return {scrub_text(str(k)): _blank(v) for k, v in value.items()}
    return value if value is None or value == "" or isinstance(value, bool) else MARK
