"""What a skill says: its name, its head, its claims, its numbers; and the review that decides them."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.distil.claims import KINDS, Claim, Span
from extract.skill import codec, document
from extract.skill.review import Decision, Review
from govern.errors import InputError, UsageError

QUOTE = "Please always tag the build before you upload it."
HEADER = document.Header(
    name="release-engineer",
    role="release engineer",
    subject="p-7d3kq2ma",
    purpose="knowledge_transfer",
    policy="worker_protection 1",
    expires=datetime(2027, 3, 1, 9, 0, tzinfo=UTC),
    pseudonym="PERSON_001",
)
LEDGER = {
    "seen": 3,
    "taken": 2,
    "taken_unchanged": 1,
    "taken_redacted": 1,
    "left_out": 1,
    "by_kind": {},
    "by_reason": {"record.third_party": 1},
    "redactions": {"PERSON": 1},
    "distilled": {},
    "dropped": {"not_a_rule": 4},
    "claims_kept_back": {},
    "claims": 1,
}


def _claim(number: int = 1, **changes: object) -> Claim:
    span = Span(4, 0, len(QUOTE), QUOTE, hashlib.sha256(QUOTE.encode()).hexdigest())
    claim = Claim(
        id=f"c{number:03d}",
        kind="procedure",
        kinds={"procedure": 700, "decision_rule": 200, "checklist": 100, "code_style": 0, "reference": 0},
        statement="always tag the build before you upload it.",
        mode="deletion",
        evidence=(span,),
        keep=800,
        threads=3,
        days=3,
        first=date(2026, 1, 5),
        last=date(2026, 2, 5),
        entropy_millibits=1157,
    )
    return replace(claim, **changes)  # type: ignore[arg-type]


def test_claims_survive_a_round_trip() -> None:
    claims = (_claim(1), _claim(2, review="corrected", mode="corrected", statement="Ask Ümit – “first”."))
    assert codec.from_lines(codec.to_lines(claims)) == claims


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d[:-1],
        lambda d: d + d,
        lambda d: d.replace(b'"kind":"procedure"', b'"kind":"persona"'),
        lambda d: d.replace(b'"mode":"deletion"', b'"mode":"counted"'),
        lambda d: d.replace(b'"days":3,', b""),
        lambda d: d.replace(b"{", b"{ ", 1),
        lambda d: d.replace(b"govern-claim/1", b"govern-claim/2"),
    ],
)
def test_a_damaged_claims_file_is_refused(damage: object) -> None:
    with pytest.raises(InputError):
        codec.from_lines(damage(codec.to_lines([_claim()])))  # type: ignore[operator]


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_or_read_and_never_crash(data: bytes) -> None:
    try:
        claims = codec.from_lines(data)
    except InputError:
        return
    assert codec.to_lines(claims) == data


def test_the_name_comes_from_the_role_and_never_from_the_person() -> None:
    assert document.skill_name("Payments & Billing engineer", None, ["Tove Lindqvist"]) == "payments-billing-engineer"
    assert document.skill_name("", None, []) == "colleague"
    for bad in ("Tove", "tove-rules", "a--b", "-a", "x" * 65, "Ä"):
        with pytest.raises(UsageError):
            document.skill_name("role", bad, ["Tove Lindqvist"])


def test_the_skill_says_claims_marks_and_numbers() -> None:
    files = document.files(HEADER, [_claim(review="accepted")], LEDGER, draft=False)
    text = files["SKILL.md"].decode()
    assert "- always tag the build before you upload it. [c001: 1 records, 3 days; procedure .70" in text
    assert "Records seen: 3. Taken: 2 (1 of them redacted). Left out: 1." in text
    assert "| `record.third_party` | 1 |" in text
    assert text.count("\n---\n") == 1
    assert QUOTE in files["references/evidence.md"].decode()


def test_what_code_alone_found_is_of_one_kind_and_says_so() -> None:
    sure = dict.fromkeys(KINDS, 0) | {"code_style": 1000}
    text = document.files(HEADER, [_claim(kind="code_style", kinds=sure)], LEDGER, draft=True)["SKILL.md"].decode()
    assert "; code style 1.00" in text


def test_a_draft_says_that_it_is_one() -> None:
    text = document.files(HEADER, [_claim()], LEDGER, draft=True)["SKILL.md"].decode()
    assert "**Draft.**" in text
    assert "not reviewed" in text


def test_an_unsure_claim_stands_apart() -> None:
    text = document.files(HEADER, [_claim(entropy_millibits=2100)], LEDGER, draft=False)["SKILL.md"].decode()
    assert text.index("## Where it is unsure") < text.index("always tag the build") < text.index("## What was left out")


def test_what_the_person_put_into_words_is_not_unsure() -> None:
    claim = _claim(entropy_millibits=2100, review="corrected", mode="corrected")
    text = document.files(HEADER, [claim], LEDGER, draft=False)["SKILL.md"].decode()
    assert text.index("## Procedures") < text.index("always tag the build") < text.index("## Where it is unsure")


@pytest.mark.parametrize(
    "long",
    [
        "Before you upload the build number {}, always tag it, unless somebody from the depot has agreed otherwise.",
        "Übergib die Schlüssel für Lagerverwaltungssystem {} grundsätzlich nur persönlich, nachdem die "
        "Zugangsberechtigung überprüft wurde.",
        "Prüfe Nr. {} zuerst.",
        "Use `_foo_bar{}(x->y[3]);` and `s/^.*$//g;`, never `x|=0xff`.",
    ],
)
def test_many_claims_leave_the_first_page_short_and_none_is_lost(long: str) -> None:
    from extract.distil.backend import default_model
    from extract.distil.llama_backend import LlamaBackend
    from extract.skill.verify import _shown

    claims = [_claim(i, statement=long.format(i), review="accepted", mode="corrected") for i in range(1, 201)]
    files = document.files(HEADER, claims, LEDGER, draft=False)
    with closing(LlamaBackend(default_model())) as backend:
        assert 3000 < backend.tokens(files["SKILL.md"].decode()) < 5000
    assert "more claims, less sure than these, are in `references/more-claims.md`" in files["SKILL.md"].decode()
    assert _shown(files) == "200 claims"
    # The first ones are on the first page, as many as fit.
    assert "[c001:" in files["SKILL.md"].decode()
    assert "[c200:" in files[document.MORE].decode()
    assert document.estimated_tokens(files["SKILL.md"].decode()) > 0.95 * document.LONGEST
    assert document.MORE not in document.files(HEADER, claims[:3], LEDGER, draft=False)


def test_no_angle_bracket_or_line_break_gets_into_the_front_matter() -> None:
    header = replace(HEADER, role='evil"\n---\nrole <script>')
    text = document.files(header, [_claim()], LEDGER, draft=False)["SKILL.md"].decode()
    front = text.split("\n---\n")[0]
    assert "<" not in front
    assert front.count("\n") == 10


def test_a_review_keeps_strikes_and_corrects() -> None:
    claims = [_claim(1), _claim(2), _claim(3)]
    review = Review("x").decide(claims[0], Decision("accepted")).decide(claims[1], Decision("struck"))
    assert [c.id for c in review.open_claims(claims)] == ["c003"]
    review = review.decide(claims[2], Decision("corrected", "  Ask \n first. "))
    kept = review.apply(claims)
    assert [(c.id, c.review, c.statement) for c in kept] == [
        ("c001", "accepted", claims[0].statement),
        ("c003", "corrected", "Ask first."),
    ]
    assert [c.review for c in review.judged(claims)] == ["accepted", "struck", "corrected"]
    assert review.counts() == {"accepted": 1, "corrected": 1, "struck": 1}
    assert Review.from_bytes(review.to_bytes()).decisions == review.decisions


def test_a_decision_can_be_taken_back_and_an_empty_correction_is_refused() -> None:
    claim = _claim()
    review = Review("x").decide(claim, Decision("struck")).decide(claim, None)
    assert review.open_claims([claim]) == [claim]
    with pytest.raises(UsageError):
        review.decide(claim, Decision("corrected", "  "))


def test_unsure_claims_come_first_in_the_review() -> None:
    claims = [_claim(1), _claim(2, entropy_millibits=2300)]
    assert [c.id for c in Review("x").open_claims(claims)] == ["c002", "c001"]


def test_a_damaged_review_is_refused() -> None:
    for data in (b"", b"{}", b"[]", Review("x").to_bytes().replace(b"review/1", b"review/2")):
        with pytest.raises(InputError):
            Review.from_bytes(data)


def test_a_skill_is_described_by_the_words_that_set_it_apart() -> None:
    quote = "Always check the new version of the flotilla ledger before the [PHONE] of PERSON_001 rings, isn't it."
    other = "We check the flotilla ledger twice a week."
    spans = tuple(Span(n, 0, len(q), q, hashlib.sha256(q.encode()).hexdigest()) for n, q in enumerate((quote, other)))
    words = document.topics([_claim(statement=quote, evidence=spans), _claim(2, statement="Check the new test first.")])
    assert words[:2] == ["flotilla", "ledger"]
    assert {"rings", "twice"} < set(words)
    # Anybody checks: it counts less, though it stands in one more text.
    assert words.index("check") == 2
    # Tokens, contractions and words of no meaning do not come at all.
    assert {"phone", "person", "isn't", "the", "always"}.isdisjoint(words)
