"""Evaluation: what is compared with what, and that the numbers are those of the comparison."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from distil_fakes import Reader

from extract.distil.claims import Claim, Passage, Span
from extract.evaluate import bootstrap, contexts, decisions, gain, loss, page, recall, run, splits, told

START = date(2026, 1, 5)
LONG = "the quick brown fox jumps over the lazy dog and then it sleeps until the next morning"


def passage(number: int, text: str, day: int | None = None) -> Passage:
    """Return a passage of some day."""
    return Passage(number, text, "mail", f"t{number}", START + timedelta(days=number if day is None else day))


def claim(number: int, statement: str, *quotes: str) -> Claim:
    """Return a claim that rests on its statement, or on other quotes."""
    spans = tuple(
        Span(i, 0, len(q), q, hashlib.sha256(q.encode()).hexdigest()) for i, q in enumerate(quotes or (statement,))
    )
    kinds = {"procedure": 1000, "decision_rule": 0, "checklist": 0, "code_style": 0, "reference": 0}
    return Claim(f"c{number:03d}", "procedure", kinds, statement, "verbatim", spans, 800, 1, 1, START, START, 0)


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Show no progress."""


def test_later_messages_lie_on_other_days_than_the_evidence() -> None:
    passages = [passage(i, f"message number {i}", day=i // 3) for i in range(30)]
    split = splits.by_time(passages)
    assert [p.record for p in split.evidence] == list(range(24))
    assert [p.record for p in split.held_out] == list(range(24, 30))
    # The fifth would begin in the middle of a day: that day stays whole, on the side of the evidence.
    split = splits.by_time([passage(i, f"message number {i}", day=i // 7) for i in range(30)])
    assert [p.record for p in split.held_out] == [28, 29]
    assert splits.by_time([passage(i, f"number {i}", day=0) for i in range(9)]).held_out == ()


def test_after_a_day_the_day_itself_is_evidence() -> None:
    split = splits.after([passage(2, "c"), passage(0, "a"), passage(1, "b")], START + timedelta(days=1))
    assert [p.text for p in split.evidence] == ["a", "b"]
    assert [p.text for p in split.held_out] == ["c"]


@pytest.mark.parametrize(
    ("later", "left_out"),
    [
        (f"As I said: {LONG.upper()}!", 1),
        (" ".join(LONG.split()[:12]), 0),
        ("Thanks, looks good!", 1),
        ("Thanks, that looks good", 0),
    ],
)
def test_what_repeats_evidence_is_not_measured_on(later: str, left_out: int) -> None:
    split = splits.after([passage(0, LONG), passage(1, "thanks looks good"), passage(5, later)], START + timedelta(2))
    assert (len(split.held_out), split.overlapping) == (1 - left_out, left_out)


def test_contexts_are_of_one_size_and_end_between_entries() -> None:
    fitted = contexts.fit(
        {"own": ["one two three", "four " * 40, "five six"], "placebo": contexts.placebo(), "raw": ["seven"] * 90},
        30,
        lambda text: len(text.split()),
    )
    assert fitted.tokens == 30
    assert fitted.texts["own"] == "- one two three\n- five six\n"
    assert fitted.texts["raw"] == "- seven\n" * 15
    short = contexts.fit({"own": ["one two"], "raw": ["seven"] * 90}, 30, lambda text: len(text.split()))
    assert (short.tokens, short.texts["raw"]) == (3, "- seven\n")


def test_raw_words_come_from_all_over_the_time() -> None:
    entries = contexts.of_passages([passage(i, f"message {i}") for i in range(16)])
    assert sorted(entries) == sorted(f"message {i}" for i in range(16))
    assert entries[:3] == ["message 8", "message 4", "message 12"]
    assert contexts.of_passages([]) == []


def test_a_message_is_shortened_between_words_and_never_in_a_character() -> None:
    assert contexts.shortened("abc def ghi", 9) == "abc def"
    assert contexts.shortened("äöü" * 10, 7) == "äöü"
    assert contexts.shortened("abc", 3) == "abc"


def test_the_placebo_has_no_line_twice_and_is_long_enough_for_the_budget() -> None:
    lines = contexts.placebo()
    assert len(set(lines)) == len(lines)
    assert sum(len(line.split()) for line in lines) > 400


def test_gain_is_the_difference_of_what_the_reader_needs() -> None:
    messages = ["alpha beta", "beta gamma gamma", "delta alpha"] * 4
    fitted = contexts.Fitted(9, {"own": "alpha beta", "placebo": "delta", "raw": "alpha beta gamma", "peer": "gamma"})
    found = gain.measure(messages, fitted, Reader(), quiet)
    size = sum(len(m) for m in messages)

    def bits(known: set[str]) -> float:
        return sum(Reader.cost(w, known) for m in messages for w in m.split()) / math.log(2)

    words = {"nothing": set(), "own": {"alpha", "beta"}, "placebo": {"delta"}, "raw": {"alpha", "beta", "gamma"},
             "peer": {"gamma"}}  # fmt: skip
    assert found.bits == {name: round(1e6 * bits(known) / size) for name, known in words.items()}
    value, low, high = found.gains["own_over_placebo"]
    assert abs(value - (found.bits["placebo"] - found.bits["own"])) <= 1
    assert low <= value <= high
    assert found.carried is not None
    saved = (bits({"delta"}) - bits({"alpha", "beta"})) / (bits({"delta"}) - bits({"alpha", "beta", "gamma"}))
    assert found.carried.value == round(1000 * saved)
    # The second message is foretold better by the peer's skill, the others by the person's own.
    assert found.author == 667
    assert (found.messages, found.bytes, found.tokens) == (12, size, 9)


def test_a_share_of_what_may_be_nothing_is_not_told() -> None:
    messages = ["alpha", "beta"] * 5
    fitted = contexts.Fitted(9, {"own": "alpha", "placebo": "beta", "raw": "alpha"})
    found = gain.measure(messages, fitted, Reader(), quiet)
    assert found.gains["raw_over_placebo"].low <= 0 <= found.gains["raw_over_placebo"].high
    assert found.carried is None
    assert (found.personal, found.author) == (None, None)


def test_intervals_hold_the_figure_and_are_the_same_each_time() -> None:
    values = np.arange(40, dtype=float)
    first = bootstrap.interval(lambda rows: float(values[rows].mean()), 40, 1000)
    assert first == bootstrap.interval(lambda rows: float(values[rows].mean()), 40, 1000)
    assert first.value == 19500
    # The standard error of the mean is 1.85: two of them are 3.6 on either side.
    assert 15500 < first.low < 16400 < 22600 < first.high < 23500


@pytest.mark.parametrize(
    ("said", "contrary"),
    [
        ("You must not merge on Friday.", "You must merge on Friday."),
        ("You must merge on Friday.", "You must not merge on Friday."),
        ("Never merge on Friday.", "Always merge on Friday."),
        ("We always tag first.", "We never tag first."),
        ("Don’t merge on Friday.", "Merge on Friday."),
        ("You shouldn't retry it.", "You should retry it."),
        ("I prefer to ask.", "I prefer not to ask."),
        ("I prefer not to ask.", "I prefer to ask."),
        ("They aren't needed.", "They are needed."),
        ("The build is slow.", None),
    ],
)
def test_the_contrary_differs_in_polarity_only(said: str, contrary: str | None) -> None:
    assert decisions.contrary(said) == contrary


def test_decisions_are_asked_of_rules_only_and_counted_by_context() -> None:
    text = "You must always run the smoke tests before a release. The weather was fine and we went out for lunch."
    asked = decisions.items([passage(0, text)], 10)
    assert asked == [
        (
            "You must always run the smoke tests before a release.",
            "You must never run the smoke tests before a release.",
        )
    ]
    found = decisions.measure(
        asked, {"own": gain.prompt("- always run the tests\n"), "nothing": gain.prompt("")}, Reader()
    )
    assert found == decisions.Decisions(1, {"own": 1, "nothing": 0})
    many = decisions.items([passage(i, f"You must always run test {i} before a release.") for i in range(40)], 10)
    assert len(many) == 10


class Words:
    """Vectors of words, one place for each letter."""

    def encode(self, texts: Sequence[str]) -> Any:
        counts = np.array([[t.lower().count(c) for c in "abcdefghijklmnopqrstuvwxyz"] for t in texts], dtype=float)
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)


def test_the_right_skill_is_found_and_near_misses_are_counted() -> None:
    own = [claim(1, "Run smoke tests on staging."), claim(2, "Tag builds before uploading artifacts.")]
    other = [claim(1, "Refunds need invoices."), claim(2, "Ask finance about invoices."), claim(3, "Close the ledger.")]
    third = [claim(1, "Water plants daily."), claim(2, "Plants dislike wind.")]
    messages = ["The smoke tests fail on staging, can you look?", "The refunds for these invoices are late."]
    found = recall.measure(messages, own, [other, third], Words())
    assert (found.skills, found.queries, found.at_1, found.at_3) == (3, 2, 1, 2)
    assert (found.described_at_1, found.described_at_3) == (1, 2)
    assert found.near_misses == 5
    # What is left of their own skills is found by "invoices" and "plants"; "Close the ledger." has nothing like it.
    assert found.false_at_1 <= 1
    # The same skill twice: neither is better, so none is found.
    assert recall.measure(messages[:1], own, [own], Words()).at_1 == 0


def test_loss_counts_turns_of_phrase_where_they_are_and_where_they_are_not() -> None:
    said = "I think you should ask first, unless it is urgent; then do not wait 10 minutes."
    found = loss.measure([passage(0, said)], [claim(1, "Ask first.", said, "Ask first.")])
    assert found["turns"]["hedge"] == {"seen": 1, "quoted": 1, "stated": 0}
    assert found["turns"]["exception"] == {"seen": 1, "quoted": 1, "stated": 0}
    assert found["turns"]["negation"]["stated"] == 0 < found["turns"]["negation"]["seen"]
    assert found["both_sides"] == 1
    assert found["words"]["stated"] < found["words"]["seen"]


@pytest.fixture(scope="module")
def evaluation() -> run.Evaluation:
    """An evaluation against two peers, read by a reader that knows words."""
    said = ["Always run the smoke tests on staging number {} before the release.", "Restore the snapshot {} at once."]
    passages = [passage(i, said[i % 2].format(i)) for i in range(60)]
    split = splits.by_time(passages)
    own = [claim(1, "Always run the smoke tests on staging before the release."), claim(2, "Restore the snapshot.")]
    peers = {
        "a": [claim(1, "Refunds need an invoice."), claim(2, "Ask finance.")],
        "b": [claim(1, "Water the plants.")],
    }
    return run.evaluate("later", split, own, Reader(), Words(), peers=peers, messages=8, progress=quiet)


def test_an_evaluation_is_one_account_of_integers(evaluation: run.Evaluation) -> None:
    numbers = evaluation.as_json()
    assert (evaluation.evidence, evaluation.held_out, evaluation.claims, evaluation.gain.messages) == (48, 12, 2, 8)
    assert evaluation.gain.gains["own_over_placebo"].low > 0
    assert evaluation.gain.gains["own_over_peer"].low > 0
    assert evaluation.gain.author == 1000
    assert evaluation.recall is not None
    assert evaluation.recall.at_1 == 12

    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [x for v in value.values() for x in leaves(v)]
        return [x for v in value for x in leaves(v)] if isinstance(value, list) else [value]

    assert {type(x) for x in leaves(numbers)} <= {int, str, type(None)}
    assert numbers["claims_sha256"] == evaluation.claims_sha256 is not None


def test_a_back_test_is_of_no_claims_in_particular(evaluation: run.Evaluation) -> None:
    split = splits.by_time([passage(i, f"Run the smoke tests on number {i} today.") for i in range(60)])
    found = run.evaluate("back_test", split, [claim(1, "Run the tests.")], Reader(), Words(), peers={}, progress=quiet)
    assert found.claims_sha256 is None
    assert found.recall is None
    assert set(found.gain.gains) == {"own_over_nothing", "own_over_placebo", "raw_over_placebo"}
    assert "Claims made in the same way" in "\n".join(told.summary(found.as_json(), these=False))


def test_all_that_is_told_names_its_reader_and_its_limits(evaluation: run.Evaluation) -> None:
    numbers = evaluation.as_json()
    text = "\n".join(told.markdown(numbers))
    value = f"{numbers['gain']['gains']['own_over_placebo'][0] / 1e6:+.3f}"
    first = "\n".join(told.summary(numbers, these=True))
    assert value in text
    assert value in first
    for part in (text, first):
        assert "nobody may be ranked" in part
        assert Reader.name in part
    assert first.startswith("These claims save")


def test_the_page_has_the_same_cells_and_a_chart_that_runs_nothing(evaluation: run.Evaluation) -> None:
    numbers = evaluation.as_json()
    made = page.page("a <b> name", numbers).decode()
    assert made == page.page("a <b> name", numbers).decode()
    assert "a &lt;b&gt; name" in made
    assert "<b>" not in made
    assert "<script" not in made
    assert "default-src 'none'" in made
    for part in told.parts(numbers):
        assert all(cell.replace("'", "&#x27;") in made for row in part.rows for cell in row)
    assert made.count("<circle") == len(numbers["gain"]["gains"])
    surely_not = {**numbers, "gain": {**numbers["gain"], "gains": {"own_over_placebo": [-5, -9, 3]}}}
    assert '<circle class="value none"' in page.page("x", surely_not).decode()


def test_unknown_shares_are_said_to_be_unknown(evaluation: run.Evaluation) -> None:
    bare = replace(evaluation.gain, carried=None, personal=None).as_json()
    text = "\n".join(told.markdown({**evaluation.as_json(), "gain": bare}))
    assert "not known: the person's own words are not surely better than advice" in text
    assert "not known: the skill is not surely better than advice" in text
