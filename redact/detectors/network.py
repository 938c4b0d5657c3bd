"""Finds handles, parts of addresses that name someone's account, and IP addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded
from redact.lexicon import TECHNICAL
from redact.wordlists import word_list

# ".@name", "cc:@name", "_@name_" and "/@name" mention people; "%@", "=@", "$@" and "@@" are code.
# An expression that begins with a character lets `re` skip ahead to one, so what stands before is looked at afterwards.
_HANDLE = re.compile(r"@(?<![^\W_]@)(?<![@=#%&$]@)\w(?:[\w.-]*\w)?(?:/[\w.-]*\w)?")
_AT_SPACE = re.compile(r"@(?<!\S@) ([A-Za-z_][\w-]{2,})")
_TIMES = re.compile(r"\d{1,4}(?:[.:]\d+)*(?:x|am|pm|h|hz|k)?", re.IGNORECASE)
_USER_PATH = re.compile(r"(?<![\w/.])/?u/[A-Za-z0-9][\w-]{2,}")
_SLACK_MENTION = re.compile(r"<@([UW][A-Z0-9]{6,})(?:\|[^<>\n]{0,80})?>")
_SLACK_ID = re.compile(r"[UW](?<=\b[UW])[A-Z0-9]{8,10}\b")
_CLOCK = r"\[?\d\d:\d\d(?::\d\d)?\]?"
_IRC_NICK = re.compile(rf"(?m)^[ \t]*(?:{_CLOCK}[ \t]*)?<[@+ ]?([A-Za-z_\[\]\\^{{}}|`][\w\[\]\\^{{}}|`-]{{1,30}})>\s")
_IRC_ACTION = re.compile(rf"(?m)^[ \t]*{_CLOCK}[ \t]+(?:===|\*|-!-)[ \t]+([A-Za-z_][\w|`^-]{{1,30}})\s")
_NICK_MARK = re.compile(r"<[@+ ]?[A-Za-z_\[\]\\^{}|`][\w\[\]\\^{}|`-]{1,30}>\s")
_ACTION_MARK = re.compile(r"(?:===|\*|-!-)[ \t]+[A-Za-z_]")
_NAME = r"([A-Za-z0-9][\w.-]{0,60})"
_PROFILE = (
    r"(?i)(?:^|[^0-9A-Za-z_-])(?:"
    r"(?:github|gitlab|twitter|x|linkedin|facebook|instagram|t|mastodon|keybase|bitbucket)\.(?:com|org|me|io|social)"
    r"(?:/in|/u|/users?|:)?/@?"
    r"|api\.github\.com/(?:users|repos)/|(?:raw|gist)\.github(?:usercontent)?\.com/"
    r"|(?:medium|youtube|tiktok|dev)\.(?:com|to)/@?|npmjs\.com/~|hub\.docker\.com/(?:u|r)/|reddit\.com/u(?:ser)?/"
    r"|stackoverflow\.com/users/\d+/|(?:github|gitlab)\.com:|(?:u|users|people|profiles?|members?)/@?"
    rf"|https?://[\w.-]{{1,80}}/~){_NAME}"
)
_PAGES_HOST = re.compile(r"(?i)(?<![\w.-])([a-z0-9][a-z0-9-]{1,38})\.(?:github|gitlab|bitbucket)\.io\b")
# What is shown for a link: `zostro <https://forum.org/u/zostro>`, `[zostro](https://forum.org/u/zostro)`.
_LINK_TEXT = re.compile(r"([A-Za-z][\w.-]{1,38})[\"”')\]]*[ \t]*[<(]https?://[^\s<>()]{1,90}$")
_PAGES = re.compile(r"(?i)\.(?:github|gitlab|bitbucket)\.io\b")
_PROFILE_PAGES = word_list("profile_pages")
#: What follows an @ in code and on the package registry far more often than a person does.
NOT_HANDLES = word_list("not_handles")
#: Groups that are addressed with an @: nobody by name.
_GROUPS = frozenset(("all", "channel", "everyone", "here", "room", "team"))
_ADDRESSING = re.compile(
    r"(?i)(?:\b(?:thanks|thank you|thx|cheers|hi|hello|hey|dear|cc|ping|paging|ask|kudos to|danke|hallo|merci)"
    r"[,:]?\s|\bcc:|@\w[\w-]{0,38}(?:,| and| und)\s)$"
)
_SCOPE_BEFORE = re.compile(
    r"(?:[\"'`/]|\b(?:npm|npx|pnpm|yarn|bun|add|install|i|link|remove|uninstall|update|upgrade|import|from|require|"
    r"package|npm:)\s?)$"
)
_CODE_BELOW = re.compile(
    r"\s*(?:(?:async\s+)?def\s+\w|(?:(?:export|public|private|protected|internal|static|final|abstract|default|open|"
    r"data|sealed|override|async|suspend)\s+)+[\w<][^\n]*[({;=]|(?:class|interface|enum|struct|fun|func|function|void)\s+\w+\s*"
    r"[({:<]|class\s+\w+)"
)
_ACTED = re.compile(
    r"(?m)^[ \t>*]*([A-Za-z0-9][\w-]{1,38})[ \t]+(?:(?:commented|committed|force-pushed|self-assigned)\b|"
    r"(?:opened|closed|reopened|merged|pushed|approved|requested|added|removed|changed|deleted|referenced|mentioned|"
    r"assigned|edited)[ \t]+(?:this|these|a|an|the|commit|pull|merge|\d+)\b)"
)
_CREDITED = (
    r"(?i)\b(?:assigned to|(?:opened|reported|submitted|requested|authored|reviewed|approved|merged|posted|filed|"
    r"pushed|committed|uploaded|suggested|owned|maintained|triggered|started|erstellt|gemeldet|zugewiesen)[ \t]+"
    r"(?:by|von|an)|(?:user(?:name)?|login|nick(?:name)?|account|benutzer(?:name)?|github|gitlab|twitter)[ \t]*"
    r"(?::|=|[ \t]is\b)|(?:by|from|for|as) (?:user|member|contributor)|review from|thanks(?: to)?|thank you|thx|cc|"
    r"ping|kudos to)[ \t]*:?[ \t]*[\"'`]?([A-Za-z0-9][\w-]{2,38})"
)
_WORD = re.compile(r"[A-Za-z0-9][\w-]{3,38}")

_USER_ANCHOR = re.compile("u/")

_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_MAC = re.compile(r"(?<![\w:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:-])")
# The first separator of each and what must follow it: few places have that.
_IPV4_ANCHOR = re.compile(r"\.\d{1,3}\.\d{1,3}\.\d")
_IPV6_ANCHOR = re.compile(r":[0-9A-Fa-f]{0,4}:")
_MAC_ANCHOR = re.compile(r"[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]")


def _around(anchor: re.Pattern[str], exact: re.Pattern[str], reach: int, text: str) -> Iterator[re.Match[str]]:
    """Yield what `exact` finds, all of which begins at most `reach` characters before an anchor."""
    end = 0
    for found in anchor.finditer(text):
        for start in range(max(end, found.start() - reach), found.start() + 1):
            if m := exact.match(text, start):
                yield m
                end = m.end()
                break


@lru_cache(maxsize=1)
def _compiled() -> tuple[Any, Any]:
    """Return the long alternations, which RE2 reads many times faster."""
    import re2

    return re2.compile(_PROFILE), re2.compile(_CREDITED)


def find_handles(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return @mentions, chat ids, nicks, accounts in URLs and paths, and further mentions of those in the same text.

    What an @ stands before goes unless it is evidently code: a decorator above a definition, a package's scope, a tag
    of a documentation comment.
    """
    out = [
        *_mentions(text, directory),
        *_chat_names(text, directory),
        *_accounts(text, directory),
        *_actors(text, directory),
    ]
    return [*out, *_again(text, out)]


