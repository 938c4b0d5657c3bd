"""A small world for tests: a log, a worker, a consent, an extraction, and the skill that comes of it.

`tell` plays the whole story; each test changes one thing in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest import approval, bundle, canonical, container, dsse, enrolment, evidence, mandate, statement
from attest.disposition import Dispositions, Leaf, commitment
from attest.encoding import to_base64, to_time
from attest.events import Event
from attest.keys import key_id, public_bytes
from attest.log import EventLog
from attest.note import NoteSigner
from attest.report import Report
from attest.verify import checks, verify_container, verify_skill

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ORIGIN = "example.com/govern/test"
POLICY = hashlib.sha256(b"policy").hexdigest()
EXTRACTION = "0193514e-7800-7000-8000-000000000001"
PID = "p-4k7q2m9x"
OTHER_PID = "p-zzzzzzzz"
NAME = "payments-engineer"


def fixed_key(word: str) -> Ed25519PrivateKey:
    """A key that is the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(word.encode()).digest())


def fixed_random(word: str):
    """A source of bytes that is the same in every run."""
    state = [0]

    def random(n: int) -> bytes:
        state[0] += 1
        return hashlib.shake_256(f"{word}/{state[0]}".encode()).digest(n)

    return random


LOG_KEY = fixed_key("log")
SUBJECT_KEY = fixed_key("subject")
OTHER_KEY = fixed_key("other")


def leaves() -> list[Leaf]:
    random = fixed_random("salts")

    def leaf(i: int, outcome: str, reasons: tuple[str, ...] = (), redactions: Mapping[str, int] | None = None) -> Leaf:
        salt = random(32)
        out = None if outcome == "left_out" else commitment(salt, "output", b"text %d" % i)
        return Leaf(
            i=i,
            kind=("mail", "commit", "chat")[i % 3],
            outcome=outcome,
            reasons=reasons,
            authenticity="A1" if i % 2 else "A0",
            redactions=redactions or {},
            source=commitment(salt, "source", b"raw text %d" % i),
            output=out,
        )

    return [
        leaf(0, "taken"),
        leaf(1, "left_out", ("record.own_words", "record.work_hours")),
        leaf(2, "taken_redacted", redactions={"EMAIL": 2, "PERSON": 1}),
        leaf(3, "left_out", ("record.work_hours",)),
        leaf(4, "taken"),
    ]


@dataclass
class Story:
    """Everything that a test may change about the story before it is told."""

    pid: str = PID
    purpose: str = "knowledge_transfer"
    policy: str = POLICY
    subject_key: Ed25519PrivateKey = SUBJECT_KEY
    # The enrolment.
    enrolled_pid: str = PID
    enrolment_signer: Ed25519PrivateKey = SUBJECT_KEY
    enrolment_says: dict[str, Any] = field(default_factory=dict)
    # Officers, with the role of each; who of them witnesses the enrolment, and with which key.
    officers: dict[str, str] = field(default_factory=dict)
    witness: str | None = None
    witness_key: Ed25519PrivateKey | None = None
    # A second enrolment in the place of the first one, before the seal; its key signs consent and release.
    enrolled_again: Ed25519PrivateKey | None = None
    again_witness: str | None = None
    # A delegate's mandate before the consent; its approvals are by these officers.
    mandate_witnesses: tuple[str, ...] | None = None
    mandate_says: dict[str, Any] = field(default_factory=dict)
    # A rotation of the key, before the seal or after it; the new key signs the release.
    rotated_key: Ed25519PrivateKey | None = None
    rotation_signers: tuple[Ed25519PrivateKey, ...] | None = None
    rotation_type: str = "key.rotated"
    rotate_after_seal: bool = False
    # The consent.
    consent_event: str = "consent.given"
    record: dict[str, Any] = field(default_factory=dict)
    consent_signer: Ed25519PrivateKey = SUBJECT_KEY
    consent_body: dict[str, Any] = field(default_factory=dict)
    consent_before_key: bool = False
    consent_after_seal: bool = False
    # The extraction.
    manifest_after_seal: bool = False
    manifest_body: dict[str, Any] = field(default_factory=dict)
    seal_type: str = "extraction.sealed"
    seal_body: dict[str, Any] = field(default_factory=dict)
    # The release.
    content: dict[str, bytes] = field(
        default_factory=lambda: {"SKILL.md": b"# Payments\n\nRetry twice.\n", "references/claims.md": b"- c1\n"}
    )
    release_content: dict[str, bytes] | None = None
    release_says: dict[str, Any] = field(default_factory=dict)
    release_signer: Ed25519PrivateKey = SUBJECT_KEY
    expires: datetime = NOW + timedelta(days=300)
    predicate: dict[str, Any] = field(default_factory=dict)
    statement_signer: Ed25519PrivateKey = LOG_KEY
    released_body: dict[str, Any] = field(default_factory=dict)
    released_type: str = "skill.released"
    verify_text: bytes | None = None
    log_key: Ed25519PrivateKey = LOG_KEY
    extra_events: int = 3


