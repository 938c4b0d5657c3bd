"""Checks a claim against its own evidence, without a model: what an auditor can repeat on paper.

A claim that passes says nothing that its first quote does not say in the same words and the same order. It does not
prove that the quote was written: that is what the commitments to the records are for.

A paraphrase is the one mode of which that is not true: it has words that its quote does not have. Negators, modals,
conditions, numbers, names, order and overlap are held to the quote here. That a new word means the same is not proven,
and what the run asked of the model's likelihood and of the encoder cannot be repeated without them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from extract.distil import counted, paraphrase_rules, trajectories, words
from extract.distil.claims import KINDS, Claim, Span
from extract.distil.errors import ClaimError

_CHECKED = frozenset({"verbatim", "deletion", "paraphrase", "counted", "trajectory"})


def verify_claim(claim: Claim) -> None:
    """Check that a claim is well formed and says only what its first quote, or its numbers, say.

    The statement is held to its quote word by word, a paraphrase as `verify_paraphrase` says, a counted one to its
    numbers and instances, a trajectory to all of its quotes. What the subject wrote in its place, mode `corrected`, is
    held to nothing but the review, and not checked here.

    Raises:
        ClaimError: If anything does not hold, or the mode is none that rests on a quote. The message names the claim
            and the rule, never a word of it.
    """
    if claim.mode not in _CHECKED:
        raise ClaimError(f"claim {claim.id} is of a mode that is not held to a quote")
    if not claim.evidence:
        raise ClaimError(f"claim {claim.id} has no evidence")
    for span in claim.evidence:
        _verify_span(claim.id, span)
    if len({(s.record, s.start, s.end) for s in claim.evidence}) != len(claim.evidence):
        raise ClaimError(f"claim {claim.id} names the same evidence twice")
    if set(claim.kinds) != set(KINDS) or any(p < 0 for p in claim.kinds.values()) or sum(claim.kinds.values()) != 1000:
        raise ClaimError(f"claim {claim.id}: the probabilities of its kinds do not add up to 1000")
    if claim.kind not in KINDS or claim.kinds[claim.kind] != max(claim.kinds.values()):
        raise ClaimError(f"claim {claim.id}: its kind is not the most likely one")
    if not (1 <= claim.threads <= len(claim.evidence) and 1 <= claim.days <= len(claim.evidence)):
        raise ClaimError(f"claim {claim.id}: more threads or days than pieces of evidence")
    if claim.first > claim.last:
        raise ClaimError(f"claim {claim.id}: its last day is before its first")
    if claim.mode == "counted":
        counted.verify(claim)
        return
    if claim.pattern or claim.counts:
        raise ClaimError(f"claim {claim.id} has numbers that it does not tell")
    if claim.mode == "trajectory":
        trajectories.verify(claim)
        return
    if claim.mode == "paraphrase":
        verify_paraphrase(claim.statement, claim.evidence[0].quote, claim.id)
        return
    verify_statement(claim.statement, claim.evidence[0].quote, claim.id, verbatim=claim.mode == "verbatim")


def verify_statement(statement: str, quote: str, claim_id: str = "c000", *, verbatim: bool = False) -> None:
    """Check that a statement is made from a quote by leaving out words that may be left out.

    Raises:
        ClaimError: If it is not.
    """
    if not statement.strip():
        raise ClaimError(f"claim {claim_id} is empty")
    if verbatim:
        if words.tokens(statement) != words.tokens(quote):
            raise ClaimError(f"claim {claim_id} is not its quote, word for word")
        return
    if not words.is_word_subsequence(statement, quote):
        raise ClaimError(f"claim {claim_id} has words that its quote does not have in this order")
    if not words.is_long_enough(statement, quote):
        raise ClaimError(f"claim {claim_id} keeps less than {words.MIN_LENGTH_PERCENT} percent of its quote")
    if words.negators(statement) != words.negators(quote):
        raise ClaimError(f"claim {claim_id} has other negators than its quote")
    if words.protected(statement) != words.protected(quote):
        raise ClaimError(f"claim {claim_id} lost a condition, modal, comparison, number or hedge of its quote")


def verify_paraphrase(statement: str, quote: str, claim_id: str = "c000") -> None:
    """Check what the words of a paraphrase tell: not that it means what its quote means.

    Raises:
        ClaimError: If a rule of `extract.distil.paraphrase_rules` is broken.
    """
    fault = paraphrase_rules.fault(statement, quote)
    if fault is not None:
        raise ClaimError(f"claim {claim_id} is a paraphrase that {paraphrase_rules.FAULTS[fault]}")


def verify_spans(claim: Claim, texts: Mapping[int, str]) -> None:
    """Check that every quote stands where its span says, in the redacted texts by record index.

    Raises:
        ClaimError: If a record is missing or a quote is not there.
    """
    for span in claim.evidence:
        text = texts.get(span.record)
        if text is None:
            raise ClaimError(f"claim {claim.id} cites record {span.record}, which is not among the texts")
        if text[span.start : span.end] != span.quote:
            raise ClaimError(f"claim {claim.id}: record {span.record} does not hold the quote where the span says")


def _verify_span(claim_id: str, span: Span) -> None:
    if span.record < 0 or span.start < 0 or span.end - span.start != len(span.quote) or not span.quote:
        raise ClaimError(f"claim {claim_id}: a span's place and its quote do not agree")
    if hashlib.sha256(span.quote.encode()).hexdigest() != span.digest:
        raise ClaimError(f"claim {claim_id}: a quote does not have the digest that its span states")
