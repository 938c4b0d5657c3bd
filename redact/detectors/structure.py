"""Finds people where a text's form says that a name stands: headers, greetings, sign-offs, trailers, attributions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from redact import names
from redact.detectors.given_names import find_given_names, find_small_given_names
from redact.detectors.naming import GIVEN_NAMES, NAME, WORD, Place, Take, entries, name_in
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded, plain
from redact.wordlists import word_list

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

_BRACKETED = r"(?:<[^>\n]{0,120}>|\([^)\n]{0,120}\)|\[[^\]\n]{0,120}\])?"

_BARE = r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"

_LINE = re.compile(r"^[ \t>|*]*([^\n]*)", re.MULTILINE)
_FIRST = re.compile(r"[^\W\d_][\w.'’-]*")

_LABEL = re.compile(r"([^\W\d_][\w.-]*(?:[ \t][\w.-]+){0,2})[ \t]*\*?:\*?[ \t]*")
_HEADERS = word_list("header_labels")
_TRAILER = re.compile(r"[a-z]+(?:-[a-z]+)*-(?:by|to)|thanks to|bug|ported from|credits?")
_LOGIN = re.compile(r"([a-z][\w-]{2,38})(?:[ \t]+(?:on|at|via|@)[ \t]+[A-Za-z]+)?")
_CONTINUED = 60  # lines of one header at most

_GREETERS = word_list("greeters")
_GREETING = re.compile(
    r"(?:hi|hello|hey|hiya|howdy|dear|good\s+(?:morning|afternoon|evening|day)|morning|(?:sehr\s+)?geehrte[rs]?|"
    r"(?:moin(?:\s+moin)?|hallo|servus|guten\s+(?:tag|morgen|abend)|gr(?:ü|ue)(?:ß|ss)\s+gott)(?:\s+liebe[rs]?)?|"
    r"liebe[rs]?|bonjour|salut|hola|ciao|greetings|hej|hei|ahoj|cześć|car[oa]|estimad[oa]|ch[eè]re?|beste|geachte)"
    r"[ \t]+([^\n,!:;.?–]{2,60})",
    re.IGNORECASE,
)
_CLOSERS = word_list("closers")
_CLOSING = re.compile(
    r"(?:(?:many|kind|best|warm|warmest|kindest|with)?[ \t]*(?:thanks|thank you|thx|thanx|tia|regards|rgds|wishes)"
    r"(?:[ \t]+(?:again|so much|a lot|in advance|and (?:best )?regards|for[^\n,]{2,40}))?|best|cheers|"
    r"(?:most )?sincerely|yours(?:[ \t]+(?:truly|sincerely|faithfully))?|respectfully|cordially|take care|"
    r"talk (?:to you )?(?:soon|later)|br|kr|see (?:you|ya)|love|later|ciao|all the best|"
    r"have a (?:great|good|nice)[^\n,]{2,20}|mfg|lg|vg|bg|"
    r"(?:mit )?(?:(?:viele|beste|liebe|schöne|schoene|freundliche|herzliche|sonnige|kollegiale)n?[ \t]+)?"
    r"gr(?:ü|u|ue)(?:ß|ss)(?:en?)?(?:[ \t]+(?:aus|von)[ \t]+[^\n,]{2,20})?|i\.?[ \t]?[av]\.|gez\.|im auftrag|"
    r"in vertretung|hochachtungsvoll|bis (?:bald|dann|morgen)|tschüss|(?:vielen|besten|herzlichen)[ \t]+dank|danke|"
    r"cordialement|saludos|pozdrawiam|mvh|groeten|groetjes|hälsningar|cordiali saluti|merci)(?!\w)"
    r"[ \t]*[,.!;:–-]*[ \t]*",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(rf"({NAME})[ \t]*(?:,|--|–|-|!)")
_ALONE = re.compile(rf"{WORD}(?:[ \t]+{WORD}){{0,2}}")
_DASHED = re.compile(r"(?:-{1,3}|–|—|~|/)[ \t]*([A-ZÀ-Þ][^\n]{1,40})")
_COLUMNS = re.compile(r"\t|[ ]{3}")  # behind a name in a signature: the job, or a second column
_AFTER_LAST = re.compile(r"-----|Original Message|Ursprüngliche|(?:From|Von): |(?:On|Am) .{5,80} (?:wrote|schrieb)")

_VERBS = (
    "wrote", "writes", "said", "schrieb", "geschrieben", "a écrit", "escribió", "ha scritto", "escreveu", "skrev",
    "napisał", "geschreven", "írta",
)  # fmt: skip
_WROTE = re.compile(rf"(?:{'|'.join(_VERBS)})\b")
_WHO_WROTE = re.compile(
    rf"({WORD}, {WORD}|{NAME})[\"”')]*[ \t]*(?:{_BRACKETED}|{_BARE})[ \t]*(?:hat[ \t]|heeft[ \t])?$"
)
# A login in place of the name: `On Mon, 2 Mar 2026 at 10:00, zost wrote`.
_LOGIN_WROTE = re.compile(
    r"(?:^|\n)[ \t>]*(?:On|Am|Le|El)[ \t][^\n]{0,80}\d[^\n]{0,12}[ ,][ \t]*([a-z][\w.-]{2,38})[ \t]+$"
)
_WROTE_WHO = re.compile(rf"[ \t]+({WORD}, {WORD}|{NAME})[ \t]*{_BRACKETED}[ \t]*:")
_SIGNED_OFF = re.compile(rf"[.!?)][ \t]+({WORD})[.!]?\s*\Z")
_HAS_WRITTEN = re.compile(
    rf"({WORD}, {WORD}|{NAME})[ \t]*{_BRACKETED}[ \t]+hat[ \t]+(?:am|um|dies|folgendes|geschrieben)\b"
)
_TITLES = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herrn?|Hr|Frau|Fr|Sir|Madam|Dipl\.-Ing|Mag)\.?[ \t]"
_MAYBE_TITLE = re.compile(_TITLES)  # begins with one of seven letters: the search passes by the others
_TITLE = re.compile(rf"\b{_TITLES}+({NAME})")

_CREDITS = (
    "forwarded", "created", "sent", "edited", "reported", "approved", "reviewed", "signed", "posted", "assigned",
    "written", "weitergeleitet", "erstellt", "gesendet",
)  # fmt: skip
_BEHALF = ("on behalf of", "im auftrag von")
_INTRODUCTIONS = (
    "my name is", "this is", "i am", "i'm", "ich bin", "mein name ist", "ich heiße", "hier ist", "hier spricht",
)  # fmt: skip
_LABELS = (
    "name", "account holder", "kontoinhaber", "inhaber", "ansprechpartner", "bearbeiter", "verfasser", "autor",
    "protokoll", "teilnehmer", "anwesend", "attendees", "participants", "presenter", "speaker", "patient", "customer",
    "kunde", "kundin",
)  # fmt: skip
_ON_A_LINE = re.compile(r"[^\n>|]+")
_THANKS = (
    "thanks", "thank you", "thx", "danke", "merci", "cheers", "sorry", "congrats", "liebe", "hallo", "hi", "hey",
    "hello",
)  # fmt: skip
_CUES: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    (_VERBS, _WROTE, "attribution"),
    (_CREDITS, re.compile(rf"\w+[ \t]+(?i:by|von|to|for|an)[ \t]+({NAME})"), "credit"),
    (
        _BEHALF,
        # The line may be folded within the name, before the next header.
        re.compile(
            rf"(?i:{'|'.join(_BEHALF)})[ \t]+({NAME}(?:\n[ \t>|]{{0,9}}{WORD}(?=\n[ \t>|*]*[A-Z]\w+:))?)"
            r"(?=[ \t]*(?:[<(\[]|$))",
            re.MULTILINE,
        ),
        "on behalf of",
    ),
    (
        _INTRODUCTIONS,
        re.compile(
            rf"(?i:{'|'.join(_INTRODUCTIONS)})[ \t]+({NAME})"
            r"(?=[ \t]*(?:[,.!\n]|$|from|and|with|at|calling|here|aus|und|von|vom))"
        ),
        "introduction",
    ),
    (
        _LABELS,
        re.compile(
            rf"(?i:(?:{'|'.join(_LABELS)})(?:in|innen)?)[ \t]*:[ \t]*"
            rf"({WORD}, {WORD}|{NAME}(?:,[ \t]*{NAME}){{0,12}})"
        ),
        "label",
    ),
    (
        _THANKS,
        re.compile(
            rf"(?i:(?:{'|'.join(_THANKS)})[rs]?(?:[ \t](?:dir|ihnen))?)[ \t,]+({WORD}(?:[ \t]+{WORD})?)"
            r"(?=[ \t]*(?:[!.,;:)\n]|$))"
        ),
        "greeting",
    ),
)

# Lotus Notes: `First Last/Unit/Company@DOMAIN`, `First Last@DOMAIN`, also with a line break in the name.
_NOTES_END = re.compile(r"[/@](?<=\w.)(?:(?<=/)[A-Z]\w*(?:/[A-Z]\w*)*(?:/\w+|@\w+)|(?<=@)[A-Z][A-Z_]+\b)")
_NOTES_NAME = re.compile(r"(?<![\w/])([A-Z][\w'-]*(?:(?:[ \t]+|[ \t]*\n[ \t>]*)[A-Z][\w'-]*\.?){1,4})$")

# A name that an address in brackets follows, whatever the language of the line around it.
# Archives of lists write `<name at host.org>`.
_ADDRESS = re.compile(r"[<(\[][ \t]*(?:mailto:[ \t]*)?[^\s<>()\[\]@]{1,64}@|<[\w.+-]{1,64}[ \t]at[ \t][\w-]+\.\w")
_QUOTED = re.compile(r"[\"“']([^\"“”'<>@\n]{2,60})$")
_DISPLAYED = re.compile(rf"(?<![\w@.-])({WORD},[ \t]+{WORD}(?:[ \t]+{WORD}){{0,2}}|{NAME}|[a-zß-ÿ]{{3,20}})$")

#: A directory of somebody's: in a path, a URL or behind a tilde.
_HOMES = r"/(?:home|Users|users?|people|profiles?|members?|authors?)/"
_LOGIN_NAME = r"([A-Za-z][\w.-]{1,38})"
_HOME = re.compile(_HOMES + _LOGIN_NAME)
_ANY_HOME = re.compile(rf"(?:{_HOMES}|\\{{1,2}}Users\\{{1,2}}|(?<![\w~/])~|/~){_LOGIN_NAME}")
_AUTHOR = re.compile(r"[=:][ \t]*[\"']?([A-Za-z]\w+[._-][A-Za-z]\w+)(?![\w(.\[])")
_AUTHOR_FIELD = re.compile(
    r"(?i:\b(?:author|user(?:_?name)?|owner|assignee|reporter|reviewer|committer|login|requester|sender|created_?by|"
    r"updated_?by|modified_?by|approver))$"
)
_FIELD_LENGTH = len("modified_by")
_NO_HOMES = word_list("not_homes")

_JOINED = re.compile(r"(\s+(?:and|und|et|y|&|/|\+)\s+|\s*[/&]\s*)")


def find_structure(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return names in places of address: who sent, who is greeted, who signs, who is credited."""
    out: list[Finding] = []

    def take(start: int, end: int, place: Place, rule: str, *, initials: bool = False, until: int = 0) -> bool:
        span = name_in(text, start, end, directory, place, initials=initials)
        if span:
            person = directory.person_of_name(text[slice(*span)])
            span = (span[0], max(span[1], until))
            out.append(Finding(*span, "PERSON", "structure", 0.9, person, rule))
        return span is not None

    _lines(text, take, out)
    _phrases(text, take, out)
    _addresses(text, directory, take)
    find_given_names(text, directory, take, out)
    find_small_given_names(text, directory, out)
    _logins(text, out)
    return out


