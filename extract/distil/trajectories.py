"""Finds how a decision was reached: a doubt, a change of mind and what came of it, as three quotes of one thread.

The three stand in three messages of the person, in order of time, and hold words in common. The quotes are whole
sentences; nothing is said between them but which is which. That one led to the next is for the reader to judge.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from extract.distil import words
from extract.distil.claims import KINDS, Claim, Passage, Span
from extract.distil.cues import CUES
from extract.distil.errors import ClaimError
from extract.distil.sentences import Sentence, cut
from extract.distil.settings import Settings

#: What each of the three quotes is, in the order in which they stand.
STEPS = ("Doubt", "Change of mind", "Outcome")
#: Words of a quote at most: a step is a sentence, not an essay.
_LONGEST = 40
#: How many are told at most; they are single stories, not habits.
_MOST = 10
_STEM = 5
_NO_SENTENCE = frozenset({"code", "trailer", "boilerplate", "secret", "language", "too_long", "courtesy"})
_REVERSAL = re.compile(
    r"\b(?:on second thou?ghts?|changed my mind|i was wrong|turns out|turned out|scratch that|never ?mind|in hindsight|"
    r"i take (?:that|it) back|reconsider(?:ed)?|after all|(?:you(?:'re| are)|that(?:'s| is)) right|good point)\b",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"\b(?:so (?:we|i|let's|from now on)|let's|decided|we(?:'ll| will)|i(?:'ll| will| have| did)|went with|agreed|"
    r"settled|from now on|done|merged|in the end)\b",
    re.IGNORECASE,
)


def claims(passages: Sequence[Passage], settings: Settings) -> list[Claim]:
    """Return a claim for each thread that holds a doubt, then a change of mind, then an outcome.

    Args:
        passages: All passages. A commit is a thread of its own, so commits hold none.
        settings: How many records and days a claim must rest on: a story of three messages that is asked for more is
            not told.

    Returns:
        Claims without a number of their own, the latest story first: the distiller numbers all.
    """
    if settings.min_records > len(STEPS):
        return []
    threads: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        threads[passage.thread].append(passage)
    stories = []
    for of_thread in threads.values():
        story = _story(sorted(of_thread, key=lambda p: (p.day, p.record)), settings)
        if story is not None and len({s.passage.day for s in story}) >= settings.min_days:
            stories.append(story)
    stories.sort(key=lambda story: (story[-1].passage.day, story[-1].key), reverse=True)
    return [_claim(story) for story in stories[:_MOST]]


def _story(thread: Sequence[Passage], settings: Settings) -> tuple[Sentence, ...] | None:
    """Return three sentences of three messages, or None: the first doubt, and what is next to follow it."""
    said = [(at, s) for at, passage in enumerate(thread) for s in _sentences(passage, settings)]
    for i, (at, doubt) in enumerate(said):
        if CUES["doubt"].search(_plain(doubt)):
            for j, (then, turn) in enumerate(said[i + 1 :], i + 1):
                if then > at and _REVERSAL.search(_plain(turn)):
                    for last, outcome in said[j + 1 :]:
                        if last > then and _OUTCOME.search(_plain(outcome)) and _shared(doubt, turn, outcome):
                            return doubt, turn, outcome
    return None


def _sentences(passage: Passage, settings: Settings) -> Iterator[Sentence]:
    for sentence, reason in cut(passage, settings):
        if reason not in _NO_SENTENCE and len(sentence.text.split()) <= _LONGEST:
            yield sentence


def _plain(sentence: Sentence) -> str:
    return sentence.text.replace("’", "'")


def _shared(doubt: Sentence, turn: Sentence, outcome: Sentence) -> bool:
    """Say whether what the doubt is about comes up again."""
    return bool(_stems(doubt) & (_stems(turn) | _stems(outcome)))


def _stems(sentence: Sentence) -> set[str]:
    plain = (words.core(w) for w in words.tokens(sentence.text) if not words.is_protected(w))
    return {w[:_STEM] for w in plain if len(w) > 3 and w not in words.LEANING}


def _claim(story: Sequence[Sentence]) -> Claim:
    spans = tuple(_span(s) for s in story)
    days = {s.passage.day for s in story}
    return Claim(
        id="c000",
        kind="decision_rule",
        kinds={kind: 1000 if kind == "decision_rule" else 0 for kind in KINDS},
        statement=render(spans),
        mode="trajectory",
        evidence=spans,
        # Nothing judges whether a story is worth keeping: the person does.
        keep=500,
        threads=1,
        days=len(days),
        first=min(days),
        last=max(days),
        entropy_millibits=0,
    )


def _span(sentence: Sentence) -> Span:
    quote = sentence.passage.text[sentence.start : sentence.end]
    return Span(
        sentence.passage.record, sentence.start, sentence.end, quote, hashlib.sha256(quote.encode()).hexdigest()
    )


def render(spans: Sequence[Span]) -> str:
    """Return the statement of three quotes."""
    return " ".join(f"{step}: “{' '.join(s.quote.split())}”" for step, s in zip(STEPS, spans, strict=True))


def verify(claim: Claim) -> None:
    """Check that a trajectory is its three quotes, of three messages, and that each is what it is called.

    Raises:
        ClaimError: If it is not.
    """
    if len(claim.evidence) != len(STEPS) or len({s.record for s in claim.evidence}) != len(STEPS):
        raise ClaimError(f"claim {claim.id} is not of three messages")
    if claim.statement != render(claim.evidence):
        raise ClaimError(f"claim {claim.id} says something else than its quotes")
    quotes = [s.quote.replace("’", "'") for s in claim.evidence]
    if not all(p.search(q) for p, q in zip((CUES["doubt"], _REVERSAL, _OUTCOME), quotes, strict=True)):
        raise ClaimError(f"claim {claim.id} calls a quote what it is not")
