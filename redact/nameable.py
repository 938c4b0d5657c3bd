"""Tells which lines of a text hold a word that a model could name: of what it says of the others nothing would be left.

A model costs more than everything else, and `redact.opinions.judge` drops what it makes of ordinary words. So a line
whose words are all found already, ordinary, or parts of code need not be read at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Literal

from redact import names
from redact.detectors.naming import GIVEN_NAMES, NOT_NAMES
from redact.folding import plain
from redact.language import SMALL_WORDS
from redact.lexicon import Lexicon, is_ordinary
from redact.lines import Line, lines_of
from redact.opinions import MC, NO_NAMES, starts_sentence

#: `name`: a model may name it; `title`: an ordinary word with a capital letter, which may be a people ("Turkish") or a
#: company; `small`: a function word with one, which is a name within a sentence at most; `nobody`: never.
Kind = Literal["name", "title", "small", "nobody"]

#: Words, and lines, of which is remembered what they are.
_WORDS, _LINES = 50_000, 20_000
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# A word that is no part of code: between white space or quotation marks, with a full stop or comma at most.
_PLAIN_WORD = re.compile(r"(?<![^\s\"'“‘(\[*@#,/&-])[^\W\d_]{2,}(?=[.,;:!?'’\")\]*/&-]*(?:\s|\Z|['’/,&-]\w))")
_CODE = re.compile(r"\d|[a-z][A-Z]")
_TAIL = re.compile(r"(?:['’](?:s|m|d|ve|ll|re)|n['’]t)$")
_PRONOUNS = frozenset({"i", "ve", "ll"})  # with what is left of the verb behind them
_SMALL = NOT_NAMES | frozenset(map(plain, SMALL_WORDS["en"]))

#: A word of a line that a model could name: first character, one past the last, whether it begins with a capital.
_Candidate = tuple[int, int, bool]


class Nameable:
    """Judges words as they are written; what it says of a line depends on that line and on what is found in it.

    Args:
        lexicon: Words of the models' languages.
        keep: Further words that are nobody's name, folded.
    """

    def __init__(self, lexicon: Lexicon, keep: Collection[str]) -> None:
        self._lexicon = lexicon
        self._keep = keep
        self._kind = lru_cache(_WORDS)(self._judged)
        self._candidates = lru_cache(_LINES)(self._candidates_of)

    def holds_one(self, line: Line, cover: bytearray, *, capitals: bool = False) -> bool:
        """Return whether a line holds a word that a model of lines could name and that is not found yet.

        Args:
            line: A line of a clean text.
            cover: 1 for each character of the text that is found already, else 0.
            capitals: Whether only words with a capital letter count.
        """
        return any(
            (capital or not capitals) and cover.find(0, line.start + start, line.start + end) >= 0
            for start, end, capital in self._candidates(line.text)
        )

    def left_open(self, text: str, cover: bytearray) -> str:
        """Return the text with white space in place of the lines that hold no word the second model could name."""
        parts: list[str] = []
        at = 0
        for line in lines_of(text):
            if not any(
                self._kind(m.group()) == "name" and cover.find(0, line.start + m.start(), line.start + m.end()) >= 0
                for m in _PLAIN_WORD.finditer(line.text)
            ):
                parts += (text[at : line.start], " " * len(line.text))
                at = line.start + len(line.text)
        parts.append(text[at:])
        return "".join(parts)

    def _candidates_of(self, line: str) -> tuple[_Candidate, ...]:
        out = []
        for m in _WORD.finditer(line):
            kind = self._kind(m.group())
            if kind in ("name", "title") or (kind == "small" and not starts_sentence(line, m.start())):
                out.append((m.start(), m.end(), kind == "name" and m.group()[0].isupper() and len(m.group()) > 1))
        return tuple(out)

    def _judged(self, word: str) -> Kind:
        folded = _TAIL.sub("", plain(word))
        if folded in NO_NAMES or folded in _PRONOUNS or folded in self._keep or _CODE.search(MC.sub("", word)):
            return "nobody"
        if folded in names.AMBIGUOUS:
            return "name" if word[0].isupper() else "nobody"
        if folded in GIVEN_NAMES:
            return "name"
        if folded in _SMALL:
            return "small" if word.istitle() else "nobody"
        if is_ordinary(folded, self._lexicon.words):
            return "title" if word.istitle() else "nobody"
        return "name" if word[0].isupper() or not is_ordinary(folded, self._lexicon.nouns) else "nobody"
