"""What an improvement chose: the messages before a day, and of their claims some, in an order of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from extract.distil.claims import Claim, Passage
from extract.distil.sentences import cut
from extract.distil.settings import Settings
from govern.errors import InputError

#: The modes of claims whose evidence is all that was said of it, and is counted so.
QUOTED = ("verbatim", "deletion", "paraphrase")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen.

    Attributes:
        until: Last day of the messages that claims are made of; later ones were kept aside to measure on.
        keys: The claims to keep, as `key` names them, in the order that they shall have.
    """

    until: date
    keys: tuple[str, ...]

    def set_aside(self, passages: Sequence[Passage], settings: Settings, dropped: Counter[str]) -> list[Passage]:
        """Return the passages that claims may be made of; the sentences of the others are counted as dropped."""
        aside = [p for p in passages if p.day > self.until]
        if count := sum(1 for p in aside for _ in cut(p, settings)):
            dropped["kept_aside"] += count
        return [p for p in passages if p.day <= self.until]

    def keep(self, claims: Sequence[Claim], dropped: Counter[str]) -> list[Claim]:
        """Return the chosen claims in their order; the evidence of the others is counted as dropped.

        Raises:
            InputError: A chosen claim is not among them any more.
        """
        by_key = {key(c): c for c in claims}
        if not by_key.keys() >= set(self.keys):
            raise InputError("the messages changed while the skill was improved", "start it again")
        others = [c for k, c in by_key.items() if k not in set(self.keys)]
        if count := sentences_of(others):
            dropped["not_chosen"] += count
        return in_order(by_key[k] for k in self.keys)


def key(claim: Claim) -> str:
    """Return a name of a claim that holds from one run to the next, as long as the messages are the same."""
    return f"{claim.mode} {claim.pattern} {claim.evidence[0].digest}"


def in_order(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims with ids by their places."""
    return [replace(claim, id=f"c{number:03d}") for number, claim in enumerate(claims, 1)]


def sentences_of(claims: Iterable[Claim]) -> int:
    """Return how many sentences the claims hold: counted claims and trajectories cite what stays counted as dropped."""
    return sum(len(c.evidence) for c in claims if c.mode in QUOTED)
