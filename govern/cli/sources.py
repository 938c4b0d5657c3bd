"""The four source options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from extract.sources.registry import Kind

F = TypeVar("F", bound=Callable[..., Any])

_HELP = {
    "mail": "mbox file, Maildir, .eml file, PST file or folder of mails.",
    "repo": "Local git repository or bundle.",
    "chat": "Export of a chat service; `govern sources list` names them.",
    "docs": "Folder of documents, or one: Markdown, text, Word, PDF.",
}


def source_options(command: F) -> F:
    """Add --mail, --repo, --chat and --docs; the body gets one tuple of paths for each."""
    for kind in reversed(_HELP):
        command = click.option(
            f"--{kind}",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="PATH",
            help=f"{_HELP[kind]} Can be given again.",
        )(command)
    return command


def by_kind(
    mail: tuple[Path, ...], repo: tuple[Path, ...], chat: tuple[Path, ...], docs: tuple[Path, ...]
) -> dict[Kind, tuple[Path, ...]]:
    """Return the kinds that were given, with their paths."""
    given: dict[Kind, tuple[Path, ...]] = {"mail": mail, "repo": repo, "chat": chat, "docs": docs}
    return {kind: paths for kind, paths in given.items() if paths}
