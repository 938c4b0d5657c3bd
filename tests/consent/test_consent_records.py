"""Record gates: which rows are taken, and for what reasons the others are left out."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from consent_world import MAREN, PURPOSE, World, agreed, choice_of, facts

from consent import build, decide
from consent.errors import FactsError
from consent.facts import FACTS
from consent.gates.record import lots
from consent.gates.registry import RECORD
from consent.keys import EnrolledKey
from consent.reasons import WORD, Reasons
from policies.loader import floor, parse
from policies.model import Policy


def policy(gates: str) -> Policy:
    return parse(f"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates: {{{gates}}}\n".encode(), "test")


def reasons(
    *rows: dict[str, Any], under: str | None = None, seed: int = 0, **consent: Any
) -> Sequence[tuple[str, ...]]:
    world = World() if under is None else World(policy=policy(under))
    choice = choice_of(world.record(**consent))
    return decide.decide_records(world.policy, facts(*rows), choice, world.request(), seed=seed).reasons


def test_a_record_that_every_gate_lets_pass_is_taken() -> None:
    assert reasons({}) == [()]


LEFT_OUT = [
    ({"source": "mail.personal"}, ("record.source", "subject.scope")),
    ({"source": "chat.direct"}, ("record.source", "subject.scope")),
    ({"source": "document.file"}, ("record.source", "subject.scope")),
    ({"source": "something.new"}, ("record.source", "subject.scope")),
    ({"container_kind": "dm"}, ("record.private_conversation",)),
    ({"container_kind": "group_dm"}, ("record.private_conversation",)),
    ({"container_kind": "private"}, ("record.private_conversation",)),
    ({"container_kind": "personal_folder"}, ("record.private_conversation",)),
    ({"container_kind": "unknown"}, ("record.private_conversation",)),
    ({"places": ("inbox", "betriebsrat-2026")}, ("record.private_conversation",)),
    ({"local_minute": 479}, ("record.working_time",)),
    ({"local_minute": 1080}, ("record.working_time",)),
    ({"local_minute": -1}, ("record.working_time",)),
    ({"local_minute": 1440}, ("record.working_time",)),
    ({"local_weekday": 5}, ("record.working_time",)),
    ({"local_weekday": 7}, ("record.working_time",)),
    ({"local_weekday": -1}, ("record.working_time",)),
    ({"absence": True}, ("record.working_time",)),
    ({"sent_at": "2025-11-22T09:59:59Z"}, ("record.lookback",)),
    ({"sent_at": "2026-11-22T10:00:01Z"}, ("record.lookback",)),
    ({"author": "other"}, ("record.third_party",)),
    ({"author": "Subject"}, ("record.third_party",)),
    ({"own_chars": 0}, ("record.third_party",)),
    ({"special_category": ("health",)}, ("record.special_category",)),
    ({"emotion_chars": 120}, ("record.emotion",)),
    ({"emotion_chars": 121}, ("record.emotion",)),
    ({"emotion_chars": -5}, ("record.emotion",)),
    ({"own_chars": 0, "emotion_chars": 0}, ("record.third_party",)),
    ({"vetoed": True}, ("record.participant_veto",)),
    ({"markings": ("privileged",)}, ("record.label",)),
    ({"markings": ("draft", "hr_case")}, ("record.label",)),
    ({"minor": True}, ("record.external_party",)),
    ({"minor": True, "external": True}, ("record.external_party",)),
    ({"special_category": ("a topic that nobody has listed",)}, ("record.special_category",)),
    ({"local_date": "2025-12-31"}, ("subject.scope",)),
    ({"local_date": "2026-11-23"}, ("subject.scope",)),
    ({"local_date": "tomorrow"}, ("subject.scope",)),
    ({"source": "mail.personal", "author": "other", "absence": True},
     ("record.source", "record.third_party", "record.working_time", "subject.scope")),
]  # fmt: skip


@pytest.mark.parametrize(("row", "expected"), LEFT_OUT)
def test_a_record_is_left_out_with_every_reason(row: dict, expected: tuple[str, ...]) -> None:
    assert reasons(row) == [expected]


TAKEN = [
    {"local_minute": 480},
    {"local_minute": 1079},
    {"local_weekday": 4},
    {"sent_at": "2025-11-22T10:00:00Z"},
    {"sent_at": "2026-11-22T10:00:00Z"},
    {"own_chars": 1},
    {"foreign_chars": 9000, "unknown_chars": 9000},
    {"local_date": "2026-01-01"},
    {"local_date": "2026-11-22"},
    {"places": ()},
    {"participants": None},
    {"emotion_chars": 119},
    {"markings": ("draft",)},
    {"external": True},
    {"source": "vcs.commit", "container_kind": "repo"},
]


@pytest.mark.parametrize("row", TAKEN)
def test_limits_belong_to_what_is_allowed(row: dict) -> None:
    assert reasons(row) == [()]


NEEDED = [
    "source", "container_kind", "places", "author", "own_chars", "sent_at", "local_minute", "local_weekday",
    "local_date", "absence", "special_category", "emotion_chars", "vetoed", "markings", "external", "minor",
]  # fmt: skip


@pytest.mark.parametrize("fact", NEEDED)
def test_a_missing_fact_denies_and_is_named(fact: str) -> None:
    assert reasons({fact: None}, {}) == [(f"missing_fact.{fact}",), ()]


@pytest.mark.parametrize("fact", NEEDED)
def test_a_missing_column_denies_every_row(fact: str) -> None:
    world = World()
    frame = facts({}, {}).drop(columns=fact)
    found = decide.decide_records(world.policy, frame, choice_of(world.record()), world.request())
    assert found.reasons == [(f"missing_fact.{fact}",)] * 2


def test_no_facts_at_all_deny_everything() -> None:
    world = World()
    frame = pd.DataFrame(index=range(3))
    found = decide.decide_records(world.policy, frame, choice_of(world.record()), world.request())
    assert found.taken == []
    assert set(found.by_reason) == {f"missing_fact.{fact}" for fact in (*NEEDED, "duplicate_of")}


def test_an_empty_frame_is_decided_too() -> None:
    world = World()
    found = decide.decide_records(world.policy, facts({}).head(0), choice_of(world.record()), world.request())
    assert (found.reasons, found.by_reason) == ([], {})


def test_two_columns_of_one_name_are_refused() -> None:
    world = World()
    frame = facts({})
    with pytest.raises(FactsError):
        decide.decide_records(world.policy, pd.concat([frame, frame[["author"]]], axis=1), None, world.request())


MALFORMED = [
    ("places", "betriebsrat", "record.private_conversation"),
    ("places", (1, 2), "record.private_conversation"),
    ("special_category", "health", "record.special_category"),
    ("own_chars", "many", "record.third_party"),
    ("own_chars", 0.5, "record.third_party"),
    ("sent_at", "2026-06-01", "record.lookback"),
    ("local_minute", "10:00", "record.working_time"),
]


@pytest.mark.parametrize(("fact", "value", "gate"), MALFORMED)
def test_a_malformed_fact_denies_as_an_error_of_the_gate(fact: str, value: object, gate: str) -> None:
    world = World()
    frame = facts({})
    frame[fact] = pd.Series([value], dtype=object)
    found = decide.decide_records(world.policy, frame, choice_of(world.record()), world.request())
    assert f"gate_error.{gate}" in found.reasons[0]


def test_naive_times_deny() -> None:
    world = World()
    frame = facts({})
    frame["sent_at"] = frame["sent_at"].dt.tz_localize(None)
    found = decide.decide_records(world.policy, frame, choice_of(world.record()), world.request())
    assert found.reasons == [("gate_error.record.lookback",)]


def test_a_gate_that_fails_denies_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(params: object, frame: object, context: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(RECORD, "record.source", broken)
    assert reasons({}, {"author": "other"}) == [
        ("gate_error.record.source",),
        ("gate_error.record.source", "record.third_party"),
    ]


def test_counts_by_reason_add_up() -> None:
    world = World()
    frame = facts({}, {"author": "other"}, {"author": "other", "absence": True})
    found = decide.decide_records(world.policy, frame, choice_of(world.record()), world.request())
    assert found.by_reason == {"record.third_party": 2, "record.working_time": 1}
    assert found.taken == [0]


def test_rows_are_counted_from_the_top_whatever_their_index() -> None:
    world = World()
    frame = facts({"author": "other"}, {}, {})
    frame.index = pd.Index([7, 7, 3])
    found = decide.decide_records(world.policy, frame, choice_of(world.record()), world.request())
    assert found.taken == [1, 2]


# --- consent --------------------------------------------------------------------------------------------------------


def test_without_a_consent_no_row_is_taken() -> None:
    world = World()
    found = decide.decide_records(world.policy, facts({}), None, world.request())
    assert found.reasons == [("subject.consent_valid", "subject.scope")]


def test_a_withdrawal_during_the_run_stops_at_the_next_gate() -> None:
    world = agreed()
    before = world.ledger().state(MAREN, PURPOSE, world.now)
    world.withdraw()
    after = world.ledger().state(MAREN, PURPOSE, world.now)
    found = [decide.decide_records(floor(), facts({}), c, world.request()).reasons[0] for c in (before, after)]
    assert "lifecycle.withdrawal" not in found[0]
    assert {"lifecycle.withdrawal", "subject.consent_valid"} <= set(found[1])


def test_a_consent_that_runs_out_during_the_run_stops_it() -> None:
    world = agreed(validity="PT1H")
    choice = replace(world.ledger().state(MAREN, PURPOSE, world.now), key=EnrolledKey(0, "k", b"", witness="dpo-1"))
    assert decide.decide_records(world.policy, facts({}), choice, world.request()).reasons == [()]
    world.pass_time(hours=1)
    found = decide.decide_records(world.policy, facts({}), choice, world.request())
    assert found.reasons == [("subject.consent_valid",)]


def test_the_choice_of_another_person_or_purpose_does_not_serve() -> None:
    world = World()
    choice = choice_of(world.record())
    for changes in ({"subject": "p-7h3d9w2c"}, {"purpose": "onboarding"}):
        found = decide.decide_records(world.policy, facts({}), choice, world.request(**changes))
        assert found.reasons == [("subject.consent_valid",)]


def test_a_choice_made_under_another_policy_does_not_serve() -> None:
    world = World()
    choice = choice_of(world.record(policy=floor()))
    found = decide.decide_records(world.policy, facts({}), choice, world.request())
    assert found.reasons == [("subject.scope",)]


def test_only_agreed_sources_are_taken() -> None:
    rows = ({"source": "mail.work"}, {"source": "vcs.commit"})
    assert reasons(*rows, sources=["vcs.commit"]) == [("subject.scope",), ()]


# --- parameters -----------------------------------------------------------------------------------------------------


def test_records_from_before_the_notice_are_left_out_where_the_policy_says_so() -> None:
    world = World(policy=policy("record.lookback: {before_notice: deny}"))
    shown = world.now.replace(month=7, day=1)
    choice = choice_of(world.record(shown_at=shown))
    frame = facts({"sent_at": "2026-07-01T09:59:59Z"}, {"sent_at": "2026-07-01T10:00:00Z"})
    found = decide.decide_records(world.policy, frame, choice, world.request())
    assert found.reasons == [("record.lookback",), ()]


def test_a_policy_can_add_protected_words_and_kinds() -> None:
    rows = ({"places": ("projekt-fuchs",)}, {"container_kind": "list"}, {"places": ("legal",)})
    under = "record.private_conversation: {words: [projekt fuchs], kinds: [list]}"
    assert reasons(*rows, under=under) == [("record.private_conversation",)] * 3


def test_two_windows_leave_the_lunch_break_out() -> None:
    week = '{mon: [{from: "08:00", to: "12:00"}, {from: "13:00", to: "24:00"}]}'
    under = f"record.working_time: {{week: {week}}}"
    # The floor ends at 22:00, so a window until midnight does not load; this one ends with it.
    rows = [{"local_minute": minute} for minute in (719, 720, 779, 780)]
    expected = [(), ("record.working_time",), ("record.working_time",), ()]
    assert reasons(*rows, under=under.replace("24:00", "22:00")) == expected


def test_the_floors_own_hours_apply_where_a_policy_is_silent() -> None:
    rows = [{"local_minute": m, "local_weekday": d} for m, d in ((359, 0), (360, 0), (1319, 5), (1320, 5), (600, 6))]
    out = ("record.working_time",)
    assert reasons(*rows, under="run.purpose: {}") == [out, (), (), out, out]


def test_a_gate_outside_the_floor_that_is_not_named_does_not_apply() -> None:
    assert reasons({"sent_at": "2020-06-01T08:00:00Z"}, under="run.purpose: {}") == [()]


def test_a_policy_can_leave_out_whatever_a_customer_took_part_in() -> None:
    rows = ({}, {"external": True}, {"external": None}, {"minor": None})
    under = "record.external_party: {customers: drop_record}"
    expected = [(), ("record.external_party",), ("missing_fact.external",), ("missing_fact.minor",)]
    assert reasons(*rows, under=under) == expected


def test_a_policy_can_add_marks_and_drop_some() -> None:
    rows = [{"markings": (mark,)} for mark in ("works_council", "privileged")]
    assert reasons(*rows, under="record.label: {deny: [works_council]}") == [("record.label",), ()]


def test_an_open_objection_denies_every_record() -> None:
    world = World()
    choice = choice_of(world.record(), objected=True)
    found = decide.decide_records(world.policy, facts({}, {}), choice, world.request())
    assert found.reasons == [("subject.objection",)] * 2


def test_a_source_that_was_taken_back_is_left_out_and_the_others_are_not() -> None:
    world = agreed()
    world.log("consent.withdrawn", build.narrowing(MAREN, [PURPOSE], ["mail.work"], "paper"))
    choice = replace(world.ledger().state(MAREN, PURPOSE, world.now), key=EnrolledKey(0, "k", b"", witness="dpo-1"))
    frame = facts({"source": "mail.work"}, {"source": "vcs.commit"})
    found = decide.decide_records(world.policy, frame, choice, world.request())
    assert found.reasons == [("subject.scope",), ()]


# --- duplicates -----------------------------------------------------------------------------------------------------


def test_of_several_copies_one_is_taken() -> None:
    assert reasons({}, {"duplicate_of": 0}, {"duplicate_of": 0}, {}) == [(), ("duplicate",), ("duplicate",), ()]


def test_a_denied_copy_denies_all_copies() -> None:
    rows = ({}, {"duplicate_of": 0, "source": "mail.personal"}, {"duplicate_of": 0, "author": None}, {})
    shared = ("missing_fact.author", "record.source", "subject.scope")
    copy = ("duplicate", *shared)
    assert reasons(*rows) == [shared, copy, copy, ()]


@pytest.mark.parametrize("kept", ["missing", -1, 9, 1])
def test_copies_in_doubt_deny_everything(kept: object) -> None:
    # Row 1 names row 0, so row 0 cannot in turn be a copy of row 1.
    found = reasons({"duplicate_of": kept}, {"duplicate_of": 0}, {})
    assert all("missing_fact.duplicate_of" in row for row in found)


def test_a_column_of_copies_that_is_no_number_denies_everything() -> None:
    world = World()
    frame = facts({}, {})
    frame["duplicate_of"] = pd.Series(["a", "b"], dtype=object)
    found = decide.decide_records(world.policy, frame, choice_of(world.record()), world.request())
    assert found.reasons == [("missing_fact.duplicate_of",)] * 2


# --- record.volume --------------------------------------------------------------------------------------------------


def test_no_more_than_the_limit_are_drawn_and_the_rest_says_why() -> None:
    found = reasons(*[{}] * 20, under="record.volume: {max: 7}", seed=3)
    assert found.count(()) == 7
    assert found.count(("record.volume",)) == 13


def test_the_same_seed_draws_the_same_records_and_another_seed_others() -> None:
    draws = [tuple(reasons(*[{}] * 40, under="record.volume: {max: 20}", seed=seed)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1]
    assert draws[0] != draws[2]


def _lot(seed: int, row: int) -> int:
    """The rule of `lots` in plain integers, as an auditor would write it."""
    z = int.from_bytes(hashlib.sha256(f"draw:{seed}".encode()).digest()[:8], "big") + (row + 1) * 0x9E3779B97F4A7C15
    z %= 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def test_the_lots_of_a_frame_are_those_of_its_rows_and_all_different() -> None:
    rows = np.arange(5000)
    found = lots(2**70 + 5, rows).tolist()
    assert found == [_lot(2**70 + 5, row) for row in range(5000)]
    assert len(set(found)) == 5000


def test_anyone_can_redo_the_draw() -> None:
    found = reasons(*[{}] * 12, under="record.volume: {max: 5}", seed=99)
    expected = sorted(sorted(range(12), key=lambda row: _lot(99, row))[:5])
    assert [row for row, why in enumerate(found) if not why] == expected


def test_records_that_the_floor_denies_take_no_place() -> None:
    rows = [{"author": "other"}] * 10 + [{}] * 5
    assert reasons(*rows, under="record.volume: {max: 5}").count(()) == 5


def test_copies_take_one_place() -> None:
    rows = [{}] + [{"duplicate_of": 0}] * 5 + [{}]
    assert reasons(*rows, under="record.volume: {max: 2}").count(()) == 2


def test_a_record_with_a_copy_that_the_floor_denies_takes_no_place() -> None:
    rows = [{}, *[{"duplicate_of": 0, "source": "mail.personal"}] * 2, *[{}] * 3]
    found = reasons(*rows, under="record.volume: {max: 3}")
    assert [row for row, why in enumerate(found) if not why] == [3, 4, 5]


def test_hiding_a_fact_of_one_record_does_not_let_another_in() -> None:
    under = "record.volume: {max: 2}"
    before = reasons({}, {}, {}, under=under)
    for row in range(3):
        hidden = [{"author": None} if i == row else {} for i in range(3)]
        after = reasons(*hidden, under=under)
        assert all(after[i] for i in range(3) if before[i])


def test_a_stricter_policy_frees_no_place_for_a_record_that_a_looser_one_leaves_out() -> None:
    rows = [{"places": ("fuchs",)} if i % 2 else {} for i in range(20)]
    loose = reasons(*rows, under="record.volume: {max: 6}")
    strict = reasons(*rows, under="record.volume: {max: 6}, record.private_conversation: {words: [fuchs]}")
    assert all(strict[i] for i in range(20) if loose[i])
    assert strict.count(()) < loose.count(()) == 6


def test_hiding_that_a_record_is_a_copy_does_not_let_the_other_copy_in() -> None:
    denied = {"source": "mail.personal"}
    assert () not in reasons({}, {"duplicate_of": 0} | denied)
    assert () not in reasons({}, {"duplicate_of": "missing"} | denied)


def test_a_limit_of_nothing_takes_nothing() -> None:
    assert reasons({}, {}, under="record.volume: {max: 0}") == [("record.volume",)] * 2


# --- facts ----------------------------------------------------------------------------------------------------------


def test_every_fact_has_a_dtype_that_pandas_knows() -> None:
    frame = facts({})
    for fact in FACTS:
        assert frame[fact.name].dtype == pd.api.types.pandas_dtype(fact.dtype)


def _mixed(count: int) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    options: list[dict[str, Any]] = [dict(row) for row, _ in LEFT_OUT] + TAKEN + [{fact: None} for fact in NEEDED]
    return facts(*[options[i] for i in rng.integers(0, len(options), count)])


WORDS = [fact.name for fact in FACTS if fact.dtype in ("str", "object")]


def as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    coded = {}
    for name in WORDS:
        codes, values = pd.factorize(frame[name])
        coded[name] = pd.Categorical.from_codes(codes, pd.Index(list(values), dtype=object, tupleize_cols=False))
    return frame.assign(**coded)


def as_objects(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(object).assign(sent_at=frame["sent_at"])


def as_lists(frame: pd.DataFrame) -> pd.DataFrame:
    lists = {
        name: [list(value) if isinstance(value, tuple) else value for value in frame[name]]
        for name in ("places", "special_category", "markings")
    }
    return frame.assign(**lists)


def in_nanoseconds_elsewhere(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(sent_at=frame["sent_at"].astype("datetime64[ns, Asia/Kathmandu]"))


@pytest.mark.parametrize("form", [as_categories, as_objects, as_lists, in_nanoseconds_elsewhere])
def test_how_a_column_is_stored_makes_no_difference(form: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    world, frame = World(), _mixed(400)
    choice = choice_of(world.record())
    expected = decide.decide_records(world.policy, frame, choice, world.request(), seed=4)
    assert decide.decide_records(world.policy, form(frame), choice, world.request(), seed=4) == expected
    assert 0 < len(expected.taken) < 400


def test_lists_of_one_length_are_no_table() -> None:
    world = World()
    frame = as_lists(facts({"places": ("inbox", "a")}, {"places": ("inbox", "legal")}))
    found = decide.decide_records(world.policy, frame, choice_of(world.record()), world.request())
    assert found.reasons == [(), ("record.private_conversation",)]


def test_categories_that_no_row_has_change_nothing() -> None:
    world = World()
    frame = as_categories(facts({}, {"source": None}, {"source": "mail.personal"})).head(2)
    found = decide.decide_records(world.policy, frame, choice_of(world.record()), world.request())
    assert found.reasons == [(), ("missing_fact.source",)]


def test_every_reason_fits_into_one_number() -> None:
    # Each gate, or its error; each missing fact; and being a copy.
    assert len(RECORD) + len(FACTS) + 1 <= WORD


def test_reasons_read_like_a_list() -> None:
    found = reasons({}, {"author": "other"}, {"source": None, "author": "other"}, {})
    expected = [(), ("record.third_party",), ("missing_fact.source", "record.third_party"), ()]
    assert list(found) == expected
    assert (len(found), found[1], found[-1], found[1:3]) == (4, expected[1], (), expected[1:3])
    assert [list(why) for why in found] == [list(why) for why in expected]
    assert found == expected
    assert found != expected[:3]
    assert found != [*expected[:3], ("record.source",)]
    assert repr(found) == repr(expected)
    with pytest.raises(IndexError):
        found[4]


def test_more_reasons_than_one_number_holds_are_refused() -> None:
    one = np.array([True])
    with pytest.raises(ValueError, match="more reasons"):
        Reasons.of({f"r{n}": one for n in range(WORD)}, np.arange(1), "duplicate")
    full = Reasons.of({f"r{n:02d}": one for n in range(WORD - 1)}, np.arange(1), "duplicate")
    assert len(full[0]) == WORD - 1


def test_a_large_frame_is_decided_as_its_rows_are() -> None:
    rng = np.random.default_rng(5)
    options: list[dict[str, Any]] = [dict(row) for row, _ in LEFT_OUT] + TAKEN
    rows = [options[i] for i in rng.integers(0, len(options), 600)]
    assert reasons(*rows)[:40] == [reasons(row)[0] for row in rows[:40]]
