"""Finds e-mail addresses in every disguise, handles, URL parts that name or admit someone, and IP addresses."""

from __future__ import annotations

import ipaddress
import re

from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded
from redact.lexicon import TECHNICAL
from redact.wordlists import word_list

# Unlike a public-suffix check this takes `x@host.corp.internal` and `x@localhost` too: internal addresses leak as well.
_EMAIL = re.compile(r"[\w.+'=-]*\w[+'-]?@(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\.)*[A-Za-z0-9][A-Za-z0-9-]*")
_SPACED = re.compile(r"\b[\w+-]+(?:\. ?[\w+-]+)* @ ?[A-Za-z0-9-]+(?: ?\. ?[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b")
_AT = r"(?:\s*[\[({<]\s*(?:at|AT|ät|@)\s*[\])}>]\s*|\s+(?:at|AT)\s+)"
_DOT = r"(?:\s*[\[({<]\s*(?:dot|DOT|punkt|\.)\s*[\])}>]\s*|\s+(?:dot|DOT|punkt)\s+|\.)"
_SPELLED = re.compile(rf"\b[\w+-]+(?:{_DOT}[\w+-]+)*{_AT}[A-Za-z0-9-]+(?:{_DOT}[A-Za-z0-9-]+)+\b")
_BRACKET = re.compile(r"[\[({<]\s*(?:at|AT|ät|@|dot|DOT|punkt|\.)\s*[\])}>]")
_AT_SPLIT = re.compile(_AT)
_DOT_SPLIT = re.compile(_DOT)

_HANDLE = re.compile(r"(?<![\w@/.:+=#%&-])@[A-Za-z0-9_](?:[\w.-]*[\w])?(?:/[\w.-]*\w)?")
_AT_SPACE = re.compile(r"(?<!\S)@ ([A-Za-z_][\w-]{2,})")
_USER_PATH = re.compile(r"(?<![\w/])/?u/([A-Za-z][\w-]{2,})")
_SLACK_MENTION = re.compile(r"<@([UW][A-Z0-9]{6,})(?:\|[^>\n]*)?>")
_SLACK_ID = re.compile(r"\b[UW][A-Z0-9]{8,10}\b")
_IRC_NICK = re.compile(
    r"(?m)^\s*(?:\[?\d\d:\d\d(?::\d\d)?\]?\s*)?<[@+ ]?([A-Za-z_\[\]\\^{}|`][\w\[\]\\^{}|`-]{1,30})>\s"
)
_IRC_ACTION = re.compile(r"(?m)^\s*\[?\d\d:\d\d(?::\d\d)?\]?\s+(?:===|\*|-!-)\s+([A-Za-z_][\w|`^-]{1,30})\s")
_PROFILE = re.compile(
    r"\b(?:github|gitlab|twitter|x|linkedin|facebook|instagram|t|mastodon|keybase|bitbucket)\.(?:com|org|me|io|social)/"
    r"(?:in/|u/|users?/|@)?([A-Za-z0-9][\w.-]*)",
)
_PROFILE_PAGES = word_list("profile_pages")
#: What follows an @ in code and on the package registry far more often than a person does.
NOT_HANDLES = word_list("not_handles")
_CODE_BELOW = re.compile(
    r"\s*(?:async\s+)?(?:def|class|public|private|protected|static|export|function|fun|func|void|final|@)"
)

_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_MAC = re.compile(r"(?<![\w:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:-])")


