"""Says whose words a quotation holds, where the line or the header block above it names an address."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extract.headerblocks import name_of
from extract.records import TextSpan

_ADDRESS = re.compile(r"[^\s<>@,;:()\[\]\"'|]{1,64}@[^\s<>@,;:()\[\]\"'|]{1,255}\w")


def owned(text: str, spans: Sequence[TextSpan]) -> tuple[TextSpan, ...]:
    """Return the spans, quoted and forwarded ones with the owner that their attribution names by address.

    An attribution speaks for what follows it up to the next one. A span that holds a quotation of its own, or a header
    block, has several authors and so no owner.

    Args:
        text: The whole text.
        spans: What the rules found; they cover the text.
    """
    if not any(span.kind == "attribution" for span in spans):
        return tuple(spans)
    result: list[TextSpan] = []
    owner = ""
    for span in spans:
        if span.kind == "attribution":
            owner = sender(text[span.start : span.end])
        elif owner and span.kind in ("quoted", "forwarded") and _is_one_persons(text[span.start : span.end]):
            span = span._replace(owner=owner)
        result.append(span)
    return tuple(result)


def sender(attribution: str) -> str:
    """Return the key `mailto:...` of the one whom an attribution or a header block names as writer, or ""."""
    if "@" not in attribution:
        return ""
    head = next((line for line in attribution.split("\n") if name_of(line.strip(" \t>")) == "from"), None)
    said = (attribution if head is None else head).split()
    found = {address.casefold() for word in said if "@" in word for address in _ADDRESS.findall(word)}
    if head is not None and not found:
        return ""
    # Two addresses: nothing says which of them is the writer's.
    return f"mailto:{found.pop()}" if len(found) == 1 else ""


def _is_one_persons(part: str) -> bool:
    """Say whether nothing in a quotation looks like a quotation of its own."""
    if ">>" in part or "> >" in part or "wrote:" in part or "Message" in part:
        return False
    return "@" not in part or all(name_of(line.strip(" \t>")) != "from" for line in part.split("\n") if ":" in line)
