"""The subject's review: accept, strike or correct each claim; silence is no consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from attest import canonical
from extract.distil.claims import Claim
from govern.errors import InputError, UsageError

SCHEMA = "govern-review/1"
Verdict = Literal["accepted", "struck", "corrected"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the subject says of one claim.

    Attributes:
        verdict: accepted, struck or corrected.
        statement: The corrected statement; empty otherwise.
    """

    verdict: Verdict
    statement: str = ""


class Review:
    """The decisions over the claims of one draft. Immutable: each decision gives a new review."""

    def __init__(self, extraction_id: str, decisions: Mapping[str, Decision] | None = None) -> None:
        self.extraction_id = extraction_id
        self.decisions = dict(decisions or {})

    def decide(self, claim: Claim, decision: Decision | None) -> Review:
        """Return the review with one decision made, or taken back with None.

        Raises:
            UsageError: A correction without words, or over several lines.
        """
        decisions = dict(self.decisions)
        if decision is None:
            decisions.pop(claim.id, None)
        else:
            if decision.verdict == "corrected":
                text = " ".join(decision.statement.split())
                if not text:
                    raise UsageError(f"the correction of {claim.id} is empty", "strike the claim instead")
                decision = Decision("corrected", text)
            decisions[claim.id] = decision
        return Review(self.extraction_id, decisions)

    def open_claims(self, claims: Sequence[Claim]) -> list[Claim]:
        """Return the claims that nothing was said of yet, the unsure ones first."""
        waiting = [c for c in claims if c.id not in self.decisions]
        return sorted(waiting, key=lambda c: (-c.entropy_millibits, c.id))

    def apply(self, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """Return the claims that stay, each marked with what the subject said; undecided ones stay unreviewed."""
        kept = []
        for claim in claims:
            decision = self.decisions.get(claim.id)
            if decision is None:
                kept.append(claim)
            elif decision.verdict == "accepted":
                kept.append(replace(claim, review="accepted"))
            elif decision.verdict == "corrected":
                # The person's word outranks the model's: evidence stays, the statement is theirs.
                kept.append(replace(claim, review="corrected", statement=decision.statement, mode="corrected"))
        return tuple(kept)

    def judged(self, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """Return every claim marked with what the subject said of it, the struck ones included."""
        said = {i: d.verdict for i, d in self.decisions.items()}
        return tuple(replace(c, review=said.get(c.id, "unreviewed")) for c in claims)

    def counts(self) -> dict[str, int]:
        """Return how many claims were accepted, struck and corrected."""
        verdicts = [d.verdict for d in self.decisions.values()]
        return {v: verdicts.count(v) for v in ("accepted", "corrected", "struck")}

    def to_bytes(self) -> bytes:
        """Return the canonical JSON of the review."""
        decisions: dict[str, Any] = {
            i: {"verdict": d.verdict, **({"statement": d.statement} if d.statement else {})}
            for i, d in self.decisions.items()
        }
        return canonical.dumps({"schema": SCHEMA, "extraction_id": self.extraction_id, "decisions": decisions})

    @classmethod
    def from_bytes(cls, data: bytes) -> Review:
        """Read a review back.

        Raises:
            InputError: It is not one.
        """
        try:
            value = canonical.loads(data)
            if value["schema"] != SCHEMA:
                raise ValueError
            decisions = {i: Decision(d["verdict"], d.get("statement", "")) for i, d in value["decisions"].items()}
            if any(d.verdict not in ("accepted", "struck", "corrected") for d in decisions.values()):
                raise ValueError
            return cls(str(value["extraction_id"]), decisions)
        except (ValueError, KeyError, TypeError, AttributeError, InputError):
            raise InputError("the stored review is damaged", "start the review again with --restart") from None
