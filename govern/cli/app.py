"""The root command: global options, lazily loaded groups, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import NoReturn

import click

from govern import __version__
from govern.cli.context import GlobalOptions, global_options
from govern.cli.output import print_error
from govern.errors import GovernError

#: name → (module and attribute, one line of help). The line stands here so that `--help` imports nothing.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("govern.cli.init:init", "Make a workspace: log, vault, keys, people file."),
    "demo": ("govern.cli.demo:demo", "Tell the whole story on the sample workplace."),
    "policy": ("govern.cli.policy:policy", "Check, compare, explain and adopt policies."),
    "keys": ("govern.cli.keys:keys", "Enrol, rotate, lose a person's signing key."),
    "role": ("govern.cli.role:role", "Enrol the officers who approve and witness."),
    "approve": ("govern.cli.approve:approve", "Sign an approval as an officer, or take one back."),
    "consent": ("govern.cli.consent:consent", "Request, sign, refuse, withdraw, look up."),
    "sources": ("govern.cli.source_commands:sources", "List readable formats; check a path before it is used."),
    "identities": ("govern.cli.identities:identities", "Find and confirm which addresses are one person's."),
    "redact": ("govern.cli.redact:redact", "Take personal data and secrets out of a text; measure how well."),
    "model": ("govern.cli.model:model", "Check what a language model is fit for."),
    "extract": ("govern.cli.extract:extract", "Turn consented work into a draft .skill."),
    "skill": ("govern.cli.skill:skill", "Show, review, release and verify a .skill."),
    "subject": ("govern.cli.subject:subject", "Ask what was taken, answer to a skill, export, erase."),
    "log": ("govern.cli.log:log", "Show the log, sign a checkpoint, make a proof."),
    "witness": ("govern.cli.witness:witness", "Keep watch over a log: cosign it while it only grows."),
    "report": ("govern.cli.report:report", "Make reports in which nobody can be singled out."),
    "portal": ("govern.cli.portal:portal", "Serve pages for people who use no terminal."),
    "sweep": ("govern.cli.sweep:sweep", "Do what has fallen due: expiry, re-derivation, erasure."),
    "inspect": ("govern.cli.inspect:inspect", "Look a skill over that was made elsewhere."),
    "audit": ("govern.cli.audit:audit", "Verify a .skill offline, trusting nobody."),
    "status": ("govern.cli.status:status", "Say how this workspace stands."),
    "doctor": ("govern.cli.status:doctor", "Check models, tools and files."),
}


#: What to do about an error that says nothing of it itself, by exit code.
HINTS = {
    1: "run it again with --debug to see where it happened",
    4: "something was changed or belongs elsewhere: compare it with a copy that you trust",
    6: "the file is damaged or of another kind: `govern COMMAND --help` says what is expected",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the story, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with the help lines of the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  govern extract --policy worker_protection --subject p-4k7q2m9x --mail archive.mbox -o ops.skill",
)
@click.version_option(__version__, prog_name="govern")
@global_options
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Consent, redaction and proof for turning a colleague's work into a .skill.

    Employees sign, see, correct and withdraw. HR runs `govern extract`. Auditors run `govern audit verify`.
    """
    ctx.ensure_object(GlobalOptions)


def main() -> None:
    """Run the command line and exit with the code of the contract."""
    # Spinning OpenMP workers slow a busy machine down tenfold; this must be set before the library loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    debug = "--debug" in sys.argv
    # A library that is interrupted while it is being imported may raise an error of its own instead.
    interrupts: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        interrupts.append(number)
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    try:
        code = cli.main(standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _interrupted()
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        _fail(2, error.format_message(), f"see `{context.command_path} --help`" if context else None)
    except GovernError as error:
        if debug:
            raise
        _fail(error.exit_code, error.message, error.hint or HINTS.get(error.exit_code))
    except Exception as error:
        if interrupts:
            _interrupted()
        if debug:
            raise
        # The message of a foreign exception may carry text of the data: only its type is shown.
        if isinstance(error, OSError) and error.errno is not None:
            _fail(
                1, f"the system refused: {os.strerror(error.errno)}", "free space or change permissions, then try again"
            )
        _fail(1, f"unexpected {type(error).__name__}", "run it again with --debug for the traceback")
    finally:
        if before is signal.default_int_handler:
            signal.signal(signal.SIGINT, before)
    sys.exit(code if isinstance(code, int) else 0)


def _interrupted() -> NoReturn:
    # After an interrupt that went through a library's exec() of a string, Python ends by the signal, not with the code
    # it is told; it forgets that when it runs another string. (The signal cannot be blocked: other threads take it.)
    exec("")  # noqa: S102
    _fail(130, "interrupted", "nothing was left half done; run the command again")


def _fail(code: int, message: str, hint: str | None) -> NoReturn:
    print_error(message, hint, code if "--json" in sys.argv else None)
    sys.exit(code)
