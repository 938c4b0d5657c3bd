"""The identity directory: everyone who is known by name, address or handle, found in any spelling."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from redact import names
from redact.finding import SEVERAL, Finding
from redact.folding import Reading, plain
from redact.names import Name

#: How certain an alias is by itself. `any`: in any case of letters. `upper`: needs a capital letter. `capital`: needs
#: one that the start of a sentence does not explain. `place`: counts only after a greeting, "ask", or an @.
Mode = Literal["any", "upper", "capital", "place"]
_ORDER: tuple[Mode, ...] = ("any", "upper", "capital", "place")

_CUE = re.compile(
    r"(?:\b(?:hi|hello|hey|dear|thanks|thank you|thx|cheers|cc|ask|asked|ping|tell|told|from|with|by|for|to|and|hallo|"
    r"liebe|lieber|mr|mrs|ms|dr|mit|von|an|bei)[,:]?|@|[-–—/])\s?$"
)
# Narrower, for names that are months, days or two letters: "by May" is a date, "thanks, May" is not.
_ADDRESSING = re.compile(
    r"(?:\b(?:hi|hello|hey|dear|thanks|thank you|thx|cheers|cc|ask|asked|ping|tell|told|hallo|liebe|lieber|mr|mrs|ms|"
    r"dr)[,:]?|@)\s?$"
)
_SENTENCE = re.compile(r"(?:^|[.!?:;\n\"“(\[*•|>]|[-–—])\s*$")
_WORDISH = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the people file.

    Attributes:
        pid: Pseudonymous id.
        names: Names as written.
        emails: Addresses.
        handles: Logins, chat ids, user names.
    """

    pid: str
    names: tuple[str, ...] = field(default=(), repr=False)
    emails: tuple[str, ...] = field(default=(), repr=False)
    handles: tuple[str, ...] = field(default=(), repr=False)


@dataclass(slots=True, repr=False)
class _Known:
    """What is known of one person while the directory is built."""

    key: str
    names: list[Name] = field(default_factory=list)
    emails: set[str] = field(default_factory=set)
    handles: set[str] = field(default_factory=set)