def _lines(text: str, take: Take, out: list[Finding]) -> None:
    """Read every line behind its quote marks for headers, greetings, sign-offs and names that stand alone."""
    lines = []
    for m in _LINE.finditer(text):
        start, end = m.span(1)
        while end > start and text[end - 1] in " \t*":
            end -= 1
        lines.append((start, end))
    full = [i for i, (start, end) in enumerate(lines) if start < end]
    for n, i in enumerate(full):
        start, end = lines[i]
        follows = full[n + 1] if n + 1 < len(full) else -1
        first = _FIRST.match(text, start, end)
        if first is None:
            if text[start] in "-–—~/":
                _dashed(text, lines, i, follows, take)
            continue
        key = plain(first.group()).rstrip(".'’")
        if text.find(":", start, min(end, start + 40)) > 0 and (label := _LABEL.match(text, start, end)):
            said = plain(label[1])
            trailer = said not in _HEADERS and _TRAILER.fullmatch(said) is not None
            if trailer and (login := _LOGIN.fullmatch(text, label.end(), end)) and login[1] not in names.TEAM_WORDS:
                out.append(Finding(*login.span(1), "HANDLE", "structure", 0.9, "", "trailer"))
                continue
            if said in _HEADERS or trailer:
                _header(text, lines, i, label.end(), "trailer" if trailer else "header", take)
                continue
        if key in _GREETERS and (greeted := _GREETING.match(text, start, end)):
            at, met = greeted.start(1), False
            for n_part, part in enumerate(_JOINED.split(greeted[1])):
                if n_part % 2 == 0 and len(part.split()) <= 4:
                    met = take(at, at + len(part), "sure", "greeting") or met
                at += len(part)
            if met:
                continue
        if key in _CLOSERS and (closed := _CLOSING.match(text, start, end)):
            if closed.end() < end:
                _signed(text, closed.end(), end, take)
            elif follows >= 0 and follows - i <= 3:
                _signed(text, *lines[follows], take)
        elif text[start].isupper() and end - start <= 60:
            last = follows < 0 or follows > i + 1
            if text[end - 1] in ",-–!" and (named := _ADDRESSED.fullmatch(text, start, end)):
                take(*named.span(1), "weak", "greeting")
            elif i and (last or _AFTER_LAST.match(text, lines[follows][0])) and _ALONE.fullmatch(text, start, end):
                take(start, end, "weak", "sign-off")


