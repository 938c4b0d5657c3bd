"""Finds credentials: known token formats, key blocks, credentials in URLs and headers, and `password = ...`."""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import Any

from redact.detectors.secret_formats import FORMATS, Format
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded
from redact.lexicon import is_ordinary
from redact.pseudonyms import TOKEN

_KEY = (
    r"(?i)\b((?:[a-z0-9_.\-]*(?:passw(?:or)?[dt]|passwort|kennwort|passwd|pwd|passphrase|passcode|secret|token|"
    r"credentials?|api[_\- ]?key|schl(?:ü|ue)ssel|"
    r"(?:access|auth|private|signing|encryption|account|client|license)[_\- ]?key)[a-z0-9_\-]*)"
    r"|(?:[a-z0-9_.\-]*[_.\-])?(?:pin|pass|pw|psk|otp))\b"
)
_SIGN = r"(?:=>|:=|==?|:|->)"
_VALUE = r"([^\s\"'`,;)\]}]{4,})"
_ABOUT = r"(?:\s+(?:for|of|to|on|at|in|f(?:ü|ue)r|zum?|zur|vo[nm]|der|des|am|im)(?:\s+[\w./@-]{1,40}){1,4}?)?"
_ASSIGNED = _KEY + rf"[\"'`*\])]*\s*{_SIGN}\s*[\"'`]*" + _VALUE
#: A whole line, as in a file of settings: what ends elsewhere may hold brackets and commas here.
_LINE = r"(?m)^[ \t>+-]*(?:export\s+|set\s+|ENV\s+|- )?[\"']?" + _KEY + r"[\"']?\s?[=:]\s?([^\s\"'`][^\s]{3,})[ \t]*$"
_SPOKEN = _KEY + _ABOUT + r"[\"'`*]*\s+(?:is|was|are|ist|lautet|now|(?:set|reset|changed) to|=)\s*:?\s+[\"'`]*" + _VALUE
_CALLED = (
    r"(?i)\b(?:with|using|use|mit|via|nimm|has)\s+(?:the\s+|dem\s+|das\s+|de[rn]\s+)?"
    r"(passwor[dt]|kennwort|passphrase|token|(?:api[ -]?)?key|secret|pin|pw)\s+[\"'`]*" + _VALUE
)
_QUOTED = (
    _KEY + rf"[\"'`*\])]*\s*(?:{_SIGN}|:\s*[&\w.<>\[\]]{{1,24}}\s*=|\bis\b|\bwas\b|\bist\b|\blautet\b|\()\s*"
    r"(?:\"([^\"\n]{4,})\"|'([^'\n]{4,})'|`([^`\n]{4,})`)"
)
_DEFINED = r"(?:#define|\bset(?:x|env| -g?x)?|\bputenv)\s+" + _KEY + r"[ \t]+[\"']?([^\s\"']{4,})"
#: Two arguments, as in `define('PASSWORD', '...')`.
_ARGUMENTS = _KEY + r"[\"']\s*,\s*[\"']([^\s\"']*[0-9][^\s\"']{3,})[\"']"
#: A name and its value side by side: `name="password" value="..."`, `name: PASSWORD`, next line `value: ...`.
_PAIRED = (
    _KEY
    + r"[\"']?[ \t]*[,{(]?[ \t]*(?:\n[ \t+-]*)?(?:[\"']?(?:value|content|wert|default(?:value)?)[\"']?[ \t]*[:=][ \t]*)"
    r"[\"']?([^\s\"'`,;<>]{4,})"
)
_ELEMENT = (
    r"(?i)<([\w:.-]*(?:passw(?:or)?d|passwort|pwd|secret|token|api[_-]?key|passphrase)[\w.-]*)[^<>\n]{0,80}>"
    r"\s*([^<>\s]{4,})\s*</"
)
_PREFIXED = r"\b[A-Za-z][A-Za-z0-9]{1,11}(?:[_-][A-Za-z0-9]{2,8}){0,2}[_-]([0-9A-Za-z][0-9A-Za-z_-]{19,})"
#: Three parts with dots between, as signed tokens have them.
_DOTTED = r"\b[0-9A-Za-z_-]{18,}\.[0-9A-Za-z_-]{4,}\.[0-9A-Za-z_-]{25,}|\b[0-9A-Za-z]{10,}\.[0-9a-f]{40,}"
_OPAQUE = r"(?:[0-9A-Za-z]{1,6}~|\b(?:[a-z]{2}\.){1,2})?[0-9A-Za-z+/_-]{32,}={0,2}"
#: Blocks of random-looking text that are published.
_PUBLISHED = re.compile(
    r"-----BEGIN (?:PGP SIGNATURE|PGP PUBLIC KEY BLOCK|PGP MESSAGE|CERTIFICATE|PUBLIC KEY|SSH SIGNATURE|"
    r"CERTIFICATE REQUEST)-----[^-]*(?:-----END|\Z)"
)

