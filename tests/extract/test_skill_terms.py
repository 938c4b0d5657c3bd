"""What a skill says of itself, and that it is looked for in the finished file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_skill_document import HEADER, LEDGER, _claim

from extract.skill import document, terms


def _text(ref: str = "", **changes: object) -> str:
    header = replace(HEADER, compensation_ref=ref)
    return document.files(header, [_claim(**changes)], LEDGER, draft=False)["SKILL.md"].decode()


def test_a_finished_skill_has_its_label_and_its_terms() -> None:
    text = _text()
    assert terms.disclosed(text)
    assert terms.forbids_decisions(text)
    assert terms.compensation_ref(text) == ""


@pytest.mark.parametrize(
    "damage",
    [
        lambda t: t.replace("Derived from consented work of", "Derived from work of"),
        lambda t: t.replace('  label: "derived from consented work"\n', ""),
        lambda t: t.replace("do not imitate them", "imitate them"),
        lambda t: t.replace(terms.origin("PERSON_001"), "") + terms.origin("PERSON_001") + "\n",
        lambda t: t.replace("---\n", "", 1),
        lambda _: "",
    ],
)
def test_without_its_label_it_is_not_disclosed(damage: object) -> None:
    assert not terms.disclosed(damage(_text()))  # type: ignore[operator]


@pytest.mark.parametrize(
    "damage",
    [
        lambda t: t.replace(terms.FORBIDDEN[0] + "\n", ""),
        lambda t: t.replace(terms.FORBIDDEN[1], terms.FORBIDDEN[1] + " Unless HR says so."),
        lambda t: t.replace(terms.TITLE, "## Hints"),
        lambda t: t + f"\n{terms.TITLE}\n\nAnything goes.\n",
        lambda t: t.replace(terms.FORBIDDEN[0] + "\n", "") + f"\n## Old terms\n\n{terms.FORBIDDEN[0]}\n",
        lambda _: "",
    ],
)
def test_without_its_terms_it_forbids_nothing(damage: object) -> None:
    assert not terms.forbids_decisions(damage(_text()))  # type: ignore[operator]


def test_a_claim_cannot_pass_for_the_label_or_the_terms() -> None:
    text = _text(statement=terms.origin("PERSON_001"), review="corrected", mode="corrected")
    line = terms.origin("PERSON_001")
    assert text.count(line) == 2
    assert not terms.disclosed(text.replace(f"\n{line}\n", "\n"))
    text = _text(statement=terms.FORBIDDEN[0].removeprefix("- "), review="corrected", mode="corrected")
    assert not terms.forbids_decisions(text.replace(f"\n{terms.FORBIDDEN[0]}\n", "\n"))


def test_the_reference_to_the_compensation_is_carried_and_read_back() -> None:
    text = _text("agreement:2026-14")
    assert terms.compensation_ref(text) == "agreement:2026-14"
    assert "- Terms agreed with the person in return: agreement:2026-14." in text


@pytest.mark.parametrize("value", ['"a"\n  compensation: "b"', "agreement", '""', "12", '["a"]'])
def test_a_reference_that_is_not_one_is_unknown(value: str) -> None:
    text = _text("agreement:2026-14")
    assert terms.compensation_ref(text.replace('"agreement:2026-14"', value)) is None


def test_the_front_matter_is_still_that_of_an_agent_skill(tmp_path: object) -> None:
    from pathlib import Path

    from skills_ref import validate

    folder = Path(str(tmp_path)) / HEADER.name
    folder.mkdir()
    (folder / "SKILL.md").write_text(_text("agreement:2026-14"), "utf-8")
    assert validate(folder) == []