def _dashed(text: str, lines: Sequence[tuple[int, int]], i: int, follows: int, take: Take) -> None:
    start, end = lines[i]
    if text[start:end] == "--" and follows >= 0:
        begin, stop = lines[follows]
        if columns := _COLUMNS.search(text, begin, stop):
            stop = columns.start()
        take(begin, min(stop, begin + 50), "weak", "signature")
    elif m := _DASHED.fullmatch(text, start, end):
        take(*m.span(1), "weak", "sign-off")


def _signed(text: str, start: int, end: int, take: Take) -> None:
    while start < end and text[start] in "-–—~*, \t":
        start += 1
    # A job or a second name in brackets may follow.
    if end - start > 50:
        return
    take(start, end, "sure" if len(text[start:end].split()) <= 2 else "form", "sign-off", initials=True)


def _header(text: str, lines: Sequence[tuple[int, int]], i: int, start: int, rule: str, take: Take) -> None:
    """Take the names of a header and of the lines that continue it: a list goes on behind a comma or semicolon."""
    end = lines[i][1]
    for nth in range(_CONTINUED):
        for a, b in entries(text[start:end]):
            take(start + a, start + b, "header", rule)
        more = end > start and text[end - 1] in ",;"
        if not more or i + nth + 1 >= len(lines):
            return
        start, end = lines[i + nth + 1]
        if _LABEL.match(text, start, end):
            return


