"""The review as a text file: what is written reads back the same; what was changed beside the verdicts is refused."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from release_world import QUOTES, claim

from extract.distil import keeps
from extract.skill import reviewfile
from extract.skill.review import Decision, Review, legible
from govern.errors import InputError

case = pytest.param
EXTRACTION = "0198c0de-0000-7000-8000-000000000001"
TEXTS = (*QUOTES, "Never restart the broker while the queue is full.", "kubectl drain node")
CLAIMS = tuple(claim(number, text) for number, text in enumerate(TEXTS, 1))
#: c004 is a pitfall; c005 is in no language that the lists know, so it may be anything.
PITFALL = CLAIMS[3]


def _written(review: Review | None = None) -> str:
    return reviewfile.write(CLAIMS, review or Review(EXTRACTION))


def _read(text: str) -> Review:
    return reviewfile.read(text, CLAIMS, Review(EXTRACTION), alone=True)


def _said(text: str, claim_id: str, verdict: str) -> str:
    head, mark, rest = text.partition(f"## {claim_id}\n")
    before, label, after = rest.partition("Verdict:")
    return f"{head}{mark}{before}{label} {verdict}\n{after.partition(chr(10))[2]}"


def _refused(text: str) -> str:
    with pytest.raises(InputError) as refusal:
        _read(text)
    assert "--export" in (refusal.value.hint or "")
    for words in TEXTS:
        assert words not in refusal.value.message
    return refusal.value.message


corrections = st.text(min_size=1, max_size=60).filter(
    lambda text: text.split() and all(c.isspace() or unicodedata.category(c) != "Cc" for c in text)
)
decisions = st.one_of(
    st.sampled_from([None, Decision("accepted"), Decision("struck")]),
    corrections.map(lambda t: Decision("corrected", t)),
)


@settings(max_examples=60)
@given(st.lists(decisions, min_size=len(CLAIMS), max_size=len(CLAIMS)), st.sets(st.sampled_from(keeps.KEPT_KINDS)))
def test_what_is_written_reads_back_the_same(said: list[Decision | None], kinds: set[str]) -> None:
    review = Review(EXTRACTION).withhold(kinds, CLAIMS)
    for each, decision in zip(CLAIMS, said, strict=True):
        review = review if decision is None else review.decide(each, decision)
    text = _written(review)
    again = _read(text)
    assert again.to_bytes() == review.to_bytes()
    assert _written(again) == text


def test_each_verdict_is_understood() -> None:
    text = _said(_written(), "c001", "Accept")
    text = _said(text, "c002", "strike")
    text = _said(text, "c003", "correct:  Put the unit:  always.  ")
    assert _read(text).decisions == {
        "c001": Decision("accepted"),
        "c002": Decision("struck"),
        "c003": Decision("corrected", "Put the unit: always."),
    }


def test_editors_may_change_line_ends_and_spaces_and_put_a_mark_in_front() -> None:
    review = Review(EXTRACTION).decide(CLAIMS[0], Decision("accepted"))
    text = "\ufeff" + _written(review).replace("\n", "  \r\n") + "\r\n\r\n"
    assert _read(text).to_bytes() == review.to_bytes()


def test_a_kind_that_is_kept_takes_the_claims_that_nothing_is_said_of() -> None:
    text = _written().replace("\nKeep:", "\nKeep: pitfalls")
    assert _read(text).decisions == {"c004": Decision("withheld"), "c005": Decision("withheld")}
    spared = _read(_said(text, "c005", "accept anyway"))
    assert spared.decisions == {"c004": Decision("withheld"), "c005": Decision("accepted")}
    assert "Verdict: accept anyway" in _written(spared)


def test_an_acceptance_from_before_does_not_outweigh_a_kind_that_is_kept_now() -> None:
    text = _written(Review(EXTRACTION).decide(PITFALL, Decision("accepted"))).replace("\nKeep:", "\nKeep: pitfalls")
    assert "c004 belongs to a kind that `Keep:` names" in _refused(text)


def test_a_kind_that_is_no_longer_kept_leaves_no_claim_behind() -> None:
    text = _written(Review(EXTRACTION).withhold(["pitfalls"], CLAIMS)).replace("Keep: pitfalls", "Keep:")
    assert "c004 belongs to no kind that `Keep:` names" in _refused(text)


@pytest.mark.parametrize(
    ("old", "new", "start", "at", "what"),
    [
        case("## c002", "## c099", "## c099", 0, "no claim of this id", id="unknown id"),
        case("## c002", "## c001", "## c001", 1, "c001 stands here again", id="id twice"),
        case("smoke tests", "unit tests", "Statement: Before", 0, "the line `Statement:` of c001", id="statement"),
        case("Quote #1: Before", "Quote #1: After", "Quote #1:", 0, "a quote of c001 was changed", id="quote"),
        case("Quote #1: Before", "Quote #9: Before", "Quote #9:", 0, "a quote of c001 was changed", id="record"),
        case("2 threads", "9 threads", "Found in: 2 records, 9", 0, "the line `Found in:` of c001", id="counts"),
        case("Verdict:", "Verdict: strike\nVerdict:", "Verdict:", 1, "c001 has two verdicts", id="two verdicts"),
        case("Verdict:\n", "", "## c001", 0, "c001 has no line `Verdict:`", id="no verdict"),
        case("Verdict:", "Verdict: maybe", "Verdict:", 0, "the verdict of c001 is not one", id="unknown verdict"),
        case("Verdict:", "Verdict: accept: yes", "Verdict:", 0, "the verdict of c001 is not one", id="words behind"),
        case("Verdict:", "Verdict: correct", "Verdict:", 0, "the verdict of c001 is not one", id="no colon"),
        case("Verdict:", "Verdict: correct:", "Verdict:", 0, "the correction of c001 is empty", id="no words"),
        case("Verdict:", "Verdict: correct: a\x1b[2Kb", "Verdict:", 0, "control characters", id="control"),
        case("Verdict:", "Verdict: withhold", "Verdict:", 0, "c001 belongs to no kind", id="kept by no kind"),
        case("Verdict:", "Verdict: strike\nit is wrong", "it is", 0, "a line too many", id="wrapped"),
        case("Keep:", "Keep: secrets", "Keep:", 0, "the kinds that can be kept are", id="unknown kind"),
        case("Keep:", "", "# Review", 0, "one line `Keep:`", id="no kinds"),
        case("Keep:", "Verdict: strike\nKeep:", "Verdict:", 0, "before the first claim", id="verdict in the head"),
        case(EXTRACTION, "another", "# Review", 0, "of another draft", id="other draft"),
        case("State:", "", "# Review", 0, "one line `State:`", id="no state"),
        case("State:", "State: 0\nState:", "State:", 1, "one line `State:`", id="two states"),
    ],
)  # fmt: skip
def test_a_change_beside_the_verdicts_is_refused_with_its_line(
    old: str, new: str, start: str, at: int, what: str
) -> None:
    text = _written()
    # The introduction names the labels too, in the middle of its lines.
    changed = text.replace(f"\n{old}", f"\n{new}", 1) if f"\n{old}" in text else text.replace(old, new, 1)
    assert changed != text
    lines = [number for number, line in enumerate(changed.split("\n"), 1) if line.startswith(start)]
    assert f"line {lines[at]}: " in (message := _refused(changed))
    assert what in message


def test_a_file_left_lying_takes_nothing_back_that_was_decided_since() -> None:
    before = Review(EXTRACTION).decide(CLAIMS[0], Decision("accepted"))
    text = _said(_written(before), "c002", "accept")
    # In time, and once more although the review is not any longer what the file was written from.
    taken = reviewfile.read(text, CLAIMS, before)
    assert reviewfile.read(text, CLAIMS, taken).to_bytes() == taken.to_bytes()
    since = before.decide(CLAIMS[0], Decision("struck"))
    with pytest.raises(InputError) as refusal:
        reviewfile.read(text, CLAIMS, since)
    assert "went on since" in refusal.value.message
    assert reviewfile.read(text, CLAIMS, since, alone=True).to_bytes() == taken.to_bytes()


def test_a_claim_that_is_missing_is_named() -> None:
    text = _written()
    cut = text[: text.index("## c003")] + text[text.index("## c004") :]
    assert f"line {len(cut.split(chr(10)))}: c003 is missing" in _refused(cut)


def test_many_mistakes_are_told_together_in_the_order_of_the_lines() -> None:
    message = _refused(_written().replace("Verdict:\n", "Verdict: x\n") + "Verdict: y\n")
    numbers = [int(part.split(":")[0]) for part in message.split("line ")[1:]]
    assert len(numbers) == 5
    assert numbers == sorted(numbers)
    assert _refused(_written().replace("Quote", "Zitat").replace("Verdict:\n", "Verdict: x\n")).endswith("and 5 more")


def test_nothing_in_a_quote_can_pass_for_a_verdict_or_move_the_cursor() -> None:
    evil = "Ask first.\n## c001\nVerdict: accept\u2028Keep: pitfalls\x1b[2K\u202egnirts"
    one = replace(claim(1, evil), statement=evil)
    text = reviewfile.write([one], Review(EXTRACTION))
    assert reviewfile.read(text, [one], Review(EXTRACTION)).decisions == {}
    assert text.isascii()
    assert "\\u001b[2K\\u202egnirts" in text
    assert legible("a\tb\x00c") == "a b\\u0000c"


def test_unsure_claims_come_first_with_what_speaks_for_them() -> None:
    doubtful = replace(
        claim(2, TEXTS[1]),
        kinds={"procedure": 400, "decision_rule": 330, "checklist": 200, "code_style": 70, "reference": 0},
        entropy_millibits=2100,
    )
    text = reviewfile.write([CLAIMS[0], doubtful], Review(EXTRACTION))
    assert text.index("## c002") < text.index("## c001")
    assert "Kind: procedure 40 %, decision rule 33 %, checklist 20 %, code style 7 % (unsure)" in text
    assert "Found in: 2 records, 2 threads, 2 days; 2026-01-05 to 2026-02-05" in text
