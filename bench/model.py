"""The language model: tokens per second, and claims per second of the whole distillation."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta

from bench import sample
from bench.measure import Row, cpu


def run() -> list[Row]:
    """Distil the sample's own words, and read and write with the bare model beside it."""
    from extract.distil.backend import default_model
    from extract.distil.claims import Passage
    from extract.distil.llama_backend import LlamaBackend
    from extract.distil.pipeline import distil
    from extract.distil.settings import Settings

    texts = sample.own_words()
    start = date(2026, 5, 4)
    passages = [Passage(i, t, "mail", f"t{i}", start + timedelta(days=i % 90)) for i, t in enumerate(texts)]
    with contextlib.closing(LlamaBackend(default_model())) as backend:
        before, began = backend.usage(), cpu()
        made = distil(passages, backend, settings=Settings())
        seconds, after = cpu() - began, backend.usage()
        without = cpu()
        distil(passages, backend, settings=Settings(rewrite=False))
        without = cpu() - without
    read, written = after[0] - before[0], after[1] - before[1]
    return [
        Row("model", "distil, passages", len(passages), "passages", seconds),
        Row("model", "distil, claims", len(made.claims), "claims", seconds),
        Row("model", "distil without rewriting, claims", len(made.claims), "claims", without, "distil, claims"),
        Row("model", "tokens read and written while distilling", read + written, "tokens", seconds),
    ]
