"""`govern subject taken`: what became of a person's records, and why, gate by gate."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import UsageError

if TYPE_CHECKING:
    from attest.answers import Answer
    from govern.cli.output import Output

subject_option = click.option(
    "--subject",
    "named",
    required=True,
    metavar="PID",
    help="Pseudonymous id, as in the people file; or the mail address of somebody who is not in it.",
)


@click.command(
    epilog="Example:  govern subject taken --subject p-4k7q2m9x --record $(sha256sum < mail.eml | cut -c-64)"
)
@subject_option
@click.option(
    "--record",
    metavar="DIGEST|N",
    help="SHA-256 of one raw message; only that one, opened with its salt. With --extraction also its number.",
)
@click.option("--extraction", metavar="ID", help="With --record: say gate by gate why it was taken or left out.")
@click.option("--lang", type=click.Choice(("en", "de", "zh")), default="en", help="Language of the gates' sentences.")
@click.option("-o", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write answer.json to a folder.")
@now_option
@governed
def taken(
    options: GlobalOptions,
    named: str,
    record: str | None,
    extraction: str | None,
    lang: str,
    folder: Path | None,
    now: datetime,
) -> None:
    """Answer "was anything of mine taken?", with proofs that `govern audit answer` checks offline.

    Without --record: every record in which the person appears, as author or addressee. With it: one message of
    theirs, by the digest of its raw bytes. A record of somebody else is not found, even with the right digest.
    With --extraction, the record is decided over again from its stored facts, and what each gate says is shown.
    """
    from attest import answers
    from attest.encoding import to_time
    from govern import subjects
    from govern.cli.policy_record import check_record

    out = options.output()
    if extraction is not None:
        if record is None or folder is not None:
            raise UsageError("--extraction explains one record and writes no file", "add --record, and leave -o away")
        _explain(options, named, check_record(record), extraction, lang)
        return
    if record is not None and len(check_record(record)) != 64:
        raise UsageError(
            "--record is not a SHA-256 digest",
            "give 64 lower-case hexadecimal digits, as sha256sum does; or a number, with --extraction",
        )
    workspace = options.open_workspace()
    with workspace.log() as log, workspace.vault() as vault:
        who = subjects.asker(workspace, log, vault, named)
        note = workspace.sign(log)
        data = subjects.taken(workspace, log, vault, who, record or "", note, to_time(now))
    # What does not verify is not handed out.
    answer = answers.verify(data, workspace.log_vkey)
    show_answer(out, answer)
    if folder is not None:
        from attest.files import replace_file

        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / "answer.json", data, 0o600)
        out.say(f"Written to {folder / 'answer.json'}. Anyone who has the log's key can check it offline:")
        out.say(f"  govern audit answer {folder / 'answer.json'} --log-key KEY")
    out.result({"file": str(folder / "answer.json") if folder else None, **answer_document(answer)})


def _explain(options: GlobalOptions, named: str, record: str, extraction: str, lang: str) -> None:
    """Say to a person why a record in which they appear was taken or left out."""
    from govern import explaining, subjects
    from govern.cli import policy_record

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log, workspace.vault() as vault:
        who = subjects.asker(workspace, log, vault, named)
        places = {place for name in who.filed for place in vault.records_of(name)}
        rows = sorted(i for where, i in places if where == extraction)
        row = explaining.row_of(workspace, log, vault, extraction, record, rows)
        found = explaining.explain(workspace, log, vault, extraction, row)
    policy_record.show(out, found, lang=lang, to="worker")
    # Facts tell of folders and hours of whose mailbox it is: only that person is given them.
    mine = found.subject == who.pid
    if mine and found.kept is not None:
        out.say("What was known of it:")
        out.table(list(policy_record.document(found, facts=True)["facts"].items()))
    out.result({"subject": who.pid, **policy_record.document(found, facts=mine)})
    policy_record.refuse_other(found)


def show_answer(out: Output, answer: Answer) -> None:
    """Write an answer for people: what came of the records of each extraction."""
    from govern import subjects

    if not answer.found:
        out.say(
            "No such record of this person is in any extraction that can still be opened."
            if answer.record
            else "No record in which this person appears is in any extraction that can still be opened."
        )
    for extraction, found in _by_extraction(answer):
        totals = subjects.outcomes([each.leaf for each in found])
        first = found[0]
        out.heading(f"Extraction {extraction}, sealed {first.sealed_at} as log entry {first.seal_index}")
        out.say(
            f"  {totals['records']} of {first.size} records: {totals['taken']} taken, {totals['left_out']} left out"
        )
        if answer.record:
            leaf = first.leaf
            redacted = sum(leaf.redactions.values())
            out.say(
                f"  record {leaf.i}: {leaf.outcome}"
                + (f", because of {', '.join(leaf.reasons)}" if leaf.reasons else "")
                + (f", {redacted} redactions" if redacted else "")
                + f"; authenticity {leaf.authenticity}"
            )
        elif totals["by_reason"]:
            out.table([(reason, n) for reason, n in totals["by_reason"].items()], indent=4)
    for extraction, n in answer.unsealed.items():
        out.say(f"Extraction {extraction} read {n} records and never finished; nothing came of it.")


def _by_extraction(answer: Answer) -> list[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for each in answer.found:
        groups.setdefault(each.extraction_id, []).append(each)
    return list(groups.items())


def answer_document(answer: Answer) -> dict[str, Any]:
    """Return an answer for programs."""
    from govern import subjects

    return {
        "subject": answer.pid,
        "at": answer.at,
        "log_size": answer.log_size,
        "record": answer.record or None,
        "found": len(answer.found),
        "extractions": [
            {
                "extraction_id": extraction,
                "sealed_at": found[0].sealed_at,
                "seal_index": found[0].seal_index,
                "size": found[0].size,
                **subjects.outcomes([each.leaf for each in found]),
                "leaves": [
                    {
                        "i": each.leaf.i,
                        "kind": each.leaf.kind,
                        "outcome": each.leaf.outcome,
                        "reasons": list(each.leaf.reasons),
                        "authenticity": each.leaf.authenticity,
                        "redactions": dict(each.leaf.redactions),
                        "opened": each.opened,
                    }
                    for each in found
                ],
            }
            for extraction, found in _by_extraction(answer)
        ],
        "unsealed": answer.unsealed,
    }
