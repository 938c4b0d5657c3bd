"""Who wrote which words: splits the text of a mail, chat message or document into spans that cover all of it.

Other people's words must not pass as the author's own. So a doubt is decided against `own`: what follows an unmarked
quotation is quoted to the end of the text, and what is neither clearly the author's nor clearly another's is
`unknown`, which no gate takes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from extract import markers as m
from extract.records import SpanKind, TextSpan

_WROTE_ENDS = tuple(sorted({w.casefold() for w in m.WROTE}))
#: A broken quotation line: its head is about as long as mail programs wrap, its tail short.
_WRAP_FROM, _WRAP_TAIL = 60, 34
_HEADER_REACH = 14
_SIGNATURE_LINES = 12
Kinds = list[SpanKind | None]
_ADDRESS = re.compile(r"[^\s<>@,;:()\[\]\"']{1,64}@[^\s<>@,;:()\[\]\"']{1,255}")
_NAME_BEFORE = re.compile(r"([^\W\d_][\w.'’ -]{1,60}?)[\"']?\s*[<(\[](?:mailto:)?[^\s<>@]{1,64}@", re.U)


def assemble(text: str, kinds: Sequence[SpanKind | None], author: str) -> tuple[TextSpan, ...]:
    """Return the spans for one kind per line; blank lines join the line before them.

    Args:
        text: The text; lines end in a line feed.
        kinds: One kind per line of `text.split("\\n")`, None for `own`.
        author: Author key; without one, nothing is `own`.
    """
    spans: list[TextSpan] = []
    start = 0
    last: SpanKind | None = None
    position = 0
    for line, given in zip(text.split("\n"), kinds, strict=True):
        kind: SpanKind = given or ("own" if author else "unknown")
        if kind == "own" and not author:
            kind = "unknown"
        if last is not None and not line.strip() and kind != last:
            kind = last
        if last is not None and kind != last:
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
    lines = text.split("\n")
    kinds: Kinds = list(forced) if forced is not None else [None] * len(lines)
    _mark_quotes(lines, kinds)
    _cut_foreign(lines, kinds)
    _mark_patches_and_logs(lines, kinds)
    _mark_armour(lines, kinds)
    for start, end in _segments(lines, kinds):
        _mark_tail(lines, kinds, start, end)
    return assemble(text, kinds, author)


def split_chat(text: str, author: str) -> tuple[TextSpan, ...]:
    """Return the spans of a chat message: quotations, pasted patches and logs, and the rest."""
    lines = text.split("\n")
    kinds: Kinds = [None] * len(lines)
    for i, line in enumerate(lines):
        if line.lstrip().startswith(">>>"):
            kinds[i:] = ["quoted"] * (len(lines) - i)
            break
        if line.lstrip().startswith(">"):
            kinds[i] = "quoted"
    _mark_bars(lines, kinds)
    _cut_foreign(lines, kinds)
    _mark_patches_and_logs(lines, kinds)
    return assemble(text, kinds, author)


def split_document(text: str, author: str, head: int = 0) -> tuple[TextSpan, ...]:
    """Return the spans of a document.

    Args:
        text: The whole file.
        author: Author key, or "" if unknown.
        head: How many lines of front matter it starts with.
    """
    lines = text.split("\n")
    kinds: Kinds = [None] * len(lines)
    kinds[:head] = ["footer"] * min(head, len(lines))
    for i, line in enumerate(lines):
        if kinds[i] is None and m.QUOTE_MARK.match(line):
            kinds[i] = "quoted"
    # A lazy continuation belongs to the block quotation above it (CommonMark 0.31 §5.1).
    for i in range(1, len(lines)):
        if kinds[i] is None and kinds[i - 1] == "quoted" and lines[i].strip() and not lines[i].startswith("#"):
            kinds[i] = "quoted"
    _mark_patches_and_logs(lines, kinds)
    return assemble(text, kinds, author)


def reclaim(text: str, spans: Sequence[TextSpan], foreign: frozenset[str], author: str) -> tuple[TextSpan, ...]:
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
    return assemble(text, kinds, author)


def names_in(text: str, spans: Sequence[TextSpan]) -> tuple[str, ...]:
    """Return the names and addresses that attributions and quoted header blocks carry, for the identity directory."""
    found: dict[str, None] = {}
    for span in spans:
        if span.kind != "attribution":
            continue
        part = text[span.start : span.end]
        for address in _ADDRESS.findall(part):
            found[address] = None
        for name in _NAME_BEFORE.findall(part):
            found[" ".join(name.split()).strip(" \"',")] = None
        for line in part.split("\n"):
            if m.HEADER_FROM.match(line) or m.HEADER_TO.match(line):
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


# --- quotation marks ---------------------------------------------------------------------------------------------


def _mark_quotes(lines: Sequence[str], kinds: Kinds) -> None:
    for i, line in enumerate(lines):
        if kinds[i] is None and m.QUOTE_MARK.match(line):
            kinds[i] = "quoted"
    _mark_bars(lines, kinds)
    # Programs that wrap a quoted line leave its tail without a mark.
    for i in range(1, len(lines) - 1):
        if (
            kinds[i] is None
            and lines[i].strip()
            and kinds[i - 1] == "quoted"
            and len(lines[i - 1]) >= _WRAP_FROM
            and len(lines[i]) <= _WRAP_TAIL
            and kinds[i + 1] == "quoted"
            and lines[i + 1].lstrip("> \t")
        ):
            kinds[i] = "quoted"


def _mark_bars(lines: Sequence[str], kinds: Kinds) -> None:
    run: list[int] = []
    for i in range(len(lines) + 1):
        if i < len(lines) and kinds[i] is None and m.BAR_MARK.match(lines[i]):
            run.append(i)
            continue
        if len(run) >= 2:
            for j in run:
                kinds[j] = "quoted"
        run = []


def _next_line(lines: Sequence[str], i: int, blanks: int = 3) -> int | None:
    """Return the index of the next non-blank line after `i`, within so many blank ones."""
    for j in range(i + 1, min(i + 2 + blanks, len(lines))):
        if lines[j].strip():
            return j
    return None


# --- unmarked quotations ------------------------------------------------------------------------------------------


def _cut_foreign(lines: Sequence[str], kinds: Kinds) -> None:
    """Mark attributions; from the first unmarked quotation on, mark everything as someone else's."""
    for i, line in enumerate(lines):
        if kinds[i] is not None or not line.strip():
            continue
        cut = _original_at(lines, kinds, i) or _headers_at(lines, kinds, i) or _attribution_at(lines, kinds, i)
        if cut is None:
            continue
        start, end, kind = cut
        for j in range(start, end):
            kinds[j] = "attribution"
        follower = _next_line(lines, end - 1)
        if follower is not None and kinds[follower] == "quoted":
            continue
        for j in range(end, len(lines)):
            kinds[j] = kind
        return


