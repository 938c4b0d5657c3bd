"""Situations of records, texts, claims and skills in which two settings of a gate may answer differently."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from attest.encoding import to_time
from consent.situations import NOW, SECOND, Pair, Situation, choice, notice
from consent.situations_of_runs import Situations, counted, shown

OF_MATERIAL: dict[str, Situations] = {}

MOST_ROWS = 5_000_000
"""Largest draw that is made for an example."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _of(gate: str) -> Callable[[Situations], Situations]:
    def add(function: Situations) -> Situations:
        OF_MATERIAL[gate] = function
        return function

    return add


@_of("record.source")
def _source(pair: Pair) -> Iterator[Situation]:
    for name in dict.fromkeys((*pair.names("allow"), *pair.names("deny"))):
        yield Situation("record", f"from {name}", {"source": name}, material={"source": name})


@_of("record.private_conversation")
def _private_conversation(pair: Pair) -> Iterator[Situation]:
    for kind in pair.different("kinds"):
        material = {"container_kind": kind, "places": ()}
        yield Situation("record", f"from a place of the kind {kind}", {"container_kind": kind}, material=material)
    for word in pair.different("words"):
        for place in (word.replace("*", ""), word.replace("*", "s")):
            material = {"container_kind": "mailbox", "places": (place,)}
            yield Situation("record", f"from a place named {place}", {"places": [place]}, material=material)


@_of("record.working_time")
def _working_time(pair: Pair) -> Iterator[Situation]:
    for weekday in range(7):
        edges = {edge for week in pair.values("week") for window in week.minutes()[weekday] for edge in window}
        # Noon stands for a day without any window.
        for minute in sorted({m for edge in edges or {720} for m in (edge - 1, edge) if 0 <= m < 1440} | {0, 1439}):
            facts = {"local_weekday": weekday, "local_minute": minute}
            time = f"{minute // 60:02d}:{minute % 60:02d}"
            words = f"written on a {_DAYS[weekday]} at {time}"
            yield Situation("record", words, facts, material={**facts, "absence": False})


@_of("record.lookback")
def _lookback(pair: Pair) -> Iterator[Situation]:
    def written(sent: datetime, now: datetime, told: datetime | None = None) -> Situation:
        since = f", after a notice of {shown(told)}" if told else ""
        return Situation(
            "record",
            f"written at {shown(sent)} and read at {shown(now)}{since}",
            {"sent_at": to_time(sent), "now": to_time(now)} | ({"notice": to_time(told)} if told else {}),
            now,
            # Told long ago, unless the notice is what it is about.
            consent={"notice": notice(told or datetime(1990, 1, 1, tzinfo=now.tzinfo))},
            material={"sent_at": sent},
        )

    for sent, now in pair.ends("max", back=True):
        if sent <= now:
            yield written(sent, now)
    for limit in pair.values("max"):
        if limit.before(NOW) < NOW - 2 * SECOND:
            yield written(NOW - 2 * SECOND, NOW, NOW - SECOND)


@_of("record.third_party")
def _third_party(pair: Pair) -> Iterator[Situation]:
    for count in pair.near("min_own_chars"):
        material = {"author": "subject", "own_chars": count}
        yield Situation(
            "record",
            f"with {counted(count, 'character', 'characters')} of own words",
            {"own_chars": count},
            material=material,
        )


@_of("record.label")
def _label(pair: Pair) -> Iterator[Situation]:
    for mark in pair.names("deny"):
        facts = {"markings": [mark]}
        yield Situation("record", f"marked as {mark}", facts, material={"markings": (mark,)})


@_of("record.external_party")
def _external_party(pair: Pair) -> Iterator[Situation]:
    facts = {"external": True}
    yield Situation("record", "in which a customer took part", facts, material={**facts, "minor": False})


