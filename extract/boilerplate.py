"""Finds what nobody typed as prose: patches, logs, armour, signatures, list footers and disclaimers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from extract import tailmarkers as t
from extract.markers import RULE
from extract.page import Page
from extract.quotations import Kinds
from extract.records import SpanKind

_SIGNATURE_LINES, _FOOTER_LINES = 12, 25
_LOG_RUN = 3
_BLOB = 50
_CLOSING = 48
#: A first paragraph longer than this is a letter, whatever words of a footer stand in it.
_LETTER = 1500
_HEX = "0123456789abcdef"


def mark_patches_and_logs(page: Page, kinds: Kinds) -> None:
    """Mark patches, diff statistics, and runs of lines that programs write."""
    if page.found(t.PATCH_WORDS):
        _mark_patches(page, kinds)
    if page.found(t.DIFFSTAT_WORDS):
        for i, line in enumerate(page.lines):
            if kinds[i] is None and ("|" in line or " changed" in line or " mode " in line) and t.DIFFSTAT.match(line):
                kinds[i] = "log"
    marks, starts = page.found(t.LOG_MARKS), tuple([t.LOG_STARTS[word] for word in page.found(t.LOG_WORDS)])
    free = [(i, line) for i, line in enumerate(page.bare) if line and kinds[i] is None]
    logs = [
        i
        for i, line in free
        if line[0] in t.LOG_FIRST
        or (starts and line.startswith(starts))
        or (line[0] in "abcdef" and not line[:8].strip(_HEX))
        or (marks and any(mark in line for mark in marks))
    ]
    if len(logs) >= _LOG_RUN:
        _mark_runs(kinds, [i for i in logs if t.LOG_LINE.match(page.lines[i])])
    blobs = [i for i, line in free if len(line) >= _BLOB and kinds[i] is None and " " not in line]
    if len(blobs) >= _LOG_RUN:
        _mark_runs(kinds, [i for i in blobs if t.BLOB_LINE.match(page.lines[i])])


def _mark_patches(page: Page, kinds: Kinds) -> None:
    lines, bare = page.lines, page.bare
    i, n = 0, len(lines)
    while i < n:
        if kinds[i] is not None or lines[i][:1] not in "dI-@*=R" or not _starts_patch(lines, i):
            i += 1
            continue
        while i < n and kinds[i] is None and t.PATCH_BODY.match(lines[i]):
            if not bare[i]:
                follower = page.following(i, 2)
                if follower is None or not t.PATCH_BODY.match(lines[follower]):
                    break
            kinds[i] = "patch"
            i += 1
        if i < n and kinds[i] is None and t.GIT_VERSION.match(lines[i]) and lines[i - 1].startswith("--"):
            kinds[i] = "patch"
        elif i < n and kinds[i] is None and not bare[i]:
            i += 1


def _starts_patch(lines: Sequence[str], i: int) -> bool:
    """Say whether a patch starts here: a bare `---` or `===` alone does not make one."""
    line = lines[i]
    if not line or not t.PATCH_START.match(line):
        return False
    if line.startswith(("diff ", "@@ -", "RCS file: ")):
        return True
    return any(
        part.startswith(("+++ ", "@@ -", "diff ", "--- ", "====", "***************")) for part in lines[i + 1 : i + 6]
    )


def _mark_runs(kinds: Kinds, hits: Sequence[int]) -> None:
    """Mark runs of at least three hits; one line that wraps, or a blank one, does not end a log."""
    run: list[int] = []
    for i in hits:
        if run and (i - run[-1] > 2 or (i - run[-1] == 2 and kinds[i - 1] is not None)):
            _fill_run(kinds, run)
            run = []
        run.append(i)
    _fill_run(kinds, run)


def _fill_run(kinds: Kinds, run: Sequence[int]) -> None:
    if len(run) >= _LOG_RUN:
        kinds[run[0] : run[-1] + 1] = ["log"] * (run[-1] + 1 - run[0])


def mark_armour(page: Page, kinds: Kinds) -> None:
    """Mark OpenPGP armour (RFC 9580 §7), notes about attachments, and what programs write under mails and above."""
    lines, bare = page.lines, page.bare
    if "-----BEGIN PGP" in page.text:
        _mark_pgp(lines, kinds)
    if page.found(t.NOTE_WORDS):
        for i, line in enumerate(bare):
            if line and line[0] in "([<-nNaA" and kinds[i] is None and t.ATTACHMENT_NOTE.match(lines[i]):
                kinds[i] = "footer"
    if sent := page.found(t.SENT_WORDS):
        for i, line in enumerate(bare):
            if kinds[i] is None and line and any(w in line.lower() for w in sent) and t.SENT_FROM.match(lines[i]):
                kinds[i] = "footer"
    if page.found(t.BANNER_WORDS):
        for i, line in enumerate(lines):
            if kinds[i] is None and t.BANNER.match(line):
                kinds[i] = "footer"


def _mark_pgp(lines: Sequence[str], kinds: Kinds) -> None:
    i, n = 0, len(lines)
    while i < n:
        if kinds[i] is None and lines[i].startswith("-----BEGIN PGP") and (begin := t.PGP_BEGIN.match(lines[i])):
            signed = "SIGNED" in begin[0]
            while i < n:
                kinds[i] = "footer"
                if (signed and not lines[i].strip()) or t.PGP_END.match(lines[i]):
                    break
                i += 1
        i += 1


def mark_tails(page: Page, kinds: Kinds) -> None:
    """Mark the signature and the footer at the end of every stretch that is still nobody's."""
    footers, disclaimers = page.found(t.FOOTER_WORDS), page.found(t.DISCLAIMER_WORDS)
    closings, sent = page.found(t.CLOSING_WORDS), page.found(t.SENT_WORDS)
    for start, end in _segments(page, kinds):
        last = _mark_signature(page, kinds, start, end, (footers, disclaimers))
        last = _mark_footer(page, kinds, start, last, (footers, disclaimers))
        _mark_loose_signature(page, kinds, start, last, closings)
        if sent:
            _mark_below_program(page, kinds, start, end)


