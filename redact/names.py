"""How personal names are written: parts, spellings, nicknames, and which words are no names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from redact.folding import plain
from redact.wordlists import word_list, word_pairs

_TITLES = word_list("titles")
_SUFFIXES = word_list("suffixes")
_PARTICLES = word_list("particles")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_WRITTEN_OUT = re.compile(r"(?<![aeiouq])([aou])e(?=[^aeiou\W])")
_NOTES = re.compile(r"(?:/\w+)*(?:@[A-Z][\w &-]*)?$")
_ADDRESS = re.compile(r"[\w.+%'=-]+@[\w-]+(?:\.[\w-]+)*")

#: Words of display names that belong to teams, roles and machines: such a name is nobody's.
TEAM_WORDS = word_list("team")

#: Names that are ordinary words, months or days as well: they count as names only where the place says so.
AMBIGUOUS = word_list("ambiguous")

#: Month and day names: a capital letter alone does not make them a person.
CALENDAR = word_list("calendar")

#: Given names that are common somewhere, whatever else they mean.
GIVEN = word_list("given_names")
_NICKNAMES = word_pairs("nicknames")
_SHORT_FORMS: dict[str, list[str]] = {}
for _short, _longs in _NICKNAMES.items():
    for _long in _longs:
        _SHORT_FORMS.setdefault(_long, []).append(_short)


#: Names of which is remembered what they come to: a mailbox has fewer, and of a million people nothing must stay.
_NAMES = 8192


@dataclass(frozen=True, slots=True)
class Name:
    """A personal name in parts, folded: no accents, lower case.

    Attributes:
        first: Given name.
        middle: Middle names or initials.
        last: Family name with its particles, or "" where only one name is known.
    """

    first: str = field(repr=False)
    middle: tuple[str, ...] = field(repr=False)
    last: str = field(repr=False)

    @property
    def canonical(self) -> str:
        """The same for every spelling of one person's name: given name in full form, family name."""
        first = _NICKNAMES.get(self.first, (self.first,))[0]
        return f"name:{first} {bare(self.last)}".rstrip()


@lru_cache(_NAMES)
def parse_name(written: str) -> Name | None:
    """Return the parts of a personal name, or None where the words name no person.

    `Holt, Maren`, `Dr. Maren J. Holt (Payments)` and `"maren holt"` are all understood.
    """
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]|<[^>]*>", " ", written).strip(" \t\n'\"`,;")
    # Lotus Notes: `Maren Holt/Unit/Company@DOMAIN`.
    text = _NOTES.sub("", text)
    if "@" in text or not text:
        return None
    family, comma, given = text.partition(",")
    if comma and plain(given).strip(" .") not in _SUFFIXES:
        text = f"{given} {family}"
    words = [re.sub(r"['’]s$", "", w).strip(".'’-") for w in _WORD.findall(plain(text))]
    words = [w for w in words if w and w not in _TITLES and w not in _SUFFIXES]
    if not 1 <= len(words) <= 6 or any(w in TEAM_WORDS for w in words):
        return None
    if len(words) == 1:
        return Name(words[0], (), "")
    cut = len(words) - 1
    while cut > 1 and words[cut - 1] in _PARTICLES:
        cut -= 1
    return Name(words[0], tuple(words[1:cut]), " ".join(words[cut:]))


def name_of_local_part(local: str) -> Name | None:
    """Return the name that an address's local part spells, as in `maren.holt`, or None."""
    words = [w for w in re.split(r"[._-]", plain(local)) if w]
    if not 2 <= len(words) <= 3 or any(not bare(w).isalpha() or w in TEAM_WORDS for w in words):
        return None
    if len(words[-1]) < 2 or len(words[0]) < 2:
        return None
    return Name(words[0], tuple(words[1:-1]), words[-1])


def split_address(seen: str) -> tuple[str, str]:
    """Return display name and address of a header entry such as `"Holt, Maren" <maren.holt@example.com>`."""
    m = _ADDRESS.search(seen)
    if m is None:
        return seen.strip().strip("\"'"), ""
    rest = (seen[: m.start()] + " " + seen[m.end() :]).replace("mailto:", " ").strip(" <>()[]\"',;\t")
    return rest, m.group().lower()


