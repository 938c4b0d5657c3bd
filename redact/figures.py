"""Tells which digits of a text may be a number that Presidio's own recognisers know, and which are plain figures."""

from __future__ import annotations

import re

from redact.finding import Finding

# What those recognisers take between the digits of a number; the shortest of their numbers has seven digits.
_BETWEEN = r"[-x\u2010-\u2015\u2212 ()\[\]./~]"
_RUN = re.compile(rf"\d(?:{_BETWEEN}{{0,4}}\d){{6,}}|(?<![A-Za-z0-9])(?:bc1|[13])[A-Za-z0-9]{{25,}}")
# A date, a time stamp, an amount, a decimal fraction or the number of a document ("R2-1234567") as a whole. Nine digits
# may be a passport, and so may eight behind a letter.
_PLAIN = re.compile(
    r"(?<![A-Za-z])\d{7,8}|(?:0|[1-9]\d?)[.]\d{6,8}|(?<=[A-Za-z])\d-\d{6,7}|\d{1,3}(?:[.]\d{3}){2,}|"
    r"(?:19|20)\d\d(?:[-./]\d\d[-./]\d\d|\d{4})(?:[- .]{1,3}\d\d(?:\d{4})?)?|"
    r"\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d(?: \d{1,2})?"
)
_FIGURE = re.compile(
    r"\d{1,9}|\d{1,3}(?:[,.]\d{3})+|\d{4}[-./]\d\d[-./]\d\d(?:\D.*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}(?:\s.*)?"
)
_PATH = re.compile(r"(?:[A-Za-z_]|[\w.-]/)[/_-]$|[#=$€£_]$")


def open_numbers(text: str, cover: bytearray) -> list[int]:
    """Return the last digit of each stretch that may be a number and that nothing covers, in order.

    A stretch never crosses a line, but the number of a list's entry may be at its beginning.

    Args:
        text: The text.
        cover: For each character of the text whether a certain finding or a token covers it.
    """
    return [
        m.end() - 1
        for m in _RUN.finditer(text)
        if not _PLAIN.fullmatch(text, *m.span())
        and any(text[i].isdigit() and not cover[i] for i in range(m.start(), m.end()))
    ]


def is_plain_figure(line: str, finding: Finding) -> bool:
    """Return whether a phone number of Presidio's is a plain figure, a date or a part of a path."""
    if finding.entity != "PHONE_NUMBER":
        return False
    before, after = line[max(0, finding.start - 2) : finding.start], line[finding.end : finding.end + 1]
    if _PATH.search(before) or after in ("_", "%"):
        return True
    return _FIGURE.fullmatch(line[finding.start : finding.end]) is not None