_Hits = tuple[Sequence[str], Sequence[str]]


def _segments(page: Page, kinds: Kinds) -> list[tuple[int, int]]:
    """Return the runs of lines that are still nobody's, without the blank lines at the end."""
    found: list[tuple[int, int]] = []
    start: int | None = None
    for i, kind in enumerate([*kinds, "quoted"]):
        if kind is None or kind == "footer":
            if start is None:
                start = i
        elif start is not None:
            end = i
            while end > start and not page.bare[end - 1]:
                end -= 1
            if end > start:
                found.append((start, end))
            start = None
    return found


def _fill(kinds: Kinds, start: int, end: int, kind: SpanKind) -> None:
    for i in range(start, end):
        if kinds[i] is None:
            kinds[i] = kind


def _mark_signature(page: Page, kinds: Kinds, start: int, end: int, hits: _Hits) -> int:
    """Mark what follows a signature delimiter; return where the rest of the segment ends."""
    bare = page.bare
    for i in range(start, end):
        if bare[i] not in t.SIGNATURE_MARKS or kinds[i] is not None or page.lines[i][0].isspace():
            continue
        below = _below(bare, i, end, _SIGNATURE_LINES)
        exact = page.lines[i] in ("-- ", "-- \r")
        footer = _is_footer(below, hits)
        if not exact and not footer:
            prose = sum(_is_prose(line) for line in below)
            if len(below) > _SIGNATURE_LINES or (prose >= 2 and prose * 2 >= len(below)):
                continue
        ruled = next((j for j in range(i + 1, end) if RULE.match(page.lines[j])), end)
        if _is_footer(bare[ruled:end], hits):
            _fill(kinds, ruled, end, "footer")
        _fill(kinds, i, end, "footer" if _is_footer(bare[i + 1 : i + 6], hits) else "signature")
        return i
    return end


def _below(bare: Sequence[str], i: int, end: int, most: int) -> list[str]:
    """Return the lines below line `i` that are not blank, at most one more than `most`."""
    return list(islice((bare[j] for j in range(i + 1, end) if bare[j]), most + 1))


