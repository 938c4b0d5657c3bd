"""Counts patterns in a person's commit messages: numbers with what they are of, where sentences carry cases, not rules.

Only the form of messages is counted, and what stands beside what: nothing about speed, amount or time of day, which
would be a measure of performance. A pattern is told where it surely holds for most. Anybody can render a claim again
from its numbers, and see that each message that it cites is an instance.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from extract.distil import cues
from extract.distil.claims import KINDS, Claim, Kind, Passage, Span
from extract.distil.errors import ClaimError

#: Fewest messages over which anything is told, and the least share, in thousandths, that it must surely have.
FEWEST, SURELY = 20, 700
#: How many instances a claim cites, and how many characters of each at most.
_EXAMPLES, _LONGEST = 6, 300
#: A message on the day of another or within two days after it follows it.
_NEAR_DAYS = 2

_VERBS = tuple(
    """
    add allow apply avoid bump change check clarify clean convert correct create delete deprecate describe detect
    disable document drop enable ensure expand explain expose extract fix format handle hide ignore implement improve
    include increase inline install introduce let limit link list load log make mark mention merge migrate move note
    optimise optimize pass pin polish prepare prevent print promote raise read rebuild reduce refactor release remove
    rename render reorder replace require reset restore return rework rewrite run set show simplify skip sort speed
    split start stop store support switch test tidy track turn tweak update upgrade use validate verify wait warn wrap
    write
    """.split()  # noqa: SIM905
)
_IRREGULAR = {"let": "let", "make": "made", "read": "read", "rebuild": "rebuilt", "rewrite": "rewrote", "run": "ran",
              "set": "set", "show": "showed", "split": "split", "write": "wrote", "hide": "hid"}  # fmt: skip

_DOUBLING = frozenset({"drop", "log", "pin", "skip", "stop", "wrap"})


def _past(verb: str) -> str:
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y"):
        return verb[:-1] + "ied"
    return verb + (verb[-1] if verb in _DOUBLING else "") + "ed"


_BASE = frozenset(_VERBS)
_PAST = frozenset(map(_past, _VERBS)) - _BASE
_PREFIX = re.compile(r"^[\w./-]{1,30}(?:\([\w ./-]{1,30}\))?!?: +\S")
_REFERENCE = re.compile(r"(?:^|[\s(\[])(?:#|gh-|bug |issue )\d+", re.IGNORECASE)
_FIX = re.compile(r"^(?:[\w./-]{1,30}(?:\([^)]*\))?!?: +)?(?:bug ?)?fix(?:e[sd])?\b", re.IGNORECASE)
_TEST = re.compile(r"\btests?\b|\btested\b|\bregression test", re.IGNORECASE)
_REFACTOR = re.compile(
    r"^(?:[\w./-]{1,30}(?:\([^)]*\))?!?: +)?(?:refactor|rename|move|extract|split|inline|clean|tidy|simplif|reorder)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One thing that is counted.

    Attributes:
        kind: What kind of claim it makes.
        text: The statement, with `{n}` of `{of}`.
        instance: Says of a message whether it is one; None where the message does not count at all.
        whole: Whether it takes the whole message to see that, or the subject shows it.
    """

    kind: Kind
    text: str
    instance: Callable[[str], bool | None]
    whole: bool = False


def _subject(message: str) -> str:
    return message.strip().partition("\n")[0].strip()


def _body(message: str) -> str:
    return message.strip().partition("\n")[2].strip()


def _form(message: str) -> str | None:
    """Return how the subject's verb stands, behind a prefix if there is one: `base`, `past`, or None for no verb."""
    subject = _subject(message)
    if _PREFIX.match(subject):
        subject = subject.partition(": ")[2].strip()
    word = re.match(r"[A-Za-z]+", subject)
    first = word.group().lower() if word else ""
    return "base" if first in _BASE else "past" if first in _PAST else None


def _is_form(wanted: str) -> Callable[[str], bool | None]:
    return lambda message: None if (form := _form(message)) is None else form == wanted


def _has_reason(message: str) -> bool | None:
    body = _body(message)
    return cues.count(body)["reason"] > 0 if len(body.split()) >= 8 else None


#: By name, in the order in which they are told. `refactor_first` needs the messages around one: see `_beside`.
PATTERNS: dict[str, Pattern] = {
    "imperative": Pattern(
        "code_style",
        "Commit subjects have their verb in the imperative, like “Add” or “Fix”: {n} of {of} that begin with a verb.",
        _is_form("base"),
    ),
    "past": Pattern(
        "code_style",
        "Commit subjects have their verb in the past, like “Added” or “Fixed”: {n} of {of} that begin with a verb.",
        _is_form("past"),
    ),
    "prefix": Pattern(
        "code_style",
        "Commit subjects begin with the part that is changed and a colon: {n} of {of}.",
        lambda message: _PREFIX.match(_subject(message)) is not None,
    ),
    "short": Pattern(
        "code_style",
        "Commit subjects are no longer than 50 characters: {n} of {of}.",
        lambda message: len(_subject(message)) <= 50,
    ),
    "fits": Pattern(
        "code_style",
        "Commit subjects are no longer than 72 characters: {n} of {of}.",
        lambda message: len(_subject(message)) <= 72,
    ),
    "reference": Pattern(
        "code_style",
        "Commit messages name the ticket that they belong to: {n} of {of}.",
        lambda message: _REFERENCE.search(message) is not None,
        whole=True,
    ),
    "body": Pattern(
        "code_style",
        "Commit messages say more below the subject: {n} of {of}.",
        lambda message: len(_body(message).split()) >= 4,
        whole=True,
    ),
    "reason": Pattern(
        "code_style",
        "Where a commit message has a paragraph below the subject, it gives a reason: {n} of {of}.",
        _has_reason,
        whole=True,
    ),
    "fix_test": Pattern(
        "procedure",
        "Commit messages of fixes speak of a test: {n} of {of}.",
        lambda message: _TEST.search(message) is not None if _FIX.match(_subject(message)) else None,
        whole=True,
    ),
    "refactor_first": Pattern(
        "procedure",
        "A fix comes right after a commit that only puts the code in order: {n} of {of} fixes.",
        lambda message: True if _FIX.match(_subject(message)) else None,
    ),
}
#: What says the same as another pattern, only less.
_IMPLIED = {"fits": "short"}


