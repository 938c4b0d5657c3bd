"""Finds other people's words in a text: marked lines, attributions, and quotations without any mark."""

from __future__ import annotations

import re
from typing import NamedTuple

from extract import headerblocks
from extract import markers as m
from extract.headerblocks import Cut
from extract.page import Page
from extract.records import SpanKind

Kinds = list[SpanKind | None]
#: A broken quotation line: its head is about as long as mail programs wrap, its tail short.
_WRAP_FROM, _WRAP_TAIL, _WRAP_LAST, _WRAP_MOST = 60, 34, 20, 76
#: Problem reports of GNATS name their fields so: `>Category: pkg`. This many make a report.
_REPORT_FIELDS = 4
_REPORT_FIELD = re.compile(r"\n>[A-Z][A-Za-z-]{2,20}:")
_BARS = ("|", ":")
_DIGIT = re.compile(r"\d")
#: A date or a time, or a weekday before one.
_DATED = re.compile(r"[\[(*]?\d{1,4}[-./:]\d|\w{2,12}[,.] \d")
#: An attribution takes at most so many lines.
_REACH = 6
#: A longer line announces nothing.
_LONGEST = 200


def mark_quotes(page: Page, kinds: Kinds) -> None:
    """Mark lines that carry a quotation mark, and the tails of those that were wrapped."""
    text, lines = page.text, page.lines
    if ">" in text or "＞" in text:
        report = len(_REPORT_FIELD.findall("\n" + text)) >= _REPORT_FIELDS
        marked = [i for i, line in enumerate(lines) if ">" in line[:9]]
        if "＞" in text:
            marked = [i for i, line in enumerate(lines) if ">" in line[:9] or "＞" in line[:4]]
        for i in marked:
            line = lines[i]
            if kinds[i] is not None or (line[0] != ">" and not m.QUOTE_MARK.match(line)):
                continue
            # Where the line above is quoted too, nothing was wrapped out of an attribution.
            if (
                len(line) < _WRAP_TAIL
                and i
                and kinds[i - 1] is None
                and page.bare[i - 1]
                and m.WRAPPED_VERB.match(line)
            ):
                continue
            if not (report and _REPORT_FIELD.match("\n" + line)):
                kinds[i] = "quoted"
    mark_bars(page, kinds)
    if "quoted" in kinds:
        _mark_wrapped(page, kinds)


def _mark_wrapped(page: Page, kinds: Kinds) -> None:
    """Mark the tails that programs leave without a mark when they wrap a quoted line."""
    lines, bare = page.lines, page.bare
    for i in [i for i in range(1, len(lines)) if kinds[i] is None and kinds[i - 1] is not None]:
        if kinds[i - 1] != "quoted" or not bare[i] or len(lines[i - 1]) < _WRAP_FROM:
            continue
        tail = lines[i]
        goes_on = i + 1 < len(lines) and kinds[i + 1] == "quoted"
        if (
            (len(tail) <= _WRAP_TAIL and goes_on and lines[i + 1].lstrip("> \t"))
            or (len(tail) <= _WRAP_LAST and tail[:1].islower())
            # A sentence that runs on in the middle of a quotation.
            or (len(tail) <= _WRAP_MOST and goes_on and tail[:1].islower() and bare[i - 1][-1] not in ".!?:;")
        ):
            kinds[i] = "quoted"


def mark_bars(page: Page, kinds: Kinds) -> None:
    """Mark runs of at least two lines that start with a bar or a colon."""
    text = page.text
    if "|" not in text and "\n:" not in text and "\n :" not in text and "\n\t:" not in text:
        return
    run: list[int] = []
    for i in [i for i, line in enumerate(page.lines) if line[:2].lstrip()[:1] in _BARS and m.BAR_MARK.match(line)]:
        if kinds[i] is not None:
            continue
        if run and run[-1] != i - 1:
            run = []
        run.append(i)
        if len(run) >= 2:
            kinds[i] = kinds[i - 1] = "quoted"


def mark_heads(page: Page, kinds: Kinds) -> None:
    """Mark the attribution or header block with which a quotation begins that the HTML marked as a whole."""
    for i in [i for i, kind in enumerate(kinds) if kind == "quoted" and page.bare[i]]:
        above = next((kinds[j] for j in range(i - 1, -1, -1) if page.bare[j]), None)
        if above in ("quoted", "attribution"):
            continue
        end = i
        while end < len(kinds) and kinds[end] == "quoted" and headerblocks.name_of(page.bare[end]):
            end += 1
        if end < i + 2:
            said = [j for j in range(i, min(i + 3, len(kinds))) if page.bare[j].endswith((":", "："))]
            part = " ".join(page.bare[i : said[0] + 1]) if said else ""
            end = said[0] + 1 if m.WROTE_INSIDE.search(part) or "@" in part else i
        kinds[i:end] = ["attribution"] * (end - i)


