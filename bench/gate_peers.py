"""The record gates of a policy written for other engines: a Python loop, Cedar, Rego. The same rules, facts, answers.

What the peers are spared: the draw of `record.volume` (no rule about one record can say it), the copies, the reasons
(Cedar and Rego answer yes or no), and for Cedar and Rego the search for protected words in names of places, which they
get as a finished fact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from policies.places import fold, matcher

Facts = Mapping[str, Any]
"""One record's facts; an unknown fact is absent."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the gates of one policy and one consent come to, in plain values.

    Attributes:
        sources: Sources that the policy allows.
        kinds: Kinds of place that are private.
        words: Words that protect a place.
        agreed: Sources that the consent covers.
        windows: Working time: (weekday, first minute, one past the last).
        earliest: Microseconds since 1970 from which material counts.
        now: Microseconds since 1970.
        first: First day that the consent covers, ISO date.
        last: Last day.
        least: Fewest characters of own words.
        marks: Marks that keep a record out.
        drop_external: Whether customers keep a record out.
    """

    sources: frozenset[str]
    agreed: frozenset[str]
    kinds: frozenset[str]
    words: tuple[str, ...]
    windows: tuple[tuple[int, int, int], ...]
    earliest: int
    now: int
    first: str
    last: str
    least: int
    marks: frozenset[str]
    drop_external: bool

    @classmethod
    def of(cls, policy: Any, choice: Any, now: datetime) -> Rules:
        """Return the rules of a policy and a consent at a moment."""
        from consent.fact_frame import FactFrame

        gates = policy.gates
        source, place = gates["record.source"], gates["record.private_conversation"]
        week, back = gates["record.working_time"].week, gates["record.lookback"]
        earliest = back.max.before(now)
        if back.before_notice == "deny":
            earliest = max(earliest, choice.record.told)
        return cls(
            sources=frozenset(source.allow) - set(source.deny),
            agreed=frozenset(choice.sources),
            kinds=frozenset(place.kinds),
            words=place.words,
            windows=tuple((day, *window) for day, windows in enumerate(week.minutes()) for window in windows),
            earliest=FactFrame.moment(earliest),
            now=FactFrame.moment(now),
            first=choice.choice.from_,
            last=choice.choice.until,
            least=gates["record.third_party"].min_own_chars,
            marks=frozenset(gates["record.label"].deny),
            drop_external=gates["record.external_party"].customers == "drop_record",
        )


NEEDED = (
    "source", "container_kind", "places", "author", "own_chars", "sent_at", "local_minute", "local_weekday",
    "local_date", "absence", "special_category", "markings", "external", "minor", "emotion_chars", "vetoed",
)  # fmt: skip


def loop(rules: Rules) -> Callable[[list[Facts]], list[tuple[str, ...]]]:
    """Return the rules as a loop over records, reasons included: what a user would write by hand."""
    pattern = matcher(rules.words)

    @cache
    def protected(places: tuple[str, ...]) -> bool:
        return any(pattern.search(fold(place)) for place in places)

    def reasons(r: Facts) -> tuple[str, ...]:
        why = [f"missing_fact.{name}" for name in NEEDED if name not in r]
        get = r.get
        if "source" in r and r["source"] not in rules.sources:
            why.append("record.source")
        if get("container_kind") in rules.kinds or protected(get("places", ())):
            why.append("record.private_conversation")
        if "local_minute" in r and "local_weekday" in r:
            day, minute = r["local_weekday"], r["local_minute"]
            if not any(day == d and start <= minute < stop for d, start, stop in rules.windows):
                why.append("record.working_time")
        if get("absence") and "record.working_time" not in why:
            why.append("record.working_time")
        if "sent_at" in r and not rules.earliest <= r["sent_at"] <= rules.now:
            why.append("record.lookback")
        if get("author", "subject") != "subject" or get("own_chars", rules.least) < rules.least:
            why.append("record.third_party")
        if get("special_category"):
            why.append("record.special_category")
        feelings = get("emotion_chars", 0)
        if feelings and get("own_chars", feelings + 1) - feelings < 1:
            why.append("record.emotion")
        if get("vetoed"):
            why.append("record.participant_veto")
        if not rules.marks.isdisjoint(get("markings", ())):
            why.append("record.label")
        if get("minor") or (rules.drop_external and get("external")):
            why.append("record.external_party")
        outside = "local_date" in r and not rules.first <= r["local_date"] <= rules.last
        if outside or ("source" in r and r["source"] not in rules.agreed):
            why.append("subject.scope")
        return tuple(sorted(why))

    return lambda records: [reasons(r) for r in records]


def inputs(records: list[Facts], rules: Rules) -> list[dict[str, Any]]:
    """Return the facts as Cedar and Rego take them: lists for tuples, and whether a place is protected."""
    pattern = matcher(rules.words)
    found = []
    for record in records:
        given: dict[str, Any] = {k: list(v) if isinstance(v, tuple) else v for k, v in record.items() if k in NEEDED}
        if "places" in record:
            given["protected"] = any(pattern.search(fold(place)) for place in record["places"])
            del given["places"]
        if "local_date" in record:
            given["local_date"] = int(record["local_date"].replace("-", ""))
        found.append(given)
    return found


def cedar(rules: Rules) -> Callable[[list[dict[str, Any]]], list[bool]]:
    """Return the rules as one Cedar policy, parsed beforehand.

    Raises:
        ImportError: cedarpy is not installed.
    """
    import cedarpy

    def named(names: frozenset[str]) -> str:
        return "[" + ", ".join(f'"{name}"' for name in sorted(names)) + "]"

    open_at = " || ".join(
        f"(context.local_weekday == {d} && context.local_minute >= {start} && context.local_minute < {stop})"
        for d, start, stop in rules.windows
    )
    tests = [
        f"context has source && {named(rules.sources & rules.agreed)}.contains(context.source)",
        f"context has container_kind && !{named(rules.kinds)}.contains(context.container_kind)",
        "context has protected && !context.protected",
        f"context has local_weekday && context has local_minute && ({open_at})",
        "context has absence && !context.absence",
        f"context has sent_at && context.sent_at >= {rules.earliest} && context.sent_at <= {rules.now}",
        'context has author && context.author == "subject"',
        f"context has own_chars && context.own_chars >= {rules.least}",
        "context has special_category && context.special_category.isEmpty()",
        "context has emotion_chars && (context.emotion_chars == 0 || context.own_chars - context.emotion_chars >= 1)",
        "context has vetoed && !context.vetoed",
        f"context has markings && !context.markings.containsAny({named(rules.marks)})",
        "context has minor && !context.minor && context has external"
        + (" && !context.external" if rules.drop_external else ""),
        f"context has local_date && context.local_date >= {rules.first.replace('-', '')} && "
        f"context.local_date <= {rules.last.replace('-', '')}",
    ]
    policies = cedarpy.PolicySet.from_str(f"permit(principal, action, resource) when {{ {' && '.join(tests)} }};")
    entities = cedarpy.Entities.from_json_str("[]")
    asked = {"principal": 'User::"run"', "action": 'Action::"read"', "resource": 'Record::"r"'}

    def decide(records: list[dict[str, Any]]) -> list[bool]:
        requests = [{**asked, "context": record} for record in records]
        return [bool(answer.allowed) for answer in cedarpy.is_authorized_batch(requests, policies, entities)]

    return decide


def rego(rules: Rules) -> Callable[[list[dict[str, Any]]], list[bool]]:
    """Return the rules as one Rego module, compiled beforehand.

    Raises:
        ImportError: regopy is not installed.
    """
    import regopy

    def named(names: frozenset[str]) -> str:
        return "{" + ", ".join(f'"{name}"' for name in sorted(names)) + "}"

    windows = "\n".join(
        f"open_at if {{ input.local_weekday == {d}; input.local_minute >= {start}; input.local_minute < {stop} }}"
        for d, start, stop in rules.windows
    )
    module = f"""package gates
{windows}
calm if input.emotion_chars == 0
calm if {{ input.emotion_chars > 0; input.own_chars - input.emotion_chars >= 1 }}
marked if {{ some mark in input.markings; {named(rules.marks)}[mark] }}
private if {named(rules.kinds)}[input.container_kind]
default allow := false
allow if {{
    {named(rules.sources & rules.agreed)}[input.source]
    input.container_kind
    not private
    input.protected == false
    open_at
    input.absence == false
    input.sent_at >= {rules.earliest}
    input.sent_at <= {rules.now}
    input.author == "subject"
    input.own_chars >= {rules.least}
    count(input.special_category) == 0
    calm
    input.vetoed == false
    input.markings
    not marked
    input.minor == false
    {"input.external == false" if rules.drop_external else "is_boolean(input.external)"}
    input.local_date >= {rules.first.replace("-", "")}
    input.local_date <= {rules.last.replace("-", "")}
}}
"""
    engine = regopy.Interpreter()
    engine.add_module("gates", module)
    bundle = engine.build(None, ["gates/allow"])

    def decide(records: list[dict[str, Any]]) -> list[bool]:
        found = []
        for record in records:
            engine.set_input(record)
            answer = engine.query_bundle_entrypoint(bundle, "gates/allow")
            # A no comes as no result at all.
            found.append(answer[0].expressions == [True])
        return found

    return decide
