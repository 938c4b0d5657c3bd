"""A workplace in memory: a log of exact bytes, a clock, and workers with keys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest import enrolment, events
from consent import build, keys, notice
from consent.approvals import Approval
from consent.facts import FACTS
from consent.ledger import ChoiceState, EnrolledKey, Ledger
from consent.record import ConsentRecord
from consent.request import Circumstances, RunRequest
from policies.loader import load
from policies.model import Policy

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MODEL = "b179c952" * 8
MAREN, OTTO = "p-4k7q2m9x", "p-7h3d9w2c"
PURPOSE = "knowledge_transfer"
BENEFIT = "agreement:12"


def key_of(name: str) -> Ed25519PrivateKey:
    """Return the same key for the same name, so that a failing example can be repeated."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


@dataclass
class World:
    """One log. Every method that writes returns the index of its entry."""

    now: datetime = NOW
    policy: Policy = field(default_factory=lambda: load("worker_protection"))
    entries: list[bytes] = field(default_factory=list)
    serial: int = 0

    def fresh(self, size: int) -> str:
        self.serial += 1
        return hashlib.sha256(str(self.serial).encode()).hexdigest()[:size]

    def uuid(self) -> str:
        h = self.fresh(32)
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"

    def log(self, event_type: str, body: Mapping[str, Any], at: datetime | None = None) -> int:
        at = at or self.now
        self.serial += 1
        salt = hashlib.sha256(str(self.serial).encode()).digest()
        event = events.Event(event_type, "system", body, events.uuid7(at, lambda n: salt[:n]), at)
        self.entries.append(event.to_bytes())
        return len(self.entries) - 1

    def enrol(self, pid: str = MAREN, key: str | None = None, witness: str | None = None) -> int:
        there = None if witness is None else (witness, key_of(witness))
        return self.log("key.enrolled", keys.enrolment(pid, key_of(key or pid), self.now, there))

    def appoint(self, holder: str, role: str) -> int:
        return self.log("role.enrolled", enrolment.role_body(holder, role, key_of(holder), self.now))

    def ask(self, pid: str = MAREN, purposes: tuple[str, ...] = (PURPOSE,)) -> int:
        body = build.notice_body(pid, purposes, "portal")
        return self.log("consent.requested", body | {"notice_sha256": notice.load().sha256})

    def record(self, pid: str = MAREN, **changes: Any) -> ConsentRecord:
        terms = build.Terms(notice.load(), changes.pop("policy", self.policy), changes.pop("model", MODEL))
        arguments: dict[str, Any] = {
            "purposes": [PURPOSE],
            "sources": ["mail.work", "vcs.commit", "chat.public_channel"],
            "categories": ["procedures", "checklists", "code_style"],
            "recipients": ["team:payments"],
            "material_from": date(2026, 1, 1),
            "material_until": date(2026, 11, 22),
            "now": self.now,
            "record_id": self.uuid(),
            "nonce": self.fresh(32),
        }
        return build.given(pid=pid, terms=terms, **{**arguments, **changes})

    def give(self, pid: str = MAREN, key: str | None = None, **changes: Any) -> int:
        signed = build.sign(self.record(pid, **changes), key_of(key or pid))
        return self.log(signed.event_type, signed.body)

    def renew(self, pid: str = MAREN, **changes: Any) -> int:
        held = self.ledger().consents(pid)
        return self.give(pid, renew=True, prev=held[-1][1].sha256 if held else None, **changes)

    def refuse(self, pid: str = MAREN, purposes: tuple[str, ...] = (PURPOSE,)) -> int:
        terms = build.Terms(notice.load(), self.policy, MODEL)
        record = build.refused(
            pid=pid, terms=terms, purposes=purposes, now=self.now, record_id=self.uuid(), nonce=self.fresh(32)
        )
        signed = build.sign(record, key_of(pid))
        return self.log(signed.event_type, signed.body)

    def say(self, event: str, pid: str = MAREN, purposes: tuple[str, ...] | None = (PURPOSE,)) -> int:
        return self.log(f"consent.{event}", build.notice_body(pid, purposes, "paper"))

    def withdraw(self, pid: str = MAREN, purposes: tuple[str, ...] | None = None) -> int:
        return self.log("consent.withdrawn", build.withdrawal(pid, purposes, "paper"))

    def pass_time(self, **delta: int) -> None:
        self.now += timedelta(**delta)

    def ledger(self) -> Ledger:
        return Ledger.replay(enumerate(self.entries))

    def state(self, pid: str = MAREN, purpose: str = PURPOSE) -> str:
        return self.ledger().state(pid, purpose, self.now).state

    def request(self, **changes: Any) -> RunRequest:
        arguments: dict[str, Any] = {
            "subject": MAREN,
            "purpose": PURPOSE,
            "sources": ("mail.work", "vcs.commit"),
            "recipients": ("team:payments",),
            "policy": self.policy.sha256,
            "model_kind": "in_process",
            "model_sha256": MODEL,
            "model_address": None,
            "now": self.now,
            "circumstances": circumstances(self.policy, self.now),
        }
        return RunRequest(**{**arguments, **changes})


