"""Says quickly of most commit messages that they hold nothing but prose: nothing that `split_chat` would mark.

It errs to one side: what it calls plain, `split_chat` leaves to the author as a whole; of the rest it says nothing. A
test compares the two.
"""

from __future__ import annotations

import re

from extract import markers as m
from extract import tailmarkers as t

# Rules, headings of quotations and of patches start with two of these.
_RULE = frozenset("-_=*~<")
_BLOB, _LOG_RUN = 50, 3
_HEX = "0123456789abcdef"
# How the lines of a log start that start with a letter; and those with a mark or a digit.
_LOG_TWO = frozenset(
    ("Ja", "Fe", "Ma", "Ap", "Ju", "Au", "Se", "Oc", "No", "De", "DE", "IN", "WA", "ER", "FA", "TR", "NO", "at", "Ca",
     "Tr", "Fi", "ma", "gc", "cc", "g+", "ld", "ar", "li", "ch", "In", "Ou")
)  # fmt: skip
# The first two characters of a line that needs a closer look; all others are looked up once.
_FOREIGN = frozenset(":>")
_ASCII = [chr(code) for code in range(128)]
_HEADS = _LOG_TWO.union(
    (one + two for one in _ASCII if one in "0123456789[(#$%:>" or one.isspace() for two in ["", *_ASCII]),
    (one + two for one in _RULE for two in _RULE),
    (one + two for one in "abcdef" for two in _HEX),
)
_VERBS = (*(verb for verb in m.WROTE if verb.isascii()), "quoting", "zitat von", "citando", "citerar", "citeren")
# One of these stands in every line that announces the message of somebody else.
_ANNOUNCED = (
    "original", "origine", "forwarded", "reply", "replied", "orijinal", "nachricht", "bericht", "melding", "meddel",
    "mensa", "weitergeleitet", "reenviad", "encaminhad", "inoltrat", "doorgestuurd", "brev", "videresend",
    "vidarebefordra", "mesaj", "attachment follows",
    "besked", "e-post",
)  # fmt: skip
_ANNOUNCEMENT = re.compile(rf"\n(?:{m.ORIGINAL.pattern}|{m.FORWARDED.pattern})", re.I | re.M)
# Where an address stands, these end the line of a tracker or of a shell.
_WITH_ADDRESS = ("changed", "updated", "commented", "$ ", "# ")


def is_plain(text: str) -> bool:
    """Say whether a message certainly holds no quotation, attribution, header block, patch or log."""
    if not text.isascii() or "|" in text or "```" in text or text.startswith("From ") or "\nFrom " in text:
        return False
    low = text.lower()
    # Patches and counts of changes.
    if (
        "diff -" in low
        or "@@ -" in low
        or "index: " in low
        or "rcs file: " in low
        or " mode 1" in low
        or "mailto:" in low
    ):
        return False
    if " changed" in low and (" file changed" in low or " files changed" in low):
        return False
    logs = blobs = fields = 0
    ends_in_colon = False
    for line in text.split("\n"):
        if line[:2] in _HEADS:
            bare = line.strip()
            if bare[:1] in _FOREIGN or (bare[:1] in _RULE and bare[1:2] in _RULE):
                return False
            logs += t.LOG_LINE.match(line) is not None
        if ":" in line:
            bare = line.strip()
            field = m.HEADER_FIELDS.get(bare[: bare.find(":")].strip(" \t*").lower())
            fields += field is not None
            if field == "to" or bare.lower().startswith(m.HEADER_PREFIXES):
                return False
            ends_in_colon = ends_in_colon or bare[-1] == ":"
        if " " not in line.strip() and len(line) >= _BLOB:
            blobs += 1
    if logs >= _LOG_RUN or blobs >= _LOG_RUN or fields > 1:
        return False
    if ":" in low and (": error" in low or ": warning" in low or ": note" in low or ": fatal" in low):
        return False
    address = "@" in low
    if ": undefined" in low or (address and ("@" in low.lstrip().partition("\n")[0] or _any(_WITH_ADDRESS, low))):
        return False
    # An attribution ends in a colon, or names an address and ends in a verb.
    address = address or "<" in low
    if (ends_in_colon or address) and ((ends_in_colon and address) or _any(_VERBS, low)):
        return False
    return not _any(_ANNOUNCED, low) or _ANNOUNCEMENT.search("\n" + text) is None


def _any(words: tuple[str, ...], low: str) -> bool:
    for word in words:  # noqa: SIM110 - half the time of any()
        if word in low:
            return True
    return False
