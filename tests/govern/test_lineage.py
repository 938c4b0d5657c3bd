"""Lineage: which changes of mind reach which artefact, worked out from a log in memory; and the jobs that are kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from attest import canonical
from attest.errors import FormatError
from attest.vault import Vault
from extract.identity import parse as parse_people
from extract.vetoes import commitment
from govern import jobs, lineage
from govern.lineage import Artefact

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = START + timedelta(days=30)
PID, BASHIR = "p-7d3kq2ma", "p-2xw8n5ht"
PEOPLE = parse_people(f"version: 1\npeople:\n  - pid: {BASHIR}\n    emails: [b@works.example]\n".encode())
SECRET = bytes(range(32))


@dataclass
class FakeLedger:
    """A ledger that says what a test wants it to say."""

    withdrawn: Sequence[Any] = ()
    records: Sequence[tuple[int, Any]] = ()
    vetoed: frozenset[str] = frozenset()
    struck: frozenset[int] = frozenset()
    rejected: list[Any] = field(default_factory=list)

    def withdrawals(self, pid: str) -> Sequence[Any]:
        return self.withdrawn if pid == PID else ()

    def consents(self, pid: str) -> Sequence[tuple[int, Any]]:
        return self.records if pid == PID else ()

    def vetoes(self) -> frozenset[str]:
        return self.vetoed

    def quarantined(self, purpose: str | None = None) -> frozenset[int]:
        return self.struck

    def state(self, pid: str, purpose: str, now: datetime) -> Any:
        return SimpleNamespace(state="invalidated" if self.struck else "given", index=40, at=NOW)


def entry(kind: str, day: int, **body: Any) -> dict[str, Any]:
    """Return an entry of a log."""
    at = (START + timedelta(days=day)).isoformat().replace("+00:00", "Z")
    return {"type": kind, "at": at, "actor": "operator", "body": body}


LOG = [
    (5, entry("source.manifest", 0, extraction_id="e1")),
    (6, entry("extraction.gated", 0, extraction_id="e1", allowed=True, log_size=4,
              request={"sources": ["chat.public_channel", "mail.work"]})),
    (7, entry("extraction.sealed", 0, extraction_id="e1", subject=PID, purpose="self_assist",
              policy={"sha256": "0" * 64}, consent_index=3, manifest_index=5)),
]  # fmt: skip


@pytest.fixture
def vault(tmp_path: Path) -> Any:
    """A vault that holds two records of the extraction; a stranger appears in the second."""
    with Vault(tmp_path / "vault.sqlite") as made:
        made.put("e1", [bytes([1]) * 32, bytes([2]) * 32], [{PID, BASHIR}, {PID, "mailto:x@else.example"}])
        yield made


def causes(ledger: FakeLedger, vault: Any = None, more: Sequence[Any] = ()) -> list[tuple[str, int | None, bool]]:
    """Return what is due of the one artefact: kind, entry, whether nothing may stay."""
    meant = lineage.meaning(PEOPLE, SECRET)
    found = lineage.due([*LOG, *more], ledger, vault, meant, NOW)  # type: ignore[arg-type]
    assert len(found) <= 1
    return [(c.kind, c.index, c.whole) for due in found for c in due.causes]


def taken_back(index: int, purposes: tuple[str, ...] | None, sources: tuple[str, ...] | None) -> Any:
    """Return a withdrawal."""
    return SimpleNamespace(index=index, at=NOW, purposes=purposes, sources=sources)


@pytest.mark.parametrize(
    ("withdrawal", "expected"),
    [
        (taken_back(9, None, None), [("withdrawn", 9, True)]),
        (taken_back(9, ("self_assist",), None), [("withdrawn", 9, True)]),
        (taken_back(9, ("onboarding",), None), []),
        (taken_back(2, None, None), []),
        (taken_back(9, None, ("mail.work",)), [("narrowed", 9, False)]),
        (taken_back(9, None, ("vcs.commit",)), []),
    ],
)
def test_a_withdrawal_reaches_what_rests_on_the_consent_before_it(withdrawal: Any, expected: list[Any]) -> None:
    assert causes(FakeLedger(withdrawn=[withdrawal])) == expected


def test_all_sources_withdrawn_one_by_one_leave_nothing() -> None:
    ledger = FakeLedger(withdrawn=[taken_back(9, None, ("mail.work",)), taken_back(10, None, ("chat.public_channel",))])
    (due,) = lineage.due(LOG, ledger, None, lineage.meaning(PEOPLE, SECRET), NOW)  # type: ignore[arg-type]
    assert due.whole
    assert due.indexes == (9, 10)


def consent(day: int, sources: tuple[str, ...], *, refuses: bool = False, **more: Any) -> Any:
    """Return a signed record."""
    choice = SimpleNamespace(
        sources=sources, categories=more.get("categories", ("procedures",)), from_="2025-03-01", until="2026-03-01"
    )
    return SimpleNamespace(
        start=START + timedelta(days=day),
        end=START + timedelta(days=day + 20),
        withhold=more.get("withhold", ()),
        purposes=("self_assist",),
        given=lambda purpose: None if refuses or purpose != "self_assist" else choice,
    )


BOTH = ("chat.public_channel", "mail.work")


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (consent(5, BOTH), []),
        (consent(5, (*BOTH, "vcs.commit"), categories=("checklists", "procedures")), []),
        (consent(5, ("mail.work",)), [("narrowed", 9, False)]),
        (consent(5, BOTH, categories=()), [("narrowed", 9, False)]),
        (consent(5, BOTH, withhold=("pitfalls",)), [("narrowed", 9, False)]),
        (consent(5, (), refuses=True), [("withdrawn", 9, True)]),
        # A no to what had run out takes nothing back.
        (consent(25, (), refuses=True), []),
    ],
)
def test_a_later_record_that_holds_less_is_a_withdrawal_of_the_rest(later: Any, expected: list[Any]) -> None:
    assert causes(FakeLedger(records=[(3, consent(0, BOTH)), (9, later)])) == expected


def test_invalidation_reaches_back() -> None:
    assert causes(FakeLedger(struck=frozenset({3}))) == [("invalidated", 40, True)]
    assert causes(FakeLedger(struck=frozenset({2}))) == []


@pytest.mark.parametrize("who", [BASHIR, commitment(SECRET, "mailto:b@works.example")])
def test_a_veto_counts_by_pseudonym_and_by_address_and_only_if_it_came_later(vault: Vault, who: str) -> None:
    ledger = FakeLedger(vetoed=frozenset({who}))
    assert causes(ledger, vault, [(9, entry("participant.vetoed", 3, who=who))]) == [("vetoed", 9, False)]
    # Logged while the run was under way: it was decided on a log of four entries.
    assert causes(ledger, vault, [(4, entry("participant.vetoed", 0, who=who))]) == [("vetoed", 4, False)]
    assert causes(ledger, vault, [(2, entry("participant.vetoed", 0, who=who))]) == []


def test_a_veto_of_somebody_else_or_one_that_was_lifted_reaches_nothing(vault: Vault) -> None:
    other = commitment(SECRET, "mailto:nobody@else.example")
    said = [(9, entry("participant.vetoed", 3, who=other)), (10, entry("participant.vetoed", 3, who=BASHIR))]
    assert causes(FakeLedger(vetoed=frozenset({other})), vault, said) == []


def test_erasure_is_read_off_the_vault_logged_or_not(vault: Vault) -> None:
    vault.shred("mailto:x@else.example")
    assert causes(FakeLedger(), vault) == [("erased", None, False)]
    said = entry("salt.shredded", 3, extractions=["e1"], records=1)
    assert causes(FakeLedger(), vault, [(9, said)]) == [("erased", 9, False)]
    vault.shred(PID)
    assert causes(FakeLedger(), vault, [(9, said)]) == [("erased", 9, True)]


def test_a_vault_restored_from_a_backup_does_not_undo_an_erasure(vault: Vault) -> None:
    said = entry("salt.shredded", 3, extractions=["e1"], records=1)
    assert causes(FakeLedger(), vault, [(9, said)]) == [("erased", 9, True)]


def test_what_has_a_tombstone_is_never_due_again() -> None:
    stone = entry("skill.tombstoned", 4, extraction_id="e1", replaced_by=None)
    assert causes(FakeLedger(withdrawn=[taken_back(9, None, None)]), more=[(10, stone)]) == []


def test_open_requests_and_kept_salts_are_counted_by_time(vault: Vault) -> None:
    found = [
        *LOG,
        (9, entry("access.requested", 1, subject=PID)),
        (10, entry("access.requested", 2, subject=PID)),
        (11, entry("access.answered", 3, subject=PID, request_index=9)),
    ]
    assert lineage.access(found) == (START + timedelta(days=2),)
    assert lineage.salts(found, vault) == (START,)
    vault.shred(PID)
    assert lineage.salts(found, vault) == ()


def test_an_artefact_knows_its_releases_and_its_end() -> None:
    found = [
        *LOG,
        (9, entry("skill.released", 1, extraction_id="e1")),
        (10, entry("skill.revoked", 2, extraction_id="e1")),
        (11, entry("skill.tombstoned", 3, extraction_id="e1", replaced_by="e2")),
    ]
    assert lineage.artefacts(found)["e1"] == Artefact(
        "e1", PID, "self_assist", "0" * 64, frozenset(BOTH), 3, 4, 7, START, 9, 10, 11, "e2"
    )  # fmt: skip


JOB = jobs.KeptJob(
    extraction_id="0198-x",
    subject=PID,
    purpose="self_assist",
    policy="0" * 64,
    paths={"mail": ("/data/Tove Lindqvist/archive.mbox",)},
    recipients=("team:own",),
    name="release-engineer",
    operator=PID,
    at=START,
)


def test_a_kept_job_comes_back_as_it_was_and_shows_no_path() -> None:
    for job in (
        JOB,
        replace(JOB, endpoint="http://127.0.0.1:1", model_sha256="1" * 64, replaces="0198-w"),
        replace(JOB, paraphrase=True),
    ):
        assert jobs.parse(job.to_bytes()) == job
        assert "Tove" not in repr(job)


def test_a_kept_job_from_before_paraphrases_is_read_and_written_as_it_was() -> None:
    assert b"paraphrase" not in JOB.to_bytes()
    assert jobs.parse(JOB.to_bytes()).paraphrase is False


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "govern-job/2"},
        {"more": 1},
        {"paths": {"disk": []}},
        {"paths": {"mail": "x"}},
        {"recipients": [1]},
        {"paraphrase": False},
        {"paraphrase": 1},
    ],
)
def test_a_kept_job_of_another_form_is_refused(change: dict[str, Any]) -> None:
    value = {**json.loads(JOB.to_bytes()), **change}
    with pytest.raises(FormatError):
        jobs.parse(canonical.dumps(value))
