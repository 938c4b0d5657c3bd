"""Removes live credentials from exports before anything is hashed, logged or attested."""

from __future__ import annotations

import re
from typing import Any

MARK = "[SECRET]"
# How the name of a field of JSON ends whose text is a credential whatever it looks like. Services write `bot_token`,
# `botToken` and `bot-token` for the same thing.
_KEYS = (
    r"passw(?:or)?d|pwd|passphrase|token|secret|(?:api|secret|private|access)[_-]?key|auth[_-]?data|authorization"
    r"|cookie|webhook[_-]?url|connection[_-]?string"
)
# In JSON a slash may be written `\/`; a link inside another link is percent-encoded, once or twice.
_SLASH = r"(?:\\?/|%(?:25)?2[Ff])"
# What a field of a link begins with; some writers of JSON write `&` as \u0026.
_FIELD = r"(?:[?&;#]|%(?:25)?(?:3[Ff]|2[36])|\\u0026)"
_EQUALS = r"(?:=|%(?:25)?3[Dd])"
# Inside JSON a line feed is `\n`, whose letter would pass for a part of the word behind it.
_LEFT = r"(?:(?<![\w-])|(?<=\\[bfnrt]))"
_VALUE = r"[A-Za-z0-9%._~+/=-]"
# (one of these must be in the text, the pattern). Looking for a fixed string is many times faster than a pattern, and
# nearly all texts hold none of them. The one group of a pattern holds what stays in front of the credential.
_RULES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("PRIVATE KEY",), r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----)[\s\S]){16,20000}"),
    (("xox", "xapp-"), r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%.-]{8,}|xapp-[A-Za-z0-9-]{8,}"),
    (("eyJ",), _LEFT + r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),
    # Bot tokens of Discord. The first letter comes first since a search for it is quick.
    (("M", "N", "O"), r"[MNO](?:(?<![\w-].)|(?<=\\[bfnrt].))[\w-]{23,27}\.[\w-]{6}\.[\w-]{27,45}"),
    ((":AA",), r"(?<!\d)\d{8,10}:AA[\w-]{30,40}"),  # bot tokens of Telegram
    (
        ("AKIA", "ASIA", "AIza", "gh", "glpat-", "sk-", "k_live_", "k_test_", "SG.", "npm_"),
        _LEFT
        + r"(?:A(?:KIA|SIA)[0-9A-Z]{16}(?![0-9A-Z])|AIza[\w-]{30,40}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"
        r"|glpat-[\w-]{16,}|[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|sk-(?:(?:proj|ant|or|svcacct|admin)-[\w-]{20,}"
        r"|[A-Za-z0-9]{20,})|SG\.[\w-]{16,}\.[\w-]{16,}|npm_[A-Za-z0-9]{30,})",
    ),
    (
        ("hooks", "webhook"),
        rf"((?:hooks\.slack(?:-gov)?\.com{_SLASH}(?:services|workflows|triggers)|{_SLASH}hooks(?={_SLASH}[a-z0-9]{{26}})"
        rf"|(?:\.|{_SLASH})office(?:365)?\.com{_SLASH}webhook(?:b2)?"
        rf"|discord(?:app)?\.com{_SLASH}api{_SLASH}(?:v\d{{1,2}}{_SLASH})?webhooks{_SLASH}\d{{1,20}}"
        rf"){_SLASH})(?:[\w@.~%-]|\\?/){{8,}}",
    ),
    (
        ("=", "%3D", "%3d"),
        rf"({_FIELD}(?i:t|token|sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature|auth|pwd|password)"
        rf"{_EQUALS}){_VALUE}{{8,}}",
    ),
    (
        ("=", "%3D", "%3d"),
        rf"({_FIELD}(?i:api_?key|secret|pub_secret|client_secret|(?:access|refresh|auth|id)_token|x-amz-credential"
        rf"|x-goog-credential){_EQUALS}){_VALUE}{{4,}}",
    ),
    # The signature of Discord's links, in any order; a shop's `?is=` is none.
    (
        ("hm=", "hm%"),
        rf"({_FIELD}hm{_EQUALS})[0-9a-f]{{32,}}(?:(?:{_FIELD}|amp;){{1,2}}(?:ex|is){_EQUALS}[0-9a-f]{{8}}){{0,2}}",
    ),
    (
        ("hm=", "hm%"),
        rf"({_FIELD}(?:ex|is){_EQUALS})[0-9a-f]{{8}}(?=(?:{_FIELD}|amp;){{1,2}}(?:ex|is|hm){_EQUALS}[\[0-9a-f])",
    ),
    (("://", r":\/\/"), r"(:\\?/\\?/[^\s/:@\"\\<>]{0,64}:)[^\s/@\"\\<>]{3,256}(?=@)"),
    (("Bearer ", "Basic "), rf"\b((?:Bearer|Basic) ){_VALUE}{{16,}}"),
    (
        ("uthorization", "UTHORIZATION"),
        rf"((?i:authorization)[\"'\\]{{0,2}}\s{{0,2}}[:=]\s{{0,2}}[\"'\\]{{0,2}}(?i:bearer|basic|bot|token) )"
        rf"{_VALUE}{{8,}}",
    ),
)
_TEXT = tuple((hints, re.compile(pattern)) for hints, pattern in _RULES)
_BYTES = tuple((tuple(h.encode() for h in hints), re.compile(pattern.encode())) for hints, pattern in _RULES)
# Looked for by the quotation mark behind a name and three letters in front of it: that is quick. `_KEY` then decides.
_KEYED = re.compile(
    rb'"(?<=(?i:ord|swd|pwd|ase|ken|ret|key|ata|ion|kie|url|ing)")(\s{0,8}:\s{0,8})'
    rb'(?:"(?:[^"\\]|\\.)+"|-?\d[\d.eE+-]*)'
)
_LONGEST_KEY = 40
_KEY = re.compile(rf"(?:{_KEYS})\Z", re.IGNORECASE)
_SHORTEST = 12


