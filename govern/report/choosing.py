"""Which entries of a log go into a report: whole runs first, newest first, as many as a file of bounded size holds."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

RUN = (
    "source.manifest",
    "extraction.gated",
    "extraction.redacted",
    "extraction.distilled",
    "extraction.sealed",
    "skill.reviewed",
    "skill.released",
    "skill.superseded",
    "skill.revoked",
    "skill.tombstoned",
)
#: Who refused, deferred or objected looks here like one who never answered, as in the report to HR.
CONSENT = tuple(f"consent.{kind}" for kind in ("given", "renewed", "withdrawn", "revoked", "expired", "invalidated"))
KEY = ("key.enrolled", "key.rotated", "passkey.enrolled")

ROOM = 460_000
"""Bytes of the page that entries, proofs and their lines in its tables may take together."""
_FOR_RUNS = 320_000
_LINE = 420
"""About what an entry takes in the tables of the page."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which entries are shown.

    Attributes:
        indexes: Ascending.
        types: Number of entries of each type in the whole log.
        runs: Number of sealed runs in the whole log, or of the one that was asked for.
        runs_shown: How many of them are shown.
        consents: Number of entries about consent that would be shown if there were room.
        consents_shown: How many of them are.
    """

    indexes: tuple[int, ...]
    types: Mapping[str, int]
    runs: int
    runs_shown: int
    consents: int
    consents_shown: int


@dataclass(slots=True)
class _Found:
    lengths: dict[int, int] = field(default_factory=dict)
    runs: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    consents: list[tuple[int, str]] = field(default_factory=list)
    keys: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    types: Counter[str] = field(default_factory=Counter)


def cost(length: int, path: int) -> int:
    """Return about how many bytes of the page an entry takes.

    Args:
        length: Of the entry.
        path: Number of hashes in its proof.
    """
    return length * 4 // 3 + 47 * path + _LINE


def choose(
    entries: Iterable[tuple[int, bytes]],
    size: int,
    extraction_id: str | None = None,
    pid: str | None = None,
    *,
    room: int = ROOM,
) -> Choice:
    """Return which entries to show.

    Args:
        entries: All entries of the log, in order.
        size: How many the checkpoint covers.
        extraction_id: Show this run only.
        pid: Show the consents of this person only.
        room: Bytes of the page that they may take.
    """
    found = _read(entries, extraction_id, pid)
    path = max(size - 1, 0).bit_length()
    left = room
    chosen: set[int] = set()

    def take(indexes: Iterable[int], keep: int) -> bool:
        nonlocal left
        new = {i for i in indexes if i not in chosen}
        needed = sum(cost(found.lengths[i], path) for i in new)
        if left - needed < keep:
            return False
        left -= needed
        chosen.update(new)
        return True

    take([i for i in (0,) if i in found.lengths], 0)
    sealed = sorted((run for run in found.runs.values() if "extraction.sealed" in run), key=lambda r: -max(r.values()))
    runs = 0
    for run in sealed:
        if not take(run.values(), room - _FOR_RUNS if room > _FOR_RUNS else 0):
            break
        runs += 1
    consents = 0
    for index, who in reversed(found.consents):
        # A consent without the keys of its person could not be checked.
        if not take([index, *found.keys.get(who, ())], 0):
            break
        consents += 1
    return Choice(
        tuple(sorted(chosen)), dict(sorted(found.types.items())), len(sealed), runs, len(found.consents), consents
    )


def _read(entries: Iterable[tuple[int, bytes]], extraction_id: str | None, pid: str | None) -> _Found:
    found = _Found()
    for index, data in entries:
        entry: dict[str, Any] = json.loads(data)
        kind, body = entry["type"], entry["body"]
        found.types[kind] += 1
        about = body.get("extraction_id")
        who = str(body.get("pid"))
        if kind in RUN and extraction_id in (None, about) and not body.get("dry_run"):
            # Of several reviews or releases of one run the last one counts.
            found.runs[str(about)][kind] = index
        elif kind in CONSENT and pid in (None, who):
            found.consents.append((index, who))
        elif kind in KEY and pid in (None, who):
            found.keys[who].append(index)
        elif index != 0:
            continue
        found.lengths[index] = len(data)
    return found
