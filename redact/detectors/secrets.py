"""Finds credentials: known token formats, key blocks, credentials in URLs and headers, and `password = ...`."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from typing import Any

from redact.detectors.secret_formats import FORMATS, Format
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded
from redact.pseudonyms import TOKEN

_KEY = (
    r"(?i)\b((?:[a-z0-9_.\-]*(?:passw(?:or)?[dt]|passwort|kennwort|passwd|pwd|passphrase|passcode|secret|token|"
    r"credentials?|api[_\- ]?key|"
    r"(?:access|auth|private|signing|encryption|account|client|license)[_\- ]?key)[a-z0-9_\-]*)"
    r"|(?:[a-z0-9_.\-]*[_.\-])?(?:pin|pass|pw|psk|otp))\b"
)
_ASSIGNED = _KEY + r"[\"'`*\])]*\s*(?:=>|:=|==?|:|->)\s*[\"'`]*([^\s\"'`,;)\]}]{4,})"
_SPOKEN = _KEY + r"[\"'`*]*\s+(?:is|was|ist|lautet|now|set to|=)\s*:?\s+[\"'`]*([^\s\"'`,;)\]}]{4,})"
_QUOTED = (
    _KEY + r"[\"'`*\])]*\s*(?:=>|:=|==?|:|->|\bis\b|\bwas\b|\bist\b|\blautet\b)\s*"
    r"(?:\"([^\"\n]{4,})\"|'([^'\n]{4,})'|`([^`\n]{4,})`)"
)
_OPAQUE = r"[0-9A-Za-z+/_-]{32,}={0,2}"

_PLACEHOLDER = re.compile(
    r"(?i)^(?:<[^<]*>?|\$[({].*|(?-i:\$[A-Z_][A-Z0-9_]*)|\{\{?.*|%[({].*|x{3,}|\*+|\.{3,}|-+|_+|#+|(?-i:\[[A-Z_]+).*|none|null|nil|true|false|undefined|"
    r"your[_-].*|my[_-]?(?:password|secret|token).*|changeme|redacted|removed|hidden|example|placeholder|"
    r"(?:os|process|env|config|settings|self|this|ctx|request|options|args|params|data|secrets|vars|var)[.\[].*|"
    r"\w+\(.*|str|string|int|bool|bytes|optional|any|object|number|text|required|invalid|expired|wrong|missing|"
    r"PERSON_.*|ORG_.*)$"
)
_PASSWORDISH = re.compile(r"(?i)pass|pwd|\bpw\b|kennwort|secret|psk")


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[tuple[Format, Any], ...], Any, Any, Any, Any]:
    import re2

    return (
        tuple((f, re2.compile(f.pattern)) for f in FORMATS),
        re2.compile(_ASSIGNED),
        re2.compile(_SPOKEN),
        re2.compile(_QUOTED),
        re2.compile(_OPAQUE),
    )


def entropy(value: str) -> float:
    """Return the Shannon entropy of the characters, in bits per character."""
    n = len(value)
    return -sum(c / n * math.log2(c / n) for c in Counter(value).values()) if n else 0.0


def find_secrets(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return credentials of known formats, assigned ones, and long opaque strings of high entropy."""
    formats, assigned, spoken, quoted, opaque = _compiled()
    lower = text.lower()
    out = []
    for f, pattern in formats:
        if any(k in lower for k in f.keywords):
            for m in pattern.finditer(text):
                group = 1 if m.re.groups and m.start(1) >= 0 else 0
                if not group or not (_PLACEHOLDER.match(m[group]) or m[group].lower().strip(".,;:") in directory.words):
                    out.append(Finding(m.start(group), m.end(group), "SECRET", "secrets"))
    for m in assigned.finditer(text):
        if _is_value(m[1], m[2], directory, weak=text[m.end(1) : m.start(2)].strip("\"'`*]) ") == ":"):
            out.append(Finding(m.start(2), m.end(2), "SECRET", "secrets", 0.9))
    for m in spoken.finditer(text):
        if _is_value(m[1], m[2], directory, weak=True):
            out.append(Finding(m.start(2), m.end(2), "SECRET", "secrets", 0.8))
    for m in quoted.finditer(text):
        group = next(g for g in (2, 3, 4) if m.start(g) >= 0)
        if _is_value(m[1], m[group], directory, weak=" " in m[group]):
            out.append(Finding(m.start(group), m.end(group), "SECRET", "secrets", 0.9))
    out.extend(
        Finding(m.start(), m.end(), "SECRET", "secrets", 0.7)
        for m in opaque.finditer(text)
        if _is_opaque(text, m.start(), m.end())
    )
    return out


def _is_value(key: str, value: str, directory: Directory, *, weak: bool) -> bool:
    """Return whether what is assigned to a telling key is a credential rather than code or prose.

    Args:
        key: Name on the left.
        value: What it is set to.
        directory: Knows the language's ordinary words.
        weak: The sign between them ("is", ":") is used in prose too.
    """
    bare = value.rstrip(".!?:")
    if len(bare) < 4 or bare[0] in "([{<" or _PLACEHOLDER.match(bare):
        return False
    classes = sum(any(t(c) for c in bare) for t in (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum()))
    if re.fullmatch(r"[A-Za-z_][\w.]*", bare) and classes <= 2 and not any(c.isdigit() for c in bare):
        # A bare word: code (`token = parse_token`), prose ("password: required") or a weak password.
        if not _PASSWORDISH.search(key) or "_" in bare or "." in bare:
            return False
        return bare.lower() not in directory.words and len(bare) >= (8 if weak else 5)
    if _PASSWORDISH.search(key):
        return classes >= 2 or bare.isdigit()
    if re.search(r"(?i)(?:^|[_.\-])(?:pin|otp|passcode)$", key):
        return bare.isdigit() and len(bare) <= 10
    if re.search(r"(?i)pin|otp", key) and not re.search(r"(?i)token|key", key):
        return False
    return len(bare) >= 8 and classes >= 2 and any(c.isdigit() for c in bare) and entropy(bare) >= 2.5


def _is_opaque(text: str, start: int, end: int) -> bool:
    """Return whether a long run is random-looking: upper, lower and digits, much entropy, no path, no plain digest."""
    run = text[start:end].rstrip("=")
    if TOKEN.search(run):
        return False  # a pseudonym in a path is no random run
    if not (any(map(str.isupper, run)) and any(map(str.islower, run)) and sum(map(str.isdigit, run)) >= 3):
        return False
    if run.count("/") > 3 or run.count("_") + run.count("-") > 5 or re.search(r"[a-z]{7,}|[A-Z]{8,}", run):
        return False
    if re.match(r"sha\d{3}[-:]", run, re.IGNORECASE) or text[max(0, start - 7) : start].lower().startswith("sha"):
        return False
    return entropy(run) >= 4.2