@dataclass
class Told:
    """The skill at the end of a story."""

    name: str
    files: dict[str, bytes]
    vkey: str
    places: bundle.Places
    release_index: int

    def data(self) -> bytes:
        return container.pack(self.name, self.files)

    def verify(self, **options: Any) -> Report:
        options = {"now": NOW + timedelta(days=1), "policy_sha256": POLICY, **options}
        vkey = options.pop("vkey", self.vkey)
        return verify_skill(self.data(), vkey, **options)

    def verify_files(self, files: Mapping[str, bytes]) -> Report:
        """As `verify`, without the detour over a zip file."""
        content = container.Container(self.name, files)
        return verify_container(content, self.vkey, now=NOW + timedelta(days=1), policy_sha256=POLICY)

    def notices(self, files: Mapping[str, bytes]) -> bool:
        """Tell whether any check fails; the ones after it are not asked."""
        content = container.Container(self.name, files)
        asked = checks(content, self.vkey, now=NOW + timedelta(days=1), policy_sha256=POLICY)
        return any(check.status == "fail" for check in asked)

    def with_file(self, name: str, data: bytes | None) -> Told:
        """The same skill with a file added, changed or (None) taken away; proofs stay as they are."""
        files = {**self.files, name: data}
        return replace(self, files={name: content for name, content in files.items() if content is not None})


def record(story: Story) -> dict[str, Any]:
    return {
        "schema": "govern-consent/1",
        "event": story.consent_event.removeprefix("consent."),
        "event_time": to_time(NOW - timedelta(days=2)),
        "validity": "P12M",
        "subject": {"pid": story.pid, "relation": "dpv:Employee", "employment_state": "active"},
        "choices": [
            {"purpose": story.purpose, "decision": "given", "sources": ["mail.work"]},
            {"purpose": "onboarding", "decision": "refused"},
        ],
        "policy": {"id": "worker_protection", "version": 1, "sha256": story.policy},
        **story.record,
    }


def mandate_of(story: Story, emit: Any) -> None:
    said = {
        "pid": PID,
        "delegate": OTHER_PID,
        "public": public_bytes(OTHER_KEY),
        "purposes": tuple(sorted({story.purpose, "onboarding"})),
        "sources": ("mail.work",),
        "categories": (),
        "recipients": (),
        "nonce": "0" * 32,
        "at": NOW,
        "until": NOW + timedelta(days=400),
    }
    terms = mandate.Terms(**{**said, **story.mandate_says})
    emit("mandate.given", terms.body(OTHER_KEY, story.subject_key))
    for n, holder in enumerate(story.mandate_witnesses or ()):
        given = approval.Statement(
            "mandate", holder, story.officers[holder], f"{n + 1:032x}", NOW, subject=PID, sha256=terms.sha256
        )
        emit("approval.given", given.body(fixed_key(holder)))


