"""Tells rules from talk, and guesses the kind: logistic regression on sentence vectors and turns of phrase."""

from __future__ import annotations

import re
import warnings
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
_FUTURE = re.compile(r"\b(?:will|i'll|we'll|going to|gonna|tonight|soon)\b", re.IGNORECASE)
#: How much the turns of phrase weigh against the vector.
_SURFACE_WEIGHT = 0.35


def surface(text: str) -> list[float]:
    """Return the features of a sentence that its vector does not show, each between 0 and about 1."""
    plain = text.replace("’", "'")
    parts = plain.split()
    counts = cues.count(plain)
    first = parts[0].strip(",.;:") if parts else ""
    return [
        *(min(counts[name], 3) / 2 for name in cues.CUE_NAMES),
        min(len(parts), 40) / 30,
        float(len(parts) < 8),
        float(bool(_PAST.match(first))),
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
        features = self.features([s.text for s in examples])
        kept = [s.label != seeds.DISCARD for s in examples]
        self._keep = LogisticRegression(C=4.0, class_weight="balanced", max_iter=2000)
        self._kind = LogisticRegression(C=4.0, class_weight="balanced", max_iter=2000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._keep.fit(features, kept)
            self._kind.fit(features[kept], [s.label for s in examples if s.label != seeds.DISCARD])

    def features(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return one row per text: its vector, then its turns of phrase."""
        import numpy as np

        vectors = self._encoder.encode(texts).astype(np.float64)
        rows = np.array([surface(t) for t in texts], dtype=np.float64).reshape(len(texts), -1)
        return np.hstack([vectors * 3.0, rows * _SURFACE_WEIGHT * 3.0])

    def keep(self, texts: Sequence[str]) -> list[int]:
        """Return the probability, in thousandths, that a reader would keep each sentence as a rule."""
        if not texts:
            return []
        return [round(1000 * float(p)) for p in self._keep.predict_proba(self.features(texts))[:, 1]]

    def kinds(self, texts: Sequence[str]) -> list[dict[Kind, float]]:
        """Return the probabilities of the kinds of each sentence, given that it is a rule."""
        if not texts:
            return []
        column = {label: i for i, label in enumerate(self._kind.classes_)}
        return [
            {kind: float(row[column[kind]]) for kind in KINDS} for row in self._kind.predict_proba(self.features(texts))
        ]
