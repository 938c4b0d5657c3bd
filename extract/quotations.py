"""Finds other people's words in a text: marked lines, attributions, and quotations without any mark."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extract import markers as m
from extract.records import SpanKind

Kinds = list[SpanKind | None]
_WROTE_ENDS = tuple(sorted({w.casefold() for w in m.WROTE}))
#: A broken quotation line: its head is about as long as mail programs wrap, its tail short.
_WRAP_FROM, _WRAP_TAIL, _WRAP_LAST = 60, 34, 20
_HEADER_REACH = 14


def mark_quotes(lines: Sequence[str], kinds: Kinds) -> None:
    """Mark lines that carry a quotation mark, and the tails of those that were wrapped."""
    for i, line in enumerate(lines):
        if kinds[i] is None and m.QUOTE_MARK.match(line) and not m.WRAPPED_VERB.match(line):
            kinds[i] = "quoted"
    mark_bars(lines, kinds)
    # Programs that wrap a quoted line leave its tail without a mark.
    for i in range(1, len(lines)):
        if (
            kinds[i] is None
            and lines[i].strip()
            and kinds[i - 1] == "quoted"
            and len(lines[i - 1]) >= _WRAP_FROM
            and len(lines[i]) <= _WRAP_TAIL
            and _is_wrapped(lines, kinds, i)
        ):
            kinds[i] = "quoted"


def _is_wrapped(lines: Sequence[str], kinds: Kinds, i: int) -> bool:
    """Say whether line `i` is the tail of the quoted line above: quoting goes on below, or a sentence ends here."""
    if i + 1 < len(lines) and kinds[i + 1] == "quoted" and lines[i + 1].lstrip("> \t"):
        return True
    return len(lines[i]) <= _WRAP_LAST and lines[i][:1].islower()


def mark_bars(lines: Sequence[str], kinds: Kinds) -> None:
    """Mark runs of at least two lines that start with a bar or a colon."""
    run: list[int] = []
    for i in range(len(lines) + 1):
        if i < len(lines) and kinds[i] is None and m.BAR_MARK.match(lines[i]):
            run.append(i)
            continue
        if len(run) >= 2:
            for j in run:
                kinds[j] = "quoted"
        run = []


def next_line(lines: Sequence[str], i: int, blanks: int = 3) -> int | None:
    """Return the index of the next non-blank line after `i`, within so many blank ones."""
    for j in range(i + 1, min(i + 2 + blanks, len(lines))):
        if lines[j].strip():
            return j
    return None


def cut_foreign(lines: Sequence[str], kinds: Kinds, author: str = "") -> None:
    """Mark attributions; from the first unmarked quotation on, mark everything as someone else's.

    Args:
        lines: The text.
        kinds: One kind per line, filled in here.
        author: Key of the text's author: a header block at its very top that names the same author is no quotation.
    """
    at = _mark_own_head(lines, kinds, author)
    for i, line in enumerate(lines):
        if i < at or kinds[i] is not None or not line.strip():
            continue
        cut = (
            _original_at(lines, i)
            or _notice_at(lines, i)
            or _headers_at(lines, kinds, i)
            or _attribution_at(lines, kinds, i)
        )
        if cut is None:
            continue
        start, end, kind = cut
        for j in range(start, end):
            kinds[j] = "attribution"
        follower = next_line(lines, end - 1)
        if follower is not None and kinds[follower] == "quoted":
            continue
        for j in range(end, len(lines)):
            kinds[j] = kind
        return


_Cut = tuple[int, int, SpanKind]


def _mark_own_head(lines: Sequence[str], kinds: Kinds, author: str) -> int:
    """Mark the head that a mailed patch starts with (git-format-patch: in-body `From:`); return where the text begins.

    Where it names somebody else, the whole text is theirs.
    """
    top = next((i for i, line in enumerate(lines) if line.strip()), None)
    if top is None or kinds[top] is not None:
        return 0
    if m.FORMAT_PATCH.match(lines[top]):
        kinds[top] = "attribution"
        top += 1
    if top >= len(lines) or not m.HEADER_FROM.match(lines[top]) or "@" not in lines[top]:
        return 0
    end = top + 1
    while end < len(lines) and lines[end].strip() and _header_name(lines[end]) is not None:
        end += 1
    if end < len(lines) and lines[end].strip():
        return 0
    address = author.removeprefix("mailto:")
    own = bool(address) and address in lines[top].casefold()
    for i in range(top, end):
        kinds[i] = "attribution"
    if own:
        return end
    for i in range(end, len(lines)):
        kinds[i] = kinds[i] or "quoted"
    return len(lines)


def _notice_at(lines: Sequence[str], i: int) -> _Cut | None:
    """Find where a tracker repeats what somebody wrote: `--- Comment #4 from NAME ---`, `NAME updated KEY-1:`."""
    line = lines[i]
    if len(line) > 200:
        return None
    ruled = i + 1 < len(lines) and m.RULE.match(lines[i + 1]) is not None
    if m.COMMENT_FROM.match(line) or m.CHANGED.match(line) or (ruled and m.UPDATED.match(line)):
        return i, i + 1, "quoted"
    return None


def _original_at(lines: Sequence[str], i: int) -> _Cut | None:
    line = lines[i]
    if len(line) > 200:
        return None
    if m.FORWARDED.match(line):
        return i, i + 1, "forwarded"
    if m.ORIGINAL.match(line):
        return i, i + 1, "quoted"
    return None


def _headers_at(lines: Sequence[str], kinds: Kinds, i: int) -> _Cut | None:
    """Find the header block of a mail inside the body, as Outlook, Lotus Notes and hand forwarding leave it."""
    head = lines[i][:60]
    if ":" not in head and "：" not in head:
        return None
    if _header_name(lines[i]) is None:
        return None
    seen: set[str] = set()
    last, gap = i, 0
    for j in range(i, min(i + _HEADER_REACH, len(lines))):
        if kinds[j] is not None:
            break
        if not lines[j].strip():
            gap += 1
            if gap > 1:
                break
            continue
        found = _header_name(lines[j])
        if found is not None:
            gap = 0
            seen.add(found)
            last = j
        elif gap:
            break
    notes = i > 0 and (date := _notes_date(lines, kinds, i)) is not None
    strong = (
        {"from", "subject"} <= seen
        or ({"from", "date"} <= seen and ("to" in seen or "@" in lines[i] or "mailto:" in lines[i]))
        or ({"to", "subject"} <= seen and (notes or "cc" in seen or "date" in seen))
        or ({"other", "subject"} <= seen and len(seen) >= 3)
        or (notes and "to" in seen)
        or ("from" in seen and "@" in lines[i] and {"to"} <= seen)
    )
    if not strong:
        return None
    start = i
    if notes and date is not None:
        start = date
        # Above the date stands the sender's name, alone on a line or two.
        for back in (date - 1, date - 2):
            if back >= 0 and kinds[back] is None and lines[back].strip() and len(lines[back]) < 80:
                start = back
            else:
                break
    for back in (start - 1, start - 2):
        if back >= 0 and kinds[back] is None and m.RULE.match(lines[back]):
            start = back
            break
        if back < 0 or lines[back].strip():
            break
    return start, last + 1, "quoted"


def _header_name(line: str) -> str | None:
    if m.HEADER_FROM.match(line):
        return "from"
    if m.HEADER_SUBJECT.match(line):
        return "subject"
    if m.HEADER_DATE.match(line):
        return "date"
    if m.HEADER_TO.match(line):
        return (
            "cc" if line.strip(" \t*").casefold().startswith(("cc", "bcc", "kopie", "copia", "dw", "копия")) else "to"
        )
    if m.HEADER_OTHER.match(line):
        return "other"
    return None


def _notes_date(lines: Sequence[str], kinds: Kinds, i: int) -> int | None:
    """Return the line of the bare date above a Lotus Notes header block."""
    for back in range(i - 1, max(i - 4, -1), -1):
        if not lines[back].strip() or m.RESPOND_TO.match(lines[back]):
            continue
        return back if kinds[back] is None and m.NOTES_DATE.match(lines[back]) else None
    return None


def _attribution_at(lines: Sequence[str], kinds: Kinds, i: int) -> _Cut | None:
    """Find `On ... wrote:` and its like starting at line `i`, over up to four lines."""
    starts = m.ATTRIBUTION_START.match(lines[i]) is not None
    if not (starts or "@" in lines[i] or lines[i].rstrip().endswith((":", "：")) or _ends_in_verb(lines[i])):
        return None
    joined = ""
    for j in range(i, min(i + 6, len(lines))):
        line = lines[j].strip()
        if not line and joined and j + 1 < len(lines) and lines[j + 1].lstrip().startswith("<"):
            continue
        if not line or kinds[j] is not None or len(joined) + len(line) > 400:
            return None
        joined = f"{joined} {line}" if joined else line
        colon = line.endswith((":", "："))
        verb_end = _ends_in_verb(line)
        if not colon and not verb_end:
            continue
        hints = (m.DATE_HINT.search(joined) is not None) + (m.ADDRESS_HINT.search(joined) is not None)
        verb = verb_end or m.WROTE_INSIDE.search(joined) is not None
        follower = next_line(lines, j)
        marked = follower is not None and kinds[follower] == "quoted"
        if marked and (verb or hints) and (colon or hints):
            return _tight(lines, i, j)
        if verb and hints and (colon or hints == 2) and starts:
            return _tight(lines, i, j)
        if marked and colon and m.SOURCE_START.match(joined):
            return i, j + 1, "quoted"
        if colon and hints == 2 and re.match(r"[\[(*]?\d{1,4}[-./]\d", joined):
            return i, j + 1, "quoted"
        if m.QUOTING.match(joined):
            return i, j + 1, "quoted"
        return None
    return None


def _tight(lines: Sequence[str], i: int, j: int) -> _Cut:
    """Give the attribution the fewest lines that hold it, so that a sentence just above it stays the author's."""
    for start in range(j, i, -1):
        part = " ".join(line.strip() for line in lines[start : j + 1])
        if m.DATED_START.match(part) and m.DATE_HINT.search(part):
            return start, j + 1, "quoted"
    if j > i and not m.DATED_START.match(lines[i]) and m.NAME_WROTE.match(lines[j].strip()):
        return j, j + 1, "quoted"
    return i, j + 1, "quoted"


def _ends_in_verb(line: str) -> bool:
    return line.rstrip(" \t:：.…*-").casefold().endswith(_WROTE_ENDS)
