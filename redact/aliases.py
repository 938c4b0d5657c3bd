"""Links the mentions in a text to its people: who has a full name there is meant by its parts and addresses too."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from redact import names
from redact.directory import Directory
from redact.finding import SEVERAL, Finding
from redact.folding import plain
from redact.names import Name
from redact.pseudonyms import key_of

_PEOPLE = frozenset({"PERSON", "EMAIL_ADDRESS", "HANDLE"})
# Where another message begins: a first name that two people of a text have means the one whom its message names.
_MESSAGE = re.compile(
    r"^[\s>|*]*(?:-{2,}[ \t]*(?:original|forwarded|urspr|weitergeleitet)|(?:from|von)[ \t]*:|forwarded by\b|"
    r"(?:on|am)\b[^\n]{8,120}(?:wrote|schrieb)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_DISPLAYED = re.compile(r"[\"'”)]*\s*[<(\[]\s*(?:mailto:\s*|@)?\s*")
_COMMENTED = re.compile(r">?[ \t]*\([\"'“]?")  # as mail wrote it once: `x77@vendor.test (Ann Lee)`
_CLOSED = (")", '"')
_INITIALS = re.compile(r"(?<!\w)(?<!\w[.])((?:[A-Z]\.[ \t]?){1,3})$")


@dataclass(slots=True, repr=False, eq=False)
class _Someone:
    """One person of a text.

    Attributes:
        keys: Canonical keys under which the person was found.
        names: Names as far as they are known.
        messages: Ordinals of the messages in which the full name or an address stands.
    """

    keys: set[str]
    names: list[Name] = field(default_factory=list)
    messages: set[int] = field(default_factory=set)

    def take(self, other: _Someone) -> None:
        self.keys |= other.keys
        self.names += other.names
        self.messages |= other.messages

    @property
    def listed(self) -> set[str]:
        return {k for k in self.keys if k.startswith("pid:")}


def link(text: str, findings: Sequence[Finding], directory: Directory) -> list[Finding]:
    """Return the findings with `person` set for everyone whom the text itself identifies.

    Args:
        text: The text.
        findings: Disjoint, in order.
        directory: The identity directory.
    """
    if sum(f.entity in _PEOPLE for f in findings) < 2:
        return list(findings)
    findings = _with_initials(text, findings)
    findings = [_checked(f, text[f.start : f.end], directory) for f in findings]
    starts = [m.start() for m in _MESSAGE.finditer(text)]
    keys = [key_of(f, text[f.start : f.end]) if f.entity in _PEOPLE else "" for f in findings]
    read = [_name(f, text[f.start : f.end]) if f.entity in _PEOPLE else None for f in findings]
    people = _anchored(findings, keys, read, starts, directory)
    _join(people)
    meant: list[_Someone | None] = []
    several: set[int] = set()
    for i, (f, key, name) in enumerate(zip(findings, keys, read, strict=True)):
        here: list[_Someone] = []
        if f.entity in _PEOPLE:
            here = [p for p in people if key and key in p.keys] if _full(name) or not _open(f) else []
            here = here or _candidates(f, text[f.start : f.end], name, people)
        if len(here) > 1:
            message = bisect_right(starts, f.start)
            near = [p for p in here if message in p.messages]
            here = near if len(near) == 1 else here
            if len(here) > 1 and f.entity == "PERSON":
                several.add(i)
        meant.append(here[0] if len(here) == 1 else None)
    _displayed(text, findings, keys, meant)
    out = []
    for i, (f, key, person) in enumerate(zip(findings, keys, meant, strict=True)):
        if person is not None:
            out.append(replace(f, person=_representative(person, directory)))
        elif i in several:
            out.append(replace(f, person=SEVERAL))
        else:
            out.append(replace(f, person=f.person or key) if key else f)
    return out


def _with_initials(text: str, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with the initials before a single name taken in: "M. Holt" is not everyone called Holt."""
    out: list[Finding] = []
    for f in findings:
        if f.entity == "PERSON" and (m := _INITIALS.search(text, max(0, f.start - 8), f.start)):
            start = m.start(1)
            if not out or out[-1].end <= start:
                f = replace(f, start=start, person="")
        out.append(f)
    return out


def _checked(f: Finding, surface: str, directory: Directory) -> Finding:
    """Return the finding without its person where the rest of the name is another's: "B. Holt" around "Holt"."""
    name = _name(f, surface) if f.entity == "PERSON" and f.person not in ("", SEVERAL) else None
    if name is None or not name.last:
        return f
    known = directory.names_of(f.person)
    if f.person.startswith("name:") and (spelled := names.parse_name(f.person[5:])):
        known = (*known, spelled)
    if not known or any(_fits(name, n) for n in known):
        return f
    return replace(f, person="")


def _fits(written: Name, name: Name) -> bool:
    """Return whether a written full name can be that of somebody, initials included."""

    def one(a: str, b: str) -> bool:
        return names.same_first(a, b) or (min(len(a), len(b)) == 1 and a[:1] == b[:1])

    ends = {names.bare(name.last), names.bare(name.last.split()[-1]), *name.middle} if name.last else set()
    last = names.bare(written.last)
    if not name.last:
        return True
    if one(written.first, name.first) or any(one(written.first, m) for m in name.middle):
        return last in ends or names.bare(written.last.split()[-1]) in ends or (len(last) == 1 and last == name.last[0])
    return written.last == name.first and written.first in ends


