"""How many consecutive words of a source a claim carries: the measure that `output.verbatim` caps.

A claim carries its statement and, in `references/evidence.md`, its quotes, so both count: a cap of twelve words that
looked at statements only would let a skill of whole sentences pass. A correction is the person's own text and may bring
back what another claim quotes, also one that was struck; so it is held against every quote of the draft, and so is a
paraphrase, whose words are not all of its own quote.

Words are what stands between white space, without the punctuation around them and in one case: a changed comma does
not hide a copy. Spans that touch in one record are one stretch; that two claims quote neighbouring sentences of a
record is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from extract.distil import words
from extract.distil.claims import Claim, Span

#: Between spans that stand so near to each other in a record there is no word that could count.
_GAP = 2


def longest_run(short: Sequence[str], long: Sequence[str]) -> int:
    """Return the length of the longest run of consecutive items that two sequences share."""
    best = 0
    above = [0] * (len(long) + 1)
    for item in short:
        row = [0] * (len(long) + 1)
        for column, other in enumerate(long, 1):
            if item == other:
                row[column] = above[column - 1] + 1
                best = max(best, row[column])
        above = row
    return best


def counted(text: str) -> list[str]:
    """Return the words of a text in the form in which they are compared; lone punctuation is no word."""
    return [core for word in words.tokens(text) if (core := words.core(word))]


def stretches(evidence: Iterable[Span]) -> list[list[str]]:
    """Return the words of each stretch of a record that the evidence shows; spans that touch are one stretch."""
    found: list[list[str]] = []
    record, end = -1, 0
    for span in sorted(evidence, key=lambda s: (s.record, s.start, -s.end)):
        inside = span.record == record
        if inside and span.end <= end:
            continue
        if inside and end <= span.start <= end + _GAP:
            found[-1] += counted(span.quote)
        else:
            found.append(counted(span.quote))
        record, end = span.record, span.end
    return found


def verbatim_words(claim: Claim, quoted: Iterable[Span] = ()) -> int:
    """Return the length of the longest run of consecutive words of one record that a claim carries.

    Args:
        claim: The claim, as it is to be released.
        quoted: Every span of the draft; a correction or paraphrase is compared with them.
    """
    longest = max((len(stretch) for stretch in stretches(claim.evidence)), default=0)
    if claim.mode not in ("corrected", "paraphrase"):
        # Its words are those of its own quote, which is carried whole.
        return longest
    statement = counted(claim.statement)
    return max([longest, *(longest_run(statement, stretch) for stretch in stretches(quoted))])
