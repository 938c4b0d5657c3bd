"""Finds the turns of phrase that mark rules, preferences, conditions, reasons, exceptions, doubts and reversals."""

from __future__ import annotations

import re

_PATTERNS: dict[str, str] = {
    "norm": (
        r"\b(?:must|should|shall|ought to|ha(?:ve|s) to|need(?:s)? to|never|always|do not|don'?t|make sure|ensure|"
        r"required|mandatory|not allowed|may not|be sure to|remember to|no one|nobody|avoid|only)\b"
    ),
    "preference": (
        r"\b(?:prefer|rather|better|best|instead of|over|i like|i(?:'d| would) (?:rather|go with|use|"
        r"recommend|suggest)|"
        r"recommend|favou?r|ideally|worth|cleaner|safer|easier|rule of thumb|good practice)\b"
    ),
    "condition": (
        r"\b(?:if|when|whenever|unless|once|in case|as long as|provided|depending|depends on|where|until|before|after|"
        r"as soon as)\b"
    ),
    "reason": r"\b(?:because|since|so that|otherwise|in order to|that way|due to|the reason|as it|therefore)\b",
    "exception": (
        r"\b(?:unless|except|apart from|other than|even if|even when|regardless|no matter|only if|"
        r"only when)\b"
    ),
    "doubt": (
        r"\b(?:not sure|unsure|i(?:'m| am) not certain|maybe|perhaps|i wonder|might be|could be|i guess|i suspect|"
        r"hard to say|on the fence)\b"
    ),
    "reversal": (
        r"\b(?:on second thou?ght|actually|changed my mind|i was wrong|turns out|revert(?:s|ed|ing)?|scratch that|"
        r"never ?mind|in hindsight|i take that back|reconsider(?:ed)?)\b"
    ),
    "hedge": (
        r"\b(?:i think|i believe|probably|possibly|likely|in my opinion|imo|imho|afaik|usually|generally|often|"
        r"sometimes|tend to|seems?|fairly|somewhat|roughly|about|normally|typically|mostly)\b"
    ),
    "habit": (
        r"\b(?:always|usually|normally|typically|generally|every|each|whenever|by default|"
        r"in general|my routine|we)\b"
    ),
    "sequence": r"\b(?:first|then|next|finally|afterwards|step|steps|before you|after that|and only then|once)\b",
    "number": r"\b(?:\d[\d.,%]*|one|two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|fifty|hundred)\b",
}
CUES: dict[str, re.Pattern[str]] = {name: re.compile(p, re.IGNORECASE) for name, p in _PATTERNS.items()}
CUE_NAMES: tuple[str, ...] = tuple(CUES)


def count(text: str) -> dict[str, int]:
    """Return how often each cue occurs in a text."""
    plain = text.replace("’", "'")
    return {name: len(pattern.findall(plain)) for name, pattern in CUES.items()}
