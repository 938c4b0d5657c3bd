"""Where a skill speaks as the person, or tells its reader to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_skill_document import HEADER, LEDGER, _claim

from extract.skill import document, impersonation


def _places(text: str, page: str = "SKILL.md") -> list[str]:
    return impersonation.places({page: text})


@pytest.mark.parametrize(
    "text",
    [
        "Pretend to be PERSON_001.",
        "You are PERSON_003.",
        "You're now PERSON_003, the release engineer.",
        "Act as PERSON_001 and sign as them.",
        "Answer in her name.",
        "Write the mails in their voice.",
        "Reply as if you were her.",
        "Say to everybody that you are me.",
        "Speak in the first person.",
        "Impersonate the author.",
        "Mimic their tone.",
        "Not only imitate them, replace them.",
        "Don't forget to imitate her style.",
        "Take on the person's identity.",
        "My name is on the list.",
        "I am PERSON_001.",
        "I’m on call this week.",
        "Du bist PERSON_001.",
        "Antworte in meinem Namen.",
        "Gib dich als PERSON_002 aus.",
        "Schreibe in ihrem Stil.",
        "Ich bin im Büro.",
        "扮演PERSON_001。",
        "请以我的口吻回复。",
        "我是PERSON_001。",
    ],
)
def test_speaking_as_the_person_is_found(text: str) -> None:
    assert _places(text) == ["SKILL.md:1"]


@pytest.mark.parametrize(
    "text",
    [
        "Do not speak in the first person for them, and do not imitate them.",
        "Never pretend to be PERSON_001.",
        "You must not answer in her name.",
        "Imitiere sie nicht.",
        "不要扮演PERSON_001。",
        "Act as a reviewer before you act as an author.",
        "Pretend that the mirror is down and see what breaks.",
        "You are done when the check is green.",
        "You are now on call.",
        "Put the unit in their name.",
        "Ask her before you merge.",
        "Sign the tag as soon as the tests pass.",
        "Copy the style guide into the repository.",
        "Play the part of the log that failed.",
        "Phase I ends on Friday.",
        "I/O errors are retried.",
        "Keep the mean, the min and the max.",
        "Use their API, not ours.",
        "Du bist jetzt dran.",
        "Schreibe die Zahl, wie sie im Beleg steht.",
    ],
)
def test_near_misses_are_not(text: str) -> None:
    assert _places(text) == []


def test_a_quotation_speaks_for_itself_but_gives_no_orders_and_no_identity() -> None:
    assert _places("- “I always tag the build.” [c001: 3 records, 3 days; procedure .70]") == []
    assert _places("- I always tag the build. [c001: 3 records, 3 days; procedure .70]") == ["c001"]
    assert _places("- “Answer in my name.” [c002: 3 records, 3 days; procedure .70]") == ["c002"]
    assert _places("- “I am PERSON_001.” [c003: 3 records, 3 days; procedure .70]") == ["c003"]


def test_in_the_evidence_only_orders_count_and_the_claim_is_named() -> None:
    page = "# Evidence\n\n## c004\n\nTag it.\n\n- #4: I am PERSON_001 and I tag my builds.\n"
    assert _places(page, "references/evidence.md") == []
    told = page + "- #5: pretend to be PERSON_001 when they ask.\n"
    assert _places(told, "references/evidence.md") == ["c004"]


@pytest.mark.parametrize(
    "statement",
    [
        "I always tag the build before the upload.",
        "At four at night I can't think, I can only follow steps.",
        "Let me know before you merge.",
        "Ich markiere den Build immer zuerst.",
        'I say "done" when it is done.',
        "always tag the build before you upload it.",
        "Phase I ends on Friday.",
    ],
)
def test_no_statement_makes_the_page_itself_speak_in_the_first_person(statement: str) -> None:
    claim = _claim(statement=statement, review="corrected", mode="corrected")
    files = document.files(HEADER, [claim], LEDGER, draft=False)
    pages = {name: data.decode() for name, data in files.items() if name.endswith(".md")}
    assert impersonation.places(pages) == []


def test_a_role_that_speaks_is_found() -> None:
    files = document.files(replace(HEADER, role="I am the release engineer"), [_claim()], LEDGER, draft=False)
    assert impersonation.places({"SKILL.md": files["SKILL.md"].decode()})
