"""Evaluates claims on messages that they were not made of: gain, decisions, recall and loss, in one account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from extract.evaluate import contexts, decisions, gain, loss, recall
from extract.skill import codec

if TYPE_CHECKING:
    from extract.distil.backend import Backend
    from extract.distil.claims import Claim
    from extract.distil.encoder import Encoder
    from extract.evaluate.splits import Split

SCHEMA = "govern-evaluation/1"
#: Bytes of a held-out message that are read; it fits into the reader beside any context.
MESSAGE = 600
#: Fewest messages over which anything is said, and how many are read unless something else is asked for.
FEWEST, MESSAGES = 8, 24
BUDGET = 500
_DECISIONS = 24

#: `later`: on messages that were written after the skill was made. `back_test`: a skill made in the same way of the
#: earlier four fifths, on the last fifth.
How = Literal["later", "back_test"]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured.

    Attributes:
        how: See `How`.
        evidence: How many messages are evidence.
        held_out: How many later messages there are that repeat nothing of it.
        overlapping: How many later messages were left out because they repeat evidence.
        shortened: How many of the messages that were read were longer than `MESSAGE`.
        claims: How many claims were measured.
        claims_sha256: See `extract.skill.codec.statements_sha256`; None for a back-test, whose claims were made for it.
        gain: What the claims tell of later messages.
        decisions: Items told rightly, by context.
        recall: None without skills of others.
        loss: See `loss.measure`.
    """

    how: How
    evidence: int
    held_out: int
    overlapping: int
    shortened: int
    claims: int
    claims_sha256: str | None
    gain: gain.Gain
    decisions: decisions.Decisions
    recall: recall.Recall | None
    loss: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return integers, strings, lists and null, to be logged and signed."""
        return {
            "schema": SCHEMA,
            "how": self.how,
            "evidence": self.evidence,
            "held_out": self.held_out,
            "overlapping": self.overlapping,
            "shortened": self.shortened,
            "claims": self.claims,
            "claims_sha256": self.claims_sha256,
            "gain": self.gain.as_json(),
            "decisions": self.decisions.as_json(),
            "recall": None if self.recall is None else self.recall.as_json(),
            "loss": dict(self.loss),
        }


def evaluate(
    how: How,
    split: Split,
    claims: Sequence[Claim],
    backend: Backend,
    encoder: Encoder,
    *,
    peers: Mapping[str, Sequence[Claim]],
    budget: int = BUDGET,
    messages: int = MESSAGES,
    progress: Progress,
) -> Evaluation:
    """Return what the claims are worth to one reader.

    Args:
        how: Where the messages come from.
        split: Evidence and later messages, at least `FEWEST` of these.
        claims: What was made of the evidence, one at least.
        backend: The reader; it must be able to `score`.
        encoder: Sentence vectors.
        peers: Claims of other people's skills by name; the first is what the gain is held against.
        budget: Tokens of each context at most.
        messages: How many of the later messages are read at most, spread evenly over time.
        progress: Called with stage, done, total.

    Raises:
        BackendError: The reader cannot score texts.
    """
    later = [p.text for p in split.held_out]
    chosen = spread(later, messages)
    read = [contexts.shortened(text, MESSAGE) for text in chosen]
    entries = {
        "own": contexts.of_claims(claims),
        "placebo": contexts.placebo(),
        "raw": contexts.of_passages(split.evidence),
    }
    if peers:
        entries["peer"] = contexts.of_claims(next(iter(peers.values())))
    fitted = contexts.fit(entries, budget, backend.tokens)
    found = gain.measure(read, fitted, backend, progress)
    asked = decisions.items(split.held_out, _DECISIONS)
    progress("decisions", 0, len(asked))
    prompts = {name: gain.prompt(fitted.texts.get(name, "")) for name in ("nothing", "placebo", "own")}
    judged = decisions.measure(asked, prompts, backend)
    return Evaluation(
        how=how,
        evidence=len(split.evidence),
        held_out=len(later),
        overlapping=split.overlapping,
        shortened=sum(a != b for a, b in zip(chosen, read, strict=True)),
        claims=len(claims),
        claims_sha256=codec.statements_sha256(claims) if how == "later" else None,
        gain=found,
        decisions=judged,
        recall=recall.measure(later, claims, list(peers.values()), encoder) if peers else None,
        loss=loss.measure(split.evidence, claims),
    )


def spread(texts: Sequence[str], most: int) -> Sequence[str]:
    """Return so many texts at most, spread evenly over all."""
    return texts if len(texts) <= most else [texts[i * len(texts) // most] for i in range(most)]
