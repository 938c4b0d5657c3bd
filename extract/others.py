"""Keeps back claims that carry a run of words of somebody who is not their subject, or of a record that was not taken.

Only the claims' own runs are held in memory; the records are gone through once, part by part. Words are compared
without case, accents and punctuation; a token of the redactor ends a run, since a record has a name in that place. Of
two people with the same run of words it is the earlier one's: a colleague who copies a sentence does not take it away.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from redact.folding import plain
from redact.pseudonyms import TOKEN

if TYPE_CHECKING:
    from extract.gating import Gated
    from extract.identity import Identities

#: So many words in a row are no accident.
RUN = 8

# Scripts without spaces: each character counts as a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
#: What programs wrote is nobody's words.
_NOBODYS = "log"


def runs(text: str, starts: Container[str] | None = None) -> Iterator[tuple[str, ...]]:
    """Return every run of `RUN` words of a text.

    Args:
        text: The text.
        starts: Return only those that begin with one of these words.
    """
    for stretch in TOKEN.split(text):
        words = _WORD.findall(plain(stretch.replace("'", "").replace("’", "")))
        for at in range(len(words) - RUN + 1):
            if starts is None or words[at] in starts:
                yield tuple(words[at : at + RUN])


def carried(claims: Mapping[str, str], gated: Gated, people: Identities, subject: str) -> set[str]:
    """Return the ids of the claims that carry a run of words which is not the subject's to give.

    Args:
        claims: All words of each claim by its id.
        gated: All records, after redaction left out what it could not clean.
        people: The people file.
        subject: Pseudonymous id of the subject.
    """
    of: dict[tuple[str, ...], set[str]] = {}
    for name, text in claims.items():
        for run in runs(text):
            of.setdefault(run, set()).add(name)
    if not of:
        return set()
    starts = {run[0] for run in of}
    taken = set(gated.taken)
    # First time at which the subject wrote a run in a record that was taken.
    own: dict[tuple[str, ...], datetime | None] = {}
    # Times at which others wrote it, or a record that was not taken has it; None for the subject's own of those.
    others: dict[tuple[str, ...], list[tuple[bool, datetime | None]]] = {}
    for row, record in enumerate(gated.read.records):
        is_subject = bool(record.author_key) and people.resolve(record.author_key) == subject
        for span in record.spans:
            if span.kind == _NOBODYS:
                continue
            mine = is_subject and span.kind == "own"
            for run in {r for r in runs(record.text[span.start : span.end], starts) if r in of}:
                if mine and row in taken:
                    own[run] = _earlier(own[run], record.sent_at) if run in own else record.sent_at
                else:
                    others.setdefault(run, []).append((mine, record.sent_at))
    held: set[str] = set()
    for run, found in others.items():
        for mine, at in found:
            first = own.get(run)
            # The subject's own record that was left out, a copy for instance, may say what a taken one says.
            if run in own if mine else first is not None and at is not None and first < at:
                continue
            held |= of[run]
            break
    return held


def _earlier(a: datetime | None, b: datetime | None) -> datetime | None:
    return None if a is None or b is None else min(a, b)
