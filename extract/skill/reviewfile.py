"""The review as a text file: written for the person to edit anywhere, read back strictly or not at all.

The file is the whole state of a review: what stands in it is what was decided, so reading it twice changes nothing. It
names the state that it was written from, so that a file left lying does not take back what was decided since.
Only the lines `Verdict:` and `Keep:` may be edited. Everything that was taken from a message stands behind a label on
one line, so nothing in a quote can pass for a verdict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from extract.distil import keeps
from extract.distil.claims import Claim
from extract.skill import review as reviews
from extract.skill.document import UNSURE_MILLIBITS
from extract.skill.review import Decision, Review, legible
from govern.errors import InputError, UsageError

MAX_BYTES = 16 << 20
_VERDICT, _KEEP, _EXTRACTION, _STATE, _CLAIM = "Verdict:", "Keep:", "Extraction:", "State:", "## "
_HINT = "edit only the lines `Verdict:` and `Keep:`; `govern skill review FILE --export` writes a fresh file"
_SHOWN_PROBLEMS = 5
_INTRODUCTION = f"""\
# Review

Write your word for each claim behind `{_VERDICT}`, on the same line, and change nothing else:

- `accept`: it stays as it is.
- `strike`: it goes, and its quotes with it.
- `correct: Ask before you retry.`: your own words take its place. The quotes stay as its evidence.
- nothing: you have not decided. A skill is released only when every claim is decided.

