"""Finds postal addresses: streets with numbers, units, post boxes, towns with a postal code, whole address blocks."""

from __future__ import annotations

import re
from collections.abc import Callable

from redact.detectors.cues import EDGE, Cues
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded

_Span = tuple[int, int]

# Every quantifier is bounded, and every form starts at a digit or a capital letter at the edge of a word.
_CAP = r"[A-ZÄÖÜÀ-ÞŁŚŠŽČ\u0386-\u03AB][\w'’.-]{0,30}"
_SMALL = (
    r"(?:de|del|della|do|da|dos|das|di|du|des|la|le|les|el|e|y|van|von|der|den|dem|zum|zur|am|an|im|in|und|z|the|of|"
    r"and)"
)

_NAME = rf"{_CAP}(?:[ \t](?:{_SMALL}[ \t]){{0,2}}{_CAP}){{0,3}}"
_NUMBER = r"\d{1,4}[ ]?[a-zA-Z]?(?:\s?[-–/]\s?(?:\d{1,4}[a-z]?|[IVX]{1,4}))?(?![\w%€$]|[.,:]\d)"

_ENGLISH = (
    r"(?:Street|St|Avenue|Ave|Av|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|Place|Pl|Parkway|Pkwy|"
    r"Terrace|Ter|Highway|Hwy|Crescent|Cres|Close|Trail|Trl|Circle|Cir|Plaza|Alley|Way|Row|Loop|Walk|Mews|Grove|"
    r"Gardens|Gdns|Freeway|Fwy|Expressway|Turnpike|Tpke|Broadway|Quay|Embankment|Esplanade|Parade|Route|Rte)"
)
_UNIT = (
    r"(?:(?:Suite|Ste|Apt|Apartment|Unit|Floor|Fl|Room|Rm|Flat|Bldg|Building)\.?\s?#?\s?\w{1,6}|#\s?\d{1,5}[A-Z]?|"
    r"\d{1,2}(?:st|nd|rd|th)\s(?:Floor|floor|Fl))"
)
_STATES = (
    r"(?:A[AEKLPRZ]|C[AOT]|D[CE]|FL|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|"
    r"V[AIT]|W[AIVY])"
)
_UK_CODE = r"(?:GIR 0AA|[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2})"
_CANADA_CODE = r"[ABCEGHJ-NPRSTVXY]\d[A-Z] \d[A-Z]\d"
# What may follow a street: a unit, a town, a state or country, a postal code; on the same line or the next ones.
_GAP = r"(?:[,;]?[ \t]{1,3}|[ \t]{0,3},?[ \t]{0,3}\n[ \t>|*]{0,8})"
_TOWN = rf"{_CAP}(?:[ -]{_CAP}){{0,3}}"
_CODE = rf"(?:{_STATES}\.?[ \t]{{1,3}}\d{{5}}(?:-\d{{4}})?|{_UK_CODE}|{_CANADA_CODE}|(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?!\d))"
_REST = re.compile(
    rf"(?:{_GAP}{_UNIT}(?!\w))?(?:{_GAP}(?:{_TOWN}{_GAP}){{1,3}}{_CODE}(?!\w)|"
    rf"{_GAP}(?:[A-Z]{{1,2}}-)?\d{{4,5}}[ \t]{_TOWN})?"
)