class Directory:
    """Finds known people in text.

    Args:
        people: The people file.
        seen: Names and addresses from headers, attributions, trailers and author fields.
        mail_domains: The organisation's own domains; their labels are nobody's name.
        words: Ordinary words of the language, folded; a name that is one of them needs a telling place.
        firm: Whether the names are known to be names. A name that a model guessed needs its capital letter.
    """

    def __init__(
        self,
        people: Sequence[Person],
        seen: Iterable[str] = (),
        mail_domains: Iterable[str] = (),
        words: Collection[str] = frozenset(),
        *,
        firm: bool = True,
    ) -> None:
        self._words = words
        self._firm = firm
        self._labels = {label for d in mail_domains for label in plain(d).split(".") if label}
        self._people: dict[str, _Known] = {}
        self._by_email: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        for p in people:
            known = self._people.setdefault(f"pid:{p.pid}", _Known(f"pid:{p.pid}"))
            known.handles.update(h for h in (plain(x.strip().lstrip("@")) for x in p.handles) if h)
            for written in (w for n in p.names for w in names.writings(n)):
                if (name := names.parse_name(written)) is not None and name not in known.names:
                    self._name(known, name)
            for email in p.emails:
                self._email(known, email.strip().lower())
        for entry in sorted(set(seen)):
            self._see(entry)
        self._aliases: dict[str, dict[str, Mode]] = defaultdict(dict)  # alias -> person key -> mode
        for known in self._people.values():
            self._spell(known)
        self._patterns = sorted(self._aliases)
        self._automaton = _automaton(self._patterns)

    def __repr__(self) -> str:
        """Return sizes; no value."""
        return f"Directory({len(self._people)} people, {len(self._patterns)} aliases)"

    @property
    def keys(self) -> tuple[str, ...]:
        """Canonical keys of all known people: `pid:...`, `name:...` or `mailto:...`."""
        return tuple(self._people)

    def person_of_email(self, address: str) -> str:
        """Return the key of the person whose address this is, of a person of that name, or ""."""
        address = plain(address)
        if (key := self._by_email.get(address)) is not None:
            return key
        name = names.name_of_local_part(address.partition("@")[0])
        return self._by_name.get(name.canonical, "") if name else ""

    def person_of_name(self, written: str) -> str:
        """Return the key of the known person of this name, or ""."""
        name = names.parse_name(written)
        return self._by_name.get(name.canonical, "") if name and name.last else ""

    def person_of_handle(self, handle: str) -> str:
        """Return the key of the one person who uses this handle or a login of this form, or ""."""
        keys = self._aliases.get(plain(handle.lstrip("@")), {})
        return next(iter(keys)) if len(keys) == 1 else ""

    def knows(self, key: str) -> bool:
        """Return whether this is the canonical key of a known person."""
        return key in self._people

    def names_of(self, key: str) -> tuple[Name, ...]:
        """Return the names of the person with this key, or none."""
        known = self._people.get(key)
        return tuple(known.names) if known else ()

    @property
    def words(self) -> Collection[str]:
        """Ordinary words of the language."""
        return self._words

    def is_own_label(self, word: str) -> bool:
        """Return whether a folded word is a label of the organisation's own domains."""
        return word in self._labels

    def find(self, folded: Reading, within: Collection[str] | None = None) -> list[Finding]:
        """Return every mention of a known person, in offsets of the original text.

        Args:
            folded: The reading to search.
            within: Keys of the people whose given or family name alone counts as well; None means everyone's.
        """
        if self._automaton is None:
            return []
        found: list[tuple[Finding, list[str]]] = []
        text, lower = folded.text, folded.lower
        for i, start, end in self._automaton.find_matches_as_indexes(lower, overlapping=True):
            alias = self._patterns[i]
            plural = _plural(lower, end) if len(alias) >= 4 else end
            if not (_left(text, start, len(alias)) and (_right(text, end, len(alias)) or plural != end)):
                continue
            if not _right(text, end, len(alias)):
                end = plural
            meant = [
                key
                for key, mode in self._aliases[alias].items()
                if (within is None or key in within or not alias.isalpha()) and _counts(mode, text, lower, start, end)
            ]
            if len(meant) > 1 and (spelled := names.parse_name(alias)) is not None and spelled.last:
                # Two people whose names are forms of one another: the one who is written so.
                exact = [key for key in meant if any(n.first == spelled.first for n in self._people[key].names)]
                meant = exact or meant
            if meant:
                first, last = folded.origin(start, end)
                found.append((Finding(first, last, self._entity(alias, meant), "directory", 1.0, meant[0]), meant))
        # A first name that several people have means the one whose full name or address is in the text.
        named = {f.person for f, meant in found if len(meant) == 1}
        out = []
        for f, meant in found:
            here = meant if len(meant) == 1 else [key for key in meant if key in named]
            out.append(f if len(meant) == 1 else replace(f, person=here[0] if len(here) == 1 else SEVERAL))
        return out

    def _entity(self, alias: str, meant: Sequence[str]) -> str:
        if "@" in alias:
            return "EMAIL_ADDRESS"
        handle = not alias.isalpha() and any(alias in self._people[key].handles for key in meant)
        return "HANDLE" if handle else "PERSON"

    def _see(self, entry: str) -> None:
        written = re.sub(r"^(?:mailto|slack|name):", "", entry.strip())
        if entry.startswith("slack:"):
            key = f"handle:{plain(written)}"
            self._people.setdefault(key, _Known(key)).handles.add(plain(written))
            return
        display, address = names.split_address(written)
        name = names.parse_name(display) if display else None
        local = address.partition("@")[0]
        key = self._by_email.get(address, "")
        spelled = name if name and name.last else names.name_of_local_part(local)
        if not key and spelled:
            key = self._by_name.get(spelled.canonical, "") or spelled.canonical
        if not key and name and not address:
            key = name.canonical
        if not key and address and plain(local) not in names.TEAM_WORDS:
            key = f"mailto:{address}"
        if not key:
            return
        known = self._people.setdefault(key, _Known(key))
        others = map(names.parse_name, names.writings(display) if display else ())
        for n in (name, spelled, *others):
            if n and n not in known.names:
                self._name(known, n)
        if address:
            self._email(known, address)

    def _name(self, known: _Known, name: Name) -> None:
        known.names.append(name)
        if name.last:
            self._by_name.setdefault(name.canonical, known.key)

    def _email(self, known: _Known, address: str) -> None:
        known.emails.add(plain(address))
        self._by_email.setdefault(plain(address), known.key)
        if known.key.startswith("pid:") and (name := names.name_of_local_part(address.partition("@")[0])):
            self._by_name.setdefault(name.canonical, known.key)

    def _spell(self, known: _Known) -> None:
        for name in known.names:
            for alias in names.spellings(name):
                self._add(alias, known.key, "any")
            for login in names.logins(name):
                telling = len(login) >= 5 and login not in self._words and login not in names.CALENDAR
                self._add(login, known.key, "any" if telling else "place")
            for first in names.short_forms(name.first):
                self._single(first, known.key, own=first == name.first)
            if name.last:
                self._single(name.last, known.key, own=True)
                self._single(name.last.split()[-1], known.key, own=True)
        for address in known.emails:
            self._add(address, known.key, "any")
            local = address.partition("@")[0].partition("+")[0]
            if local.isalpha():
                self._single(local, known.key, own=True)
            elif local not in names.TEAM_WORDS and len(local) >= 4:
                self._add(local, known.key, "any")
        for handle in known.handles:
            plainword = handle in self._words or handle in names.TEAM_WORDS or len(handle) < 4
            self._add(handle, known.key, "place" if plainword else "any")

    def _single(self, word: str, key: str, *, own: bool) -> None:
        if len(word) < 2 or word in names.TEAM_WORDS or word in self._labels:
            return
        if word in names.CALENDAR:
            mode: Mode = "place"
        elif len(word) == 2:
            mode = "place" if word in self._words or word in names.AMBIGUOUS else "upper"
        elif word in names.AMBIGUOUS or (word in self._words and word not in names.GIVEN):
            mode = "capital"
        else:
            # A nickname that nobody is known to use could be anyone's: it needs its capital letter.
            mode = "any" if own and self._firm else "upper"
        self._add(word, key, mode)

    def _add(self, alias: str, key: str, mode: Mode) -> None:
        old = self._aliases[alias].get(key, "place")
        self._aliases[alias][key] = min(old, mode, key=_ORDER.index)


