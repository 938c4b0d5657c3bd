"""What an extraction commits to: a manifest before any gate runs, and a disposition of every record at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from extract import authenticity

if TYPE_CHECKING:
    from attest.disposition import Dispositions
    from extract.gating import Gated
    from extract.identity import Identities
    from extract.job import Job, Tools
    from extract.records import Record
    from extract.sources import ReadResult
    from redact.engine import Redacted

#: Under which name the vault keeps the salt of an extraction's source digests.
SOURCES = "sources"


def commit(
    job: Job,
    read: ReadResult,
    salts: Sequence[bytes],
    commitments: list[str],
    extraction_id: str,
    excluded: int,
    tools: Tools,
    emit: Callable[[str, dict[str, Any]], int],
) -> int:
    """Put the salts into the vault and the manifest into the log; return its index.

    Args:
        job: What is asked for.
        read: What the readers found.
        salts: Salt by row.
        commitments: Is given a commitment to the source for each row.
        extraction_id: The extraction.
        excluded: How many records were dropped before.
        tools: Everything with a side effect.
        emit: Logs an event of this extraction.
    """
    from attest.disposition import commitment, manifest_line, manifest_root

    # Plain digests of the sources would be found by whoever guesses a record, also after its salt is gone: what is
    # logged is keyed with a salt of the extraction, which goes when the first of its records is erased.
    key = tools.random(32)
    tools.vault.put(extraction_id, salts, [persons_of(r, job.people) for r in read.records.light()], {SOURCES: key})
    commitments.extend(
        commitment(salt, "source", bytes.fromhex(r.raw_digest))
        for salt, r in zip(salts, read.records.light(), strict=True)
    )
    root = manifest_root(
        manifest_line(i, r.source_kind, c)
        for i, (r, c) in enumerate(zip(read.records.light(), commitments, strict=True))
    )
    sources = [
        {
            "kind": s.kind,
            "units": s.units,
            "completeness": s.completeness,
            **{
                name: commitment(key, "source", digest.encode()) if digest else ""
                for name, digest in (("digest", s.sha256), ("head", s.head), ("export", s.export_sha256))
            },
        }
        for s in read.sources
    ]
    checks = job.checks
    return emit(
        "source.manifest",
        {
            "root": root.hex(),
            "size": len(read.records),
            "sources": sources,
            "defects": dict(read.defects),
            "excluded": {"lifecycle.cascade": excluded} if excluded else {},
            "custodian": checks.custodian,
            "dkim_keys_sha256": checks.dkim.sha256 if checks.dkim is not None else "",
            "authenticity": authenticity.counts(read.records.light()),
        },
    )


def dispositions(
    gated: Gated, redacted: Mapping[int, Redacted], salts: Sequence[bytes], commitments: Sequence[str]
) -> Dispositions:
    """Return the disposition of every record.

    Args:
        gated: The records, with the reasons to leave them out.
        redacted: The redacted own words by row.
        salts: Salt by row.
        commitments: Commitment to the source by row.
    """
    from attest.disposition import Dispositions, Leaf, commitment

    leaves = []
    for i, record in enumerate(gated.read.records.light()):
        result = redacted.get(i)
        changed = result is not None and bool(result.counts)
        leaves.append(
            Leaf(
                i=i,
                kind=record.source_kind,
                outcome="left_out" if result is None else ("taken_redacted" if changed else "taken"),
                reasons=gated.reasons[i],
                authenticity=record.authenticity,
                redactions={} if result is None else result.counts,
                source=commitments[i],
                output=None if result is None else commitment(salts[i], "output", result.text.encode()),
            )
        )
    return Dispositions(leaves)


def persons_of(record: Record, people: Identities) -> set[str]:
    """Return under which names the vault files a record: everyone who took part."""
    # A person who is not in the people file is filed under their address, so that they can be erased as well.
    keys = {k for k in (record.author_key, *record.recipients) if k}
    return {people.resolve(k) or k for k in keys}
