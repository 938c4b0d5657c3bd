"""Gathers what a report says: from a released skill alone, from a skill and the workspace of its log, or from a log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from attest import container
from attest import evidence as stored
from attest.note import Verifier
from attest.report import Check
from govern.errors import VerificationError
from govern.report import choosing, evidence
from govern.report.page import Report

if TYPE_CHECKING:
    from attest.witness_policy import WitnessPolicy
    from govern.workspace import Workspace

_CLAIMS = "references/claims.jsonl"
_EVALUATION = "references/evaluation.json"


def of_workspace(workspace: Workspace, now: datetime) -> Report:
    """Return the report about a whole log. Everything stored of it is recomputed first.

    Raises:
        FsckError: Something in the store differs from what the entries give.
    """
    with workspace.log() as log:
        note = workspace.sign(log)
        verifier = Verifier.from_vkey(workspace.log_vkey)
        checked = log.fsck(verifier)
        # Not the size that was recomputed: something may have been logged since the checkpoint.
        size = stored.head(note, verifier).checkpoint.size
        choice = choosing.choose(log.entries(0, size), size)
        shown = evidence.of_log(log, workspace.log_vkey, note, choice.indexes)
    whole = Check(
        1,
        "the log is whole",
        "pass",
        f"{checked.size} entries, root {checked.root.hex()}",
        "Every entry, hash and checkpoint in the store was recomputed. Others may be shown another log.",
    )
    return Report(shown, now, (whole,), choice=choice)


def of_skill(
    data: bytes,
    log_key: str,
    now: datetime,
    *,
    policy_sha256: str | None = None,
    witnesses: WitnessPolicy | None = None,
    workspace: Workspace | None = None,
) -> Report:
    """Return the report about a released skill.

    Args:
        data: The file.
        log_key: The log's key, from a source that is not the file.
        now: The time at which it must not have expired.
        policy_sha256: Digest of the policy that the auditor expects.
        witnesses: The witnesses that the auditor trusts.
        workspace: The one that holds the very log, if it is at hand: then later entries are shown, too.

    Raises:
        InputError: The file is not a released skill, or the key is not one.
        VerificationError: Its proofs or the log's signatures fail.
    """
    from attest import canonical
    from extract.skill import codec
    from extract.skill.verify import verify_skill

    content = container.unpack(data)
    files = content.files
    found = verify_skill(data, log_key, now=now, policy_sha256=policy_sha256, witnesses=witnesses)
    try:
        shown = evidence.of_skill(content.name, files, log_key)
    except KeyError:
        raise VerificationError(
            "evidence of the skill is missing: there is nothing to report", "run `govern audit verify` on it"
        ) from None
    changed = {"files", "statement signed by the log"} & {check.name for check in found.failed}
    if changed:
        # Claims and numbers of files that nobody signed are not passed on.
        raise VerificationError(
            "files of the skill are not the ones that were signed: there is nothing to report",
            "run `govern audit verify` on it",
        )
    claims = codec.from_lines(files[_CLAIMS]) if _CLAIMS in files else ()
    evaluation = canonical.loads(files[_EVALUATION]) if _EVALUATION in files else None
    choice, standing = None, None
    if workspace is not None and shown.skill is not None:
        from govern.standing import standing as standing_of

        predicate = shown.skill.predicate
        with workspace.log() as log:
            standing = standing_of(workspace, log, data, workspace.ledger(log), now)
            note = workspace.sign(log)
            size = stored.head(note, Verifier.from_vkey(log_key)).checkpoint.size
            choice = choosing.choose(log.entries(0, size), size, predicate["extraction_id"], predicate["subject"])
            indexes = sorted({*choice.indexes, *(entry.index for entry in shown.entries)})
            shown = evidence.of_log(log, log_key, note, indexes, shown.skill)
    return Report(shown, now, found.checks, standing, choice, claims, evaluation)
