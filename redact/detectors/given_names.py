"""Finds given names in running text, with the capitalised words around them, and family names that begin a sentence."""

from __future__ import annotations

import re

from redact import names
from redact.detectors.naming import (
    CAPITAL,
    FAMILY_NAMES,
    GIVEN_NAMES,
    NOT_NAMES,
    PARTICLE,
    TOKEN,
    WORD,
    Take,
    is_ordinary,
    key_of,
)
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import plain
from redact.wordlists import word_list

_COMPANY_FORMS = word_list("company_forms")
_CAPITAL = re.compile(rf"(?={CAPITAL})(?<![\w@/.\\$#_-]){WORD}")  # a capital letter is seen first
_LEFT = re.compile(rf"(?<![\w@/.\\$#_-])(?:{WORD}[ \t]+){{1,2}}$")
_RIGHT = re.compile(rf"(?:[ \t]+{PARTICLE}{WORD}){{0,3}}")
_INFORMAL = re.compile(r"^[ \t>]*[a-z][^\n]*", re.MULTILINE)
_CODE_LIKE = re.compile(r"^\W*(?:import|from|use|using|def|let|require|include|package)\b|[(){}\[\]=<>_\\/`|$;]|--|::")
_SMALL = re.compile(r"(?<![\w@#.'’-])[a-z]{4,}(?![\w@-]|[.:]\w)")
_COMMA_BEFORE = re.compile(rf"(?<![\w@/.,$#_-])({WORD}),[ \t]$")
_IN_LIST = re.compile(r"(?:'s|’s)?[ \t]*(?:,|(?:and|und|&|or|oder)\b)")
# What a word of the same name does not end with: "I'm Maren", "Acme's Maren", "in Bergen. Maren".
_ENDED = re.compile(r"['’](?:m|s|re|ve|ll|d)$|[^\W\d_]{4}\.$")
_PREPOSITION = re.compile(r"\b(?:in|from|at|to|near|aus|nach|bei|von|of|[,;])[ \t]+$", re.IGNORECASE)
_IN_CODE = re.compile(r"[\w@/\\_(=-]")
_GOES_ON = re.compile(r"[ \t]+[a-z]{2}")
_SENTENCE = re.compile(r"(?:(?:\A|\n)[ \t>|*]{0,10}|[.!?:][\"”’')]?[ \t]{1,2}|[\"“‘(])$")
_PLACE_WORDS = word_list("place_words")


def find_given_names(text: str, directory: Directory, take: Take, out: list[Finding]) -> None:
    """Take every capitalised given name, with the capitalised words that belong to it."""
    done = 0
    for m in _CAPITAL.finditer(text):
        word = plain(m[0])
        if not word.isalpha():
            word = word.rstrip(".'’-").removesuffix("'s").removesuffix("’s")
        if word not in GIVEN_NAMES or m.start() < done:
            if word in FAMILY_NAMES and m.start() >= done and _opens(text, *m.span()):
                take(*m.span(), "weak", "family name")
            continue
        if len(word) < 4 and m.group().isupper():
            continue  # an abbreviation
        start, end = m.span()
        if not m.group().endswith(("'s", "’s", ",")):
            right = _RIGHT.match(text, end)
            end = right.end() if right else end
        if end < len(text) and _IN_CODE.match(text, end):
            continue
        first = start
        spaced = text[start - 1 : start] in (" ", "\t", "\n")
        if spaced and (left := _LEFT.search(text, max(done, start - 40), start)):
            words = [(t.start(), t.group(), key_of(t.group())) for t in TOKEN.finditer(text, left.start(), start)]
            if words and words[-1][2] in _PLACE_WORDS:
                continue
            for at, written, word in reversed(words):
                if (
                    len(word) < 3
                    or _ENDED.search(written)
                    or is_ordinary(word, directory)
                    or word in NOT_NAMES
                    or word in names.TEAM_WORDS
                    or word in names.CALENDAR
                ):
                    break
                first = at
        if (
            first == m.start()
            and " " not in text[first:end].strip()
            and (before := _family(text, first, end, directory))
        ):
            first = before
        done = end
        if key_of(text[first:end].rpartition(" ")[2]) in _COMPANY_FORMS:
            out.append(Finding(first, end, "ORGANIZATION", "structure", 0.9, "", "named company"))
        else:
            take(first, end, "sure", "given name")


def _opens(text: str, start: int, end: int) -> bool:
    """Return whether a word begins a sentence that goes on in small letters, where models miss names: "Smith will"."""
    return _GOES_ON.match(text, end) is not None and _SENTENCE.search(text, max(0, start - 12), start) is not None


def _family(text: str, start: int, end: int, directory: Directory) -> int:
    """Return where a family name and its comma stand before a lone given name, or 0: "client Ostrowski, Maren rang"."""
    m = _COMMA_BEFORE.search(text, max(0, start - 30), start)
    if m is None or _IN_LIST.match(text, end):
        return 0
    word = key_of(m[1])
    other = word in GIVEN_NAMES or word in NOT_NAMES or word in names.TEAM_WORDS or word in names.CALENDAR
    if (
        len(word) < 3
        or other
        or is_ordinary(word, directory)
        or _PREPOSITION.search(text, max(0, m.start() - 8), m.start())
    ):
        return 0
    return m.start(1)


def find_small_given_names(text: str, directory: Directory, out: list[Finding]) -> None:
    """Take given names in small letters from lines that begin with a small letter and hold nothing like code."""
    for m in _INFORMAL.finditer(text):
        words = [w for w in _SMALL.finditer(text, *m.span()) if w[0] in GIVEN_NAMES and w[0] not in directory.words]
        if words and not _CODE_LIKE.search(m[0]):
            out += [Finding(*w.span(), "PERSON", "structure", 0.6, "", "given name") for w in words]
