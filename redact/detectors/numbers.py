"""Finds what is written in digits: phone numbers and extensions, cards, bank accounts, dates of birth, addresses."""

from __future__ import annotations

import re

from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded

_PHONE_WORD = (
    r"(?:tel(?:efon|ephone)?|phone|ph|fax|mobile?|mob|handy|cell(?:\s?phone)?|pager|office|direct|work|home|desk|"
    r"call(?:\s+me)?(?:\s+(?:at|on))?|reach\s+me\s+(?:at|on)|dial|whatsapp|durchwahl|hotline|bridge|passcode|dial-in)"
)
_DIGITS = r"\+?\(?\d[\d()\s./\u2010-\u2015-]{4,20}\d"
_EXTENSION = r"(?:[\s,;]*(?:ext\.?|extension|x|durchwahl|dw|app\.?)\s*[.:#]?\s*\d{2,6})"
_CUED = re.compile(
    rf"(?i)\b{_PHONE_WORD}(?:\s*(?:number|no\.?|nr\.?|#|ph|phone|fax))*\s*(?:is|[.:#])?\s*({_DIGITS}{_EXTENSION}?)"
)
_ALONE = re.compile(
    rf"(?i)(?<![\w.$€£#-])((?:(?:\+\d{{1,3}}|1)[\s.-]?)?(?:\(\d{{2,5}}\)|\d{{3}})[\s./-]{{0,2}}\d{{3}}[\s.-]?\d{{4}}{_EXTENSION}?)"
    r"(?![\w-])"
)
_INTERNATIONAL = re.compile(
    rf"(?i)(?<![\w+])((?:\+|00)[1-9]\d{{0,2}}[\s.(/-]{{0,2}}(?:\(0\))?\d[\d\s()./-]{{4,16}}\d{_EXTENSION}?)(?!\w)"
)
_PAIRS = re.compile(r"(?<![\w.])((?:0\d|\+\d{2}[ .-]?\d)(?:[ .-]\d\d){4})(?![\w.-])")
_LOCAL = re.compile(rf"(?i)(?<![\w.,/:$€£#-])([2-9]\d{{2}}[.-]\d{{4}}{_EXTENSION}?)(?![\w.-]|\.\d)")
_SHORT = re.compile(
    r"(?i)(?<!\w)((?:ext\.?|extension|durchwahl)\s*[.:#]?\s*(?:\d-\d{4}|\d{2,6})|x\s?-?(?:\d-\d{4}|\d{4,5})|[2-9]-\d{4})(?![\w-])"
)

_CARD = re.compile(r"(?<![\d.-])(?:\d[ -]?){12,18}\d(?![\d-])")
_CUED_CARD = re.compile(
    r"(?i)\b(?:card|visa|mastercard|amex|kreditkarte)\b[^\n\d]{0,30}((?:\d[ -]?){11,18}\d)(?![\d-])"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_IBAN_BODY = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")

_MONTH = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|okt(?:ober)?|nov(?:ember)?|dec(?:ember)?|dez(?:ember)?)"
)
_DATE = (
    rf"(?:\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{2,4}}|\d{{1,2}}(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{_MONTH}\.?,?(?:\s+\d{{2,4}})?|"
    rf"{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?|(?:19|20)\d{{2}})"
)
_BIRTH = re.compile(
    rf"(?i)\b(?:born(?:\s+(?:on|in))?|d\.?o\.?b\.?|date\s+of\s+birth|birth\s?date|birthday(?:\s+is)?(?:\s+on)?|"
    rf"geb(?:oren|\.)?(?:\s+am)?|geburtsdatum)\s*[:=(]?\s*(?:on\s+)?({_DATE})"
)

_STREET = re.compile(
    r"(?<!\w)\d{1,5}[A-Za-z]?,?\s+(?:[NSEW]\.?\s+)?(?:[A-Z0-9][\w.'-]*\s+){1,4}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|Place|Pl|Parkway|Pkwy|Terrace|"
    r"Highway|Hwy|Crescent|Close|Trail|Circle|Plaza|Alley)\b\.?"
    r"(?:,?\s+(?:Suite|Ste|Apt|Unit|Floor|Fl|Room|Rm)\.?\s*#?\w+)?"
)
_STRASSE = re.compile(
    r"\b[A-ZÄÖÜ][\wäöüß-]*(?:straße|strasse|str\.|weg|platz|allee|gasse|ufer|damm)\s+\d{1,4}\s?[a-z]?\b"
)
_BOX = re.compile(r"(?i)\b(?:p\.?\s?o\.?\s?box|postfach)\s+\d+[\d ]*")
_US_ZIP = re.compile(r"\b[A-Z][a-z]+(?:\s[A-Z][a-z]+)*,\s+[A-Z]{2}\.?\s+\d{5}(?:-\d{4})?\b")


def find_phones(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return phone numbers by their form or by the word before them, extensions with them."""
    out = []
    for pattern, score in (
        (_CUED, 0.9),
        (_ALONE, 0.8),
        (_INTERNATIONAL, 0.9),
        (_PAIRS, 0.8),
        (_LOCAL, 0.6),
        (_SHORT, 0.6),
    ):
        for m in pattern.finditer(text):
            if sum(c.isdigit() for c in m[1]) >= 3 and not _is_date(m[1]):
                out.append(Finding(*m.span(1), "PHONE_NUMBER", "numbers", score))
    return out


_WHOLE_DATE = re.compile(r"\d{4}[./-]\d{1,2}[./-]\d{1,2}(?:\s.*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}(?:\s.*)?")


def _is_date(number: str) -> bool:
    return _WHOLE_DATE.fullmatch(number.strip()) is not None


def find_accounts(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return payment cards (Luhn) and IBANs (ISO 13616, modulo 97)."""
    out = []
    for m in _CARD.finditer(text):
        digits = [int(c) for c in m.group() if c.isdigit()]
        if 13 <= len(digits) <= 19 and len(set(digits)) > 1 and _luhn(digits):
            out.append(Finding(*m.span(), "CREDIT_CARD", "numbers"))
    out.extend(Finding(*m.span(1), "CREDIT_CARD", "numbers", 0.8) for m in _CUED_CARD.finditer(text))
    for m in _IBAN.finditer(text):
        end = _iban_end(m.group())
        if end:
            out.append(Finding(m.start(), m.start() + end, "IBAN_CODE", "numbers"))
    return out


def _luhn(digits: list[int]) -> bool:
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * d, 10)) for d in digits[-2::-2])
    return total % 10 == 0


def _iban_end(candidate: str) -> int:
    """Return how much of the candidate is a valid IBAN, longest first, or 0."""
    for end in range(len(candidate), 14, -1):
        body = candidate[:end].replace(" ", "")
        if candidate[end - 1] == " " or not _IBAN_BODY.fullmatch(body):
            continue
        if int("".join(str(int(c, 36)) for c in body[4:] + body[:4])) % 97 == 1:
            return end
    return 0


def find_births(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return dates of birth: dates that follow a word of birth."""
    return [Finding(*m.span(1), "DATE_OF_BIRTH", "numbers") for m in _BIRTH.finditer(text)]


def find_postal(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return street addresses, post boxes and town lines with a postal code."""
    return [
        Finding(*m.span(), "ADDRESS", "numbers", 0.7)
        for pattern in (_STREET, _STRASSE, _BOX, _US_ZIP)
        for m in pattern.finditer(text)
    ]
