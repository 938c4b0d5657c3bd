"""Finds the words of a mail in its MIME tree: the text parts that the sender showed, decoded, attachments counted."""

from __future__ import annotations

from dataclasses import dataclass, field

from extract.records import SpanKind
from extract.sources import html
from extract.sources.decoding import decode
from extract.sources.mime import Part

_DEPTH, _PARTS, _CHARACTERS = 30, 500, 2_000_000
#: A plain part this much shorter than the HTML is a stub ("this message needs an HTML viewer").
_STUB_RATIO = 12


@dataclass(slots=True)
class Body:
    """The text of a mail and what the reading of it brought up.

    Attributes:
        text: All shown text parts, a blank line between.
        forced: What the HTML said about each line of `text`; None for silence.
        attachments: Parts that were left alone.
        defects: Codes.
    """

    text: str = ""
    forced: list[SpanKind | None] = field(default_factory=list)
    attachments: int = 0
    defects: list[str] = field(default_factory=list)

    def add(self, lines: list[tuple[str, SpanKind | None]]) -> None:
        """Append the lines of one part."""
        if not any(line.strip() for line, _ in lines):
            return
        if self.forced:
            lines = [("", None), *lines]
        self.forced += [kind for _, kind in lines]
        joined = "\n".join(line for line, _ in lines)
        self.text = f"{self.text}\n{joined}" if len(self.forced) > len(lines) else joined


def read(message: Part) -> Body:
    """Return the body of a parsed mail. Never raises on bad content."""
    body = Body()
    budget = [_PARTS]
    for lines in _shown(message, body, 0, budget):
        body.add(lines)
    if budget[0] <= 0:
        body.defects.append("body.too_many_parts")
    if len(body.text) > _CHARACTERS:
        body.defects.append("body.too_long")
        body.text = body.text[:_CHARACTERS]
        body.forced = body.forced[: body.text.count("\n") + 1]
    if not body.forced:
        body.forced = [None]
    body.defects = list(dict.fromkeys(body.defects))
    return body


_Lines = list[tuple[str, SpanKind | None]]


def _shown(part: Part, body: Body, depth: int, budget: list[int]) -> list[_Lines]:
    budget[0] -= 1
    if budget[0] <= 0:
        return []
    if depth > _DEPTH:
        body.defects.append("body.too_deep")
        return []
    kind = part.kind.name
    if kind.startswith("message/") and depth:
        # A forwarded mail as an attachment is another mail: not this author's words.
        body.attachments += 1
        return []
    if part.children is not None:
        messages = part.children
        if kind == "multipart/alternative":
            return _alternative(messages, body, depth, budget)
        if kind in ("multipart/related", "multipart/signed", "multipart/report"):
            body.attachments += max(0, len(messages) - 1)
            messages = messages[:1]
        if kind == "multipart/digest":
            body.attachments += len(messages)
            return []
        return [lines for child in messages for lines in _shown(child, body, depth + 1, budget)]
    if kind.startswith("multipart/"):
        # Declared multipart, but no boundary stands where it should: shown as plain text by mail programs.
        body.defects.append("body.no_boundary")
        kind = "text/plain"
    if kind not in ("text/plain", "text/html") or part.kind.attached:
        body.attachments += 1
        return []
    text = _text(part, body)
    if kind == "text/html":
        return [_html_lines(text, body)]
    return [[(line, None) for line in text.split("\n")]]


def _alternative(parts: list[Part], body: Body, depth: int, budget: list[int]) -> list[_Lines]:
    """Choose the plain form, but let the HTML say which of its lines are quoted."""
    forms: dict[str, list[_Lines]] = {}
    for part in parts:
        kind = part.kind.name
        if kind in ("text/calendar", "text/x-amp-html", "text/enriched", "text/richtext", "text/watch-html"):
            continue
        key = "text/plain" if kind == "text/plain" else "html"
        shown = _shown(part, body, depth + 1, budget)
        if any(line.strip() for lines in shown for line, _ in lines):
            forms.setdefault(key, []).extend(shown)
    plain, rich = forms.get("text/plain"), forms.get("html")
    if plain is None or rich is None:
        return plain or rich or []
    plain_size = sum(len(line) for lines in plain for line, _ in lines)
    rich_size = sum(len(line) for lines in rich for line, _ in lines)
    if plain_size * _STUB_RATIO < rich_size:
        return rich
    own = {_bare(line) for lines in rich for line, kind in lines if kind is None}
    marked = {_bare(line): kind for lines in rich for line, kind in lines if kind is not None}
    return [
        [(line, marked.get(_bare(line)) if line.strip() and _bare(line) not in own else kind) for line, kind in lines]
        for lines in plain
    ]


def _bare(line: str) -> str:
    return " ".join(line.split())


def _text(part: Part, body: Body) -> str:
    data, defects = part.data()
    text, more = decode(data, part.kind.charset)
    body.defects += defects + more
    return text


def _html_lines(text: str, body: Body) -> _Lines:
    try:
        return html.to_lines(text)
    except (ValueError, RuntimeError, UnicodeError, MemoryError):
        body.defects.append("body.bad_html")
        return [(line, "unknown") for line in text.split("\n")]
