"""Evaluators of the record gates, over all rows of the frame of facts at once."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from re import Pattern
from typing import TYPE_CHECKING

from consent.fact_frame import FactFrame
from consent.gates.registry import RECORD, RecordContext, Rows, register
from policies.places import fold, matcher

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from policies.gates.record import (
        EmotionParams,
        ExternalPartyParams,
        LabelParams,
        LookbackParams,
        ParticipantVetoParams,
        PrivateConversationParams,
        SourceParams,
        SpecialCategoryParams,
        ThirdPartyParams,
        VolumeParams,
        WorkingTimeParams,
    )

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

    # One extra row and column stay closed: that is where values outside the calendar are sent.
    closed = np.ones((8, _MINUTES + 1), dtype=bool)
    for day, windows in enumerate(params.week.minutes()):
        for start, stop in windows:
            closed[day, start:stop] = False
    # Without a sign a negative number is a large one, and so it is outside the calendar too.
    minute = np.minimum(frame.integers("local_minute").view(np.uint64), np.uint64(_MINUTES))
    weekday = np.minimum(frame.integers("local_weekday").view(np.uint64), np.uint64(7))
    place = weekday * np.uint64(_MINUTES + 1) + minute
    known = {name: frame.known(name) for name in ("local_minute", "local_weekday", "absence")}
    deny = closed.reshape(-1)[place.view(np.int64)] & known["local_minute"] & known["local_weekday"]
    return Rows(deny | frame.true("absence"), {name: ~mask for name, mask in known.items()})


@register(RECORD, "record.lookback")
def lookback(params: LookbackParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny what is too old, what comes from the future, and what is older than the notice where the policy says so."""
    now, record = context.request.now, context.choice.record
    known, sent = frame.known("sent_at"), frame.moments("sent_at")
    earliest = frame.moment(params.max.before(now))
    if params.before_notice == "deny":
        if record is None:
            return Rows(frame.all_rows(True), {"sent_at": ~known})
        earliest = max(earliest, frame.moment(record.told))
    return Rows(known & ((sent < earliest) | (sent > frame.moment(now))), {"sent_at": ~known})


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


@register(RECORD, "record.emotion")
def emotion(params: EmotionParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny what is left with no words once the sentences about feelings are cut out."""
    known = {name: frame.known(name) for name in ("own_chars", "emotion_chars")}
    own, feelings = frame.integers("own_chars"), frame.integers("emotion_chars")
    # A record without any words of the subject's own is record.third_party's to deny.
    nothing_left = (feelings != 0) & ((feelings < 0) | (own - feelings < 1))
    return Rows(
        nothing_left & known["own_chars"] & known["emotion_chars"], {name: ~mask for name, mask in known.items()}
    )


@register(RECORD, "record.participant_veto")
def participant_veto(params: ParticipantVetoParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny what belongs to a conversation of which anybody who took part vetoed the use."""
    return Rows(frame.true("vetoed"), {"vetoed": ~frame.known("vetoed")})


@register(RECORD, "record.label")
def label(params: LabelParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny what is marked with a word of the list."""
    marks = frozenset(params.deny)
    return Rows(
        frame.tuples("markings", lambda found: not marks.isdisjoint(found)), {"markings": ~frame.known("markings")}
    )


@register(RECORD, "record.external_party")
def external_party(params: ExternalPartyParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny what involves a minor and, where the policy says so, what involves anybody outside the organisation."""
    missing = {name: ~frame.known(name) for name in ("external", "minor")}
    deny = frame.true("minor")
    return Rows(deny | frame.true("external") if params.customers == "drop_record" else deny, missing)


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
        order = np.argpartition(lots(context.seed, rows), params.max) if params.max else np.arange(len(rows))
        deny[rows[order[params.max :]]] = True
    return Rows(deny, {})


def lots(seed: int, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the lot of each row; the smallest are drawn.

    Anyone can redo the draw: the first eight bytes of SHA-256 of `draw:SEED`, read as a big-endian number, plus (row
    plus 1) times 0x9E3779B97F4A7C15 modulo 2**64, go through the mixing steps of SplitMix64. Every step can be undone,
    so no two rows have the same lot.
    """
    import numpy as np

    start = int.from_bytes(hashlib.sha256(f"draw:{seed}".encode()).digest()[:8], "big")
    z = (rows.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(start)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
