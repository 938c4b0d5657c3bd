"""From records to facts: who wrote it, where, when in their own day, what it touches; no text leaves this module."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from extract.records import FLAG_EXTERNAL

if TYPE_CHECKING:
    import pandas as pd

    from consent.facts import Fact
    from extract.identity import Identities
    from extract.marks import Marks
    from extract.records import Record
    from extract.vetoes import Vetoes

CHAT_SOURCES = {
    "public": "chat.public_channel",
    "private": "chat.private_channel",
    "dm": "chat.direct",
    "group_dm": "chat.direct",
}


def _local(sent_at: datetime, offset: int | None, zone: ZoneInfo | None) -> datetime | None:
    """Return the moment in the subject's own day.

    A stated offset counts, but `+0000` may as well be a server's: there the people file's zone comes first.
    """
    if offset:
        return sent_at.astimezone(timezone(timedelta(minutes=offset)))
    return sent_at.astimezone(zone) if zone is not None else None


def source_of(row: Record, subject_keys: frozenset[str], people: Identities) -> str | None:
    """Return which source a record is from, as policies and consents name it; None where that is not known.

    Args:
        row: The record.
        subject_keys: All person keys of the data subject.
        people: The people file.
    """
    if row.source_kind == "commit":
        return "vcs.commit"
    if row.source_kind == "document":
        return "document.file"
    if row.source_kind == "chat":
        return CHAT_SOURCES.get(row.container_kind)
    addresses = [k for k in (row.author_key, *row.recipients) if k.startswith("mailto:")]
    mine = [k for k in addresses if k in subject_keys]
    # A mail on which one private account of the subject stands is a private mail, whoever else is on it.
    decisive = mine or addresses
    if not decisive:
        return None
    at_work = [k.rpartition("@")[2] in people.work_domains for k in decisive]
    return "mail.work" if (all(at_work) if mine else any(at_work)) else "mail.personal"


def _word(place: str) -> str:
    # A folder's name may be no text; what gates decide over must be what can be kept and decided over again.
    return place.lower().encode("utf-8", "replace").decode()


def _external(row: Record, people: Identities) -> bool | None:
    """Return whether somebody took part who is neither in the people file nor at a work domain."""
    if FLAG_EXTERNAL in row.labels:
        return True
    for key in (row.author_key, *row.recipients):
        at_work = key.startswith("mailto:") and key.rpartition("@")[2] in people.work_domains
        if key and not at_work and people.resolve(key) is None:
            return True
    return False if row.author_key else None


def _minor(row: Record, people: Identities) -> bool:
    """Return whether somebody took part who is a minor by the people file."""
    for pid in {people.resolve(key) for key in (row.author_key, *row.recipients) if key} - {None}:
        person = people.by_pid(str(pid))
        if person is not None and person.minor:
            return True
    return False


def compute(
    records: Iterable[tuple[Record, Marks]], people: Identities, subject: str, vetoes: Vetoes | None = None
) -> pd.DataFrame:
    """Return the facts about each record, in the columns of `consent.facts.FACTS`, indexed 0..n-1.

    Args:
        records: The records and what their texts say to the gates; gone through twice.
        people: The people file.
        subject: Pseudonymous id of the data subject.
        vetoes: Who vetoed; None where that is not known, and then every record is left out.
    """
    import pandas as pd

    from consent.facts import FACTS

    person = people.person(subject)
    zone = ZoneInfo(person.timezone) if person.timezone else None
    keys = frozenset(person.keys)
    row_of: dict[str, int] = {}
    for i, (record, _) in enumerate(records):
        row_of[record.locator] = i
    vetoed: frozenset[str] | None = None
    if vetoes is not None:
        vetoed = vetoes.threads(((r.thread_id, (r.author_key, *r.recipients)) for r, _ in records), people)

    # Column by column, each value once: a dictionary for each record would take more room than the records.
    values: dict[str, list[Any]] = {fact.name: [] for fact in FACTS}
    same: dict[Hashable, Hashable] = {}
    for i, (row, found) in enumerate(records):
        author = people.resolve(row.author_key) if row.author_key else None
        known = bool(row.author_key) and row.author_basis != "unknown"
        local = None if row.sent_at is None else _local(row.sent_at, row.tz_offset_min, zone)
        places = {row.container, *row.labels}
        places.update(
            k.removeprefix("mailto:").partition("@")[0]
            for k in row.recipients
            if k.startswith("mailto:") and people.resolve(k) is None
        )
        facts: dict[str, Any] = {
            "source": source_of(row, keys, people),
            "container_kind": None if row.container_kind == "unknown" else row.container_kind,
            "places": tuple(sorted(_word(p) for p in places if p)),
            "participants": len({row.author_key, *row.recipients} - {""}),
            "author": None if not known else ("subject" if author == subject else "other"),
            "own_chars": found.sizes.own,
            "foreign_chars": found.sizes.foreign,
            "unknown_chars": found.sizes.unknown,
            "sent_at": row.sent_at,
            "local_minute": None if local is None else local.hour * 60 + local.minute,
            "local_weekday": None if local is None else local.weekday(),
            "local_date": None if local is None else local.date().isoformat(),
            "absence": None if local is None else any(a.start <= local.date() <= a.end for a in person.absences),
            "special_category": found.special,
            "markings": found.markings,
            "external": _external(row, people),
            "minor": found.minor or _minor(row, people),
            "emotion_chars": found.sizes.feelings,
            "vetoed": None if vetoed is None else row.thread_id in vetoed,
            "duplicate_of": row_of.get(row.dup_of, i) if row.dup_of else i,
        }
        for name, value in facts.items():
            values[name].append(same.setdefault(value, value) if isinstance(value, (str, tuple)) else value)
    index = pd.RangeIndex(len(values["source"]))
    return pd.DataFrame({fact.name: column(fact, values[fact.name], index) for fact in FACTS}, index=index)


def column(fact: Fact, values: Sequence[Any], index: pd.Index[Any]) -> pd.Series[Any]:
    """Return one column of the frame of facts.

    Words and tuples of words are categories: gates then judge each that occurs once, however many rows have it.
    """
    import numpy as np
    import pandas as pd

    if fact.dtype not in ("str", "object"):
        return pd.Series(values, dtype=fact.dtype, index=index)
    codes: dict[Hashable, int] = {}
    for value in values:
        if value is not None:
            codes.setdefault(value, len(codes))
    # Without the array of objects pandas would take tuples for a table.
    kinds = np.empty(len(codes), dtype=object)
    kinds[:] = list(codes)
    found = pd.Categorical.from_codes(
        [-1 if value is None else codes[value] for value in values], pd.Index(kinds, dtype=object, tupleize_cols=False)
    )
    return pd.Series(found, index=index)
