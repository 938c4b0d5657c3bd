"""Recall: would the right skill be found among others by what a task says?

Likeness is the sum of two cosines: of rare words that both have (TF-IDF), and of sentence vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from extract.distil.claims import Claim
from extract.distil.encoder import Encoder
from extract.skill import document

#: Characters of a message that ask: about what a subject line and a first paragraph say.
QUERY = 300
#: About how many claims of each other skill ask, so that the longest does not decide.
NEAR_MISSES = 24


@dataclass(frozen=True, slots=True)
class Recall:
    """How often the right skill is found, and how often the wrong one.

    Attributes:
        skills: Among how many skills.
        queries: How many messages of the person asked.
        at_1: How often their skill is the first.
        at_3: How often it is among the first three.
        described_at_1: How often it is the first where only the descriptions are looked at.
        described_at_3: How often it is among the first three there.
        near_misses: How many claims of the other skills asked, each taken out of its skill first.
        false_at_1: How often the person's skill comes first for one of these.
    """

    skills: int
    queries: int
    at_1: int
    at_3: int
    described_at_1: int
    described_at_3: int
    near_misses: int
    false_at_1: int

    def as_json(self) -> dict[str, Any]:
        """Return integers."""
        return asdict(self)


def measure(
    messages: Sequence[str], own: Sequence[Claim], others: Sequence[Sequence[Claim]], encoder: Encoder
) -> Recall:
    """Return how often messages find the skill that was made of their author's words.

    Args:
        messages: Messages that no skill was made of; the beginning of each asks.
        own: The claims of their author's skill.
        others: The claims of each of the other skills, one at least.
        encoder: Sentence vectors.
    """
    queries = [message[:QUERY] for message in messages]
    skills = [own, *others]
    ranks = _ranks(queries, [_statements(s) for s in skills], encoder)
    described = _ranks(queries, [", ".join(document.topics(s)) for s in skills], encoder)
    missed = [_missed(own, others, i, encoder) for i in range(len(others))]
    return Recall(
        skills=len(skills),
        queries=len(queries),
        at_1=sum(r <= 1 for r in ranks),
        at_3=sum(r <= 3 for r in ranks),
        described_at_1=sum(r <= 1 for r in described),
        described_at_3=sum(r <= 3 for r in described),
        near_misses=sum(asked for asked, _ in missed),
        false_at_1=sum(found for _, found in missed),
    )


def _missed(own: Sequence[Claim], others: Sequence[Sequence[Claim]], place: int, encoder: Encoder) -> tuple[int, int]:
    """Return how many claims of one other skill asked, and for how many the person's own skill comes first.

    A claim is taken out of its skill before it asks: it would find itself.
    """
    claims = others[place]
    step = max(1, len(claims) // NEAR_MISSES)
    asked = found = 0
    for i in range(0, len(claims), step):
        left = [c for c in claims if c is not claims[i]]
        if left:
            texts = [_statements(own), *(_statements(left if n == place else of) for n, of in enumerate(others))]
            asked += 1
            found += _ranks([claims[i].statement], texts, encoder)[0] <= 1
    return asked, found


def _statements(claims: Iterable[Claim]) -> str:
    return "\n".join(claim.statement for claim in claims)


def _ranks(queries: Sequence[str], texts: Sequence[str], encoder: Encoder) -> list[int]:
    """Return the rank of the first text for each query; a tie is no find, since the right one must be better."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    terms = TfidfVectorizer(sublinear_tf=True)
    found = terms.fit_transform(texts)
    likeness = (terms.transform(queries) @ found.T).toarray() + encoder.encode(queries) @ encoder.encode(texts).T
    return [sum(float(value) >= float(row[0]) for value in row) for row in likeness]
