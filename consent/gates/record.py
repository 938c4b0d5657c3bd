"""Evaluators of the record gates, over all rows of the frame of facts at once."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from re import Pattern

from consent.fact_frame import FactFrame
from consent.gates.registry import RECORD, RecordContext, Rows, register
from policies.gates.record import (
    LookbackParams,
    PrivateConversationParams,
    SourceParams,
    SpecialCategoryParams,
    ThirdPartyParams,
    VolumeParams,
    WorkingTimeParams,
)
from policies.places import fold, matcher

_MINUTES = 24 * 60


@register(RECORD, "record.source")
def source(params: SourceParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny sources that are not allowed by name."""
    known = frame.known("source")
    allowed = frame.is_in("source", set(params.allow) - set(params.deny))
    return Rows(known & ~allowed, {"source": ~known})


@register(RECORD, "record.private_conversation")
def private_conversation(params: PrivateConversationParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny private kinds of place, and places whose name holds a protected word."""
    pattern = _pattern(params.words)
    kinds, places = frame.known("container_kind"), frame.known("places")
    named = frame.tuples("places", lambda words: any(pattern.search(fold(word)) for word in words))
    return Rows(frame.is_in("container_kind", params.kinds) | named, {"container_kind": ~kinds, "places": ~places})


@lru_cache(maxsize=8)
def _pattern(words: tuple[str, ...]) -> Pattern[str]:
    return matcher(words)


@register(RECORD, "record.working_time")
def working_time(params: WorkingTimeParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny what was written outside working time or on a day of absence."""
    import numpy as np

    # One extra row and column stay False: that is where values outside the calendar are sent.
    table = np.zeros((8, _MINUTES + 1), dtype=bool)
    for day, windows in enumerate(params.week.minutes()):
        for start, stop in windows:
            table[day, start:stop] = True
    minute, weekday = frame.integers("local_minute"), frame.integers("local_weekday")
    minute = np.where((minute >= 0) & (minute < _MINUTES), minute, _MINUTES)
    weekday = np.where((weekday >= 0) & (weekday < 7), weekday, 7)
    known = {name: frame.known(name) for name in ("local_minute", "local_weekday", "absence")}
    timed = known["local_minute"] & known["local_weekday"]
    deny = (timed & ~table[weekday, minute]) | frame.true("absence")
    return Rows(deny, {name: ~mask for name, mask in known.items()})


@register(RECORD, "record.lookback")
def lookback(params: LookbackParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny what is too old, what comes from the future, and what is older than the notice where the policy says so."""
    now, record = context.request.now, context.choice.record
    known, sent = frame.known("sent_at"), frame.moments("sent_at")
    deny = (sent < frame.moment(params.max.before(now))) | (sent > frame.moment(now))
    if params.before_notice == "deny":
        if record is None:
            return Rows(frame.all_rows(True), {"sent_at": ~known})
        deny |= sent < frame.moment(record.told)
    return Rows(known & deny, {"sent_at": ~known})


@register(RECORD, "record.third_party")
def third_party(params: ThirdPartyParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny what somebody else wrote, and what holds no words of the subject's own."""
    author, own = frame.known("author"), frame.known("own_chars")
    foreign = author & ~frame.is_in("author", (params.author,))
    empty = own & (frame.integers("own_chars") < params.min_own_chars)
    return Rows(foreign | empty, {"author": ~author, "own_chars": ~own})


@register(RECORD, "record.special_category")
def special_category(params: SpecialCategoryParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny any record that touches a topic of GDPR art. 9."""
    known = frame.known("special_category")
    return Rows(frame.tuples("special_category", lambda topics: bool(topics)), {"special_category": ~known})


@register(RECORD, "record.volume")
def volume(params: VolumeParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny the candidates that the draw does not reach.

    The draw must not depend on what the policy's other gates decide: otherwise a stricter policy would free places for
    records that a looser one leaves out, and strictness would no longer mean less.
    """
    import numpy as np

    if context.candidates is None:
        raise ValueError("the draw has no candidates")
    deny = frame.all_rows(False)
    rows = np.flatnonzero(context.candidates)
    if len(rows) > params.max:
        drawn = sorted(rows.tolist(), key=lambda row: lot(context.seed, row))
        deny[drawn[params.max :]] = True
    return Rows(deny, {})


def lot(seed: int, row: int) -> bytes:
    """Return a row's lot; the smallest are drawn. Anyone can redo the draw with the logged seed and SHA-256."""
    return hashlib.sha256(f"{seed}:{row}".encode()).digest()
