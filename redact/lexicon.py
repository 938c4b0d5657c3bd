"""Words that a model takes for names and that are none: the language's ordinary words, and technical terms."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from redact.folding import plain
from redact.wordlists import word_list

#: Technical names that a distilled text needs in order to make sense. Nobody is identified by them.
TECHNICAL = word_list("technical")

# Nouns with these endings are things; the word list's other nouns include people and places.
_ABSTRACT = re.compile(
    r"(?:tion|sion|ment|ness|ity|ance|ence|ship|ism|ware|ology|ing|age|ure|ency|ancy|base|work|line|time)$"
)


class Lexicon(NamedTuple):
    """Words of a language, folded.

    Attributes:
        words: Verbs, adjectives, adverbs, function words and abstract nouns: hardly anybody's name.
        nouns: All nouns, which include people and places.
    """

    words: frozenset[str]
    nouns: frozenset[str]

    def __or__(self, other: Lexicon) -> Lexicon:
        """Return the words of both."""
        return Lexicon(self.words | other.words, self.nouns | other.nouns)


@lru_cache(maxsize=8)
def lexicon_of(model: str) -> Lexicon:
    """Return the word list that comes with a model.

    A model without such a list gives no words, so that everything that it calls a name is taken for one.

    Args:
        model: Name of an installed spaCy model package.
    """
    import importlib.util

    spec = importlib.util.find_spec(model)
    if spec is None or spec.origin is None:
        return Lexicon(frozenset(), frozenset())
    found = sorted(Path(spec.origin).parent.glob("*/lemmatizer/lookups"))
    if not found:
        return Lexicon(frozenset(), frozenset())
    import spacy
    from spacy.lookups import Lookups

    lookups = Lookups().from_disk(found[0])
    if not lookups.has_table("lemma_index"):
        return Lexicon(frozenset(), frozenset())
    index = lookups.get_table("lemma_index")
    words = {plain(w) for w in spacy.util.get_lang_class(model[:2]).Defaults.stop_words}
    for kind in ("verb", "adj", "adv"):
        words.update(plain(w) for w in index.get(kind, ()))
    nouns = {plain(w) for w in index.get("noun", ())}
    words.update(w for w in nouns if _ABSTRACT.search(w))
    if lookups.has_table("lemma_exc"):
        exceptions = lookups.get_table("lemma_exc")
        for kind in ("verb", "adj", "adv"):
            words.update(plain(w) for w in exceptions.get(kind, {}))
    return Lexicon(frozenset(w for w in words if w.isalpha() and len(w) > 1), frozenset(nouns))


def is_ordinary(word: str, words: frozenset[str]) -> bool:
    """Return whether a folded word, or what it is inflected from, is in the word list."""
    if word in words:
        return True
    for ending, stems in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word[: -len(ending)]
            if any(stem + s in words for s in stems) or (
                ending in ("ed", "ing", "er") and stem[:-1] in words and stem[-1:] == stem[-2:-1]
            ):
                return True
    return False


_ENDINGS = (("ies", ("y",)), ("es", ("", "e")), ("s", ("",)), ("ied", ("y",)), ("ed", ("", "e")), ("ing", ("", "e")))
