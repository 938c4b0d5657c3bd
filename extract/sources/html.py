"""HTML mail to text, with the quotations marked on the document tree before anything is flattened.

A converter that only strips tags turns quoted words into the author's: the blockquote that said whose they are is
gone. So every line of the result carries what the tree says about it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extract.headerblocks import name_of
from extract.records import SpanKind

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_DROPPED = frozenset(
    {
        "form", "head", "iframe", "link", "math", "meta", "noscript", "object", "script", "select", "style", "svg",
        "template", "textarea", "title",
    }
)  # fmt: skip
_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
        "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre",
        "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
    }
)  # fmt: skip
#: Web mailers put a prefix of their own before the names that they find in a mail.
_PREFIX = r"(?:x_|ecx|m_-?\d+)*"
_QUOTE_CLASS = re.compile(
    rf"(?:^|\s){_PREFIX}(?:gmail_quote(?:_container)?|gmail_extra|yahoo_quoted\S*|yahoo-quoted\S*|protonmail_quote|"
    r"tutanota_quote|zmail_extra|moz-forward-container|WordSection1-quote|AppleMailQuote|rcmQuote|cite|quote|quoted|"
    r"quotedtext|quoted-text|mail-quote\S*|front-blockquote|freshdesk_quote|gorgias-quote\S*|js-zendesk-quote|"
    r"OutlookMessageHeader|inbox-inline-quote|nylas-quote\S*|hop_extra|sh-quoted-content|missive_quote|"
    r"zimbra_quote|email_quote|reply-quote|history_container|airmail_ext_on)(?:\s|$)"
)
_QUOTE_ID = re.compile(
    rf"{_PREFIX}(?:yahoo_quoted\S*|OLK_SRC_BODY_SECTION|replySplit|isReplyContent|isForwardContent|"
    r"mail-editor-reference-message-container|composeWebView_previouse_content)$"
)
_ATTRIBUTION_CLASS = re.compile(
    rf"(?:^|\s){_PREFIX}(?:moz-cite-prefix|gmail_attr|moz-email-headers-table|protonmail_quote_head|gmail_sendername|"
    r"AppleMailQuoteHeader|airmail_on)(?:\s|$)"
)
# From such an element on, everything is an older mail.
_REST_ID = re.compile(rf"{_PREFIX}(?:divRplyFwdMsg|appendonsend|stopSpelling|reply-intro|orm_original|zwchr)$")
_REST_CLASS = re.compile(rf"(?:^|\s){_PREFIX}(?:OutlookMessageHeader|ms-outlook-mobile-reference-message)(?:\s|$)")
#: The line that Outlook and Windows Mail draw above the header block of the older mail.
_REST_STYLE = re.compile(r"border-top(?:-style)?:[^;]*solid|border:[^;]*;border-top-color", re.I)
_SIGNATURE_CLASS = re.compile(
    r"(?:^|\s)(?:gmail_signature|moz-signature|protonmail_signature_block|yahoo-signature\S*|ms-outlook-mobile-signature)(?:\s|$)"
)
_SIGNATURE_ID = re.compile(r"(?:x_)*(?:signature|Signature|ms-outlook-mobile-signature|AppleMailSignature)\S*$")
_HIDDEN = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|font-size:0(?:px|pt|em|%)?(?:;|$)|opacity:0(?:\.0+)?(?:;|$)|"
    r"max-height:0(?:px)?(?:;|$)|text-indent:-\d{3,}|left:-\d{3,}"
)
#: Characters without width: a soft hyphen stands inside a word.
_NO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u00ad\ufeff\u2060"))
_DEPTH = 400


class _Writer:
    """Collects lines of text, each with the kind that the tree gives it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, SpanKind | None]] = []
        self._parts: list[str] = []
        self._kind: SpanKind | None = None
        self.rest: SpanKind | None = None

    def write(self, text: str, kind: SpanKind | None) -> None:
        kind = kind or self.rest
        if kind != self._kind:
            if self._parts and not "".join(self._parts).isspace():
                self.end_line()
            self._kind = kind
        if text:
            self._parts.append(text)

    def end_line(self) -> None:
        if self._parts:
            text = "".join(self._parts)
            self._parts = []
            line = " ".join((text if text.isascii() else text.translate(_NO_WIDTH)).split())
        else:
            line = ""
        if line or (self.lines and self.lines[-1][0]):
            self.lines.append((line, self._kind))

    def verbatim(self, text: str, kind: SpanKind | None) -> None:
        self.end_line()
        self.lines += [(line.rstrip(), kind or self.rest) for line in text.replace("\r\n", "\n").split("\n")]


