"""Recall: would the right skill be found among others by what a task says?

Likeness is the sum of two cosines: of rare words that both have (TF-IDF), and of sentence vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extract.distil.encoder import Encoder

#: Characters of a message that ask: about what a subject line and a first paragraph say.
QUERY = 300


@dataclass(frozen=True, slots=True)
class Recall:
    """How often the right skill is found.

    Attributes:
        skills: Among how many skills.
        queries: How many messages asked.
        at_1: How often it is the first.
        at_3: How often it is among the first three.
    """

    skills: int
    queries: int
    at_1: int
    at_3: int

    def as_json(self) -> dict[str, Any]:
        """Return integers."""
        return {"skills": self.skills, "queries": self.queries, "at_1": self.at_1, "at_3": self.at_3}


def measure(messages: Sequence[str], skills: Mapping[str, Sequence[str]], right: str, encoder: Encoder) -> Recall:
    """Return how often messages find the right skill.

    Args:
        messages: Messages that no skill was made of; the beginning of each asks.
        skills: The statements of each skill by its name, two skills at least.
        right: The one that should be found.
        encoder: Sentence vectors.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    names = sorted(skills)
    texts = ["\n".join(skills[name]) for name in names]
    queries = [message[:QUERY] for message in messages]
    terms = TfidfVectorizer(sublinear_tf=True)
    found = terms.fit_transform(texts)
    likeness = (terms.transform(queries) @ found.T).toarray() + encoder.encode(queries) @ encoder.encode(texts).T
    place = names.index(right)
    # A tie is no find: the right one must be better than the rest.
    ranks = [sum(float(value) >= float(row[place]) for value in row) for row in likeness]
    return Recall(len(names), len(queries), sum(r <= 1 for r in ranks), sum(r <= 3 for r in ranks))
