"""The sweep: the same run again and again, with one fault at one point, and what is left checked each time."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from faults.state import BrokenError, Final, carry_on, check, emptied
from faults.trace import Call, points, struck, traced
from govern.errors import GovernError


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    Attributes:
        name: For the report.
        inject: What strace does at the call.
        retry: Whether the driver tries a failed step again in the same process.
        spared: Calls that it is not put into.
    """

    name: str
    inject: str
    retry: bool = False
    spared: frozenset[str] = frozenset()


FAULTS = (
    Fault("killed", "signal=SIGKILL"),
    Fault("EIO", "error=EIO"),
    # Linux closes a file even where it reports an error, strace leaves it open: a lock on it would then be held by the
    # very process that tries again.
    Fault("EIO, tried again in the same process", "error=EIO", retry=True, spared=frozenset({"close"})),
    Fault("ENOSPC", "error=ENOSPC"),
)


@dataclass
class Result:
    """What came of a sweep.

    Attributes:
        runs: How many runs there were.
        ended: How they ended, by the driver's exit status.
        failures: What does not hold, with its point.
    """

    runs: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


AIMS = 3
"""How often a point is aimed at: calls are counted, and a module compiled by another process in between moves them."""

ENDS = {
    0: "went on",
    3: "reported by the log",
    4: "reported by the system",
    -signal.SIGKILL: "killed",
}


def reference(folder: Path) -> tuple[list[Call], Final]:
    """Run without a fault, and return the points and how it ends.

    Raises:
        BrokenError: The run alone does not hold what it promises, or is not the same twice.
    """
    # The first run warms the caches of the interpreter.
    for _ in range(2):
        status, told, calls = traced(emptied(folder))
        if status != 0:
            raise BrokenError(f"the run without a fault ended with {status}")
        check(folder, told)
    return points(calls), carry_on(folder)


def strike(folder: Path, fault: Fault, call: Call, final: Final) -> int:
    """Run with one fault, check what it left, carry on, and return how the driver ended.

    Raises:
        BrokenError: A promise does not hold.
        GovernError: What is left cannot be read.
    """
    inject = f"{call.name}:{fault.inject}:when={call.ordinal}"
    for _ in range(AIMS):
        status, told, calls = traced(emptied(folder), inject, *(["--retry"] if fault.retry else []))
        hit = struck(calls, status)
        if hit is not None and (hit.name, hit.ordinal, hit.what) == (call.name, call.ordinal, call.what):
            break
    else:
        raise BrokenError("the fault did not come where it was put: the run is not the same every time")
    if status not in ENDS:
        raise BrokenError(f"the driver ended with {status}")
    if fault.retry and status != 0:
        raise BrokenError("trying the step again did not help")
    check(folder, told)
    if carry_on(folder) != final:
        raise BrokenError("carried on, the run does not end as it does without a fault")
    return status


def sweep(
    folder: Path,
    fault: Fault,
    calls: Iterable[Call],
    final: Final,
    progress: Callable[[int], None] = lambda done: None,
) -> Result:
    """Put one kind of fault into each of the calls in turn."""
    result = Result()
    for call in calls:
        if call.name in fault.spared:
            continue
        result.runs += 1
        try:
            result.ended[ENDS[strike(folder, fault, call, final)]] += 1
        except (BrokenError, GovernError, OSError, subprocess.TimeoutExpired) as error:
            result.failures.append(f"{call.name} {call.ordinal} ({call.what}): {type(error).__name__}: {error}")
        progress(result.runs)
    return result