def to_lines(markup: str) -> list[tuple[str, SpanKind | None]]:
    """Return the lines of an HTML body, each with `quoted`, `attribution`, `signature`, or None where it is silent."""
    from selectolax.lexbor import LexborHTMLParser

    root = LexborHTMLParser(markup).body
    writer = _Writer()
    if root is not None:
        _walk(root, writer)
    writer.end_line()
    while writer.lines and not writer.lines[-1][0]:
        writer.lines.pop()
    return writer.lines


def _walk(root: LexborNode, writer: _Writer) -> None:
    """Visit the tree without recursion: mails nest tables deeper than Python likes to call."""
    stack: list[tuple[LexborNode, SpanKind | None, int, bool]] = [(root, None, 0, False)]
    while stack:
        node, kind, depth, leaving = stack.pop()
        tag = node.tag or ""
        if leaving:
            writer.end_line()
            continue
        if tag == "-text":
            writer.write(node.text_content or "", kind)
            continue
        if tag in _DROPPED or tag.startswith(("-", "!")) or depth > _DEPTH:
            continue
        attributes = node.attributes
        if _hidden(attributes):
            continue
        kind = _kind_of(node, tag, attributes, writer) or kind
        if tag == "br":
            writer.write("", kind)
            writer.end_line()
            continue
        if tag == "pre":
            writer.verbatim(node.text(deep=True) or "", kind)
            continue
        if tag in ("td", "th"):
            writer.write(" ", kind)
        block = tag in _BLOCKS
        if block:
            writer.end_line()
            stack.append((node, kind, depth, True))
        if tag == "li":
            writer.write("- ", kind)
        children = []
        child = node.child
        while child is not None:
            children.append(child)
            child = child.next
        stack.extend((c, kind, depth + 1, False) for c in reversed(children))


def _starts_with_header(node: LexborNode) -> bool:
    return name_of((node.text(deep=True) or "").translate(_NO_WIDTH).strip()[:80]) is not None


def _hidden(attributes: dict[str, str | None]) -> bool:
    if not attributes:
        return False
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    style = attributes.get("style")
    return bool(style) and _HIDDEN.search("".join((style or "").lower().split())) is not None


def _kind_of(node: LexborNode, tag: str, attributes: dict[str, str | None], writer: _Writer) -> SpanKind | None:
    if tag in ("blockquote", "q"):
        return "quoted"
    if not attributes:
        return None
    ident = attributes.get("id") or ""
    names = attributes.get("class") or ""
    style = attributes.get("style") or ""
    if (
        (ident and _REST_ID.match(ident))
        or (names and _REST_CLASS.search(names))
        or ("border-top" in style and _REST_STYLE.search(style) and _starts_with_header(node))
    ):
        writer.end_line()
        writer.rest = "quoted"
        return "quoted"
    if (names and _QUOTE_CLASS.search(names)) or (ident and _QUOTE_ID.match(ident)):
        return "quoted"
    if names and _ATTRIBUTION_CLASS.search(names):
        return "attribution"
    if (names and _SIGNATURE_CLASS.search(names)) or (ident and _SIGNATURE_ID.match(ident)):
        return "signature"
    return None
