"""`govern skill versions`, `diff` and `rollback`: which versions there are, what differs, which one is in use."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.audit import read_skill
from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import InputError

if TYPE_CHECKING:
    from extract.distil.claims import Claim
    from govern.versions import Version


@click.command(epilog="Example:  govern skill versions payments.skill")
@click.argument("file", type=click.Path(path_type=Path))
@now_option
@governed
def versions(options: GlobalOptions, file: Path, now: datetime) -> None:
    """List every version of a skill, as the log has them: the log only grows, so none is missing.

    A version is an extraction of the same person for the same purpose under the same name. The gain is that of its last
    evaluation, in bits per byte over advice that fits any work.
    """
    from govern import versions as found

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        listed = found.of_skill(workspace, log, _extraction(file), now)
    out.heading(f"{file}: {len(listed)} versions")
    out.table([("", "made", "extraction", "claims", "gain", "standing"), *map(_row, listed)])
    out.result({"file": str(file), "versions": [v.document for v in listed]})


@click.command(epilog="Example:  govern skill diff payments-march.skill payments.skill")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@governed
def diff(options: GlobalOptions, old: Path, new: Path) -> None:
    """Show what differs between two versions, claim by claim; needs neither a workspace nor a log.

    Claims belong together by their statement, or else by the quote that they were made of; ids are only places.
    """
    from extract.skill.comparison import compare

    out = options.output()
    found = compare(_claims(old), _claims(new))
    for title, claims in (("Dropped", found.dropped), ("Added", found.added)):
        if claims:
            out.heading(f"{title}: {len(claims)}")
            for claim in claims:
                out.say(f"  {'-' if title == 'Dropped' else '+'} [{claim.id}, {claim.kind}] {_plain(claim)}")
    if found.changed:
        out.heading(f"Changed: {len(found.changed)}")
        for before, after in found.changed:
            out.say(f"  - [{before.id}, {before.kind}] {_plain(before)}")
            out.say(f"  + [{after.id}, {after.kind}] {_plain(after)}")
    if found.moved:
        out.heading(f"Of another kind: {len(found.moved)}")
        for before, after in found.moved:
            out.say(f"    [{after.id}, {before.kind} -> {after.kind}] {_plain(after)}")
    out.say(f"The same: {found.same}")
    out.result(
        {
            "dropped": [_document(c) for c in found.dropped],
            "added": [_document(c) for c in found.added],
            "changed": [{"old": _document(a), "new": _document(b)} for a, b in found.changed],
            "moved": [{"old": _document(a), "new": _document(b)} for a, b in found.moved],
            "same": found.same,
        }
    )


@click.command(epilog="Example:  govern skill rollback payments-march.skill")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be superseded, and log nothing.")
@now_option
@governed
def rollback(options: GlobalOptions, file: Path, dry_run: bool, now: datetime) -> None:
    """Put a released version back in use, in place of the others: `govern skill verify` refuses these from then on.

    Nothing is made anew: the person signed this very version, and it must still be allowed: not a draft, not expired or
    revoked, nothing taken back of what it rests on. It is an entry of the log; roll back to the other one to undo it.
    """
    from govern import versions as found

    out = options.output()
    workspace = options.open_workspace()
    extraction = _extraction(file)
    with workspace.log() as log:
        others = (found.would_supersede if dry_run else found.put_back)(workspace, log, extraction, now)
    would = "would be " if dry_run else ""
    out.say(f"{file}: {'would be' if dry_run else 'is'} in use", important=True)
    for other in others:
        out.say(f"  version {other.number}, extraction {other.extraction_id}: {would}superseded")
    out.result(
        {"file": str(file), "extraction_id": extraction, "dry_run": dry_run,
         "superseded": [o.extraction_id for o in others]}
    )  # fmt: skip


def _row(version: Version) -> tuple[object, ...]:
    gain = "" if version.gain is None else "{:+.3f} [{:+.3f}, {:+.3f}]".format(*(v / 1e6 for v in version.gain))
    claims = "" if version.claims is None else version.claims
    return version.number, f"{version.sealed_at:%Y-%m-%d}", version.extraction_id, claims, gain, version.standing.text


def _plain(claim: Claim) -> str:
    from extract.skill.review import legible

    return legible(claim.statement)


def _document(claim: Claim) -> dict[str, Any]:
    return {"id": claim.id, "kind": claim.kind, "statement": claim.statement}


def _claims(file: Path) -> tuple[Claim, ...]:
    from attest import container
    from extract.skill import codec

    files = container.unpack(read_skill(file)).files
    if "references/claims.jsonl" not in files:
        raise InputError(f"{file} holds no claims", "name a .skill that `govern extract` made")
    return codec.from_lines(files["references/claims.jsonl"])


def _extraction(file: Path) -> str:
    from attest import container
    from govern.standing import extraction_of

    found = extraction_of(container.unpack(read_skill(file)).files)
    if found is None:
        raise InputError(f"{file} is not a skill of this toolkit", "name a .skill that `govern extract` made")
    return found
