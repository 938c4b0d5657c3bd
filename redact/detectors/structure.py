"""Finds people where a text's form says that a name stands: headers, greetings, sign-offs, trailers, attributions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from redact import names
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded, plain
from redact.lexicon import TECHNICAL
from redact.wordlists import word_list

_PREFIX = r"^[\s>|*]*"
_HEADER = re.compile(
    _PREFIX + r"(?:from|to|cc|bcc|reply-to|sender|attendees?|organizer|required|optional|x-from|x-to|x-cc|x-bcc|von|an|"
    r"kopie|de|à|para|author|committer|assignee|reporter|approver|owner|contact)\s*:[ \t]*(\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_TRAILER = re.compile(
    _PREFIX
    + r"(?:[A-Za-z]+(?:-[A-Za-z]+)*-(?:by|to)|thanks-to|thanks to|bug|ported from|credit|inspired-by)\s*:[ \t]*(\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_W = r"[A-ZÀ-ÖØ-ÞŁŚŽČŠĆĐ][\w'’-]*\.?"
_NAME = rf"{_W}(?:[ \t]+(?:(?:van|von|der|de|den|del|da|di|la|le|bin|al)[ \t]+)?{_W}){{0,3}}"
_FULL = rf"{_W}(?:[ \t]+(?:(?:van|von|der|de|den|del|da|di|la|le|bin|al)[ \t]+)?{_W}){{1,3}}"
_ATTRIBUTION = re.compile(
    rf"({_NAME}|{_W}, {_W})[\"”]?[ \t]*(?:<[^>\n]*>|\([^)\n]*\)|\[[^\]\n]*\])?[ \t]*\b"
    r"(?:wrote|schrieb|a écrit|escribió|said|writes)\b"
)
_FORWARDED = re.compile(
    rf"(?i:forwarded|created|sent|edited|reported|approved|reviewed|signed)[ \t]+(?i:by)[ \t]+({_NAME})"
)
# Lotus Notes: `First Last/Unit/Company@DOMAIN`, `First Last@DOMAIN`.
_NOTES = re.compile(r"\b([A-Z][\w'-]*(?:[ \t]+[A-Z][\w'-]*\.?){1,4})(?:(?:/[A-Z]\w*)+(?:/\w+|@\w+)|@[A-Z][A-Z_]+\b)")
_GREETING = re.compile(
    _PREFIX + r"(?:hi|hello|hey|hiya|howdy|dear|good\s+(?:morning|afternoon|evening|day)|morning|moin|hallo|liebe[rs]?|"
    r"servus|guten\s+(?:tag|morgen)|bonjour|salut|hola|ciao|greetings)[ \t]+([^\n,!:;.?]{2,60}?)[ \t]*(?:[,!:;.?–-]|$)",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESSED = re.compile(rf"(?:^|\n)[ \t>]*({_NAME})[ \t]*(?:,|--|–|-|!)[ \t]*(?=\n|$)")
_CLOSING = (
    r"(?:(?:many|kind|best|warm|warmest|kindest)?[ \t]*(?:thanks|thank you|thx|thanx|tia|regards|rgds|wishes)"
    r"(?:[ \t]+(?:again|so much|a lot|in advance|and (?:best )?regards|for[^\n,]{2,40}))?|best|cheers|sincerely|yours"
    r"(?:[ \t]+(?:truly|sincerely|faithfully))?|respectfully|cordially|take care|talk (?:to you )?(?:soon|later)|br|kr|"
    r"see (?:you|ya)|love|later|ciao|all the best|have a (?:great|good|nice)[^\n,]{2,20}|mfg|lg|vg|"
    r"(?:viele|beste|liebe|schöne|freundliche|herzliche)[ \t]+gr(?:ü|ue)(?:ß|ss)e|"
    r"mit freundlichen gr(?:ü|ue)(?:ß|ss)en|"
    r"danke|cordialement|saludos)"
)
_SIGNED = re.compile(
    rf"{_PREFIX}{_CLOSING}[ \t]*[,.!;:–-]*[ \t]*(?:\n[\s>|]*|[ \t]+|[-–—]+[ \t]*)[-–—~*]*[ \t]*([^\n]{{1,50}})$",
    re.IGNORECASE | re.MULTILINE,
)
_DASHED = re.compile(r"(?:^|\n)[ \t>]*(?:--?-?|–|—|~|/)[ \t]*([A-ZÀ-Þ][^\n]{1,40})(?=\n|$)")
_SIGNATURE = re.compile(r"(?:^|\n)[ \t>]*-- ?\n[ \t>]*([^\n]{2,50})")
_LAST_LINE = re.compile(
    rf"\n[ \t>]*({_W}(?:[ \t]+{_W}){{0,2}})[ \t]*"
    r"(?=\s*(?:\Z|\n[ \t>]*(?:-----|Original Message|From:|On .{5,80} wrote:|\n)))"
)
_TITLE = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Herrn|Frau|Sir|Madam)\.?[ \t]+({_NAME})")
_INTRODUCED = re.compile(
    rf"(?i:\bmy name is|\bthis is|\bi am|\bi'm|\bich bin|\bmein name ist|\bname:)[ \t]+({_NAME})"
    r"(?=[ \t]*(?:[,.!\n]|$|from|and|with|at|calling|here))"
)

_NOT_NAMES = word_list("not_names")
_TOKEN = re.compile(r"[^\W\d_][\w'’.-]*")
_JOINED = re.compile(r"(\s+(?:and|und|et|y|&|/|\+)\s+|\s*[/&]\s*)")
_ADDRESS_PART = re.compile(r"<|\[mailto|/[A-Z]\w*/|@|\bon behalf of\b")
_CODE = re.compile(r"[=<>{}()\[\]:;@#$%^*_\\|0-9]")

#: Given names: with a capital letter they count anywhere, and take the capitalised words around them along.
GIVEN_NAMES = word_list("given_names") - names.AMBIGUOUS - names.CALENDAR - TECHNICAL
_GIVEN = re.compile(rf"(?<![\w@/.\\$#_-]){_NAME}(?![\w@/\\_(=-])")


#: How much a place says for a name. `sure`: a title or a short greeting, small letters will do. `form`: a form that
#: people's names stand in. `header`: one that also holds teams and lists. `weak`: a place that often holds other words.
Place = Literal["sure", "form", "header", "weak"]

_PLACES: tuple[tuple[re.Pattern[str], Place], ...] = (
    (_ATTRIBUTION, "form"),
    (_TITLE, "sure"),
    (_FORWARDED, "weak"),
    (_INTRODUCED, "weak"),
    (_ADDRESSED, "weak"),
    (_DASHED, "weak"),
    (_LAST_LINE, "weak"),
    (_SIGNATURE, "weak"),
)


def find_structure(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return names in places of address: who sent, who is greeted, who signs, who is credited."""
    out: list[Finding] = []

    def take(start: int, end: int, place: Place, *, initials: bool = False) -> None:
        span = _name(text, start, end, directory, place, initials=initials)
        if span:
            person = directory.person_of_name(text[slice(*span)])
            out.append(Finding(*span, "PERSON", "structure", 0.9, person))

    for pattern in (_HEADER, _TRAILER):
        for m in pattern.finditer(text):
            for start, end in _entries(m[1]):
                take(m.start(1) + start, m.start(1) + end, "header")
    for pattern, place in _PLACES:
        for m in pattern.finditer(text):
            take(*m.span(1), place)
    for m in _NOTES.finditer(text):
        if _name(text, *m.span(1), directory, "form", initials=False):
            out.append(Finding(*m.span(), "PERSON", "structure", 0.9, directory.person_of_name(m[1])))
    for m in _GREETING.finditer(text):
        at = m.start(1)
        for part in _JOINED.split(m[1]):
            if len(part.split()) <= 3:
                take(at, at + len(part), "sure")
            at += len(part)
    for m in _SIGNED.finditer(text):
        take(*m.span(1), "sure" if len(m[1].split()) <= 2 else "form", initials=True)
    for m in _GIVEN.finditer(text):
        start, end = m.span()
        while start < end:
            word = _TOKEN.match(text, start)
            if word is None:
                break
            if plain(word.group()) in GIVEN_NAMES and plain(word.group()) not in directory.words:
                take(start, end, "sure")
                break
            start = word.end()
            while start < end and not text[start].isalpha():
                start += 1
    return out


