"""A workspace with a sealed draft of hand-written claims, ready to be reviewed and released: no model, no sources."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest import canonical, container, response
from attest.disposition import Dispositions, Leaf, commitment
from attest.events import uuid7
from attest.log import EventLog
from consent import build, keys, notice
from consent.approvals import Approval
from consent.request import Circumstances
from extract import redaction, residue
from extract.distil.claims import Claim, Distillate, Span
from extract.pipeline import Sealed
from extract.skill import codec, document, draft
from extract.skill.draft import Draft
from extract.skill.review import Decision, Review
from govern import releases, standing
from govern.releases import Plan
from govern.workspace import Workspace
from policies import loader
from policies.model import Policy

SUBJECT = "p-7d3kq2ma"
PURPOSE = "self_assist"
MODEL = "b179c952" * 8
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PEOPLE = f"""\
version: 1
organisation:
  name: Harbour Works
  mail_domains: [harbour.example]
  jurisdictions: [DE]
  works_council: false
people:
  - pid: {SUBJECT}
    role: release engineer
    timezone: Europe/Berlin
    language: en
    manager: none
    minor: false
    jurisdictions: [DE]
    employment: [{{state: active, from: 2020-01-01}}]
    names: [Tove Lindqvist]
    emails: [tove.lindqvist@harbour.example]
"""
QUOTES = (
    "Before you cut a release, run the smoke tests on the staging cluster and read what they say.",
    "Tag the build, then upload the artifacts to the mirror.",
    "The unit is part of the name of a column.",
)


def key_of(word: str) -> Ed25519PrivateKey:
    """Return the same key for the same word."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(word.encode()).digest())


def claim(number: int, quote: str) -> Claim:
    """Return a claim that says what its quote says, found in two records."""

    def span(record: int) -> Span:
        return Span(record, 0, len(quote), quote, hashlib.sha256(quote.encode()).hexdigest())

    return Claim(
        id=f"c{number:03d}",
        kind="procedure",
        kinds={"procedure": 700, "decision_rule": 200, "checklist": 100, "code_style": 0, "reference": 0},
        statement=quote,
        mode="verbatim",
        evidence=(span(2 * number - 2), span(2 * number - 1)),
        keep=800,
        threads=2,
        days=2,
        first=date(2026, 1, 5),
        last=date(2026, 2, 5),
        entropy_millibits=1157,
    )


def policy(**gates: Mapping[str, Any]) -> Policy:
    """Return `minimal_self` with other output gates: `output_verbatim={"max_words": 12}`."""
    text = resources.files("policies").joinpath("minimal_self.yaml").read_text("utf-8")
    value = loader.parse(text.encode(), "test").document()
    value["gates"] |= {name.replace("_", ".", 1): params for name, params in gates.items()}
    return loader.parse(json.dumps(value | {"id": "release_test"}).encode(), "test")


