"""A receipt as one HTML page: no scripts, nothing fetched, and the machine-readable receipt inside it."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from consent import htmlpage, receipt_text
from consent.errors import RecordError
from consent.receipt_words import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consent.receipt import Receipt
    from consent.receipt_text import Row

_STYLE = """\
th { font-weight: 600; white-space: nowrap; }
th.part { padding-left: 1.25rem; font-weight: 400; }
td { overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; border: 1px solid #8884; padding: .75rem; }
.say { font-size: 1.1rem; font-weight: 600; }
section.notice { border-left: .25rem solid #8888; padding-left: 1rem; }
@media print { body { margin: 0; max-width: none; } }
"""
_OPEN, _CLOSE = '<pre id="receipt">', "</pre>"
_MARKS = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*([^*]+)\*"), r"<em>\1</em>"),
)


def page(receipt: Receipt) -> bytes:
    """Return the page; the same receipt always makes the same bytes."""
    said = words(receipt.lang)
    parts = _table(receipt_text.rows(receipt))
    if receipt_text.promise(receipt):
        parts.append(f'<p class="say">{html.escape(receipt_text.promise(receipt))}</p>')
    parts += [f"<p>{html.escape(said['keep'])}</p>", *_table(receipt_text.evidence(receipt))]
    command = "govern consent receipt --check FILE --log-key KEY"
    parts += [f"<p>{html.escape(said['check'])} <code>{command}</code></p>"]
    if receipt.notice is not None:
        told = html.escape(receipt.notice.lang)
        parts += [f"<h2>{html.escape(said['told'])}</h2>", f'<section class="notice" lang="{told}">']
        parts += [*markdown(receipt.notice.text), "</section>"]
    parts += [f"<h2>{html.escape(said['checkpoint'])}</h2>", f"<pre>{html.escape(receipt.checkpoint.decode())}</pre>"]
    parts += [f"<details><summary>{html.escape(said['machine'])}</summary>"]
    parts += [f"{_OPEN}{html.escape(receipt.to_bytes().decode(), quote=False)}{_CLOSE}", "</details>"]
    return htmlpage.page(receipt_text.headline(receipt), receipt.lang, _STYLE, parts)


def embedded(data: bytes) -> bytes:
    """Return the machine-readable receipt inside a page.

    Raises:
        RecordError: There is none.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise RecordError("the file is no receipt") from None
    _, found, rest = text.partition(_OPEN)
    inner, end, _ = rest.partition(_CLOSE)
    if not found or not end:
        raise RecordError("the file is no receipt")
    return html.unescape(inner).encode()


def _table(rows: Iterable[Row]) -> list[str]:
    lines = ["<table>"]
    for label, value in rows:
        part = ' class="part"' if label.startswith(" ") else ""
        lines.append(f'<tr><th scope="row"{part}>{html.escape(label.strip())}</th><td>{html.escape(value)}</td></tr>')
    return [*lines, "</table>"]


def markdown(text: str) -> list[str]:
    """Return the paragraphs, lists and headings of a notice; anything else stays text."""
    lines: list[str] = []
    for block in re.split(r"\n{2,}", html.escape(text.strip(), quote=False)):
        for mark, tag in _MARKS:
            block = mark.sub(tag, block)
        if block.startswith("#"):
            level = len(block) - len(block.lstrip("#"))
            lines.append(f"<h{level + 2}>{block.lstrip('# ')}</h{level + 2}>")
        elif block.startswith("- "):
            items = re.split(r"\n(?=- )", block)
            lines += ["<ul>", *(f"<li>{item.removeprefix('- ')}</li>" for item in items), "</ul>"]
        else:
            lines.append(f"<p>{block}</p>")
    return lines