def tell(path: Path, story: Story | None = None) -> Told:
    """Play the story in a new log at `path` and return the skill."""
    story = story or Story()
    random = fixed_random("events")
    signer = NoteSigner(ORIGIN, story.log_key)
    log = EventLog.create(path, ORIGIN)

    def emit(kind: str, body: Mapping[str, Any]) -> int:
        return log.append([Event.new(kind, "operator", body, NOW, random)])[0]

    emit("log.genesis", {"origin": ORIGIN})
    for holder, role in story.officers.items():
        emit("role.enrolled", enrolment.role_body(holder, role, fixed_key(holder), NOW))

    def enrol() -> int:
        if story.witness is not None:
            watching = (story.witness, story.witness_key or fixed_key(story.witness))
            return emit("key.enrolled", enrolment.key_body(PID, story.subject_key, NOW, witness=watching))
        public = public_bytes(story.subject_key)
        head = {"pid": story.enrolled_pid, "key_id": key_id(public), "public_key": to_base64(public)}
        payload = canonical.dumps({"schema": "govern-key/1", **head, "at": to_time(NOW), **story.enrolment_says})
        signed = dsse.sign(evidence.KEY_TYPE, payload, [(key_id(public), story.enrolment_signer)])
        return emit("key.enrolled", {**head, "self_signature": canonical.loads(signed)})

    def consent() -> int:
        payload = canonical.dumps(record(story))
        by = story.consent_signer
        envelope = dsse.sign(evidence.CONSENT_TYPE, payload, [(key_id(by), by)])
        body = {
            "pid": story.pid,
            "record_sha256": hashlib.sha256(payload).hexdigest(),
            "envelope": canonical.loads(envelope),
            **story.consent_body,
        }
        return emit(story.consent_event, body)

    consent_index = consent() if story.consent_before_key else -1
    key_index = enrol()
    if story.mandate_witnesses is not None:
        mandate_of(story, emit)
    if consent_index < 0 and not story.consent_after_seal:
        consent_index = consent()

    key_indexes = [key_index]
    if story.enrolled_again is not None:
        by = story.again_witness
        watching = (by, fixed_key(by)) if by is not None else None
        emit("key.lost", {"pid": PID})
        key_indexes.append(emit("key.enrolled", enrolment.key_body(PID, story.enrolled_again, NOW, witness=watching)))

    def rotate(new: Ed25519PrivateKey) -> None:
        public = public_bytes(new)
        head = {"pid": story.enrolled_pid, "key_id": key_id(public), "public_key": to_base64(public)}
        payload = canonical.dumps({"schema": "govern-key/1", **head, "at": to_time(NOW)})
        signers = story.rotation_signers or (story.subject_key, new)
        signed = dsse.sign(evidence.KEY_TYPE, payload, [(key_id(by), by) for by in signers])
        key_indexes.append(emit(story.rotation_type, {**head, "self_signature": canonical.loads(signed)}))

    if story.rotated_key is not None and not story.rotate_after_seal:
        rotate(story.rotated_key)

    tree = Dispositions(leaves())
    head = {"extraction_id": EXTRACTION, "subject": story.pid, "purpose": story.purpose}
    manifest = {**head, "root": tree.manifest_root.hex(), "size": tree.size, **story.manifest_body}
    manifest_index = -1 if story.manifest_after_seal else emit("source.manifest", manifest)
    steps = {
        step: emit(f"extraction.{step}", {"extraction_id": EXTRACTION}) for step in ("gated", "redacted", "distilled")
    }
    seal_index = emit(
        story.seal_type,
        {
            **head,
            "manifest_index": manifest_index if manifest_index >= 0 else steps["distilled"] + 2,
            "root": tree.root.hex(),
            "size": tree.size,
            "counts": tree.counts(),
            "steps": steps,
            **story.seal_body,
        },
    )
    if story.manifest_after_seal:
        manifest_index = emit("source.manifest", manifest)
    if consent_index < 0:
        consent_index = consent()
    if story.rotated_key is not None and story.rotate_after_seal:
        rotate(story.rotated_key)

    last_key = story.rotated_key or story.enrolled_again or story.subject_key
    expires = to_time(story.expires)
    said = statement.release(
        extraction_id=EXTRACTION,
        skill=NAME,
        files=story.content if story.release_content is None else story.release_content,
        review={"accepted": 3, "corrected": 1, "struck": 2},
        at=to_time(NOW),
        expires=expires,
    )
    if story.release_says:
        said = canonical.dumps({**canonical.loads(said), **story.release_says})
    release = dsse.sign(statement.RELEASE_TYPE, said, [(key_id(story.release_signer), story.release_signer)])
    places = bundle.Places(manifest_index, seal_index, (consent_index,), tuple(key_indexes))
    static = bundle.covered(log, places, name=NAME, dispositions=tree.to_bytes(), release=release)
    if story.verify_text is not None:
        static[evidence.VERIFY] = story.verify_text
    record_sha256 = canonical.loads(log.entry(consent_index))["body"]["record_sha256"]
    predicate = {
        "extraction_id": EXTRACTION,
        "subject": story.pid,
        "purpose": story.purpose,
        "policy": {"id": "worker_protection", "version": 1, "sha256": story.policy},
        "model": {"name": "none", "threads": 1},
        "redactor": {"profile": "strict"},
        "manifest": {"index": manifest_index, "root": manifest["root"], "size": manifest["size"]},
        "seal": {"index": seal_index},
        "dispositions": {"root": tree.root.hex(), "size": tree.size, "counts": tree.counts()},
        "consents": [{"index": consent_index, "record_sha256": record_sha256}],
        "subject_key": {
            "key_id": key_id(last_key),
            "index": key_indexes[-1],
        },
        "release": {"sha256": hashlib.sha256(release).hexdigest()},
        "expires": expires,
        "log_origin": ORIGIN,
        "authenticity": tree.authenticity(),
        "responses": [],
        "packed_with": {"zlib": container.PACKED_WITH},
        **story.predicate,
    }
    signed = bundle.signed_statement({**story.content, **static}, predicate, NoteSigner(ORIGIN, story.statement_signer))
    index = emit(
        story.released_type,
        {
            **head,
            "statement_sha256": hashlib.sha256(signed).hexdigest(),
            "seal_index": seal_index,
            "expires": expires,
            **story.released_body,
        },
    )
    for n in range(story.extra_events):
        emit("skill.used", {"n": n})
    note = log.checkpoint(signer)
    files = bundle.build(log, places, index, note, {**story.content, **static, evidence.STATEMENT: signed})
    log.close()
    return Told(NAME, files, signer.verifier.vkey, places, index)
