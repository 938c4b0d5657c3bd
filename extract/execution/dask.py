"""Tasks on the workers of a dask scheduler: on other machines, or on this one."""

from __future__ import annotations

import ipaddress
import secrets
import time
from contextlib import ExitStack
from ssl import SSLError
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from extract.execution.api import Outcome, Task, Verdict, perform
from extract.execution.errors import WorkersError
from govern.errors import UsageError

if TYPE_CHECKING:
    from extract.execution.opening import Certificates

_ANSWER = 30.0
"""Seconds in which a scheduler has to answer."""
_PATIENCE = 120.0
"""Seconds without any worker after which the run ends: a nanny needs a few to replace one."""
_OUTCOME = 10.0
"""Seconds in which the outcome of an ended task has to come; it waits in the worker, and is lost if that dies."""
_SETTLE = 1.0
"""Seconds that a new worker waits before its first task: it is not replaced if it dies before its nanny knows it."""
_BORN = time.monotonic()
_LOOK = 2.0
"""Seconds between two looks at how many workers there are."""
_LOST = "run the same command again when the scheduler and its workers run: it goes on where it was"

SETTINGS = {
    # A worker that runs out of memory is ended, and its task comes back; it never writes to the disk in the clear.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    # A task that ends two workers comes back; the driver finds out which item it is.
    "distributed.scheduler.allowed-failures": 1,
}
"""What a scheduler and its workers are to be started with."""


class DaskExecutor:
    """Workers of a scheduler. Only single tasks are handed in; no graphs, no data frames.

    Nothing that dask shows, keeps or prints holds a word of an item: keys are random, a task's repr is a count, and
    a worker raises nothing. The pickled tasks do hold the items and the key of the parts, so the connection is to be
    trusted: on this machine, or TLS.
    """

    def __init__(self, client: Any, owned: ExitStack | None = None) -> None:
        """Take over a connected client.

        Args:
            client: Closed with the executor.
            owned: Closed after it: a cluster of its own.
        """
        self._client = client
        self._owned = owned
        self._tasks: dict[str, tuple[Task, Any]] = {}
        self._done = _distributed().as_completed(loop=client.loop)
        # Workers come and go: how many there are is asked for again every few seconds.
        self._count = 0
        self._looked = self._seen = float("-inf")

    def workers(self) -> int:
        """Return how many tasks are done at the same time: one per worker."""
        self._look()
        return max(1, self._count)

    def submit(self, task: Task) -> None:
        """Hand in a task."""
        key = secrets.token_hex(16)
        future = self._client.submit(perform_alone, task, key=key, pure=False, retries=0)
        self._tasks[key] = task, future
        self._done.add(future)

    def finished(self) -> tuple[Task, Outcome]:
        """Wait for any task to end.

        Raises:
            WorkersError: The scheduler is gone, or has had no workers for two minutes.
        """
        self._seen = time.monotonic()
        while not self._done.has_ready():
            with self._done.thread_condition:
                self._done.thread_condition.wait(0.1)
            self._look()
            if time.monotonic() - self._seen > _PATIENCE:
                raise WorkersError("the scheduler has no workers", _LOST)
        future = next(self._done)
        task, _ = self._tasks.pop(future.key)
        return task, _outcome(task, future)

    def forget(self) -> None:
        """Give up all tasks: what a worker has begun it ends, and its part is kept; nobody waits for it."""
        futures = [future for _, future in self._tasks.values()]
        self._tasks.clear()
        self._done.clear()
        if futures and self._client.status == "running":
            self._client.cancel(futures, force=True, reason="given up", msg="given up")

    def close(self) -> None:
        """Leave the scheduler, and end the cluster if it is its own."""
        self.forget()
        self._client.close()
        if self._owned is not None:
            self._owned.close()

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        if self._client.status != "running":
            raise WorkersError("the scheduler is gone", _LOST)
        self._looked = now
        self._count = len(self._client.scheduler_info(n_workers=-1)["workers"])
        if self._count:
            self._seen = now


