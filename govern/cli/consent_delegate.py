"""`govern consent delegate`: let somebody else sign, for a while and for no more than is named."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

import click

from govern.cli.consent_options import subject_option
from govern.cli.context import GlobalOptions, Moment, governed, now_option, passphrase_options
from govern.cli.keyfiles import KEY, load
from govern.errors import RefusedError, UsageError


@click.command(
    epilog="Example:  govern consent delegate --subject p-4k7q2m9x --delegate p-7h3d9w2c --delegate-key d.key "
    "--key my.key --purpose knowledge_transfer --source mail.work --category procedures --until 2027-01-31"
)
@subject_option
@click.option("--delegate", metavar="ID", help="Who may sign: pseudonymous id.")
@click.option("--delegate-key", type=KEY, help="Key file of the delegate, who signs the mandate too.")
@click.option("--key", "key_file", type=KEY, help="Your key file; left out only for someone who cannot sign.")
@click.option("--purpose", "purposes", multiple=True, metavar="NAME", help="At most for this.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="At most this may be read.")
@click.option("--category", "categories", multiple=True, metavar="NAME", help="At most this may be learned.")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    default=("team:own",),
    show_default=True,
    metavar="NAME",
    help="At most these may use the skill.",
)
@click.option("--until", type=Moment(), metavar="DATE", help="When the mandate ends.")
@click.option("--end", is_flag=True, help="Instead: end every mandate of the person. No key is needed.")
@click.option(
    "--delegate-passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File whose first line is the passphrase of the delegate's key.",
)
@passphrase_options
@now_option
@governed
def delegate(
    options: GlobalOptions,
    subject: str,
    delegate: str | None,
    delegate_key: Path | None,
    key_file: Path | None,
    purposes: tuple[str, ...],
    sources: tuple[str, ...],
    categories: tuple[str, ...],
    recipients: tuple[str, ...],
    until: datetime | None,
    end: bool,
    delegate_passphrase_file: Path | None,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Let somebody else sign for you. It counts once two officers, not of HR, have witnessed it.

    The delegate can agree to no more than is named here, and for no longer. You can take back what the delegate agreed
    to at any time, and end the mandate with --end.
    """
    from attest import keys
    from attest.mandate import Terms
    from govern import counted

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        if end:
            index, _ = counted.append(log, "mandate.ended", f"employee:{subject}", {"pid": subject, "index": None}, now)
            out.say(f"No mandate is left: log entry {index}.")
            return out.result({"event": "mandate.ended", "index": index, "subject": subject})
        if delegate is None or delegate_key is None or until is None or not purposes:
            raise UsageError(
                "a mandate says who, for what and for how long", "--delegate, --delegate-key, --purpose and --until"
            )
        workspace.identities().person(subject)
        own = None
        if key_file is not None:
            own = load(options, key_file, passphrase_file)
            held = workspace.ledger(log).key(subject)
            if held is None or keys.key_id(own) != held.key_id:
                raise RefusedError(
                    "this is not the key that the person enrolled", "`govern keys list` shows which one is"
                )
        theirs = load(options, delegate_key, delegate_passphrase_file or passphrase_file)
        said = Terms(
            pid=subject,
            delegate=delegate,
            public=keys.public_bytes(theirs),
            purposes=tuple(sorted(set(purposes))),
            sources=tuple(sorted(set(sources))),
            categories=tuple(sorted(set(categories))),
            recipients=tuple(sorted(set(recipients))),
            nonce=secrets.token_hex(16),
            at=now,
            until=until,
        )
        actor = f"employee:{subject}" if own is not None else f"delegate:{delegate}"
        index, _ = counted.append(log, "mandate.given", actor, said.body(theirs, own), now)
    out.say(f"Mandate for {delegate}: log entry {index}. It counts once two officers, not of HR, have witnessed it:")
    out.say(f"  govern approve mandate --as ID --key FILE --subject {subject} --mandate {index}")
    return out.result(
        {
            "event": "mandate.given",
            "index": index,
            "subject": subject,
            "delegate": delegate,
            "mandate_sha256": said.sha256,
            "signed_by_subject": own is not None,
        }
    )


COMMANDS: tuple[click.Command, ...] = (delegate,)