def _text_mark(match: re.Match[str]) -> str:
    kept = (match[match.lastindex] if match.lastindex else "") or ""
    # Line feeds stay: readers count lines.
    return kept + MARK + "\n" * match[0].count("\n", len(kept))


def _bytes_mark(match: re.Match[bytes]) -> bytes:
    kept = (match[match.lastindex] if match.lastindex else b"") or b""
    return kept + MARK.encode() + b"\n" * match[0].count(b"\n", len(kept))


def _field_mark(match: re.Match[bytes]) -> bytes:
    name = match.string[max(0, match.start() - _LONGEST_KEY) : match.start()]
    return b'"' + match[1] + b'"' + MARK.encode() + b'"' if _KEY.search(name.decode("latin-1")) else match[0]


def scrub_bytes(data: bytes) -> bytes:
    """Return the bytes of a JSON file with credentials replaced."""
    for hints, pattern in _BYTES:
        if any(h in data for h in hints):
            data = pattern.sub(_bytes_mark, data)
    return _KEYED.sub(_field_mark, data)


def scrub_text(text: str) -> str:
    """Return the text with credentials replaced; it has as many lines as before."""
    if len(text) < _SHORTEST:
        return text
    for hints, pattern in _TEXT:
        for hint in hints:
            if hint in text:
                text = pattern.sub(_text_mark, text)
                break
    return text


def scrub_value(value: Any) -> Any:
    """Return a JSON value with credentials replaced in every string and key, however they were escaped."""
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, list):
        return [scrub_value(v) for v in value]
    if isinstance(value, dict):
        return {scrub_text(str(k)): (_blank if _KEY.search(str(k)) else scrub_value)(v) for k, v in value.items()}
    return value


def _blank(value: Any) -> Any:
    """Return a value with all that could be a credential replaced, whatever it looks like."""
    if isinstance(value, list):
        return [_blank(v) for v in value]
    if isinstance(value, dict):
        return {scrub_text(str(k)): _blank(v) for k, v in value.items()}
    return value if value is None or value == "" or isinstance(value, bool) else MARK
