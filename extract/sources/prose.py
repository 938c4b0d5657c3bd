"""Says quickly of most commit messages that they hold nothing but prose: nothing that `split_chat` would mark.

It errs to one side: what it calls plain, `split_chat` leaves to the author as a whole; of the rest it says nothing. A
test compares the two.
"""

from __future__ import annotations

import re

from extract import markers as m
from extract import tailmarkers as t
from extract.page import Words


def _phrases(words: Words) -> tuple[str, ...]:
    return (*words.loose, *(phrase for phrases in words.keyed.values() for phrase in phrases))


# Rules, headings of quotations and of patches start with two of these.
_RULE = frozenset("-_=*~<")
_BLOB, _LOG_RUN = 50, 3
_HEX = "0123456789abcdef"
_LOG_TWO = frozenset(start[:2] for start in t.LOG_STARTS.values())
_FIELDS = frozenset(m.HEADER_FIELDS)
_VERBS = (*_phrases(m.WROTE_WORDS), *_phrases(m.QUOTING_WORDS))
_ANNOUNCED = _phrases(m.ORIGINAL_WORDS)
_ANNOUNCEMENT = re.compile(rf"\n(?:{m.ORIGINAL.pattern}|{m.FORWARDED.pattern})", re.I | re.M)


def is_plain(text: str) -> bool:
    """Say whether a message certainly holds no quotation, attribution, header block, patch or log."""
    if not text.isascii() or "@" in text or "|" in text or text.startswith("From "):
        return False
    low = text.lower()
    # Patches, counts of changes, the envelope of a patch that was mailed, fenced code.
    if (
        "diff -" in low
        or "index: " in low
        or "rcs file: " in low
        or " changed" in low
        or " mode " in low
        or "\nfrom " in low
        or "```" in low
    ):
        return False
    logs, ends_in_colon = 0, False
    for line in text.split("\n"):
        bare = line.strip()
        if not bare:
            continue
        first = bare[0]
        if first in _RULE:
            if bare[1:2] in _RULE:
                return False
        elif first == ":" or first == ">":
            return False
        elif first in t.LOG_FIRST or bare[:2] in _LOG_TWO or (first in _HEX and not bare[:8].strip(_HEX)):
            logs += 1
            if logs == _LOG_RUN:
                return False
        if ":" in bare:
            name = bare[: bare.find(":")].strip(" \t*").lower()
            if name in _FIELDS or name.startswith(m.HEADER_PREFIXES):
                return False
            ends_in_colon = ends_in_colon or bare[-1] == ":"
        if " " not in bare and len(bare) >= _BLOB:
            return False
    if ":" in low and (": error" in low or ": warning" in low or ": note" in low or ": fatal" in low):
        return False
    if ": undefined" in low or "mailto:" in low:
        return False
    # An attribution ends in a colon, or names an address and ends in a verb.
    if (ends_in_colon or "<" in low) and (_any(_VERBS, low) or (ends_in_colon and "<" in low)):
        return False
    return not _any(_ANNOUNCED, low) or _ANNOUNCEMENT.search("\n" + text) is None


def _any(words: tuple[str, ...], low: str) -> bool:
    for word in words:  # noqa: SIM110 - half the time of any()
        if word in low:
            return True
    return False