Behind `{_KEEP}` you can name kinds of knowledge that you keep:
{", ".join(keeps.KEPT_KINDS)}.
A claim that belongs to one goes when its verdict is empty, and then has the verdict `withhold`. Where you do not mind
one, write `accept anyway`, or `correct anyway: ` and your words.
"""


def confidence(claim: Claim) -> tuple[str, str]:
    """Return what speaks for a claim, for people: how its kind was judged, and how often and when it was said."""
    shares = sorted(claim.kinds.items(), key=lambda item: (-item[1], item[0]))
    kinds = ", ".join(f"{kind.replace('_', ' ')} {share / 10:.0f} %" for kind, share in shares if share >= 50)
    days = f"{claim.first} to {claim.last}" if claim.first != claim.last else f"{claim.first}"
    counts = (_count(claim.support, "record"), _count(claim.threads, "thread"), _count(claim.days, "day"))
    return kinds + (" (unsure)" if claim.entropy_millibits > UNSURE_MILLIBITS else ""), f"{', '.join(counts)}; {days}"


def write(claims: Sequence[Claim], review: Review) -> str:
    """Return a review as a text to edit, the unsure claims first."""
    lines = [
        _INTRODUCTION,
        f"{_EXTRACTION} {review.extraction_id}",
        f"{_STATE} {_state(review)}",
        f"{_KEEP} {', '.join(review.withheld)}".rstrip(),
    ]
    for claim in reviews.unsure_first(claims):
        lines += ["", f"{_CLAIM}{claim.id}", "", *_fixed(claim), f"{_VERDICT} {_verdict(claim, review)}".rstrip()]
    return "\n".join(lines) + "\n"


def read(text: str, claims: Sequence[Claim], before: Review, *, alone: bool = False) -> Review:
    """Return the review that an edited text states.

    Args:
        text: What `write` gave, edited.
        claims: The claims of the draft.
        before: What is decided so far.
        alone: Whether the text counts although something else was decided since it was written.

    Raises:
        InputError: The text is of another draft, anything in it is not as it must be, or it is out of date. The message
            names the lines and never their words.
    """
    problems: list[tuple[int, str]] = []
    head, blocks = _cut(text.removeprefix("\ufeff"), problems)
    if _named(head, _EXTRACTION, problems) != before.extraction_id:
        problems.append((1, "the file is of another draft"))
    state = _named(head, _STATE, problems)
    kept = _kept_kinds(head, problems)
    known = {c.id: c for c in claims}
    review, seen = Review(before.extraction_id, withheld=kept), dict[str, int]()
    for block in blocks:
        claim = known.get(block.id)
        if claim is None:
            problems.append((block.line, "the draft has no claim of this id"))
        elif claim.id in seen:
            problems.append((block.line, f"{claim.id} stands here again, after line {seen[claim.id]}"))
        else:
            seen[claim.id] = block.line
            _check_fixed(claim, block, problems)
            review = _decided(review, claim, block, kept, problems)
    last = text.count("\n") + 1
    problems += [(last, f"{c.id} is missing before the end of the file") for c in claims if c.id not in seen]
    if problems:
        raise InputError(f"the review file cannot be taken: {_told(problems)}", _HINT)
    if not alone and state != _state(before) and review.to_bytes() != before.to_bytes():
        raise InputError(
            "the review went on since this file was written",
            "add --restart to forget that and take the file alone; with --dry-run to see first what would change",
        )
    return review


@dataclass(slots=True)
class _Block:
    """The lines of one claim, by number from 1; the head of the file has no id."""

    line: int
    id: str
    lines: list[tuple[int, str]] = field(default_factory=list)
    verdicts: list[tuple[int, str]] = field(default_factory=list)


def _fixed(claim: Claim) -> list[str]:
    kinds, found = confidence(claim)
    kept = keeps.kept_kinds(claim)
    return [
        f"Statement: {legible(claim.statement)}",
        f"Made by: {reviews.made_by(claim)}",
        f"Kind: {kinds}",
        f"Found in: {found}",
        f"Can be kept as: {'any' if kept is None else ', '.join(kept) or 'none'}",
        *(f"Quote #{s.record}: {legible(s.quote)}".rstrip() for s in claim.evidence),
    ]


def _verdict(claim: Claim, review: Review) -> str:
    decision = review.decisions.get(claim.id)
    if decision is None:
        return ""
    anyway = " anyway" if reviews.is_kept(claim, review.withheld) else ""
    return {
        "accepted": f"accept{anyway}",
        "corrected": f"correct{anyway}: {decision.statement}",
        "struck": "strike",
        "withheld": "withhold",
    }[decision.verdict]


def _cut(text: str, problems: list[tuple[int, str]]) -> tuple[_Block, list[_Block]]:
    head = block = _Block(1, "")
    blocks: list[_Block] = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip()
        if line.startswith(_CLAIM):
            block = _Block(number, line.removeprefix(_CLAIM).strip())
            blocks.append(block)
        elif line.startswith(_VERDICT):
            if block is head:
                problems.append((number, "this verdict stands before the first claim"))
            block.verdicts.append((number, line.removeprefix(_VERDICT).strip()))
        elif line:
            block.lines.append((number, line))
    return head, blocks


def _named(head: _Block, label: str, problems: list[tuple[int, str]]) -> str:
    """Return what stands behind a label that the head of the file has once."""
    found = [(number, line.removeprefix(label).strip()) for number, line in head.lines if line.startswith(label)]
    if len(found) != 1:
        number = found[1][0] if found else 1
        problems.append((number, f"there must be one line `{label}` before the first claim"))
    return found[0][1] if found else ""


def _kept_kinds(head: _Block, problems: list[tuple[int, str]]) -> tuple[str, ...]:
    kinds = [word.strip() for word in _named(head, _KEEP, problems).split(",") if word.strip()]
    if not set(kinds) <= set(keeps.KEPT_KINDS):
        number = next(number for number, line in head.lines if line.startswith(_KEEP))
        problems.append((number, f"the kinds that can be kept are {', '.join(keeps.KEPT_KINDS)}"))
        return ()
    return tuple(kinds)


def _state(review: Review) -> str:
    return hashlib.sha256(review.to_bytes()).hexdigest()[:16]


def _check_fixed(claim: Claim, block: _Block, problems: list[tuple[int, str]]) -> None:
    """Hold what may not be edited against the draft, up to the first difference."""
    expected = _fixed(claim)
    for (number, line), right in zip(block.lines, expected, strict=False):
        if line != right:
            label = right.partition(":")[0]
            what = "a quote" if label.startswith("Quote") else f"the line `{label}:`"
            advice = "; your own words belong behind `Verdict: correct:`" if label == "Statement" else ""
            problems.append((number, f"{what} of {claim.id} was changed or is missing{advice}"))
            return
    if len(block.lines) > len(expected):
        number = block.lines[len(expected)][0]
        problems.append((number, f"{claim.id} has a line too many; a verdict is one line"))
    elif len(block.lines) < len(expected):
        problems.append((block.line, f"a line of {claim.id} is missing"))


def _decided(
    review: Review, claim: Claim, block: _Block, kept: Sequence[str], problems: list[tuple[int, str]]
) -> Review:
    if len(block.verdicts) != 1:
        number = block.verdicts[1][0] if block.verdicts else block.line
        problems.append((number, f"{claim.id} has {'two verdicts' if block.verdicts else 'no line `Verdict:`'}"))
        return review
    number, said = block.verdicts[0]
    covered = reviews.is_kept(claim, kept)
    word, colon, text = said.partition(":")
    match (" ".join(word.casefold().split()), colon):
        case ("", ""):
            decision = Decision("withheld") if covered else None
        case ("strike", ""):
            decision = Decision("struck")
        case ("withhold", "") if covered:
            decision = Decision("withheld")
        case ("withhold", ""):
            problems.append((number, f"{claim.id} belongs to no kind that `{_KEEP}` names: write strike or accept"))
            return review
        case ("accept", "") | ("correct", ":") if covered:
            problems.append(
                (number, f"{claim.id} belongs to a kind that `{_KEEP}` names: empty its verdict, or add anyway")
            )
            return review
        case ("accept" | "accept anyway", ""):
            decision = Decision("accepted")
        case ("correct" | "correct anyway", ":"):
            decision = Decision("corrected", text)
        case _:
            problems.append(
                (number, f"the verdict of {claim.id} is not one: accept, strike, or correct: and your words")
            )
            return review
    try:
        return review.decide(claim, decision)
    except UsageError as error:
        problems.append((number, error.message))
        return review


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _told(problems: Sequence[tuple[int, str]]) -> str:
    ordered = [f"line {number}: {what}" for number, what in sorted(problems)]
    more = len(ordered) - _SHOWN_PROBLEMS
    return "; ".join(ordered[:_SHOWN_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
