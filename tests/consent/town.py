"""A workplace in memory with officers, mandates and several policies, beside the worker of `consent_world`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from consent_world import MAREN, OTTO, PURPOSE, World, key_of

from attest import approval, enrolment, mandate
from attest.encoding import to_time
from attest.keys import public_bytes
from consent import bodies, build, keys, notice
from consent.ledger import ChoiceState, Rejected
from policies.loader import parse
from policies.model import Policy

OFFICERS = {"hr-1": "hr", "dpo-1": "dpo", "wc-1": "works_council", "aud-1": "auditor", "law-1": "authority"}
SOURCES = ("chat.public_channel", "mail.work", "vcs.commit")


def policy(version: int, lookback: str, volume: int) -> Policy:
    """Return a policy of one id that differs from its like in two parameters."""
    text = f"""
schema: govern-policy/1
id: house
version: {version}
title: t
gates: {{record.lookback: {{max: {lookback}}}, record.volume: {{max: {volume}}}}}
"""
    return parse(text.encode(), "test")


@dataclass
class Town(World):
    """A log with everybody in it. Every method that writes returns the index of its entry."""

    nonces: int = 0
    mandates: dict[int, mandate.Terms] = field(default_factory=dict)

    def nonce(self) -> str:
        self.nonces += 1
        return f"{self.nonces:032x}"

    def officer(
        self,
        holder: str,
        role: str | None = None,
        key: str | None = None,
        witness: str | None = None,
        witness_key: str | None = None,
    ) -> int:
        watching = (witness, key_of(witness_key or witness)) if witness else None
        body = enrolment.role_body(holder, role or OFFICERS[holder], key_of(key or holder), self.now, watching)
        return self.log("role.enrolled", body)

    def officers(self) -> None:
        for holder in OFFICERS:
            self.officer(holder)

    def enrol(
        self, pid: str = MAREN, key: str | None = None, witness: str | None = None, witness_key: str | None = None
    ) -> int:
        watching = (witness, key_of(witness_key or witness)) if witness else None
        return self.log("key.enrolled", keys.enrolment(pid, key_of(key or pid), self.now, watching))

    def rotate(self, old: str, new: str, pid: str = MAREN) -> int:
        return self.log("key.rotated", keys.rotation(pid, key_of(old), key_of(new), self.now))

    def statement(self, kind: str, holder: str, **said: Any) -> approval.Statement:
        head: dict[str, Any] = {"role": OFFICERS.get(holder, "dpo"), "nonce": self.nonce(), "at": self.now}
        if kind not in ("run", "undertaking", "impact_assessment", "collective_agreement"):
            head["subject"] = MAREN
        return approval.Statement(kind=kind, holder=holder, **{**head, **said})

    def approve(self, kind: str, holder: str, key: str | None = None, **said: Any) -> int:
        return self.log("approval.given", self.statement(kind, holder, **said).body(key_of(key or holder)))

    def terms(self, **said: Any) -> mandate.Terms:
        head: dict[str, Any] = {
            "pid": MAREN,
            "delegate": OTTO,
            "public": public_bytes(key_of("delegate")),
            "purposes": (PURPOSE,),
            "sources": ("mail.work", "vcs.commit"),
            "categories": ("checklists", "code_style", "procedures"),
            "recipients": ("team:payments",),
            "nonce": self.nonce(),
            "at": self.now,
            "until": self.now + timedelta(days=90),
        }
        return mandate.Terms(**{**head, **said})

    def mandate(self, *, own: str | None = MAREN, key: str = "delegate", **said: Any) -> int:
        terms = self.terms(**said)
        index = self.log("mandate.given", terms.body(key_of(key), key_of(own) if own is not None else None))
        self.mandates[index] = terms
        return index

    def witnessed_mandate(self, *witnesses: str, **said: Any) -> int:
        index = self.mandate(**said)
        for holder in witnesses or ("dpo-1", "wc-1"):
            self.approve("mandate", holder, sha256=self.mandates[index].sha256)
        return index

    def lose(self, pid: str = MAREN) -> int:
        return self.log("key.lost", {"pid": pid})

    def compromise(self, since: datetime | None = None, pid: str = MAREN) -> int:
        return self.log("key.compromised", {"pid": pid, "since": to_time(since) if since is not None else None})

    def ask(self, pid: str = MAREN, purposes: tuple[str, ...] | None = (PURPOSE,)) -> int:
        body = bodies.notice_body(pid, purposes, "command line")
        return self.log("consent.requested", {**body, "notice_sha256": notice.load().sha256})

    def narrow(self, *sources: str, pid: str = MAREN, purposes: tuple[str, ...] | None = None) -> int:
        return self.log("consent.withdrawn", bodies.narrowing(pid, purposes, sources, "paper"))

    def no(self, purposes: tuple[str, ...], key: str) -> int:
        """Log a refusal; `key` is the name of the key that signs."""
        terms = build.Terms(notice.load(), self.policy, "0" * 64)
        record = build.refused(
            pid=MAREN, terms=terms, purposes=purposes, now=self.now, record_id=self.uuid(), nonce=self.fresh(32)
        )
        signed = build.sign(record, key_of(key))
        return self.log(signed.event_type, signed.body)

    def adopt(self, adopted: Policy, **changes: Any) -> int:
        head = {"id": adopted.id, "version": adopted.version, "sha256": adopted.sha256}
        return self.log("policy.adopted", {**head, "policy": adopted.document(), **changes})

    def choice(self, pid: str = MAREN, purpose: str = PURPOSE) -> ChoiceState:
        return self.ledger().state(pid, purpose, self.now)

    def rejected(self) -> list[Rejected]:
        return self.ledger().rejected

    def code(self, index: int) -> str:
        """Return why an entry does not count; "" if it does."""
        return ",".join(r.code for r in self.rejected() if r.index == index)

    def sign(self, pid: str = MAREN, key: str | None = None, **changes: Any) -> int:
        """Log a yes; `key` is the name of the key that signs."""
        signed = build.sign(self.record(pid, **changes), key_of(key or pid))
        return self.log(signed.event_type, signed.body)


def town(**key: Any) -> Town:
    """Return a town whose officers are enrolled, and in which Maren has a witnessed key."""
    made = Town()
    made.officers()
    made.pass_time(hours=1)
    made.enrol(MAREN, **{"witness": "wc-1", **key})
    made.pass_time(hours=1)
    return made
