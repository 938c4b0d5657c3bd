"""Decision items: does a reader with the skill at hand tell what the person says from its contrary?

Each item is a sentence that reads like a rule, from messages that the skill does not know, beside the same sentence
with its polarity turned by code. Grammar alone tells many of them apart, which is why nothing and general advice are
asked as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extract.distil import cues
from extract.distil.backend import Backend, Prompt
from extract.distil.claims import Passage
from extract.distil.sentences import cut
from extract.distil.settings import Settings

#: What is turned into what; the first that a sentence has is turned, there and nowhere else.
_TURNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), contrary)
    for pattern, contrary in (
        (r"\b(must|should|shall|can|could|will|would|may) not\b", r"\1"),
        (r"\b(should|could|would)n't\b", r"\1"),
        (r"\bcan(?:not|'t)\b", "can"),
        (r"\bwon't\b", "will"),
        (r"\b(?:do not|don't) (?=[a-z])", ""),
        (r"\bnever (?=[a-z])", "always "),
        (r"\balways (?=[a-z])", "never "),
        (r"\b(must|should|shall)\b(?! not)", r"\1 not"),
        (r"\b(is|are)n't\b", r"\1"),
        (r"\b(is|are) not\b", r"\1"),
        (r"\b(prefer) not to\b", r"\1 to"),
        (r"\b(prefer) to\b", r"\1 not to"),
    )
)


@dataclass(frozen=True, slots=True)
class Decisions:
    """How often a reader takes what the person said for likelier than its contrary.

    Attributes:
        items: How many sentences were asked.
        right: How many were told rightly, by the context that the reader had.
    """

    items: int
    right: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return integers and strings."""
        return {"items": self.items, "right": dict(self.right)}


def contrary(sentence: str) -> str | None:
    """Return the sentence with its polarity turned, or None where no rule can turn it."""
    plain = sentence.replace("’", "'")
    for pattern, replacement in _TURNS:
        if (m := pattern.search(plain)) is not None:
            after = m.expand(replacement) + plain[m.end() :]
            if m.group()[0].isupper():
                after = after[:1].upper() + after[1:]
            return plain[: m.start()] + after
    return None


def items(passages: Sequence[Passage], most: int) -> list[tuple[str, str]]:
    """Return sentences that read like rules, each with its contrary, spread evenly over the passages.

    Args:
        passages: Messages that the skill does not know.
        most: How many at most.
    """
    found = []
    for passage in passages:
        for sentence, reason in cut(passage, Settings()):
            counted = cues.count(sentence.text)
            turned = contrary(sentence.text) if not reason and (counted["norm"] or counted["preference"]) else None
            if turned is not None:
                found.append((sentence.text, turned))
    if len(found) <= most:
        return found
    return [found[i * len(found) // most] for i in range(most)]


def measure(asked: Sequence[tuple[str, str]], prompts: Mapping[str, Prompt], backend: Backend) -> Decisions:
    """Return how often each context leads to the person's own sentence.

    Args:
        asked: See `items`.
        prompts: What the reader has read, by the context's name.
        backend: The reader; it must be able to `score`.
    """
    right = {
        name: sum(backend.score(prompt, said).logprob > backend.score(prompt, turned).logprob for said, turned in asked)
        for name, prompt in prompts.items()
    }
    return Decisions(len(asked), right)
