"""The offline verifier on witnessed keys, keys after a loss, and consents that a delegate signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from attest_world import NOW, OTHER_KEY, OTHER_PID, PID, SUBJECT_KEY, Story, Told, fixed_key, tell

from attest import bundle, evidence
from attest.log import EventLog

OFFICERS = {"hr-1": "hr", "dpo-1": "dpo", "wc-1": "works_council"}
NEW_KEY = fixed_key("new")
DELEGATED = Story(
    officers=OFFICERS,
    witness="wc-1",
    consent_signer=OTHER_KEY,
    record={"actor": {"id": OTHER_PID, "role": "delegate"}},
    mandate_witnesses=("dpo-1", "wc-1"),
)


def value(told: Told, name: str) -> tuple[str, str]:
    found = next(check for check in told.verify().checks if check.name == name)
    return found.status, found.value


def test_a_witnessed_enrolment_is_checked_with_the_witness(tmp_path: Path) -> None:
    told = tell(tmp_path / "log", Story(officers=OFFICERS, witness="wc-1"))
    assert told.verify().ok
    assert value(told, "subject's key enrolled")[1].endswith("; witnessed by wc-1")
    assert [name for name in told.files if "roles/" in name] == [
        "attestation/roles/3.json",
        "attestation/roles/3.tlog-proof",
    ]


def test_a_key_without_witness_passes_and_says_so(tmp_path: Path) -> None:
    told = tell(tmp_path / "log")
    assert told.verify().ok
    assert value(told, "subject's key enrolled")[1].endswith("; no witness")


def test_a_witness_who_is_not_in_the_file_is_named_and_not_believed(tmp_path: Path) -> None:
    told = tell(tmp_path / "log", Story(officers={}, witness="wc-1"))
    assert value(told, "subject's key enrolled") == (
        "pass",
        value(told, "subject's key enrolled")[1].split(";")[0] + "; witness wc-1 not in the file",
    )


@pytest.mark.parametrize(
    "story",
    [
        Story(officers=OFFICERS, witness="hr-1"),
        Story(officers=OFFICERS, witness="wc-1", witness_key=fixed_key("dpo-1")),
        Story(officers=OFFICERS, witness="wc-1", witness_key=fixed_key("mallory")),
    ],
)
def test_a_witness_of_hr_or_with_another_key_fails(tmp_path: Path, story: Story) -> None:
    assert value(tell(tmp_path / "log", story), "subject's key enrolled")[0] == "fail"


def test_a_key_after_a_loss_speaks_only_with_a_witness_in_the_file(tmp_path: Path) -> None:
    story = Story(officers=OFFICERS, enrolled_again=NEW_KEY, release_signer=NEW_KEY)
    good = tell(tmp_path / "good", replace(story, again_witness="wc-1"))
    assert good.verify().ok
    assert value(good, "subject's key enrolled")[1].endswith("; witnessed by wc-1, after 1 rotation")
    bad = tell(tmp_path / "bad", story)
    assert value(bad, "subject's key enrolled")[0] == "fail"
    assert not good.with_file("attestation/roles/3.json", None).verify().ok


def test_the_chain_of_keys_follows_a_loss_with_a_witness_and_no_other(tmp_path: Path) -> None:
    story = Story(officers=OFFICERS, enrolled_again=NEW_KEY, release_signer=NEW_KEY, again_witness="wc-1")
    tell(tmp_path / "good", story)
    tell(tmp_path / "bad", replace(story, again_witness=None))
    for name, count in (("good", 2), ("bad", 1)):
        with EventLog.open(tmp_path / name) as log:
            assert len(bundle.key_chain(log, PID, log.size - 1)) == count


def test_a_consent_that_a_delegate_signed_is_checked_under_its_mandate(tmp_path: Path) -> None:
    told = tell(tmp_path / "log", DELEGATED)
    report = told.verify()
    assert report.ok, [(c.name, c.value) for c in report.failed]
    assert f"signed by {OTHER_PID}, mandate 5, witnessed by dpo-1, wc-1" in value(told, "consent")[1]
    kinds = [name.split("/")[1] for name in told.files if evidence.vouches(name)]
    assert sorted(kinds) == ["approvals", "approvals", "keys", "mandates", "roles", "roles"]


@pytest.mark.parametrize(
    "change",
    [
        {"mandate_witnesses": ("dpo-1",)},
        {"mandate_witnesses": None},
        {"mandate_witnesses": ("hr-1", "dpo-1")},
        {"mandate_says": {"sources": ("chat.public_channel",)}},
        {"mandate_says": {"purposes": ("onboarding",)}},
        {"mandate_says": {"until": NOW + timedelta(days=30)}},
        {"mandate_says": {"delegate": "p-somebody"}},
        {"record": {"actor": {"id": PID, "role": "subject"}}},
        {"consent_signer": SUBJECT_KEY},
        {"consent_before_key": True},
    ],
)
def test_a_delegate_without_a_fitting_mandate_does_not_consent(tmp_path: Path, change: dict) -> None:
    assert value(tell(tmp_path / "log", replace(DELEGATED, **change)), "consent")[0] == "fail"


def test_a_skill_from_which_a_paper_was_taken_away_fails(tmp_path: Path) -> None:
    told = tell(tmp_path / "log", DELEGATED)
    for name in [name for name in told.files if evidence.vouches(name)]:
        assert not told.with_file(name, None).verify().ok
        assert not told.with_file(name, told.files[name].replace(b"o", b"0", 1)).verify().ok