def claims(passages: Sequence[Passage]) -> list[Claim]:
    """Return a claim for each pattern that surely holds for most of a person's commit messages.

    Args:
        passages: All passages; only commit messages count.

    Returns:
        Claims without a number of their own: the distiller numbers all.
    """
    messages = sorted((p for p in passages if p.commit_message and _subject(p.text)), key=lambda p: (p.day, p.record))
    found: list[Claim] = []
    told: set[str] = set()
    for name, pattern in PATTERNS.items():
        rows = (
            list(_beside(messages)) if name == "refactor_first" else [(p, pattern.instance(p.text)) for p in messages]
        )
        asked = [(p, bool(is_one)) for p, is_one in rows if is_one is not None]
        instances = [p for p, is_one in asked if is_one]
        share = _surely(len(instances), len(asked))
        if len(asked) < FEWEST or share < SURELY or _IMPLIED.get(name) in told:
            continue
        # What is cited is shown: a long message is counted, but not repeated.
        citable = [p for p in instances if not pattern.whole or len(p.text) <= _LONGEST]
        if citable:
            told.add(name)
            counts = {"n": len(instances), "of": len(asked)}
            found.append(_claim(name, _spread(citable), counts, share))
    return found


def _beside(messages: Sequence[Passage]) -> Iterator[tuple[Passage, bool | None]]:
    """Yield each fix, and whether the commit before it puts code in order."""
    for before, message in zip([None, *messages], messages, strict=False):
        if not _FIX.match(_subject(message.text)):
            yield message, None
            continue
        near = before is not None and (message.day - before.day).days <= _NEAR_DAYS
        yield message, near and before is not None and _REFACTOR.match(_subject(before.text)) is not None


def _surely(n: int, of: int) -> int:
    """Return the lower end of the 95 % interval of a share (Wilson), in thousandths."""
    if not of:
        return 0
    z, p = 1.96, n / of
    return math.floor(
        1000 * (p + z * z / (2 * of) - z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))) / (1 + z * z / of)
    )


def _claim(name: str, chosen: Sequence[Passage], counts: dict[str, int], share: int) -> Claim:
    pattern = PATTERNS[name]
    return Claim(
        id="c000",
        kind=pattern.kind,
        kinds={kind: 1000 if kind == pattern.kind else 0 for kind in KINDS},
        statement=render(name, counts),
        mode="counted",
        evidence=tuple(_span(p, whole=pattern.whole) for p in chosen),
        keep=share,
        threads=len({p.thread for p in chosen}),
        days=len({p.day for p in chosen}),
        first=min(p.day for p in chosen),
        last=max(p.day for p in chosen),
        entropy_millibits=0,
        pattern=name,
        counts=counts,
    )


def _spread(instances: Sequence[Passage]) -> list[Passage]:
    """Return some instances, evenly over time."""
    n = min(_EXAMPLES, len(instances))
    return [instances[i * len(instances) // n] for i in range(n)]


def _span(passage: Passage, *, whole: bool) -> Span:
    quote = passage.text.strip() if whole else _subject(passage.text)
    start = passage.text.index(quote)
    return Span(passage.record, start, start + len(quote), quote, hashlib.sha256(quote.encode()).hexdigest())


def render(name: str, counts: dict[str, int]) -> str:
    """Return the statement of a pattern with its numbers."""
    return PATTERNS[name].text.format(**counts)


def verify(claim: Claim) -> None:
    """Check that a counted claim is what its numbers say, and that each quote is an instance of the pattern.

    That the numbers are right nobody can see without the messages: the log has the digest of the claims as they were
    distilled.

    Raises:
        ClaimError: If it is not.
    """
    n, of = claim.counts.get("n", 0), claim.counts.get("of", 0)
    if claim.pattern not in PATTERNS or set(claim.counts) != {"n", "of"} or not len(claim.evidence) <= n <= of:
        raise ClaimError(f"claim {claim.id} counts something that is not known")
    if claim.statement != render(claim.pattern, claim.counts):
        raise ClaimError(f"claim {claim.id} says something else than its numbers")
    if _surely(n, of) < SURELY or of < FEWEST:
        raise ClaimError(f"claim {claim.id} rests on too few instances")
    pattern = PATTERNS[claim.pattern]
    if claim.kind != pattern.kind or not all(pattern.instance(span.quote) for span in claim.evidence):
        raise ClaimError(f"claim {claim.id} cites what is no instance of its pattern")