_Cut = tuple[int, int, SpanKind]


def _original_at(lines: Sequence[str], kinds: Kinds, i: int) -> _Cut | None:
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
    from_first = m.HEADER_FROM.match(lines[i]) is not None
    if not (
        from_first
        or m.HEADER_TO.match(lines[i])
        or m.HEADER_DATE.match(lines[i])
        or m.HEADER_SUBJECT.match(lines[i])
        or m.HEADER_OTHER.match(lines[i])
    ):
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
    for back in (i - 1, i - 2):
        if back < 0:
            return None
        if not lines[back].strip():
            continue
        return back if kinds[back] is None and m.NOTES_DATE.match(lines[back]) else None
    return None


def _attribution_at(lines: Sequence[str], kinds: Kinds, i: int) -> _Cut | None:
    """Find `On ... wrote:` and its like starting at line `i`, over up to four lines."""
    if not m.ATTRIBUTION_START.match(lines[i]) and "@" not in lines[i] and not lines[i].rstrip().endswith((":", "：")):
        if not _ends_in_verb(lines[i]):
            return None
    joined = ""
    for j in range(i, min(i + 4, len(lines))):
        line = lines[j].strip()
        if not line or kinds[j] is not None or len(joined) + len(line) > 400:
            return None
        joined = f"{joined} {line}" if joined else line
        colon = line.endswith((":", "："))
        verb_end = _ends_in_verb(line)
        if not colon and not verb_end:
            continue
        hints = (m.DATE_HINT.search(joined) is not None) + (m.ADDRESS_HINT.search(joined) is not None)
        verb = verb_end or m.WROTE_INSIDE.search(joined) is not None
        follower = _next_line(lines, j)
        marked = follower is not None and kinds[follower] == "quoted"
        if marked and (verb or hints) and (colon or hints):
            return _tight(lines, i, j, joined)
        if verb and hints and (colon or hints == 2) and m.ATTRIBUTION_START.match(lines[i]):
            return _tight(lines, i, j, joined)
        if colon and hints == 2 and re.match(r"[\[(*]?\d{1,4}[-./]\d", joined):
            return i, j + 1, "quoted"
        if m.QUOTING.match(joined):
            return i, j + 1, "quoted"
        return None
    return None