def _open(f: Finding) -> bool:
    """Return whether the finding's own key says nothing final about whom it means."""
    return not f.person or f.person == SEVERAL or f.entity == "PERSON"


def _full(name: Name | None) -> bool:
    return name is not None and len(name.first) > 1 and len(name.last) > 1


def _name(f: Finding, surface: str) -> Name | None:
    if f.entity == "PERSON":
        return names.parse_name(re.sub(r"\s+", " ", surface))
    return names.name_of_local_part(plain(surface).partition("@")[0]) if f.entity == "EMAIL_ADDRESS" else None


def _anchored(
    findings: Sequence[Finding],
    keys: Sequence[str],
    read: Sequence[Name | None],
    starts: Sequence[int],
    directory: Directory,
) -> list[_Someone]:
    """Return everyone whose full name or address of that form stands in the text."""
    people: dict[str, _Someone] = {}
    for f, key, name in zip(findings, keys, read, strict=True):
        known = f.entity == "EMAIL_ADDRESS" and bool(directory.names_of(key))
        if not key or not (_full(name) or known):
            continue
        person = people.setdefault(key, _Someone({key}, list(directory.names_of(key))))
        if name is not None and name not in person.names:
            person.names.append(name)
        person.messages.add(bisect_right(starts, f.start))
    return list(people.values())


def _join(people: list[_Someone]) -> None:
    """Make one of those who differ only in how their name is written, where nobody else fits as well."""
    joined = True
    while joined:
        joined = False
        for person in people:
            same = [p for p in people if p is not person and _same(person, p)]
            if len(same) == 1 and len(person.listed | same[0].listed) < 2:
                person.take(same[0])
                people.remove(same[0])
                joined = True
                break


def _same(one: _Someone, other: _Someone) -> bool:
    return any(
        (names.bare(a.last) == names.bare(b.last) and names.same_first(a.first, b.first))
        or (a.first == b.last and a.last == b.first)
        for a in one.names
        for b in other.names
    )


def _candidates(f: Finding, surface: str, name: Name | None, people: Sequence[_Someone]) -> list[_Someone]:
    """Return who of the people may be meant by a part of a name, initials, an address or a login."""
    if f.entity != "PERSON":
        letters = re.sub(r"[^a-z]", "", plain(surface).partition("@" if f.entity == "EMAIL_ADDRESS" else "\0")[0])
        local = names.bare(letters)
        return _who(people, lambda n: local in names.local_parts(n))
    if name is None or _full(name):
        return []
    if name.last:
        # One of the two is an initial: "M. Holt", "Maren H.".
        return _who(people, lambda n: _fits(name, n))
    word = name.first
    if surface.isupper() and 2 <= len(word) <= 3 and (found := _who(people, lambda n: word in names.initials(n))):
        return found
    return (
        _who(people, lambda n: names.same_first(n.first, word, prefix=False))
        or _who(people, lambda n: names.bare(word) in (names.bare(n.last), names.bare(n.last.split()[-1])))
        or _who(people, lambda n: word in n.middle and len(word) > 1)
        or _who(people, lambda n: len(word) < len(n.first) and names.same_first(n.first, word))
        or _who(people, lambda n: len(word) > 3 and names.bare(word) in names.local_parts(n))
    )


def _who(people: Iterable[_Someone], fits: Callable[[Name], bool]) -> list[_Someone]:
    return [p for p in people if any(fits(n) for n in p.names if n.last)]


def _displayed(text: str, findings: Sequence[Finding], keys: Sequence[str], meant: list[_Someone | None]) -> None:
    """Make one person of a name and the address that stands behind it in brackets, or before it."""
    owners: dict[str, _Someone] = {}
    for i, (f, after) in enumerate(pairwise(findings)):
        if f.entity == "PERSON" and _DISPLAYED.fullmatch(text, f.end, after.start):
            name, address = i, i + 1
        elif (
            after.entity == "PERSON"
            and _COMMENTED.fullmatch(text, f.end, after.start)
            and text[after.end : after.end + 1] in _CLOSED
        ):
            name, address = i + 1, i
        else:
            continue
        named, addressed = keys[name], keys[address]
        if findings[address].entity not in ("EMAIL_ADDRESS", "HANDLE") or not (named and addressed):
            continue
        if findings[name].person == SEVERAL:
            continue
        person = meant[name] or owners.get(addressed) or owners.get(named)
        owner = meant[address] or person
        if person is None or owner is None:
            person = owner = person or owner or _Someone(set())
        elif person is not owner:
            if len(person.listed | owner.listed) > 1:
                continue
            person.take(owner)
            meant[:] = [person if m is owner else m for m in meant]
        if any(k.startswith("mailto:") for k in person.keys - {addressed}) and owners.get(named) is person:
            continue  # two addresses of one bare first name: two people, for all the text says
        person.keys |= {named, addressed}
        owners.update({named: person, addressed: person})
    for i, key in enumerate(keys):
        if meant[i] is None and key in owners:
            meant[i] = owners[key]


def _representative(person: _Someone, directory: Directory) -> str:
    """Return the key that stands for all keys of a person: a listed one, else that of the longest name."""

    def rank(key: str) -> tuple[bool, bool, bool, int, str]:
        return (not key.startswith("pid:"), not directory.knows(key), not key.startswith("name:"), -len(key), key)

    return min(person.keys, key=rank)
