"""The words of one Slack message: typed text or rich text blocks, in plain form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_DEPTH = 12


def plain(text: str) -> str:
    """Return typed text with Slack's three escapes undone; mentions and links keep their angle brackets."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def words(message: dict[str, Any]) -> str:
    """Return what the author typed: `text`, or the blocks where the text is empty. Attachments are never included.

    An attachment of a message is an unfurled link or a shared message: someone else's words.
    """
    text = message.get("text")
    if isinstance(text, str) and text.strip():
        return plain(text)
    blocks = message.get("blocks")
    return "\n".join(_blocks(blocks)).strip("\n") if isinstance(blocks, list) else ""


def _blocks(blocks: list[Any]) -> Iterator[str]:
    for block in blocks:
        if not isinstance(block, dict):
            continue
        kind = block.get("type")
        if kind == "rich_text":
            yield from _rich(block.get("elements"), "", 0)
        elif kind in ("section", "header", "markdown"):
            inner = block.get("text")
            if isinstance(inner, dict) and isinstance(inner.get("text"), str):
                yield plain(inner["text"])
            elif isinstance(inner, str):
                yield plain(inner)


def _rich(elements: Any, prefix: str, depth: int) -> Iterator[str]:
    if not isinstance(elements, list) or depth > _DEPTH:
        return
    for element in elements:
        if not isinstance(element, dict):
            continue
        kind = element.get("type")
        inner = element.get("elements")
        if kind == "rich_text_list":
            yield from _rich(inner, prefix + "- ", depth + 1)
        elif kind == "rich_text_quote":
            yield from ("> " + line for line in _inline(inner).split("\n"))
        elif kind == "rich_text_preformatted":
            yield "```"
            yield _inline(inner)
            yield "```"
        elif kind == "rich_text_section":
            yield prefix + _inline(inner)


def _inline(elements: Any) -> str:
    if not isinstance(elements, list):
        return ""
    return "".join(_part(e) for e in elements if isinstance(e, dict))


def _part(element: dict[str, Any]) -> str:
    kind = element.get("type")
    for wanted, field, form in (
        ("text", "text", "{}"),
        ("user", "user_id", "<@{}>"),
        ("channel", "channel_id", "<#{}>"),
        ("usergroup", "usergroup_id", "<!subteam^{}>"),
        ("broadcast", "range", "<!{}>"),
        ("emoji", "name", ":{}:"),
    ):
        value = element.get(field)
        if kind == wanted and isinstance(value, str):
            return form.format(value)
    if kind == "link" and isinstance(element.get("url"), str):
        label = element.get("text")
        return f"<{element['url']}|{label}>" if isinstance(label, str) else f"<{element['url']}>"
    return ""