def spellings(name: Name) -> Iterator[str]:
    """Yield the ways in which a full name is written, most telling first; nothing for a single name."""
    if not name.last:
        return
    firsts = [name.first, *_SHORT_FORMS.get(name.first, ())]
    if name.first in _NICKNAMES:
        firsts.extend(_NICKNAMES[name.first])
    last = name.last
    for f in firsts:
        yield f"{f} {last}"
        yield f"{last}, {f}"
        yield f"{last} {f}"
        for joint in (".", "_", "-", ""):
            yield f"{f}{joint}{last.replace(' ', '')}"
    for m in (name.middle, tuple(x[0] for x in name.middle), tuple(x[0] + "." for x in name.middle)):
        if m:
            yield f"{name.first} {' '.join(m)} {last}"
            yield f"{last}, {name.first} {' '.join(m)}"
            yield f"{name.first}.{'.'.join(m).replace('..', '.').strip('.')}.{last.replace(' ', '')}"
    i = name.first[0]
    yield f"{i}. {last}"
    yield f"{i}.{last}"
    yield f"{last}, {i}."
    yield f"{name.first} {last[0]}."


def logins(name: Name) -> Iterator[str]:
    """Yield the user names that are usually made from a full name: `mholt`, `marenh`."""
    last = name.last.replace(" ", "")
    if len(last) >= 3:
        yield name.first[0] + last
        if name.middle:
            yield name.first[0] + name.middle[0][0] + last
    if last and len(name.first) >= 4:
        yield name.first + last[0]


def short_forms(first: str) -> list[str]:
    """Return a given name and its nicknames, or the full form of a nickname."""
    return [first, *_SHORT_FORMS.get(first, ()), *_NICKNAMES.get(first, ())]


@lru_cache(_NAMES)
def bare(word: str) -> str:
    """Return a folded name as it is compared: `o'neil` is `oneil`, `mueller` is `muller`, `weiss` is `weis`."""
    word = word.replace("'", "").replace("’", "")
    # Most names hold no such pair of letters, and a name that nobody has met yet is in no cache.
    if "ae" in word or "oe" in word or "ue" in word:
        word = _WRITTEN_OUT.sub(r"\1", word)
    return word.replace("ss", "s")


def writings(written: str) -> Iterator[str]:
    """Yield a name as it is written, and in the other spellings of its umlauts and ß: Jürgen Weiß, Juergen Weiss."""
    yield written
    if (sharp := written.replace("ß", "ss").replace("ẞ", "SS")) != written:
        yield sharp
    if (out := sharp.translate(_UMLAUTS)) != sharp:
        yield out
    folded = plain(written).split()
    short = [w if w in GIVEN else _WRITTEN_OUT.sub(r"\1", w) for w in folded]
    if short != folded and written.isascii():
        yield " ".join(short)


def same_first(one: str, other: str, *, prefix: bool = True) -> bool:
    """Return whether two folded given names can be one: equal, a nickname, or (with `prefix`) one cut short.

    Of two names that are usual by themselves, neither is taken for the other cut short: Jan is not Janet.
    """
    if one == other:
        return True
    if _full_forms(one) & _full_forms(other):
        return True
    short, long = sorted((one, other), key=len)
    return prefix and len(short) >= 3 and long.startswith(short) and not {short, long} <= GIVEN


def _full_forms(first: str) -> frozenset[str]:
    return frozenset((first, *_NICKNAMES.get(first, ())))


@lru_cache(_NAMES)
def initials(name: Name) -> frozenset[str]:
    """Return the initials that stand for a full name: first and last, and with the middle ones."""
    last = bare(name.last)[:1]
    return frozenset((name.first[:1] + last, name.first[:1] + "".join(m[:1] for m in name.middle) + last))


@lru_cache(_NAMES)
def local_parts(name: Name) -> frozenset[str]:
    """Return the letters that logins and local parts of addresses make of a full name: `marenholt`, `mholt`, `mjh`."""
    last = bare(name.last).replace(" ", "")
    tail = bare(name.last.split()[-1])
    out = {last, tail}
    middle = "".join(m[:1] for m in name.middle)
    for first in map(bare, short_forms(name.first)):
        out.update((first + last, last + first, first[:1] + last, last + first[:1], first + last[:1], first))
        out.update((first[:1] + tail, first + tail))
        if middle:
            out.update((first + middle + last, first[:1] + middle + last, first + "".join(name.middle) + last))
    if middle:
        out.update((middle + last, first[:1] + middle + last[:1]))
    return frozenset(w for w in out if len(w) >= 3)