_PLACEHOLDER = re.compile(
    r"(?i)^(?:<[^<]*>?|\$[({].*|(?-i:\$[A-Z_][A-Z0-9_]*)|\{\{?.*|%[({].*|x{3,}|\*+|\.{3,}|-+|_+|#+|none|null|nil|true|false|undefined|"
    r"your[_-].*|my[_-]?(?:password|secret|token).*|changeme|redacted|removed|hidden|example|placeholder|"
    r"(?:os|process|env|config|settings|self|this|ctx|request|options|args|params|data|secrets|vars|var)[.\[].*|"
    r"\w+\(.*|\w+(?:->|::)\w.*|str|string|int|bool|bytes|optional|any|object|number|text|required|invalid|expired|wrong|missing|"
    rf"(?-i:(?:{TOKEN.pattern})+))$"
)
_DIGEST = re.compile(
    r"(?i)(?:sha|md5|crc|commit|rev|git|diff|blob|tree|hash|etag|digest|image|layer|build|uuid|guid|id|v|r|gpg|sig|"
    r"msg|message|thread|session|request|trace|span|bug|issue|pr|pull|ref|cve|core|pkg|part|boundary|nextpart)[\w]{0,3}[_-]"
)
#: One of these is in every telling name.
_NAMES = (
    "passw", "kennwort", "pwd", "passphrase", "passcode", "secret", "token", "credential", "key", "schl", "pin", "pass",
    "pw", "psk", "otp",
)  # fmt: skip
_PASSWORDISH = re.compile(r"(?i)pass|pwd|\bpw\b|kennwort|secret|psk")


#: Rules that go by a telling name: what they are called, pattern, and whether the sign between is used in prose too.
_BY_NAME = (
    ("assigned secret", _ASSIGNED, None),
    ("setting", _LINE, False),
    ("spoken secret", _SPOKEN, True),
    ("spoken secret", _CALLED, True),
    ("paired secret", _PAIRED, False),
    ("setting", _DEFINED, False),
    ("secret argument", _ARGUMENTS, True),
    ("secret element", _ELEMENT, False),
)


@lru_cache(maxsize=1)
def _hints() -> tuple[Any, Any]:
    """Return what tells, in one pass each, which patterns can match in a text: most can in none.

    The first takes a text in lower case, and knows the keywords of each format and the telling names. The second takes
    a text as it is, and knows the tokens behind a prefix and the long runs.
    """
    import re2

    words, runs = re2.Set.SearchSet(), re2.Set.SearchSet()
    for keywords in (*(f.keywords for f in FORMATS), _NAMES):
        words.Add("|".join(map(re2.escape, keywords)))
    for pattern in (rf"{_DOTTED}|{_PREFIXED}", _OPAQUE):
        runs.Add(pattern)
    words.Compile()
    runs.Compile()
    return words, runs


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[tuple[Format, Any], ...], tuple[tuple[str, Any, bool | None], ...], Any, Any, Any]:
    import re2

    return (
        tuple((f, re2.compile(f.pattern)) for f in FORMATS),
        tuple((rule, re2.compile(pattern), weak) for rule, pattern, weak in _BY_NAME),
        re2.compile(_QUOTED),
        re2.compile(rf"{_DOTTED}|{_PREFIXED}"),
        re2.compile(_OPAQUE),
    )


def entropy(value: str) -> float:
    """Return the Shannon entropy of the characters, in bits per character."""
    n = len(value)
    return -sum(c / n * math.log2(c / n) for c in Counter(value).values()) if n else 0.0


