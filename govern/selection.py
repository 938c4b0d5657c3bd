"""Which records of an earlier run may stay: those that it held, whose salt is there, in no vetoed conversation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attest.disposition import Dispositions
    from extract.identity import Identities
    from extract.records import Record
    from extract.vetoes import Vetoes

#: Where a record is looked for among those of the earlier run: sources keep their order, but may have lost some.
WINDOW = 4096


def still_there(records: Sequence[Record], tree: Dispositions, salts: Sequence[bytes | None]) -> list[Record]:
    """Return the records that the earlier run held and whose salt was not destroyed, in their order.

    Only these: what has come since was never part of it, and what opens under no salt was erased.

    Args:
        records: What the sources hold now.
        tree: What the earlier run held.
        salts: The salts of that run, None where one was destroyed.
    """
    from attest.disposition import commitment

    places: dict[str, list[int]] = defaultdict(list)
    for i, leaf in enumerate(tree.leaves):
        places[leaf.kind].append(i)
    at: dict[str, int] = defaultdict(int)
    stay = []
    for record in records:
        kind, value = record.source_kind, bytes.fromhex(record.raw_digest)
        first = at[kind]
        for place in range(first, min(first + WINDOW, len(places[kind]))):
            i = places[kind][place]
            salt = salts[i]
            if salt is not None and commitment(salt, "source", value) == tree.leaves[i].source:
                at[kind] = place + 1
                stay.append(record)
                break
    return stay


def without_threads(records: list[Record], vetoes: Vetoes, people: Identities) -> list[Record]:
    """Return the records without every conversation in which somebody took part who vetoed."""
    from extract.threads import Relator, head_of

    relator = Relator()
    for record in records:
        relator.add(head_of(record))
    threads = relator.finish().threads
    rows = [(t, (r.author_key, *r.recipients)) for t, r in zip(threads, records, strict=True)]
    gone = vetoes.threads(rows, people)
    return [record for thread, record in zip(threads, records, strict=True) if thread not in gone]
