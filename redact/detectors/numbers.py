"""Finds numbers of persons: cards, bank accounts, dates of birth, social security, tax, passports, licences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from redact.detectors.cues import EDGE, Cues
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded

_STAR_DATE = r"\*[ ]?(\d{1,2}\.[ ]?\d{1,2}\.[ ]?(?:19|20)\d{2})"
_STAR = re.compile(rf"(?<![\w*]){_STAR_DATE}(?![\w*.])")
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_PENSION_FORM = r"\d{2}[ ]?[0-3]\d[01]\d{3}[ ]?[A-Z][ ]?\d{3}"
_PENSION = re.compile(rf"(?<![\w-]){_PENSION_FORM}(?![\w-])")
_TAX_WORDS = (
    r"(?:steuer[ -]?(?:id|identifikationsnummer|ident-?nr\.?|identnummer)|idnr\.?|"
    r"tax[ -]?id)[ \t.:#-]{0,4}(?:(?:ist|is|lautet)[ ])?"
)
_TAX = re.compile(rf"(?i)\b{_TAX_WORDS}(\d(?:[ ]?\d){{10}})(?![\w-])")
_ID_WORDS = (
    r"(?:ssn|social[ ]security|passport|driv(?:er'?s?|ing)[ ]licen[cs]e|national[ ]insurance|id[ ]card|"
    r"identity[ ]card|reisepass|personalausweis|ausweis|f[uü]hrerschein|sozialversicherungs|versicherten|"
    r"versicherungs|krankenversicherungs|steuer|svnr|ahv)(?:-?(?:number|no|nummer|nr|id|s))?[.]?"
    r"(?:[ ](?:number|no\.?|nr\.?|#|ending[ ]in|is|ist|lautet)){0,3}[ \t]{0,2}[:#]?[ \t]{0,2}"
)
_CUED_ID = re.compile(rf"(?i)\b{_ID_WORDS}((?=[A-Z]{{0,3}}[ ]?\d)[A-Z0-9](?:[ /.-]?[A-Z0-9]){{4,17}})(?![\w-])")

_CARD = re.compile(r"(?<![\d.-])(?:\d[ -]?){12,18}\d(?![\d-])")
_CARD_WORDS = r"(?:card|visa|mastercard|amex|kreditkarte)\b"
_CUED_CARD = re.compile(rf"(?i)\b{_CARD_WORDS}[^\n\d]{{0,30}}((?:\d[ -]?){{11,18}}\d)(?![\d-])")
_IBAN_HEAD = r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3}"
_IBAN = re.compile(rf"(?<![A-Za-z0-9]){_IBAN_HEAD}(?: ?[A-Z0-9]{{2,4}}){{0,5}}(?: ?[A-Z0-9]{{1,3}})?(?![A-Za-z0-9])")
_IBAN_BODY = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")

_MONTH = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|okt(?:ober)?|nov(?:ember)?|dec(?:ember)?|dez(?:ember)?)"
)
_DATE = (
    rf"(?:\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{2,4}}|\d{{1,2}}(?:st|nd|rd|th|"
    rf"\.)?\s+(?:of\s+)?{_MONTH}\.?,?(?:\s+\d{{2,4}})?|"
    rf"{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?|(?:19|20)\d{{2}})"
)
_BIRTH_WORDS = (
    r"(?:born(?:\s+(?:on|in))?|d\.?o\.?b\.?|date\s+of\s+birth|birth\s?date|birthday(?:\s+is)?(?:\s+on)?|"
    r"geb(?:oren|\.)?(?:\s+am)?|geburts(?:datum|tag)(?:\s+ist)?(?:\s+am)?|n[ée]e?|naci[dó]a?|nat[oa]|f[øö]dt|"
    r"född)\s{0,2}[:=(]?\s{0,2}(?:(?:on|am|le|el|il|den)\s)?"
)
_BIRTH = re.compile(rf"(?i)\b{_BIRTH_WORDS}({_DATE})")

_Reader = Callable[[str], Iterable[Finding]]


def find_accounts(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return payment cards (Luhn) and IBANs (ISO 13616, modulo 97)."""
    return [f for read in _ACCOUNTS.of(text) for f in read(text)]


