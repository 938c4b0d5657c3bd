"""Tells which of the six kinds of knowledge that a person may keep a claim belongs to.

The kinds are those of the tools with which workers spoil their own traces, asked for openly instead: `pitfalls`,
`judgement`, `people_network`, `tacit_context`, `incident_memory`, `unique_ways`.

The rules:

1. A claim belongs to every kind of which a phrase stands in its words; the phrases are in `keeps.yaml`, English and
   German, and both are always looked for, because messages mix them.
2. Its words are its statement and all its quotes: what is kept must not leave in the evidence.
3. Each text is looked at by itself; no phrase reaches from one quote into the next.
4. A token that the redactor wrote for a person makes it `people_network`.
5. Where no everyday word of either language stands in any of its texts, nothing is known: None, which denies.

It is a word list, not a reader: it holds back more than it should, and a kind that is said in words of which the list
has none is missed. The review shows each claim's kinds, so the person can strike what was missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from extract.distil import phrases
from extract.distil.claims import Claim

KEPT_KINDS = ("incident_memory", "judgement", "people_network", "pitfalls", "tacit_context", "unique_ways")
"""The kinds, as policies and consents name them."""

#: Tokens of the redactor that stand for a person, or for how to reach one.
PERSON = r"PERSON_(?:X[0-9A-F]{8}|[0-9]{3,7})(?:_EMAIL|_HANDLE)?|\[PERSON\]|\[PHONE\]|\[EMAIL\]"


def kept_kinds(claim: Claim) -> tuple[str, ...] | None:
    """Return the kinds that a claim belongs to, sorted; None where its language is not known."""
    return kinds_of([claim.statement, *(span.quote for span in claim.evidence)])


def kinds_of(texts: Iterable[str]) -> tuple[str, ...] | None:
    """Return the kinds that texts belong to, sorted; None where their language is not known."""
    words, kinds = _lexicon()
    found: set[str] = set()
    known = False
    for text in texts:
        plain = phrases.plain(text)
        known = known or words.search(plain) is not None
        found.update(name for name, pattern in kinds if pattern.search(plain))
    return tuple(sorted(found)) if known else None


@cache
def _lexicon() -> tuple[re.Pattern[str], tuple[tuple[str, re.Pattern[str]], ...]]:
    """Return the pattern of everyday words, and one pattern for each kind.

    Raises:
        ValueError: The file does not hold exactly the six kinds.
    """
    from extract import strictyaml

    lists = strictyaml.parse(files("extract.distil").joinpath("keeps.yaml").read_text("utf-8"))
    if set(lists["kinds"]) != set(KEPT_KINDS):
        raise ValueError("keeps.yaml does not hold the six kinds")
    words = phrases.compiled([word for found in lists["languages"].values() for word in found])
    slots = {"person": PERSON}
    return words, tuple((name, phrases.compiled(lists["kinds"][name], slots)) for name in KEPT_KINDS)
