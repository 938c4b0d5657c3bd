"""CPU time of a call, peak memory of a process, and the table that comes of it."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        stage: Which stage.
        what: What was measured.
        amount: How many units one call handled.
        unit: Name of the unit.
        seconds: CPU seconds of the fastest of several calls, this process and its children.
        peer: Name of the peer's row that this is a ratio of, or empty.
    """

    stage: str
    what: str
    amount: float
    unit: str
    seconds: float
    peer: str = ""

    @property
    def rate(self) -> float:
        """Units per CPU second."""
        return self.amount / self.seconds if self.seconds else float("inf")


def cpu() -> float:
    """Return CPU seconds used so far, by this process and its finished children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def best(call: Callable[[], object], repeat: int = 3) -> float:
    """Return the CPU seconds of the fastest of `repeat` calls: the least disturbed one."""
    found = []
    for _ in range(repeat):
        start = cpu()
        call()
        found.append(cpu() - start)
    # The kernel counts in ticks of 10 ms: what is shorter cannot be told from nothing.
    return max(min(found), 0.005)


def machine() -> str:
    """Return a line that says where this ran."""
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d', time.gmtime())}"


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table with ratios to their peers."""
    by_name = {f"{r.stage}/{r.what}": r for r in rows}
    lines = ["| stage | what | per CPU second | ratio |", "|---|---|---:|---:|"]
    for r in rows:
        peer = by_name.get(f"{r.stage}/{r.peer}")
        ratio = f"{r.rate / peer.rate:.2f} x {peer.what}" if peer else ""
        shown = f"{r.rate:,.0f}" if r.rate >= 10 else f"{r.rate:.2f}"
        lines.append(f"| {r.stage} | {r.what} | {shown} {r.unit} | {ratio} |")
    return "\n".join(lines)
