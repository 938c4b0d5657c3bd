"""Word lists as data: loads them, and makes patterns of words and of phrases with gaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

#: Scripts that put no space between words: there a word ends where it ends.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_IS_CJK = re.compile(f"[{_CJK}]")
_GAP = re.compile(r"~(\d)\Z")
_SHORT = re.compile(r"\b(i|you|we|they|he|she|it|that|who|what)'(m|re|s|ve|ll|d)\b")
_LONG = {"m": "am", "re": "are", "s": "is", "ve": "have", "ll": "will", "d": "would"}


@cache
def load(name: str) -> Mapping[str, Any]:
    """Return the list `extract/data/NAME.yaml`."""
    from ruamel.yaml import YAML

    text = resources.files("extract").joinpath(f"data/{name}.yaml").read_text("utf-8")
    lists: Mapping[str, Any] = YAML(typ="safe", pure=True).load(text)
    return lists


def plain(text: str) -> str:
    """Return a text as the patterns expect it: lower case, straight apostrophes, single spaces, "i am" for "i'm"."""
    folded = " ".join(text.replace("\u2019", "'").split()).casefold()
    return _SHORT.sub(lambda m: f"{m[1]} {_LONG[m[2]]}", folded)


def words(entries: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that searches plain text for any of the entries, as whole words; `*` stands for any ending."""
    return re.compile(_any(entries))


def frames(entries: Iterable[str], lists: Mapping[str, Iterable[str]]) -> re.Pattern[str]:
    """Return a pattern that searches plain text for phrases with gaps.

    Args:
        entries: Parts, one space between them: `a|b` is either word, `{name}` any entry of a list, `~3` up to three
            words (in scripts without spaces: characters) that may stand between.
        lists: The lists by name.
    """
    named = {name: list(found) for name, found in lists.items()}
    return re.compile("|".join(_frame(entry, named) for entry in entries))


class Stems:
    """A quick look whether a text can hold any of some entries; patterns are searched only where it can.

    A pattern of a hundred words tries all of them at each character; an automaton goes through the text once.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        """Take the entries, as `words` does."""
        from ahocorasick_rs import AhoCorasick

        self._automaton = AhoCorasick(sorted({plain(entry).removesuffix("*") for entry in entries}))

    def may_be_in(self, text: str) -> bool:
        """Say whether the plain text holds the letters of any entry, be it inside of other words."""
        return bool(self._automaton.find_matches_as_indexes(text))


def needed(entries: Iterable[str], lists: Mapping[str, Iterable[str]]) -> set[str]:
    """Return entries of which a text must hold one if any of the frames is in it.

    Args:
        entries: As in `frames`.
        lists: As in `frames`.
    """
    named = {name: list(found) for name, found in lists.items()}
    found: set[str] = set()
    for entry in entries:
        parts = [_choices(part, named) for part in entry.split() if not _GAP.match(part)]
        # Each part must be there; that with the longest words is in the fewest texts.
        found.update(max(parts, key=lambda choices: min(map(len, choices))))
    return found


def _choices(part: str, lists: Mapping[str, list[str]]) -> list[str]:
    return lists[part[1:-1]] if part.startswith("{") else part.split("|")


def _any(entries: Iterable[str]) -> str:
    """Return the source of a pattern for any of the entries; those with like edges share them, which is fast."""
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in sorted({plain(e) for e in entries}, key=lambda e: (-len(e), e)):
        stem = entry.removesuffix("*")
        left = r"(?<!\w)" if _bounded(stem[0]) else ""
        right = r"\w*" if entry.endswith("*") else r"(?!\w)" if _bounded(stem[-1]) else ""
        groups.setdefault((left, right), []).append(re.escape(stem))
    return "|".join(f"{left}(?:{'|'.join(stems)}){right}" for (left, right), stems in groups.items())


def _bounded(char: str) -> bool:
    """Say whether a word that begins or ends with this character has an edge there; a picture has none."""
    return (char.isalnum() or char == "_") and not _IS_CJK.match(char)


def _frame(entry: str, lists: Mapping[str, list[str]]) -> str:
    out: list[str] = []
    gap = 0
    dense = bool(_IS_CJK.search(entry)) or entry.startswith("{zh")
    for part in entry.split():
        if match := _GAP.match(part):
            gap = int(match[1])
            continue
        choices = _choices(part, lists)
        if out:
            # Nothing but words may stand between: a comma or a full stop ends the thought.
            out.append(rf"[^\W_]{{0,{gap}}}" if dense else rf" (?:[\w'-]+ ){{0,{gap}}}")
        out.append(f"(?:{_any(choices)})")
        gap = 0
    return "".join(out)
