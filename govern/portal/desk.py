"""The desk: one thread that owns workspace, log and sessions, and does one thing after the other.

A log has one order, and a page has to show the state that the next entry is checked against. Whatever takes longer than
a moment is not done at the desk but by a worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from attest.errors import BusyError, StoreError
from consent.ledger import Ledger
from govern.workspace import PEOPLE, Workspace

if TYPE_CHECKING:
    from attest.log import EventLog
    from attest.vault import Vault
    from extract.identity import Identities
    from govern.portal.door import Door

T = TypeVar("T")


@dataclass(slots=True)
class _Held:
    ledger: Ledger = field(default_factory=Ledger)
    people: tuple[tuple[int, int], Identities] | None = None


@dataclass(frozen=True, slots=True)
class ServedWorkspace(Workspace):
    """A workspace whose ledger reads on, and whose people file is read again only when it has changed."""

    held: _Held = field(default_factory=_Held, compare=False, repr=False)

    def ledger(self, log: EventLog) -> Ledger:
        """Return the ledger as the log is now; it is the same object each time, and grows."""
        if self.held.ledger.spoiled:
            self.held.ledger = Ledger()
        self.held.ledger.extend(log.entries(self.held.ledger.size))
        return self.held.ledger

    def vault(self) -> Vault:
        """Open the vault, or say at once that a run holds it: whoever waits here keeps everybody else waiting."""
        from attest.vault import Vault

        return Vault(self.root / "vault.sqlite", wait_ms=0)

    def identities(self, path: Path | None = None) -> Identities:
        """Load the people file."""
        if path is not None:
            return Workspace.identities(self, path)
        now = (self.root / PEOPLE).stat()
        stamp = (now.st_mtime_ns, now.st_size)
        if self.held.people is None or self.held.people[0] != stamp:
            self.held.people = stamp, Workspace.identities(self)
        return self.held.people[1]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the thread owns.

    Attributes:
        workspace: The workspace.
        log: Its log.
        door: Sessions and sign-in links.
    """

    workspace: ServedWorkspace
    log: EventLog
    door: Door


class DeskThread:
    """Runs tasks at the desk, in order."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="desk")
        self._desk: Desk | None = None

    async def run(self, task: Callable[[Desk], T]) -> T:
        """Run a task and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: self._do(task))

    def call(self, task: Callable[[Desk], T]) -> T:
        """Run a task from outside of the event loop: at the start, and in tests."""
        return self._thread.submit(lambda: self._do(task)).result()

    def close(self) -> None:
        """Finish what was begun, and let go of log and sessions."""
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    def _do(self, task: Callable[[Desk], T]) -> T:
        try:
            return task(self._open())
        except BusyError:
            raise
        except StoreError:
            # A connection to a database can be lost; the next task gets a new one.
            with suppress(Exception):
                self._close()
            self._desk = None
            raise

    def _open(self) -> Desk:
        # In the thread itself: a connection of SQLite belongs to the thread that made it.
        if self._desk is None:
            from govern.portal.door import Door

            plain = Workspace.open(self._root)
            workspace = ServedWorkspace(plain.root, plain.origin, plain.log_vkey, plain.log_url)
            log = workspace.log()
            self._desk = Desk(workspace, log, Door.open(workspace.root / "portal.sqlite"))
        return self._desk

    def _close(self) -> None:
        if self._desk is not None:
            self._desk.log.close()
            self._desk.door.close()
            self._desk = None
