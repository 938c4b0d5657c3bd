"""Finds what nobody typed as prose: patches, logs, armour, signatures, list footers and disclaimers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extract import markers as m
from extract.quotations import Kinds, next_line
from extract.records import SpanKind

_SIGNATURE_LINES = 12


def mark_patches_and_logs(lines: Sequence[str], kinds: Kinds) -> None:
    """Mark patches, diff statistics, and runs of lines that programs write."""
    i, n = 0, len(lines)
    while i < n:
        if kinds[i] is None and m.PATCH_START.match(lines[i]) and _is_patch(lines, i):
            while i < n and kinds[i] is None and m.PATCH_BODY.match(lines[i]):
                if not lines[i].strip():
                    follower = next_line(lines, i, 2)
                    if follower is None or not lines[follower].strip() or not m.PATCH_BODY.match(lines[follower]):
                        break
                kinds[i] = "patch"
                i += 1
            if i < n and kinds[i] is None and m.GIT_VERSION.match(lines[i]) and lines[i - 1].startswith("--"):
                kinds[i] = "patch"
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


def mark_armour(lines: Sequence[str], kinds: Kinds) -> None:
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


def segments(lines: Sequence[str], kinds: Kinds) -> list[tuple[int, int]]:
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


def mark_tail(lines: Sequence[str], kinds: Kinds, start: int, end: int) -> None:
    """Mark the signature and the footer at the end of one segment."""
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
        if not any(m.CONTACT.search(line) for line in part) or all("://" in line for line in part):
            break
        at = first
    if at < end:
        _fill(kinds, at, end, "signature")


def _is_label(line: str) -> bool:
    """Say whether a line is a name, a title or contact data rather than a sentence."""
    line = line.strip()
    words = line.count(" ") + 1
    return len(line) <= 72 and not (words >= 6 and line.endswith((".", "?", "!", ","))) and not _is_prose(line)


def _is_prose(line: str) -> bool:
    """Say whether most of a line's words are in small letters, as in a sentence and unlike in a name or a title."""
    words = [w for w in line.split() if w.isalpha()]
    return len(words) >= 4 and sum(w.islower() for w in words) * 2 > len(words)
