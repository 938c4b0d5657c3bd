"""What of a person's way of putting things a skill keeps, counted: turns of phrase, exceptions, the other side.

Everything is counted by rules, over the passages, the quotes of the claims and their statements: no model judges it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from extract.distil import cues, words
from extract.distil.claims import Claim, Passage

#: What is counted, in the order in which it is shown, with what it is called.
COUNTED = {
    "condition": "conditions (if, when, unless)",
    "exception": "exceptions (unless, except, even if)",
    "reason": "reasons (because, otherwise)",
    "number": "numbers",
    "hedge": "hedges (probably, usually)",
    "doubt": "doubts (not sure, maybe)",
    "reversal": "changes of mind (actually, in hindsight)",
    "negation": "negations",
}


def measure(passages: Iterable[Passage], claims: Sequence[Claim]) -> dict[str, Any]:
    """Return what is seen and what is kept.

    Args:
        passages: The evidence.
        claims: What was made of it.

    Returns:
        Integers: `words` of passages, quotes and statements; for each turn of phrase of `COUNTED` the same three;
        `both_sides`, claims whose evidence has a negator in one quote and none in another.
    """
    quotes = [span.quote for claim in claims for span in claim.evidence]
    texts = {
        "seen": [p.text for p in passages],
        "quoted": quotes,
        "stated": [claim.statement for claim in claims],
    }
    counted = {where: _count(of) for where, of in texts.items()}
    return {
        "words": {where: sum(len(words.tokens(t)) for t in of) for where, of in texts.items()},
        "turns": {name: {where: counted[where][name] for where in texts} for name in COUNTED},
        "both_sides": sum(len({bool(words.negators(s.quote)) for s in claim.evidence}) == 2 for claim in claims),
        "claims": len(claims),
    }


def _count(texts: Iterable[str]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update(cues.count(text))
        counted["negation"] += len(words.negators(text))
    return counted
