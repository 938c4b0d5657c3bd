"""Judges whether words are somebody's name: how names are written, and which words are none."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

from redact import names
from redact.directory import Directory
from redact.folding import plain
from redact.lexicon import TECHNICAL
from redact.wordlists import word_list

#: How names are written, in expressions: a capital letter, one word of a name (also `A.J.`), what may stand between
#: two, a name of up to four words.
CAPITAL = r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽȘȚ]"
WORD = rf"{CAPITAL}(?:\.{CAPITAL}){{0,2}}[\w'’-]*\.?"
PARTICLE = r"(?:(?:van|von|vom|zu|zur|der|de|den|del|da|dos|di|la|le|bin|al|ter|ten)[ \t]+){0,2}"
NAME = rf"{WORD}(?:[ \t]+{PARTICLE}{WORD}){{0,3}}"

NOT_NAMES = word_list("not_names")
_GROUPS = word_list("groups")
TOKEN = re.compile(r"[^\W\d_][\w'’.-]*")
# Where the name of an entry ends: at an address, with or without brackets, or at what a mail program adds.
_ADDRESS_PART = re.compile(
    r"<|\[mailto|/[A-Z]\w*/|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+\.|@|\bon behalf of\b|im auftrag von|[ \t]{2,}|\t|"
    r"[ \t]on[ \t]\d|\d"
)
_CODE = re.compile(r"[=<>{}()\[\]:;@#$%^*_\\|0-9]|\w\.[a-z]{2}")

#: Given names: with a capital letter they count anywhere, and take the capitalised words around them along.
GIVEN_NAMES = names.GIVEN - names.AMBIGUOUS - names.CALENDAR - TECHNICAL

#: Family names that are no ordinary words. Streets and companies bear them, too, so they count in few places.
FAMILY_NAMES = word_list("family_names")

#: How much a place says for a name. `sure`: a title or a short greeting, small letters will do. `form`: a form that
#: people's names stand in. `header`: one that also holds teams and lists. `weak`: a place that often holds other words.
Place = Literal["sure", "form", "header", "weak"]

#: Takes a stretch as a name if it reads as one, by its place and the rule that found it, and says whether it did.
Take = Callable[..., bool]


def name_in(
    text: str, start: int, end: int, directory: Directory, place: Place, *, initials: bool
) -> tuple[int, int] | None:
    """Return where a name stands in the stretch, or None if nothing there reads as one.

    Args:
        text: The text.
        start: First character of the candidate.
        end: One past its last character.
        directory: Knows the ordinary words.
        place: How much the place says for a name.
        initials: Two or three capitals will do.
    """
    words = [(m[0], key_of(m[0]), m) for m in TOKEN.finditer(text, start, end)]
    if words and (words[-1][1] in _GROUPS or words[-1][1].endswith(("'ers", "’ers"))):
        return None
    while words and words[-1][1] in NOT_NAMES:
        words.pop()
    while words and (words[0][1] in NOT_NAMES or words[0][0] in ("AM", "PM", "Uhr")):
        words.pop(0)
    if not 1 <= len(words) <= 5:
        return None
    first, last = words[0][2].start(), words[-1][2].end()
    while last > first and text[last - 1] in "'’-.":
        last -= 1
    if text[first:last].endswith(("'s", "’s")):
        last -= 2
    before = text[max(0, first - 1) : first]
    # Behind an angle bracket stands a tag, or a name in mail of Lotus Notes.
    if _CODE.search(text[first:last]) or (before == "<" and place != "form") or before in ("/", "_", "$", "#", "`"):
        return None
    if before.isalnum():
        return None
    found = [word for word, _, _ in words]
    folded = [key for _, key, _ in words]
    if not (names.TEAM_WORDS.isdisjoint(folded) and NOT_NAMES.isdisjoint(folded)) or names.CALENDAR.issuperset(folded):
        return None
    if initials and len(found) == 1 and found[0].isupper() and 2 <= len(found[0]) <= 3:
        return first, last
    return (first, last) if _reads_as_name(found, folded, directory, place) else None


def entries(value: str) -> list[tuple[int, int]]:
    """Return where the names of a header's value stand: `A B <a@b>; C D`, `B, A`, `A B, C D`."""
    if ";" in value:
        pieces = [m.span() for m in re.finditer(r"[^;]+", value)]
    else:
        parts = [m.span() for m in re.finditer(r"[^,]+", value)]
        pieces = []
        while parts:
            start, end = parts.pop(0)
            # One word, a comma, no address: a family name, and the given name follows.
            if parts and len(_bare(value[start:end]).split()) == 1 and "@" not in value[start:end]:
                end = parts.pop(0)[1]
            pieces.append((start, end))
    out = []
    for start, end in pieces:
        start += len(value[start:end]) - len(value[start:end].lstrip(" \t\"'"))
        # The address has its own detector; what stands before it is the name.
        for m in re.finditer(r"[^<>()\[\]\"/@]+", _ADDRESS_PART.split(value[start:end], maxsplit=1)[0]):
            out.append((start + m.start(), start + m.end()))
    return out


def _bare(piece: str) -> str:
    return re.sub(r"<[^<>]*>|\([^()]*\)|\"", "", piece).strip()


def key_of(word: str) -> str:
    """Return the word as word lists hold it."""
    return plain(word).strip(".'’-")


def is_ordinary(word: str, directory: Directory) -> bool:
    """Return whether a folded word belongs to the language and is nobody's name."""
    return word in directory.words and word not in names.AMBIGUOUS and word not in names.GIVEN


def _reads_as_name(found: Sequence[str], folded: Sequence[str], directory: Directory, place: Place) -> bool:
    capital = [w[0].isupper() for w in found]
    ordinary = [is_ordinary(w, directory) for w in folded]
    if len(folded) == 1 and len(folded[0]) < 2:
        return False
    if place == "sure":
        return all(capital) or (len(found) <= 2 and not any(ordinary))
    if place == "header":
        return capital[0] and not all(ordinary)
    if place == "form":
        return capital[0] and not any(ordinary)
    acronym = len(found) == 1 and found[0].isupper() and (len(found[0]) < 4 or "-" in found[0])
    return all(capital) and not any(ordinary) and not acronym