def agreed(**changes: Any) -> World:
    """Return a world in which Maren has a key and has said yes."""
    world = World()
    world.enrol()
    world.give(**changes)
    return world


def ready(**changes: Any) -> World:
    """Return a world at `NOW` in which `worker_protection` lets a run about Maren pass, with all of it in the log.

    Her key was witnessed, she was told forty days ago, signed four days later, and has had time to think again.
    """
    world = World(now=NOW - timedelta(days=40))
    world.appoint("dpo-1", "dpo")
    world.enrol(witness="dpo-1")
    world.ask()
    world.pass_time(days=4)
    world.give(**changes)
    world.pass_time(days=36)
    return world


def choice_of(record: ConsentRecord, state: str = "given", **changes: Any) -> ChoiceState:
    """Return the state that a logged record leads to, without a log; `worker_protection` has nothing against it."""
    arguments: dict[str, Any] = {
        "pid": record.subject.pid,
        "purpose": PURPOSE,
        "state": state,
        "index": 1,
        "at": record.start,
        "record": record,
        "record_index": 1,
        "choice": record.given(PURPOSE),
        "key": EnrolledKey(0, "ed25519:" + "0" * 32, bytes(32), witness="dpo-1"),
        "notice_at": record.start - timedelta(days=30),
        "signed_at": record.start - timedelta(days=10),
    }
    return ChoiceState(**{**arguments, **changes})


def approval(kind: str, role: str, **changes: Any) -> Approval:
    """Return an approval in force of the day before `NOW`, by an officer whose id is the role's name and a one."""
    holder = f"{role.replace('_', '-')}-1"
    arguments: dict[str, Any] = {
        "index": 0,
        "kind": kind,
        "holder": holder,
        "role": role,
        "at": NOW - timedelta(days=1),
    }
    return Approval(**{**arguments, **changes})


def circumstances(policy: Policy | None = None, now: datetime = NOW, **changes: Any) -> Circumstances:
    """Return circumstances under which `worker_protection` lets a run about Maren pass."""
    digest = (policy or load("worker_protection")).sha256
    day = timedelta(days=1)
    arguments: dict[str, Any] = {
        "employment": ("active",),
        "last_day": None,
        "minor": False,
        "language": "en",
        "jurisdictions": ("DE",),
        "works_council": True,
        "operator": "op-1",
        "manager": OTTO,
        "approvals": (
            approval("run", "dpo", at=now - day, policy=digest),
            approval("run", "works_council", at=now - day, policy=digest),
            approval("impact_assessment", "dpo", at=now - day, dated=now - 30 * day, sha256="d" * 64),
            approval("collective_agreement", "works_council", at=now - day, sha256="c" * 64, ref="BV 7"),
            approval("undertaking", "hr", at=now - day),
            approval("benefit", "hr", at=now - day, subject=MAREN, ref=BENEFIT),
        ),
        "announced": 7,
        "state_as_of": now,
        "cascades": (),
        "access": (),
        "raw_kept": (),
        "salts": (),
    }
    return Circumstances(**{**arguments, **changes})


GOOD: dict[str, Any] = {
    "source": "mail.work",
    "container_kind": "mailbox",
    "places": ("inbox",),
    "participants": 2,
    "author": "subject",
    "own_chars": 120,
    "foreign_chars": 0,
    "unknown_chars": 0,
    "sent_at": "2026-06-01T08:00:00Z",
    "local_minute": 600,
    "local_weekday": 0,
    "local_date": "2026-06-01",
    "absence": False,
    "special_category": (),
    "markings": (),
    "external": False,
    "minor": False,
    "emotion_chars": 0,
    "vetoed": False,
    "duplicate_of": None,
}
"""The facts of a record that every gate lets pass; `duplicate_of` None stands for the row itself."""


def facts(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Return the frame of facts in which each row is `GOOD` with some changes; a None is a missing fact."""
    full = [{**GOOD, **row} for row in rows]
    for number, row in enumerate(full):
        if row["duplicate_of"] is None:
            row["duplicate_of"] = number
        elif row["duplicate_of"] == "missing":
            row["duplicate_of"] = None

    def column(name: str) -> list[Any]:
        return [row[name] for row in full]

    frame = {fact.name: pd.Series(column(fact.name), dtype=fact.dtype) for fact in FACTS if fact.name != "sent_at"}
    sent_at = pd.to_datetime(pd.Series(column("sent_at"), dtype="object"), utc=True, format="ISO8601")
    return pd.DataFrame(frame | {"sent_at": sent_at.astype("datetime64[us, UTC]")})
