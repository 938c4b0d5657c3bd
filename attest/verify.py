"""The offline verifier of a .skill: standard library and `cryptography` only, to be read and run alone.

Keys and policy come from the auditor, never from the file. Each question gets its own answer; a question that rests on
an earlier one which failed is not asked, and counts as failed. Run `python -m attest.verify FILE --log-key KEY`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from attest import container as containers
from attest import events, proof
from attest.container import Container
from attest.encoding import from_time, is_digest, to_time
from attest.errors import FormatError
from attest.examination import Answer, Examination, FailedError
from attest.note import Verifier
from attest.report import Check, Report, Status
from attest.witness_policy import WitnessPolicy
from attest.witness_policy import parse as parse_witness_policy
from govern.errors import GovernError, InputError

__all__ = ["Check", "Report", "checks", "is_proof", "main", "verify_container", "verify_proof", "verify_skill"]


def verify_skill(
    data: bytes,
    log_vkey: str,
    *,
    now: datetime | None,
    policy_sha256: str | None = None,
    witnesses: WitnessPolicy | None = None,
    timestamp_roots: Sequence[bytes] = (),
) -> Report:
    """Verify a .skill file.

    Args:
        data: The file.
        log_vkey: The log's key, `NAME+HASH+KEY`, from a source that is not the file.
        now: The time at which it must not have expired; None leaves that question open.
        policy_sha256: Digest of the policy that the auditor expects; None leaves that question open.
        witnesses: The witnesses that the auditor trusts, and how many of them must have cosigned; None leaves that
            question open.
        timestamp_roots: Certificates of the time-stamping authorities that the auditor trusts, PEM or DER.

    Returns:
        One check per question. Problems are failed checks.

    Raises:
        InputError: The file is not a .skill container, or the key or digest is not one.
    """
    return verify_container(
        containers.unpack(data),
        log_vkey,
        packed=data,
        now=now,
        policy_sha256=policy_sha256,
        witnesses=witnesses,
        timestamp_roots=timestamp_roots,
    )


def verify_container(
    content: Container,
    log_vkey: str,
    *,
    packed: bytes | None = None,
    now: datetime | None,
    policy_sha256: str | None = None,
    witnesses: WitnessPolicy | None = None,
    timestamp_roots: Sequence[bytes] = (),
) -> Report:
    """Verify a skill whose container was read already, or that was never packed.

    Args:
        content: Name and files.
        log_vkey: As for `verify_skill`.
        packed: The container's bytes, if there are any.
        now: As for `verify_skill`.
        policy_sha256: As for `verify_skill`.
        witnesses: As for `verify_skill`.
        timestamp_roots: As for `verify_skill`.

    Raises:
        InputError: The key or the digest is not one.
    """
    found = tuple(
        checks(
            content,
            log_vkey,
            packed=packed,
            now=now,
            policy_sha256=policy_sha256,
            witnesses=witnesses,
            timestamp_roots=timestamp_roots,
        )
    )
    return Report(found, all(check.status != "fail" for check in found))


def checks(
    content: Container,
    log_vkey: str,
    *,
    packed: bytes | None = None,
    now: datetime | None,
    policy_sha256: str | None = None,
    witnesses: WitnessPolicy | None = None,
    timestamp_roots: Sequence[bytes] = (),
) -> Iterator[Check]:
    """Ask one question after the other; takes what `verify_container` takes.

    Raises:
        InputError: The key or the digest is not one.
    """
    if now is not None and now.tzinfo is None:
        raise ValueError("a time needs a zone")
    if policy_sha256 is not None and not is_digest(policy_sha256):
        raise InputError("the policy's digest is not 64 lower-case hexadecimal digits")
    examination = Examination(
        content, packed, Verifier.from_vkey(log_vkey), now, policy_sha256, witnesses, timestamp_roots
    )
    for number, (name, ask, meaning) in enumerate(_QUESTIONS, 1):
        status: Status = "fail"
        try:
            status, value = ask(examination)
        except FailedError as reason:
            value = str(reason)
        except GovernError as error:
            value = error.message
        yield Check(number, name, status, value, meaning)


def is_proof(data: bytes) -> bool:
    """Tell whether a file is the proof of one log entry (`.tlog-proof`), and not a skill."""
    return data.startswith(proof.HEADER.encode() + b"\n")


def verify_proof(data: bytes, entry: bytes, log_vkey: str) -> Report:
    """Verify that one entry is in the log.

    Args:
        data: The `.tlog-proof`.
        entry: The entry's exact bytes.
        log_vkey: The log's key, from a source that is not the proof.

    Raises:
        InputError: The key is not one, or the file is not a proof.
    """
    verifier = Verifier.from_vkey(log_vkey)
    evidence = proof.parse(data)
    try:
        head = evidence.verify(entry, verifier)
        held: tuple[Status, str] = ("pass", f"entry {evidence.index} of {head.size} in {head.origin}")
    except GovernError as error:
        held = ("fail", error.message)
    try:
        event = events.parse(entry)
        said: tuple[Status, str] = (
            "info",
            f"{event.type}, {to_time(event.at)} by the writer's clock, by {event.actor}",
        )
    except GovernError as error:
        said = ("fail", error.message)
    return Report(
        (
            Check(1, "entry in the log", *held, "The log signed a head that this entry is under, at this place."),
            Check(
                2, "what it says", *said, "What the entry says is the operator's word; the proof does not make it true."
            ),
        ),
        held[0] != "fail" and said[0] != "fail",
    )


_QUESTIONS: tuple[tuple[str, Callable[[Examination], Answer], str], ...] = (
    (
        "container",
        Examination.container,
        "The file has one reading only, and packing its content again gives the same bytes.",
    ),
    (
        "statement signed by the log",
        Examination.signature,
        "The log whose key you gave signed the statement about these files. That does not make the statement true.",
    ),
    (
        "files",
        Examination.digests,
        "Every file has the digest in the statement; none was added, none is missing.",
    ),
    (
        "release in the log",
        Examination.released,
        "The log holds the release and cannot take it back without contradicting a checkpoint that it signed.",
    ),
    (
        "release names this statement",
        Examination.binding,
        "The entry in the log is about this very statement, and so about these files.",
    ),
    (
        "seal in the log",
        Examination.sealed,
        "The extraction was closed in the log: what was taken and what was left out cannot be changed afterwards.",
    ),
    (
        "manifest before the seal",
        Examination.committed,
        "What was read was fixed in the log first. It does not show what a source never handed over.",
    ),
    (
        "disposition tree",
        Examination.disposition_root,
        "The list of what became of each record is the one that was sealed; its root was recomputed here.",
    ),
    (
        "every record has a disposition",
        Examination.manifest_root,
        "The list answers for exactly the records committed to before any gate ran: none dropped, none added.",
    ),
    (
        "counts",
        Examination.counts,
        "The numbers in the seal and in the statement are those of the list.",
    ),
    (
        "subject's key enrolled",
        Examination.enrolment,
        "The key was entered in the log under the person's id, by someone who held its private half. "
        "That this was the person, only the person can say.",
    ),
    (
        "subject released this content",
        Examination.released_by_subject,
        "The person's key signed exactly these files under this name: reviewed, corrected or struck claim by claim.",
    ),
    (
        "consent",
        Examination.consented,
        "The person's key signed a yes to this purpose under this policy, and it is in the log. "
        "A later withdrawal is not in this file: ask the log.",
    ),
    (
        "expiry",
        Examination.expiry,
        "The skill has not expired, and does not outlive the consent.",
    ),
    (
        "order",
        Examination.order,
        "The steps stand in the log in the order in which they must have happened.",
    ),
    (
        "policy",
        Examination.policy,
        "The policy is the one that you expect. That its gates were applied as written is the operator's word.",
    ),
    (
        "witnesses",
        Examination.witnesses,
        "Each operator named saw a log that only grew, up to this checkpoint. Unless enough witnesses say so, whoever "
        "holds the log's key can show different logs to different people. Witnesses do not read the entries.",
    ),
    (
        "time-stamp",
        Examination.timestamped,
        "A third party says that the log had reached this checkpoint by then. Times in the entries are the operator's.",
    ),
    (
        "subject's word on accuracy",
        Examination.word,
        "Whether the person confirms, contests or corrects the content. A later word is not in this file: ask the "
        "log. Silence is not confirmation.",
    ),
    (
        "authenticity of the sources",
        Examination.authenticity,
        "A4 signed by the person, A3 by their domain, A2 fetched by a connector, A1 vouched for by a custodian, "
        "A0 unknown, F a signature that is wrong. As the operator determined it.",
    ),
    (
        "what this does not prove",
        Examination.limits,
        "That the sources were true or complete; that no other copy was kept or other extraction made; that consent "
        "was free; that it still stands today. A proof shows that entries were not changed after they were attested, "
        "not that they were right to begin with.",
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `python -m attest.verify`.

    Returns:
        Exit status: 0 no check failed, 4 a check failed, 6 the input cannot be read.
    """
    parser = argparse.ArgumentParser(
        prog="python -m attest.verify",
        description="Check a .skill offline: a numbered list of separate checks.",
        epilog="Example: python -m attest.verify ops.skill --log-key log.vkey",
    )
    parser.add_argument("skill", type=Path, metavar="FILE", help="a .skill, or the .tlog-proof of an entry")
    parser.add_argument("--entry", type=Path, metavar="FILE", help="with a .tlog-proof: the entry that it proves")
    parser.add_argument("--log-key", required=True, metavar="KEY", help="the log's key, or a file that holds it")
    parser.add_argument("--policy-sha256", metavar="HEX", help="digest of the policy that should have applied")
    parser.add_argument("--witnesses", type=Path, metavar="FILE", help="witness policy (C2SP tlog-policy)")
    parser.add_argument(
        "--timestamp-root",
        type=Path,
        action="append",
        default=[],
        metavar="CERT",
        help="a time-stamping authority's root",
    )
    parser.add_argument("--now", metavar="TIME", help="like 2026-11-22T10:00:00Z; default: this machine's clock")
    options = parser.parse_args(arguments)
    try:
        now = datetime.now(UTC) if options.now is None else from_time(options.now)
        try:
            data = options.skill.read_bytes()
            key = options.log_key
            if "+" not in key or Path(key).is_file():
                key = Path(key).read_text("utf-8").strip()
            witnesses = None if options.witnesses is None else options.witnesses.read_bytes()
            roots = [path.read_bytes() for path in options.timestamp_root]
            entry = None if options.entry is None else options.entry.read_bytes()
        except (OSError, UnicodeDecodeError):
            raise FormatError("the skill or the log's key cannot be read", "check all paths") from None
        if is_proof(data):
            if entry is None:
                raise FormatError("a proof says nothing without its entry", "name it with --entry")
            report = verify_proof(data, entry, key)
        else:
            report = verify_skill(
                data,
                key,
                now=now,
                policy_sha256=options.policy_sha256,
                witnesses=None if witnesses is None else parse_witness_policy(witnesses),
                timestamp_roots=roots,
            )
    except GovernError as error:
        sys.stderr.write(f"error: {error.message}\n" + (f"hint: {error.hint}\n" if error.hint else ""))
        return error.exit_code
    sys.stdout.write(report.text())
    return 0 if report.ok else 4


if __name__ == "__main__":
    sys.exit(main())