def _entries(value: str) -> list[tuple[int, int]]:
    """Return where the names of a header's value stand: `A B <a@b>; C D`, `B, A`, `A B, C D`."""
    if ";" in value:
        pieces = [m.span() for m in re.finditer(r"[^;]+", value)]
    else:
        parts = [m.span() for m in re.finditer(r"[^,]+", value)]
        pieces = []
        while parts:
            start, end = parts.pop(0)
            # One word, a comma, no address: a family name, and the given name follows.
            if parts and len(_bare(value[start:end]).split()) == 1 and "@" not in value[start:end]:
                end = parts.pop(0)[1]
            pieces.append((start, end))
    out = []
    for start, end in pieces:
        # The address has its own detector; what stands before it is the name.
        for m in re.finditer(r"[^<>()\[\]\"/@]+", _ADDRESS_PART.split(value[start:end], maxsplit=1)[0]):
            out.append((start + m.start(), start + m.end()))
    return out


def _bare(piece: str) -> str:
    return re.sub(r"<[^>]*>|\([^)]*\)|\"", "", piece).strip()


def _name(
    text: str, start: int, end: int, directory: Directory, place: Place, *, initials: bool
) -> tuple[int, int] | None:
    """Return where a name stands in the stretch, or None if nothing there reads as one.

    Args:
        text: The text.
        start: First character of the candidate.
        end: One past its last character.
        directory: Knows the ordinary words.
        place: How much the place says for a name.
        initials: Two or three capitals will do.
    """
    words = [(m.group(), *m.span()) for m in _TOKEN.finditer(text, start, end)]
    while words and _key(words[-1][0]) in _NOT_NAMES:
        words.pop()
    while words and _key(words[0][0]) in _NOT_NAMES:
        words.pop(0)
    if not 1 <= len(words) <= 5:
        return None
    first, last = words[0][1], words[-1][2]
    while last > first and text[last - 1] in "'’-.":
        last -= 1
    before = text[max(0, first - 1) : first]
    if _CODE.search(text[first:last]) or before in ("<", "/", "_", "$", "#", "`") or before.isalnum():
        return None
    found = [w for w, _, _ in words]
    folded = [_key(w) for w in found]
    if any(w in names.TEAM_WORDS or w in _NOT_NAMES for w in folded) or all(w in names.CALENDAR for w in folded):
        return None
    if initials and len(found) == 1 and found[0].isupper() and 2 <= len(found[0]) <= 3:
        return first, last
    return (first, last) if _reads_as_name(found, folded, directory, place) else None


def _key(word: str) -> str:
    return plain(word).strip(".'’-")


def _reads_as_name(found: Sequence[str], folded: Sequence[str], directory: Directory, place: Place) -> bool:
    capital = [w[0].isupper() for w in found]
    ordinary = [w in directory.words and w not in names.AMBIGUOUS for w in folded]
    if len(folded) == 1 and len(folded[0]) < 2:
        return False
    if place == "sure":
        return all(capital) or (len(found) <= 2 and not any(ordinary))
    if place == "header":
        return capital[0] and not all(ordinary)
    if place == "form":
        return capital[0] and not any(ordinary)
    acronym = len(found) == 1 and found[0].isupper() and len(found[0]) < 4
    return all(capital) and not any(ordinary) and not acronym
