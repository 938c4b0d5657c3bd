"""Compares the claims of two versions of a skill: which came, which went, which say the same thing otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extract.distil.claims import Claim


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two versions.

    Attributes:
        added: Claims of the new version that rest on nothing of an old claim.
        dropped: Claims of the old version that nothing of the new one rests on.
        changed: Pairs, old and new, of the same evidence with another statement.
        moved: Pairs of the same statement that are of another kind now.
        same: How many claims say the same thing as the same kind.
    """

    added: tuple[Claim, ...]
    dropped: tuple[Claim, ...]
    changed: tuple[tuple[Claim, Claim], ...]
    moved: tuple[tuple[Claim, Claim], ...]
    same: int


def compare(old: Sequence[Claim], new: Sequence[Claim]) -> Comparison:
    """Return what differs. Claims belong together by their statement, else by the quote that they were made of.

    Ids do not count: they are places in one version.
    """
    left = list(old)
    pairs: list[tuple[Claim, Claim]] = []
    rest = []
    for claim in new:
        found = next((c for c in left if c.statement == claim.statement), None)
        if found is None:
            rest.append(claim)
        else:
            left.remove(found)
            pairs.append((found, claim))
    added, changed = [], []
    for claim in rest:
        quotes = {s.digest for s in claim.evidence}
        found = next(
            (c for c in left if c.evidence[0].digest in quotes or claim.evidence[0].digest in _quotes(c)), None
        )
        if found is None:
            added.append(claim)
        else:
            left.remove(found)
            changed.append((found, claim))
    moved = tuple((a, b) for a, b in pairs if a.kind != b.kind)
    return Comparison(tuple(added), tuple(left), tuple(changed), moved, len(pairs) - len(moved))


def _quotes(claim: Claim) -> set[str]:
    return {span.digest for span in claim.evidence}
