"""A skill under examination: what the questions of the verifier rest on, and how each of them is answered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attest import container as containers
from attest import dsse, evidence, proof, statement, vouching
from attest.container import Container
from attest.cosignature import open_cosigned
from attest.disposition import Dispositions
from attest.encoding import from_time, to_time
from attest.errors import SignatureError
from attest.evidence import Consent, Enrolled, Head, Logged, Mandated, Officer
from attest.keys import key_id
from attest.note import Verifier
from attest.report import Status
from attest.shape import COUNT, DIGEST, fields
from attest.witness_policy import WitnessPolicy, shown
from govern.errors import GovernError

if TYPE_CHECKING:
    from attest.response import Response

Answer = tuple[Status, str]

CLOCKS = timedelta(minutes=10)
"""How far the clocks of witness, log and auditor may differ without a word."""

_STEPS = ("gated", "redacted", "distilled")


class FailedError(Exception):
    """A check's answer is no; the text says why, without personal data."""


def require(condition: bool, otherwise: str) -> None:
    """Answer no unless a condition holds."""
    if not condition:
        raise FailedError(otherwise)


class Examination:
    """One skill under examination. What several questions need is worked out once, and fails for each of them."""

    def __init__(
        self,
        content: Container,
        packed: bytes | None,
        verifier: Verifier,
        now: datetime | None,
        policy_sha256: str | None,
        witness_policy: WitnessPolicy | None = None,
        timestamp_roots: Sequence[bytes] = (),
    ) -> None:
        self.name = content.name
        self.files = content.files
        self.packed = packed
        self.verifier = verifier
        self.now = now
        self.policy_sha256 = policy_sha256
        self.witness_policy = witness_policy
        self.timestamp_roots = timestamp_roots

    # What the questions rest on.

    def file(self, name: str) -> bytes:
        """The content of a file that must be there."""
        require(name in self.files, f"{name} is missing")
        return self.files[name]

    @cached_property
    def statement(self) -> statement.Statement:
        """The statement that the log signed, and nobody else."""
        public = self.verifier.public
        opened = dsse.open_envelope(self.file(evidence.STATEMENT), {key_id(public): public}, statement.PAYLOAD_TYPE)
        if opened.unknown:
            raise SignatureError("a key other than the log's signed the statement too")
        parsed = statement.parse(opened.payload)
        require(parsed.predicate["log_origin"] == self.verifier.name, "the statement names another log")
        return parsed

    @property
    def predicate(self) -> Mapping[str, Any]:
        """What the statement says; nothing can be asked of it if it does not verify."""
        try:
            return self.statement.predicate
        except (FailedError, GovernError):
            raise FailedError("not asked: the statement does not verify (2)") from None

    @cached_property
    def head(self) -> Head:
        """The checkpoint that all proofs rest on."""
        return evidence.head(proof.parse(self.file(evidence.ENTRY_PROOF)).checkpoint, self.verifier)

    def entry(self, name: str) -> Logged:
        """Return an entry that the log has."""
        try:
            at = self.head
        except (FailedError, GovernError):
            if name == evidence.ENTRY:
                raise
            raise FailedError("not asked: the log's checkpoint does not verify (4)") from None
        return evidence.logged(self.file(name), self.file(evidence.proof_file(name)), at)

    def about_this(self, entry: Logged, kind: str, shape: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the body of an entry that belongs to this extraction."""
        require(entry.event.type == kind, f"the entry is not of type {kind}")
        body = fields(dict(entry.body), kind, {"extraction_id": str, **shape})
        for name in ("extraction_id", "subject", "purpose"):
            said = body.get(name, self.predicate[name])
            require(said == self.predicate[name], f"{kind} and the statement differ in {name}")
        return body

    @cached_property
    def release_entry(self) -> Logged:
        """The entry `skill.released`."""
        return self.entry(evidence.ENTRY)

    @cached_property
    def seal(self) -> tuple[int, Mapping[str, Any]]:
        """Index and body of the entry `extraction.sealed`, as stated."""
        entry = self.entry(evidence.SEAL)
        shape = {"manifest_index": COUNT, "root": DIGEST, "size": COUNT, "counts": dict, "steps": dict}
        body = self.about_this(entry, "extraction.sealed", shape)
        fields(body["steps"], "the steps of the seal", dict.fromkeys(_STEPS, COUNT))
        require(entry.index == self.predicate["seal"]["index"], "the seal is at another index than stated")
        return entry.index, body

    @cached_property
    def manifest(self) -> tuple[int, Mapping[str, Any]]:
        """Index and body of the entry `source.manifest`, as stated."""
        entry = self.entry(evidence.MANIFEST)
        body = self.about_this(entry, "source.manifest", {"root": DIGEST, "size": COUNT})
        stated = self.predicate["manifest"]
        require(
            (entry.index, body["root"], body["size"]) == (stated["index"], stated["root"], stated["size"]),
            "the manifest in the log differs from the one stated",
        )
        return entry.index, body

    @cached_property
    def dispositions(self) -> Dispositions:
        """What became of each record."""
        return Dispositions.parse(self.file(evidence.DISPOSITIONS))

    def indexed(self, kind: str) -> Iterator[Logged]:
        """Return the entries of a kind, each in the log where its name says."""
        for index, name in evidence.indexed(self.files, kind):
            entry = self.entry(name)
            require(entry.index == index, f"{name} is at another index than its name says")
            yield entry

    @cached_property
    def officers(self) -> Mapping[str, Officer]:
        """The officers whose enrolments the file holds, by id; a later enrolment takes the place of an earlier one."""
        found: dict[str, Officer] = {}
        for entry in self.indexed("roles"):
            officer = vouching.officer(entry, found)
            found[officer.holder] = officer
        for entry in self.indexed("role-passkeys"):
            officer = vouching.officers_passkey(entry, found)
            found[officer.holder] = officer
        return found

    @cached_property
    def mandates(self) -> Sequence[Mandated]:
        """The mandates of the subject that enough officers approved."""
        approvals = [(entry.index, vouching.approved(entry, self.officers)) for entry in self.indexed("approvals")]
        found = []
        for entry in self.indexed("mandates"):
            own = next((key for key in self.keys.values() if key.speaks_at(entry.index)), None)
            mandate = vouching.mandated(entry, own, approvals)
            require(mandate.terms.pid == self.predicate["subject"], "a mandate in the file is of somebody else")
            found.append(mandate)
        return found

    @cached_property
    def keys(self) -> Mapping[str, Enrolled]:
        """The subject's keys by id: one that was enrolled, and those that took its place one after the other."""
        subject = self.predicate["subject"]
        found: dict[str, Enrolled] = {}
        last: Enrolled | None = None
        for index, name in evidence.indexed(self.files, "keys"):
            key = evidence.enrolled(self.entry(name), last, self.officers)
            require(key.index == index, f"{name} is at another index than its name says")
            require(key.pid == subject, f"{name} enrols the key of somebody else")
            require(key.key_id not in found, f"{name} enrols a key a second time")
            if last is not None:
                found[last.key_id] = replace(last, until=key.index)
            found[key.key_id] = last = key
        return found

    @cached_property
    def passkeys(self) -> Mapping[str, Enrolled]:
        """The subject's passkeys by id, each vouched for by the keys before it."""
        found: dict[str, Enrolled] = {}
        for entry in self.indexed("passkeys"):
            key = vouching.enrolled_passkey(entry, {**self.keys, **found}, self.officers)
            require(key.pid == self.predicate["subject"], "a passkey in the file is of somebody else")
            require(key.key_id not in found, "a passkey is enrolled a second time")
            found[key.key_id] = key
        return found

    @cached_property
    def subject_key(self) -> Enrolled:
        """The key that is stated to be the subject's."""
        stated = self.predicate["subject_key"]
        key = {**self.keys, **self.passkeys}.get(stated["key_id"])
        if key is None or key.index != stated["index"]:
            raise FailedError("the key that is stated to be the subject's is not enrolled at that index")
        return key

    @cached_property
    def consents(self) -> Sequence[Consent]:
        """The stated consents, each the subject's own yes to the stated purpose under the stated policy."""
        found = []
        for stated in self.predicate["consents"]:
            name = evidence.consent_file(stated["index"])
            given = evidence.consent(self.entry(name), {**self.keys, **self.passkeys}, self.mandates)
            require(given.index == stated["index"], f"{name} is at another index than its name says")
            require(given.record_sha256 == stated["record_sha256"], f"{name} holds another record than stated")
            require(given.pid == self.predicate["subject"], f"{name} is the consent of somebody else")
            require(self.predicate["purpose"] in given.purposes, f"{name} does not say yes to the stated purpose")
            require(
                given.policy_sha256 == self.predicate["policy"]["sha256"],
                f"{name} agrees to another policy than stated",
            )
            found.append(given)
        return found

    @cached_property
    def responses(self) -> Sequence[tuple[int, Response]]:
        """The subject's responses in the file, each with its index in the log."""
        from attest import response

        statement_sha256 = hashlib.sha256(self.file(evidence.STATEMENT)).hexdigest()
        found = []
        for index, name in evidence.indexed(self.files, "responses"):
            entry = self.entry(name)
            require(entry.index == index, f"{name} is at another index than its name says")
            require(entry.event.type == "subject.response", f"{name} is not a response")
            by = response.passkey_of(entry.body)
            known = (self.passkeys if by else self.keys).values()
            spoke = [key for key in known if key.speaks_at(index) and by in ("", key.key_id)]
            require(len(spoke) == 1, f"{name} was logged when no such key spoke for the subject")
            said = response.check(entry.body, spoke[0].verifier)
            require(said.pid == self.predicate["subject"], f"{name} is the word of somebody else")
            require(
                (said.statement_sha256, said.extraction_id) == (statement_sha256, self.predicate["extraction_id"]),
                f"{name} is about another skill",
            )
            found.append((index, said))
        return found

    # The questions.

    def container(self) -> Answer:
        """Is there one reading of the file?"""
        size = sum(map(len, self.files.values()))
        found = f"{self.name}, {len(self.files)} files, {size} bytes"
        if self.packed is None:
            return "info", f"{found}; unpacked"
        if containers.pack(self.name, self.files) == self.packed:
            return "pass", found
        with_zlib = self.predicate["packed_with"]["zlib"]
        require(with_zlib != containers.PACKED_WITH, "packing the same files again gives other bytes")
        return "info", f"{found}; compressed by zlib {with_zlib}, which is not here: compressed bytes not compared"

    def signature(self) -> Answer:
        """Did the log sign the statement?"""
        return "pass", f"{len(self.statement.subjects)} files, log {self.statement.predicate['log_origin']}"

    def digests(self) -> Answer:
        """Are the files the ones that the statement covers, and does it cover all?"""
        predicate = self.predicate
        subjects = self.statement.subjects
        stated = predicate["subject_key"]
        enrolled = evidence.passkey_file if stated["key_id"].startswith("webauthn:") else evidence.key_file
        entries = {name for name in subjects if evidence.is_entry(name)}
        attested = {
            evidence.DISPOSITIONS,
            evidence.RELEASE,
            evidence.VERIFY,
            evidence.MANIFEST,
            evidence.SEAL,
            enrolled(stated["index"]),
            *(evidence.consent_file(given["index"]) for given in predicate["consents"]),
        }
        require(attested <= subjects.keys(), "the statement leaves out a file that it must cover")
        require(
            all(
                name in attested or (name in entries and evidence.vouches(name))
                for name in subjects
                if name.startswith(evidence.FOLDER)
            ),
            "the statement covers a file that does not belong into attestation/",
        )
        expected = {evidence.STATEMENT, evidence.ENTRY, evidence.ENTRY_PROOF, *subjects}
        later = {name for name in self.files.keys() - subjects.keys() if evidence.may_come_later(name)}
        expected |= later
        expected |= {evidence.proof_file(name) for name in entries | later if evidence.is_entry(name)}
        missing, extra = sorted(expected - self.files.keys()), sorted(self.files.keys() - expected)
        require(not missing, f"{len(missing)} files are missing: {', '.join(missing[:3])}")
        require(not extra, f"{len(extra)} files are extra: {', '.join(extra[:3])}")
        wrong = [name for name, digest in subjects.items() if hashlib.sha256(self.files[name]).hexdigest() != digest]
        require(not wrong, f"{len(wrong)} files were changed: {', '.join(wrong[:3])}")
        return "pass", f"{len(subjects)} files as stated, none missing, none extra"

    def released(self) -> Answer:
        """Is the release in the log?"""
        entry = self.release_entry
        require(entry.event.type == "skill.released", "the entry is not of type skill.released")
        return "pass", f"entry {entry.index} of {self.head.checkpoint.size} in {self.head.checkpoint.origin}"

    def binding(self) -> Answer:
        """Is the release in the log about this statement?"""
        shape = {"statement_sha256": DIGEST, "seal_index": COUNT, "expires": str}
        body = self.about_this(self.release_entry, "skill.released", shape)
        stated = hashlib.sha256(self.file(evidence.STATEMENT)).hexdigest()
        require(body["statement_sha256"] == stated, "the release is of another statement")
        require(body["seal_index"] == self.predicate["seal"]["index"], "the release is of another seal")
        require(body["expires"] == self.predicate["expires"], "release and statement expire at different times")
        return "pass", stated

    def sealed(self) -> Answer:
        """Is the seal in the log?"""
        index, body = self.seal
        return "pass", f"entry {index}, {body['size']} records"

    def committed(self) -> Answer:
        """Was the source manifest logged before the seal?"""
        index, body = self.manifest
        seal_index, seal = self.seal
        require(seal["manifest_index"] == index, "the seal names another manifest")
        require(index < seal_index, "the manifest was logged after the seal")
        return "pass", f"entry {index}, {body['size']} records"

    def disposition_root(self) -> Answer:
        """Are the dispositions the sealed ones?"""
        tree, (_, seal) = self.dispositions, self.seal
        stated = self.predicate["dispositions"]
        found = (tree.root.hex(), tree.size)
        require(found == (seal["root"], seal["size"]), "the dispositions are not the ones that were sealed")
        require(found == (stated["root"], stated["size"]), "the dispositions are not the ones that are stated")
        return "pass", found[0]

    def manifest_root(self) -> Answer:
        """Do the dispositions answer for exactly the records of the manifest?"""
        tree, (_, manifest) = self.dispositions, self.manifest
        require(tree.size == manifest["size"], "the manifest has another number of records than the dispositions")
        require(tree.manifest_root.hex() == manifest["root"], "the dispositions are not of the records committed to")
        return "pass", manifest["root"]

    def counts(self) -> Answer:
        """Do the numbers add up?"""
        counts = self.dispositions.counts()
        (_, seal), stated = self.seal, self.predicate
        require(seal["counts"] == counts, "the sealed counts are not those of the dispositions")
        require(stated["dispositions"]["counts"] == counts, "the stated counts are not those of the dispositions")
        require(
            stated["authenticity"] == self.dispositions.authenticity(),
            "the stated authenticity levels are not those of the dispositions",
        )
        taken, left_out = counts["taken"] + counts["taken_redacted"], counts["left_out"]
        return "pass", f"{self.dispositions.size} seen = {taken} taken + {left_out} left out"

    def enrolment(self) -> Answer:
        """Is the subject's key in the log, signed by itself?"""
        key = self.subject_key
        rotations = 0 if key.passkey else sum(other.index < key.index for other in self.keys.values())
        after = f", after {rotations} rotation{'s' * (rotations > 1)}" if rotations else ""
        if not key.witness:
            by = "; no witness"
        else:
            by = f"; witnessed by {key.witness}" if key.witnessed else f"; witness {key.witness} not in the file"
        at = f", passkey at {key.passkey.origin}" if key.passkey is not None else ""
        return "pass", f"{key.key_id}, entry {key.index}{at}{by}{after}"

    def released_by_subject(self) -> Answer:
        """Did the subject sign exactly this content?"""
        data = self.file(evidence.RELEASE)
        require(
            hashlib.sha256(data).hexdigest() == self.predicate["release"]["sha256"], "the release is not the one stated"
        )
        key = self.subject_key
        opened = dsse.open_envelope(data, {key.key_id: key.verifier}, statement.RELEASE_TYPE)
        if opened.unknown:
            raise SignatureError("a key other than the subject's signed the release too")
        require(key.speaks_at(self.release_entry.index), "the key did not speak for the subject at the release")
        release = statement.parse_release(opened.payload)
        require(release["skill"] == self.name, "the subject released a skill of another name")
        require(release["extraction_id"] == self.predicate["extraction_id"], "the subject released another extraction")
        require(release["expires"] == self.predicate["expires"], "the subject released it to another expiry")
        signed = {item["name"]: item["sha256"] for item in release["files"]}
        found = {
            name: hashlib.sha256(content).hexdigest()
            for name, content in self.files.items()
            if not name.startswith(evidence.FOLDER)
        }
        require(signed == found, "the subject released other files")
        review = release["review"]
        return "pass", f"{review['accepted']} accepted, {review['corrected']} corrected, {review['struck']} struck"

    def consented(self) -> Answer:
        """Did the subject consent, in the log, to this purpose and policy?"""
        consents = self.consents
        seal = self.seal[1]
        # The seal may name its consent; where it does, it must be one of these.
        known = [given.index for given in consents]
        require(seal.get("consent_index", known[-1]) in known, "the seal names another consent")
        signed = [
            f"{given.index} (signed by {under.terms.delegate}, mandate {under.index}, "
            f"witnessed by {', '.join(under.witnesses)})"
            if (under := given.mandate) is not None
            else f"{given.index} (signed by passkey at {pinned.origin}, witnessed by {given.key.witness})"
            if (pinned := given.key.passkey) is not None
            else str(given.index)
            for given in consents
        ]
        return "pass", f"{self.predicate['purpose']}, entries {', '.join(signed)}"

    def expiry(self) -> Answer:
        """Is the skill still valid, and no longer than the consent?"""
        expires = from_time(self.predicate["expires"])
        # The order of the log decides which consent is in force, not the times that they claim.
        ends = max(self.consents, key=lambda given: given.index).ends
        require(expires <= ends, f"it expires {to_time(expires)}, but the consent ends {to_time(ends)}")
        if self.now is None:
            return "info", f"expires {to_time(expires)}; no time was given to compare with"
        require(self.now < expires, f"it expired {to_time(expires)}")
        return "pass", f"expires {to_time(expires)}; looked at {to_time(self.now)}"

    def order(self) -> Answer:
        """Do the steps stand in the log in their order?"""
        seal_index, seal = self.seal
        chain = [self.manifest[0], *(seal["steps"][step] for step in _STEPS), seal_index, self.release_entry.index]
        require(
            chain == sorted(set(chain)), "manifest, gates, redaction, distillation, seal and release are not in order"
        )
        # A key may be rotated between seal and release; the one that it began with stands before both.
        enrolled = [key.index for key in (*self.keys.values(), *self.passkeys.values())]
        require(bool(enrolled), "no key of the subject is in the file")
        before = [*(given.index for given in self.consents), min(enrolled)]
        require(max(before) < seal_index, "the consent or the key came after the seal")
        require(self.subject_key.index < self.release_entry.index, "the key came after the release")
        return "pass", " < ".join(map(str, chain))

    def policy(self) -> Answer:
        """Is the policy the one that the auditor expects?"""
        stated = self.predicate["policy"]
        seal = self.seal[1].get("policy", stated)
        require(seal == stated, "seal and statement name different policies")
        found = f"{stated['id']} version {stated['version']}, {stated['sha256']}"
        if self.policy_sha256 is None:
            return "info", f"{found}; no policy was given to compare with"
        require(stated["sha256"] == self.policy_sha256, f"{found}: not the policy that you gave")
        return "pass", found

    def witnesses(self) -> Answer:
        """Has the checkpoint been witnessed as the auditor's policy wants it?"""
        others, policy = self.head.others, self.witness_policy
        if policy is None:
            if others:
                return "info", f"{others} cosignature{'s' * (others > 1)} by keys that no policy names: not checked"
            return "info", "unwitnessed"
        require(not policy.logs or self.verifier in policy.logs, "the witness policy names other logs than this one")
        opened = open_cosigned(self.head.note, policy.cosigners)
        early = [c for c in opened.cosignatures if self.now is not None and c.at > self.now + CLOCKS]
        counted = [c for c in opened.cosignatures if c not in early]
        by = {c.cosigner for c in counted}
        done = [name for name in policy.operators if name in policy.witnessed(by)]
        met = policy.met(by)
        value = (
            f"{len(done)} of {len(policy.operators)}, operators: {', '.join(map(shown, done)) or 'none'}; "
            f"quorum {'met' if met else 'not met'} ({policy.needed} needed)"
        )
        if counted:
            value += f"; newest {to_time(max(c.at for c in counted))}"
        if any(c.at + CLOCKS < self.release_entry.event.at for c in counted):
            value += "; one is dated before the release that it covers: a clock is wrong"
        if early:
            value += f"; {len(early)} not counted, dated in the future"
        if unknown := others - len(opened.cosignatures):
            value += f"; {unknown} more by keys that the policy does not name"
        require(met, value)
        return ("info", f"{value}; the policy asks for none") if not policy.needed else ("pass", value)

    def timestamped(self) -> Answer:
        """Does a third party say when the log's head existed?"""
        size = self.head.checkpoint.size
        if evidence.TIMESTAMP not in self.files:
            return "info", f"none over the checkpoint of {size} entries"
        if not self.timestamp_roots:
            return "info", "there is one; no authority's certificate was given to check it with"
        from attest import timestamp

        if not timestamp.available():
            return "info", "there is one; the package rfc3161-client, which checks it, is not installed"
        message = timestamp.own_note(self.head.note)
        at = timestamp.verify(self.file(evidence.TIMESTAMP), message, self.timestamp_roots)
        require(self.now is None or at <= self.now + CLOCKS, f"it is dated in the future, {to_time(at)}")
        return "pass", f"{size} entries at {to_time(at)}, says the authority"

    def word(self) -> Answer:
        """What does the subject say of its accuracy?"""
        said = {index: f"{found.response} (entry {index}, signed)" for index, found in self.responses}
        for item in self.predicate["responses"]:
            said.setdefault(item["index"], f"{item['response']} (entry {item['index']}, as stated at release)")
        return "info", ", ".join(said[index] for index in sorted(said)) or "unanswered"

    def authenticity(self) -> Answer:
        """How well are the sources themselves attested?"""
        levels = self.dispositions.authenticity()
        return "info", ", ".join(f"{level}: {n}" for level, n in levels.items()) or "no records"

    def limits(self) -> Answer:
        """What is left open whatever the answers."""
        return "info", "see below"
