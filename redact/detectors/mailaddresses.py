"""Finds e-mail addresses: plain, internal, escaped, spaced out, broken over lines, and spelled out in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from redact import names
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded
from redact.lexicon import is_ordinary
from redact.wordlists import word_list

_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+'=-")
# Unlike a public-suffix check this takes `x@host.corp.internal` and `x@localhost` too: internal addresses leak as well.
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\.)*[A-Za-z0-9][A-Za-z0-9-]*"
    r"|\[[0-9A-Fa-f:.]{7,45}\]|(?:\w[\w-]{0,62}\.){1,5}\w[\w-]{0,62}"
)
#: A package at a version, such as `react@18.2.0` or `checkout@v4`.
_VERSION = re.compile(r"v?\d+(?:\.(?:\d+|x)){0,2}(?:[-+]?(?:alpha|beta|rc|next|canary|dev|pre)[\w.-]*)?")

# What may stand for the @, and for the dots. Text around a sign is looked at in a window of bounded size, so that no
# text takes more than linear time.
_OPEN, _CLOSE = r"\s?[\[({<]\s?", r"\s?[\])}>]\s?"
_SIGN = re.compile(
    rf"(?P<bracket>{_OPEN}(?:at|AT|At|a|@|aet|arroba){_CLOSE})"
    r"|(?P<sign>\s?@\s|\s@)"
    r"|(?P<escape>=40)"
    r"|(?P<joint>\s?[_*-]{1,2}(?:AT|at)[_*-]{1,2}\s?)"
    r"|(?P<glued>(?<=[a-z0-9])AT(?=[a-z]))"
    r"|(?P<word>\s(?:at|AT|At)\s)"
)
# What is in every one of these, up to `_LEAD` characters behind its start, and seldom anywhere else.
_CORE = re.compile(
    r"@(?:\s|(?<=[\s\[({<]@))|=40"
    r"|a(?<=[\s\[({<_*-]a)(?:t[\s\])}>_*-]|(?:et|rroba)?\s?[\])}>])"
    r"|A(?:(?<=[\s\[({<_*-]A)[tT][\s\])}>_*-]|T(?<=[a-z0-9]AT)(?=[a-z]))"
)
_LEAD = 3
_SPOKEN_DOT = (
    rf"{_OPEN}(?:dot|DOT|Dot|punkt|Punkt|point|\.){_CLOSE}|\s(?:dot|DOT|Dot|punkt|Punkt|PUNKT)\s"
    r"|[_*]{1,2}(?:DOT|dot)[_*]{1,2}|\s[-_*](?:DOT|dot)[-_*]\s"
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}?[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:(?:{_SPOKEN_DOT}|\.){_LABEL}){{1,5}}(?![\w@])")
_GLUED_HOST = re.compile(r"[a-z0-9-]{1,63}(?:(?:DOT|\.)[a-z0-9-]{1,63}){1,5}(?![\w@])")
_LOOSE_HOST = re.compile(rf"{_LABEL}(?:(?:{_SPOKEN_DOT}|\s?\.\s?){_LABEL}){{1,5}}(?![\w@])")
_JOINER = rf"{_SPOKEN_DOT}|\s(?:underscore|unterstrich|dash|minus|hyphen|bindestrich)\s|\s?\.\s?(?=\S)"
_BEFORE = re.compile(rf"(?<![\w.+-])[\w+'-]{{1,40}}(?:(?:{_JOINER})[\w+'-]{{1,40}}){{0,4}}$")
_BEFORE_GLUED = re.compile(r"(?<![A-Za-z0-9])[a-z0-9](?:[a-z0-9._+-]{0,38}[a-z0-9])?$")
_SPOKEN = re.compile(_SPOKEN_DOT)
_TOP = re.compile(
    r"(?i)(?:[a-z]{2}|com|org|net|edu|gov|mil|int|info|biz|name|dev|app|cloud|online|site|tech|xyz|test|example|invalid|"
    r"local|localhost|localdomain|corp|internal|intern|lan|home|arpa|museum|mail|email|group|systems|company|berlin|wien)"
)
_SPACED_TOP = re.compile(rf"(?:\s\.\s?{_LABEL}){{0,4}}\s\.\s?(?:{_TOP.pattern[4:]})(?!\w)")
# Who names an address this way in prose: the archives of mailing lists, and people who ask to be written to.
_CUE = re.compile(
    r"(?i)(?:^|[<(\[\"':;|>]\s?|\b(?:e-?mail|mail|contact|write to|reach|address|from|by|to|cc)[: ]{1,2})$"
)
_CUE_AFTER = re.compile(r"(?:\s*(?:$|\n|[>)\]\"(]|wrote|schrieb|writes))")
_NOT_LOCALS = word_list("not_locals")


class _Candidate(NamedTuple):
    """An address in words.

    Attributes:
        start: First character.
        end: One past the last character.
        address: The address that is meant.
        spoken: Whether a sign of it is written in words or brackets, rather than as "at" and plain dots.
    """

    start: int
    end: int
    address: str
    spoken: bool


def find_emails(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return e-mail addresses, whatever stands for their signs."""
    plain = folded.text
    out = []
    for start, end in _plain(plain):
        local, _, domain = plain[start:end].lower().partition("@")
        person = directory.person_of_email(f"{local}@{domain}")
        if "." not in domain and (plain[start:end].isupper() or plain[start - 1 : start] == "/"):
            continue  # the company part of a Lotus Notes name
        if not person and _VERSION.fullmatch(domain):
            continue
        out.append(Finding(*folded.origin(start, end), "EMAIL_ADDRESS", "network", 1.0, person, "e-mail address"))
    for c in _spelled(plain):
        person = directory.person_of_email(c.address)
        if person or c.spoken or _is_meant(plain, c, directory):
            rule = "spelled-out address"
            out.append(Finding(*folded.origin(c.start, c.end), "EMAIL_ADDRESS", "network", 1.0, person, rule))
    return out


