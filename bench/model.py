"""The language model: tokens per second beside llama.cpp's own, and claims per second of the whole distillation."""

from __future__ import annotations

import contextlib
import time
from datetime import date, timedelta
from typing import Any

from bench import sample
from bench.measure import Row, cpu

#: Quotes that are made shorter and sorted into kinds while llama.cpp's own share is measured.
_QUOTES = 20


class Clocked:
    """The library, with a clock in its one expensive call: what is spent there is llama.cpp's own."""

    def __init__(self, library: Any) -> None:
        self.library = library
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        """Return the library's own."""
        return getattr(self.library, name)

    def llama_decode(self, *given: Any) -> Any:
        """Decode, and count the CPU seconds."""
        start = time.process_time()
        try:
            return self.library.llama_decode(*given)
        finally:
            self.seconds += time.process_time() - start


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
        asked = _asking(backend, [claim.evidence[0].quote for claim in made.claims][:_QUOTES])
    read, written = after[0] - before[0], after[1] - before[1]
    return [
        Row("model", "distil, passages", len(passages), "passages", seconds),
        Row("model", "distil, claims", len(made.claims), "claims", seconds),
        Row("model", "distil without rewriting, claims", len(made.claims), "claims", without, "distil, claims"),
        Row("model", "tokens read and written while distilling", read + written, "tokens", seconds),
        *asked,
    ]


def _asking(backend: Any, quotes: list[str]) -> list[Row]:
    """Put the distiller's two kinds of questions, with llama.cpp's own seconds as the limit of each."""
    from extract.distil import deletion, kinds
    from extract.distil.claims import KINDS

    unknown = [dict.fromkeys(KINDS, 1 / len(KINDS))] * len(quotes)
    backend._lib = clocked = Clocked(backend._lib)
    rows = []
    for name, ask in (
        ("rewriting", lambda: [deletion.shorten(quote, backend) for quote in quotes]),
        ("kinds", lambda: kinds.distributions(quotes, unknown, backend)),
    ):
        ask()  # so that the fixed part of the prompt has been read
        clocked.seconds, before, start = 0.0, sum(backend.usage()), time.process_time()
        ask()
        seconds, tokens = time.process_time() - start, sum(backend.usage()) - before
        limit = f"{name}, llama.cpp's own calls"
        rows += [
            Row("model", limit, tokens, "tokens", clocked.seconds),
            Row("model", name, tokens, "tokens", seconds, limit),
        ]
    return rows
