"""The gated loop: drops and reorders claims while messages that choose are foretold better for it, and stops.

Nothing is written by a model here: claims are left out, or change their places. A loop without a gate makes a skill
worse with every round; here a round that does not help enough is the last, and what came of it is told on other
messages, once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from extract.distil.claims import Claim
from extract.evaluate import contexts
from extract.evaluate.bootstrap import Interval, interval

#: Least gain of a round, in millionths of a bit per byte, and the most rounds.
LEAST, ROUNDS = 2000, 3
#: How many of the claims that do not fit are tried in the place of the weakest that does.
_SWAPS = 4

#: `fresh` holds newly distilled claims against the skill as it is; the others hold two choices of the same claims.
Action = Literal["fresh", "drop_one", "drop", "swap", "reorder", "drop_and_reorder"]
#: Returns how many millionths of a bit each message that chooses takes behind a context, per byte of all of them: the
#: sum is what they take together.
Score = Callable[[str], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Round:
    """One round.

    Attributes:
        number: 0 for the claims as they are distilled.
        action: The best of what was tried.
        before: Bits, in millionths per byte, that the messages take without it.
        after: The same with it.
        accepted: Whether it helps enough; a round that does not is the last.
        old: The claims before.
        new: The claims as the round would have them.
    """

    number: int
    action: Action
    before: int
    after: int
    accepted: bool
    old: tuple[Claim, ...]
    new: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Fitting:
    """How claims become a context: all contexts of one improvement have the same size.

    Attributes:
        size: Tokens of each context at most.
        tokens: How many tokens a text has.
    """

    size: int
    tokens: Callable[[str], int]

    def text(self, claims: Sequence[Claim]) -> str:
        """Return the context that the claims make: as many as fit, the first ones first."""
        return contexts.fit({"own": contexts.of_claims(claims)}, self.size, self.tokens).texts["own"]

    def read(self, claims: Sequence[Claim]) -> list[Claim]:
        """Return the claims that stand in their context."""
        text = self.text(claims)
        return [c for c in claims if f"- {c.statement}\n" in text]


def fitting(before: Sequence[Claim], pool: Sequence[Claim], budget: int, tokens: Callable[[str], int]) -> Fitting:
    """Return the size in which two skills are compared: the budget, or what the shorter of them has."""
    entries = {"before": contexts.of_claims(before), "pool": contexts.of_claims(pool)}
    return Fitting(contexts.fit(entries, budget, tokens).tokens, tokens)


def rounds(
    before: Sequence[Claim], pool: Sequence[Claim], fixed: Collection[str], fit: Fitting, score: Score
) -> Iterator[Round]:
    """Yield the rounds; what the last accepted one has is the improved skill, if it beats the skill as it is at all.

    Args:
        before: The claims of the skill as it is.
        pool: Claims distilled anew, best first.
        fixed: Ids of claims in the pool that must stay: the person's own words.
        fit: How claims become a context.
        score: See `Score`; asked again for the same text it must say the same.
    """
    state = tuple(pool)
    start, now = sum(score(fit.text(before))), sum(score(fit.text(state)))
    yield Round(0, "fresh", start, now, start - now >= LEAST, tuple(before), state)
    for number in range(1, ROUNDS + 1):
        tried = list(_proposals(state, fixed, fit, score))
        if not tried:
            return
        action, best = min(tried, key=lambda each: sum(score(fit.text(each[1]))))
        after = sum(score(fit.text(best)))
        accepted = now - after >= LEAST
        yield Round(number, action, now, after, accepted, state, best)
        if not accepted:
            return
        state, now = best, after


def _proposals(
    state: tuple[Claim, ...], fixed: Collection[str], fit: Fitting, score: Score
) -> Iterator[tuple[Action, tuple[Claim, ...]]]:
    """Yield what could help, by what each claim is worth: how many more bits the messages take if only it is left out.

    Only what surely harms is left out: a claim that tells nothing of the next messages can still be right, and most of
    what one claim does to a few messages is chance. Where it is left out the next one that did not fit is read.
    """
    read = fit.read(state)
    loose = [c for c in read if c.id not in fixed]
    now = score(fit.text(state))
    lost = {c.id: _lost(now, score(fit.text([d for d in state if d is not c]))) for c in loose}
    worth = {claim: found.value for claim, found in lost.items()}
    harmful = sorted((c for c in loose if lost[c.id].high < 0), key=lambda c: worth[c.id])
    if len(state) - len(harmful) < 1:
        harmful = harmful[: len(state) - 1]
    without = tuple(c for c in state if c not in harmful)
    if harmful:
        yield "drop_one", tuple(c for c in state if c is not harmful[0])
        yield "drop", without
    if loose:
        weakest = min(loose, key=lambda c: worth[c.id])
        for other in [c for c in state if c not in read][:_SWAPS]:
            places = {weakest.id: other, other.id: weakest}
            yield "swap", tuple(places.get(c.id, c) for c in state)
    for action, claims in (("reorder", state), ("drop_and_reorder", without)):
        # The person's own words come first, what was not read last.
        best_first = tuple(sorted(claims, key=lambda c: -worth.get(c.id, math.inf if c.id in fixed else -math.inf)))
        if best_first != claims:
            yield ("reorder" if action == "reorder" else "drop_and_reorder"), best_first


def _lost(with_it: Sequence[int], without: Sequence[int]) -> Interval:
    """Return how many more millionths of a bit per byte the messages take without a claim, and the interval of that."""
    import numpy as np

    more = np.array(without, dtype=np.float64) - np.array(with_it, dtype=np.float64)
    return interval(lambda rows: float(more[rows].sum()), len(more), 1.0)