def _finding(start: int, end: int, name: str, rule: str, directory: Directory, score: float = 0.9) -> Finding:
    return Finding(start, end, "HANDLE", "network", score, directory.person_of_handle(name), rule)


def _mentions(text: str, directory: Directory) -> Iterator[Finding]:
    if "@" not in text:
        return
    for m in _HANDLE.finditer(text):
        name = m.group()[1:]
        head, slash, _ = name.partition("/")
        known = directory.person_of_handle(head)
        if not known and _is_code(text, m.start(), m.end(), head, bool(slash)):
            continue
        yield Finding(m.start(), m.start() + 1 + len(head), "HANDLE", "network", 0.9, known, "mention")
    for m in _SLACK_MENTION.finditer(text):
        yield _finding(*m.span(), m[1], "chat mention", directory, 1.0)
    for m in _AT_SPACE.finditer(text):
        word = m[1].lower()
        if word not in directory.words and word not in NOT_HANDLES and word not in TECHNICAL:
            yield _finding(*m.span(), m[1], "mention", directory, 0.6)


def _is_code(text: str, start: int, end: int, head: str, slash: bool) -> bool:
    """Return whether an @word is evidently no mention: a group, a figure, a scope, a decorator, a tag."""
    word = head.lower()
    if word in _GROUPS or _TIMES.fullmatch(head):
        return True
    before = text[max(0, start - 48) : start]
    if slash:
        return word in NOT_HANDLES or _SCOPE_BEFORE.search(before) is not None
    if _is_decorator(text, start, end):
        return True
    if _ADDRESSING.search(before):
        return False
    return word in NOT_HANDLES or word.partition(".")[0] in NOT_HANDLES