def find_emails(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return e-mail addresses: plain, internal, %-escaped, spaced out, and spelled `name at host dot org`."""
    out = []
    plain = folded.text
    if "@" in plain:
        for pattern in (_EMAIL, _SPACED):
            for m in pattern.finditer(plain):
                address = re.sub(r"\s", "", m.group()).lower()
                if "." not in address.partition("@")[2] and (
                    m.group().isupper() or plain[m.start() - 1 : m.start()] == "/"
                ):
                    continue  # the company part of a Lotus Notes name
                start, end = folded.origin(*m.span())
                out.append(Finding(start, end, "EMAIL_ADDRESS", "network", 1.0, directory.person_of_email(address)))
    if " at " in plain.lower() or _BRACKET.search(plain):
        for m in _SPELLED.finditer(plain):
            local, _, host = _AT_SPLIT.sub("@", m.group()).partition("@")
            address = _DOT_SPLIT.sub(".", f"{local}@{host}").lower()
            key = directory.person_of_email(address)
            label = address.partition("@")[2].partition(".")[0]
            if key or _BRACKET.search(m.group()) or directory.is_own_label(label) or " dot " in m.group().lower():
                start, end = folded.origin(*m.span())
                out.append(Finding(start, end, "EMAIL_ADDRESS", "network", 1.0, key))
    return out


def find_handles(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return @mentions, chat ids, IRC nicks and names in profile URLs; decorators and package scopes are none."""
    out = []
    if "@" in text:
        for m in _HANDLE.finditer(text):
            name = m.group()[1:]
            head, slash, _ = name.partition("/")
            if slash and not directory.person_of_handle(head):
                continue  # a package scope: @scope/package
            if head.lower() in NOT_HANDLES or head.lower().split(".")[0] in NOT_HANDLES:
                continue
            if _is_decorator(text, m.start(), m.end()):
                continue
            end = m.start() + 1 + len(head)
            out.append(Finding(m.start(), end, "HANDLE", "network", 0.9, directory.person_of_handle(head)))
        for m in _SLACK_MENTION.finditer(text):
            out.append(Finding(m.start(), m.end(), "HANDLE", "network", 1.0, directory.person_of_handle(m[1])))
    for m in _SLACK_ID.finditer(text):
        if any(c.isdigit() for c in m.group()):
            out.append(Finding(m.start(), m.end(), "HANDLE", "network", 0.7, directory.person_of_handle(m.group())))
    if "<" in text or ":" in text:
        for pattern in (_IRC_NICK, _IRC_ACTION):
            for m in pattern.finditer(text):
                out.append(Finding(*m.span(1), "HANDLE", "network", 0.9, directory.person_of_handle(m[1])))
    for m in _AT_SPACE.finditer(text):
        word = m[1].lower()
        if word not in directory.words and word not in NOT_HANDLES and word not in TECHNICAL:
            out.append(Finding(*m.span(), "HANDLE", "network", 0.6, directory.person_of_handle(m[1])))
    out.extend(Finding(*m.span(1), "HANDLE", "network", 0.8) for m in _USER_PATH.finditer(text))
    for m in _PROFILE.finditer(text):
        if m[1].lower() not in _PROFILE_PAGES:
            out.append(Finding(*m.span(1), "HANDLE", "network", 0.9, directory.person_of_handle(m[1])))
    return out


def _is_decorator(text: str, start: int, end: int) -> bool:
    """Return whether the @word stands alone on its line, with arguments at most, and code follows."""
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip():
        return False
    stop = text.find("\n", end)
    rest = text[end : stop if stop >= 0 else len(text)].strip()
    if rest and not rest.startswith("("):
        return False
    return stop >= 0 and _CODE_BELOW.match(text, stop + 1) is not None


def find_addresses(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return IP and MAC addresses, except those that mean nobody: loopback, unspecified, documentation ranges."""
    out = []
    for pattern in (_IPV4, _IPV6):
        for m in pattern.finditer(text):
            try:
                ip = ipaddress.ip_address(m.group())
            except ValueError:
                continue
            if (
                ip.is_loopback
                or ip.is_unspecified
                or ip.is_multicast
                or (ip.version == 4 and int(ip) >> 24 in (0, 255))
            ):
                continue
            if ip.version == 4 and ip.packed[3] == 0 and text[m.end() : m.end() + 1] != "/" and max(ip.packed) < 32:
                continue  # a version number such as 10.2.1.0
            out.append(Finding(*m.span(), "IP_ADDRESS", "network"))
    out.extend(Finding(*m.span(), "IP_ADDRESS", "network") for m in _MAC.finditer(text))
    return out