@_of("record.volume")
def _volume(pair: Pair) -> Iterator[Situation]:
    import numpy as np

    from consent.gates.record import lots

    least = min(pair.values("max"))
    if least >= MOST_ROWS:
        return
    row = int(np.argsort(lots(0, np.arange(least + 1)))[least])
    facts = {"records": least + 1, "record": row, "seed": 0}
    yield Situation("record", f"number {row} of {least + 1}", facts, rows=least + 1, row=row)


@_of("segment.pii")
def _pii(pair: Pair) -> Iterator[Situation]:
    for digest in (*pair.names("engines"), "0" * 64):
        facts = {"engine_sha256": digest}
        yield Situation("text", f"redacted by the engine {digest[:8]}", facts, material=facts)
    for profile in pair.values("profile"):
        facts = {"profile": profile}
        yield Situation("text", f"redacted with the profile {profile}", facts, material=facts)
    for dates in pair.values("dates"):
        facts = {"dates": dates}
        words = "with its days as they were written" if dates == "keep" else "with days that are counted from another"
        yield Situation("text", words, facts, material=facts)


@_of("output.categories")
def _categories(pair: Pair) -> Iterator[Situation]:
    for name in dict.fromkeys((*pair.names("allow"), *pair.names("deny"))):
        facts = {"category": name}
        yield Situation("claim", f"of the category {name}", facts, material=facts,
                        consent={"choices": (choice(categories=(name,)),)},
                        standing={"choice": choice(categories=(name,))})  # fmt: skip


@_of("output.verbatim")
def _verbatim(pair: Pair) -> Iterator[Situation]:
    for count in pair.near("max_words"):
        facts = {"verbatim_words": count}
        yield Situation("claim", f"with {counted(count, 'word', 'words')} of a source in a row", facts, material=facts)


@_of("output.support")
def _support(pair: Pair) -> Iterator[Situation]:
    for records in pair.near("records"):
        facts = {"records": records, "days": 1000}
        yield Situation("claim", f"that rests on {counted(records, 'record', 'records')}", facts, material=facts)
    for days in pair.near("days"):
        facts = {"records": 1000, "days": days}
        yield Situation("claim", f"that rests on records of {counted(days, 'day', 'days')}", facts, material=facts)


@_of("output.withhold")
def _withhold(pair: Pair) -> Iterator[Situation]:
    for kind in pair.names("kinds"):
        facts = {"withheld": [kind], "keeps": [kind]}
        words = f"of the kind {kind}, which the person keeps"
        yield Situation("claim", words, facts, consent={"withhold": (kind,)}, material={"keeps": (kind,)})


@_of("output.subject_review")
def _subject_review(pair: Pair) -> Iterator[Situation]:
    for drafted, reviewed in pair.ends("window"):
        facts = {"drafted_at": to_time(drafted), "reviewed_at": to_time(reviewed)}
        words = f"drafted at {shown(drafted)} and signed at {shown(reviewed)}"
        yield Situation("skill", words, facts, reviewed, material={"drafted_at": drafted, "reviewed_at": reviewed})
    contested = {"contested": True}
    yield Situation("skill", "that the person contests", contested, material=contested)


@_of("output.identity")
def _identity(pair: Pair) -> Iterator[Situation]:
    for cap in pair.values("cap"):
        if cap == "off":
            continue
        for found in (cap / 100, (cap + 1) / 100):
            facts = {"identity": found}
            yield Situation("skill", f"that tells its author in {found:.0%} of cases", facts, material=facts)


@_of("output.benefit")
def _benefit(pair: Pair) -> Iterator[Situation]:
    facts = {"compensation_ref": ""}
    yield Situation("skill", "without terms of compensation", facts, material=facts)


@_of("output.residual_pii")
def _residual_pii(pair: Pair) -> Iterator[Situation]:
    for count in pair.near("max_hits"):
        facts = {"residual_hits": count}
        yield Situation("skill", f"in which a second scan has {counted(count, 'hit', 'hits')}", facts, material=facts)
