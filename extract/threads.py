"""Puts records into relation: threads, copies, and lines that the parent message already said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from extract.records import Record
from extract.spans import comparable, reclaim

#: Own text shorter than this is said twice without being copied ("Thanks, will do").
_COPY_LENGTH = 40


def relate(records: Sequence[Record]) -> list[Record]:
    """Return the records with `thread_id`, `dup_of` and the spans that a parent decides.

    Args:
        records: All records of a run; the order says which copy is kept: the first.
    """
    first = _first_by_id(records)
    parents = _parents(records, first)
    roots = _roots(parents)
    out = list(records)
    for i, record in enumerate(records):
        changes: dict[str, object] = {}
        if record.message_id:
            root = roots.get((record.source_kind, record.message_id), record.message_id)
            changes["thread_id"] = f"{record.source_kind}:{hashlib.sha256(root.encode()).hexdigest()[:32]}"
        parent = parents.get((record.source_kind, record.message_id)) if record.message_id else None
        if parent is not None and (at := first.get(parent)) is not None and at != i:
            spans = reclaim(record.text, record.spans, _lines(records[at]), record.author_key)
            if spans != record.spans:
                changes["spans"] = spans
        if changes:
            out[i] = replace(record, **changes)  # type: ignore[arg-type]
    return _mark_copies(out)


_Id = tuple[str, str]


def _first_by_id(records: Iterable[Record]) -> dict[_Id, int]:
    first: dict[_Id, int] = {}
    for i, record in enumerate(records):
        if record.message_id:
            first.setdefault((record.source_kind, record.message_id), i)
    return first


def _parents(records: Sequence[Record], first: dict[_Id, int]) -> dict[_Id, _Id]:
    """Link every id to its parent: first the records' own words, then what reference chains say about the missing.

    After the threading algorithm of Jamie Zawinski: an id that nobody holds still joins its neighbours, and a link
    that would close a circle is not made.
    """
    parents: dict[_Id, _Id] = {}
    for (kind, ident), i in first.items():
        if records[i].references:
            _link(parents, (kind, ident), (kind, records[i].references[-1]))
    for record in records:
        chain = record.references
        for older, newer in pairwise(chain):
            if (record.source_kind, newer) not in parents:
                _link(parents, (record.source_kind, newer), (record.source_kind, older))
    return parents


def _link(parents: dict[_Id, _Id], child: _Id, parent: _Id) -> None:
    seen = parent
    steps = 0
    while seen != child:
        following = parents.get(seen)
        if following is None:
            parents[child] = parent
            return
        seen = following
        steps += 1
        if steps > 10_000:
            return


def _roots(parents: dict[_Id, _Id]) -> dict[_Id, str]:
    roots: dict[_Id, str] = {}
    for start in parents:
        path = [start]
        while path[-1] in parents and path[-1] not in roots:
            path.append(parents[path[-1]])
        root = roots.get(path[-1], path[-1][1])
        for ident in path:
            roots[ident] = root
    return roots


def _lines(record: Record) -> frozenset[str]:
    return frozenset(c for line in record.text.split("\n") if (c := comparable(line)))


def _mark_copies(records: list[Record]) -> list[Record]:
    """Mark every copy with the locator of the one that is kept: same id, or the same longer words of one author."""
    by_id: dict[_Id, str] = {}
    by_words: dict[tuple[str, bytes], str] = {}
    out = records
    for i, record in enumerate(out):
        kept = by_id.get((record.source_kind, record.message_id)) if record.message_id else None
        own = " ".join(record.own_text().split())
        words = (record.author_key, hashlib.sha256(own.encode()).digest()) if len(own) >= _COPY_LENGTH else None
        if kept is None and words is not None:
            kept = by_words.get(words)
        if kept is not None:
            out[i] = replace(record, dup_of=kept)
        keep = kept or record.locator
        if record.message_id:
            by_id.setdefault((record.source_kind, record.message_id), keep)
        if words is not None:
            by_words.setdefault(words, keep)
    return out
