"""From records to facts: who wrote it, where, when in their own day, what it touches; no text leaves this module."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import pandas as pd

    from extract.identity import Identities
    from extract.records import TextSpan

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


def _own_chars(spans: Sequence[TextSpan], text: str) -> tuple[int, int, int]:
    own = foreign = unknown = 0
    for span in spans:
        size = len(text[span.start : span.end].strip())
        if span.kind == "own":
            own += size
        elif span.kind == "unknown":
            unknown += size
        else:
            foreign += size
    return own, foreign, unknown


def _local(sent_at: datetime, offset: int | None, zone: ZoneInfo | None) -> datetime | None:
    """Return the moment in the subject's own day.

    A stated offset counts, but `+0000` may as well be a server's: there the people file's zone comes first.
    """
    if offset:
        return sent_at.astimezone(timezone(timedelta(minutes=offset)))
    return sent_at.astimezone(zone) if zone is not None else None


def _source(row: Any, subject_keys: frozenset[str], people: Identities) -> str | None:
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


def compute(frame: pd.DataFrame, people: Identities, subject: str) -> pd.DataFrame:
    """Return the facts about each record, in the columns of `consent.facts.FACTS`, indexed as `frame`.

    Args:
        frame: Records, see `extract.records.COLUMNS`.
        people: The people file.
        subject: Pseudonymous id of the data subject.
    """
    import pandas as pd

    from consent.facts import FACTS

    person = people.person(subject)
    zone = ZoneInfo(person.timezone) if person.timezone else None
    keys = frozenset(person.keys)
    row_of = {locator: i for i, locator in enumerate(frame["locator"])}

    rows: list[dict[str, Any]] = []
    record_rows: Iterable[Any] = frame.itertuples(index=False)
    for i, row in enumerate(record_rows):
        own, foreign, unknown = _own_chars(row.spans, row.text)
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
                "source": _source(row, keys, people),
                "container_kind": None if row.container_kind == "unknown" else row.container_kind,
                "places": tuple(sorted(p.lower() for p in places if p)),
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
                "duplicate_of": row_of.get(row.dup_of, i) if row.dup_of else i,
            }
        )
    columns = {f.name: pd.Series([r[f.name] for r in rows], dtype=f.dtype, index=frame.index) for f in FACTS}
    return pd.DataFrame(columns, index=frame.index)
