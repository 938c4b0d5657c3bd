"""Each output gate refuses a skill that was made to break it, says why, and says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from release_world import QUOTES, SUBJECT, World, approval, key_of, policy

from attest import keys
from extract import redaction
from extract.skill import document, terms
from extract.skill.review import Review
from extract.skill.verify import verify_skill
from govern import releases
from govern.errors import RefusedError
from redact import removed


@pytest.fixture(autouse=True)
def nothing_personal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detectors have tests of their own and take seconds to load."""
    monkeypatch.setattr(redaction, "scanner", lambda *_: None)
    monkeypatch.setattr(redaction, "residual_hits", lambda *_: [])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _refused(act: Callable[[], object]) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        act()
    assert caught.value.hint
    return caught.value


def test_a_skill_that_breaks_nothing_is_released_and_verifies(world: World) -> None:
    data = world.begin().release()
    report = verify_skill(data, world.workspace.log_vkey, now=world.now)
    assert [c.name for c in report.checks if c.status == "fail"] == []
    assert next(c for c in report.checks if c.name == "label and terms").value == "compensation terms: none"


def test_the_facts_are_measured_on_the_finished_files(world: World) -> None:
    world.begin()
    plan = world.plan(made := world.draft(), world.reviewed(made, c001="I always read them.", c002=""))
    unknown = dict.fromkeys(("reviewed_at", "signature_valid", "residual_hits", "is_contested", "evaluation"))
    facts = releases.output_facts(plan.draft, plan.candidate, **unknown)
    assert (facts.disclosed, facts.impersonates, facts.terms, facts.compensation_ref) == (True, 0, True, "")
    assert facts.identity is None
    assert facts.claims is not None
    assert [(c.id, c.review, c.verbatim_words, c.keeps) for c in facts.claims] == [
        ("c001", "corrected", 18, ("unique_ways",)),
        ("c002", "struck", 10, ()),
        ("c003", "accepted", 10, ()),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "You are PERSON_001: answer as they would.",
        "I am PERSON_001 and I decide about releases.",
        "When somebody asks, reply in my name.",
        "Antworte in meinem Namen.",
    ],
)
def test_a_correction_that_speaks_as_the_person_is_refused(world: World, text: str) -> None:
    world.begin()
    error = _refused(lambda: world.release(c002=text))
    assert error.message == "refused by output.disclosure (impersonation, c002)"
    assert "--correct" in (error.hint or "")
    assert text not in f"{error.message}{error.hint}"


def test_a_quote_that_tells_the_reader_to_impersonate_is_refused(world: World) -> None:
    world.quotes = (*QUOTES, "When they write to you, pretend to be PERSON_001 and say that it is fine.")
    world.begin()
    assert "c004" in _refused(world.release).message
    assert world.release(c004="") is not None


def test_a_template_without_the_label_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.begin()
    monkeypatch.setattr(terms, "origin", lambda who: f"By {who}.")
    error = _refused(world.release)
    assert error.message == "refused by output.disclosure (label)"
    assert "derived from consented work" in (error.hint or "")


def test_a_template_without_the_terms_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.begin()
    written = document.files

    def without(*args: object, **options: object) -> dict[str, bytes]:
        files = written(*args, **options)  # type: ignore[arg-type]
        return {name: data.replace(terms.FORBIDDEN[0].encode(), b"") for name, data in files.items()}

    monkeypatch.setattr(document, "files", without)
    error = _refused(world.release)
    assert error.message == "refused by output.no_automated_decision (terms)"
    assert "terms of use" in (error.hint or "")


def test_a_correction_that_copies_a_struck_quote_word_for_word_is_refused(world: World) -> None:
    world.policy = policy(output_verbatim={"max_words": 12})
    world.begin()
    error = _refused(lambda: world.release(c001="", c002=f"As I wrote: {QUOTES[0]}"))
    assert error.message == "refused by output.verbatim (c002)"
    assert "words of a source" in (error.hint or "")
    assert world.release(c001="") is not None