def _phrases(text: str, take: Take, out: list[Finding]) -> None:
    """Read the running text for attributions, titles, credits and introductions."""
    for at, (pattern, rule) in _cues(text):
        m = pattern.match(text, at)
        if m is None:
            continue
        if rule == "attribution":
            _attribution(text, m, take, out)
        elif rule != "label":
            for part in _ON_A_LINE.finditer(text, *m.span(1)):
                take(*part.span(), "weak", rule)
        else:
            for a, b in entries(m[1]):
                take(m.start(1) + a, m.start(1) + b, "header", rule)
    if (m := _SIGNED_OFF.search(text, max(0, len(text) - 60))) is not None:
        take(*m.span(1), "weak", "sign-off")
    if " hat " in text:
        for m in _HAS_WRITTEN.finditer(text):
            take(*m.span(1), "form", "attribution")
    done = 0
    for maybe in _MAYBE_TITLE.finditer(text):
        if maybe.start() >= done and (m := _TITLE.match(text, maybe.start())):
            take(*m.span(1), "sure", "title")
            done = m.end()


def _attribution(text: str, verb: re.Match[str], take: Take, out: list[Finding]) -> None:
    at = verb.start()
    if before := _WHO_WROTE.search(text, max(0, at - 160), at):
        # Of a name in several words one may be a word of the language: "Ann Hung Li wrote:".
        take(*before.span(1), "header" if before[1].istitle() and " " in before[1] else "form", "attribution")
    elif before := _LOGIN_WROTE.search(text, max(0, at - 140), at):
        out.append(Finding(*before.span(1), "HANDLE", "structure", 0.9, "", "attribution"))
    if after := _WROTE_WHO.match(text, verb.end()):
        take(*after.span(1), "form", "attribution")


