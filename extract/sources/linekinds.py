"""Line kinds that a format states itself, laid over what the rules for text found."""

from __future__ import annotations

from collections.abc import Sequence

from extract.records import SpanKind, TextSpan
from extract.spans import assemble


def lay(text: str, spans: Sequence[TextSpan], stated: Sequence[SpanKind | None], author: str) -> tuple[TextSpan, ...]:
    """Return the spans with the kind of every line replaced where the format states one.

    Args:
        text: The text; lines end in a line feed.
        spans: What the rules found; they cover the text.
        stated: One kind per line of `text.split("\\n")`, None where the format says nothing.
        author: Author key.
    """
    kinds: list[SpanKind | None] = []
    position = at = 0
    for line, kind in zip(text.split("\n"), stated, strict=True):
        while at < len(spans) - 1 and spans[at].end <= position:
            at += 1
        kinds.append(kind or (spans[at].kind if spans else None))
        position += len(line) + 1
    return assemble(text, kinds, author)
