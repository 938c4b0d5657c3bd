"""The sample workplace's key: what its author said ought to happen to each record, held against what the gates do."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "workplace"

#: Where the gates and the author differ on whether a record is taken, and why that stands. Everything else must agree.
KNOWN = {
    # She answers a union meeting's notice in an open channel without a word that says so; only its neighbour does.
    "random/2026-08-14.json#2": "taken, though the conversation around it is about the union",
}


@pytest.fixture(scope="module")
def decided() -> dict[str, tuple[str, ...]]:
    """The reasons for each record of the sample, by locator."""
    from consent import decide
    from consent.request import RunRequest
    from extract import facts, gating, identity
    from extract.job import Job
    from extract.sources import open_source, read_all
    from extract.vetoes import Vetoes, commitment
    from policies import loader

    paths = {"chat": "chat/export.zip", "docs": "docs", "mail": "mail/archive.mbox", "repo": "repo.bundle"}
    read = read_all([open_source(kind, SAMPLE / path) for kind, path in paths.items()])  # type: ignore[arg-type]
    people = identity.load(SAMPLE / "identities.yaml")
    policy = loader.load("worker_protection")
    subject = people.people[0].pid
    request = RunRequest(
        subject=subject,
        purpose="knowledge_transfer",
        sources=("chat.public_channel", "document.file", "mail.work", "vcs.commit"),
        recipients=("team:own",),
        policy=policy.sha256,
        model_kind="in_process",
        model_sha256="0" * 64,
        model_address=None,
        now=datetime(2026, 10, 19, 7, 0, tzinfo=UTC),
    )
    job = Job(request, policy, people, {})
    who = (SAMPLE / "vetoes.txt").read_text("utf-8").split()
    vetoes = Vetoes(frozenset(commitment(b"", f"mailto:{address}") for address in who), b"")
    rows = facts.compute(read.records.marked, people, subject, vetoes)
    verdict = decide.decide_records(policy, rows, gating.suppose(job), request)
    # The signed period and sources are no judgement about a record; the key is about the policy alone.
    reasons = (tuple(r for r in found if not r.startswith("subject.")) for found in verdict.reasons)
    return {record.locator: found for record, found in zip(read.records, reasons, strict=True)}


def _key() -> list[dict[str, str]]:
    with (SAMPLE / "key.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_record_has_a_line_in_the_key(decided: dict[str, tuple[str, ...]]) -> None:
    assert {row["locator"] for row in _key()} == set(decided)
    assert len(decided) >= 300


def test_each_record_is_taken_or_left_out_as_its_author_said(decided: dict[str, tuple[str, ...]]) -> None:
    differ = {row["locator"] for row in _key() if (row["outcome"] == "taken") != (not decided[row["locator"]])}
    assert differ == set(KNOWN)


def test_the_reasons_are_those_that_the_author_gave(decided: dict[str, tuple[str, ...]]) -> None:
    missing = []
    for row in _key():
        found = decided[row["locator"]]
        for reason in row["reasons"].split():
            matches = (
                any(f.startswith("missing_fact.") for f in found)
                if reason.startswith("missing_fact")
                else reason in found
            )
            if not matches and row["locator"] not in KNOWN:
                missing.append((row["locator"], reason))
    assert missing == []