@dataclass
class World:
    """A workspace, its log, and the person who decides. Change the fields before `begin`."""

    root: Path
    policy: Policy = field(default_factory=policy)
    quotes: Sequence[str] = QUOTES
    people: str = PEOPLE
    consent: Mapping[str, Any] = field(default_factory=dict)
    now: datetime = NOW
    circumstances: dict[str, Any] = field(default_factory=dict)
    workspace: Workspace = field(init=False)
    log: EventLog = field(init=False)
    consent_index: int = field(init=False)
    serial: int = 0

    def begin(self) -> World:
        """Make workspace, key and consent."""
        self.workspace = Workspace.create(
            self.root / ".govern", "Harbour Works", "harbour.example", self.now, people=self.people
        )
        self.log = self.workspace.log()
        self.workspace.adopt(self.log, self.policy, self.now)
        self.add("key.enrolled", keys.enrolment(SUBJECT, key_of("tove"), self.now))
        asked = {"pid": SUBJECT, "purposes": [PURPOSE], "channel": "portal", "notice_sha256": notice.load().sha256}
        self.add("consent.requested", asked)
        self.agree()
        return self

    def add(self, kind: str, body: Mapping[str, Any], actor: str = "operator") -> int:
        """Append an event."""
        return self.workspace.append(self.log, kind, actor, dict(body), self.now)

    def fresh(self, size: int) -> str:
        """Return fresh hex digits."""
        self.serial += 1
        return hashlib.sha256(str(self.serial).encode()).hexdigest()[:size]

    def agree(self) -> None:
        """Sign a consent to one's own use."""
        h = self.fresh(32)
        arguments: dict[str, Any] = {
            "purposes": [PURPOSE],
            "sources": ["mail.work"],
            "categories": ["procedures"],
            "recipients": ["team:own"],
            "material_from": date(2026, 1, 1),
            "material_until": date(2026, 3, 1),
            "record_id": f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}",
            "nonce": self.fresh(32),
            **self.consent,
        }
        terms = build.Terms(notice.load(), self.policy, MODEL, jurisdictions=("DE",))
        record = build.given(pid=SUBJECT, terms=terms, now=self.now, **arguments)
        signed = build.sign(record, key_of("tove"))
        self.consent_index = self.add(signed.event_type, signed.body, f"employee:{SUBJECT}")

    def draft(self) -> Draft:
        """Seal an extraction and return its draft."""
        return draft.read(self.packed(), self.log)

    def packed(self) -> bytes:
        """Seal an extraction and return its draft as a file."""
        claims = tuple(claim(i, quote) for i, quote in enumerate(self.quotes, 1))
        self.serial += 1
        stream = hashlib.shake_256(str(self.serial).encode()).digest(64)
        extraction = uuid7(self.now, lambda n: stream[:n])
        head = {"extraction_id": extraction, "subject": SUBJECT, "purpose": PURPOSE}
        source = commitment(bytes(32), "source", b"mail")
        output = commitment(bytes(32), "output", b"mail")
        leaves = [Leaf(i, "mail", "taken", (), "A0", {}, source, output) for i in range(2 * len(claims))]
        tree = Dispositions(leaves)
        ref = {"id": self.policy.id, "version": self.policy.version, "sha256": self.policy.sha256}
        manifest = self.add("source.manifest", {**head, "root": tree.manifest_root.hex(), "size": tree.size})
        request = {
            "sources": ["mail.work"],
            "recipients": ["team:own"],
            "model_kind": "in_process",
            "model_sha256": MODEL,
            "model_address": None,
        }
        gated = self.add("extraction.gated", {**head, "request": request, "allowed": True, "policy": ref})
        redacted = self.add("extraction.redacted", {**head, "redactor": {"engine": "none"}})
        made = {"engine": {"model": "none"}, "claims_sha256": hashlib.sha256(codec.to_lines(claims)).hexdigest()}
        distilled = self.add("extraction.distilled", {**head, **made})
        ledger = residue.account(tree.leaves, Distillate(claims), {})
        seal = self.add(
            "extraction.sealed",
            {
                **head,
                "manifest_index": manifest,
                "root": tree.root.hex(),
                "size": tree.size,
                "counts": tree.counts(),
                "steps": {"gated": gated, "redacted": redacted, "distilled": distilled},
                "ledger_sha256": hashlib.sha256(canonical.dumps(ledger)).hexdigest(),
                "policy": ref,
                "consent_index": self.consent_index,
                "pseudonym": "PERSON_001",
            },
        )
        with self.workspace.vault() as vault:
            vault.add_secret(extraction, redaction.REMOVED, b"")
        sealed = Sealed(extraction, claims, ledger, tree, manifest, seal, "PERSON_001", 0)
        header = document.Header(
            name="release-engineer",
            role="release engineer",
            subject=SUBJECT,
            purpose=PURPOSE,
            policy=f"{self.policy.id} {self.policy.version}",
            expires=self.workspace.ledger(self.log).state(SUBJECT, PURPOSE, self.now).end or self.now,
            pseudonym="PERSON_001",
        )
        return draft.pack(header, sealed, self.log)

    def known(self) -> Circumstances:
        """Return circumstances in which nothing of a run stands in the way."""
        arguments: dict[str, Any] = {
            "employment": ("active",),
            "minor": False,
            "language": "en",
            "jurisdictions": ("DE",),
            "works_council": False,
            "operator": SUBJECT,
            "manager": "",
            "approvals": (),
            "announced": 1,
            "state_as_of": self.now,
            "cascades": (),
            "access": (),
            "raw_kept": (),
            "salts": (),
        }
        return Circumstances(**{**arguments, **self.circumstances})

    def reviewed(self, made: Draft, **corrections: str) -> Review:
        """Accept everything but what is corrected; `c001="..."`, or "" to strike it."""
        review = Review(made.extraction_id)
        for each in made.claims:
            text = corrections.get(each.id)
            decision = Decision("accepted") if text is None else Decision("corrected", text)
            review = review.decide(each, Decision("struck") if text == "" else decision)
        return review

    def plan(self, made: Draft, review: Review) -> Plan:
        """Put a release together."""
        return releases.plan(self.workspace, self.log, made, review, self.now, self.known)

    def release(self, made: Draft | None = None, review: Review | None = None, **corrections: str) -> bytes:
        """Review, sign and release."""
        made = made if made is not None else self.draft()
        plan = self.plan(made, review if review is not None else self.reviewed(made, **corrections))
        return releases.carry_out(self.workspace, self.log, plan, key_of("tove"), self.now)

    def respond(self, data: bytes, kind: str) -> int:
        """Log the person's word on a released skill."""
        files = container.unpack(data).files
        body = json.loads(files["attestation/entry.json"])["body"]
        said = response.Response(SUBJECT, body["extraction_id"], kind, standing.statement_sha256(files), self.now)
        return self.add("subject.response", said.body(key_of("tove")), f"employee:{SUBJECT}")

    def standing(self, data: bytes, now: datetime | None = None) -> standing.Standing:
        """Return how a skill stands."""
        ledger = self.workspace.ledger(self.log)
        return standing.standing(self.workspace, self.log, data, ledger, now or self.now)

    def later(self, **delta: int) -> None:
        """Let time pass."""
        self.now += timedelta(**delta)


def approval(kind: str, role: str, **more: Any) -> Approval:
    """Return an approval in force."""
    return replace(Approval(0, kind, f"{role}-1", role, NOW), **more)  # type: ignore[arg-type]
