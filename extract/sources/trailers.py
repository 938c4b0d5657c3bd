"""Who wrote which words of a commit message: prose, trailers that name others, and what git wrote itself."""

from __future__ import annotations

import re
from typing import NamedTuple

from extract.personkeys import author_line_key
from extract.quotations import Kinds
from extract.records import SpanKind, TextSpan
from extract.spans import assemble, split_chat

_PERSON_TRAILER = re.compile(
    r"[ \t]*([A-Za-z][A-Za-z-]{0,30}(?:-by|-to)|cc|co-authored|reporter|reviewer|author|patch from|thanks)"
    r"[ \t]*:[ \t]*(\S.*)$",
    re.I,
)
_BY = re.compile(
    r"[ \t]*((?:reported|reviewed|suggested|submitted|patch|fixed|found|tested|approved|acked|written|contributed|"
    r"original patch|based on a patch)[ -]+by|thanks to)\b:?[ \t]+(\S.*)$",
    re.I,
)
_TOKEN_TRAILER = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,40}: \S|\(cherry picked from commit |git-svn-id: |Change-Id: ")
_MACHINE = re.compile(
    r"This reverts commit [0-9a-f]{7,64}|Merge (?:pull request|branch|remote-tracking|tag|commit|branches)\b|"
    r"Reverts? \S+#\d+|This reverts merge request|Conflicts:|# Conflicts:|#\t"
)
_REVERT = re.compile(r"This reverts commit ([0-9a-f]{40}|[0-9a-f]{64})")
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
    lines = text.split("\n")
    kinds: Kinds = _kinds(split_chat(text, author), text)
    owners: dict[int, str] = {}
    people: dict[tuple[str, str], None] = {}
    coauthors = 0
    for i, line in enumerate(lines):
        found = (_PERSON_TRAILER.match(line) or _BY.match(line)) if i else None
        if found is not None:
            key, name = author_line_key(found[2].strip()), found[2].strip()
            if found[1].casefold().startswith("co-authored"):
                coauthors += key != author
            people[key, name] = None
            owners[i] = key
            kinds[i] = "signature" if key == author else "attribution"
        elif i and _MACHINE.match(line):
            kinds[i] = "log"
    for i in _last_paragraph(lines):
        if kinds[i] in (None, "own") and _TOKEN_TRAILER.match(lines[i]):
            kinds[i] = "footer"
    machine_title = _MACHINE.match(lines[0]) is not None or lines[0].startswith(('Revert "', 'Reapply "'))
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
    spans = assemble(text, kinds, author)
    return Message(_owned(spans, text, owners), tuple(people), coauthors, reverted[1] if reverted else "")


def _kinds(spans: tuple[TextSpan, ...], text: str) -> Kinds:
    kinds: Kinds = []
    at = position = 0
    for line in text.split("\n"):
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
