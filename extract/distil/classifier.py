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
_IMPERATIVE = re.compile(
    r"^(?:please |always |never |do not |don't |first,? |then |when in doubt,? )*"
    r"(?:add|agree|allow|always|announce|apply|ask|"
    r"attach|avoid|be|book|bring|build|bump|call|change|check|clean|close|collect|compare|confirm|consider|convert|copy|"
    r"count|cut|define|delete|discard|document|don't|draft|drain|drop|ensure|enter|escalate|explain|fail|file|fill|find|"
    r"fix|follow|generate|get|give|go|handle|hang|ignore|include|indicate|inspect|install|interview|keep|label|leave|let|"
    r"list|load|lock|look|make|mark|mask|measure|mention|merge|migrate|mix|move|name|never|offer|open|order|pack|pass|pay|"
    r"phone|place|post|prefer|prepare|print|put|read|rebuild|record|refer|reject|remember|remove|rename|repeat|replace|"
    r"report|reset|restore|return|review|rinse|rotate|run|save|scan|see|select|send|set|sign|skip|soak|sort|split|start|"
    r"stop|store|switch|take|talk|tell|test|throw|treat|try|turn|update|use|validate|verify|wait|walk|wash|weigh|wrap|write)\b",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(r"\b(?:would|could|might|i'd|we'd|wonder|suppose|imagine|guess|hope|wish)\b", re.IGNORECASE)
_PROGRESS = re.compile(r"\b(?:i am|i'm|we are|we're|i have|i've|we have|we've) (?:\w+ )?\w+(?:ing|ed)\b", re.IGNORECASE)
_RULE = ("norm", "preference", "exception", "habit", "sequence")
_FUTURE = re.compile(r"\b(?:will|i'll|we'll|going to|gonna|tonight|soon)\b", re.IGNORECASE)
#: Inverse strength of the penalty, and weight of the vector beside the turns of phrase: from cross-validation on the
#: seeds, where a weaker penalty is no better.
_INVERSE_PENALTY = 0.1
_KIND_INVERSE_PENALTY = 1.0
_VECTOR_WEIGHT = 2.0


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
        float(bool(_IMPERATIVE.match(plain))),
        float(bool(_HYPOTHETICAL.search(plain))),
        float(bool(_PROGRESS.search(plain))),
        float(any(counts[name] for name in _RULE)),
        float(any(counts[name] for name in (*_RULE, "condition")) or bool(_IMPERATIVE.match(plain))),
        sum(w[0].isupper() and w not in ("I", "I'm") for w in parts[1:]) / max(len(parts), 1),
        float(plain.count(",") >= 2),
        float(any(c.isdigit() for c in plain)),
        float(first.casefold() in {"i", "we", "you"}),
    ]


class Classifier:
    """Keep odds and kinds of sentences, learnt from the shipped seeds only.

    Not from what the subject struck or accepted: those words would have to be kept, and would outlive their records.
    """

    def __init__(self, encoder: Encoder) -> None:
        """Train on the shipped seeds: about a tenth of a second, no randomness."""
        from sklearn.linear_model import LogisticRegression

        self._encoder = encoder
        examples = seeds.load()
        features = self.features([s.text for s in examples], [s.medium == "commit" for s in examples])
        kept = [s.label != seeds.DISCARD for s in examples]
        self._keep = LogisticRegression(C=_INVERSE_PENALTY, class_weight="balanced", max_iter=2000)
        self._kind = LogisticRegression(C=_KIND_INVERSE_PENALTY, class_weight="balanced", max_iter=2000)
        self._keep.fit(features, kept)
        self._kind.fit(features[kept], [s.label for s in examples if s.label != seeds.DISCARD])

    def features(self, texts: Sequence[str], commits: Sequence[bool]) -> NDArray[np.float64]:
        """Return one row per text: its vector, its turns of phrase, and whether it is from a commit message."""
        import numpy as np

        vectors = _VECTOR_WEIGHT * self._encoder.encode(texts).astype(np.float64)
        rows = np.array([surface(t) for t in texts], dtype=np.float64)
        commit = np.array(commits, dtype=np.float64)[:, None]
        # In a commit message an order is a report: "use a set here" tells what was done, so all turns count anew.
        return np.hstack([vectors, rows, rows * commit, commit])

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
