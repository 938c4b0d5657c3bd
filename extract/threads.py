"""Puts records into relation: the thread and the parent of each, and which are copies of one another."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from extract import subjects
from extract.records import Record

#: Own text shorter than this is said twice without being copied ("Thanks, will do").
COPY_LENGTH = 40
#: A mail that looks like an answer joins an earlier one with its subject only if that is at most so old.
SUBJECT_DAYS = timedelta(days=14)

# 120 bits: the ids of two threads do not meet by chance, and a bytes object of it takes 48 bytes, not 64.
_DIGEST = 15
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A mail to more people than this is a circular: that two people got it makes no conversation.
_CIRCULAR = 20
# How many mails of one subject are looked at for one answer; only machines write more in two weeks.
_LOOK_BACK = 200
_NONE = -1


class Head(NamedTuple):
    """What relating needs to know of one record.

    Attributes:
        source_kind: See `Record`.
        message_id: See `Record`.
        references: See `Record`.
        author_key: See `Record`.
        participants: Keys of the others who took part.
        subject: Title of a mail as written; "" for everything else.
        sent_at: See `Record`.
        place: What says where and when exactly a chat message stood, "" where the export does not say it exactly.
        words: Digest (16 bytes) of the own words, white space folded, or b"" where they are too short to prove a copy.
    """

    source_kind: str
    message_id: str
    references: tuple[str, ...]
    author_key: str
    participants: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    place: str
    words: bytes


class Relations(NamedTuple):
    """How records hang together: one entry per record, in the order in which they were added.

    Attributes:
        threads: Ids of the threads: opaque, and the same in whatever order the records come.
        parents: Row of the record that each answers, or -1 where it answers none that is here.
        copies: Row of the copy that is kept: the first in order; the row itself where there is no other.
    """

    threads: Sequence[str]
    parents: Sequence[int]
    copies: Sequence[int]


def head_of(record: Record) -> Head:
    """Return what relating needs to know of a record."""
    own = " ".join(record.own_text().split())
    place = ""
    # Exports that give only seconds or minutes prove nothing: people say two things in a minute.
    if record.source_kind == "chat" and record.author_key and record.sent_at and record.sent_at.microsecond:
        place = f"{record.container}\0{record.author_key}\0{record.sent_at.isoformat()}"
    return Head(
        record.source_kind,
        record.message_id,
        record.references,
        record.author_key,
        record.recipients,
        record.title if record.source_kind == "mail" else "",
        record.sent_at,
        place,
        hashlib.blake2b(own.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if len(own) >= COPY_LENGTH
        else b"",
    )


class Relator:
    """Collects heads and relates them. Keeps numbers and digests, never a word, a name or an address."""

    def __init__(self) -> None:
        """Start without records."""
        # One number for each id, person, subject and proof of a copy, by digest.
        self._numbers: dict[bytes, int] = {}
        # By number: the number it was joined to (threads), and the first row that it stands for.
        self._joined = array("i")
        self._first = array("i")
        # By row: its number in `_joined`, the number of its parent's id, and the row it is a copy of.
        self._node = array("i")
        self._parent = array("i")
        self._copy = array("i")
        self._times = array("q")
        # How many records without an id look alike.
        self._same: dict[int, int] = {}
        # By mail with a telling subject: subject and row, whether it looks like an answer, who wrote and got it, and to
        # which ids it refers.
        self._subjects = array("i")
        self._answers = bytearray()
        self._people = array("i")
        self._ends = array("i")
        self._referred = array("i")
        self._refer_ends = array("i")

    def add(self, head: Head) -> None:
        """Add the next record."""
        row = len(self._node)
        self._copy.append(row)
        self._times.append(_NONE if head.sent_at is None else (head.sent_at - _EPOCH) // timedelta(milliseconds=1))
        node = self._own_node(head)
        self._node.append(node)
        if head.message_id:
            self._proof(row, node)
        if head.author_key and head.words:
            self._proof(row, self._number("words", head.author_key, head.words))
        if head.place:
            self._proof(row, self._number("place", head.place, head.words))
        parent = _NONE
        chain = []
        for reference in head.references:
            parent = self._id(head.source_kind, reference)
            chain.append(parent)
            _join(self._joined, node, parent)
        self._parent.append(parent)
        if head.subject and head.sent_at is not None:
            self._remember(head, row, chain)

    def _number(self, *parts: str | bytes) -> int:
        # Written as Python writes them, parts cannot run into each other, whatever stands in them.
        digest = hashlib.blake2b(ascii(parts).encode("ascii"), digest_size=_DIGEST).digest()
        number = self._numbers.get(digest)
        if number is None:
            number = self._numbers[digest] = len(self._numbers)
            self._joined.append(number)
            self._first.append(_NONE)
        return number

    def _id(self, kind: str, ident: str) -> int:
        return self._number("id", kind, ident)

    def _own_node(self, head: Head) -> int:
        if head.message_id:
            return self._id(head.source_kind, head.message_id)
        # Without an id of its own a record is known by what is known of it; equal ones are counted.
        when = "" if head.sent_at is None else head.sent_at.isoformat()
        known = (head.source_kind, head.author_key, head.subject, when, head.place, head.words)
        base = self._number("head", *known, *head.references, *head.participants)
        count = self._same[base] = self._same.get(base, 0) + 1
        return self._number("head", str(count), *known, *head.references, *head.participants)

    def _proof(self, row: int, number: int) -> None:
        if self._first[number] == _NONE:
            self._first[number] = row
        else:
            _join(self._copy, row, self._first[number])

    def _remember(self, head: Head, row: int, chain: list[int]) -> None:
        subject = subjects.split(head.subject)
        if not subject.telling or not head.author_key:
            return
        others = head.participants if len(head.participants) <= _CIRCULAR else ()
        self._subjects.extend((self._number("subject", subject.bare), row))
        self._answers.append(subject.reply)
        self._people.extend(self._number("person", key) for key in (head.author_key, *others))
        self._ends.append(len(self._people))
        self._referred.extend(chain if subject.reply else ())
        self._refer_ends.append(len(self._referred))

    def finish(self) -> Relations:
        """Return how the records hang together. Nothing can be added after it."""
        self._join_subjects()
        digests = list(self._numbers)
        self._numbers = {}
        joined, nodes = self._joined, self._node
        least: dict[int, bytes] = {}
        for number, digest in enumerate(digests):
            root = _root(joined, number)
            if root not in least or digest < least[root]:
                least[root] = digest
        names = {root: digest.hex() for root, digest in least.items()}
        return Relations(
            [names[_root(joined, node)] for node in nodes],
            self._parents(digests),
            array("i", (_root(self._copy, row) for row in range(len(nodes)))),
        )

    def _join_subjects(self) -> None:
        """Join answers that name no record to the latest earlier mail with their subject and one of their people.

        Somebody must have written one of the two and be in the other: that both went to one list is not enough.
        """
        groups: dict[int, list[int]] = {}
        for i in range(len(self._answers)):
            groups.setdefault(self._subjects[2 * i], []).append(i)
        digests = list(self._numbers)
        for members in groups.values():
            if len(members) < 2 or not any(self._answers[i] for i in members):
                continue

            def place(i: int) -> tuple[int, bytes]:
                row = self._subjects[2 * i + 1]
                return self._times[row], digests[self._node[row]]

            members.sort(key=place)
            for at, i in enumerate(members):
                if self._answers[i] and not self._refers(i):
                    self._join_latest(i, members[max(0, at - _LOOK_BACK) : at])

    def _refers(self, i: int) -> bool:
        start = self._refer_ends[i - 1] if i else 0
        node = self._node[self._subjects[2 * i + 1]]
        return any(self._first[n] != _NONE and n != node for n in self._referred[start : self._refer_ends[i]])

    def _who(self, i: int) -> array[int]:
        return self._people[self._ends[i - 1] if i else 0 : self._ends[i]]

    def _join_latest(self, i: int, earlier: Sequence[int]) -> None:
        row = self._subjects[2 * i + 1]
        mine = self._who(i)
        limit = self._times[row] - SUBJECT_DAYS // timedelta(milliseconds=1)
        for other in reversed(earlier):
            at = self._subjects[2 * other + 1]
            if self._times[at] < limit:
                return
            theirs = self._who(other)
            if self._times[at] < self._times[row] and (mine[0] in theirs or theirs[0] in mine):
                _join(self._joined, self._node[row], self._node[at])
                return

    def _parents(self, digests: Sequence[bytes]) -> array[int]:
        """Return the row of each record's parent; of a circle the earliest record answers none."""
        rows = range(len(self._node))
        found = array("i", (self._first[n] if n != _NONE else _NONE for n in self._parent))
        for row in rows:
            if found[row] == row or self._parent[row] == self._node[row]:
                found[row] = _NONE
        done = bytearray(len(found))
        for start in rows:
            path = []
            row = start
            while row != _NONE and not done[row]:
                done[row] = 1
                path.append(row)
                row = found[row]
            if row != _NONE and row in path:
                circle = path[path.index(row) :]
                found[min(circle, key=lambda r: (self._times[r], digests[self._node[r]]))] = _NONE
        return found


def _root(joined: array[int], number: int) -> int:
    while joined[number] != number:
        joined[number] = joined[joined[number]]
        number = joined[number]
    return number


def _join(joined: array[int], one: int, other: int) -> None:
    """Join two sets; the smaller number stands for both."""
    one, other = _root(joined, one), _root(joined, other)
    if one < other:
        joined[other] = one
    else:
        joined[one] = other