_STREET = re.compile(
    rf"(?<![\w.,$€£#-])\d{{1,5}}[A-Za-z]?(?:[-–/]\d{{1,5}})?,?[ \t]{{1,2}}(?:[NSEW]{{1,2}}\.?[ \t])?"
    rf"(?:[A-Z0-9][\w.'’-]{{0,30}}[ \t]{{1,2}}){{1,4}}"
    rf"{_ENGLISH}\b\.?(?:[ \t](?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\b)?(?![ \t]+[a-z]*ing\b)"
)
_ENDING = (
    r"(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ufer|damm|stieg|chaussee|pfad|steig|markt|graben|deich|"
    r"straat|laan|plein|gracht|kade|dijk|v[äe]gen|gatan|gata|vej(?:en)?|gade|veien|katu|ntie|kuja|polku|raitti)"
)
_STREET_WORD = (
    r"(?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Gasse|Ufer|Damm|Ring|Wall|Stieg|Chaussee|Markt|Graben|Pfad|Steig)"
)
_STRASSE = re.compile(
    rf"(?<![\w])(?:\d{{1,6}}[ \t])?(?:(?:[A-ZÄÖÜ][\w.-]{{0,25}}[ -]){{0,2}}[A-ZÄÖÜ][\wäöüß.-]{{1,30}}{_ENDING}|"
    rf"(?:[A-ZÄÖÜ][\w.-]{{1,25}}[ -]){{1,3}}{_STREET_WORD})"
    rf"[ \t](?!(?:19|20)\d\d\b){_NUMBER}"
)
_WAY = (
    r"(?:Via|Viale|Piazza|Piazzale|Piazzetta|Corso|Vicolo|Largo|Strada|Rue|Avenue|Boulevard|Place|Chemin|"
    r"All[ée]e|Quai|Impasse|Calle|C/|Avenida|Avda\.?|Plaza|Paseo|Carrer|Rua|Travessa|Pra[çc]a|ul\.|al\.|os\.|Ulica|"
    r"Λεωφόρος|Οδός|Πλατεία)[ \t]"
)
_ROMANCE = re.compile(rf"(?<![\w])(?:\d{{1,5}},?[ \t])?{_WAY}(?:{_SMALL}[ \t]){{0,2}}{_NAME}(?:,?[ \t]{_NUMBER})")
_NUMBER_AND_RUE = (
    r"\d{1,4}(?:[ ]?(?:bis|ter))?,?[ \t](?:rue|avenue|av\.|boulevard|bd|place|chemin|all[ée]e|quai|"
    r"impasse|route|cours)[ \t]"
)
_FRENCH = re.compile(
    rf"(?i)(?<![\w.,-]){_NUMBER_AND_RUE}"
    r"(?:(?:de|du|des|la|le|les|l'|d')[ \t]?){0,3}[\w'’-]{2,30}(?:[ -][A-ZÀ-Þ][\w'’-]{1,30}){0,3}"
)
# German streets that are no compound: "Am Sandberg 17b", "Auf dem Hügel 3".
_BY = (
    r"(?:Am|An der|An den|Auf der|Auf dem|Auf den|Im|In der|In den|Zum|Zur|Zu den|Unter den|Hinter der|Hinter dem|"
    r"Bei der|Beim|Vor dem|Vor der)[ \t]"
)
_AM = re.compile(
    rf"(?<![\w-]){_BY}(?:(?:Alten|Neuen|Großen|Kleinen|Hohen|Langen|Obere[nr]|Untere[nr])[ \t])?"
    r"(?P<name>[A-ZÄÖÜ][a-zäöüß-]{2,30})[ \t](?:\d{1,3}[ ]?[a-z]?(?:\s?[-/]\s?\d{1,3}[a-z]?)?)(?!\w|[.,:]\d|"
    r"\.? ?(?:Uhr|Prozent|Stück|Euro|EUR|"
    r"Tage|Minuten|Stunden|Jahre|Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember))"
)
_CALENDAR_AND_COUNTS = (
    "montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz april mai juni juli "
    "august september oktober november dezember jahr jahre quartal raum zimmer abschnitt kapitel anhang "
    "schnitt punkt version stand ticket band heft blatt seite bild teil fall schritt artikel paragraf "
    "zeile spalte tabelle werk block test lauf stock vergleich alter umfang maximum minimum mittel "
    "durchschnitt "
)
_NO_STREET = frozenset(_CALENDAR_AND_COUNTS.split())
# Any capitalised words with a house number count if a postal code with a town follows.
_BEFORE_TOWN = re.compile(
    rf"(?<![\w])(?:\d{{1,5}}[ \t])?{_NAME}[ \t]{_NUMBER}(?:[, \t]+\d\. (?:Stock|OG|Etage))?(?:,[ \t]{{0,2}}|"
    rf"[ \t]{{0,3}},?\n[ \t>|*]{{0,8}}(?=\d{{5}}|[A-Z]))"
    rf"(?:(?:D|A|CH|L|NL|B|DK|S|F)-)?\d{{4,5}}[ \t](?=[^\W\d_]{{3}}){_TOWN}"
)
_BOX_NUMBER = r"(?:p\.?[ ]?o\.?[ ]?box|postfach|postbox|postboks|apartado|casella postale|bo[iî]te postale)[ \t]{1,2}\d"
_BOX = re.compile(rf"(?i)(?<!\w)(?:\d{{1,6}}[ ])?{_BOX_NUMBER}[\d ]{{0,10}}(?<=\d)")
_APO = r"[ADF]PO[ ,]{1,2}A[AEP][ ,]{1,2}\d"
_MILITARY = re.compile(
    r"(?<!\w)(?:(?:PSC|CMR|Unit)[ ]\d{1,5},?[ ]Box[ ]\d{1,5}|US(?:S|NS|"
    r"CGC)[ ][A-Z][\w'’-]{1,30}(?:[ ][A-Z][\w'’-]{1,30}){0,2})"
    rf"[,\s]{{1,4}}(?:[>|][ ]?)?{_APO}{{5}}(?:-\d{{4}})?(?!\w)"
)
_STATE_AND_ZIP = rf",[ \t\n]{{1,3}}{_STATES}\.?[ \t]{{1,3}}\d{{5}}"
_US_TOWN = re.compile(rf"(?<!\w){_CAP}(?:[ ]{_CAP}){{0,3}}{_STATE_AND_ZIP}(?:-\d{{4}})?(?!\w)")
_DE_TOWN = re.compile(
    r"(?m)(?:^[ \t>|*]{0,8}(?P<alone>(?:(?:D|A|CH|L|NL|B|DK|S|F)-)?\d{5}[ \t][A-ZÄÖÜ][a-zäöüß]{2,30}(?:[ /-](?:am|"
    r"an der|im|bei|ob der|[A-ZÄÖÜ])"
    r"[\wäöüß .()-]{0,25})?)[ \t]{0,8}$|(?<![\w-])(?P<country>(?:D|A|CH|NL)-\d{4,5}[ \t][A-ZÄÖÜ][a-zäöüß]{2,30}))"
)
_CODES = re.compile(rf"(?<![\w-])(?:{_UK_CODE}|{_CANADA_CODE})(?![\w-])")
_CODE_IS = (
    r"(?:zip(?:[ -]?code)?|post(?:al)?[ -]?code|postcode|plz|postleitzahl)\b(?:[ ]is|[ ]ist|"
    r"[ ]lautet)?[ \t]{0,2}[:=]?[ \t]{0,2}"
)
_CUED_CODE = re.compile(rf"(?i)\b{_CODE_IS}((?:[A-Z]{{1,2}}-)?\d{{3,5}}(?:[- ]\d{{2,4}})?(?![\w.]\w))")
_LONE_UNIT = re.compile(
    r"(?<![\w-])(?:Suite[ ]\d{3,5}|(?:Apt\.?|Apartment|apt\.)[ ]\d{1,5}[A-Z]?|suite[ ]\d{3,5}(?=[,\n])|Ste\.[ ]\d{1,5}|"
    r"Flat[ ]\d{1,3}[A-Z]?)(?![\w.-]\w|\w)"
)
_LABELLED = (
    r"[ \t>|*-]{0,8}(?:(?:(?:home|street|mailing|postal|billing|shipping|delivery|work|private|new|"
    r"my)[ ]){0,2}address|(?:privat|"
    r"post|liefer|rechnungs|wohn|besuchs|heimat|absender)?(?:adresse|anschrift)|stra(?:ß|ss)e|wohnort|ort|wohnhaft|"
    r"street)[ \t]{0,3}[:=]"
)
_LABEL = re.compile(rf"(?im)^{_LABELLED}[ \t]{{0,4}}(?P<place>\S[^\n]{{2,120}})$")
_LIVES = (
    r"(?:(?:[Ll]iv(?:es?|ed|ing)|[Rr]esid(?:es?|ed|ing)|[Mm]oved|[Ss]taying|[Ll]ocated|[Mm]eet me|[Oo]ffices?(?: are|"
    r" is)?|[Aa]ddress(?: is)?)"
    r"(?: to)?[ ](?:at|on|in|to|is)|[Ww]ohn(?:t|en|haft|e)(?: in(?: der)?)?|address:)[ \n]{1,2}"
)
_LIVING = re.compile(rf"\b{_LIVES}(?:the[ ])?(?P<place>(?:\d{{1,6}}[ ,]{{1,2}}){{0,2}}{_NAME}(?:[ ]\d{{1,5}}[a-z]?)?)")
_MONTH = re.compile(
    r"(?i)\b(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|monday|tuesday|wednesday|thursday|"
    r"friday|"
    r"saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|version|release|python)"
)
_LONE_NUMBER = re.compile(r"(?<![\w.-])\d")


