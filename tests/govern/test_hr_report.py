"""The report to HR: right where it speaks, and silent about who said no."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from attest import events
from consent import build, keys, notice
from consent.ledger import Ledger
from govern import hr_report
from govern.hr_report import MIN_GROUP, Facts
from govern.suppression import MINIMUM
from policies.loader import load

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PURPOSES, SOURCES = ("knowledge_transfer", "onboarding"), ("mail.work", "vcs.commit", "chat.public_channel")
POLICY = load("worker_protection")
TERMS = build.Terms(notice.load(), POLICY, "ab" * 32)


def pid(number: int) -> str:
    return f"p-{number:08d}".replace("0", "z").replace("1", "y")


def key_of(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


@dataclass
class Log:
    """A log in memory."""

    entries: list[bytes] = field(default_factory=list)
    now: datetime = NOW

    def add(self, kind: str, body: dict[str, Any]) -> None:
        salt = hashlib.sha256(str(len(self.entries)).encode()).digest()
        moment = self.now + timedelta(seconds=len(self.entries))
        self.entries.append(
            events.Event(kind, "system", body, events.uuid7(moment, lambda n: salt[:n]), moment).to_bytes()
        )

    def _fresh(self) -> dict[str, Any]:
        digits = hashlib.sha256(f"fresh {len(self.entries)}".encode()).hexdigest()
        h = digits[:32]
        record_id = f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"
        return {"record_id": record_id, "nonce": digits[32:], "now": self.now + timedelta(seconds=len(self.entries))}

    def enrol(self, who: str) -> None:
        self.add("key.enrolled", keys.enrolment(who, key_of(who), self.now))

    def ask(self, who: str, purposes: Iterable[str] = PURPOSES) -> None:
        self.add("consent.requested", {"pid": who, "purposes": sorted(purposes)})

    def give(self, who: str, purposes: Iterable[str], sources: Iterable[str]) -> None:
        record = build.given(
            pid=who, terms=TERMS, purposes=sorted(purposes), sources=sorted(sources), categories=["procedures"],
            recipients=["team:own"], material_from=date(2026, 1, 1), material_until=date(2026, 11, 22), **self._fresh(),
        )  # fmt: skip
        signed = build.sign(record, key_of(who))
        self.add(signed.event_type, signed.body)

    def refuse(self, who: str, purposes: Iterable[str] = PURPOSES) -> None:
        record = build.refused(pid=who, terms=TERMS, purposes=sorted(purposes), **self._fresh())
        signed = build.sign(record, key_of(who))
        self.add(signed.event_type, signed.body)

    def say(self, event: str, who: str) -> None:
        self.add(f"consent.{event}", build.notice_body(who, list(PURPOSES), "paper"))

    def run(self, who: str, by_reason: dict[str, int], taken: int = 40) -> None:
        body = {"subject": who, "allowed": True, "taken": taken, "left_out": sum(by_reason.values())}
        self.add("extraction.gated", {**body, "by_reason": by_reason})
        self.add("extraction.sealed", {"subject": who})

    def report(self, policy: str = "worker_protection") -> dict[str, Any]:
        later = self.now + timedelta(days=1)
        facts = hr_report.gather(enumerate(self.entries), Ledger.replay(enumerate(self.entries)), later)
        return hr_report.build(facts, load(policy), later).document()


answers = st.fixed_dictionaries(
    {
        "asked": st.booleans(),
        "purposes": st.sets(st.sampled_from(PURPOSES)),
        "sources": st.sets(st.sampled_from(SOURCES), min_size=1),
        "left_out": st.dictionaries(st.sampled_from(["record.source", "record.lookback"]), st.integers(1, 30)),
    }
)


def workplace(people: list[dict[str, Any]], extra: str | None) -> Log:
    """Return the log of a workplace in which one more person was asked and `extra` happened to them."""
    log, one = Log(), pid(999)
    log.enrol(one)
    for number, person in enumerate(people):
        who = pid(number)
        log.enrol(who)
        if person["asked"]:
            log.ask(who)
        if person["purposes"]:
            log.give(who, person["purposes"], person["sources"])
            log.run(who, person["left_out"])
    log.ask(one)
    if extra == "refused":
        log.refuse(one)
    elif extra is not None:
        log.say(extra, one)
    return log


@settings(max_examples=25, deadline=None)
@given(st.lists(answers, max_size=14), st.sampled_from(["refused", "deferred", "withdrawn", "objected"]))
def test_whoever_said_no_looks_like_one_who_never_answered(people: list[dict[str, Any]], said: str) -> None:
    assert workplace(people, said).report() == workplace(people, None).report()


@settings(max_examples=25, deadline=None)
@given(st.lists(answers, min_size=1, max_size=14), st.data())
def test_a_no_without_being_asked_changes_nothing_either(people: list[dict[str, Any]], data: st.DataObject) -> None:
    log = workplace(people, None)
    before = log.report()
    silent = [i for i, person in enumerate(people) if not person["purposes"]]
    if silent:
        log.refuse(pid(data.draw(st.sampled_from(silent))))
    assert log.report() == before


@settings(max_examples=25, deadline=None)
@given(st.lists(answers, max_size=30))
def test_no_number_is_about_a_few_people_or_about_all_but_a_few(people: list[dict[str, Any]]) -> None:
    shown = workplace(people, None).report()["in_force"]["by_purpose_and_source"]
    for purpose, row in shown.items():
        reached = 1 + sum(1 for p in people if p["asked"] or purpose in p["purposes"])
        for source, count in row.items():
            true = sum(1 for p in people if purpose in p["purposes"] and source in p["sources"])
            if count is not None:
                assert reached >= MIN_GROUP
                assert MINIMUM <= true <= reached - MINIMUM
                assert count == true - true % MINIMUM


def big(yes: int, silent: int) -> Log:
    return workplace(
        [
            {"asked": True, "purposes": {PURPOSES[0]}, "sources": set(SOURCES[:1]), "left_out": {"record.source": 3}}
            for _ in range(yes)
        ]
        + [{"asked": True, "purposes": set(), "sources": set(SOURCES), "left_out": {}} for _ in range(silent)],
        None,
    )


def test_large_groups_are_counted() -> None:
    report = big(12, 8).report()
    assert report["in_force"]["by_purpose_and_source"][PURPOSES[0]] == {
        source: 10 if source == SOURCES[0] else None for source in SOURCES
    }
    assert report["extractions"] == 12
    assert report["held_back_by_gate"] == [{"gate": "record.source", "records": 35}]
    assert report["records"] == {"seen": 515, "taken": 480}


def test_a_policy_may_ask_for_larger_groups() -> None:
    def shown(policy: str) -> int | None:
        count: int | None = big(9, 7).report(policy)["in_force"]["by_purpose_and_source"][PURPOSES[0]][SOURCES[0]]
        return count

    assert shown("worker_protection") == 5
    # 17 people were asked; the works council's policy speaks from 20 on.
    assert shown("eu_works_council") is None


def test_what_nobody_or_one_person_agreed_to_has_its_column() -> None:
    nobody, one = Log(), Log()
    one.enrol(pid(1))
    for log in (nobody, one):
        log.ask(pid(1))
    one.give(pid(1), PURPOSES[:1], SOURCES[2:])
    assert one.report() == nobody.report()


def test_a_run_that_took_anothers_place_is_not_counted() -> None:
    log = big(12, 8)
    before = log.report()
    body = {"subject": pid(1), "allowed": True, "taken": 30, "left_out": 9, "by_reason": {"record.source": 9}}
    log.add("extraction.gated", {**body, "extraction_id": "second"})
    log.add("extraction.sealed", {"subject": pid(1), "extraction_id": "second"})
    assert log.report() != before
    log.add("skill.tombstoned", {"extraction_id": "first", "replaced_by": "second"})
    assert log.report() == before


def test_what_veto_and_consent_held_back_is_not_told() -> None:
    held = {
        gate: {pid(i): 5 for i in range(9)} for gate in ("record.participant_veto", "subject.scope", "record.source")
    }
    made = hr_report.build(Facts(held_back=held), POLICY, NOW)
    assert made.gates == (("record.source", 45),)


def test_a_gate_that_held_back_records_of_a_few_people_has_no_number() -> None:
    held = {"record.special_category": {pid(1): 700}, "record.source": {pid(i): 7 for i in range(6)}}
    assert hr_report.build(Facts(held_back=held), POLICY, NOW).gates == (
        ("record.source", 40),
        ("record.special_category", None),
    )


def test_dry_runs_and_later_events_do_not_count() -> None:
    log = Log()
    body = {"subject": pid(1), "allowed": True, "dry_run": True, "taken": 3, "left_out": 4}
    log.add("extraction.gated", body)
    log.add("extraction.sealed", {"subject": pid(1)})
    facts = hr_report.gather(enumerate(log.entries), Ledger.replay(enumerate(log.entries)), NOW - timedelta(days=1))
    assert (facts.runs, facts.records) == (0, {})
    assert (
        hr_report.gather(enumerate(log.entries), Ledger.replay(enumerate(log.entries)), NOW + timedelta(days=1)).records
        == {}
    )
