"""Options that every command takes, before or after its name, and what they open."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from govern.errors import UsageError

if TYPE_CHECKING:
    from govern.cli.output import Output
    from govern.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class GlobalOptions:
    """What the user set, wherever on the line it stood."""

    workspace: Path = field(default_factory=lambda: Path(".govern"))
    json: bool = False
    quiet: bool = False
    no_input: bool = False
    debug: bool = False

    def output(self) -> Output:
        """Return where to write."""
        from govern.cli.output import Output

        return Output(json=self.json, quiet=self.quiet)

    def open_workspace(self) -> Workspace:
        """Open the workspace, or say how to make one."""
        from govern.workspace import Workspace

        return Workspace.open(self.workspace)


def _store(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    options = ctx.ensure_object(GlobalOptions)
    # Only what was really given overrides: an option before the command must survive its absence after it.
    if value is not None and value is not False and param.name is not None:
        setattr(options, param.name, value)


def global_options(command: F) -> F:
    """Add the global options to a command or group."""
    for decorator in (
        click.option("--debug", is_flag=True, expose_value=False, callback=_store, help="Show tracebacks."),
        click.option(
            "--no-input",
            is_flag=True,
            expose_value=False,
            callback=_store,
            help="Never ask; fail where input is needed.",
        ),
        click.option("--quiet", "-q", is_flag=True, expose_value=False, callback=_store, help="Say only what matters."),
        click.option("--json", is_flag=True, expose_value=False, callback=_store, help="One JSON document on stdout."),
        click.option(
            "--workspace",
            type=click.Path(path_type=Path),
            expose_value=False,
            callback=_store,
            envvar="GOVERN_WORKSPACE",
            metavar="DIR",
            help="Workspace folder.  [default: ./.govern]",
        ),
    ):
        command = decorator(command)
    return command


def governed(command: F) -> F:
    """Make a function a command body: global options, and `options: GlobalOptions` as its first argument."""

    @global_options
    @click.pass_context
    @functools.wraps(command)
    def wrapper(ctx: click.Context, *args: Any, **kwargs: Any) -> Any:
        return command(ctx.ensure_object(GlobalOptions), *args, **kwargs)

    return wrapper  # type: ignore[return-value]


class Moment(click.ParamType[datetime, Any]):
    """An ISO 8601 date or date-time; a date is midnight, a missing zone is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return an aware UTC time."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        except ValueError:
            self.fail("not an ISO 8601 date or time, for instance 2026-11-22 or 2026-11-22T10:00:00Z", param, ctx)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def now_option(command: F) -> F:
    """Add `--now`, with which a run can be replayed and tested."""
    return click.option(
        "--now",
        type=Moment(),
        default=None,
        metavar="TIME",
        callback=lambda _ctx, _param, value: value or datetime.now(UTC).replace(microsecond=0),
        help="Act as if it were this time, to replay or to test.",
    )(command)


def passphrase_options(command: F) -> F:
    """Add `--passphrase-file`; the body gets `passphrase_file: Path | None`."""
    return click.option(
        "--passphrase-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        default=None,
        help="File whose first line is the key's passphrase. Else GOVERN_PASSPHRASE, else asked.",
    )(command)


def read_passphrase(options: GlobalOptions, path: Path | None, *, confirm: bool = False) -> bytes:
    """Return the passphrase from the file, the environment or the terminal.

    Raises:
        UsageError: There is none and asking is not allowed.
    """
    import os
    import sys

    if path is not None:
        text = path.read_text("utf-8").partition("\n")[0]
    elif "GOVERN_PASSPHRASE" in os.environ:
        text = os.environ["GOVERN_PASSPHRASE"]
    elif options.no_input or not sys.stdin.isatty():
        raise UsageError(
            "a passphrase is needed and may not be asked for here", "give --passphrase-file or set GOVERN_PASSPHRASE"
        )
    else:
        text = click.prompt("Passphrase of the key file", hide_input=True, confirmation_prompt=confirm, err=True)
    if not text:
        raise UsageError("the passphrase is empty", "a key file that only its owner can use needs one")
    return text.encode()
