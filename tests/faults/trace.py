"""The calls of a run that write, as strace lists them, and the run with a fault in one of them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from faults.driver import BEGIN, END

SYSCALLS = (
    *("write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate", "fsync", "fdatasync", "sync_file_range"),
    *("openat", "close", "link", "linkat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat"),
)

SECONDS = 60
"""A run takes half a second; one that hangs is a failure."""

_LINE = re.compile(r"([a-z0-9_]+)\((.*)")
_DESCRIPTOR = re.compile(r"(\d+)<([^>]*)>")
_RANDOM = re.compile(r"\.[0-9a-f]{16}\.part|\.\d+\.part")
_TESTS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Call:
    """One system call of a run.

    Attributes:
        name: Its name.
        ordinal: Which call of that name it is, from 1, since the process began.
        what: Its arguments, with what differs from run to run taken out.
        descriptor: The open file that it works on, or None.
        inside: Whether it is about a file of the run's folder; the interpreter opens and closes others.
        text: The line, for reading what is written to standard output.
    """

    name: str
    ordinal: int
    what: str
    descriptor: int | None
    inside: bool
    text: str

    @property
    def writes(self) -> bool:
        """Whether the call can change what is on the disk; opening counts if it may create."""
        return self.inside and (self.name != "openat" or "O_CREAT" in self.text)


def why_not() -> str | None:
    """Return why faults cannot be injected on this machine, or None if they can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    probe = ["strace", "-qq", "-e", "trace=close", "-e", "inject=close:error=EIO:when=1", "-o", "/dev/null", "true"]
    done = subprocess.run(probe, capture_output=True, check=False)
    return None if done.returncode == 0 else "strace may not trace or inject here"


def traced(folder: Path, inject: str | None = None, *options: str) -> tuple[int, list[str], list[Call]]:
    """Run the driver under strace.

    Args:
        folder: Where it works.
        inject: A fault, as strace's option `-e inject` has it.
        options: Further options for the driver.

    Returns:
        Its exit status (negative: the signal that ended it), what it acknowledged, and its calls.
    """
    output = folder.with_name(folder.name + ".trace")
    command = [
        *("strace", "-qq", "-y", "-s", "200", "-o", str(output), "-e", f"trace={','.join(SYSCALLS)}"),
        *(["-e", f"inject={inject}"] if inject else []),
        *(sys.executable, "-m", "faults.driver", str(folder), *options),
    ]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        # Nothing that would make two runs differ: no byte code written, no random order of sets.
        env={
            **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")},
            "PYTHONPATH": os.pathsep.join((str(_TESTS), str(_TESTS.parent))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
        },
    ) as process:
        try:
            told, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            # Without strace the traced process would go on.
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, told.splitlines(), parse(output.read_text("utf-8", "replace"), folder)


def parse(text: str, folder: Path) -> list[Call]:
    """Read strace's output: the calls from the driver's first word on."""
    calls: list[Call] = []
    seen: Counter[str] = Counter()
    begun = False
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        name, rest = match.groups()
        seen[name] += 1
        descriptor = _DESCRIPTOR.match(rest)
        if begun:
            what = _RANDOM.sub(".part", rest.partition(") = ")[0].replace(str(folder), ""))
            if descriptor:
                what = _RANDOM.sub(".part", descriptor[2].replace(str(folder), ""))
            inside = str(folder) in (descriptor[2] if descriptor else rest)
            calls.append(Call(name, seen[name], what, int(descriptor[1]) if descriptor else None, inside, line))
        begun = begun or (name == "write" and f'"{BEGIN}\\n"' in rest)
    return calls


def points(calls: list[Call]) -> list[Call]:
    """Return the calls of a run in which a fault is put."""
    end = next(i for i, call in enumerate(calls) if f'"{END}\\n"' in call.text)
    return [call for call in calls[:end] if call.writes]


def struck(calls: list[Call], status: int) -> Call | None:
    """Return the call that a fault was put into, or None if the run did not come to it."""
    if status == -signal.SIGKILL:
        return calls[-1] if calls else None
    return next((call for call in calls if "(INJECTED)" in call.text), None)
