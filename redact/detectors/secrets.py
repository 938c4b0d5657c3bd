"""Finds credentials: known token formats, key blocks, credentials in URLs and headers, and `password = ...`."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from typing import Any, NamedTuple

from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded
from redact.pseudonyms import TOKEN


class Format(NamedTuple):
    """One format of secret.

    Attributes:
        name: Short name.
        keywords: Lower-case strings, one of which must occur in the text, so that most patterns never run.
        pattern: RE2 syntax; group 1, where there is one, is the secret.
    """

    name: str
    keywords: tuple[str, ...]
    pattern: str


# RE2 runs in linear time, so no text can stall a run. It has no look-around: \b and groups do that work.
FORMATS: tuple[Format, ...] = (
    Format(
        "private key block",
        ("-----begin",),
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:.*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|.*)",
    ),
    Format("putty key", ("putty-user-key-file",), r"(?s)PuTTY-User-Key-File-\d.*?Private-MAC: [0-9a-f]+"),
    Format("age key", ("age-secret-key-",), r"(?i)AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{40,}"),
    Format("aws key id", ("akia", "asia", "aroa", "aida"), r"\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}\b"),
    Format("github token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[0-9A-Za-z]{20,}"),
    Format("github fine-grained", ("github_pat_",), r"\bgithub_pat_[0-9A-Za-z_]{20,}"),
    Format("gitlab token", ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-"), r"\bgl(?:pat|dt|rt|cbt|ptt)-[0-9A-Za-z_-]{16,}"),
    Format("slack token", ("xox", "xapp-"), r"\bxox[a-z]-[0-9A-Za-z-]{8,}|\bxapp-\d-[0-9A-Za-z-]{10,}"),
    Format("slack webhook", ("hooks.slack.com",), r"hooks\.slack\.com/(?:services|workflows|triggers)/([0-9A-Za-z/_-]{8,})"),
    Format("webhook", ("webhook",), r"(?:discord(?:app)?\.com/api/webhooks|webhook\.office\.com)/([0-9A-Za-z/@_-]{16,})"),
    Format("stripe key", ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"), r"\b(?:[sr]k_(?:live|test)|whsec)_[0-9A-Za-z]{10,}"),
    Format("google api key", ("aiza",), r"\bAIza[0-9A-Za-z_-]{30,}"),
    Format("google oauth", ("ya29.", "gocspx-"), r"\bya29\.[0-9A-Za-z_-]{16,}|\bGOCSPX-[0-9A-Za-z_-]{16,}"),
    Format("openai key", ("sk-",), r"\bsk-(?:proj-|ant-|svcacct-|or-)?[0-9A-Za-z_-]{20,}"),
    Format("hugging face token", ("hf_",), r"\bhf_[0-9A-Za-z]{20,}"),
    Format("npm token", ("npm_",), r"\bnpm_[0-9A-Za-z]{30,}"),
    Format("pypi token", ("pypi-age",), r"\bpypi-AgE[0-9A-Za-z_-]{30,}"),
    Format("sendgrid key", ("sg.",), r"\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}"),
    Format("mailgun key", ("key-",), r"\bkey-[0-9a-f]{32}\b"),
    Format("twilio key", ("sk", "ac"), r"\b(?:SK|AC)[0-9a-f]{32}\b"),
    Format("telegram token", (":aa",), r"\b\d{8,10}:AA[0-9A-Za-z_-]{32,33}"),
    Format("vault token", ("hvs.", "hvb."), r"\bhv[sb]\.[0-9A-Za-z_-]{20,}"),
    Format("cloud token", ("dop_v1_", "doo_v1_", "dapi", "shpat_", "lin_api_", "glsa_", "pul-"),
           r"\b(?:do[opr]_v1_[0-9a-f]{40,}|dapi[0-9a-f]{32}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|lin_api_[0-9A-Za-z]{30,}|glsa_[0-9A-Za-z_]{32,}|pul-[0-9a-f]{40})"),
    Format("azure key", ("accountkey=", "sharedaccesskey=", "sig="), r"(?i)(?:AccountKey|SharedAccessKey|[?&;]sig)=([0-9A-Za-z+/%=]{20,})"),
    Format("json web token", ("eyj",), r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{6,}(?:\.[0-9A-Za-z_-]*)?"),
    Format("password hash", ("$2", "$6$", "$5$", "$1$", "$y$", "$argon2"), r"\$(?:2[abxy]?|1|5|6|y|argon2id?)\$[0-9A-Za-z./,=$+]{16,}"),
    Format("authorisation header", ("bearer", "basic", "token", "digest"),
           r"(?i)\b(?:authorization|proxy-authorization|auth)\b[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token|apikey|digest)\s+([0-9A-Za-z._~+/=:-]{6,})"),
    Format("bearer token", ("bearer",), r"(?i)\bbearer\s+([0-9A-Za-z._~+/=-]{16,})"),
    Format("credentials in url", ("://",), r"(?i)\b[a-z][a-z0-9+.-]*://([^\s/@:\"'<>]*:[^\s/@\"'<>]+)@"),
    Format("token user in url", ("://",), r"(?i)\bhttps?://([0-9A-Za-z_-]{16,})@"),
    Format("token in url", ("=",),
           r"(?i)[?&#;](?:[a-z0-9_.-]*(?:token|secret|signature|api_?key|apikey|passw(?:or)?d|pwd|credential|session_?id)|"
           r"sig|key|auth|code|otp|jwt|sid|pass|invite|reset|confirm(?:ation)?|x-amz-[a-z-]+)=([^\s&#\"'<>)\]]{6,})"),
    Format("netrc", ("machine", "login"), r"(?i)\blogin\s+\S+\s+password\s+(\S+)"),
    Format("command line", ("-p", "--pass", "--token", "--secret", "--api-key", "-u ", "--user"),
           r"(?i)(?:--(?:[a-z-]*password|passwd|pass|token|secret|api-key|access-token|auth-token)[= ]|\bsshpass\s+-p\s*)[\"']?([^\s\"'<>$-][^\s\"'<>]{3,})"),
    Format("curl user", ("curl", "wget"), r"(?i)\b(?:curl|wget)\b[^\n]*?\s(?:-u|--user)[ =]?[\"']?([^\s:\"']+:[^\s\"']+)"),
    Format("database client", ("mysql", "psql", "mongo", "redis-cli"), r"\b(?:mysql|mysqldump|mongo|redis-cli)\b[^\n]*?\s(?:-p|-a )([^\s\"'-][^\s\"']{3,})"),
)  # fmt: skip

_KEY = (
    r"(?i)\b((?:[a-z0-9_.\-]*(?:passw(?:or)?[dt]|passwort|kennwort|passwd|pwd|passphrase|passcode|secret|token|"
    r"credentials?|api[_\- ]?key|(?:access|auth|private|signing|encryption|account|client|license)[_\- ]?key)[a-z0-9_\-]*)"
    r"|(?:[a-z0-9_.\-]*[_.\-])?(?:pin|pass|pw|psk|otp))\b"
)
_ASSIGNED = _KEY + r"[\"'`*\])]*\s*(?:=>|:=|==?|:|->)\s*[\"'`]*([^\s\"'`,;)\]}]{4,})"
_SPOKEN = _KEY + r"[\"'`*]*\s+(?:is|was|ist|lautet|now|set to|=)\s*:?\s+[\"'`]*([^\s\"'`,;)\]}]{4,})"
_QUOTED = (
    _KEY
    + r"[\"'`*\])]*\s*(?:=>|:=|==?|:|->|\bis\b|\bwas\b|\bist\b|\blautet\b)\s*(?:\"([^\"\n]{4,})\"|'([^'\n]{4,})'|`([^`\n]{4,})`)"
)
_OPAQUE = r"[0-9A-Za-z+/_-]{32,}={0,2}"

_PLACEHOLDER = re.compile(
    r"(?i)^(?:<.*|\$[({\w].*|\{\{?.*|%[({\w].*|x{3,}|\*+|\.{3,}|-+|_+|#+|\[.*|none|null|nil|true|false|undefined|"
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
