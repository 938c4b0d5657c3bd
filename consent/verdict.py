"""What a gate answers: pass, deny, transform or unknown, with reasons that can be replayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Answer = Literal["pass", "deny", "transform", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one evaluator.

    Attributes:
        answer: `transform` lets pass on the condition that the text is changed; `unknown` denies.
        missing: Names of the facts without which the gate could not answer.
        details: Codes that say more: `sources`, `model_sha256`, `c007`. Never personal data.
    """

    answer: Answer
    missing: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


PASS = Verdict("pass")
TRANSFORM = Verdict("transform")


def deny(*details: str) -> Verdict:
    """Return a denial."""
    return Verdict("deny", details=tuple(sorted(details)))


def unknown(*missing: str) -> Verdict:
    """Return the answer of a gate that lacks facts."""
    return Verdict("unknown", missing=tuple(sorted(missing)))


def weigh(details: list[str], missing: list[str]) -> Verdict:
    """Return a denial if there is a ground for one, else unknown if a fact is missing, else pass.

    A denial still names the missing facts, so that the reasons are complete.
    """
    if details:
        return Verdict("deny", tuple(sorted(missing)), tuple(sorted(details)))
    return unknown(*missing) if missing else PASS


@dataclass(frozen=True, slots=True)
class GateResult:
    """The answer of one gate, as reports show it.

    Attributes:
        gate: Gate id.
        verdict: The answer.
        reasons: Why it does not let pass, sorted: the gate's id, `missing_fact.<field>`, `gate_error.<gate>`; empty
            where it does.
        details: Codes that say more.
    """

    gate: str
    verdict: Answer
    reasons: tuple[str, ...]
    details: tuple[str, ...] = ()

    @classmethod
    def of(cls, gate: str, verdict: Verdict) -> GateResult:
        """Return the result that a gate's answer makes."""
        reasons = {f"missing_fact.{field}" for field in verdict.missing}
        if verdict.answer == "deny":
            reasons.add(gate)
        return cls(gate, verdict.answer, tuple(sorted(reasons)), verdict.details)

    @classmethod
    def error(cls, gate: str) -> GateResult:
        """Return the result of a gate that failed: what cannot be decided is denied."""
        return cls(gate, "deny", (f"gate_error.{gate}",))

    @property
    def lets_pass(self) -> bool:
        """Whether the gate is no obstacle."""
        return not self.reasons
