"""What a claim is: one statement of a skill, with the spans that it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Kind = Literal["procedure", "decision_rule", "checklist", "code_style", "reference"]
KINDS: tuple[Kind, ...] = ("procedure", "decision_rule", "checklist", "code_style", "reference")

#: The output category (as policies and consents name it) that each kind of claim belongs to.
CATEGORY: dict[Kind, str] = {
    "procedure": "procedures",
    "decision_rule": "decision_rules",
    "checklist": "checklists",
    "code_style": "code_style",
    "reference": "references",
}

#: How a statement may come to be. Each mode has a check of its own; what nothing can check is no mode.
Mode = Literal["verbatim", "deletion", "paraphrase", "counted", "trajectory", "corrected"]


@dataclass(frozen=True, slots=True)
class Passage:
    """The subject's own, redacted words of one record: all that a distiller ever sees.

    Attributes:
        record: Index of the record's leaf in the disposition tree.
        text: Redacted text.
        source_kind: mail, commit, chat or document.
        thread: Opaque thread label, the same for all passages of a thread.
        day: Local day of writing.
        commit_message: Whether it is what the person wrote of a commit: no merge, no revert, no remark in a review.
    """

    record: int
    text: str
    source_kind: str
    thread: str
    day: date
    commit_message: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of evidence: a stretch of a passage.

    Attributes:
        record: Index of the record's leaf in the disposition tree. Set by code, never by a model.
        start: First character, in code points of the redacted passage.
        end: One past the last character.
        quote: The stretch itself.
        digest: SHA-256 of `quote` in UTF-8, hex.
    """

    record: int
    start: int
    end: int
    quote: str
    digest: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of a skill.

    Attributes:
        id: `c001`, `c002`, ... in the order of the skill.
        kind: The most likely kind.
        kinds: Probability of each kind, in thousandths, adding up to 1000.
        statement: What is claimed. In mode `deletion` a word subsequence of the first span's quote, in mode
            `paraphrase` a model's words for it, in mode `counted` what `extract.distil.counted` renders of the numbers,
            in mode `trajectory` its quotes one after the other.
        mode: How the statement came to be.
        evidence: The spans that it rests on; the first is the one that it was made from. In mode `counted` instances,
            spread over time.
        keep: Odds that a reader would keep it, in thousandths.
        threads: Number of distinct threads in the evidence.
        days: Number of distinct days in the evidence.
        first: First day of the evidence, ISO date.
        last: Last day of the evidence, ISO date.
        entropy_millibits: Entropy of `kinds`; above 2000 the claim is "unsure".
        review: What the subject said: `unreviewed`, `accepted`, `corrected`, `struck`.
        pattern: What is counted, see `extract.distil.counted`; "" in other modes.
        counts: `n` instances `of` so many; empty in other modes.
    """

    id: str
    kind: Kind
    kinds: dict[Kind, int]
    statement: str
    mode: Mode
    evidence: tuple[Span, ...]
    keep: int
    threads: int
    days: int
    first: date
    last: date
    entropy_millibits: int
    review: str = "unreviewed"
    pattern: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def support(self) -> int:
        """Number of distinct records in the evidence."""
        return len({s.record for s in self.evidence})


@dataclass(frozen=True, slots=True)
class Distillate:
    """What a distiller returns.

    Attributes:
        claims: The claims that survived, best first.
        dropped: Counts of what did not, by stage: `not_a_rule`, `fragment`, `unsupported`, ...
        measures: Integer measures of loss and size, for the residue: `sentences`, `hedges_seen`, ...
        engine: What made it: model name and SHA-256, encoder, versions, seed, settings; JSON without floats.
    """

    claims: tuple[Claim, ...]
    dropped: dict[str, int] = field(default_factory=dict)
    measures: dict[str, int] = field(default_factory=dict)
    engine: dict[str, str | int] = field(default_factory=dict)