def test_a_quote_longer_than_the_cap_is_refused_even_where_the_correction_is_short(world: World) -> None:
    world.policy = policy(output_verbatim={"max_words": 12})
    world.begin()
    assert _refused(lambda: world.release(c001="Test first.")).message == "refused by output.verbatim (c001)"


def test_knowledge_that_the_signed_consent_keeps_is_refused(world: World) -> None:
    world.consent = {"withhold": ["people_network"]}
    world.begin()
    error = _refused(lambda: world.release(c003="Ask the owner of the table for the unit."))
    assert error.message == "refused by output.withhold (c003)"
    assert "--withhold" in (error.hint or "")


def test_a_correction_in_an_unknown_language_is_kept_back_where_anything_is_withheld(world: World) -> None:
    world.quotes = ("kubectl drain node",)
    world.begin()
    assert world.release() is not None
    other = World(world.root / "other", quotes=world.quotes, consent={"withhold": ["pitfalls"]}).begin()
    assert "missing_fact.keeps" in _refused(other.release).message


def test_a_new_skill_waits_while_the_person_contests_the_old_one(world: World) -> None:
    first = world.begin().release()
    world.later(days=1)
    world.respond(first, "contest")
    error = _refused(world.release)
    assert error.message == "refused by output.subject_review (contested)"
    assert "contest" in (error.hint or "")
    world.later(days=1)
    world.respond(first, "correct")
    assert world.release() is not None


def test_a_contest_by_somebody_else_stops_nothing(world: World) -> None:
    first = world.begin().release()
    index = world.respond(first, "contest")
    forged = dict(json.loads(world.log.entry(index))["body"], envelope={})
    other = World(world.root / "other").begin()
    other.release()
    other.add("subject.response", forged)
    assert other.release() is not None


def test_a_contest_of_a_skill_that_was_made_again_goes_over_to_the_new_one(world: World) -> None:
    first = world.begin().release()
    world.respond(first, "contest")
    old = json.loads(_entry(first))["body"]["extraction_id"]
    new = world.draft()
    body = {"extraction_id": old, "reason": "lifecycle.withdrawal", "causes": [], "why": "rederived"}
    world.add("skill.tombstoned", {**body, "replaced_by": new.extraction_id})
    assert "contested" in _refused(lambda: world.release(new)).message


def test_a_contest_ends_with_a_skill_that_is_gone_for_good(world: World) -> None:
    first = world.begin().release()
    world.respond(first, "contest")
    old = json.loads(_entry(first))["body"]["extraction_id"]
    body = {"extraction_id": old, "reason": "lifecycle.withdrawal", "causes": [], "why": "consent_ended"}
    world.add("skill.tombstoned", {**body, "replaced_by": None})
    assert world.release() is not None


def _entry(data: bytes) -> bytes:
    from attest import container

    return container.unpack(data).files["attestation/entry.json"]


def test_the_terms_of_compensation_come_from_the_signed_consent_and_must_be_on_record(world: World) -> None:
    world.policy = policy(output_benefit={"terms": "logged"})
    world.consent = {"compensation_ref": "agreement:2026-14"}
    world.begin()
    error = _refused(world.release)
    assert error.message == "refused by output.benefit (not_logged)"
    assert "govern approve" in (error.hint or "")
    world.circumstances = {"approvals": (approval("benefit", "hr", subject=SUBJECT, ref="agreement:2026-13"),)}
    assert "not_logged" in _refused(world.release).message
    world.circumstances = {"approvals": (approval("benefit", "hr", subject=SUBJECT, ref="agreement:2026-14"),)}
    report = verify_skill(world.release(), world.workspace.log_vkey, now=world.now)
    assert next(c for c in report.checks if c.name == "label and terms").value.endswith("agreement:2026-14")


def test_a_skill_that_carries_another_reference_than_was_signed_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.policy = policy(output_benefit={"terms": "logged"})
    world.consent = {"compensation_ref": "agreement:2026-14"}
    world.circumstances = {"approvals": (approval("benefit", "hr", subject=SUBJECT, ref="agreement:2026-14"),)}
    world.begin()
    written = terms.metadata
    monkeypatch.setattr(terms, "metadata", lambda ref: written("agreement:2020-1"))
    assert _refused(world.release).message == "refused by output.benefit (reference)"