def _cards(text: str) -> Iterator[Finding]:
    for m in _CARD.finditer(text):
        digits = [int(c) for c in m.group() if c.isdigit()]
        if 13 <= len(digits) <= 19 and len(set(digits)) > 1 and _luhn(digits):
            yield Finding(*m.span(), "CREDIT_CARD", "numbers", 1.0, "", "card check digit")


def _cued_cards(text: str) -> Iterator[Finding]:
    for m in _CUED_CARD.finditer(text):
        yield Finding(*m.span(1), "CREDIT_CARD", "numbers", 0.8, "", "card after a word")


def _ibans(text: str) -> Iterator[Finding]:
    for m in _IBAN.finditer(text):
        end = _iban_end(m.group())
        if end:
            yield Finding(m.start(), m.start() + end, "IBAN_CODE", "numbers", 1.0, "", "iban check digits")


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
    """Return dates of birth: dates that follow a word of birth, or the star that German texts put before one."""
    return [
        Finding(*m.span(1), "DATE_OF_BIRTH", "numbers", score, "", "date of birth")
        for pattern, score in _BIRTHS.of(text)
        for m in pattern.finditer(text)
    ]


def find_ids(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return numbers of social security, tax, insurance, passports, identity cards and driving licences.

    A form with a check digit or a fixed grouping counts by itself, any other after the word for it.
    """
    return [f for read in _IDS.of(text) for f in read(text)]


def _social_security(text: str) -> Iterator[Finding]:
    for m in _SSN.finditer(text):
        yield _id(*m.span(), "US_SSN", "social security")


def _pension_insurance(text: str) -> Iterator[Finding]:
    for m in _PENSION.finditer(text):
        if _is_pension_number(m.group().replace(" ", "")):
            yield _id(*m.span(), "ID", "pension insurance")


def _tax_numbers(text: str) -> Iterator[Finding]:
    for m in _TAX.finditer(text):
        digits = [int(c) for c in m.group(1) if c.isdigit()]
        if len(digits) == 11 and _is_tax_id(digits):
            yield _id(*m.span(1), "ID", "tax number")


def _cued_ids(text: str) -> Iterator[Finding]:
    for m in _CUED_ID.finditer(text):
        if any(map(str.isdigit, m[1])):
            yield _id(*m.span(1), "ID", "number after a word")


def _id(start: int, end: int, entity: str, rule: str) -> Finding:
    return Finding(start, end, entity, "numbers", 0.8, "", rule)


def _is_tax_id(digits: list[int]) -> bool:
    """Return whether the last digit is the check digit of a German tax id (ISO 7064, modulo 11,10)."""
    product = 10
    for digit in digits[:-1]:
        total = (digit + product) % 10 or 10
        product = total * 2 % 11
    return digits[0] != 0 and (11 - product) % 10 == digits[-1] and len(set(digits[:10])) in (8, 9)


def _is_pension_number(number: str) -> bool:
    """Return whether the last digit is the check digit of a German pension insurance number."""
    letter = f"{ord(number[8]) - 64:02d}"
    digits = [int(c) for c in number[:8] + letter + number[9:11]]
    factors = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    return sum(sum(divmod(d * f, 10)) for d, f in zip(digits, factors, strict=True)) % 10 == int(number[11])


# What a text must contain for each form, and what reads the form.
_ACCOUNTS: Cues[_Reader] = Cues(
    (r"(?:\d[ -]?){12}\d", _cards),
    (rf"(?i){EDGE}{_CARD_WORDS}[^\n\d]*(?:\d[ -]?){{11}}\d", _cued_cards),
    (_IBAN_HEAD, _ibans),
)
_BIRTHS = Cues(
    (rf"(?i){EDGE}{_BIRTH_WORDS}(?:\d|{_MONTH})", (_BIRTH, 1.0)),
    (_STAR_DATE, (_STAR, 0.8)),
)
_IDS: Cues[_Reader] = Cues(
    (rf"{EDGE}\d{{3}}-\d{{2}}-\d{{4}}", _social_security),
    (rf"{EDGE}{_PENSION_FORM}", _pension_insurance),
    (rf"(?i){EDGE}{_TAX_WORDS}\d", _tax_numbers),
    (rf"(?i){EDGE}{_ID_WORDS}\p{{L}}{{0,3}}[ ]?\d", _cued_ids),
)