def _plain(text: str) -> Iterator[tuple[int, int]]:
    """Yield where addresses with an @ stand."""
    at, floor = text.find("@"), 0
    while at >= 0:
        start = at
        if text[at - 1 : at] == '"' and (quote := text.rfind('"', max(floor, at - 66), at - 1)) >= 0:
            start = quote
        else:
            while start > floor and (text[start - 1] in _LOCAL or text[start - 1].isalnum()):
                start -= 1
            while start < at and text[start] in ".'=-":
                start += 1
        domain = _DOMAIN.match(text, at + 1)
        floor = at + 1
        if start < at and text[at - 1] not in ".=" and domain:
            more = _SPACED_TOP.match(text, domain.end())
            yield start, (more or domain).end()
        at = text.find("@", at + 1)


def _signs(text: str) -> Iterator[re.Match[str]]:
    """Yield what may stand for an @, as `_SIGN.finditer` would, which begins at every space and bracket."""
    floor = 0
    for core in _CORE.finditer(text):
        for at in range(max(floor, core.start() - _LEAD), core.start() + 1):
            if m := _SIGN.match(text, at):
                yield m
                floor = m.end()
                break


def _spelled(text: str) -> Iterator[_Candidate]:
    """Yield what may be an address in words."""
    for m in _signs(text):
        kind = m.lastgroup
        loose = kind == "sign"
        pattern = _LOOSE_HOST if loose else _GLUED_HOST if kind == "glued" else _HOST
        host = pattern.match(text, m.end(), m.end() + 160)
        if host is None:
            continue
        begin = max(0, m.start() - 100)
        local = (_BEFORE_GLUED if kind == "glued" else _BEFORE).search(text[begin : m.start()])
        if local is None:
            continue
        written = host.group().replace("DOT", " dot ") if kind == "glued" else host.group()
        domain = _SPOKEN.sub(".", written)
        worded = domain != written
        if not loose and _TOP.fullmatch(domain.rpartition(".")[2]) is None and not (kind == "bracket" and worded):
            continue
        if kind == "glued" and not (worded and local.group().islower()):
            continue
        if kind == "joint" and not (worded or (m.group().isupper() and local.group().islower())):
            continue
        name = "".join(_SPOKEN.sub(".", local.group()).split())
        start = begin + local.start()
        if kind == "word" and not worded and _SPOKEN.search(local.group()) is None:
            # "Look at docs.host.org": the words before belong to the sentence.
            start = begin + local.start() + max(local.group().rfind(" "), local.group().rfind("\n")) + 1
            name = text[start : m.start()]
        address = f"{name}@{''.join(domain.split())}".lower()
        yield _Candidate(start, host.end(), address, kind != "word" or worded)


def _is_meant(text: str, c: _Candidate, directory: Directory) -> bool:
    """Return whether "name at host.org" is an address rather than a place: whose name, or where it stands, says so."""
    local, _, domain = c.address.partition("@")
    if local in _NOT_LOCALS or local.isdigit():
        return False
    if local not in names.AMBIGUOUS and is_ordinary(local, frozenset(directory.words)):
        return False
    if directory.is_own_label(domain.partition(".")[0]):
        return True
    if not local.isalpha():
        return True
    return bool(_CUE.search(text[max(0, c.start - 20) : c.start]) or _CUE_AFTER.match(text, c.end)) or local.islower()
