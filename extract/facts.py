"""From records to facts: who wrote it, where, when in their own day, what it touches; no text leaves this module."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from extract import emotion, lexicon, markings
from extract.records import FLAG_EXTERNAL

if TYPE_CHECKING:
    import pandas as pd

    from consent.facts import Fact
    from extract.identity import Identities
    from extract.records import Record, TextSpan
    from extract.vetoes import Vetoes

CHAT_SOURCES = {
    "public": "chat.public_channel",
    "private": "chat.private_channel",
    "dm": "chat.direct",
    "group_dm": "chat.direct",
}


@cache
def _topic_patterns() -> tuple[re.Pattern[str], tuple[tuple[str, re.Pattern[str]], ...]]:
    """Return the pattern of harmless idioms, and one pattern per topic."""
    from ruamel.yaml import YAML

    text = resources.files("extract").joinpath("data/special_category.yaml").read_text("utf-8")
    lists = YAML(typ="safe", pure=True).load(text)
    return _words(lists["harmless"]), tuple((name, _words(words)) for name, words in sorted(lists["topics"].items()))


def _words(words: Sequence[str]) -> re.Pattern[str]:
    parts = (re.escape(w.removesuffix("*")) + (r"\w*" if w.endswith("*") else r"\b") for w in words)
    return re.compile(r"\b(?:" + "|".join(parts) + ")", re.IGNORECASE)


def special_categories(text: str) -> tuple[str, ...]:
    """Return the GDPR art. 9 topics that a text touches, sorted."""
    # Typographic apostrophes and line breaks inside a phrase must not hide it.
    plain = re.sub(r"\s+", " ", text.replace("\u2019", "'"))
    harmless, topics = _topic_patterns()
    plain = harmless.sub(" ... ", plain)
    return tuple(name for name, pattern in topics if pattern.search(plain))


@cache
def _minors() -> re.Pattern[str]:
    return lexicon.words(lexicon.load("markings")["minor"])


def _chars(spans: Sequence[TextSpan], text: str) -> tuple[int, int, int, int]:
    """Return characters of the author's own words, of others', of nobody knows whom; and of own words on feelings."""
    own = foreign = unknown = feelings = 0
    for span in spans:
        part = text[span.start : span.end].strip()
        size = len(part)
        if span.kind == "own":
            own += size
            feelings += emotion.measure(part)
        elif span.kind == "unknown":
            unknown += size
        else:
            foreign += size
    return own, foreign, unknown, feelings


def _local(sent_at: datetime, offset: int | None, zone: ZoneInfo | None) -> datetime | None:
    """Return the moment in the subject's own day.

    A stated offset counts, but `+0000` may as well be a server's: there the people file's zone comes first.
    """
    if offset:
        return sent_at.astimezone(timezone(timedelta(minutes=offset)))
    return sent_at.astimezone(zone) if zone is not None else None


def source_of(row: Record | Any, subject_keys: frozenset[str], people: Identities) -> str | None:
    """Return which source a record is from, as policies and consents name it; None where that is not known.

    Args:
        row: A record, or a row of the record frame.
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


def _external(row: Any, people: Identities) -> bool | None:
    """Return whether somebody took part who is neither in the people file nor at a work domain."""
    if FLAG_EXTERNAL in row.labels:
        return True
    for key in (row.author_key, *row.recipients):
        at_work = key.startswith("mailto:") and key.rpartition("@")[2] in people.work_domains
        if key and not at_work and people.resolve(key) is None:
            return True
    return False if row.author_key else None


def _minor(row: Any, people: Identities) -> bool:
    """Return whether a minor took part by the people file, or the text speaks of one."""
    for pid in {people.resolve(key) for key in (row.author_key, *row.recipients) if key} - {None}:
        person = people.by_pid(str(pid))
        if person is not None and person.minor:
            return True
    return _minors().search(lexicon.plain(f"{row.title}\n{row.text}")) is not None


def compute(frame: pd.DataFrame, people: Identities, subject: str, vetoes: Vetoes | None = None) -> pd.DataFrame:
    """Return the facts about each record, in the columns of `consent.facts.FACTS`, indexed as `frame`.

    Args:
        frame: Records, see `extract.records.COLUMNS`.
        people: The people file.
        subject: Pseudonymous id of the data subject.
        vetoes: Who vetoed; None where that is not known, and then every record is left out.
    """
    import pandas as pd

    from consent.facts import FACTS

    person = people.person(subject)
    zone = ZoneInfo(person.timezone) if person.timezone else None
    keys = frozenset(person.keys)
    row_of = {locator: i for i, locator in enumerate(frame["locator"])}
    vetoed: frozenset[str] | None = None
    if vetoes is not None:
        parts = zip(frame["thread_id"], frame["author_key"], frame["recipients"], strict=True)
        vetoed = vetoes.threads(((thread, (author, *others)) for thread, author, others in parts), people)

    rows: list[dict[str, Any]] = []
    record_rows: Iterable[Any] = frame.itertuples(index=False)
    for i, row in enumerate(record_rows):
        own, foreign, unknown, feelings = _chars(row.spans, row.text)
        author = people.resolve(row.author_key) if row.author_key else None
        known = bool(row.author_key) and row.author_basis != "unknown"
        offset = None if pd.isna(row.tz_offset_min) else int(row.tz_offset_min)
        local = None if pd.isna(row.sent_at) else _local(row.sent_at.to_pydatetime(), offset, zone)
        places = {row.container, *row.labels}
        places.update(
            k.removeprefix("mailto:").partition("@")[0]
            for k in row.recipients
            if k.startswith("mailto:") and people.resolve(k) is None
        )
        rows.append(
            {
                "source": source_of(row, keys, people),
                "container_kind": None if row.container_kind == "unknown" else row.container_kind,
                "places": tuple(sorted(_word(p) for p in places if p)),
                "participants": len({row.author_key, *row.recipients} - {""}),
                "author": None if not known else ("subject" if author == subject else "other"),
                "own_chars": own,
                "foreign_chars": foreign,
                "unknown_chars": unknown,
                "sent_at": None if pd.isna(row.sent_at) else row.sent_at,
                "local_minute": None if local is None else local.hour * 60 + local.minute,
                "local_weekday": None if local is None else local.weekday(),
                "local_date": None if local is None else local.date().isoformat(),
                "absence": None if local is None else any(a.start <= local.date() <= a.end for a in person.absences),
                "special_category": special_categories(f"{row.title}\n{row.text}"),
                "markings": markings.found((row.container, *row.labels), row.title, row.text),
                "external": _external(row, people),
                "minor": _minor(row, people),
                "emotion_chars": feelings,
                "vetoed": None if vetoed is None else row.thread_id in vetoed,
                "duplicate_of": row_of.get(row.dup_of, i) if row.dup_of else i,
            }
        )
    columns = {fact.name: column(fact, [row[fact.name] for row in rows], frame.index) for fact in FACTS}
    return pd.DataFrame(columns, index=frame.index)


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