def _is_footer(bare: Sequence[str], hits: _Hits) -> bool:
    footers, disclaimers = hits
    if not footers and len(disclaimers) < 2:
        return False
    sample = "\n".join([line for line in bare if line][:12]).lower()
    return any(word in sample for word in footers) or sum(word in sample for word in disclaimers) >= 2


def _mark_footer(page: Page, kinds: Kinds, start: int, end: int, hits: _Hits) -> int:
    lines, bare = page.lines, page.bare
    footers, disclaimers = hits
    if footers or len(disclaimers) >= 2:
        for i in range(start, end):
            if kinds[i] is None and bare[i][:1] in _RULES and RULE.match(lines[i]) and len(bare[i]) > 1:
                below = _below(bare, i, end, _FOOTER_LINES)
                if len(below) <= _FOOTER_LINES and _is_footer(below, hits):
                    _fill(kinds, i, end, "footer")
                    end = i
                    break
        for first, last in _paragraphs(bare, start, end):
            part = "\n".join(bare[first:last]).lower()
            if first == start and len(part) > _LETTER:
                continue
            said = sum(word in part for word in disclaimers)
            listed = sum(word in part for word in footers)
            if said >= 3 or listed >= 2 or (said == 2 and last - first <= 6 and first > start):
                _fill(kinds, first, last, "footer")
    while end > start and (not bare[end - 1] or kinds[end - 1] is not None or RULE.match(lines[end - 1])):
        if kinds[end - 1] is None:
            kinds[end - 1] = "footer"
        end -= 1
    return end


_RULES = frozenset("_-=*~─━―—")


def _paragraphs(bare: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    first: int | None = None
    for i in range(start, end):
        if bare[i]:
            if first is None:
                first = i
        elif first is not None:
            found.append((first, i))
            first = None
    if first is not None:
        found.append((first, end))
    return found


def _mark_loose_signature(page: Page, kinds: Kinds, start: int, end: int, closings: Sequence[str]) -> None:
    """Mark a signature that no delimiter announces: a closing and what is below it, or a name over contact data."""
    lines, bare = page.lines, page.bare
    for i in range(max(start, end - _SIGNATURE_LINES) if closings else end, end):
        line = bare[i]
        if not line or len(line) > _CLOSING or kinds[i] is not None:
            continue
        if not any(word in line.lower() for word in closings) or not t.CLOSING.match(lines[i]):
            continue
        if all(_is_label(below) for below in bare[i + 1 : end]):
            # A closing with nothing above it is all that the author says.
            said = any(bare[j] and kinds[j] is None for j in range(i))
            _fill(kinds, i if said else i + 1, end, "signature")
            return
    at = last = end
    while last > start:
        first = last
        while first > start and bare[first - 1]:
            first -= 1
        # The first paragraph is never a signature only.
        if first == start or last - first > _SIGNATURE_LINES:
            break
        part = bare[first:last]
        if not all(map(_is_label, part)):
            break
        if not any(map(t.CONTACT.search, part)) or all("://" in line for line in part):
            break
        at = last = first
        while last > start and not bare[last - 1]:
            last -= 1
    if at < end:
        _fill(kinds, at, end, "signature")


def _mark_below_program(page: Page, kinds: Kinds, start: int, end: int) -> None:
    """Mark what stands below a line such as `Sent from my phone`: the program put it under the author's last word."""
    for i in range(start, end):
        if kinds[i] == "footer" and t.SENT_FROM.match(page.lines[i]):
            if any(page.bare[j] and kinds[j] is None for j in range(start, i)):
                _fill(kinds, i + 1, end, "unknown")
            return


def _is_label(line: str) -> bool:
    """Say whether a line is a name, a title or contact data rather than a sentence."""
    words = line.count(" ") + 1
    return len(line) <= 72 and not (words >= 6 and line.endswith((".", "?", "!", ","))) and not _is_prose(line)


def _is_prose(line: str) -> bool:
    """Say whether most of a line's words are in small letters, as in a sentence and unlike in a name or a title."""
    if line.count(" ") < 3:
        return False
    words = [w for w in line.split() if w.isalpha()]
    return len(words) >= 4 and sum(map(str.islower, words)) * 2 > len(words)
