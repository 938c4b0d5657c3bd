"""Which executor does the work: this process, processes beside it, or the workers of a scheduler."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from extract.execution.api import Executor
from extract.execution.serial import SerialExecutor
from govern.errors import UsageError


class Certificates(NamedTuple):
    """Files (PEM) by which driver, scheduler and workers know each other.

    Attributes:
        authority: The certificate of the authority that signed the certificates of all three.
        certificate: The driver's certificate.
        key: Its private key.
    """

    authority: Path
    certificate: Path
    key: Path


def open_executor(jobs: int = 1, scheduler: str | None = None, tls: Certificates | None = None) -> Executor:
    """Open an executor; the caller closes it.

    Args:
        jobs: 1: in this process. More: in so many processes. 0: in as many as there are cores for this process.
        scheduler: Address of a running dask scheduler, whose workers do it instead.
        tls: Certificates, for a scheduler that is not on this machine.

    Raises:
        UsageError: The address is one that would send words in the clear over a network, or jobs is below 0.
        WorkersError: The package is missing, or the scheduler does not answer.
    """
    if jobs < 0:
        raise UsageError("there cannot be fewer than 0 jobs", "--jobs 0 takes as many as there are cores")
    if scheduler is not None:
        from extract.execution.dask import connect

        return connect(scheduler, tls)
    jobs = jobs or _cores()
    if jobs == 1:
        return SerialExecutor()
    from extract.execution.processes import ProcessExecutor

    return ProcessExecutor(jobs)


def _cores() -> int:
    # A container may be given fewer cores than the machine has; not every system can tell.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