def cut_foreign(page: Page, kinds: Kinds, author: str = "") -> None:
    """Mark attributions; from the first unmarked quotation on, mark everything as someone else's.

    Args:
        page: The text.
        kinds: One kind per line, filled in here.
        author: Key of the text's author: a header block at its very top that names the same author is no quotation.
    """
    names = headerblocks.names(page, kinds)
    at = _mark_own_head(page, kinds, names, author)
    verbs = tuple(page.found(m.WROTE_WORDS))
    leads = _leads(page, kinds, verbs)
    for i in sorted(names.keys() | leads.originals | leads.notices | leads.patches | leads.attributions):
        if i < at or kinds[i] is not None or not page.bare[i]:
            continue
        if i in leads.patches:
            at = _mark_patch_head(page, kinds, i, author)
            continue
        cut = (
            (_original_at(page, kinds, names, i) if i in leads.originals else None)
            or (_notice_at(page, i) if i in leads.notices else None)
            or headerblocks.block_at(page, kinds, names, i)
            or (_attribution_at(page, kinds, i, verbs) if i in leads.attributions else None)
        )
        if cut is None:
            continue
        start, end, kind = cut
        for j in range(start, end):
            kinds[j] = "attribution"
        follower = page.following(end - 1)
        if follower is not None and kinds[follower] == "quoted":
            continue
        kinds[end:] = [kind] * (len(kinds) - end)
        return


class _Leads(NamedTuple):
    """The lines at which an announcement of each form may start: the others need no closer look."""

    originals: set[int]
    notices: set[int]
    patches: set[int]
    attributions: set[int]


def _leads(page: Page, kinds: Kinds, verbs: tuple[str, ...]) -> _Leads:
    bare = page.bare
    found = _Leads(set(), set(), set(), set())
    for wanted, lines in ((m.ORIGINAL_WORDS, found.originals), (m.NOTICE_WORDS, found.notices)):
        if words := page.found(wanted):
            lines.update(
                i for i, s in enumerate(bare) if s and len(s) <= _LONGEST and any(word in s.lower() for word in words)
            )
    if "From " in page.text:
        found.patches.update(i for i, s in enumerate(page.lines) if s[:5] == "From " and m.FORMAT_PATCH.match(s))
    quoting = page.found(m.QUOTING_WORDS)
    last = {verb[-1] for verb in verbs} | {":", "：", "*", "-"}
    ends = [
        j
        for j, line in enumerate(bare)
        if line and line[-1] in last and kinds[j] is None and (line[-1] in ":：" or _ends_in_verb(line, verbs))
    ]
    above = -1
    for j in ends:
        # An attribution is one paragraph, but for an address that was wrapped onto a line of its own.
        top = j
        while top - 1 > above and j - top < _REACH - 1 and (bare[top - 1] or bare[top][:1] == "<"):
            top -= 1
        above = j
        follower = page.following(j)
        if follower is None or kinds[follower] != "quoted":
            window = " ".join(bare[top : j + 1]).lower()
            address = "@" in window or "<" in window
            dated = _DIGIT.search(window) is not None
            if any(verb in window for verb in verbs):
                hopeful = address or dated
            else:
                hopeful = (address and dated) or any(word in window for word in quoting)
            if not hopeful:
                continue
        found.attributions.update(range(top, j + 1))
    return found


def _mark_own_head(page: Page, kinds: Kinds, names: dict[int, str], author: str) -> int:
    """Mark the head that a mailed patch starts with (git-format-patch: in-body `From:`); return where the text begins.

    Where it names somebody else, the whole text is theirs.
    """
    lines, bare = page.lines, page.bare
    top = next((i for i, line in enumerate(bare) if line), None)
    if top is None or kinds[top] is not None:
        return 0
    if m.FORMAT_PATCH.match(lines[top]):
        kinds[top] = "attribution"
        top += 1
    if top >= len(lines) or "@" not in lines[top]:
        return 0
    end = top + 1
    if names.get(top) == "from":
        while end < len(lines) and end in names:
            end += 1
        if end < len(lines) and bare[end]:
            return 0
    elif not m.PASSED_ON.match(bare[top]):
        return 0
    own = _is_authors(lines[top], author)
    for i in range(top, end):
        kinds[i] = "attribution"
    if own:
        return end
    for i in range(end, len(lines)):
        kinds[i] = kinds[i] or "quoted"
    return len(lines)