def _is_decorator(text: str, start: int, end: int) -> bool:
    """Return whether the @word stands alone on its line, with arguments at most, and code follows."""
    while start and text[start - 1] in " \t+-":
        start -= 1
    if start and text[start - 1] != "\n":
        return False
    for _ in range(6):  # decorators may be stacked
        stop = text.find("\n", end)
        if stop < 0:
            return False
        rest = text[end:stop].strip()
        if rest and not rest.startswith("("):
            return False
        below = text[stop + 1 : stop + 200].lstrip(" \t+-")
        if not below.startswith("@"):
            return _CODE_BELOW.match(below) is not None
        name = _HANDLE.match(below)
        end = text.index("@", stop) + (len(name.group()) if name else 1)
    return False


def _chat_names(text: str, directory: Directory) -> Iterator[Finding]:
    for m in _SLACK_ID.finditer(text):
        if any(c.isdigit() for c in m.group()):
            yield _finding(*m.span(), m.group(), "chat id", directory, 0.7)
    for mark, pattern in ((_NICK_MARK, _IRC_NICK), (_ACTION_MARK, _IRC_ACTION)):
        if mark.search(text):
            for m in pattern.finditer(text):
                yield _finding(*m.span(1), m[1], "chat nick", directory)
    for m in _around(_USER_ANCHOR, _USER_PATH, 1, text):
        yield _finding(*m.span(), m.group().rpartition("/")[2], "profile address", directory, 0.8)


def _accounts(text: str, directory: Directory) -> Iterator[Finding]:
    if "/" in text or "\\" in text or ".io" in text:
        for m in _compiled()[0].finditer(text):
            name = m[1].rstrip(".-")
            if name.lower() not in _PROFILE_PAGES and not name.isdigit():
                yield _finding(m.start(1), m.start(1) + len(name), name, "profile address", directory)
                shown = _LINK_TEXT.search(text, max(0, m.start() - 150), m.start(1))
                if shown and shown[1].lower() == name.lower():
                    yield _finding(*shown.span(1), shown[1], "profile address", directory)
        for m in _PAGES_HOST.finditer(text) if _PAGES.search(text) else ():
            if m[1].lower() not in _PROFILE_PAGES | {"pages", "www", "docs"}:
                yield _finding(*m.span(1), m[1], "profile address", directory)


def _actors(text: str, directory: Directory) -> Iterator[Finding]:
    """Yield user names without an @ where the words around say that somebody acted or is meant."""
    for m in _ACTED.finditer(text):
        word = m[1].lower()
        if word not in directory.words and word not in TECHNICAL and not word.isdigit():
            yield _finding(*m.span(1), m[1], "who acted", directory, 0.8)
    for m in _compiled()[1].finditer(text):
        if text[m.end() : m.end() + 1] not in ("/", "(", "-") and _looks_like_login(m[1], directory):
            yield _finding(m.start(1), m.end(1), m[1], "who is credited", directory, 0.8)


def _looks_like_login(word: str, directory: Directory) -> bool:
    """Return whether a word is no word: letters with digits, or with a hump or underscore, and nothing technical."""
    if word.isdigit() or word.lower() in directory.words or word.lower() in TECHNICAL:
        return False
    if all(part in directory.words or part in TECHNICAL or part.isdigit() for part in re.split(r"[-_]", word.lower())):
        return False
    digits = any(map(str.isdigit, word)) and sum(map(str.isalpha, word)) >= 3
    return digits or "_" in word or re.search(r"[a-z][A-Z]", word) is not None


def _again(text: str, found: list[Finding]) -> Iterator[Finding]:
    """Yield bare mentions of the accounts found, where the name is mentioned with an @ or is no ordinary word."""
    named: dict[str, Finding] = {}
    for f in found:
        name = text[f.start : f.end].lstrip("@").rpartition("/")[2]
        telling = f.rule == "mention" or any(map(str.isdigit, name)) or re.search(r"[a-z][A-Z]", name)
        plainly = name.lower() in TECHNICAL or name.lower() in NOT_HANDLES or name.isdigit()
        if len(name) >= 4 and telling and not plainly and f.rule != "chat mention":
            named.setdefault(name.lower(), f)
    if named:
        for m in _WORD.finditer(text):
            f = named.get(m.group().lower())  # type: ignore[assignment]
            if f is not None and text[m.start() - 1 : m.start()] != "@":
                yield Finding(*m.span(), "HANDLE", "network", 0.8, f.person, "account named again")


def find_addresses(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return IP and MAC addresses, except those that mean nobody: loopback, unspecified, documentation ranges."""
    out = []
    for anchor, pattern, reach in ((_IPV4_ANCHOR, _IPV4, 3), (_IPV6_ANCHOR, _IPV6, 4)):
        for m in _around(anchor, pattern, reach, text):
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
            out.append(Finding(*m.span(), "IP_ADDRESS", "network", rule=f"ip version {ip.version}"))
    out.extend(
        Finding(*m.span(), "IP_ADDRESS", "network", rule="mac address") for m in _around(_MAC_ANCHOR, _MAC, 2, text)
    )
    return out
