"""Finds people where a text's form says that a name stands: headers, greetings, sign-offs, trailers, attributions."""

from __future__ import annotations

import re

from redact import names
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded, plain
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
    rf"(?:\b(?:on|am|le|el)\b[^\n]{{4,80}}?,?[ \t]+|^[\s>|]*)[\"“]?({_FULL}|{_W}, {_W})[\"”]?[^\n]{{0,80}}?"
    r"(?:\bwrote|\bschrieb|\ba écrit|\bescribió|\bsaid|\bwrites)\b",
    re.MULTILINE,
)
_FORWARDED = re.compile(
    rf"(?i:forwarded|created|sent|edited|reported|approved|reviewed|signed)[ \t]+(?i:by)[ \t]+({_NAME})"
)
_NOTES = re.compile(r"\b([A-Z][\w'-]*(?:[ \t]+[A-Z][\w'-]*\.?){1,3})/[A-Z]\w*(?:/\w+)+(?:@\w+)?")
_GREETING = re.compile(
    _PREFIX + r"(?:hi|hello|hey|hiya|howdy|dear|good\s+(?:morning|afternoon|evening|day)|morning|moin|hallo|liebe[rs]?|"
    r"servus|guten\s+(?:tag|morgen)|bonjour|salut|hola|ciao|greetings)[ \t]+([^\n,!:;.?]{2,60}?)[ \t]*(?:[,!:;.?–-]|$)",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESSED = re.compile(rf"(?:^|\n\s*\n|\n)[ \t>]*({_NAME})[ \t]*(?:,|--|:|–|-|!)[ \t]*(?=\n|$)")
_CLOSING = (
    r"(?:(?:many|kind|best|warm|warmest|kindest)?[ \t]*(?:thanks|thank you|thx|thanx|tia|regards|rgds|wishes)"
    r"(?:[ \t]+(?:again|so much|a lot|in advance|and (?:best )?regards|for[^\n,]{2,40}))?|best|cheers|sincerely|yours"
    r"(?:[ \t]+(?:truly|sincerely|faithfully))?|respectfully|cordially|take care|talk (?:to you )?(?:soon|later)|br|kr|"
    r"see (?:you|ya)|love|later|ciao|all the best|have a (?:great|good|nice)[^\n,]{2,20}|mfg|lg|vg|"
    r"(?:viele|beste|liebe|schöne|freundliche|herzliche)[ \t]+gr(?:ü|ue)(?:ß|ss)e|mit freundlichen gr(?:ü|ue)(?:ß|ss)en|"
    r"danke|cordialement|saludos)"
)
_SIGNED = re.compile(
    rf"{_PREFIX}{_CLOSING}[ \t]*[,.!;:–-]*[ \t]*(?:\n[\s>|]*|[ \t]+|[-–—]+[ \t]*)[-–—~*]*[ \t]*([^\n]{{1,50}})$",
    re.IGNORECASE | re.MULTILINE,
)
_DASHED = re.compile(r"(?:^|\n)[ \t>]*(?:--?-?|–|—|~|/)[ \t]*([A-ZÀ-Þ][^\n]{1,40})(?=\n|$)")
_SIGNATURE = re.compile(r"(?:^|\n)[ \t>]*-- ?\n[ \t>]*([^\n]{2,50})")
_LAST_LINE = re.compile(
    rf"\n[ \t>]*({_W}(?:[ \t]+{_W}){{0,2}})[ \t]*(?=\s*(?:\Z|\n[ \t>]*(?:-----|Original Message|From:|On .{{5,80}} wrote:|\n)))"
)
_TITLE = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Herrn|Frau|Sir|Madam)\.?[ \t]+({_NAME})")
_INTRODUCED = re.compile(
    rf"(?i:\bmy name is|\bthis is|\bi am|\bi'm|\bich bin|\bmein name ist|\bname:)[ \t]+({_NAME})(?=[ \t]*(?:[,.!\n]|$|from|and|with|at|calling|here))"
)

_NOT_NAMES = word_list("not_names")
_TOKEN = re.compile(r"[^\W\d_][\w'’.-]*")