@lru_cache(maxsize=1)
def _cue_words() -> tuple[AhoCorasick, tuple[tuple[re.Pattern[str], str], ...]]:
    from ahocorasick_rs import AhoCorasick

    cues = [(word, (pattern, rule)) for words, pattern, rule in _CUES for word in words]
    return AhoCorasick([word for word, _ in cues]), tuple(cue for _, cue in cues)


def _cues(text: str) -> Iterator[tuple[int, tuple[re.Pattern[str], str]]]:
    """Yield where a word stands that a name may follow or precede, all words being looked for at once."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(x if len(x := c.lower()) == 1 else c for c in text)
    automaton, cues = _cue_words()
    for i, at, _ in automaton.find_matches_as_indexes(lower, overlapping=True):
        if not (at and lower[at - 1].isalnum()):
            yield at, cues[i]


def _back_over(text: str, at: int, floor: int, characters: str) -> int:
    """Return where the run of these characters before `at` begins, not before `floor`."""
    while at > floor and text[at - 1] in characters:
        at -= 1
    return at


def _addresses(text: str, directory: Directory, take: Take) -> None:
    """Take the name before an address in brackets, and names in the form of Lotus Notes."""
    for m in _NOTES_END.finditer(text):  # begins with a slash or an at sign, which most texts hold none of
        if name := _NOTES_NAME.search(text, max(0, m.start() - 80), m.start()):
            start, end = name.span(1)
            # The name runs over a line's end only in a list: "To: Ann Lee/HOU, Jo\nBell/HOU".
            if "\n" in name[1] and text[max(0, start - 4) : start].rstrip(" \t")[-1:] not in (",", ";", ":"):
                start = text.rindex("\n", start, end) + 1
            take(start, end, "form", "notes name", until=m.end())
    if "@" not in text and " at " not in text:
        return
    done = 0
    for m in _ADDRESS.finditer(text):
        # Between the two stand a quotation mark, and perhaps a line's end and the quote marks of the next line.
        shown_end = _back_over(text, m.start(), done, " \t>")
        if shown_end > done and text[shown_end - 1] == "\n":
            shown_end = _back_over(text, shown_end - 1, done, " \t")
        if shown_end > done and text[shown_end - 1] in "\"'”":
            shown_end -= 1
        done = m.end()
        begin = max(0, shown_end - 70)
        if text[shown_end] in "\"'”" and (quoted := _QUOTED.search(text, begin, shown_end)):
            for a, b in entries(quoted[1]):
                take(quoted.start(1) + a, quoted.start(1) + b, "header", "display name")
        elif name := _DISPLAYED.search(text, begin, shown_end):
            shown = plain(name[1])
            local = plain(text[m.end() - 30 : m.end()])
            if not name[1].islower():
                take(*name.span(1), "header", "display name")
            elif shown in GIVEN_NAMES or shown in re.split(r"\W", local):
                take(*name.span(1), "sure", "display name")


def _logins(text: str, out: list[Finding]) -> None:
    """Add the user names of home directories, of profile paths, and those that a field of that meaning holds."""
    # Most texts hold neither a tilde nor a path of Windows: a slash is found faster than all that may begin a path.
    for m in (_ANY_HOME if "~" in text or "\\Users\\" in text else _HOME).finditer(text):
        if plain(m[1]).rstrip(".-") not in _NO_HOMES:
            end = _back_over(text, m.end(1), m.start(1), ".-")
            out.append(Finding(m.start(1), end, "HANDLE", "structure", 0.9, "", "home directory"))
    done = 0
    for m in _AUTHOR.finditer(text):
        field_end = _back_over(text, m.start(), done, " \t")
        if _AUTHOR_FIELD.search(text, max(done, field_end - _FIELD_LENGTH), field_end):
            done = m.end()
            parts = [plain(p) for p in re.split(r"[._-]", m[1]) if p]
            if parts and parts[0] in GIVEN_NAMES:
                out.append(Finding(*m.span(1), "PERSON", "structure", 0.9, "", "author field"))
