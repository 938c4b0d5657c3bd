"""Who is meant: every mention of a person gets that person's token, and nobody else's."""

from __future__ import annotations

from functools import lru_cache

import pytest

from redact.directory import Person
from redact.engine import Redactor
from redact.pseudonyms import TOKEN

KEY = bytes(range(32))
HEAD = "From: Ostrowski, Zuleikha\nTo: Quentin Abara <q.abara@vendor.test>\nSubject: plan\n"


@lru_cache(maxsize=2)
def redactor(profile: str = "fast") -> Redactor:
    return Redactor((), (), (), KEY, profile)


def tokens(text: str) -> list[str]:
    done = redactor().redact([text])[0].text
    return [m.group().removesuffix("_EMAIL").removesuffix("_HANDLE") for m in TOKEN.finditer(done)]


@pytest.mark.parametrize(
    "mention",
    [
        "Zuleikha",
        "Ostrowski",
        "Zuleikha Ostrowski's",
        "Ostrowski, Zuleikha K.",
        "Z. Ostrowski",
        "Zuleikha O.",
        "Zuleikha Ostrowski/BER/Acme@ACME",
        "zuleikha.ostrowski@vendor.test",
        "zostrowski@vendor.test",
        "ostrowski@vendor.test",
        "ostrowskiz@vendor.test",
        "zuleikhao7@vendor.test",
        "@zostrowski",
    ],
)
def test_parts_addresses_and_logins_mean_the_one_person_whose_full_name_is_there(mention: str) -> None:
    sender, *rest = tokens(f"{HEAD}\nplease ask {mention} for it\n")
    assert len(rest) == 3
    assert rest[-1] == sender


@pytest.mark.parametrize(
    "mention",
    ["m.ostrowski@vendor.test", "zuleikha.brandl@vendor.test", "Brynhild Ostrowski", "@zulo99", "B. Ostrowski"],
)
def test_a_name_or_address_that_only_shares_a_part_is_somebody_else(mention: str) -> None:
    sender, *rest = tokens(f"{HEAD}\nplease ask {mention} for it\n")
    assert len(rest) == 3
    assert rest[-1] != sender


@pytest.mark.parametrize(
    ("full", "short"),
    [("Kimberly Abara", "Kim"), ("Judith Abara", "Judy"), ("Friederike Abara", "Friederike"), ("Josef Abara", "Sepp")],
)
def test_nicknames_mean_the_full_name(full: str, short: str) -> None:
    first, second, third = tokens(f"From: {full}\n\nHi {short},\nok\n\nThanks,\n{short} Abara")
    assert first == second == third


def test_a_first_name_of_two_people_means_the_one_whom_its_message_names() -> None:
    text = (
        "From: Zuleikha Ostrowski\nSubject: a\n\nok\n\nThanks,\nZuleikha\n"
        "-----Original Message-----\nFrom: Zuleikha Brandl\nSubject: b\n\nok\n\nThanks,\nZuleikha\n"
    )
    one, signed, other, signs = tokens(text)
    assert one == signed
    assert other == signs
    assert one != other


def test_a_first_name_of_two_people_of_one_message_is_hidden_without_a_number() -> None:
    out = tokens("To: Zuleikha Ostrowski; Zuleikha Brandl\n\nHi Zuleikha,\nok")
    assert out[2] == "[PERSON]"
    assert out[0] != out[1]


def test_a_display_name_and_the_address_behind_it_are_one_person() -> None:
    out = tokens('To: "Woody Brandl" <x77@vendor.test>\n\nmail x77@vendor.test')
    assert len(out) == 3
    assert len(set(out)) == 1


def test_two_addresses_of_one_first_name_are_two_people() -> None:
    out = tokens("To: Zuleikha <x77@vendor.test>, Zuleikha <y88@vendor.test>\n\nmail x77@vendor.test")
    assert out[1] != out[3]
    assert out[1] == out[4]


def test_a_listed_person_does_not_take_the_mentions_of_a_namesake() -> None:
    r = Redactor((Person("p", ("Zuleikha Ostrowski",)),), (), (), KEY, "fast")
    listed = r.people_tokens()["p"]
    out = r.redact(["From: Zuleikha Brandl\n\nok\n\nThanks,\nZuleikha", "ask Zuleikha"])
    assert listed not in out[0].text
    assert listed in out[1].text


def test_two_listed_people_never_become_one() -> None:
    r = Redactor((Person("a", ("Tess Lind",)), Person("b", ("Teresa Lind",))), (), (), KEY, "fast")
    out = r.redact(["Tess Lind met Teresa Lind"])[0].text
    assert len(set(TOKEN.findall(out))) == 2
