"""The result of a verification: separate checks with separate verdicts, never one "verified"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "fail", "info"]


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer.

    Attributes:
        number: Its place in the list; the same question has the same number in every report.
        name: What is asked, in a few words.
        status: `pass`, `fail`, or `info` where there is nothing to pass: a statement that no proof can back.
        value: What was found.
        meaning: What a pass says, and what it does not.
    """

    number: int
    name: str
    status: Status
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of a skill.

    Attributes:
        checks: In order of their numbers.
        ok: No check failed. It says no more than that: read the checks marked `info` too.
    """

    checks: tuple[Check, ...]
    ok: bool

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status == "fail")

    def text(self) -> str:
        """Return the report as lines of text."""
        lines = []
        for check in self.checks:
            lines.append(f"{check.number:3d}  {check.status.upper():<4}  {check.name}: {check.value}")
            lines.append(f"           {check.meaning}")
        passed = sum(check.status == "pass" for check in self.checks)
        other = len(self.checks) - passed - len(self.failed)
        lines.append(f"{passed} checks passed, {len(self.failed)} failed, {other} for information.")
        return "\n".join(lines) + "\n"