def _automaton(patterns: Sequence[str]):  # type: ignore[no-untyped-def]
    if not patterns:
        return None
    from ahocorasick_rs import AhoCorasick

    return AhoCorasick(patterns)


def _left(text: str, start: int, length: int) -> bool:
    if start == 0:
        return True
    before, here = text[start - 1], text[start]
    if not _WORDISH.match(before):
        return True
    if length < 4:
        return False
    return before.isdigit() or (before.islower() and here.isupper())


def _right(text: str, end: int, length: int) -> bool:
    if end >= len(text):
        return True
    last, after = text[end - 1], text[end]
    if not _WORDISH.match(after) or not _WORDISH.match(last):
        return True
    if length < 4:
        return False
    return after.isdigit() or (last.islower() and after.isupper())


def _plural(lower: str, end: int) -> int:
    """Return the end with a genitive or plural s taken in: "Holts", "Marens"."""
    if lower[end : end + 1] == "s" and not _WORDISH.match(lower[end + 1 : end + 2]):
        return end + 1
    return end


def _counts(mode: Mode, text: str, lower: str, start: int, end: int) -> bool:
    if mode == "any":
        return True
    before = lower[max(0, start - 24) : start]
    if text[start - 1 : start] == "@":
        return True
    if not text[start].isupper():
        return False
    if mode == "upper":
        return True
    if mode == "place":
        return _ADDRESSING.search(before) is not None
    following = text[end : end + 2]
    if following[1:2].isdigit() or before[-2:-1].isdigit():
        return False  # Jan 3, 4 May
    if _CUE.search(before) or following[:1] in ("/", ")"):
        return True
    return not _SENTENCE.search(before) or following[:1] in ",:" or (following[:1] == " " and following[1:2].isupper())
