"""Words that a model takes for names and that are none: the language's ordinary words, and technical terms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from redact.folding import plain
from redact.language import SMALL_WORDS
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


class GermanWords:
    """German words that are hardly anybody's name, capital letter or not; `in` takes a word as it is written.

    German writes every noun like a name, and an English model takes them for names. Names have no forms but one in s,
    so a noun with others is a thing; family names that are things as well are listed, or told by their endings.

    Args:
        lemmas: For each form of a word what it is inflected from.
    """

    def __init__(self, lemmas: Mapping[str, str]) -> None:
        self._lemmas = lemmas
        self._judged: dict[str, bool] = {}

    def __contains__(self, word: str) -> bool:
        """Return whether a word, or each part of a word with hyphens, is ordinary."""
        known = self._judged.get(word)
        if known is None:
            if len(self._judged) >= _REMEMBERED:
                self._judged.clear()
            parts = word.split("-")
            known = self._judged[word] = all(map(self._ordinary, parts)) and any(parts)
        return known

    def _ordinary(self, word: str) -> bool:
        folded = plain(word)
        if not word or folded in _SMALL_GERMAN:
            return True
        if folded in _PEOPLE or not word.isalpha():
            return False
        lower, capital = word.lower(), word.capitalize()
        verb = self._lemmas.get(lower)
        # A short adjective may be a family name; a form of a verb is none.
        if verb and (len(word) >= 7 or (verb != lower and _VERB_FORM.search(lower) and _INFINITIVE.search(verb))):
            return True
        if _FAMILY.search(lower):
            return False
        return self._thing(capital) or (len(word) >= 10 and self._compound(capital))

    def _thing(self, noun: str) -> bool:
        lemma = self._lemmas.get(noun)
        if lemma is None or plain(lemma) in _PEOPLE or _FAMILY.search(lemma):
            return False
        if _GERMAN_ABSTRACT.search(noun) or noun not in (lemma, lemma + "s"):
            return True
        forms = [lemma + ending for ending in ("e", "en", "n", "es", "er", "nen")] + [lemma[:-1] + "en"]
        return any(self._lemmas.get(form) == lemma for form in forms)

    def _compound(self, noun: str) -> bool:
        for cut in range(5, len(noun) - 4):
            head, tail = noun[:cut], noun[cut:].capitalize()
            if self._thing(tail) and (self._lemmas.get(head) or self._lemmas.get(head.removesuffix("s"))):
                return True
        return False


@lru_cache(maxsize=1)
def german_words() -> GermanWords:
    """Return the German words, read once per process when the first German text asks for them.

    They take two seconds to read and 112 MB. Without the dictionary there are no words, so that everything that a
    model calls a name is taken for one.
    """
    import importlib.util

    if importlib.util.find_spec("simplemma") is None:
        return GermanWords({})
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    return GermanWords(DefaultDictionaryFactory().get_dictionary("de"))


def is_nobody(words: str, language: str) -> bool:
    """Return whether a model's opinion is made of ordinary words only, of a language that capitalises its nouns.

    Args:
        words: What the model calls a name, as it is written.
        language: Language of the text; for others than German the answer is no.
    """
    if language != "de":
        return False
    known = german_words()
    return all(word in known for word in _GERMAN_WORD.findall(words))


_REMEMBERED = 50_000
_GERMAN_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_PEOPLE = word_list("given_names") | word_list("ambiguous") | word_list("german_surnames")
_VERB_FORM = re.compile(r"(?:t|te|st|ten|en|tet|test)$")
_INFINITIVE = re.compile(r"(?:en|rn|ln)$")
_GERMAN_ABSTRACT = re.compile(
    r".{3}(?:ungs?|ungen|heite?n?|keite?n?|schafte?n?|tione?n?|tät|täten|ismus|nisse?n?|mente?n?s?)$"
)
# What family names end with.
_FAMILY = re.compile(
    r"..(?:mann|m[ae][iy]er|hofe?r?|bauer|stein|berge?r?|bach|felde?r?|dorfe?r?|burge?r?|hausen?|heim|land|wald|thal|kamp|"
    r"hart|hold|helm|fried|baum|bäumer|müller|macher|schmidt?|ler|ner|meister|vogt|kötter|huber|mayr)$"
)
_SMALL_GERMAN = frozenset(
    plain(w)
    for w in (
        *SMALL_WORDS["de"],
        *("tel", "fax", "mobil", "email", "mail", "iban", "bic", "uhr", "betreff", "anlage", "büro", "kaffee", "juli"),
        *("team", "code", "test", "review", "info", "support", "link", "app", "foto", "video", "radio", "auto", "mama"),
        *("papa", "der", "die", "das", "hätte", "hätten", "montag", "dienstag", "mittwoch", "donnerstag", "samstag"),
        *("gruß", "grüße", "grüßen", "frau", "herr", "herrn", "liebe", "lieber", "moin", "servus", "beamer", "pizza"),
        *("fehler", "rechner", "partner", "zähler", "verteiler", "container", "ordner", "händler", "browser", "server"),
    )
)


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
