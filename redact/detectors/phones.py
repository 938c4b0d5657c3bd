"""Finds telephone numbers: by their form, by the word before them, spelled out, with extensions and alternatives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded

_DASH = "\\-\u2010-\u2015\u2212"
_SEP = rf"[ \t.()/{_DASH}]"
# A stretch of digits and what people write between them, over one line break at most in a row. Every form below is
# looked for inside such stretches only, which are few; each quantifier is bounded, so the search is linear. It starts
# at a digit, as `re` skips ahead to one quickly; up to three of the signs before it belong to it.
_RUN = re.compile(rf"\d(?:[ \t.()/_*~|{_DASH}]{{0,5}}(?:\n[\s>|]{{0,4}})?\+?\(?\d){{5,}}")
# Every form below holds one of these in its stretch; most dates, versions and times of day hold none.
_SHAPE = re.compile(
    rf"\d{{3}}[_*~|]?{_SEP}{{0,3}}\d{{4}}(?!\d)|[+\n]|\(0|(?<!\d)0(?:0[1-9]|11[\s.-]|\d(?:[ .-]\d\d){{4}})|"
    rf"(?<![\d.{_DASH}])0(?: ?[1-9]\d|[2-9] \d{{3}})"
)
_QUICK = re.compile(r"\d\D{0,6}\d\D{0,6}\d")

# Three groups say enough: a letter or a mark may touch them ("cell713-555-0134w", "#713-555-0134--").
_NANP = re.compile(
    rf"(?<![\d$€£])(?<!\d[.{_DASH}])\+?(?:1{_SEP}{{0,2}})?(?:\([2-9]\d\d[)\s]{_SEP}{{0,3}}|[2-9]\d\d[_*~|]?{_SEP}{{0,3}})"
    rf"\d{{3}}[_*~|]?{_SEP}{{0,3}}\d{{4}}(?!\d|[.{_DASH}]\d|[A-Za-z]{{2,}}\d)"
)
# "44 171 555 0134", "55-11-5555-0134": a country without its plus.
_COUNTRY = re.compile(
    rf"(?<![\w.,$€£#+/{_DASH}])(?:3[0-469]|4[013-9]|5[1-8]|6[0-6]|7|8[1246]|9[0-58]|[2-9]\d\d)"
    rf"(?P<sep>[ .{_DASH}])\(?\d{{1,4}}\)?"
    rf"(?:(?P=sep)\d{{3,4}}){{1,2}}(?P=sep)?(?<=[ .{_DASH}])\d{{4}}(?![\w{_DASH}]|\.\d)"
)
_PLAIN = re.compile(
    r"(?<![\w.$€£#+=&?/:-])(?:1?[2-9]\d\d[2-9]\d{6}|01[567]\d{8,9}|0[67]\d{8,9}|04\d{8})(?![\w/=&?-]|\.\d)"
)
_INTERNATIONAL = re.compile(
    rf"(?<![\w+.])(?:\(?\+\s?|00(?=[1-9])|"
    rf"011[\s.-])\(?\d{{1,4}}\)?(?:{_SEP}{{0,3}}\(0\))?(?:{_SEP}{{0,3}}\d){{5,13}}(?!\w)"
)
_SPLIT = re.compile(
    rf"(?<![\w+.])(?:\+|00(?=[1-9])|\(?0[1-9]|\([2-9])\d{{1,4}}(?:{_SEP}{{0,3}}\d){{0,7}}{_SEP}{{0,2}}\n[\s>|]{{0,4}}\d"
    rf"(?:{_SEP}{{0,2}}\d){{2,9}}(?!\w)|(?<![\w+.-])[2-9]\d\d[-.]\n[\s>|]{{0,4}}\d{{3}}[-.]\d{{4}}(?!\w)|"
    rf"(?<![\w+.-])[2-9]\d\d[-.]\d{{3}}[-.]\n[\s>|]{{0,4}}\d{{4}}(?!\w)"
)
# Area codes after a national 0: "030 23125-417", "(0221) 4710 933", "01632 960983", "02 9876 5432".
_NATIONAL = re.compile(
    rf"(?<![\w.,$€£#+{_DASH}])(?:\(0 ?[1-9]\d{{1,4}}\)\s?|0[1-9]\d{{1,4}}[ \t/{_DASH}]{{1,3}}|0[1-9]\d{{2,4}}\.|"
    rf"0 [1-9]\d{{1,3}} ?/ ?|\(0[1-9]\)\s?(?=\d{{3}})|0[2-9] (?=\d{{3,4}} \d{{4}}))"
    rf"\d{{2,8}}(?:[ \t.{_DASH}]{{1,3}}\d{{1,5}}){{0,4}}(?![\w]|\.\d)"
)
_PAIRS = re.compile(r"(?<![\w.])(?:0\d|\+\d{2}[ .-]?\d)(?:[ .-]\d\d){4}(?![\w.-])")
_LOCAL = re.compile(rf"(?<![\w.,$€£#{_DASH}])(?<!\d:)(?<!\D/)[2-9]\d{{2}}[.{_DASH}]\d{{4}}(?!\d|[.{_DASH}/]\d|\w\w)")
_UNIT = re.compile(
    r"\s?(?:%|[€$£]|(?:ms|s|[kmg]b|bytes?|[kmg]?hz|rpm|[kcm]m|px|lines?|km|kg|eur|usd)\b)", re.IGNORECASE
)

_STRONG = (
    r"(?:tel(?:efon(?:nummer|isch)?|ephone|\.-?nr)?|phones?|ph|t[eé]l[eé]phone|tel[eé]fono|fax(?:nummer)?|telefax|"
    r"mobil(?:e|telefon|nummer)?|"
    r"mob|handy(?:nummer)?|cell(?:\s?phone|ular)?|pager|beeper|hotline|r[uü]ckruf(?:nummer)?|durchwahl|rufnummer|"
    r"whatsapp|sms|dial(?:[\s-]?in)?|einwahl|call[\s-]?in|voice(?:mail)?|bridge|toll[\s-]?free|zentrale)"
)
_WEAK = (
    r"(?:call(?:ed|ing)?|reach|office|b[uü]ro|direct|work|home|privat|desk|number|nummer|dial|ring|text|unter|"
    r"contact|kontakt|erreichbar|assistant|secretary|answering|registered|[whmtfcop])"
)
_CALLING = re.compile(r"(?i)(?:call|reach|dial|ring|text|erreich|contact|kontakt)")
_FILLER = (
    r"(?:numbers?|nummer|no|nr|is|ist|lautet|at|on|me|him|her|us|them|line|direct|general|office|work|home|mobile|cell|"
    r"fax|phone|ph|unter|der|die|a|an|f[uü]r|uk|us|usa|int|intl|b[uü]ro|privat|gesch[aä]ftlich|erbeten|bitte|to|mein|"
    r"my|new|neue)"
)
_CUE_END = rf"\)?(?:[^\w\n+]{{0,5}}\b{_FILLER}\b){{0,3}}(?P<mark>[^\w+]{{0,9}})\Z"
_BEFORE_STRONG = re.compile(rf"(?i)(?<![^\W\d_]){_STRONG}{_CUE_END}")
_BEFORE_WEAK = re.compile(rf"(?i)(?<![\w-]){_WEAK}{_CUE_END}")
_BEFORE_CODE = re.compile(
    r"(?i)\b(?P<kind>pass\s?code|access\s?code|participant\s?code|conference\s?(?:code|id)|host\s?code|chair\w*\s?code|"
    r"einwahlcode|konferenz(?:code|-id|nummer)|meeting[\s-]?id|pin|code)(?:[^\w\n]{0,3}\b(?:is|ist|no|"
    r"number))?[^\w\n]{0,5}\Z"
)
_CONFERENCE = re.compile(r"(?i)\b(?:dial|bridge|einwahl|conference|konferenz|call[\s-]?in)")
_BEFORE_ID = re.compile(
    r"(?i)(?:[#§]|\b(?:order|invoice|ticket|case|id|po|rev(?:ision)?|issue|pr|bug|rfc|iso|din|isbn|issn|cve|"
    r"rechnung\w*|"
    r"auftrag\w*|kunden\w*|bestell\w*|vertrag\w*|artikel\w*|angebot\w*|port|line|page|seite)[\s.:#-]{0,3})\Z"
)
_NUMBER = re.compile(rf"[+(]{{0,3}}\d(?:{_SEP}{{0,4}}\+?\d){{2,17}}")
_WHOLE_DATE = re.compile(
    r"(?:19|20)?\d{2}[./-]\d{1,2}[./-]\d{1,2}(?:\s.*)?|\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d{2}(?:\s.*)?|(?:19|"
    r"20)\d\d\s?[-/]\s?(?:19|20)\d\d"
)
_BINARY_LIMITS = frozenset({"2147483647", "2147483648", "2147483649", "4294967294", "4294967295", "4294967296"})

_SHORT = re.compile(
    r"(?i)(?<![\w.])(?:"
    r"(?:ext(?:n|ension|ention)?\.?|ex\.|durchwahl|dw\.|app\.|apparat|nebenstelle|nst\.)\s{0,2}[.:#]?\s{0,2}(?P<ext>-?(?:\d-\d{4}|"
    r"\d{2,6}))|"
    r"(?<!\d\s)(?P<x>x\s?-?(?:\d-\d{4}|\d{4,5}))|"
    r"(?<![-/$€£,:])(?P<line>[2-9]-(?!(?:19[5-9]|20[0-4])\d)\d{4})"
    r")(?![\w-]|\.\d)"
)
_LETTERS = re.compile(r"(?<![\w.-])(?:\([\dOolI]{3}\)\s?|[\dOolI]{3}[-. ])[\dOolI]{3}[-. ][\dOolI]{4}(?![\w-])")
_MIXED = re.compile(r"\d[OolI]|[OolI]\d")
_VANITY = re.compile(
    r"(?<![\w.-])(?:1[-. ])?\(?8(?:00|33|44|55|66|77|88)\)?[-. ](?=[\d-]{0,5}[A-Z])[A-Z0-9](?:-?[A-Z0-9]){5,9}(?![\w-])"
)
_TAIL = re.compile(
    r"(?i)[\s,;]{0,3}\(?(?:extn?|extension|x|durchwahl|dw|app|apparat|nst)\.?[\s.:#-]{0,3}\d{1,6}\b|"
    r"\s?/\s?-?\d{1,5}(?![\w/])|\s(?:or|oder|and|und|&)\s-?(?:\d-)?\d{3,5}(?!\w|[.,/-]\d)"
)

_DIGIT_WORDS = (
    "zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    "seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|double|triple|plus|"
    "null|eins|zwei|zwo|drei|vier|fünf|fuenf|sechs|sieben|acht|neun|doppel"
)
_SPELLED_WORDS = tuple(_DIGIT_WORDS.split("|"))
_SPELLED = re.compile(
    rf"(?i)\b(?:{_DIGIT_WORDS}|(?<![\w.,-])\d)(?:[\s,.;/{_DASH}]{{1,3}}(?:{_DIGIT_WORDS}|\d)(?![^\W_])){{6,24}}(?!\w)"
)


# "call me at 54512": inside a company five digits are a number.
_INTERNAL = re.compile(
    r"(?i)\b(?:call|reach|dial|ring|phone|page|contact|erreich\w{0,6}|anruf\w{0,4})"
    r"(?:[ ]\w{1,12}){0,3}[ ](?:at|on|@|unter|auf)"
    r"[ ]{1,2}(?:#|ext\.? ?|x)?(?P<number>\d{4,6})"
    r"(?![\w%]|[.,:/-]\d|[ ]?(?:am|pm|a\.m|p\.m|h|hrs?|hours|uhr|[a-z]{2}\.?m)\b)"
)

# RE2 says in one pass whether a text may hold any of the rare forms above, and where a number may stand behind a cue:
# most texts are spared the exact expressions. Its classes are those of ASCII, so what it is given is wider than they
# are: \W for white space, and _SURE, which are characters of words for both, where they exclude all of words.
_SURE = r"\p{Nd}A-Za-z_"
_RARE = (
    rf"(?i:(?:^|[^{_SURE}.])(?:(?:ext(?:n|ension|ention)?|ex\.|durchwahl|dw\.|app\.|apparat|nebenstelle|nst\.)"
    rf"\W{{0,7}}\p{{Nd}}|x\W?-?\p{{Nd}}-?\p{{Nd}}{{3}}))|(?:^|[^{_SURE}.,:$/-])[2-9]-\p{{Nd}}{{4}}",
    r"8(?:00|33|44|55|66|77|88)\)?[-. ][\p{Nd}-]{0,5}[A-Z]",
    r"(?i:(?:call|reach|dial|ring|phone|page|contact|erreich|anruf)[^\n]{0,45} (?:at|on|@|unter|auf) {1,2}"
    r"(?:#|ext\.? ?|x)?\p{Nd}{4})",
    r"[\p{Nd}OolI]{3}(?:\)\W?|[-. ])[\p{Nd}OolI]{3}[-. ][\p{Nd}OolI]{4}",
    rf"(?i:(?:{_DIGIT_WORDS})\W{{1,3}}(?:{_DIGIT_WORDS}))",
)
_CUES = (
    rf"(?i)(?:(?:{_STRONG}|(?:^|[^{_SURE}-]){_WEAK})\)?(?:[^{_SURE}\n+]{{0,5}}{_FILLER}){{0,3}}[^{_SURE}+]{{0,9}}|"
    rf"(?:code|pin|(?:conference|meeting)\W?id|konferenz(?:-id|nummer))[^{_SURE}]{{0,3}}(?:is|ist|no|number)?"
    rf"[^{_SURE}]{{0,5}})[+(]{{0,3}}\p{{Nd}}(?:{_SEP}{{0,4}}\+?\p{{Nd}}){{2}}"
)


@lru_cache(maxsize=1)
def _compiled() -> tuple[Any, tuple[Any, ...], Any]:
    import re2

    return re2.compile("|".join(_RARE)), tuple(map(re2.compile, _RARE)), re2.compile(_CUES.replace(r"\s", r"\W"))


# A line of a contact block: a label of a few words and a number that no form knows, "Voice & Data: 555 0134".
_BLOCK_LINE = re.compile(
    rf"[\s>|*]{{0,6}}+(?P<label>[^\W\d_][^\d\n$€£#]{{1,40}}+)(?P<number>\d(?:{_SEP}{{0,2}}\d){{5,13}})[ \t]*"
)
_BLOCK_WIDTH = 60


def find_phones(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return phone numbers, extensions and the codes of conference calls."""
    out: list[Finding] = []
    # For `re` these two letters are an i where case is ignored, for RE2 they are not.
    read = text.replace("ı", "i").replace("İ", "I")
    any_rare, each, _ = _compiled()
    likely = any_rare.search(read) is not None
    short, vanity, internal, letters, spelled = (likely and form.search(read) is not None for form in each)
    if _QUICK.search(text):
        for run in _RUN.finditer(text):
            out.extend(_in_run(text, run.start(), run.end()))
        if short:
            out.extend(_phone(*m.span(), "extension", 0.6) for m in _SHORT.finditer(text))
        if vanity:
            out.extend(_phone(*m.span(), "vanity number", 0.8) for m in _VANITY.finditer(text))
        if internal:
            out.extend(_phone(*m.span("number"), "extension", 0.6) for m in _INTERNAL.finditer(text))
        out.extend(_cued(text, read))
        if letters and _MIXED.search(text):
            for m in _LETTERS.finditer(text):
                if sum(map(str.isdigit, m.group())) >= 7:
                    out.append(_phone(*m.span(), "letters for digits", 0.7))
        out.extend(_in_blocks(text, out))
        out = [_with_tail(text, f) for f in out]
    lower = text.lower() if spelled else ""
    if sum(map(lower.__contains__, _SPELLED_WORDS)) < 2:
        return out
    for m in _SPELLED.finditer(text):
        if sum(map(str.isdigit, m.group())) <= 2:
            out.append(_phone(*m.span(), "spelled out", 0.7))
    return out


