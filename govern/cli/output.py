"""What a person or a program reads: text on stdout, or one JSON document with all else on stderr."""

from __future__ import annotations

import json as jsonlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click


def colour() -> bool:
    """Return whether stderr and stdout may be coloured (NO_COLOR, no terminal)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def print_error(message: str, hint: str | None, code: int | None = None) -> None:
    """Write `error:` and `hint:` lines to stderr.

    Args:
        message: What went wrong.
        hint: What to do, or None.
        code: The exit code, where `--json` was asked for and the document is still owed.
    """
    if code is not None and not Output.written:
        click.echo(jsonlib.dumps({"error": message, "hint": hint, "exit_code": code}, indent=2))
    click.secho(f"error: {message}", err=True, fg="red" if colour() else None)
    if hint:
        click.echo(f"hint: {hint}", err=True)


class Output:
    """Writes to people, or one JSON document to a program.

    Attributes:
        written: Whether this process has written its document: there is exactly one.
    """

    written = False

    def __init__(self, *, json: bool, quiet: bool) -> None:
        self.json = json
        self.quiet = quiet

    def say(self, text: str = "", *, important: bool = False) -> None:
        """Write a line for people; on stderr when stdout belongs to the JSON document."""
        if not self.quiet or important:
            click.echo(text, err=self.json)

    def heading(self, text: str) -> None:
        """Write a line that opens a part."""
        if not self.quiet:
            click.secho(text, bold=True if colour() else None, err=self.json)

    def table(self, rows: Iterable[Sequence[object]], *, indent: int = 2) -> None:
        """Write rows in columns, numbers to the right."""
        cells = [[str(c) for c in row] for row in rows]
        if not cells:
            return
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        for row in cells:
            line = "  ".join(
                cell.rjust(w) if cell.replace(",", "").isdigit() else cell.ljust(w)
                for cell, w in zip(row, widths, strict=True)
            )
            self.say(" " * indent + line.rstrip())

    def result(self, document: Mapping[str, Any]) -> None:
        """Write the JSON document, where one was asked for."""
        if self.json:
            Output.written = True
            click.echo(jsonlib.dumps(document, indent=2, ensure_ascii=False, default=str))

    @contextmanager
    def progress(self, title: str) -> Iterator[Progress]:
        """Show a progress line on a terminal, nothing elsewhere."""
        bar = Progress(title, live=sys.stderr.isatty() and not self.quiet)
        try:
            yield bar
        finally:
            bar.close()


class Progress:
    """A single line on stderr that counts; never text from the data."""

    def __init__(self, title: str, *, live: bool) -> None:
        self._live = None
        if live:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            self._live = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._live.start()
            self._task = self._live.add_task(title, total=None)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Say how far a stage is."""
        if self._live is not None:
            self._live.update(self._task, description=stage, completed=done, total=total or None)

    def close(self) -> None:
        """Remove the line."""
        if self._live is not None:
            self._live.stop()
            self._live = None
