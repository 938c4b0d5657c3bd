"""Why a record was taken or left out: for `govern policy explain --record` and `govern subject taken --extraction`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from govern.errors import UsageError, VerificationError

if TYPE_CHECKING:
    from extract.explanation import Asked
    from govern.cli.context import GlobalOptions
    from govern.cli.output import Output
    from govern.explaining import Explained

_RECORD = re.compile(r"[0-9a-f]{64}|0|[1-9][0-9]{0,8}")
#: Grounds to leave a record out that are no gates, or no record gates.
_OTHER = {
    "duplicate": "Another copy of it was decided over instead.",
    "authenticity.failed": "Its signature is there and wrong.",
    "processing_failure": "Every process that worked on it came to an end, so nobody could read all of it.",
}
_WORDS = {"pass": "lets pass", "deny": "leaves it out", "unknown": "leaves it out", "error": "leaves it out"}


def check_record(record: str) -> str:
    """Return what names a record: its place in the manifest, or 64 hexadecimal digits.

    Raises:
        UsageError: It is neither.
    """
    if _RECORD.fullmatch(record) is None:
        raise UsageError(
            "--record names no record",
            "give the record's number, or the SHA-256 of its raw bytes: 64 lower-case hexadecimal digits",
        )
    return record


def explain_record(
    options: GlobalOptions, record: str, extraction: str | None, *, gate: str | None = None, lang: str = "en"
) -> None:
    """Say why a record was taken or left out, to whoever runs the workspace.

    Args:
        options: The global options.
        record: The record's number in the manifest, or SHA-256 of its raw bytes.
        extraction: The extraction.
        gate: Only what this gate says.
        lang: Language of the gates' sentences.

    Raises:
        UsageError: No extraction was named, or the record is not named in form.
        InputError: There is no such extraction or record.
        VerificationError: The gates say something else now than the log.
    """
    from govern import explaining

    if extraction is None:
        raise UsageError("a record is one of an extraction", "add --extraction ID; the draft and the log name it")
    check_record(record)
    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log, workspace.vault() as vault:
        row = explaining.row_of(workspace, log, vault, extraction, record)
        found = explaining.explain(workspace, log, vault, extraction, row)
    show(out, found, lang=lang, to="hr", only=gate)
    out.result(document(found))
    refuse_other(found)


def show(out: Output, found: Explained, *, lang: str, to: str, only: str | None = None) -> None:
    """Write an explanation for people.

    Args:
        out: Where to.
        found: What there is to say.
        lang: Language of the gates' sentences.
        to: `worker` or `hr`.
        only: Only this gate.
    """
    leaf = found.leaf
    why = f", because of {', '.join(leaf.reasons)}" if leaf.reasons else ""
    out.heading(f"Record {leaf.i} ({leaf.kind}) of extraction {found.extraction_id}: {leaf.outcome}{why}")
    if found.explanation is None:
        out.say("Nothing is left to explain it from: the facts about it were destroyed, or never kept.", important=True)
        return
    out.say(
        f"Policy {found.policy['id']} version {found.policy['version']}, consent in log entry {found.consent_index}, "
        f"decided at {found.at} over the first {found.log_size} log entries."
    )
    for each in found.explanation.gates:
        if only is None or each.gate == only:
            out.say(f"  {each.gate:28} {_said(each, lang, to)}", important=True)
    if not found.explanation.complete:
        out.say("A copy of it was erased: reasons that only the copy brought cannot be explained any more.")
    if found.same:
        more = "no more than" if not found.explanation.complete else "what"
        out.say(f"Decided again from the stored facts, the gates say {more} the log says (entry {found.seal_index}).")


def _said(asked: Asked, lang: str, to: str) -> str:
    from policies.sentences import sentences

    if asked.answer == "pass":
        return _WORDS["pass"]
    said = sentences(lang).get(asked.gate)
    sentence = _OTHER.get(asked.gate, "") if said is None else said.worker if to == "worker" else said.hr
    ground = _WORDS[asked.answer]
    if asked.by_copy:
        ground += " because of a copy"
    if asked.missing:
        ground += f" (not known: {', '.join(asked.missing)})"
    if asked.answer == "error":
        ground += " (it failed)"
    return f"{ground}: {sentence}" if sentence else ground


def document(found: Explained, *, facts: bool = False) -> dict[str, Any]:
    """Return an explanation for programs.

    Args:
        found: What there is to say.
        facts: Whether to give the facts too: to the person whose work it is, and to nobody else.
    """
    leaf, made = found.leaf, found.explanation
    answer: dict[str, Any] = {
        "extraction_id": found.extraction_id,
        "record": leaf.i,
        "kind": leaf.kind,
        "outcome": leaf.outcome,
        "reasons": list(leaf.reasons),
        "policy": found.policy,
        "consent_index": found.consent_index,
        "log_size": found.log_size,
        "decided_at": found.at,
        "seal_index": found.seal_index,
        "explained": made is not None,
    }
    if made is not None:
        answer |= {
            "same": found.same,
            "complete": made.complete,
            "decided_again": list(made.reasons),
            "gates": [
                {"gate": g.gate, "answer": g.answer, "missing": list(g.missing), "by_copy": g.by_copy}
                for g in made.gates
            ],
        }
    if facts and found.kept is not None:
        answer["facts"] = {name: _shown(value) for name, value in found.kept.facts.items()}
    return answer


def _shown(value: Any) -> Any:
    from datetime import datetime

    from attest.encoding import to_time

    if isinstance(value, datetime):
        return to_time(value)
    return list(value) if isinstance(value, tuple) else value


def refuse_other(found: Explained) -> None:
    """Fail where the gates say something else than the log.

    Raises:
        VerificationError: They do.
    """
    if found.explanation is not None and not found.same:
        raise VerificationError(
            "decided again, the gates do not say what the log says about this record",
            "compare vault.sqlite and the program's version with those of the day of the extraction",
        )
