"""Finds postal addresses: streets with numbers, units, post boxes, towns with a postal code, whole address blocks."""

from __future__ import annotations

import re

from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded

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
_STRASSE = re.compile(
    r"(?<![\w])(?:\d{1,6}[ \t])?(?:(?:[A-ZÄÖÜ][\w.-]{0,25}[ -]){0,2}[A-ZÄÖÜ][\wäöüß.-]{1,30}"
    r"(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ufer|damm|stieg|chaussee|pfad|steig|markt|graben|deich|"
    r"straat|laan|plein|gracht|kade|dijk|v[äe]gen|gatan|gata|vej(?:en)?|gade|veien|katu|ntie|kuja|polku|raitti)|"
    r"(?:[A-ZÄÖÜ][\w.-]{1,25}[ -]){1,3}(?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Gasse|Ufer|Damm|Ring|Wall|Stieg|Chaussee|"
    r"Markt|"
    r"Graben|Pfad|Steig))"
    rf"[ \t](?!(?:19|20)\d\d\b){_NUMBER}"
)
_ROMANCE = re.compile(
    r"(?<![\w])(?:\d{1,5},?[ \t])?(?:Via|Viale|Piazza|Piazzale|Piazzetta|Corso|Vicolo|Largo|Strada|Rue|Avenue|"
    r"Boulevard|Place|Chemin|"
    r"All[ée]e|Quai|Impasse|Calle|C/|Avenida|Avda\.?|Plaza|Paseo|Carrer|Rua|Travessa|Pra[çc]a|ul\.|al\.|os\.|Ulica|"
    rf"Λεωφόρος|Οδός|Πλατεία)[ \t](?:{_SMALL}[ \t]){{0,2}}{_NAME}(?:,?[ \t]{_NUMBER})"
)
_FRENCH = re.compile(
    r"(?i)(?<![\w.,-])\d{1,4}(?:[ ]?(?:bis|ter))?,?[ \t](?:rue|avenue|av\.|boulevard|bd|place|chemin|all[ée]e|quai|"
    r"impasse|route|cours)"
    r"[ \t](?:(?:de|du|des|la|le|les|l'|d')[ \t]?){0,3}[\w'’-]{2,30}(?:[ -][A-ZÀ-Þ][\w'’-]{1,30}){0,3}"
)
# German streets that are no compound: "Am Sandberg 17b", "Auf dem Hügel 3".
_AM = re.compile(
    r"(?<![\w-])(?:Am|An der|An den|Auf der|Auf dem|Auf den|Im|In der|In den|Zum|Zur|Zu den|Unter den|Hinter der|"
    r"Hinter dem|"
    r"Bei der|Beim|Vor dem|Vor der)[ \t](?:(?:Alten|Neuen|Großen|Kleinen|Hohen|Langen|Obere[nr]|Untere[nr])[ \t])?"
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
_BOX = re.compile(
    r"(?i)(?<!\w)(?:\d{1,6}[ ])?(?:p\.?[ ]?o\.?[ ]?box|postfach|postbox|postboks|apartado|casella postale|"
    r"bo[iî]te postale)[ \t]{1,2}\d[\d ]{0,10}(?<=\d)"
)
_MILITARY = re.compile(
    r"(?<!\w)(?:(?:PSC|CMR|Unit)[ ]\d{1,5},?[ ]Box[ ]\d{1,5}|US(?:S|NS|"
    r"CGC)[ ][A-Z][\w'’-]{1,30}(?:[ ][A-Z][\w'’-]{1,30}){0,2})"
    r"[,\s]{1,4}(?:[>|][ ]?)?[ADF]PO[ ,]{1,2}A[AEP][ ,]{1,2}\d{5}(?:-\d{4})?(?!\w)"
)
_US_TOWN = re.compile(
    rf"(?<!\w){_CAP}(?:[ ]{_CAP}){{0,3}},[ \t\n]{{1,3}}{_STATES}\.?[ \t]{{1,3}}\d{{5}}(?:-\d{{4}})?(?!\w)"
)
_DE_TOWN = re.compile(
    r"(?m)(?:^[ \t>|*]{0,8}(?P<alone>(?:(?:D|A|CH|L|NL|B|DK|S|F)-)?\d{5}[ \t][A-ZÄÖÜ][a-zäöüß]{2,30}(?:[ /-](?:am|"
    r"an der|im|bei|ob der|[A-ZÄÖÜ])"
    r"[\wäöüß .()-]{0,25})?)[ \t]{0,8}$|(?<![\w-])(?P<country>(?:D|A|CH|NL)-\d{4,5}[ \t][A-ZÄÖÜ][a-zäöüß]{2,30}))"
)
_CODES = re.compile(rf"(?<![\w-])(?:{_UK_CODE}|{_CANADA_CODE})(?![\w-])")
_CUED_CODE = re.compile(
    r"(?i)\b(?:zip(?:[ -]?code)?|post(?:al)?[ -]?code|postcode|plz|postleitzahl)\b(?:[ ]is|[ ]ist|"
    r"[ ]lautet)?[ \t]{0,2}[:=]?[ \t]{0,2}"
    r"((?:[A-Z]{1,2}-)?\d{3,5}(?:[- ]\d{2,4})?(?![\w.]\w))"
)
_LONE_UNIT = re.compile(
    r"(?<![\w-])(?:Suite[ ]\d{3,5}|(?:Apt\.?|Apartment|apt\.)[ ]\d{1,5}[A-Z]?|suite[ ]\d{3,5}(?=[,\n])|Ste\.[ ]\d{1,5}|"
    r"Flat[ ]\d{1,3}[A-Z]?)(?![\w.-]\w|\w)"
)
_LABEL = re.compile(
    r"(?im)^[ \t>|*-]{0,8}(?:(?:(?:home|street|mailing|postal|billing|shipping|delivery|work|private|new|"
    r"my)[ ]){0,2}address|(?:privat|"
    r"post|liefer|rechnungs|wohn|besuchs|heimat|absender)?(?:adresse|anschrift)|stra(?:ß|ss)e|wohnort|ort|wohnhaft|"
    r"street)[ \t]{0,3}[:=]"
    r"[ \t]{0,4}(?P<place>\S[^\n]{2,120})$"
)
_LIVING = re.compile(
    r"\b(?:(?:[Ll]iv(?:es?|ed|ing)|[Rr]esid(?:es?|ed|ing)|[Mm]oved|[Ss]taying|[Ll]ocated|[Mm]eet me|[Oo]ffices?(?: are|"
    r" is)?|[Aa]ddress(?: is)?)"
    r"(?: to)?[ ](?:at|on|in|to|is)|[Ww]ohn(?:t|en|haft|e)(?: in(?: der)?)?|address:)[ \n]{1,2}(?:the[ ])?"
    rf"(?P<place>(?:\d{{1,6}}[ ,]{{1,2}}){{0,2}}{_NAME}(?:[ ]\d{{1,5}}[a-z]?)?)"
)
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
    for pattern, rule in _WITH_REST:
        for m in pattern.finditer(text):
            if rule == "german street" and m.groupdict().get("name", "").lower() in _NO_STREET:
                continue
            rest = _REST.match(text, m.end())
            out.append(_address(m.start(), rest.end() if rest else m.end(), rule))
    for pattern, rule in _WHOLE:
        for m in pattern.finditer(text):
            group = next((g for g in ("alone", "country") if m.groupdict().get(g)), 0)
            out.append(_address(*m.span(group), rule))
    out.extend(_address(*m.span(1), "postal code") for m in _CUED_CODE.finditer(text))
    for pattern in (_LABEL, _LIVING):
        for m in pattern.finditer(text):
            place = m["place"]
            if _LONE_NUMBER.search(place) and "@" not in place and "://" not in place and not _MONTH.search(place):
                rest = _REST.match(text, m.end("place"))
                out.append(_address(m.start("place"), rest.end() if rest else m.end("place"), "address label"))
    for m in _LONE_UNIT.finditer(text):
        out.append(_address(*_block(text, m), "address block"))
    return out


_WITH_REST = (
    (_STREET, "street address"),
    (_STRASSE, "street address"),
    (_ROMANCE, "street address"),
    (_FRENCH, "street address"),
    (_AM, "german street"),
    (_BOX, "post box"),
)
_WHOLE = (
    (_BEFORE_TOWN, "street and town"),
    (_MILITARY, "military address"),
    (_US_TOWN, "town and code"),
    (_DE_TOWN, "town and code"),
    (_CODES, "postal code"),
)
_LEFT = re.compile(
    rf"(?:(?:\d{{1,6}}|[A-ZÀ-Þ\u0386-\u03AB][\w'’.-]{{0,30}}|{_SMALL}|ul\.|[\wÀ-ž]{{2,30}}(?=[ ]\d))(?:[ ,]{{1,2}}|"
    rf"(?=\n))){{1,8}}\n?[ \t>|?*]{{0,8}}\Z"
)
_LINE = re.compile(
    rf"[, \t]{{0,3}}\n[ \t>|?*]{{0,8}}\n?[ \t>|?*]{{0,8}}"
    rf"(?P<line>,?[ ]?{_CAP}(?:[ ,]{{1,2}}\(?[\w'’.-]{{1,30}}\)?){{0,5}}|"
    rf",?[ ]?[A-Z]{{2}}|\d{{4,6}})(?=[ \t.,?!]{{0,3}}(?:\n|$))"
)


def _block(text: str, unit: re.Match[str]) -> tuple[int, int]:
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


def _address(start: int, end: int, rule: str) -> Finding:
    return Finding(start, end, "ADDRESS", "numbers", 0.7, "", rule)