def find_postal(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return street addresses with what follows them, units, post boxes and towns with a postal code."""
    if not any(map(text.__contains__, "0123456789")):
        return []
    out = []
    for pattern, extent, rule in _FORMS.of(text):
        for m in pattern.finditer(text):
            span = extent(text, m)
            if span is not None:
                out.append(Finding(*span, "ADDRESS", "numbers", 0.7, "", rule))
    return out


def _followed(text: str, m: re.Match[str]) -> _Span:
    """Return a street with the unit, town and postal code after it."""
    rest = _REST.match(text, m.end())
    return m.start(), rest.end() if rest else m.end()


def _german(text: str, m: re.Match[str]) -> _Span | None:
    return None if m["name"].lower() in _NO_STREET else _followed(text, m)


def _whole(text: str, m: re.Match[str]) -> _Span:
    return m.span()


def _inner(text: str, m: re.Match[str]) -> _Span:
    """Return the group that took part: the address without the words or the line around it."""
    return m.span(m.lastindex or 0)


def _place(text: str, m: re.Match[str]) -> _Span | None:
    """Return the place after a label or a verb with what follows it, if it has a number and is no date or link."""
    place = m["place"]
    if not _LONE_NUMBER.search(place) or "@" in place or "://" in place or _MONTH.search(place):
        return None
    rest = _REST.match(text, m.end("place"))
    return m.start("place"), rest.end() if rest else m.end("place")


_LEFT = re.compile(
    rf"(?:(?:\d{{1,6}}|[A-ZÀ-Þ\u0386-\u03AB][\w'’.-]{{0,30}}|{_SMALL}|ul\.|[\wÀ-ž]{{2,30}}(?=[ ]\d))(?:[ ,]{{1,2}}|"
    rf"(?=\n))){{1,8}}\n?[ \t>|?*]{{0,8}}\Z"
)
_LINE = re.compile(
    rf"[, \t]{{0,3}}\n[ \t>|?*]{{0,8}}\n?[ \t>|?*]{{0,8}}"
    rf"(?P<line>,?[ ]?{_CAP}(?:[ ,]{{1,2}}\(?[\w'’.-]{{1,30}}\)?){{0,5}}|"
    rf",?[ ]?[A-Z]{{2}}|\d{{4,6}})(?=[ \t.,?!]{{0,3}}(?:\n|$))"
)


def _block(text: str, unit: re.Match[str]) -> _Span:
    """Return the extent of the address around a unit: the street before it, up to three short lines after it."""
    start, end = unit.span()
    line = text.rfind("\n", 0, start)
    head = text[max(line + 1, start - 120) : start]
    if not head.strip(" \t>|?*") and line > 0:
        head = text[max(text.rfind("\n", 0, line) + 1, start - 120) : start]
    left = _LEFT.search(head)
    if left is not None and any(map(str.isdigit, left.group())):
        start -= len(head) - left.start()
    rest = _REST.match(text, end)
    if rest is not None and rest.end() > end:
        return start, rest.end()
    reach = end
    for _ in range(4):
        m = _LINE.match(text, reach)
        if m is None:
            break
        reach = m.end()
        if m["line"][-1].isdigit():
            end = reach
            break
    return start, end


# What may stand between a street's words and its number: no line break, no sign of those that are in no address.
_RUN = r"[^\n!-&(-+:-@\[-^`{-~]*"
# What a text must contain for each form; the form, its extent and the rule.
_FORMS: Cues[tuple[re.Pattern[str], Callable[[str, re.Match[str]], _Span | None], str]] = Cues(
    (rf"{EDGE}\d{_RUN}[ \t]{_ENGLISH}\b", (_STREET, _followed, "street address")),
    (rf"(?:{_ENDING}|{_STREET_WORD})[ \t]\d", (_STRASSE, _followed, "street address")),
    (rf"{EDGE}{_WAY}{_RUN}[ \t]\d", (_ROMANCE, _followed, "street address")),
    (rf"(?i){EDGE}{_NUMBER_AND_RUE}", (_FRENCH, _followed, "street address")),
    (rf"{EDGE}{_BY}{_RUN}[ \t]\d", (_AM, _german, "german street")),
    (rf"(?i){EDGE}{_BOX_NUMBER}", (_BOX, _followed, "post box")),
    (r"[,\n][ \t>|*]{0,8}(?:[A-Z]{1,2}-)?\d{4,5}[ \t]\p{L}", (_BEFORE_TOWN, _whole, "street and town")),
    (_APO, (_MILITARY, _whole, "military address")),
    (_STATE_AND_ZIP, (_US_TOWN, _whole, "town and code")),
    (r"(?:(?:\A|\n)[ \t>|*]{0,8}|-)\d{4,5}[ \t][A-ZÄÖÜ]", (_DE_TOWN, _inner, "town and code")),
    (rf"{EDGE}(?:{_UK_CODE}|{_CANADA_CODE})", (_CODES, _whole, "postal code")),
    (rf"(?i){EDGE}{_CODE_IS}(?:\p{{L}}{{1,2}}-)?\d", (_CUED_CODE, _inner, "postal code")),
    (rf"(?i)(?:\A|\n){_LABELLED}[^\n]*\d", (_LABEL, _place, "address label")),
    (rf"{EDGE}{_LIVES}{_RUN}\d", (_LIVING, _place, "address label")),
    (rf"{EDGE}(?:[Ss]uite|[Aa]pt\.?|Apartment|Ste\.|Flat)[ ]\d", (_LONE_UNIT, _block, "address block")),
)
