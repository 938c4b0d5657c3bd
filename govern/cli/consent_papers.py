"""`govern consent receipt`, `verifier` and `export`: what the person decided, its proof, and what checks it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.consent_options import subject_option
from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import UsageError

if TYPE_CHECKING:
    from attest.events import Event
    from attest.log import EventLog
    from consent.receipt import Receipt
    from govern.cli.output import Output

lang_option = click.option(
    "--lang", metavar="CODE", help="Language of the words: en, de, zh.  [default: as in the people file]"
)


@click.command(
    epilog="Example:  govern consent receipt --subject p-4k7q2m9x -o receipt.html   "
    "(and later, anywhere:  govern consent receipt --check receipt.html --log-key log.vkey)"
)
@click.option("--subject", metavar="PID", help="Pseudonymous id, as in the people file.")
@click.option("--entry", "index", type=int, metavar="N", help="The entry to prove.  [default: the person's last]")
@click.option(
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it to a file: FILE.html for a page to read and print, otherwise JSON.",
)
@lang_option
@click.option(
    "--check",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Check a receipt, JSON or HTML, without any workspace.",
)
@click.option(
    "--log-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --check: the log's public key, from a source that you trust.",
)
@now_option
@governed
def receipt(
    options: GlobalOptions,
    subject: str | None,
    index: int | None,
    output: Path | None,
    lang: str | None,
    file: Path | None,
    log_key: Path | None,
    now: datetime,
) -> None:
    """Give the person their receipt, of a yes, a no, a withdrawal or an objection; or check one, offline.

    It holds what was decided, the proof that it is in the log, the log's signed checkpoint, the key that signed, and
    the notice that was shown, in the person's language.
    """
    from attest.files import replace_file
    from consent import receipt_page

    out = options.output()
    if file is not None:
        return _check(out, file, log_key)
    if subject is None:
        raise UsageError("nobody was named", "name whose receipt it is with --subject, or a file with --check")
    made = _make(options, subject, index, lang)
    out.say(made.text)
    if output is not None:
        page = output.suffix.lower() in (".html", ".htm")
        replace_file(output, receipt_page.page(made) if page else made.to_bytes())
        out.say(f"Written to {output}")
    out.result(made.document)
    return None


def _check(out: Output, file: Path, log_key: Path | None) -> None:
    from consent import receipt as receipts

    if log_key is None:
        raise UsageError("a receipt is checked against the log's key", "add --log-key log.vkey, from who you trust")
    made = receipts.check(file.read_bytes(), log_key.read_text("utf-8").strip())
    told = "the notice that was shown" if made.notice is not None else ""
    signed = f"signed by {made.signer.key_id}" if made.signer is not None else ""
    found = [f"entry {made.index} is in the log that this key signed", "the receipt says what the entry says"]
    found += [f"the record is {signed}, a key that the log enrolled"] if signed else []
    if made.signer is not None and made.signer.passkey is not None:
        found.append(f"the passkey signed this very record at {made.signer.passkey.origin}, its owner verified")
    found += [f"{told} has the digest that the record names"] if told else []
    for line in found:
        out.say(f"  ok  {line}")
    out.say(made.text)
    out.result({"ok": True, "index": made.index, "event": made.event.type, "pid": made.pid, "checks": found})


def _make(options: GlobalOptions, subject: str, index: int | None, lang: str | None) -> Receipt:
    from govern import decided

    workspace = options.open_workspace()
    with workspace.log() as log:
        return decided.receipt(workspace, log, subject, index, lang)


@click.command(epilog="Example:  govern consent export --subject p-4k7q2m9x --format dpv -o consents.jsonld")
@subject_option
@click.option(
    "--format",
    "kind",
    type=click.Choice(["dpv", "kantara", "json"]),
    default="json",
    show_default=True,
    help="DPV 2.3 / ISO/IEC TS 27560 JSON-LD, Kantara consent receipts v1.1, or the records as they were signed.",
)
@click.option(
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it to a file.  [default: standard output]",
)
@now_option
@governed
def export(options: GlobalOptions, subject: str, kind: str, output: Path | None, now: datetime) -> None:
    """Write every consent and refusal of a person in a format that other systems read."""
    import json

    from attest.files import replace_file
    from consent import export_dpv, export_json, export_kantara

    out = options.output()
    workspace = options.open_workspace()
    people = workspace.identities()
    organisation = people.organisation or workspace.origin
    with workspace.log() as log:
        ledger = workspace.ledger(log)
        if subject not in ledger.people():
            people.person(subject)
        history = export_json.history(_events(log), ledger, subject, now)
        document: dict[str, Any]
        if kind == "dpv":
            note = workspace.sign(log) if history.records else b""
            proofs = {index: log.proof(index, note).to_bytes() for index in history.records}
            document = export_dpv.document(history, workspace.origin, workspace.log_vkey, proofs, organisation)
        elif kind == "kantara":
            document = export_kantara.document(history, organisation)
        else:
            document = export_json.document(history)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if kind == "kantara" and history.unfit_for_receipts:
        out.say(
            f"{len(history.unfit_for_receipts)} decisions have no place in this format, which knows only a yes; "
            "use --format dpv for all of them."
        )
    if output is not None:
        replace_file(output, text.encode())
        out.say(f"Written to {output}")
    elif not options.json:
        out.say(text, important=True)
    out.result(document)


def _events(log: EventLog) -> list[tuple[int, Event]]:
    from attest import events

    return [(index, events.parse(data)) for index, data in log.entries() if b'"type":"consent.' in data]


@click.command(epilog="Example:  govern consent verifier -o verify-receipt.html")
@click.option(
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    default="verify-receipt.html",
    show_default=True,
    metavar="FILE",
    help="The HTML file to write.",
)
@governed
def verifier(options: GlobalOptions, output: Path) -> None:
    """Write the page on which anyone checks a receipt in a browser, offline, in English, German and Chinese.

    One HTML file that fetches nothing and sends nothing. It takes a receipt and the log's key and says, line by line,
    what holds, what does not and what it could not check. It is the same for everybody and needs no workspace: the
    works council can hand it out.
    """
    import hashlib

    from attest.files import replace_file
    from consent.verifier.page import page

    data = page()
    replace_file(output, data)
    digest = hashlib.sha256(data).hexdigest()
    out = options.output()
    out.say(f"Written to {output}")
    out.say(f"SHA-256 {digest}: the same wherever this version of govern writes it.")
    out.result({"output": str(output), "bytes": len(data), "sha256": digest})


COMMANDS: tuple[click.Command, ...] = (receipt, verifier, export)
