"""The second judge: what holds is told from what happened once. All sentences are invented."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from datetime import date, timedelta

import pytest
from distil_fakes import FakeBackend

from extract.distil import lasting
from extract.distil.claims import Passage
from extract.distil.classifier import Classifier
from extract.distil.encoder import StaticEncoder
from extract.distil.lasting import REPORTS, REPORTS_IN_TALK, Lasting
from extract.distil.pipeline import distil
from extract.distil.settings import Settings
from redact.errors import NerModelMissingError

HOLDS = [
    "Importers must not open the ledger before the night run has ended.",
    "Background jobs never write to the archive because readers do not lock it.",
    "Plugins cannot change the price list, so each shop keeps a list of its own.",
    "Each shop keeps a price list of its own, because prices differ by region.",
]
#: A report, and what gives it away.
HAPPENED = [
    ("The importer opened the ledger before the night run had ended.", "past"),
    ("The rounding has been moved into the ledger class.", "perfect"),
    ("We are moving the rounding into the ledger class.", "progressive"),
    ("Faster start of the importer on slow disks.", "verbless"),
    ("Also keep the ledger open while the importer runs.", "leads"),
    ("Readers do not lock these archives because of the night run.", "pointing"),
    ("The importer reads the whole ledger in 40 seconds on slow disks.", "measured"),
    ("Readers find the format at https://ledger.example/format and in the manual.", "address"),
    ("Importers now keep the ledger open until the night run ends.", "now"),
    ("It keeps the ledger open until the night run ends.", "subject_pronoun"),
    ("To keep the ledger open while the importer runs, set the lock.", "to_start"),
    ("Importers crash when the ledger is closed by the night run.", "trouble"),
    ("Importers lock the ledger. readers do not need a lock.", "two_notes"),
    ("Readers of test 17 do not lock the archive.", "test_number"),
    ("Readers also lock the archive when they write.", "leans"),
    ("Keeps the ledger open until the night run ends.", "third_person_start"),
    ("Supported by ledger, archive, importer, readers and printers.", "list"),
]


@pytest.fixture(scope="module")
def judge() -> Lasting:
    return Lasting()


@pytest.mark.parametrize("text", HOLDS)
def test_what_holds_may_become_a_claim(judge: Lasting, text: str) -> None:
    assert judge.odds([text], [True], [600])[0] >= Settings().keep


@pytest.mark.parametrize(("text", "sign"), HAPPENED)
def test_a_report_in_a_commit_message_may_not(judge: Lasting, text: str, sign: str) -> None:
    assert judge.signs(text)[sign] == 1
    assert judge.odds([text], [True], [999]) == [0]


def test_each_sign_of_a_report_is_tried() -> None:
    """What mail and chat have beside these is tried below."""
    assert REPORTS - {sign for _, sign in HAPPENED} == {"loose_pronoun"}
    assert {"past_verb", "subject_pointing"} == REPORTS_IN_TALK - REPORTS


@pytest.mark.parametrize(
    "text",
    [
        "The bank sent the file at noon and we booked it.",
        "The file has been sent to the bank by the clerk.",
        "We are sending the file to the bank.",
        "On its way to the bank the file gets a name.",
    ],
)
def test_a_report_in_a_mail_may_not_either(judge: Lasting, text: str) -> None:
    assert judge.odds([text], [False], [999]) == [0]


@pytest.mark.parametrize(
    "text", ["First the file, then the ledger, never the other way.", "But ask the bank before you book."]
)
def test_a_terse_rule_in_a_mail_keeps_the_odds_of_the_first_judge(judge: Lasting, text: str) -> None:
    assert judge.odds([text], [False], [617]) == [617]
    assert judge.odds([text], [True], [617]) == [0]


def test_no_verdict_depends_on_what_else_is_read(judge: Lasting) -> None:
    texts = [*HOLDS, *(text for text, _ in HAPPENED)]
    together = judge.odds(texts, [True] * len(texts), [600] * len(texts))
    assert together == [judge.odds([text], [True], [600])[0] for text in texts]
    assert together[::-1] == judge.odds(texts[::-1], [True] * len(texts), [600] * len(texts))


def test_a_sentence_is_more_likely_to_stand_if_the_first_judge_thinks_so(judge: Lasting) -> None:
    low, middle, high = (judge.odds(HOLDS[:1], [True], [keep])[0] for keep in (1, 500, 1000))
    assert 0 < low < middle < high < 1000


def test_tokens_of_redaction_are_read_as_names(judge: Lasting) -> None:
    named = judge.signs("Acme must not open the ledger before the night run has ended.")
    token = judge.signs("ORG_0A1B2C3D must not open the ledger before the night run has ended.")
    assert token == named | {"redacted": 0.5}


def test_every_weight_is_of_a_sign(judge: Lasting) -> None:
    weights = lasting.weights()
    assert set(weights) - set(judge.signs(HOLDS[0])) == {"first_judge", "one"}
    assert not set(weights) & REPORTS


def test_without_the_model_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    lasting._parser.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(NerModelMissingError, match="en_core_web_sm"):
        Lasting()


def test_reports_of_the_same_work_make_no_claim_and_are_counted() -> None:
    told = [
        "The importer opened the ledger before the night run had ended.",
        "The ledger was opened by the importer before the night run had ended.",
        "Before the night run had ended the importer opened the ledger.",
    ]
    encoder = StaticEncoder()
    settings = replace(Settings(), commit_keep=0, support_keep=0)
    texts = [f"ledger: keep order\n\n{text}" for text in told]
    passages = [
        Passage(i, text, "commit", f"c{i}", date(2026, 3, 1) + timedelta(days=i), commit_message=True)
        for i, text in enumerate(texts)
    ]
    d = distil(passages, FakeBackend(), settings=settings, encoder=encoder, classifier=Classifier(encoder))
    assert d.claims == ()
    assert d.dropped["case"] == d.measures["sentences"] - d.dropped.get("fragment", 0) > 0
