"""Tells rules from talk, and guesses the kind: logistic regression on sentence vectors and turns of phrase."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from extract.distil import cues, seeds
from extract.distil.claims import KINDS, Kind
from extract.distil.encoder import Encoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PAST = re.compile(
    r"^(?:\w+ed|made|ran|did|was|were|had|got|went|took|found|wrote|built|sent|said|saw)$", re.IGNORECASE
)
_FIRST = re.compile(r"\b(?:i|i'm|i've|i'll|my|me)\b", re.IGNORECASE)
_WE = re.compile(r"\b(?:we|our|us)\b", re.IGNORECASE)
_YOU = re.compile(r"\b(?:you|your)\b", re.IGNORECASE)
_THIRD = re.compile(r"\b(?:he|she|him|his|her|they|PERSON_\d+)\b", re.IGNORECASE)
_DEIXIS = re.compile(r"\b(?:this|that|these|those|it|there|here|now|one|again|already)\b", re.IGNORECASE)
_IDENTIFIER = re.compile(r"\b\w+\(\)|\b\w+_\w+|\b[a-z]+[A-Z]\w*|\b[A-Z][a-z]+[A-Z]\w*|\w\.\w|`")
_CHANGE = re.compile(
    r"\b(?:now|no longer|previously|used to|anymore|any more|so far|as well|at last|new|old|instead)\b", re.IGNORECASE
)
_FUTURE = re.compile(r"\b(?:will|i'll|we'll|going to|gonna|tonight|soon)\b", re.IGNORECASE)
#: Inverse strength of the penalty; found by cross-validation on the seeds, where 0.3 to 3 are equally good.
_INVERSE_PENALTY = 3.0


def surface(text: str) -> list[float]:
    """Return the features of a sentence that its vector does not show, each between 0 and about 1."""
    plain = text.replace("’", "'")
    parts = plain.split()
    counts = cues.count(plain)
    first = parts[0].strip(",.;:") if parts else ""
    return [
        *(float(counts[name] > 0) for name in cues.CUE_NAMES),
        min(sum(counts.values()) / max(len(parts), 1), 0.4) / 0.4,
        float(bool(_PAST.match(first))),
        min(len(_IDENTIFIER.findall(plain)), 3) / 3,
        min(len(_CHANGE.findall(plain)), 2) / 2,
        min(sum(bool(_PAST.match(w.strip(",.;:"))) for w in parts), 3) / 3,
        float(bool(_FIRST.search(plain))),
        float(bool(_WE.search(plain))),
        float(bool(_YOU.search(plain))),
        float(bool(_THIRD.search(plain))),
        min(len(_DEIXIS.findall(plain)), 3) / 3,
        float(bool(_FUTURE.search(plain))),
        float("!" in plain),
        float(plain.count(",") >= 2),
        float(any(c.isdigit() for c in plain)),
        float(first.casefold() in {"i", "we", "you"}),
    ]


class Classifier:
    """Keep odds and kinds of sentences, learnt from the seeds and from what the subject accepted or struck."""

    def __init__(self, encoder: Encoder, extra: Sequence[seeds.Seed] = ()) -> None:
        """Train on the shipped seeds and `extra` ones: about a tenth of a second, no randomness."""
        from sklearn.linear_model import LogisticRegression

        self._encoder = encoder
        examples = (*seeds.load(), *extra)
        features = self.features([s.text for s in examples], [s.medium == "commit" for s in examples])
        kept = [s.label != seeds.DISCARD for s in examples]
        self._keep = LogisticRegression(C=_INVERSE_PENALTY, class_weight="balanced", max_iter=2000)
        self._kind = LogisticRegression(C=_INVERSE_PENALTY, class_weight="balanced", max_iter=2000)
        self._keep.fit(features, kept)
        self._kind.fit(features[kept], [s.label for s in examples if s.label != seeds.DISCARD])

    def features(self, texts: Sequence[str], commits: Sequence[bool]) -> NDArray[np.float64]:
        """Return one row per text: its vector, its turns of phrase, and whether it is from a commit message."""
        import numpy as np

        vectors = self._encoder.encode(texts).astype(np.float64)
        rows = np.array([[*surface(t), float(c)] for t, c in zip(texts, commits, strict=True)], dtype=np.float64)
        return np.hstack([vectors, rows])

    def keep(self, texts: Sequence[str], commits: Sequence[bool]) -> list[int]:
        """Return the probability, in thousandths, that a reader would keep each sentence as a rule.

        Args:
            texts: Sentences.
            commits: Whether each is from a commit message, where most sentences report what was changed.
        """
        if not texts:
            return []
        return [round(1000 * float(p)) for p in self._keep.predict_proba(self.features(texts, commits))[:, 1]]

    def kinds(self, texts: Sequence[str], commits: Sequence[bool]) -> list[dict[Kind, float]]:
        """Return the probabilities of the kinds of each sentence, given that it is a rule."""
        if not texts:
            return []
        column = {label: i for i, label in enumerate(self._kind.classes_)}
        return [
            {kind: float(row[column[kind]]) for kind in KINDS}
            for row in self._kind.predict_proba(self.features(texts, commits))
        ]
