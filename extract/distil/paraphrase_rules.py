"""What the words of a paraphrase must have in common with its quote: the rules that writing and verifying share.

Standard library only, because an auditor runs them without a model. The words that carry a rule (negators, modals,
conditions, numbers, hedges) and the words that relate things (prepositions, pronouns) are the quote's own, in its
order. Only words for things and deeds may be new, three in ten of them at most. The first word is the quote's, because
its capital would hide a name.

What no rule here sees is a new word that means something else, "bribe the foreman" for "call the foreman", or that
narrows, "on Friday night" for "on Friday". That is for the person at the review, who has the quote beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import Literal

from extract.distil import words

Fault = Literal["empty", "signs", "length", "protected", "order", "new_word", "contrary", "overlap", "end", "same"]
#: What each fault is, as an error says it.
FAULTS: dict[Fault, str] = {
    "empty": "has no words",
    "signs": "has numbers, signs or sentences that the quote does not have, or speaks in the first person",
    "length": "is much longer or much shorter than the quote",
    "protected": "has other negators, modals, conditions, comparisons or hedges than the quote",
    "order": "has words of the quote in another order",
    "new_word": "has a new name, number, placeholder or relation",
    "contrary": "has the contrary of a word of the quote, or a new word that denies",
    "overlap": "has too few words of the quote",
    "end": "does not end as the quote does, or breaks off",
    "same": "has no word of its own",
}
#: Of the words for things and deeds, in percent, those that the quote has.
MIN_OVERLAP_PERCENT = 70
#: The longest paraphrase, in percent of the length of its quote.
MAX_LENGTH_PERCENT = 120
_ARTICLES = frozenset({"a", "an", "the"})
_FIRST_PERSON = {"i", "me", "my", "mine", "myself", "i'm", "i'd", "i'll", "i've", "ich", "mich", "mir", "mein", "meine"}
#: Words that turn the sense of a verb, beside those that `words.LEANING` has.
_PARTICLES = {
    "off",
    "out",
    "up",
    "down",
    "away",
    "back",
    "over",
    "under",
    "around",
    "along",
    "across",
    "behind",
    "near",
}
_NUMBER_WORD = re.compile(
    r"(?:thir|four|fif|six|seven|eigh|nine)teen|seventy|eighty|ninety|[mb]illions?|hundreds|thousands|dozens|"
    r"fourth|fifth|sixth|seventh|eighth|ninth|tenth|once|thrice|single|pair|couple|none|quarter|zero"
)
_PLAIN = re.compile(r"[a-z]+(?:-[a-z]+)*")
#: Everything but letters, blanks and the marks of a plain sentence is held to the quote.
_ODD = re.compile(r"[^A-Za-z ,.'’-]")
_CLAUSE_END = (".", "!", "?")
_DENYING = ("un", "in", "im", "ir", "il", "dis", "de", "non", "mis")
#: Words that deny or narrow, beside those that `words.PROTECTED` has, and verbs that turn a "not" into an
#: encouragement; none of them may be new.
_DENIALS = """
abandon absent abstain ban bar block bother cancel cease decline defer deny disallow discourage dodge eliminate evade
fear forget forgo halt hesitate hinder mind worry minus miss neglect nix obstruct omit oppose pause postpone prohibit
quit resist restrict sans suppress suspend undo veto void waive withhold
just merely simply solely purely exclusively
aint arent couldnt didnt hadnt hasnt havent mightnt mustnt neednt shant wasnt werent wouldnt nicht kein nie
"""
#: Words of which one side must not stand for the other; each line has two sides.
_CONTRARIES = """
open reopen / close shut lock block
start begin launch resume / stop end halt pause finish
add insert attach / delete detach strip
allow permit let accept approve grant / deny ban reject refuse decline
enable activate / disable deactivate
increase raise grow / decrease lower reduce shrink
keep retain hold store / discard release drop delete destroy erase throw
send push export upload give / receive pull import download take
show reveal publish / hide conceal
public / private secret
same equal / different other
early / late
new fresh / old stale
hot warm / cold cool
safe fine good okay sound / dangerous risky bad poor
red / green
production live / staging test sandbox
true right correct valid / false wrong invalid
left / right
internal inside / external outside
encrypt / decrypt
merge join / split separate revert
fill load / empty unload
light / heavy dark
big large long / small short tiny
fast quick / slow
wet / dry
full / empty
win gain / lose
buy / sell
pass succeed / fail
trust believe / distrust suspect
upgrade / downgrade revert
install / uninstall
day / night
morning / evening
"""


def fault(statement: str, quote: str) -> Fault | None:
    """Return the first rule that a paraphrase breaks, or None.

    Args:
        statement: The paraphrase, one line.
        quote: The sentence that it stands for, as redacted.
    """
    said, known = words.tokens(statement), [words.core(w) for w in words.tokens(quote)]
    cores, have = [words.core(w) for w in said], frozenset(known)
    new = [w for w in said if words.core(w) not in have and words.core(w) not in _ARTICLES]
    content = [c for c in cores if _is_content(c)]
    if not content:
        return "empty"
    if _odd_signs(statement, quote) or not _FIRST_PERSON.isdisjoint(cores):
        return "signs"
    size, whole = len(" ".join(said)), len(" ".join(words.tokens(quote)))
    if 100 * size > MAX_LENGTH_PERCENT * whole or not words.is_long_enough(statement, quote):
        return "length"
    if words.negators(statement) != words.negators(quote) or words.protected(statement) != words.protected(quote):
        return "protected"
    # In this order they also stay on their side of each negator and condition.
    if not words.is_subsequence([c for c in cores if c in have and c not in _ARTICLES], known):
        return "order"
    if not all(_is_plain(w) for w in new):
        return "new_word"
    if any(_is_contrary(words.core(w), have) for w in new):
        return "contrary"
    if 100 * sum(c in have for c in content) < MIN_OVERLAP_PERCENT * len(content):
        return "overlap"
    if statement[-1] != _end(quote):
        return "end"
    return None if new else "same"


def _end(quote: str) -> str:
    """Return the mark that ends a quote: a question must not become a rule, and an answer cut short has no mark."""
    return quote.rstrip()[-1] if quote.rstrip().endswith(_CLAUSE_END) else "."


def _is_content(word: str) -> bool:
    return bool(word) and word not in words.LEANING | _ARTICLES and not words.is_protected(word)


def _odd_signs(statement: str, quote: str) -> bool:
    """Say whether a statement has digits, brackets, marks or letters of other scripts, or sentences, beyond a quote."""
    ends = [sum(w.endswith(_CLAUSE_END) for w in words.tokens(text)) for text in (statement, quote)]
    return bool(Counter(_ODD.findall(statement)) - Counter(_ODD.findall(quote))) or ends[0] > max(1, ends[1])


def _is_plain(word: str) -> bool:
    """Say whether a new word may name a thing or a deed: small letters, no number, nothing that denies or relates."""
    bare = word.strip(",.")
    return _PLAIN.fullmatch(bare) is not None and not any(
        words.is_protected(part) or part in words.LEANING or part in _PARTICLES or _NUMBER_WORD.fullmatch(part)
        for part in (bare, *bare.split("-"))
    )


def _is_contrary(word: str, known: Collection[str]) -> bool:
    """Say whether a new word denies, or denies a word of the quote: `omit`, `unlock` for `lock`, `shut` for `open`."""
    root, others = _root(word), {_root(k) for k in known if _is_content(k)}
    if root in _DENYING_ROOTS:
        return True
    if any(_opens(root, prefix + other) or _opens(other, prefix + root) for other in others for prefix in _DENYING):
        return True
    return any(root in these and others & those for these, those in _SIDES)


def _opens(word: str, longer: str) -> bool:
    """Say whether two words are one but for their ends."""
    return len(word) >= 4 and (word.startswith(longer) or longer.startswith(word))


def _root(word: str) -> str:
    """Return a word without its end, and without the letter that is doubled before it: `omit` for `omitted`."""
    return re.sub(r"([^aeiou])\1$", r"\1", re.sub(r"(?:ing|ed|es|e|s|d)$", "", word))


def _sides() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    pairs = []
    for line in _CONTRARIES.strip().splitlines():
        one, _, other = line.partition(" / ")
        sides = frozenset(map(_root, one.split())), frozenset(map(_root, other.split()))
        pairs += [sides, sides[::-1]]
    return tuple(pairs)


_SIDES = _sides()
_DENYING_ROOTS = frozenset(map(_root, _DENIALS.split()))