def _tight(lines: Sequence[str], i: int, j: int, joined: str) -> _Cut | None:
    """Give the attribution the fewest lines that hold it, so that a sentence just above it stays the author's."""
    for start in range(j, i, -1):
        part = " ".join(line.strip() for line in lines[start : j + 1])
        if re.match(
            r"[-*\s]{0,3}(?:On|Am|Le|El|Il|Op|Dnia|W dniu|Dne|Den|På|Em|In|At|Quoting) ", part
        ) and m.DATE_HINT.search(part):
            return start, j + 1, "quoted"
    return i, j + 1, "quoted"


def _ends_in_verb(line: str) -> bool:
    return line.rstrip(" \t:：.…*").casefold().endswith(_WROTE_ENDS)


# --- patches, logs, armour ----------------------------------------------------------------------------------------


def _mark_patches_and_logs(lines: Sequence[str], kinds: Kinds) -> None:
    i, n = 0, len(lines)
    while i < n:
        if kinds[i] is None and m.PATCH_START.match(lines[i]) and _is_patch(lines, i):
            while i < n and kinds[i] is None and m.PATCH_BODY.match(lines[i]):
                if not lines[i].strip():
                    follower = _next_line(lines, i, 2)
                    if follower is None or not lines[follower].strip() or not m.PATCH_BODY.match(lines[follower]):
                        break
                kinds[i] = "patch"
                i += 1
            continue
        if kinds[i] is None and m.DIFFSTAT.match(lines[i]):
            kinds[i] = "log"
        i += 1
    _mark_runs(lines, kinds, m.LOG_LINE, 3)
    _mark_runs(lines, kinds, m.BLOB_LINE, 3)


def _is_patch(lines: Sequence[str], i: int) -> bool:
    """Say whether a patch starts here: a bare `---` or `===` alone does not make one."""
    line = lines[i]
    if line.startswith(("diff ", "@@ -", "RCS file: ")):
        return True
    return any(
        part.startswith(("+++ ", "@@ -", "diff ", "--- ", "====", "***************")) for part in lines[i + 1 : i + 6]
    )


def _mark_runs(lines: Sequence[str], kinds: Kinds, pattern: re.Pattern[str], least: int) -> None:
    run: list[int] = []
    other = 0
    for i in range(len(lines) + 1):
        if i < len(lines) and kinds[i] is None and lines[i].strip() and pattern.match(lines[i]):
            run.append(i)
            other = 0
            continue
        # One line that wraps, or a blank one, does not end a log.
        other += 1
        if i < len(lines) and kinds[i] is None and other <= 1 and run:
            continue
        if len(run) >= least:
            for j in range(run[0], run[-1] + 1):
                kinds[j] = "log"
        run = []


def _mark_armour(lines: Sequence[str], kinds: Kinds) -> None:
    """Mark OpenPGP armour (RFC 9580 §7) and notes about attachments as footers."""
    i, n = 0, len(lines)
    while i < n:
        if kinds[i] is None and lines[i].startswith("-----BEGIN PGP") and (begin := m.PGP_BEGIN.match(lines[i])):
            signed = "SIGNED" in begin[0]
            while i < n:
                kinds[i] = "footer"
                if (signed and not lines[i].strip()) or m.PGP_END.match(lines[i]):
                    break
                i += 1
        elif kinds[i] is None and (m.ATTACHMENT_NOTE.match(lines[i]) or m.SENT_FROM.match(lines[i])):
            kinds[i] = "footer"
        i += 1


# --- signatures and footers ---------------------------------------------------------------------------------------


