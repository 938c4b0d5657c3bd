"""What a power cut would lose: which writes of a run were not yet on the disk when they were built on.

A killed process leaves its writes to the kernel, a power cut does not. So the order of the calls is checked: nothing is
acknowledged, and no checkpoint is shown, before all that was written until then has been synced, names included.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from faults.driver import BEGIN, END
from faults.trace import Call

_QUOTED = re.compile(r'"([^"]*)"')
_TOLD = re.compile(r'^write\(1<[^>]*>, "(\w+)')

SHOWN = "/published/checkpoint"


def unsynced(calls: Sequence[Call]) -> list[str]:
    """Return what was acknowledged, named or shown too early; empty if the order is right.

    Args:
        calls: The calls of a run without a fault.
    """
    found: list[str] = []
    files: set[str] = set()
    folders: set[str] = set()
    known: set[str] = set()

    def demand(where: str) -> None:
        found.extend(f"{where}: {path or '/'} is not synced" for path in sorted(files | folders))

    for call in calls:
        paths = _QUOTED.findall(call.what)
        if told := _TOLD.match(call.text):
            # An open log promises nothing yet: SQLite syncs the name of its journal with the first entry in it.
            if told[1] not in (BEGIN, "log", END):
                demand(f"acknowledged {told[1]}")
        elif not call.inside or call.what.endswith("-shm"):
            continue
        elif call.name in ("write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate"):
            files.add(call.what)
        elif call.name in ("fsync", "fdatasync"):
            files.discard(call.what)
            folders.discard(call.what)
        elif call.name == "openat" and "O_CREAT" in call.text:
            # What is left of a temporary file's name after a power cut is swept up or ignored.
            if paths[0] not in known and not paths[0].endswith((".part", "-shm", "-journal")):
                folders.add(_parent(paths[0]))
            known.add(paths[0])
        elif call.name == "mkdir":
            folders.add(_parent(paths[0]))
        elif call.name in ("link", "rename"):
            source, target = paths
            if source in files:
                found.append(f"{call.name}: {source} gets its name before its content is synced")
            if target == SHOWN:
                demand("shown")
            known.add(target)
            folders.add(_parent(target))
        elif call.name == "unlink":
            files.discard(paths[0])
            known.discard(paths[0])
    return found


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent).rstrip("/")
