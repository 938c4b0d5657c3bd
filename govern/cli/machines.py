"""The options that say who does the work of a run: this process, several, or workers on other machines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from govern.errors import UsageError

if TYPE_CHECKING:
    from extract.execution.api import Executor

F = TypeVar("F", bound=Callable[..., Any])


def machine_options(command: F) -> F:
    """Add --jobs, --scheduler and --tls; the body gets `jobs`, `scheduler` and `tls`, for `open_machines`."""
    for option in (
        click.option(
            "--tls",
            nargs=3,
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="CA CERT KEY",
            help="Certificates for a scheduler on another machine.",
        ),
        click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler whose workers do the work."),
        click.option(
            "--jobs",
            type=click.IntRange(min=0),
            default=1,
            show_default=True,
            help="Processes that read and redact; 0 takes as many as there are cores.",
        ),
    ):
        command = option(command)
    return command


def open_machines(jobs: int, scheduler: str | None, tls: tuple[Path, Path, Path] | None) -> Executor:
    """Start or find what does the work.

    Args:
        jobs: Processes on this machine; 1 is this one, 0 as many as it has cores.
        scheduler: Address of a Dask scheduler, or None.
        tls: CA certificate, certificate and key, or None.

    Raises:
        UsageError: The options contradict each other.
        GovernError: There is no such scheduler, a package is missing, or the connection would not be safe.
    """
    from extract.execution.opening import Certificates, open_executor

    if scheduler is not None and jobs != 1:
        raise UsageError("--jobs and --scheduler exclude each other", "the scheduler knows its workers")
    if tls is not None and scheduler is None:
        raise UsageError("--tls needs --scheduler", "processes on this machine need no certificate")
    return open_executor(jobs, scheduler, Certificates(*tls) if tls is not None else None)
