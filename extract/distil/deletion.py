"""Makes a shorter statement from a quote by leaving words out, and nothing else.

The model sees the quote and may only choose which words to leave out, because the grammar that it writes under holds
the quote's own words in their order. Text in a mail that gives orders to the model is just more words to leave out.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from extract.distil import words
from extract.distil.backend import Backend, Prompt
from extract.distil.errors import ClaimError
from extract.distil.verify import verify_statement

_FIXED = """Make each sentence shorter by leaving out asides and padding. Keep the rule, its condition and its reason.

Long: We should, as everybody knows by now, always keep a second key at the gate because the night shift has none.
Short: We should always keep a second key at the gate because the night shift has none.

Long: If a box from the new supplier in the harbour arrives wet then please just do not sign for it.
Short: If a box arrives wet then do not sign for it.

Long: What I would really suggest, given the trouble with the old printer, is to test labels on plain paper first.
Short: I would suggest to test labels on plain paper first.

Long: Before the van leaves the yard on its usual round, the driver, who has the list anyway, must check all straps.
Short: Before the van leaves, the driver, who has the list, must check all straps.

Long:"""
#: A word that the model found less likely than this shows that it was pushed by the grammar.
_WORST_LOGPROB = -6.0
_MEAN_LOGPROB = -0.9
_LEAD = re.compile(
    r"^(?:(?:hi|hello|hey|dear)\b[^,.!:]{0,30}[,!:]\s+|(?:well|so|and|but|also|anyway|btw|fwiw|fyi|"
    r"ok|okay|yes|yeah|right|"
    r"sure|indeed|again|additionally|furthermore|moreover|of course|in fact|by the way|"
    r"as a side note|side note|for the record|note|tip|nb|ps|"
    r"as (?:i|we) (?:said|mentioned)|like i said|to be clear|just to be clear|please note that|"
    r"note that|just a note that|(?:just )?remember that|"
    r"keep in mind that|bear in mind that|it should be noted that)\b[,:;]?\s+(?:that\s+)?)+",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"(?:,?\s+(?:thanks|thank you|please|cheers|ok|okay|right|though|anyway|too|:-?\)|;-?\)|lol))+[.!]*$", re.IGNORECASE
)
_ASIDE = re.compile(
    r"\s*\((?:see|cf|e\.g|i\.e|as|which|like|sorry|thanks|at least|https?:)[^()]{0,80}\)", re.IGNORECASE
)
_PUNCTUATION = re.compile(r"[\"“”()\[\]`*]")


class Rewritten(NamedTuple):
    """A statement and how it came to be."""

    statement: str
    mode: Literal["verbatim", "deletion"]


def rewrite(quote: str, backend: Backend | None) -> Rewritten:
    """Return the shortest statement that holds: the model's, or the one that code cleaned, or the quote itself."""
    plain = " ".join(quote.split())
    cleaned = clean(plain)
    if backend is not None and (shorter := shorten(cleaned, backend)) is not None and _holds(shorter, quote):
        return Rewritten(shorter, "deletion")
    if cleaned != plain and _holds(cleaned, quote):
        return Rewritten(cleaned, "deletion")
    return Rewritten(plain, "verbatim")


def clean(text: str) -> str:
    """Return a sentence without greeting, connecting words at its start, asides and thanks at its end."""
    shorter = _ASIDE.sub("", text)
    shorter = _LEAD.sub("", shorter)
    shorter = _TRAIL.sub("", shorter)
    return _finished(shorter) if shorter != text and len(shorter.split()) >= 4 else text


def shorten(quote: str, backend: Backend) -> str | None:
    """Return the model's shorter form of a sentence, or None if it has none that reads well."""
    units = unit_words(quote)
    if sum(1 for _, free in units if free) < 2:
        return None
    answer = backend.generate(
        Prompt(_FIXED, f" {quote}\nShort:"), grammar(units), max_tokens=8 + 3 * len(quote.split())
    )
    text = " ".join(answer.text.split())
    if not answer.logprobs or not text:
        return None
    if min(answer.logprobs) < _WORST_LOGPROB or sum(answer.logprobs) / len(answer.logprobs) < _MEAN_LOGPROB:
        return None
    return _finished(text) if reads_well(text, quote) else None


_SCOPE_WORDS = frozenset({"for", "in", "on", "with", "at", "under", "during", "to", "from", "by", "within", "as"})


def unit_words(quote: str) -> list[tuple[str, bool]]:
    """Cut a sentence into units with whether each may be left out.

    A unit is a word with the articles and prepositions that lean on it, so that none is left dangling. A unit with a
    protected word must stay, and so must a phrase like "for instant payments," at the start: it says what the rule is
    about, and without it the rule is wider than what was said.
    """
    units: list[tuple[str, bool]] = []
    held: list[str] = []
    all_words = words.tokens(quote)
    scope = 0
    if all_words and words.core(all_words[0]) in _SCOPE_WORDS:
        scope = next((i for i, w in enumerate(all_words[:8], 1) if w.endswith(",")), 4)
    for place, word in enumerate(all_words):
        if place < scope or words.is_protected(word):
            units.append((" ".join([*held, word]), False))
            held = []
        elif words.core(word) in words.LEANING and not word.endswith((",", ";", ":", ".", "!")):
            held.append(word)
        else:
            units.append((" ".join([*held, word]), True))
            held = []
    if held:
        units.append((" ".join(held), False))
    return units


def grammar(units: list[tuple[str, bool]]) -> str:
    """Return a GBNF grammar of all sentences that leave out some of the units that may be left out."""
    parts = [f'" {_escape(text)}"' + ("?" if free else "") for text, free in units]
    return "root ::= " + " ".join(parts) + ' "\\n"\n'


def reads_well(text: str, quote: str) -> bool:
    """Say whether a shorter form is worth having: clearly shorter, ends on a full word, brackets in pairs."""
    kept, all_words = words.tokens(text), words.tokens(quote)
    if len(kept) < 4 or len(text) > 0.9 * len(quote):
        return False
    if words.core(kept[-1]) in words.LEANING and words.core(all_words[-1]) != words.core(kept[-1]):
        return False
    return _PUNCTUATION.findall(text) == _PUNCTUATION.findall(quote)


def _holds(statement: str, quote: str) -> bool:
    try:
        verify_statement(statement, quote)
    except ClaimError:
        return False
    return True


def _finished(text: str) -> str:
    """Return a statement with a capital and a full stop."""
    ended = text.rstrip(",;:")
    return ended[:1].upper() + ended[1:] + ("" if ended.endswith((".", "!", "?", ")", '"', "”")) else ".")


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
