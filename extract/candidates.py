"""Proposes who may be one person, with the evidence; only a person may say that it is so.

Names and the local parts of addresses are clues, and clues are wrong often. So nothing here merges anything: a
candidate joins two sides, never three, and what is confirmed about one pair says nothing about another.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from extract.identity import Identities
from extract.personkeys import is_role_address, mail_key, noreply_login

#: From what says most to what says least. The first four are shown unasked.
EVIDENCE = (
    "asserted", "same_address", "same_name", "name_in_address", "same_local_part", "domain", "similar_name",
    "given_name", "initials",
)  # fmt: skip
STRONG = frozenset(EVIDENCE[:5])
#: A clue that more sides share than this says nothing: it is a common given name or a common local part.
_COMMON = 12
#: A surname that so few sides have lets two given names of one initial pass for one: Jim and James.
_RARE = 3
#: Letters that do not fall apart into a base letter and a mark.
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_OBFUSCATED = re.compile(r"([\w.+-]+)\s*(?:_at_|\(at\)|\[at\]|\sat\s)\s*([\w-]+(?:\.[\w-]+)+)\Z", re.I)
_HANDLE_PARTS = re.compile(r"[._+-]")


class Side(NamedTuple):
    """One person of the people file, or keys that sources themselves assert to be one person.

    Attributes:
        pid: Pseudonymous id, or "" for a stranger.
        keys: Person keys, sorted.
        names: Display names as written.
        new: Of the keys, those that the people file has for nobody yet.
    """

    pid: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    new: tuple[str, ...] = ()


class Candidate(NamedTuple):
    """Two sides that may be one person.

    Attributes:
        left: The side of the people file, where one of them is.
        right: The other; equal to `left` where a source asserts keys that a person of the people file lacks.
        evidence: Codes of `EVIDENCE`, the strongest first.
    """

    left: Side
    right: Side
    evidence: tuple[str, ...]

    @property
    def strong(self) -> bool:
        """Whether it is worth showing unasked."""
        return not STRONG.isdisjoint(self.evidence)


class _Name(NamedTuple):
    given: str
    surname: str


def sides(groups: Iterable[Iterable[str]], names: Mapping[str, Iterable[str]], people: Identities) -> list[Side]:
    """Return the sides that candidates are looked for among: everybody in the people file, then the strangers.

    A group that touches two people of the file is left out: what the source asserts there is wrong, or the file is.

    Args:
        groups: Keys that the sources assert to be one person each, see `asserted_groups`.
        names: Display names by key.
        people: The people file.
    """
    added: defaultdict[str, set[str]] = defaultdict(set)
    strangers: list[Side] = []
    for group in groups:
        keys = sorted(k for k in group if not is_role_address(k))
        # A name that stands beside an address proves nothing about the address.
        asked = [k for k in keys if not k.startswith("name:")] or keys
        owners = {pid for k in asked if (pid := people.resolve(k)) is not None}
        if len(owners) == 1:
            added[owners.pop()].update(k for k in keys if people.resolve(k) is None and not k.startswith("name:"))
        elif keys and not owners:
            written = dict.fromkeys(n for k in keys for n in names.get(k, ()))
            strangers.append(Side("", tuple(keys), tuple(written), tuple(keys)))
    known = [
        Side(p.pid, tuple(sorted({*p.keys, *added[p.pid]})), p.names, tuple(sorted(added[p.pid])))
        for p in people.people
    ]
    return known + sorted(strangers)


def propose(among: Sequence[Side]) -> list[Candidate]:
    """Return the candidates, the strongest first; never two people of the people file.

    Args:
        among: See `sides`.
    """
    found: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    named = [_names(side) for side in among]
    for evidence, clue_sides in _shared_clues(among, named):
        for pair in combinations(sorted(clue_sides), 2):
            found[pair].add(evidence)
    surnames: defaultdict[str, int] = defaultdict(int)
    for names in named:
        for surname in {n.surname for n in names if n.surname}:
            surnames[surname] += 1
    out = [Candidate(side, side, ("asserted",)) for side in among if side.pid and side.new]
    for (i, j), codes in found.items():
        left, right = among[i], among[j]
        if left.pid and right.pid:
            continue
        if "same_address" not in codes and _conflict(named[i], named[j], surnames):
            continue
        out.append(Candidate(left, right, tuple(sorted(codes, key=EVIDENCE.index))))
    return sorted(out, key=lambda c: ([EVIDENCE.index(e) for e in c.evidence], c.left, c.right))


def _shared_clues(among: Sequence[Side], named: Sequence[set[_Name]]) -> Iterator[tuple[str, set[int]]]:
    """Yield (evidence, indices of the sides that share the clue)."""
    spelt: defaultdict[str, dict[int, str]] = defaultdict(dict)
    handled: defaultdict[str, set[int]] = defaultdict(set)
    same: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for i, side in enumerate(among):
        for name in named[i]:
            for form, evidence in _forms(name):
                spelt[form].setdefault(i, evidence)
            if name.given and name.surname:
                same["same_name", " ".join(sorted((name.given, name.surname)))].add(i)
                same["similar_name", f"{name.surname} {name.given[0]}"].add(i)
        for address in _addresses(side):
            same["same_address", _plain(address)].add(i)
            for handle, evidence in _handles(address):
                handled[handle].add(i)
                if evidence == "local" and len(handle) > 2:
                    same["same_local_part", handle].add(i)
        for handle in _nicknames(side):
            handled[handle].add(i)
            same["same_local_part", handle].add(i)
    for (evidence, _), those in sorted(same.items()):
        most = 4 * _COMMON if evidence in ("same_address", "same_name") else _COMMON
        if 1 < len(those) <= most:
            yield evidence, those
    for form, by_side in sorted(spelt.items()):
        for evidence in sorted(set(by_side.values())):
            spellers = {i for i, e in by_side.items() if e == evidence}
            if len(spellers | handled[form]) <= _COMMON:
                for i in sorted(handled[form]):
                    for j in sorted(spellers - {i}):
                        yield evidence, {i, j}


def fold(text: str) -> str:
    """Return a text in lower case without marks on its letters: Gökhan Şengün as gokhan sengun."""
    text = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(c for c in text if not unicodedata.combining(c))


def _names(side: Side) -> set[_Name]:
    """Return given name and surname of every name of a side; middle names and what stands in brackets are dropped."""
    found = set()
    for text in (*side.names, *(k.removeprefix("name:") for k in side.keys if k.startswith("name:"))):
        if "@" in text or _OBFUSCATED.search(text):
            continue
        last, comma, first = _PARENTHESES.sub(" ", text).partition(",")
        words = _WORD.findall(fold(f"{first} {last}" if comma else last))
        if len(words) >= 2:
            found.add(_Name(words[0], words[-1].replace("'", "").replace("’", "")))
    for address in _addresses(side):
        # first.last@ is a name, too.
        parts = [p for p in _HANDLE_PARTS.split(_local(address)) if p]
        if len(parts) == 2 and all(p.isalpha() and len(p) > 2 for p in parts) and not found:
            found.add(_Name(fold(parts[0]), fold(parts[1])))
    return found


def _nicknames(side: Side) -> set[str]:
    """Return names of one word, which are handles: alhudz, x2018."""
    found = set()
    for text in side.names:
        if re.fullmatch(r"[\w.-]{4,40}", text):
            found.add(re.sub(r"[\W_]", "", fold(text)))
    return {f for f in found if len(f) >= 4}


def _addresses(side: Side) -> list[str]:
    out = [k.removeprefix("mailto:") for k in side.keys if k.startswith("mailto:")]
    for text in (*side.names, *(k.removeprefix("name:") for k in side.keys)):
        match = _OBFUSCATED.search(text)
        if match is not None and mail_key(f"{match[1]}@{match[2]}"):
            out.append(f"{match[1]}@{match[2]}".lower())
    return out


def _local(address: str) -> str:
    login = noreply_login(f"mailto:{address}")
    return login[2] if login is not None else address.rpartition("@")[0].partition("+")[0]


def _plain(address: str) -> str:
    """Return an address without what its provider ignores: a tag behind a plus, dots at Gmail."""
    local, _, domain = address.rpartition("@")
    local = local.partition("+")[0] or local
    if noreply_login(f"mailto:{address}") is not None:
        local = address.rpartition("@")[0]
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _handles(address: str) -> Iterator[tuple[str, str]]:
    """Yield what an address is called, and whether by its local part or by its domain."""
    local = _local(address)
    handle = re.sub(r"[\W_]", "", fold(local))
    if handle:
        yield handle, "local"
        bare = handle.rstrip("0123456789")
        if bare != handle and len(bare) > 1:
            yield bare, "bare"
        if 1 < len(bare) <= 4 and bare.isalpha():
            yield f"{bare[0]}*{bare[-1]}", "initials"
        if len(bare) >= 4:
            yield f"{bare[:2]}*", "truncated"
    labels = address.rpartition("@")[2].split(".")
    if len(labels) > 1 and noreply_login(f"mailto:{address}") is None:
        yield f"@{fold(labels[-2])}", "domain"


def _forms(name: _Name) -> Iterator[tuple[str, str]]:
    """Yield the handles that people make of their names, with what such a handle is worth as evidence."""
    given, surname = name
    if len(surname) == 1:
        yield given + surname, "name_in_address"
        yield f"{given[0]}{surname}*", "similar_name"
    else:
        for form in (given + surname, surname + given, given[0] + surname, surname + given[0]):
            yield form, "name_in_address"
            yield f"@{form}", "domain"
        yield given + surname[0], "name_in_address"
        yield given[:2] + surname[:2], "similar_name"
        yield surname, "similar_name"
        yield f"@{surname}", "domain"
    if len(given) > 2:
        yield given, "given_name"
    yield f"{given[0]}*{surname[0]}", "initials"


def _conflict(left: set[_Name], right: set[_Name], surnames: Mapping[str, int]) -> bool:
    """Say whether both sides have full names of which no two can be one person's."""
    return bool(left and right) and not any(_agree(a, b, surnames) for a in left for b in right)


def _agree(one: _Name, other: _Name, surnames: Mapping[str, int]) -> bool:
    if {*one} == {*other}:
        return True
    if one.surname != other.surname and not (
        min(len(one.surname), len(other.surname)) == 1 and one.surname[0] == other.surname[0]
    ):
        return False
    shorter, longer = sorted((one.given, other.given), key=len)
    return longer.startswith(shorter) or (shorter[0] == longer[0] and surnames.get(one.surname, 0) <= _RARE)
