from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import redaction_tables
from redact.errors import GoldError
from redact.folding import clean
from redact.measuring import intervals, report
from redact.measuring.gold import Gold, Mark, kind, read_gold
from redact.measuring.peers import redactor_predicts
from redact.measuring.scores import Report, Score, measure

ROOT = Path(__file__).resolve().parents[2]

TEXT = "Ann Lee met Bo. Ann called 555."
GOLD = Gold("g1", TEXT, (Mark(0, 7, "PERSON", "P0"), Mark(12, 14, "PERSON", "P1"), Mark(16, 19, "PERSON", "P0")))


def predicts(*marks: Mark):  # type: ignore[no-untyped-def]
    def predict(texts: Sequence[str]) -> list[list[Mark]]:
        return [list(marks) for _ in texts]

    return predict


def test_half_a_name_is_a_leak() -> None:
    score = measure([GOLD], predicts(Mark(0, 3, "PERSON", "T"))).scores["PERSON"]
    assert score == Score(gold=3, hidden=0, predicted=1, right=1)


def test_a_mention_is_hidden_by_whatever_covers_it() -> None:
    figures = measure([GOLD], predicts(Mark(0, 19, "ORGANIZATION", "T")))
    assert figures.scores["PERSON"].leak_recall == 1
    assert figures.scores["ORGANIZATION"].precision == 0


def test_one_open_mention_opens_the_person() -> None:
    figures = measure([GOLD], predicts(Mark(0, 7, "PERSON", "T"), Mark(12, 14, "PERSON", "U")))
    assert (figures.persons, figures.persons_hidden) == (2, 1)


def test_tokens_are_compared_person_by_person() -> None:
    marks = (Mark(0, 7, "PERSON", "T"), Mark(12, 14, "PERSON", "T"), Mark(16, 19, "PERSON", "U"))
    figures = measure([GOLD], predicts(*marks))
    assert (figures.linked, figures.linked_once, figures.pairs, figures.pairs_right) == (1, 0, 1, 0)


def test_f2_weighs_leaks_over_needless_replacements() -> None:
    leaky, eager = Score(100, 50, 50, 50), Score(100, 100, 200, 100)
    assert leaky.f2 is not None
    assert eager.f2 is not None
    assert eager.f2 > leaky.f2
    assert leaky.f2 == pytest.approx(5 * 1 * 0.5 / (4 * 1 + 0.5))
    assert Score(0, 0, 0, 0).f2 is None


def test_the_halves_are_disjoint_and_do_not_depend_on_order() -> None:
    halves = {i: Gold(str(i), "", ()).held_out for i in range(200)}
    assert 60 < sum(halves.values()) < 140
    assert halves[7] == Gold("7", "other text", ()).held_out