def _in_run(text: str, start: int, end: int) -> Iterator[Finding]:
    before = text[max(0, start - 3) : start]
    start -= len(before) - len(before.rstrip("+("))
    if _SHAPE.search(text, start, end) is None:
        return
    limit = min(len(text), end + 2)
    for pattern, score, rule in _FORMS:
        for m in pattern.finditer(text, start, limit):
            if m.end() > end or _refused(text, m, rule):
                continue
            yield _phone(*m.span(), rule, score)


def _in_blocks(text: str, found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the labelled numbers in the lines before and behind a telephone number: a block of them hides none."""
    seen = set()
    for f in found:
        first, last = text.rfind("\n", 0, f.start), text.find("\n", f.end)
        around = (text.rfind("\n", 0, max(first, 0)) + 1, last + 1)
        for here, start in zip((first >= 0, last >= 0), around, strict=True):
            end = text.find("\n", start)
            end = end if end >= 0 else len(text)
            if not here or start in seen or end - start > _BLOCK_WIDTH:
                continue
            seen.add(start)
            m = _BLOCK_LINE.fullmatch(text, start, end)
            if m is None or len(m["label"].split()) > 4 or _BEFORE_ID.search(m["label"]):
                continue
            if _WHOLE_DATE.fullmatch(m["number"]):
                continue
            yield _phone(*m.span("number"), "line of a contact block", 0.6)


_FORMS = (
    (_NANP, 0.8, "american phone"),
    (_PLAIN, 0.7, "phone without breaks"),
    (_INTERNATIONAL, 0.9, "international phone"),
    (_NATIONAL, 0.8, "national phone"),
    (_PAIRS, 0.8, "phone in pairs"),
    (_COUNTRY, 0.6, "country without plus"),
    (_LOCAL, 0.6, "local phone"),
    (_SPLIT, 0.8, "phone over two lines"),
)


def _refused(text: str, m: re.Match[str], rule: str) -> bool:
    number = m.group()
    digits = "".join(filter(str.isdigit, number))
    groups = re.findall(r"\d+", number)
    before = text[max(0, m.start() - 20) : m.start()]
    if rule == "international phone":
        # "+1234567" alone may be a difference; "0012 0034 0056" is a dump.
        dump = len(groups) > 2 and len({len(g) for g in groups}) == 1 and number[0] == "0"
        path = number[0] == "0" and before[-1:] in ("/", "=")
        return dump or path or digits in _BINARY_LIMITS or (len(groups) == 1 and len(digits) < 9)
    if rule == "national phone":
        dump = len(groups) > 2 and {len(g) for g in groups} == {4}
        return dump or not 7 <= len(digits) <= 13 or (len(groups[0]) == 2 and len(digits) < 9)
    if rule == "phone over two lines":
        first = number.partition("\n")[0]
        return not 9 <= len(digits) <= 14 or sum(map(str.isdigit, first)) >= 9
    if rule == "country without plus":
        return not 10 <= len(digits) <= 13 or all(g[-1] == "0" for g in groups)
    if rule == "american phone":
        # Digits in one piece are judged by a form of their own.
        return len(groups) < 2
    if rule == "phone without breaks":
        return digits in _BINARY_LIMITS or _BEFORE_ID.search(before) is not None
    if rule == "local phone":
        return _BEFORE_ID.search(before) is not None or _UNIT.match(text, m.end()) is not None
    return False


# A cue and the start of the number behind it; what stands between is judged afterwards, on a bounded stretch.
_BETWEEN = " \t.()/-\u2010\u2011\u2012\u2013\u2014\u2015\n"
_DIGIT_START = re.compile(r"(?<![\d.,])[+(]{0,3}\d(?=\d|[^\n\w]{1,4}\d)")


def _cued(text: str, read: str) -> Iterator[Finding]:
    at = 0
    for cue in _compiled()[2].finditer(read):
        start = _DIGIT_START.search(text, cue.start(), cue.end())
        # A digit before it makes this the middle of a longer number, whose start had its chance.
        if (
            start is None
            or start.start() < at
            or text[max(0, start.start() - 6) : start.start()].rstrip(_BETWEEN)[-1:].isdigit()
        ):
            continue
        m = _NUMBER.match(text, start.start())
        if m is None or _WHOLE_DATE.fullmatch(m.group().strip()):
            continue
        # The word in a placeholder is no cue: what it announced is gone.
        before = text[max(0, m.start() - 48) : m.start()].rpartition("[PHONE]")[2]
        count = sum(map(str.isdigit, m.group()))
        strong = _BEFORE_STRONG.search(before)
        if strong is not None:
            # "Phone: 4512" is an extension; "mobile 404" is not.
            needed = 3 if set(strong["mark"]) & set(":.#") else 5
            if count >= needed and "(#" not in strong["mark"]:
                at = m.end()
                yield _phone(*m.span(), "phone after a word", 0.9)
            continue
        weak = _BEFORE_WEAK.search(before) if count >= 7 else None
        weak = weak if weak is not None and "\n" not in weak["mark"] else None
        if weak is not None and (not m.group().isdigit() or _CALLING.match(weak.group())):
            at = m.end()
            yield _phone(*m.span(), "phone after a word", 0.7)
            continue
        code = _BEFORE_CODE.search(before) if count >= 4 else None
        if code is not None and (
            code["kind"].lower() not in ("pin", "code") or _CONFERENCE.search(text, max(0, m.start() - 160), m.start())
        ):
            at = m.end()
            yield _phone(*m.span(), "conference code", 0.7)


def _with_tail(text: str, finding: Finding) -> Finding:
    end = finding.end
    for _ in range(2):
        m = _TAIL.match(text, end)
        if m is None:
            break
        end = m.end()
    return (
        finding
        if end == finding.end
        else Finding(finding.start, end, finding.entity, finding.source, finding.score, "", finding.rule)
    )


def _phone(start: int, end: int, rule: str, score: float) -> Finding:
    return Finding(start, end, "PHONE_NUMBER", "numbers", score, "", rule)
