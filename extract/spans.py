"""Who wrote which words: splits the text of a mail, chat message or document into spans that cover all of it.

Other people's words must not pass as the author's own. So a doubt is decided against `own`: what follows an unmarked
quotation is quoted to the end of the text, and what is neither clearly the author's nor clearly another's is
`unknown`, which no gate takes.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from extract import markers as m
from extract.boilerplate import mark_armour, mark_patches_and_logs, mark_tails
from extract.headerblocks import name_of
from extract.owners import owned
from extract.page import Page
from extract.quotations import Kinds, cut_foreign, mark_bars, mark_heads, mark_quotes
from extract.records import SpanKind, TextSpan

_ADDRESS = re.compile(r"[^\s<>@,;:()\[\]\"']{1,64}@[^\s<>@,;:()\[\]\"']{1,255}")
_NAME_BEFORE = re.compile(r"([^\W\d_][\w.'’ -]{1,60}?)[\"']?\s*[<(\[](?:mailto:)?[^\s<>@]{1,64}@", re.U)


def assemble(text: str, kinds: Sequence[SpanKind | None], author: str) -> tuple[TextSpan, ...]:
    """Return the spans for one kind per line; blank lines join the line before them.

    Args:
        text: The text; lines end in a line feed.
        kinds: One kind per line of `text.split("\\n")`, None for `own`.
        author: Author key; without one, nothing is `own`.
    """
    nobodys: SpanKind = "own" if author else "unknown"
    spans: list[TextSpan] = []
    start = position = 0
    last: SpanKind | None = None
    for line, given in zip(text.split("\n"), kinds, strict=True):
        kind = nobodys if given is None or given == "own" else given
        if kind != last and (last is None or line.strip()):
            if last is not None:
                spans.append(_span(start, position, last, author))
                start = position
            last = kind
        position += len(line) + 1
    end = len(text)
    if last is not None and end > start:
        spans.append(_span(start, end, last, author))
    return tuple(spans)


def _span(start: int, end: int, kind: SpanKind, author: str) -> TextSpan:
    return TextSpan(start, end, kind, author if kind in ("own", "signature", "patch", "log", "footer") else "")


def split_mail(text: str, author: str, forced: Sequence[SpanKind | None] | None = None) -> tuple[TextSpan, ...]:
    """Return the spans of a mail body.

    Args:
        text: Decoded body.
        author: Author key, or "" if unknown: then nothing is `own`.
        forced: Per line, what the HTML said already; None where it said nothing.
    """
    page = Page(text)
    kinds: Kinds = list(forced) if forced is not None else [None] * len(page.lines)
    if "quoted" in kinds:
        mark_heads(page, kinds)
    mark_quotes(page, kinds)
    page.narrow(kinds)
    cut_foreign(page, kinds, author)
    mark_patches_and_logs(page, kinds)
    mark_armour(page, kinds)
    mark_tails(page, kinds)
    return owned(text, assemble(text, kinds, author))


def split_chat(text: str, author: str) -> tuple[TextSpan, ...]:
    """Return the spans of a chat message: quotations, pasted code, patches and logs, and the rest.

    Marks are those of Markdown as Slack, Mattermost, Discord, Teams and Telegram write it: `>` quotes a line, `>>>` all
    that follows, and what stands between lines of three backticks or tildes was pasted.
    """
    page = Page(text)
    lines = page.lines
    kinds: Kinds = [None] * len(lines)
    if "```" in text or "~~~" in text:
        _mark_fences(page, kinds)
    for i, line in enumerate(page.bare):
        if kinds[i] is not None or line[:1] not in (">", "＞", "&"):
            continue
        if line.startswith((">>>", "&gt;&gt;&gt;")):
            kinds[i:] = ["quoted"] * (len(lines) - i)
            break
        if line.startswith((">", "＞", "&gt;")):
            kinds[i] = "quoted"
    mark_bars(page, kinds)
    page.narrow(kinds)
    cut_foreign(page, kinds)
    mark_patches_and_logs(page, kinds)
    return owned(text, assemble(text, kinds, author))


def _mark_fences(page: Page, kinds: Kinds) -> None:
    """Mark fenced code (CommonMark 0.31 §4.5; chats also close a fence at the end of a line)."""
    i = 0
    while i < len(page.lines):
        fence = page.bare[i][:3]
        if fence not in ("```", "~~~"):
            i += 1
            continue
        end = i if page.bare[i].endswith(fence) and len(page.bare[i]) > 5 else i + 1
        while end < len(page.lines) and not page.bare[end].endswith(fence):
            end += 1
        end = min(end, len(page.lines) - 1)
        kinds[i : end + 1] = ["log"] * (end + 1 - i)
        i = end + 1


def split_document(text: str, author: str, head: int = 0) -> tuple[TextSpan, ...]:
    """Return the spans of a document.

    Args:
        text: The whole file.
        author: Author key, or "" if unknown.
        head: How many lines of front matter it starts with.
    """
    page = Page(text)
    lines = page.lines
    kinds: Kinds = [None] * len(lines)
    kinds[:head] = ["footer"] * min(head, len(lines))
    for i, line in enumerate(lines):
        if kinds[i] is None and m.QUOTE_MARK.match(line):
            kinds[i] = "quoted"
    # A lazy continuation belongs to the block quotation above it (CommonMark 0.31 §5.1).
    for i in range(1, len(lines)):
        if kinds[i] is None and kinds[i - 1] == "quoted" and lines[i].strip() and not lines[i].startswith("#"):
            kinds[i] = "quoted"
    mark_patches_and_logs(page, kinds)
    return assemble(text, kinds, author)


def reclaim(text: str, spans: Sequence[TextSpan], foreign: Container[str], author: str) -> tuple[TextSpan, ...]:
    """Return the spans with every own line that stands in `foreign` turned to `quoted`.

    Args:
        text: The record's text.
        spans: Its spans.
        foreign: Lines that someone else wrote, in the form of `comparable`.
        author: The record's author key.
    """
    kinds: Kinds = []
    position = 0
    at = 0
    for line in text.split("\n"):
        while at < len(spans) - 1 and spans[at].end <= position:
            at += 1
        kind: SpanKind | None = spans[at].kind if spans else None
        if kind == "own" and comparable(line) in foreign:
            kind = "quoted"
        kinds.append(kind)
        position += len(line) + 1
    owners = {span.start: span for span in spans if span.owner}
    return tuple(
        span._replace(owner=old.owner)
        if (old := owners.get(span.start)) and (old.kind, old.end) == (span.kind, span.end)
        else span
        for span in assemble(text, kinds, author)
    )


def names_in(text: str, spans: Sequence[TextSpan]) -> tuple[str, ...]:
    """Return the names and addresses that attributions and quoted header blocks carry, for the identity directory."""
    found: dict[str, None] = {}
    for span in spans:
        if span.kind != "attribution":
            continue
        part = text[span.start : span.end]
        if "@" in part:
            for word in part.split():
                if "@" in word:
                    found.update(dict.fromkeys(_ADDRESS.findall(word)))
            for name in _NAME_BEFORE.findall(part):
                found[" ".join(name.split()).strip(" \"',")] = None
        for line in part.split("\n"):
            if (":" in line or "：" in line) and name_of(line.strip()) in ("from", "to", "cc"):
                value = re.sub(r"<[^>]*>|\[[^\]]*\]", "", line.partition(":")[2])
                for name in value.split(";"):
                    if 0 < len(name.strip()) <= 80:
                        found[name.strip(" \"'\t*")] = None
    return tuple(name for name in found if name)


def comparable(line: str) -> str:
    """Return the form in which a line is compared with the parent's: no quotation marks, single spaces; "" if short.

    Short lines ("Thanks", "yes") are said by everyone and prove nothing.
    """
    bare = re.sub(r"\s+", " ", line.lstrip("> \t|")).strip().casefold()
    return bare if len(bare) >= 25 and bare.count(" ") >= 3 else ""