def test_a_file_is_read_and_the_redactor_measured_on_it(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    text = "Ma\u200bria Silva called.\n"
    rows = [{"id": str(i), "text": text, "spans": [{"start": 0, "end": 12, "label": "PERSON"}]} for i in range(4)]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    gold = read_gold(path)
    assert [g.text[m.start : m.end] for g in gold for m in g.marks] == ["Maria Silva"] * 4
    figures = measure(gold, redactor_predicts())
    assert figures.scores["PERSON"].leak_recall == 1
    assert "PERSON (4): leakR | 1.000" in report.table({"ours": figures})


def test_one_token_for_one_person_counts_once_and_its_pairs_are_right() -> None:
    marks = (Mark(0, 7, "PERSON", "T"), Mark(12, 14, "PERSON", "U"), Mark(16, 19, "PERSON", "T"))
    figures = measure([GOLD], predicts(*marks))
    assert (figures.linked, figures.linked_once, figures.pairs, figures.pairs_right) == (1, 1, 1, 1)


def test_a_placeholder_says_nothing_of_who_is_meant() -> None:
    marks = [Mark(*m[:3], "[PERSON]") for m in GOLD.marks]
    figures = measure([GOLD], predicts(*marks))
    assert (figures.linked, figures.linked_once, figures.pairs) == (1, 0, 0)


def test_a_detector_without_tokens_has_no_figure_for_them() -> None:
    figures = measure([GOLD], predicts(*(Mark(*m[:3]) for m in GOLD.marks)))
    assert (figures.persons_hidden, figures.linked, figures.pairs) == (2, 0, 0)


@pytest.mark.parametrize("start", [3, 4])
def test_a_handle_is_hidden_with_or_without_its_sign(start: int) -> None:
    gold = Gold("g", "cc @mholt-x!", (Mark(start, 11, "HANDLE"),))
    for first in (3, 4):
        score = measure([gold], predicts(Mark(first, 11, "HANDLE", "T"))).scores["HANDLE"]
        assert score == Score(1, 1, 1, 1)
    assert measure([gold], predicts(Mark(4, 10, "HANDLE", "T"))).scores["HANDLE"].hidden == 0


def test_signs_between_letters_may_stay_and_a_mention_of_signs_alone_may_not() -> None:
    gold = Gold("g", "A.-B. ** C", (Mark(0, 5, "PERSON"), Mark(6, 8, "SECRET")))
    scores = measure([gold], predicts(Mark(0, 1, "PERSON"), Mark(3, 4, "PERSON"), Mark(6, 7, "SECRET"))).scores
    assert scores["PERSON"].hidden == 1
    assert scores["SECRET"].hidden == 0


def test_a_prediction_is_right_where_it_touches_a_close_kind() -> None:
    gold = Gold("g", "ann@x.org in Oslo", (Mark(0, 9, "EMAIL_ADDRESS"), Mark(13, 17, "LOCATION")))
    scores = measure([gold], predicts(Mark(0, 3, "PERSON"), Mark(13, 17, "PERSON"), Mark(12, 14, "NRP"))).scores
    assert (scores["PERSON"].predicted, scores["PERSON"].right) == (2, 1)
    assert scores["NRP"].precision == 1


def test_names_are_counted_by_the_origin_of_their_text_too() -> None:
    texts = [Gold(str(i), "Ann Lee", (Mark(0, 7, "PERSON"),), "Turkish" if i else "Welsh") for i in range(3)]
    figures = measure(texts, lambda read: [[Mark(0, 7, "PERSON", "T")] if i else [] for i in range(len(read))])
    assert {o: (s.gold, s.hidden) for o, s in figures.origins.items()} == {"Turkish": (2, 2), "Welsh": (1, 0)}
    assert figures.scores["PERSON"].leak_recall == pytest.approx(2 / 3)
    assert "PERSON, Turkish (2): leakR" in report.table({"ours": figures})


def mixed(texts: int) -> Report:
    """Figures of texts with ten mentions each, of which every other text leaks four."""
    gold = [Gold(str(i), "x " * 10, tuple(Mark(2 * n, 2 * n + 1, "PERSON") for n in range(10))) for i in range(texts)]
    return measure(gold, lambda read: [[*g.marks[: 6 if int(g.id) % 2 else 10]] for g in gold])


def test_an_interval_holds_its_figure_shrinks_with_more_texts_and_is_the_same_each_time() -> None:
    few, many = mixed(10), mixed(400)
    for figures in (few, many):
        value, (low, high) = figures.scores["PERSON"].leak_recall, figures.intervals["PERSON leakR"]
        assert value == 0.8
        assert 0.6 <= low < 0.8 < high <= 1
    assert np.diff(few.intervals["PERSON leakR"]) > 4 * np.diff(many.intervals["PERSON leakR"])
    # Texts of .6 and 1 in equal parts: the standard error of their mean is .2 / 20.
    assert many.intervals["PERSON leakR"] == pytest.approx((0.7804, 0.8196), abs=0.004)
    assert mixed(10).intervals == few.intervals


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(7)
    held = 0
    for _ in range(120):
        truth = 0.85
        sizes = random.integers(1, 9, 60)
        by_text = np.stack([random.binomial(sizes, truth), sizes], axis=1).astype(float)
        drawn = intervals.draw(by_text, 300)
        low, high = intervals.share(drawn[:, 0], drawn[:, 1], tuple(by_text.sum(axis=0))) or (1, 0)
        held += low <= truth <= high
    assert held >= 105


def test_where_nothing_leaked_the_interval_is_not_of_no_width() -> None:
    figures = measure([GOLD] * 20, predicts(Mark(0, 19, "PERSON", "T")))
    low, high = figures.intervals["PERSON leakR"]
    # Wilson: 60 / (60 + 1.96 squared).
    assert (low, high) == (pytest.approx(0.9398, abs=1e-4), 1.0)
    assert figures.intervals["PERSON F2"].low < 1
    assert "ORGANIZATION leakR" not in figures.intervals


def test_texts_without_anybody_and_no_texts_have_no_figures() -> None:
    nobody = measure([Gold("g", "nothing here", ())], predicts())
    assert (nobody.scores, nobody.intervals, nobody.characters) == ({}, {}, 12)
    assert report.rows({"ours": nobody})[1][0] == "characters per CPU second"
    assert measure([], predicts()).texts == 0


def test_entities_that_redaction_leaves_in_are_named_and_not_scored_as_leaks() -> None:
    gold = [Gold("g", "in May Ann", (Mark(3, 6, "DATE_TIME"), Mark(7, 10, "PERSON")))]
    assert report.about(gold) == "1 texts, 1 mentions, 10 characters; not counted: DATE_TIME (1)"
    assert "DATE_TIME" not in report.table({"ours": measure(gold, predicts())})


def test_labels_of_other_schemes_mean_the_same_kind() -> None:
    assert [kind(x) for x in ("PER", "username", "US_SSN", "GPE", "PERSON", "SOMETHING")] == [
        *("PERSON", "HANDLE", "ID", "LOCATION", "PERSON", "SOMETHING")
    ]


@given(st.text(st.sampled_from("ab \u200b\u0301e\uff21\r\n\U0001d400"), max_size=20), st.data())
def test_offsets_are_those_of_the_clean_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    # A whole mention between letters: neither end lies inside a letter with its marks.
    whole = f"{text[:start]} x{text[start:end]}x {text[end:]}"
    first, last = start + 1, end + 3
    row = {"id": "1", "text": whole, "spans": [{"start": first, "end": last, "label": "PERSON"}]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gold.jsonl"
        path.write_text(json.dumps(row), encoding="utf-8")
        (gold,) = read_gold(path)
    (mark,) = gold.marks
    assert gold.text[mark.start : mark.end] == clean(whole[first:last])


def test_a_line_may_hold_separators_and_fields_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    row = {"id": 7, "text": "a\u2028Ann", "spans": [{"start": 2, "end": 5, "label": "per", "eid": 3}], "hdr": True}
    path.write_text("\ufeff" + json.dumps(row, ensure_ascii=False) + "\r\n\n", encoding="utf-8")
    (gold,) = read_gold(path)
    assert (gold.id, gold.marks) == ("7", (Mark(2, 5, "PERSON", "3"),))
    assert "Ann" not in repr(gold)
    with pytest.raises(GoldError):
        read_gold(tmp_path)


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "tests" / "gold").glob("*.jsonl")))
def test_the_gold_of_the_project_can_be_read_and_marks_whole_words(name: str) -> None:
    texts = read_gold(ROOT / "tests" / "gold" / name)
    assert texts
    for g in texts:
        for m in g.marks:
            assert m.label in report.ENTITIES
            assert not g.text[m.start].isspace()
            assert not g.text[m.end - 1].isspace()


def test_the_page_has_its_marks_and_only_what_stands_between_is_made_anew() -> None:
    page = redaction_tables.PAGE.read_text("utf-8")
    made = redaction_tables.put(page, "### Made\n")
    assert "### Made" in made
    assert redaction_tables.put(made, "### Other\n") == redaction_tables.put(page, "### Other\n")
    before, after = page.split(redaction_tables.BEGIN)[0], page.split(redaction_tables.END)[1]
    assert made.startswith(before)
    assert made.endswith(after)
    with pytest.raises(SystemExit):
        redaction_tables.put("no marks", "")