def _segments(lines: Sequence[str], kinds: Kinds) -> list[tuple[int, int]]:
    """Return the runs of lines that are still nobody's, without the blank lines at both ends."""
    found: list[tuple[int, int]] = []
    start: int | None = None
    for i in range(len(lines) + 1):
        free = i < len(lines) and kinds[i] in (None, "footer")
        if free and start is None:
            start = i
        elif not free and start is not None:
            end = i
            while end > start and not lines[end - 1].strip():
                end -= 1
            if end > start:
                found.append((start, end))
            start = None
    return found


def _mark_tail(lines: Sequence[str], kinds: Kinds, start: int, end: int) -> None:
    end = _mark_signature(lines, kinds, start, end)
    end = _mark_footer(lines, kinds, start, end)
    _mark_loose_signature(lines, kinds, start, end)


def _fill(kinds: Kinds, start: int, end: int, kind: SpanKind) -> None:
    for i in range(start, end):
        if kinds[i] is None:
            kinds[i] = kind


def _mark_signature(lines: Sequence[str], kinds: Kinds, start: int, end: int) -> int:
    """Mark what follows a signature delimiter; return where the rest of the segment ends."""
    for i in range(start, end):
        if kinds[i] is not None or not m.SIGNATURE.match(lines[i]):
            continue
        below = sum(1 for line in lines[i + 1 : end] if line.strip())
        exact = lines[i] in ("-- ", "-- \r")
        if exact or below <= _SIGNATURE_LINES or _is_footer(lines[i + 1 : end]):
            footer = next((j for j in range(i, end) if j > i and m.RULE.match(lines[j])), end)
            if _is_footer(lines[footer:end]):
                _fill(kinds, footer, end, "footer")
            _fill(kinds, i, end, "footer" if _is_footer(lines[i + 1 : i + 6]) else "signature")
            return i
    return end


def _is_footer(lines: Sequence[str]) -> bool:
    sample = "\n".join([line for line in lines if line.strip()][:12])
    return bool(m.LIST_FOOTER.search(sample)) or len(set(map(str.casefold, m.DISCLAIMER.findall(sample)))) >= 2


def _mark_footer(lines: Sequence[str], kinds: Kinds, start: int, end: int) -> int:
    for i in range(start, end):
        if kinds[i] is None and m.RULE.match(lines[i]) and _is_footer(lines[i + 1 : end]):
            below = [line for line in lines[i + 1 : end] if line.strip()]
            if len(below) <= 25:
                _fill(kinds, i, end, "footer")
                end = i
                break
    for first, last in _paragraphs(lines, start, end):
        part = "\n".join(lines[first:last])
        words = {w.casefold() for w in m.DISCLAIMER.findall(part)}
        hits = {w.casefold() for w in m.LIST_FOOTER.findall(part)}
        if len(words) >= 3 or len(hits) >= 2 or (len(words) == 2 and last - first <= 6 and first > start):
            _fill(kinds, first, last, "footer")
    while end > start and (not lines[end - 1].strip() or kinds[end - 1] is not None or m.RULE.match(lines[end - 1])):
        if kinds[end - 1] is None:
            kinds[end - 1] = "footer"
        end -= 1
    return end


def _paragraphs(lines: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    first: int | None = None
    for i in range(start, end + 1):
        blank = i == end or not lines[i].strip()
        if not blank and first is None:
            first = i
        elif blank and first is not None:
            found.append((first, i))
            first = None
    return found


def _mark_loose_signature(lines: Sequence[str], kinds: Kinds, start: int, end: int) -> None:
    """Mark a signature that no delimiter announces: a closing and what is below it, or a name over contact data."""
    for i in range(max(start, end - _SIGNATURE_LINES), end):
        if kinds[i] is None and m.CLOSING.match(lines[i]) and all(_is_label(line) for line in lines[i + 1 : end]):
            _fill(kinds, i, end, "signature")
            return
    blocks = _paragraphs(lines, start, end)
    at = end
    for first, last in reversed(blocks[1:]):
        part = lines[first:last]
        if last - first > _SIGNATURE_LINES or not all(_is_label(line) for line in part):
            break
        if any(m.CONTACT.search(line) for line in part):
            at = first
        else:
            break
    if at < end:
        _fill(kinds, at, end, "signature")


def _is_label(line: str) -> bool:
    """Say whether a line is a name, a title or contact data rather than a sentence."""
    line = line.strip()
    return len(line) <= 72 and not (line.endswith((".", "?", "!", ",")) and line.count(" ") >= 5)