def _is_authors(line: str, author: str) -> bool:
    address = author.removeprefix("mailto:")
    return bool(address) and address in line.casefold()


def _mark_patch_head(page: Page, kinds: Kinds, i: int, author: str) -> int:
    """Mark the head and the message of a patch inside a mail (git-format-patch); return where its diff begins."""
    end = next(
        (j for j in range(i, len(page.lines)) if page.bare[j] == "---" or page.lines[j].startswith("diff --git ")),
        len(page.lines),
    )
    blank = next((j for j in range(i, end) if not page.bare[j]), end)
    own = any(_is_authors(line, author) for line in page.lines[i:blank] if line.startswith("From:"))
    for j in range(i, end):
        if kinds[j] is None:
            kinds[j] = "attribution" if j < blank else (None if own else "quoted")
    return end


def _notice_at(page: Page, i: int) -> Cut | None:
    """Find where a tracker repeats what somebody wrote: `--- Comment #4 from NAME ---`, `NAME updated KEY-1:`."""
    line, bare = page.lines[i], page.bare[i]
    if bare.startswith("--") and m.COMMENT_FROM.match(line):
        return Cut(i, i + 1, "quoted")
    if not bare.endswith((":", "changed", "updated", "commented")):
        return None
    ruled = i + 1 < len(page.lines) and m.RULE.match(page.lines[i + 1]) is not None
    if ("@" in line and m.CHANGED.match(line)) or (ruled and m.UPDATED.match(line)):
        return Cut(i, i + 1, "quoted")
    return None


def _original_at(page: Page, kinds: Kinds, names: dict[int, str], i: int) -> Cut | None:
    line = page.lines[i]
    if m.FORWARDED.match(line):
        kind: SpanKind = "forwarded"
    elif m.ORIGINAL.match(line):
        kind = "quoted"
    else:
        return None
    return Cut(i, headerblocks.end_below(page, kinds, names, i + 1), kind)


def _attribution_at(page: Page, kinds: Kinds, i: int, verbs: tuple[str, ...]) -> Cut | None:
    """Find `On ... wrote:` and its like starting at line `i`, over up to six lines."""
    lines, bare = page.lines, page.bare
    first = bare[i]
    starts = m.ATTRIBUTION_START.match(lines[i]) is not None
    if not (starts or "@" in first or first.endswith((":", "：")) or _ends_in_verb(first, verbs)):
        return None
    joined = ""
    for j in range(i, min(i + _REACH, len(lines))):
        line = bare[j]
        if not line and joined and j + 1 < len(lines) and bare[j + 1].startswith("<"):
            continue
        if not line or kinds[j] is not None or len(joined) + len(line) > 400:
            return None
        joined = f"{joined} {line}" if joined else line
        colon = line.endswith((":", "："))
        verb_end = _ends_in_verb(line, verbs)
        if not colon and not verb_end:
            continue
        hints = (m.DATE_HINT.search(joined) is not None) + (m.ADDRESS_HINT.search(joined) is not None)
        verb = verb_end or (bool(verbs) and m.WROTE_INSIDE.search(joined) is not None)
        follower = page.following(j)
        marked = follower is not None and kinds[follower] == "quoted"
        if (marked and (verb or hints) and (colon or hints)) or (verb and hints and (colon or hints == 2) and starts):
            return _tight(page, i, j)
        if (
            (marked and colon and m.SOURCE_START.match(joined))
            or (colon and hints == 2 and _DATED.match(joined))
            or m.QUOTING.match(joined)
        ):
            return Cut(i, j + 1, "quoted")
        return None
    return None


def _tight(page: Page, i: int, j: int) -> Cut:
    """Give the attribution the fewest lines that hold it, so that a sentence just above it stays the author's."""
    for start in range(j, i, -1):
        if m.DATED_START.match(page.lines[start]):
            part = " ".join(page.bare[start : j + 1])
            if m.DATED_START.match(part) and m.DATE_HINT.search(part):
                return Cut(start, j + 1, "quoted")
    if j > i and not m.DATED_START.match(page.lines[i]) and m.NAME_WROTE.match(page.bare[j]):
        return Cut(j, j + 1, "quoted")
    return Cut(i, j + 1, "quoted")


def _ends_in_verb(line: str, verbs: tuple[str, ...]) -> bool:
    return bool(verbs) and line[-40:].rstrip(" \t:：.…*-").lower().endswith(verbs)
