"""How a released skill stands: in force, or ended in one of the ways that it can end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from release_world import PEOPLE, PURPOSE, SUBJECT, World, policy

from attest import container
from consent import build
from extract import redaction
from extract.skill import document, draft
from govern import standing as standings
from policies.loader import load


@pytest.fixture(autouse=True)
def nothing_personal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detectors have tests of their own and take seconds to load."""
    monkeypatch.setattr(redaction, "scanner", lambda *_: None)
    monkeypatch.setattr(redaction, "residual_hits", lambda *_: [])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).begin()


def _extraction(data: bytes) -> str:
    return str(json.loads(container.unpack(data).files["attestation/entry.json"])["body"]["extraction_id"])


def test_a_release_stands_from_its_entry_on(world: World) -> None:
    found = world.standing(world.release())
    assert (found.status, found.since, found.reason) == ("released", "2026-03-02T09:00:00Z", "")
    assert found.text == "released since 2026-03-02T09:00:00Z"


def test_a_skill_of_another_workspace_is_unknown(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other").begin()
    assert world.standing(other.release()).status == "unknown"


def test_a_withdrawal_ends_the_use_at_once_and_before_anything_is_swept(world: World) -> None:
    data = world.release()
    world.add("consent.withdrawn", build.withdrawal(SUBJECT, None, "paper"))
    assert (world.standing(data).status, world.standing(data).reason) == ("revoked", "consent.withdrawn")


def test_a_revocation_says_since_when_and_why(world: World) -> None:
    data = world.release()
    world.later(days=2)
    revoked = {"extraction_id": _extraction(data), "release_index": 1, "reason": "lifecycle.withdrawal"}
    world.add("skill.revoked", revoked)
    assert world.standing(data).text == "revoked since 2026-03-04T09:00:00Z (lifecycle.withdrawal)"


def test_a_tombstone_is_the_last_word_and_names_what_took_the_place(world: World) -> None:
    data, new = world.release(), world.draft()
    body = {"extraction_id": _extraction(data), "reason": "record.participant_veto", "causes": [], "why": "rederived"}
    world.add("skill.revoked", {"extraction_id": _extraction(data), "reason": "record.participant_veto"})
    world.later(hours=1)
    world.add("skill.tombstoned", {**body, "replaced_by": new.extraction_id})
    found = world.standing(data)
    assert (found.status, found.since, found.replaced_by) == (
        "tombstoned",
        "2026-03-02T10:00:00Z",
        new.extraction_id,
    )
    assert found.document["reason"] == "record.participant_veto"


def test_a_consent_that_was_never_valid_quarantines_the_skill(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from consent.ledger import Ledger

    data = world.release()
    assert world.standing(data).status == "released"
    monkeypatch.setattr(Ledger, "quarantined", lambda self, purpose: frozenset({world.consent_index}))
    assert (world.standing(data).status, world.standing(data).reason) == ("quarantined", "subject.consent_valid")
    world.add("skill.revoked", {"extraction_id": _extraction(data), "reason": "subject.consent_valid"})
    assert world.standing(data).status == "quarantined"


def test_a_compromised_key_quarantines_what_was_signed_with_it_since(world: World) -> None:
    data = world.release()
    world.add("key.compromised", {"pid": SUBJECT, "since": "2026-03-01T00:00:00Z"})
    assert world.standing(data).status == "quarantined"


def test_an_objection_suspends_the_skill_while_it_is_open(world: World) -> None:
    data = world.release()
    world.add("consent.objected", build.notice_body(SUBJECT, [PURPOSE], "paper"))
    assert (world.standing(data).status, world.standing(data).reason) == ("suspended", "subject.objection")


def test_a_suspended_consent_suspends_the_skill(world: World) -> None:
    data = world.release()
    world.add("consent.suspended", build.notice_body(SUBJECT, [PURPOSE], "paper"))
    assert (world.standing(data).status, world.standing(data).reason) == ("suspended", "consent.suspended")


def test_it_expires_with_the_consent(world: World) -> None:
    data = world.release()
    assert world.standing(data, datetime(2027, 3, 2, 8, tzinfo=UTC)).status == "released"
    found = world.standing(data, datetime(2027, 3, 2, 9, tzinfo=UTC))
    assert (found.status, found.since) == ("expired", "2027-03-02T09:00:00Z")


@pytest.mark.parametrize(
    ("use_ends_after", "still", "over"),
    [
        ("P0D", datetime(2026, 6, 30, 23, 59, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)),
        ("P3M", datetime(2026, 9, 30, 23, 59, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)),
    ],
)
def test_the_use_ends_after_the_last_day_as_the_policy_says(
    tmp_path: Path, use_ends_after: str, still: datetime, over: datetime
) -> None:
    world = World(tmp_path, policy=policy(subject_exit={"use_ends_after": use_ends_after})).begin()
    data = world.release()
    people = PEOPLE.replace("    names: [Tove", "    last_day: 2026-06-30\n    names: [Tove")
    # The day was not known yet when the skill was released.
    (world.workspace.root / "identities.yaml").write_text(people, "utf-8")
    assert world.standing(data, still).status == "released"
    assert (world.standing(data, over).status, world.standing(data, over).reason) == ("expired", "subject.exit")


def test_a_policy_that_cannot_be_read_any_more_gives_no_time_after_the_last_day() -> None:
    from datetime import date

    assert standings.use_ends(None, date(2026, 6, 30)) == datetime(2026, 7, 1, tzinfo=UTC)
    assert standings.use_ends(load("floor"), date(2026, 6, 30)) > datetime(2026, 7, 1, tzinfo=UTC)


def test_of_somebody_who_is_not_in_the_people_file_nothing_may_be_used(world: World) -> None:
    data = world.release()
    people = PEOPLE.replace(SUBJECT, "p-9999999a")
    (world.workspace.root / "identities.yaml").write_text(people, "utf-8")
    assert (world.standing(data).status, world.standing(data).reason) == ("expired", "missing_fact.employment")


def test_a_draft_is_a_draft_until_it_is_revoked(world: World) -> None:
    made = world.draft()
    sealed = _sealed(world, made)
    assert world.standing(sealed).status == "draft"
    world.add("skill.revoked", {"extraction_id": made.extraction_id, "reason": "lifecycle.withdrawal"})
    assert world.standing(sealed).status == "revoked"


def _sealed(world: World, made: draft.Draft) -> bytes:
    from attest.disposition import Dispositions
    from extract.pipeline import Sealed

    sealed = Sealed(
        made.extraction_id, made.claims, made.ledger, Dispositions.parse(made.dispositions), made.manifest_index,
        made.seal_index, "PERSON_001", 0,
    )  # fmt: skip
    return draft.pack(made.header, sealed, world.log)


def test_a_file_without_its_entry_is_unknown(world: World) -> None:
    files = document.files(world.draft().header, world.draft().claims, world.draft().ledger, draft=False)
    assert world.standing(container.pack("release-engineer", files)).status == "unknown"
