"""The subject's review: accept, strike, correct or withhold each claim; silence is no consent."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from attest import canonical
from extract.distil import keeps
from extract.distil.claims import Claim
from govern.errors import InputError, UsageError

SCHEMA = "govern-review/1"
Verdict = Literal["accepted", "struck", "corrected", "withheld"]
MAX_STATEMENT = 600
"""Longest correction, characters: a claim is a sentence, and a skill has an end."""
VERDICTS = ("accepted", "corrected", "struck", "withheld")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the subject says of one claim.

    Attributes:
        verdict: accepted, struck, corrected, or withheld: struck because of the kind of knowledge that it is.
        statement: The corrected statement; empty otherwise.
    """

    verdict: Verdict
    statement: str = ""


def legible(text: str) -> str:
    """Return a text on one line, in which what does not print is written out.

    A quote comes from a message: what moves the cursor or turns the direction of writing could show its reader
    something else than what they decide over.
    """
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in " ".join(text.split()))


def unsure_first(claims: Sequence[Claim]) -> list[Claim]:
    """Return claims in the order in which they are shown: those whose kind is least clear first."""
    return sorted(claims, key=lambda c: (-c.entropy_millibits, c.id))


def made_by(claim: Claim) -> str:
    """Return how a claim came to be, with a warning where its words are a model's."""
    warning = ": a model's words, not yours; hold them against the first quote"
    return claim.mode + (warning if claim.mode == "paraphrase" else "")


def is_kept(claim: Claim, kinds: Iterable[str]) -> bool:
    """Return whether a claim goes when a person keeps these kinds: it belongs to one, or its language is not known."""
    wanted, found = set(kinds), keeps.kept_kinds(claim)
    return bool(wanted) and (found is None or not wanted.isdisjoint(found))


class Review:
    """The decisions over the claims of one draft. Immutable: each decision gives a new review.

    Attributes:
        extraction_id: Which extraction the draft comes from.
        decisions: What was decided, by claim id.
        withheld: Kinds of knowledge that the person keeps, see `extract.distil.keeps`.
    """

    def __init__(
        self, extraction_id: str, decisions: Mapping[str, Decision] | None = None, withheld: Iterable[str] = ()
    ) -> None:
        self.extraction_id = extraction_id
        self.decisions = dict(decisions or {})
        self.withheld = tuple(sorted(set(withheld)))

    def decide(self, claim: Claim, decision: Decision | None) -> Review:
        """Return the review with one decision made, or taken back with None.

        Raises:
            UsageError: A correction without words, too long, or with control characters, as a stray key leaves them.
        """
        decisions = dict(self.decisions)
        if decision is None:
            decisions.pop(claim.id, None)
        else:
            if decision.verdict == "corrected":
                text = " ".join(decision.statement.split())
                if not text:
                    raise UsageError(f"the correction of {claim.id} is empty", "strike the claim instead")
                if len(text) > MAX_STATEMENT:
                    raise UsageError(
                        f"the correction of {claim.id} is longer than {MAX_STATEMENT} characters", "say it shorter"
                    )
                if any(unicodedata.category(c) == "Cc" for c in text):
                    raise UsageError(f"the correction of {claim.id} holds control characters", "write it again")
                decision = Decision("corrected", text)
            decisions[claim.id] = decision
        return Review(self.extraction_id, decisions, self.withheld)

    def withhold(self, kinds: Iterable[str], claims: Sequence[Claim]) -> Review:
        """Return the review in which the person keeps kinds of knowledge: each claim that belongs to one is struck.

        A claim in a language of which nothing is known may belong to any kind, so it is struck too. A claim that the
        person decided over already is struck as well; a decision made afterwards counts again.

        Raises:
            UsageError: There is no such kind.
        """
        wanted = set(kinds)
        if unknown := sorted(wanted - set(keeps.KEPT_KINDS)):
            raise UsageError(
                f"there is no kind of knowledge {unknown[0]!r}", f"the kinds are {', '.join(keeps.KEPT_KINDS)}"
            )
        decisions = dict(self.decisions)
        for claim in claims:
            if is_kept(claim, wanted):
                decisions[claim.id] = Decision("withheld")
        return Review(self.extraction_id, decisions, {*self.withheld, *wanted})

    def open_claims(self, claims: Sequence[Claim]) -> list[Claim]:
        """Return the claims that nothing was said of yet, the unsure ones first."""
        return unsure_first([c for c in claims if c.id not in self.decisions])

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
        """Return every claim as the subject left it: corrected, or as it was where it was struck."""
        kept = {c.id: c for c in self.apply(claims)}
        return tuple(kept.get(c.id, replace(c, review="struck")) for c in claims)

    def changed(self, before: Review, claims: Sequence[Claim]) -> list[tuple[str, str, str]]:
        """Return id, verdict before and verdict now of each claim that was decided otherwise; "open" for no verdict."""
        pairs = [(c.id, before.decisions.get(c.id), self.decisions.get(c.id)) for c in claims]
        return [(i, a.verdict if a else "open", b.verdict if b else "open") for i, a, b in pairs if a != b]

    def counts(self) -> dict[str, int]:
        """Return how many claims were accepted, corrected and struck; what is withheld is struck."""
        verdicts = [d.verdict for d in self.decisions.values()]
        counts = {v: verdicts.count(v) for v in ("accepted", "corrected", "struck")}
        return {**counts, "struck": counts["struck"] + self.withheld_claims}

    @property
    def withheld_claims(self) -> int:
        """How many of the struck claims were struck because of the kind of knowledge that they are."""
        return sum(d.verdict == "withheld" for d in self.decisions.values())

    def to_bytes(self) -> bytes:
        """Return the canonical JSON of the review."""
        decisions: dict[str, Any] = {
            i: {"verdict": d.verdict, **({"statement": d.statement} if d.statement else {})}
            for i, d in self.decisions.items()
        }
        value = {"schema": SCHEMA, "extraction_id": self.extraction_id, "decisions": decisions}
        return canonical.dumps({**value, "withheld": list(self.withheld)} if self.withheld else value)

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
            withheld = value.get("withheld", [])
            if any(d.verdict not in VERDICTS for d in decisions.values()) or not set(withheld) <= set(keeps.KEPT_KINDS):
                raise ValueError
            return cls(str(value["extraction_id"]), decisions, withheld)
        except (ValueError, KeyError, TypeError, AttributeError, InputError):
            raise InputError("the stored review is damaged", "start the review again with --restart") from None