def find_secrets(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return credentials of known formats, assigned ones, and long opaque strings of high entropy."""
    formats, by_name, quoted, prefixed, opaque = _compiled()
    words, runs = _hints()
    named = words.Match(text.lower()) or ()
    random = runs.Match(text) or ()
    out = []

    def take(start: int, end: int, score: float, rule: str) -> None:
        out.append(Finding(start, end, "SECRET", "secrets", score, rule=rule))

    for f, pattern in (formats[i] for i in sorted(named) if i < len(formats)):
        for m in pattern.finditer(text):
            group = 1 if m.re.groups and m.start(1) >= 0 else 0
            if not group or not (_PLACEHOLDER.match(m[group]) or m[group].lower().strip(".,;:/") in directory.words):
                take(m.start(group), m.end(group), 1.0, f.name)
    if len(formats) in named:
        for rule, pattern, weak in by_name:
            for m in pattern.finditer(text):
                prose = weak if weak is not None else text[m.end(1) : m.start(2)].strip("\"'`*]) ") == ":"
                if _is_value(m[1], m[2], directory, weak=prose):
                    take(m.start(2), m.end(2), 0.8 if prose else 0.9, rule)
        for m in quoted.finditer(text):
            group = next(g for g in (2, 3, 4) if m.start(g) >= 0)
            if _is_value(m[1], m[group], directory, weak=" " in m[group]):
                take(m.start(group), m.end(group), 0.9, "quoted secret")
    for m in prefixed.finditer(text) if 0 in random else ():
        # In the path of an address such a run is the name of a page.
        if text[m.start() - 1 : m.start()] not in ("/", "#", "-") and _is_random(m[1] or m.group(), m.group()):
            take(m.start(), m.end(), 0.8, "prefixed token" if m[1] else "dotted token")
    if 1 in random:
        published = [m.span() for m in _PUBLISHED.finditer(text)] if "-----BEGIN" in text else []
        for m in opaque.finditer(text):
            if _is_opaque(text, m.start(), m.end()) and not any(a < m.end() and m.start() < b for a, b in published):
                take(m.start(), m.end(), 0.7, "random string")
    return out


def _is_random(run: str, whole: str) -> bool:
    """Return whether a run behind a prefix is a drawn one rather than a digest or words.

    Args:
        run: What stands behind the prefix.
        whole: The run with its prefix.
    """
    if sum(map(str.isdigit, run)) < 2 or run.replace("-", "").isdigit() or _DIGEST.match(whole):
        return False
    if re.fullmatch(r"[0-9a-f-]+|[0-9A-F-]+", run):
        return len(run) >= 32 and (whole[-len(run) - 1] == "_" or whole[:4].isupper())
    if re.search(r"[a-z]{9,}|[A-Z]{14,}", run) or entropy(run) < 3.5:
        return False
    # Drawn strings change between small and capital letters and digits all the time, words do not.
    kinds = [1 if c.isdigit() else 2 + c.isupper() for c in run if c.isalnum()]
    return sum(a != b for a, b in pairwise(kinds)) >= 0.3 * len(kinds)


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
        return not is_ordinary(bare.lower(), frozenset(directory.words)) and len(bare) >= (8 if weak else 5)
    if _PASSWORDISH.search(key):
        return classes >= 2 or bare.isdigit()
    if re.search(r"(?i)(?:^|[_.\-])(?:pin|otp|passcode)$", key):
        return bare.isdigit() and len(bare) <= 10
    if re.search(r"(?i)pin|otp", key) and not re.search(r"(?i)token|key", key):
        return False
    return len(bare) >= 8 and classes >= 2 and any(c.isdigit() for c in bare) and entropy(bare) >= 2.5


def _is_opaque(text: str, start: int, end: int) -> bool:
    """Return whether a long run is random-looking: upper, lower and digits, much entropy, no path, no plain digest."""
    written = text[start:end]
    if written == written.lower() or written == written.upper():
        return False
    before = text[max(0, start - 7) : start]
    if TOKEN.search(text, start, end) or before.endswith("%") or before.lower().startswith("sha"):
        return False  # a pseudonym in a path, a part of an escaped address, a digest
    run = written.rstrip("=")
    if before.endswith((".", "//")) and "/" in run:
        # The path of an address: its parts count, without a prefix such as "session_".
        run = max((part.rpartition("_")[2] for part in run.split("/")), key=len)
    if len(run) < 32 or not (any(map(str.isupper, run)) and any(map(str.islower, run))):
        return False
    if sum(map(str.isdigit, run)) < 3 or run.count("/") > 3 or run.count("_") + run.count("-") > max(5, len(run) // 12):
        return False
    if re.search(r"[a-z]{10,}|[A-Z]{10,}", run) or re.match(r"sha\d{3}[-:]", run, re.IGNORECASE):
        return False
    return entropy(run) >= 4.2 and not _says_something(run)


def _says_something(run: str) -> bool:
    """Return whether a run is Base64 of readable text, which is judged by what it says."""
    piece = re.sub(r"[^A-Za-z0-9+/]", "/", run.replace("-", "+"))
    return as_text(base64.b64decode(piece[: len(piece) // 4 * 4])) != ""


def as_text(data: bytes) -> str:
    """Return bytes as text if nearly all of it can be read, or ""."""
    if data.count(0) * 3 > len(data):
        data = data.replace(b"\0", b"")  # two bytes a character
    text = data.decode("utf-8", "replace")
    good = sum((c.isprintable() and c != "\ufffd") or c in "\n\r\t" for c in text)
    return text if text and good >= 0.95 * len(text) - 1 else ""