def perform_alone(task: Task) -> Outcome:
    """Make one part in a worker of dask, if it works as `SETTINGS` say."""
    from distributed import get_worker

    worker = get_worker()
    memory = getattr(worker, "memory_manager", None)
    if memory is not None and (memory.memory_spill_fraction or memory.memory_target_fraction) and memory.memory_limit:
        return Outcome.stopped(
            "a worker of the scheduler may write what it holds to its disk, in the clear",
            "start the workers with the settings of docs/scale.md",
        )
    if worker.state.nthreads != 1:
        return Outcome.stopped(
            "a worker of the scheduler has more than one thread", "start the workers with --nthreads 1"
        )
    time.sleep(max(0.0, _BORN + _SETTLE - time.monotonic()))
    return perform(task)


def _outcome(task: Task, future: Any) -> Outcome:
    from distributed import CancelledError, KilledWorker

    try:
        outcome: Outcome = future.result(timeout=_OUTCOME)
    except KilledWorker:
        return Outcome(Verdict.DIED)
    except TimeoutError:
        # What counts is the part, not what the worker could not say any more.
        return Outcome(Verdict.DONE if task.program.parts.has(task.key) else Verdict.DIED)
    except CancelledError:
        raise WorkersError("the scheduler gave up a task", _LOST) from None
    except Exception as error:
        message = getattr(error, "message", f"a worker cannot load its work: {type(error).__name__}")
        return Outcome.stopped(message, getattr(error, "hint", None))
    return outcome


def connect(address: str, tls: Certificates | None) -> DaskExecutor:
    """Connect to a running scheduler.

    Args:
        address: `tcp://127.0.0.1:8786` on this machine, `tls://HOST:8786` elsewhere.
        tls: For a scheduler that is not on this machine.

    Raises:
        UsageError: The connection would not be encrypted, or has no certificates.
        WorkersError: The package is missing, or the scheduler does not answer.
    """
    checked = _checked(address, tls)
    distributed = _distributed()
    security = None
    if tls is not None:
        authority, certificate, key = map(str, tls)
        security = distributed.Security(
            tls_ca_file=authority, tls_client_cert=certificate, tls_client_key=key, require_encryption=True
        )
    return DaskExecutor(_client(checked, security))


def local(workers: int) -> DaskExecutor:
    """Start a scheduler and workers on this machine, on the loopback only, without a dashboard."""
    distributed = _distributed()
    import dask

    with ExitStack() as stack:
        # As long as the cluster lives: a worker that is replaced reads them again.
        stack.enter_context(dask.config.set(SETTINGS))
        cluster = stack.enter_context(
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
            )
        )
        client = _client(cluster.scheduler_address, None)
        owned = stack.pop_all()
    return DaskExecutor(client, owned)


def _client(address: str, security: Any) -> Any:
    import dask

    # A partition may have more than the 10 MB at which dask warns: it is read once, by one worker.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
    try:
        return _distributed().Client(address, security=security, timeout=_ANSWER, set_as_default=False)
    except SSLError:
        raise WorkersError(
            "the certificates cannot be used", "PEM files: the authority, the driver's certificate, its private key"
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise WorkersError(
            f"the scheduler does not answer: {type(error).__name__}", "check its address, and that it runs"
        ) from None


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise WorkersError(
            "workers on other machines need the package distributed", "pip install 'govern-toolkit[scale]'"
        ) from None
    return distributed


def _checked(address: str, tls: Certificates | None) -> str:
    if "://" not in address:
        address = ("tls://" if tls else "tcp://") + address
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or parts.scheme not in ("tcp", "tls"):
        raise UsageError("this is no address of a scheduler", "for instance tls://scheduler.example:8786")
    if parts.scheme == "tls" and tls is None:
        raise UsageError("a scheduler with TLS needs certificates", "--tls CA CERT KEY")
    if parts.scheme == "tcp" and tls is not None:
        raise UsageError("the certificates would not be used", "the address of a scheduler with TLS begins with tls://")
    if parts.scheme == "tcp" and not _loopback(host):
        raise UsageError(
            "the words of mails and messages would go over the network in the clear",
            "start the scheduler with TLS, give its address as tls://HOST:PORT, and add --tls CA CERT KEY",
        )
    return address


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
