"""Who wrote which words of a commit message: prose, trailers that name others, and what git wrote itself."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from extract.owners import owned
from extract.personkeys import author_line_key
from extract.quotations import Kinds
from extract.records import SpanKind, TextSpan
from extract.sources.prose import is_plain
from extract.spans import assemble, split_chat

_PERSON = (
    r"[ \t]*([A-Za-z][A-Za-z-]{0,30}(?:-by|-to)|cc|co-authored|reporter|reviewer|author|patch from|thanks)"
    r"[ \t]*:[ \t]*(\S.*)"
)
_BY = (
    r"[ \t]*((?:reported|reviewed|suggested|submitted|patch|fixed|found|tested|approved|acked|written|contributed|"
    r"original patch|based on a patch)[ -]+by|thanks to)\b:?[ \t]+(\S.*)"
)
_FIELD = r"[A-Za-z][A-Za-z0-9-]{1,40}: \S|\(cherry picked from commit |git-svn-id: |Change-Id: "
_MACHINE = (
    r"This reverts commit [0-9a-f]{7,64}|Merge (?:pull request|branch|remote-tracking|tag|commit|branches)\b|"
    r"Reverts? \S+#\d+|This reverts merge request|Conflicts:|# Conflicts:|#\t"
)
_MACHINE_LINE = re.compile(_MACHINE)
_FIELD_LINE = re.compile(_FIELD)
# A line below the first that needs a closer look. It starts with a plain line feed, which `re` finds fast.
_MARKED = re.compile(rf"\n(?:{_PERSON}|{_BY}|{_MACHINE})", re.I)
# One of these stands in each such line.
_MARKS = (
    "-by", " by", "-to", "thanks", "cc", "merge ", "revert", "reviewer", "reporter", "author", "patch from",
    "conflicts:", "#\t",
)  # fmt: skip
_FIELDS = re.compile(rf"\n(?:{_FIELD})")
_REVERTS = "This reverts commit "
_REVERT = re.compile(_REVERTS + r"([0-9a-f]{40}|[0-9a-f]{64})")
_BULLET = re.compile(r"[ \t]*[*-] \S")


class Message(NamedTuple):
    """A commit message taken apart.

    Attributes:
        spans: Who wrote which words.
        people: (key, as written) of everybody that trailers name.
        coauthors: How many co-authors trailers name.
        reverts: Commit id that this one reverts, or "".
    """

    spans: tuple[TextSpan, ...]
    people: tuple[tuple[str, str], ...]
    coauthors: int
    reverts: str


def split(text: str, author: str, *, merge: bool) -> Message:
    """Take a commit message apart.

    Args:
        text: The whole message.
        author: Key of the commit's author.
        merge: Whether the commit has several parents.
    """
    machine_title = _MACHINE_LINE.match(text) is not None or text.startswith(('Revert "', 'Reapply "'))
    if not machine_title and not _is_marked(text) and not _ends_in_fields(text):
        if not is_plain(text):
            return Message(split_chat(text, author), (), 0, "")
        # Most messages: nothing in them but the author's own words.
        kind: SpanKind = "own" if author else "unknown"
        return Message((TextSpan(0, len(text), kind, author),) if text else (), (), 0, "")
    return _split(text, author, merge=merge, machine_title=machine_title)


def _is_marked(text: str) -> bool:
    low = text.lower()
    for word in _MARKS:
        if word in low:
            return _MARKED.search(text) is not None or _REVERTS in text
    return False


def _ends_in_fields(text: str) -> bool:
    """Say whether there may be trailers in the last paragraph."""
    bare = text.rstrip()
    return _FIELDS.search(text, max(bare.rfind("\n\n"), 0)) is not None


def _split(text: str, author: str, *, merge: bool, machine_title: bool) -> Message:
    lines = text.split("\n")
    owners: dict[int, str] = {}
    people: dict[tuple[str, str], None] = {}
    coauthors = 0
    known: dict[int, SpanKind] = {}
    i = at = 0
    for found in _MARKED.finditer(text):
        i += text.count("\n", at, found.start()) + 1
        at = found.start() + 1
        role = found[1] or found[3]
        if role:
            name = (found[2] or found[4]).strip()
            key = _key(name)
            if role.casefold().startswith("co-authored"):
                coauthors += key != author
            people[key, name] = None
            owners[i] = key
            known[i] = "signature" if key == author else "attribution"
        elif _MACHINE_LINE.match(lines[i]):
            known[i] = "log"
    kinds = _prose_kinds(lines, known, text, author)
    for i, kind in known.items():
        kinds[i] = kind
    for i in _last_paragraph(lines):
        if kinds[i] in (None, "own") and _FIELD_LINE.match(lines[i]):
            kinds[i] = "footer"
    if machine_title:
        # A revert's title quotes the title of somebody's commit; a merge's was written by git or a code host.
        kinds[0] = "log"
    if merge and machine_title:
        # Below stands the title of the merged request, which need not be the merger's.
        kinds = [k if k not in (None, "own") else "unknown" for k in kinds]
        kinds[0] = "log"
    elif coauthors and sum(1 for line in lines if _BULLET.match(line)) >= 2:
        # A squash: the bullets are the messages of several people's commits.
        kinds = [k if k not in (None, "own") or i == 0 else "unknown" for i, k in enumerate(kinds)]
    reverted = _REVERT.search(text)
    spans = owned(text, assemble(text, kinds, author))
    return Message(_owned(spans, text, owners), tuple(people), coauthors, reverted[1] if reverted else "")


@lru_cache(maxsize=16_384)
def _key(name: str) -> str:
    return author_line_key(name)


def _prose_kinds(lines: list[str], known: dict[int, SpanKind], text: str, author: str) -> Kinds:
    """Return what a chat message of the same lines would be; trailers at the end do not count."""
    end = len(lines)
    while end and (end - 1 in known or not lines[end - 1].strip() or _FIELD_LINE.match(lines[end - 1])) and end > 1:
        end -= 1
    if is_plain("\n".join(lines[:end])):
        return [None] * len(lines)
    kinds: Kinds = []
    at = position = 0
    spans = split_chat(text, author)
    for line in lines:
        while at < len(spans) - 1 and spans[at].end <= position:
            at += 1
        kind: SpanKind | None = spans[at].kind if spans else None
        kinds.append(None if kind in ("own", "unknown") else kind)
        position += len(line) + 1
    return kinds


def _last_paragraph(lines: list[str]) -> range:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    start = end
    while start > 1 and lines[start - 1].strip():
        start -= 1
    return range(max(start, 1), end)


def _owned(spans: tuple[TextSpan, ...], text: str, owners: dict[int, str]) -> tuple[TextSpan, ...]:
    """Give every attribution span the one person it names, where it names one."""
    if not owners:
        return spans
    out = []
    for span in spans:
        if span.kind == "attribution":
            first = text.count("\n", 0, span.start)
            last = first + text.count("\n", span.start, span.end)
            named = {owners[i] for i in range(first, last + 1) if i in owners}
            if len(named) == 1:
                span = span._replace(owner=named.pop())
        out.append(span)
    return tuple(out)
