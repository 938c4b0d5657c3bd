"""The self-test: which faults cost which tier, and what the default model reaches."""

from __future__ import annotations

import contextlib

import pytest
from distil_fakes import FakeBackend
from knowing_model import KnowingBackend

from extract.distil import deletion, paraphrase, seeds, selftest
from extract.distil.backend import default_model
from extract.distil.llama_backend import LlamaBackend
from extract.distil.selftest import NEEDED, PARTS, TIERS, Part, run, tier


def test_a_model_that_knows_everything_reaches_the_highest_tier() -> None:
    seen: list[str] = []
    report = run(KnowingBackend(), lambda stage, done, total: seen.append(stage))
    assert report.tier == "paraphrase"
    assert [p.name for p in report.parts] == list(PARTS)
    assert {p.score for p in report.parts} == {1000}
    assert seen == [*PARTS, "done"]


@pytest.mark.parametrize(
    ("fault", "reached"),
    [
        ("seeds", "none"),
        ("grammar", "choose"),
        ("copy", "choose"),
        ("echo", "delete"),
        ("polarity", "delete"),
    ],
)
def test_a_fault_costs_the_tiers_that_need_the_part(fault: str, reached: str) -> None:
    report = run(KnowingBackend(fault))
    assert report.tier == reached
    assert [p.name for p in report.parts if p.score < 900] == [fault]


def test_labels_that_say_nothing_are_chance() -> None:
    assert selftest.told_apart(KnowingBackend("seeds")).score == 500


def test_one_rule_turned_round_is_borne_and_two_are_not() -> None:
    best = dict.fromkeys(PARTS, 1000)
    assert tier(best | {"polarity": 1000 * 35 // 36}) == "paraphrase"
    assert tier(best | {"polarity": 1000 * 34 // 36}) == "delete"
    assert tier(best | {"echo": 1000 * 11 // 12}) == "delete"


def test_a_higher_tier_never_stands_without_the_lower_ones() -> None:
    best = dict.fromkeys(PARTS, 1000)
    assert tier(best | {"seeds": NEEDED["choose"]["seeds"] - 1}) == "none"
    assert tier(best | {"grammar": 999}) == "choose"
    assert set(NEEDED) == set(TIERS[1:])
    assert {part for asked in NEEDED.values() for part in asked} == set(PARTS)


def test_an_answer_that_keeps_to_no_form_is_wrong() -> None:
    part = selftest.polarity_kept(FakeBackend(" You mustard"))
    assert (part.right, part.of) == (0, 36)


def test_words_of_the_question_are_no_echo() -> None:
    asked = "The driver must check all straps before he goes."
    assert not paraphrase.is_echo("The driver must check all straps before he goes.", asked)
    assert paraphrase.is_echo("The driver has to look at every strap.", asked)
    assert not paraphrase.is_echo("", asked)


def test_the_texts_are_nobodys_seed_and_no_answer_stands_in_its_prompt() -> None:
    ours = [*selftest._texts("copy"), *selftest._texts("echo")]
    assert len(set(ours)) == 24
    assert not set(ours) & {s.text for s in seeds.load()}
    prompts = selftest._COPY + paraphrase.FIXED + deletion._FIXED
    assert not [text for text in ours if text in prompts]
    deeds = selftest._texts("action")
    assert not [deed for deed in deeds if deed in selftest._POLARITY]


def test_the_default_model_may_delete_and_not_paraphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    # The whole takes a minute; the first four of these two parts tell the tiers apart.
    texts = selftest._texts
    monkeypatch.setattr(selftest, "_texts", lambda part: texts(part)[:4])
    with contextlib.closing(LlamaBackend(default_model())) as model:
        copied, echoed = selftest.copied(model), selftest.not_echoed(model)
    assert copied.score >= NEEDED["delete"]["copy"]
    assert echoed.score < NEEDED["paraphrase"]["echo"]
    assert copied == Part("copy", 4, 4, 1000)
