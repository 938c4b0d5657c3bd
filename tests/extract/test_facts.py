"""From records to facts: sources, authors, the subject's own day, and the topics of GDPR art. 9."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from workplace import PEOPLE, SUBJECT

from extract import facts, identity, marks, vetoes
from extract.records import Record, TextSpan

TOVE = "mailto:tove.lindqvist@harbour.example"
BASHIR = "mailto:bashir.haddad@harbour.example"


def _record(**changes: Any) -> Record:
    text = str(changes.pop("text", "Always tag the build."))
    base = Record(
        source_kind="mail",
        locator="a.mbox#1",
        raw_digest="00" * 32,
        container="a.mbox",
        container_kind="mailbox",
        author_key=TOVE,
        author_raw="Tove Lindqvist <tove.lindqvist@harbour.example>",
        author_basis="header.from",
        recipients=(BASHIR,),
        names_seen=(),
        labels=(),
        sent_at=datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
        tz_offset_min=60,
        tz_basis="header",
        thread_id="t1",
        parent_id="",
        title="",
        text=text,
        spans=(TextSpan(0, len(text), "own", TOVE),),
    )
    return replace(base, **changes)


def _facts(*found: Record) -> Any:
    people = identity.parse(PEOPLE.encode())
    return facts.compute([(r, marks.of(r)) for r in found], people, SUBJECT)


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({}, "mail.work"),
        ({"author_key": "mailto:tove@home.example", "author_raw": "Tove"}, "mail.work"),
        ({"recipients": ("mailto:friend@home.example",)}, "mail.work"),
        ({"source_kind": "commit", "container_kind": "repo"}, "vcs.commit"),
        ({"source_kind": "document", "container_kind": "document"}, "document.file"),
        ({"source_kind": "chat", "container_kind": "public"}, "chat.public_channel"),
        ({"source_kind": "chat", "container_kind": "private"}, "chat.private_channel"),
        ({"source_kind": "chat", "container_kind": "group_dm"}, "chat.direct"),
    ],
)
def test_the_source_follows_from_the_kind_of_place_and_the_accounts(changes: dict[str, Any], source: str) -> None:
    assert _facts(_record(**changes))["source"].tolist() == [source]


def test_a_mail_on_a_private_account_of_the_subject_is_private(tmp_path: Any) -> None:
    text = PEOPLE.replace("emails: [tove.lindqvist@", "emails: [tove@home.example, tove.lindqvist@")
    people = identity.parse(text.encode())
    both = _record(recipients=("mailto:tove@home.example", BASHIR))
    frame = [(both, marks.of(both))]
    assert facts.compute(frame, people, SUBJECT)["source"].tolist() == ["mail.personal"]


def test_an_unknown_container_kind_and_author_stay_unknown() -> None:
    rows = _facts(_record(container_kind="unknown"), _record(locator="a.mbox#2", author_key="", author_basis="unknown"))
    assert rows["container_kind"].isna().tolist() == [True, False]
    assert rows["author"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("offset", "minute"),
    [
        (60, 10 * 60 + 30),  # as stated
        (-300, 4 * 60 + 30),  # away, and the header says so
        (0, 10 * 60 + 30),  # +0000 may be a server's: the people file says Berlin
        (None, 10 * 60 + 30),  # chat states none
    ],
)
def test_the_local_time_is_the_subjects(offset: int | None, minute: int) -> None:
    assert _facts(_record(tz_offset_min=offset))["local_minute"].tolist() == [minute]


def test_a_missing_time_is_unknown_in_every_fact_that_rests_on_it() -> None:
    row = _facts(_record(sent_at=None)).iloc[0]
    for name in ("sent_at", "local_minute", "local_weekday", "local_date", "absence"):
        assert row.isna()[name]


def test_other_peoples_words_are_counted_apart() -> None:
    text = "Mine.\n> Yours, quoted.\n???"
    spans = (TextSpan(0, 6, "own", TOVE), TextSpan(6, 23, "quoted", BASHIR), TextSpan(23, len(text), "unknown", ""))
    row = _facts(_record(text=text, spans=spans)).iloc[0]
    assert (row["own_chars"], row["foreign_chars"], row["unknown_chars"]) == (5, 16, 3)


def test_a_copy_names_the_row_that_is_kept() -> None:
    rows = _facts(_record(), _record(locator="a.mbox#2", dup_of="a.mbox#1"))
    assert rows["duplicate_of"].tolist() == [0, 0]


def test_group_addresses_are_places_and_people_are_not() -> None:
    (places,) = _facts(_record(recipients=(BASHIR, "mailto:betriebsrat@harbour.example")))["places"]
    assert "betriebsrat" in places
    assert "bashir.haddad" not in places


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("I am on sick leave until Monday", ("health",)),
        ("Sorry, I\u2019m sick", ("health",)),
        ("back from the\nhospital", ("health",)),
        ("Bin krank, bis Donnerstag", ("health",)),
        ("the works council asked, and I go to church", ("religion", "union")),
        ("she got her residence permit", ("migration",)),
        # Words of the trade that only look like such a topic.
        ("run the database migration, then the SQL UNION", ()),
        ("I diagnosed the race condition", ()),
        ("the service is healthy again", ()),
        ("I'm sick of this flaky test", ()),
        ("the fingerprint of the key has changed", ()),
        ("a fluent interface", ()),
    ],
)
def test_topics_of_article_9_are_found_by_word(text: str, topics: tuple[str, ...]) -> None:
    assert marks.special_categories(text) == topics


def _people(*more: str) -> identity.Identities:
    return identity.parse((PEOPLE + "".join(more)).encode())


def test_a_mark_in_label_subject_or_folder_is_a_fact() -> None:
    rows = _facts(
        _record(labels=("Legal/Privileged",)),
        _record(locator="2", title="[NDA] prices"),
        _record(locator="3", container="hr-cases"),
        _record(locator="4"),
    )
    assert rows["markings"].tolist() == [("privileged",), ("customer_secret",), ("hr_case",), ()]


@pytest.mark.parametrize(
    ("changes", "external"),
    [
        ({}, False),
        ({"recipients": (BASHIR, "mailto:somebody.else@harbour.example")}, False),
        ({"recipients": (BASHIR, "mailto:buyer@customer.example")}, True),
        ({"author_key": "mailto:buyer@customer.example"}, True),
        ({"source_kind": "chat", "recipients": ("slack:U0BASHIR1",)}, False),
        ({"source_kind": "chat", "recipients": ("slack:W0GUEST",)}, True),
        ({"labels": ("flag:external",), "recipients": ()}, True),
        ({"author_key": "", "recipients": ()}, None),
    ],
)
def test_who_is_neither_in_the_file_nor_at_a_work_domain_is_external(
    changes: dict[str, Any], external: bool | None
) -> None:
    (found,) = _facts(_record(**changes))["external"].astype(object).tolist()
    assert (None if found is not True and found is not False else found) == external


def test_a_minor_is_known_by_the_people_file_or_by_a_word() -> None:
    people = _people("  - pid: p-3k6m9x2w\n    emails: [kid@harbour.example]\n    minor: true\n")
    found = [
        _record(),
        _record(locator="2", recipients=("mailto:kid@harbour.example",)),
        _record(locator="3", text="Unser Schülerpraktikant sitzt ab Montag bei euch."),
        _record(locator="4", text="a 10 year old bug, and a minor release"),
    ]
    rows = facts.compute([(r, marks.of(r)) for r in found], people, SUBJECT)
    assert rows["minor"].tolist() == [False, True, True, False]


def test_characters_about_feelings_are_of_the_own_words_only() -> None:
    text = "I am so angry.\n> I am so sad.\nTag it."
    spans = (TextSpan(0, 15, "own", TOVE), TextSpan(15, 31, "quoted", ""), TextSpan(31, len(text), "own", TOVE))
    whole = "I'm sad. I'm angry."
    rows = _facts(_record(text=text, spans=spans), _record(locator="2", text=whole))
    assert rows["emotion_chars"].tolist() == [14, len(whole)]
    assert rows["own_chars"].tolist() == [20, len(whole)]


def test_a_veto_reaches_the_whole_thread_and_not_another() -> None:
    buyer = "mailto:buyer@customer.example"
    found = [
        _record(recipients=(BASHIR,)),
        _record(locator="2", author_key=buyer),
        _record(locator="3", thread_id="t2"),
    ]
    frame, people = [(r, marks.of(r)) for r in found], _people()

    def vetoed(*who: str, secret: bytes = b"s") -> list[bool]:
        rows = facts.compute(frame, people, SUBJECT, vetoes.Vetoes(frozenset(who), secret))
        return list(rows["vetoed"])

    assert vetoed() == [False, False, False]
    assert vetoed("p-2xw8n5ht") == [True, True, True]
    assert vetoed(vetoes.commitment(b"s", buyer)) == [True, True, False]
    # Under another workspace's secret the commitment means nobody; and whoever got a pseudonym later keeps the veto.
    assert vetoed(vetoes.commitment(b"s", buyer), secret=b"t") == [False, False, False]
    assert vetoed(vetoes.commitment(b"s", BASHIR)) == [True, True, True]


def test_without_knowledge_of_vetoes_the_fact_is_unknown() -> None:
    assert _facts(_record())["vetoed"].isna().all()


def test_words_are_categories_whatever_they_are() -> None:
    import pandas as pd

    rows = _facts(_record(), _record(locator="2", labels=("Work", "Billing")), _record(locator="3", sent_at=None))
    assert all(isinstance(rows[n].dtype, pd.CategoricalDtype) for n in ("source", "places", "local_date", "markings"))
    assert rows["places"].tolist()[1] == ("a.mbox", "billing", "work")
    assert rows["local_date"].isna().tolist() == [False, False, True]
