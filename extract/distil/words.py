"""What a word is, and which words may not be left out: the rules that rewriting and verifying share.

Standard library only, because an auditor runs them without a model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: The shortest statement, in percent of the length of its quote.
MIN_LENGTH_PERCENT = 35

NEGATORS = _listed(
    """
    no not never none nor neither nobody nothing nowhere without cannot hardly barely rarely seldom scarcely
    """
)
#: Words that deny without being negators: leaving one out turns "avoid X" into "X".
IMPLICIT_NEGATORS = _listed(
    """
    avoid avoids avoided avoiding refuse refuses refused stop stops stopped prevent prevents prevented forbid
    forbids forbidden fail fails failed lack lacks lacking instead rather against remove removes removed skip
    skips skipped ignore ignores ignored drop drops dropped reject rejects rejected exclude excludes excluded
    disable disables disabled unable wrong false too
    """
)
MODALS = _listed(
    """
    must shall should ought need needs needed can could may might will would have has had let lets allowed
    required supposed mandatory optional prefer prefers preferred recommend recommended better best
    """
)
CONDITIONALS = _listed(
    """
    if unless whether provided providing assuming otherwise else except excepting excluding only either or
    depends depending regardless
    """
)
SUBORDINATORS = _listed(
    """
    because since when whenever where wherever while before after until till once although though whereas so
    than which who whose but then even during per
    """
)
COMPARATIVES = _listed(
    """
    more most less least fewer fewest greater lower higher larger smaller longer shorter better best worse worst
    earlier later sooner faster slower above below over under at
    """
)
QUANTIFIERS = _listed(
    """
    all every each any some many much few several both half always usually often sometimes mostly generally
    normally typically mainly nearly almost about approximately roughly first second third last next final
    finally one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty
    hundred thousand double twice dozen
    """
)
HEDGES = _listed(
    """
    think believe guess suppose suspect feel seem seems seemed maybe perhaps possibly probably likely unlikely
    apparently arguably fairly somewhat tend tends unsure sure certain certainly opinion personally hopefully
    afaik imo imho ideally
    """
)
PROTECTED = NEGATORS | IMPLICIT_NEGATORS | MODALS | CONDITIONALS | SUBORDINATORS | COMPARATIVES | QUANTIFIERS | HEDGES
#: Words that cannot stand without the next one: a statement never ends with one.
LEANING = _listed(
    """
    a an the this that these those my your his her its our their of to in on at by for with from into onto about
    between through via and or nor but if unless when whenever where while because since as than whether which
    who whose is are was were be been being am do does did has have had will would can could should must may
    might shall not very too so such i we you he she they it's i'm we're you're don't doesn't isn't aren't won't
    can't
    """
)

_EDGE = ",;:.!?"
#: "Hi all," says nothing about all: a greeting may be left out whatever words it has.
_GREETING = re.compile(r"^(?:hi|hello|hey|dear)\b[^,.!:;]{0,30}[,!:]\s+", re.IGNORECASE)
_COMPARATIVE = re.compile(r"^[a-z]{3,}(?:er|est)$")
#: Words that end like comparatives and are none.
_NOT_COMPARATIVE = _listed(
    """
    number user server folder order paper letter header parameter filter parser browser docker container
    compiler handler helper manager customer supplier member computer printer other another never ever over
    under after however whether either neither rather together test request latest rest best interest manifest
    digest guest quest forest buffer cluster pointer character integer register router loader worker driver
    reader writer builder power water matter consider remember offer enter deliver answer transfer chapter
    quarter center corner layer
    """
)


def tokens(text: str) -> list[str]:
    """Return the words of a text: what stands between white space."""
    return text.split()


def bare(word: str) -> str:
    """Return a word without the punctuation that ends a clause, in lower case, with straight apostrophes."""
    return word.rstrip(_EDGE).replace("’", "'").casefold()


def core(word: str) -> str:
    """Return a word without brackets, quotation marks and punctuation around it, as the word lists have it."""
    return word.replace("’", "'").strip(_EDGE + "()[]{}\"'“”‘`*_…-").casefold()


def is_negator(word: str) -> bool:
    """Say whether a word denies: `not`, `never`, `don't`, `without`, ..."""
    plain = core(word)
    return plain in NEGATORS or plain.endswith("n't") or plain in {"dont", "doesnt", "cant", "wont", "shouldnt", "isnt"}


def is_number(word: str) -> bool:
    """Say whether a word holds a digit."""
    return any(c.isdigit() for c in word)


def is_comparative(word: str) -> bool:
    """Say whether a word looks like a comparative or superlative."""
    plain = core(word)
    return plain in COMPARATIVES or (_COMPARATIVE.match(plain) is not None and plain not in _NOT_COMPARATIVE)


def is_protected(word: str) -> bool:
    """Say whether a word may not be left out of a statement."""
    plain = core(word)
    if plain in PROTECTED or is_negator(word) or is_number(word) or is_comparative(word):
        return True
    head, apostrophe, tail = plain.partition("'")
    return bool(apostrophe) and (tail in {"ll", "d", "ve"} or head in PROTECTED)


def negators(text: str) -> list[str]:
    """Return the negators of a text, in order."""
    return [core(w) for w in tokens(text) if is_negator(w)]


def protected(text: str) -> list[str]:
    """Return the words of a text that may not be left out, in order; a greeting at its start does not count."""
    return [core(w) for w in tokens(_GREETING.sub("", text)) if is_protected(w)]


def is_subsequence(short: Sequence[str], long: Sequence[str]) -> bool:
    """Say whether all items of `short` occur in `long` in this order."""
    rest = iter(long)
    return all(any(item == other for other in rest) for item in short)


def is_word_subsequence(statement: str, quote: str) -> bool:
    """Say whether a statement is made from a quote by leaving words out.

    The punctuation that ends a clause and the case of letters may differ, because the first word gets a capital and
    the last one a full stop; nothing else may.
    """
    return is_subsequence([bare(w) for w in tokens(statement)], [bare(w) for w in tokens(quote)])


def is_long_enough(statement: str, quote: str) -> bool:
    """Say whether a statement keeps at least 35 percent of the quote's length, white space put to one blank."""
    return 100 * len(" ".join(tokens(statement))) >= MIN_LENGTH_PERCENT * len(" ".join(tokens(quote)))