def find_structure(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return names in places of address: who sent, who is greeted, who signs, who is credited."""
    out: list[Finding] = []
    for m in _HEADER.finditer(text):
        _list(text, *m.span(1), directory, out)
    for m in _TRAILER.finditer(text):
        _list(text, *m.span(1), directory, out, credited=True)
    for pattern in (_ATTRIBUTION, _FORWARDED, _NOTES, _TITLE, _INTRODUCED):
        for m in pattern.finditer(text):
            _name(text, *m.span(1), directory, out, strict=pattern in (_INTRODUCED, _FORWARDED))
    for m in _GREETING.finditer(text):
        at = m.start(1)
        for part in re.split(r"(\s+(?:and|und|et|y|&|/|\+)\s+|\s*[/&]\s*)", m[1]):
            if _TOKEN.search(part) and len(part.split()) <= 3:
                _name(text, at, at + len(part), directory, out, loose=True)
            at += len(part)
    for pattern in (_ADDRESSED, _DASHED, _LAST_LINE):
        for m in pattern.finditer(text):
            _name(text, *m.span(1), directory, out, strict=True)
    for m in _SIGNED.finditer(text):
        _name(text, *m.span(1), directory, out, loose=len(m[1].split()) <= 2, initials=True)
    for m in _SIGNATURE.finditer(text):
        _name(text, *m.span(1), directory, out, strict=True)
    return out


def _list(text: str, start: int, end: int, directory: Directory, out: list[Finding], *, credited: bool = False) -> None:
    """Take the names of a header's value: `A B <a@b>; C D`, `B, A`, `A B, C D`."""
    value = text[start:end]
    pieces: list[tuple[int, int]] = []
    if ";" in value:
        pieces = [m.span() for m in re.finditer(r"[^;]+", value)]
    else:
        parts = [m.span() for m in re.finditer(r"[^,]+", value)]
        i = 0
        while i < len(parts):
            one = _bare(value[slice(*parts[i])])
            two = _bare(value[slice(*parts[i + 1])]) if i + 1 < len(parts) else ""
            if one and two and len(one.split()) == 1 and "@" not in one and "@" not in value[slice(*parts[i])]:
                pieces.append((parts[i][0], parts[i + 1][1]))
                i += 2
            else:
                pieces.append(parts[i])
                i += 1
    for a, b in pieces:
        piece = value[a:b]
        # The address has its own detector; what stands before it, or in brackets after it, is the name.
        for m in re.finditer(
            r"[^<>()\[\]\"/@]+", re.split(r"<|\[mailto|/[A-Z]\w*/|@|\bon behalf of\b", piece, maxsplit=1)[0]
        ):
            if len(m.group().split()) <= 5 and not (credited and not m.group().strip()[:1].isupper()):
                _name(text, start + a + m.start(), start + a + m.end(), directory, out, header=True)


def _bare(piece: str) -> str:
    return re.sub(r"<[^>]*>|\([^)]*\)|\"", "", piece).strip()


def _name(
    text: str,
    start: int,
    end: int,
    directory: Directory,
    out: list[Finding],
    *,
    strict: bool = False,
    loose: bool = False,
    initials: bool = False,
    header: bool = False,
) -> None:
    """Add the stretch as a person if it reads as a name.

    Args:
        text: The text.
        start: First character of the candidate.
        end: One past its last character.
        directory: Knows ordinary words.
        out: Where the finding goes.
        strict: The place is weak evidence: every word needs a capital and must not be an ordinary word.
        loose: The place is strong evidence: small letters will do.
        initials: Two or three capitals will do.
        header: One ordinary word among several does not speak against a name.
    """
    words = list(_TOKEN.finditer(text[start:end]))
    while words and plain(words[-1].group()).strip(".'’-") in _NOT_NAMES:
        words.pop()
    while words and plain(words[0].group()).strip(".'’-") in _NOT_NAMES:
        words.pop(0)
    if not words or len(words) > 5:
        return
    first, last = start + words[0].start(), start + words[-1].end()
    found = [w.group() for w in words]
    folded = [plain(w).strip(".'’-") for w in found]
    while last > first and text[last - 1] in "'’-.":
        last -= 1
    if any(c in "=<>{}()[]:;@#$%^*_\\|0123456789" for c in text[first:last]):
        return
    if any(w in names.TEAM_WORDS or w in _NOT_NAMES for w in folded):
        return
    capital = [w[0].isupper() for w in found]
    ordinary = [w in directory.words and w not in names.AMBIGUOUS for w in folded]
    if initials and len(found) == 1 and found[0].isupper() and 2 <= len(found[0]) <= 3:
        pass
    elif (
        (len(folded[0]) < 2 and len(folded) == 1)
        or (
            strict
            and (not all(capital) or any(ordinary) or (len(found) == 1 and found[0].isupper() and len(found[0]) < 4))
        )
        or (loose and (all(ordinary) or (not all(capital) and (len(found) > 2 or any(ordinary)))))
        or (not loose and (not capital[0] or (all(ordinary) if header else any(ordinary))))
    ):
        return
    if all(w in names.CALENDAR for w in folded):
        return
    if all(w.isupper() and len(w) > 12 for w in found):
        return
    out.append(Finding(first, last, "PERSON", "structure", 0.9, directory.person_of_name(text[first:last])))