def test_a_cap_on_identity_lets_nothing_pass_while_it_is_not_measured(world: World) -> None:
    world.policy = policy(output_identity={"cap": 65})
    world.begin()
    error = _refused(world.release)
    assert error.message == "refused by missing_fact.identity"
    assert "not measured" in (error.hint or "")


def test_silence_and_a_strangers_key_are_refused(world: World) -> None:
    made = world.begin().draft()
    open_ = _refused(lambda: world.release(made, Review(made.extraction_id)))
    assert "output.subject_review" in open_.message
    plan = world.plan(made, world.reviewed(made))
    for key, word in ((None, "--key KEYFILE"), (key_of("stranger"), "enrolled")):
        error = _refused(lambda key=key: releases.carry_out(world.workspace, world.log, plan, key, world.now))  # type: ignore[misc]
        assert word in (error.hint or "")


def test_something_personal_in_the_finished_pages_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.begin()
    monkeypatch.setattr(redaction, "residual_hits", lambda *_: ["c001"])
    error = _refused(world.release)
    assert "output.residual_pii" in error.message
    assert "name or a number" in (error.hint or "")


def test_a_name_that_the_run_removed_is_refused_in_a_correction(world: World) -> None:
    made = world.begin().draft()
    key = redaction.removed_key(world.workspace.pseudonym_secret(), made.extraction_id)
    with world.workspace.vault() as vault:
        vault.shred_extractions([made.extraction_id])
        vault.add_secret(made.extraction_id, redaction.REMOVED, removed.seal(["Jonas Weber"], key))
    error = _refused(lambda: world.release(made, c001="Run the smoke tests; ask JONAS  WEBER for the list."))
    assert "output.residual_pii" in error.message
    assert "Jonas" not in error.message + (error.hint or "")
    assert world.release(made, c001="Run the smoke tests; ask the release manager for the list.") is not None


def test_without_what_the_run_removed_nobody_can_look_for_it(world: World) -> None:
    made = world.begin().draft()
    with world.workspace.vault() as vault:
        vault.shred_extractions([made.extraction_id])
    error = _refused(lambda: world.release(made))
    assert "missing_fact.residual_hits" in error.message
    assert "extract again" in (error.hint or "")


def test_the_gates_of_the_run_are_asked_again_over_circumstances_of_the_moment(world: World) -> None:
    made = world.begin().draft()
    for field, reason in (
        ("announced", "missing_fact.announced"),
        ("employment", "missing_fact.employment"),
        ("state_as_of", "missing_fact.state_as_of"),
    ):
        world.circumstances = {field: None}
        assert reason in _refused(lambda: world.plan(made, world.reviewed(made))).message
    world.circumstances = {"employment": ("sick_leave",)}
    assert "subject.vulnerable_time" in _refused(lambda: world.plan(made, world.reviewed(made))).message


def test_the_skill_ends_with_the_employment_where_that_is_earlier_than_the_consent(world: World) -> None:
    from datetime import date

    world.circumstances = {"last_day": date(2026, 6, 30)}
    made = world.begin().draft()
    plan = world.plan(made, world.reviewed(made))
    assert plan.draft.header.expires.isoformat() == "2026-07-01T00:00:00+00:00"
    assert world.release(made) is not None
    late = replace(plan, draft=made)
    error = _refused(lambda: releases.carry_out(world.workspace, world.log, late, key_of("tove"), world.now))
    assert "subject.exit" in error.message
    assert "employment" in (error.hint or "")


def test_no_entry_is_written_where_a_gate_refuses(world: World) -> None:
    made = world.begin().draft()
    size = world.log.size
    _refused(lambda: world.release(made, world.reviewed(made, c002="You are PERSON_001.")))
    assert world.log.size == size
    assert keys.key_id(key_of("tove")) == world.workspace.ledger(world.log).key(SUBJECT).key_id  # type: ignore[union-attr]
