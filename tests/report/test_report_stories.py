"""What was wrong before it was logged: every hash and proof holds, and the page in the browser notices all the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from attest_world import NOW, OTHER_KEY, OTHER_PID, Story, fixed_key, tell
from report_world import Opened

from attest.errors import SignatureError
from govern.report import making
from govern.report.page import page

OTHER = hashlib.sha256(b"other").hexdigest()


@pytest.fixture
def open_story(tab: Opened, tmp_path: Path) -> Any:
    """Tells a story and opens the report about the skill at its end."""

    def open_it(story: Story) -> Opened:
        told = tell(tmp_path / "log.sqlite", story)
        file = tmp_path / "report.html"
        file.write_bytes(page(making.of_skill(told.data(), told.vkey, NOW)))
        return tab.show(file)

    return open_it


GOOD = {
    "nothing": Story(),
    "a key that was rotated before the seal": Story(
        rotated_key=OTHER_KEY, release_signer=OTHER_KEY, rotate_after_seal=False
    ),
    "a key that was rotated after the seal": Story(
        rotated_key=OTHER_KEY, release_signer=OTHER_KEY, rotate_after_seal=True
    ),
    "a witness of the enrolment": Story(officers={"council-1": "works_council"}, witness="council-1"),
}


@pytest.mark.parametrize("story", GOOD)
def test_where_nothing_is_wrong_every_check_holds(open_story: Any, story: str) -> None:
    opened = open_story(GOOD[story])
    wrong = {name: verdict for name, verdict in opened.verdicts.items() if verdict != "holds"}
    assert wrong == {"key": "not checked"}


WRONG = {
    "consent signed by another key": (Story(consent_signer=OTHER_KEY), "consents"),
    "consent before the key": (Story(consent_before_key=True), "consents"),
    "consent of another digest": (Story(consent_body={"record_sha256": OTHER}), "consents"),
    "consent after the seal": (Story(consent_after_seal=True), "consent"),
    "consent entry of somebody else": (Story(consent_body={"pid": OTHER_PID}), "consents"),
    "another purpose": (Story(record={"choices": [{"purpose": "other", "decision": "given"}]}), "consent"),
    "a no": (Story(record={"choices": [{"purpose": "knowledge_transfer", "decision": "refused"}]}), "consent"),
    "another policy": (Story(record={"policy": {"sha256": OTHER}}), "consent"),
    "enrolment signed by another key": (Story(enrolment_signer=OTHER_KEY), "keys"),
    "enrolment that says another person": (Story(enrolment_says={"pid": OTHER_PID}), "keys"),
    "key of somebody else": (Story(enrolled_pid=OTHER_PID), "consents"),
    "release signed by another key": (Story(release_signer=OTHER_KEY), "released"),
    "release of another skill": (Story(release_says={"skill": "others"}), "released"),
    "release with another expiry": (Story(release_says={"expires": "2030-01-01T00:00:00Z"}), "released"),
    "release of another statement": (Story(released_body={"statement_sha256": OTHER}), "bound"),
    "release of another seal": (Story(released_body={"seal_index": 1}), "bound"),
    "manifest after the seal": (Story(manifest_after_seal=True), "runs"),
    "manifest of another size": (Story(manifest_body={"size": 9}), "runs"),
    "seal of another root": (Story(seal_body={"root": OTHER}), "bound"),
    "seal that does not add up": (Story(seal_body={"size": 9}), "runs"),
    "steps in another order": (Story(seal_body={"steps": {"gated": 5, "redacted": 4, "distilled": 6}}), "runs"),
    "steps that are other entries": (Story(seal_body={"steps": {"gated": 1, "redacted": 4, "distilled": 5}}), "runs"),
}


@pytest.mark.parametrize("story", WRONG)
def test_what_is_wrong_in_the_log_itself_fails(open_story: Any, story: str) -> None:
    told, check = WRONG[story]
    opened = open_story(told)
    assert opened.verdicts[check] == "FAILED"
    assert opened.verdicts["entries"] == "holds"
    assert "Do not rely on this page" in opened.line


def test_a_delegates_consent_is_not_checked_and_never_good(open_story: Any) -> None:
    officers = {"council-1": "works_council", "dpo-1": "dpo"}
    delegate = fixed_key("delegate")
    story = Story(
        officers=officers,
        mandate_witnesses=("council-1", "dpo-1"),
        consent_signer=delegate,
        record={"actor": {"role": "delegate", "id": "delegate-1"}},
    )
    opened = open_story(story)
    assert opened.verdicts["consents"] == "not checked"
    assert "0 failed" in opened.line


def test_a_statement_that_the_log_did_not_sign_gives_no_page(tmp_path: Path) -> None:
    told = tell(tmp_path / "log.sqlite", Story(statement_signer=OTHER_KEY))
    with pytest.raises(SignatureError):
        making.of_skill(told.data(), told.vkey, NOW)
