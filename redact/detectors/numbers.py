"""Finds numbers of persons: cards, bank accounts, dates of birth, social security, tax, passports, licences."""

from __future__ import annotations

import re

from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded

_STAR = re.compile(r"(?<![\w*])\*[ ]?(\d{1,2}\.[ ]?\d{1,2}\.[ ]?(?:19|20)\d{2})(?![\w*.])")
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_PENSION = re.compile(r"(?<![\w-])\d{2}[ ]?[0-3]\d[01]\d{3}[ ]?[A-Z][ ]?\d{3}(?![\w-])")
_TAX = re.compile(
    r"(?i)\b(?:steuer[ -]?(?:id|identifikationsnummer|ident-?nr\.?|identnummer)|idnr\.?|"
    r"tax[ -]?id)[ \t.:#-]{0,4}(?:(?:ist|is|lautet)[ ])?"
    r"(\d(?:[ ]?\d){10})(?![\w-])"
)
_CUED_ID = re.compile(
    r"(?i)\b(?:ssn|social[ ]security|passport|driv(?:er'?s?|ing)[ ]licen[cs]e|national[ ]insurance|id[ ]card|"
    r"identity[ ]card|"
    r"reisepass|personalausweis|ausweis|f[uü]hrerschein|sozialversicherungs|versicherten|versicherungs|"
    r"krankenversicherungs|"
    r"steuer|svnr|ahv)(?:-?(?:number|no|nummer|nr|id|s))?[.]?(?:[ ](?:number|no\.?|nr\.?|#|ending[ ]in|is|ist|"
    r"lautet)){0,3}"
    r"[ \t]{0,2}[:#]?[ \t]{0,2}((?=[A-Z]{0,3}[ ]?\d)[A-Z0-9](?:[ /.-]?[A-Z0-9]){4,17})(?![\w-])"
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
    rf"(?:\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{2,4}}|\d{{1,2}}(?:st|nd|rd|th|"
    rf"\.)?\s+(?:of\s+)?{_MONTH}\.?,?(?:\s+\d{{2,4}})?|"
    rf"{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?|(?:19|20)\d{{2}})"
)
_BIRTH = re.compile(
    rf"(?i)\b(?:born(?:\s+(?:on|in))?|d\.?o\.?b\.?|date\s+of\s+birth|birth\s?date|birthday(?:\s+is)?(?:\s+on)?|"
    rf"geb(?:oren|\.)?(?:\s+am)?|geburts(?:datum|tag)(?:\s+ist)?(?:\s+am)?|n[ée]e?|naci[dó]a?|nat[oa]|f[øö]dt|"
    rf"född)\s{{0,2}}[:=(]?\s{{0,2}}(?:(?:on|am|le|el|il|den)\s)?({_DATE})"
)


def find_accounts(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return payment cards (Luhn) and IBANs (ISO 13616, modulo 97)."""
    out = []
    for m in _CARD.finditer(text):
        digits = [int(c) for c in m.group() if c.isdigit()]
        if 13 <= len(digits) <= 19 and len(set(digits)) > 1 and _luhn(digits):
            out.append(Finding(*m.span(), "CREDIT_CARD", "numbers", 1.0, "", "card check digit"))
    out.extend(
        Finding(*m.span(1), "CREDIT_CARD", "numbers", 0.8, "", "card after a word") for m in _CUED_CARD.finditer(text)
    )
    for m in _IBAN.finditer(text):
        end = _iban_end(m.group())
        if end:
            out.append(Finding(m.start(), m.start() + end, "IBAN_CODE", "numbers", 1.0, "", "iban check digits"))
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
    """Return dates of birth: dates that follow a word of birth, or the star that German texts put before one."""
    out = [Finding(*m.span(1), "DATE_OF_BIRTH", "numbers", 1.0, "", "date of birth") for m in _BIRTH.finditer(text)]
    out.extend(Finding(*m.span(1), "DATE_OF_BIRTH", "numbers", 0.8, "", "date of birth") for m in _STAR.finditer(text))
    return out


def find_ids(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return numbers of social security, tax, insurance, passports, identity cards and driving licences.

    A form with a check digit or a fixed grouping counts by itself, any other after the word for it.
    """
    out = [_id(*m.span(), "US_SSN", "social security") for m in _SSN.finditer(text)]
    for m in _PENSION.finditer(text):
        if _is_pension_number(m.group().replace(" ", "")):
            out.append(_id(*m.span(), "ID", "pension insurance"))
    for m in _TAX.finditer(text):
        digits = [int(c) for c in m.group(1) if c.isdigit()]
        if len(digits) == 11 and _is_tax_id(digits):
            out.append(_id(*m.span(1), "ID", "tax number"))
    for m in _CUED_ID.finditer(text):
        if any(map(str.isdigit, m[1])):
            out.append(_id(*m.span(1), "ID", "number after a word"))
    return out


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
