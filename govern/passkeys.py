"""Passkeys as ceremonies: what a page asks a browser for, and what becomes of what the browser returns.

Each ceremony has a beginning, which returns the options for the browser as JSON (`parseCreationOptionsFromJSON`,
`parseRequestOptionsFromJSON`), and an end, which takes what the browser returned (`toJSON()`). Between the two only the
frozen object of the beginning is kept. To enrol takes two touches, one that makes the passkey and one with which it
signs the record of its own enrolment; then a witness, who is not of HR, signs the same bytes.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attest import canonical, credential, dsse, fingerprint, passkey, webauthn
from attest.encoding import from_base64
from attest.errors import FormatError
from attest.passkey import PAYLOAD_TYPE, Enrolment
from attest.shape import exact, fields
from attest.webauthn import Assertion, from_base64url, to_base64url
from consent import build
from consent.record import PAYLOAD_TYPE as CONSENT_TYPE
from consent.record import ConsentRecord
from govern.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from attest.log import EventLog
    from consent.keys import EnrolledKey
    from consent.ledger import Ledger
    from govern.workspace import Workspace
    from policies.model import Policy

TIMEOUT_MS = 300_000
"""How long a browser waits for its user: time to read the choices again, and the eight words."""

MAX_PAPER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """The page that passkeys are made for. A passkey works there and nowhere else: fix the host name early.

    Attributes:
        rp_id: Host name of the relying party: `consent.example`.
        origin: Origin of the page, on that host or below it: `https://consent.example`.
        name: What a person reads beside the passkey.
    """

    rp_id: str
    origin: str
    name: str

    def __post_init__(self) -> None:
        """Refuse a page that may not use passkeys of that host.

        Raises:
            FormatError: It may not.
        """
        passkey.check_page(self.rp_id, self.origin)


@dataclass(frozen=True, slots=True)
class Creation:
    """A passkey that is about to be made.

    Attributes:
        page: For which page.
        pid: For whom.
        challenge: 32 random bytes that the answer must name.
        known: Credential ids that the person has there; no authenticator makes a second one beside its own.
    """

    page: Page
    pid: str
    challenge: bytes
    known: tuple[bytes, ...]

    @property
    def options(self) -> dict[str, Any]:
        """What the browser is asked for (`PublicKeyCredentialCreationOptionsJSON`)."""
        # The authenticator keeps the user's id: it is not the pseudonym, and another one at every page.
        user = hashlib.sha256(f"{self.page.origin} {self.pid}".encode()).digest()
        return {
            "rp": {"id": self.page.rp_id, "name": self.page.name},
            "user": {"id": to_base64url(user), "name": self.pid, "displayName": self.pid},
            "challenge": to_base64url(self.challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in webauthn.ALGORITHMS],
            "timeout": TIMEOUT_MS,
            "excludeCredentials": _credentials(self.known),
            "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
            "attestation": "none",
        }


def begin_creation(page: Page, ledger: Ledger, pid: str, challenge: bytes | None = None) -> Creation:
    """Begin to make a passkey for a person.

    Args:
        page: The page that asks.
        ledger: What the person has already.
        pid: The person.
        challenge: 32 bytes; random ones where none are given.
    """
    known = tuple(key.credential_id for key in ledger.passkeys(pid))
    return Creation(page, pid, challenge or secrets.token_bytes(32), known)


def finish_creation(
    creation: Creation,
    response: Mapping[str, Any],
    ledger: Ledger,
    witness: str,
    now: datetime,
    before: EnrolledKey | None = None,
) -> Enrolment:
    """Return the record of the enrolment that is now to be signed: by the passkey, the witness, and a key before it.

    Args:
        creation: What was begun.
        response: What the browser returned.
        ledger: Says which key the person has already; it must sign too.
        witness: Id of the officer who will sign.
        now: The moment.
        before: Which of the person's keys will sign too; the key file where there is one, else the oldest passkey.

    Raises:
        FormatError: The response is not in form.
        SignatureError: It answers another question, or another page, or its owner was not verified.
        RefusedError: There is no such witness, or the witness is of HR.
    """
    check_witness(ledger, witness)
    held = (before, ledger.key(creation.pid), *ledger.passkeys(creation.pid))
    by = next((key.key_id for key in held if key is not None), "")
    return Enrolment(creation.pid, *made(creation, response), witness, by, now)


def made(creation: Creation, response: Mapping[str, Any]) -> tuple[webauthn.Passkey, bytes]:
    """Return the passkey that a browser made, and what its authenticator finds it by.

    Raises:
        FormatError: The response is not in form.
        SignatureError: It answers another question, or another page, or its owner was not verified.
    """
    credential_id, parts = _response(response, ("clientDataJSON", "attestationObject"))
    found = credential.created(
        parts["clientDataJSON"],
        parts["attestationObject"],
        challenge=creation.challenge,
        rp_id=creation.page.rp_id,
        origin=creation.page.origin,
    )
    if found.credential_id != credential_id:
        raise FormatError("the response is about another credential than it says")
    return found.passkey, credential_id


def check_witness(ledger: Ledger, witness: str) -> None:
    """Refuse a witness who is none.

    Raises:
        RefusedError: There is no such officer, or it is HR.
    """
    held = ledger.officer(witness)
    if held is None or held.role == "hr":
        why = "there is no such officer" if held is None else "HR cannot be the witness"
        raise RefusedError(f"{why}: {witness}", "`govern role list` shows who holds which role")


@dataclass(frozen=True, slots=True)
class Signing:
    """Bytes that are about to be signed by a passkey.

    Attributes:
        payload_type: What they are.
        payload: The bytes.
        keys: The passkeys that may sign, each with its credential id.
    """

    payload_type: str
    payload: bytes
    keys: tuple[tuple[bytes, webauthn.Passkey], ...]

    @property
    def options(self) -> dict[str, Any]:
        """What the browser is asked for (`PublicKeyCredentialRequestOptionsJSON`)."""
        message = dsse.pae(self.payload_type, self.payload)
        return {
            "challenge": to_base64url(webauthn.challenge_of(message)),
            "rpId": self.keys[0][1].rp_id,
            "timeout": TIMEOUT_MS,
            "allowCredentials": _credentials(credential_id for credential_id, _ in self.keys),
            "userVerification": "required",
        }

    @property
    def words(self) -> str:
        """Eight words for the screen: the same stand on the receipt, because the authenticator shows no text."""
        return fingerprint.words(hashlib.sha256(self.payload).digest())

    def finish(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """Return the signature, checked, as it stands in an envelope.

        Args:
            response: What the browser returned.

        Raises:
            FormatError: The response is not in form.
            SignatureError: It is not a signature over these bytes, by one of these passkeys, at their page.
        """
        credential_id, parts = _response(response, ("clientDataJSON", "authenticatorData", "signature"))
        key = dict(self.keys).get(credential_id)
        if key is None:
            raise FormatError("the response is by another passkey than was asked for")
        assertion = Assertion(parts["authenticatorData"], parts["clientDataJSON"], parts["signature"])
        webauthn.verify(key, dsse.pae(self.payload_type, self.payload), assertion)
        return assertion.to_signature(key.key_id)


def begin_enrolment(enrolment: Enrolment, before: EnrolledKey | None = None) -> Signing:
    """Begin to sign the record of an enrolment, with the new passkey itself.

    Args:
        enrolment: The record.
        before: Instead, the person's passkey that the record names as the one before it.
    """
    if before is not None and before.passkey is not None:
        return Signing(PAYLOAD_TYPE, enrolment.to_payload(), ((before.credential_id, before.passkey),))
    return Signing(PAYLOAD_TYPE, enrolment.to_payload(), ((enrolment.credential_id, enrolment.passkey),))


def paper(enrolment: Enrolment, signatures: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the record of an enrolment as a file for the witness: an envelope that not everybody has signed yet."""
    return dsse.build(PAYLOAD_TYPE, enrolment.to_payload(), signatures)


def read_paper(data: bytes) -> tuple[Enrolment, list[dict[str, Any]]]:
    """Return the record in such a file, and who has signed; no signature is checked.

    Raises:
        FormatError: The file is not one.
    """
    payload, signatures = opened_paper(data, PAYLOAD_TYPE)
    return passkey.parse(payload), signatures


def opened_paper(data: bytes, payload_type: str) -> tuple[bytes, list[dict[str, Any]]]:
    """Return the bytes of a record that not everybody has signed yet, and the signatures; none is checked.

    Raises:
        FormatError: The file holds no record of that type.
    """
    if len(data) > MAX_PAPER:
        raise FormatError("the record of an enrolment is too long")
    shape = {"payload": str, "payloadType": str, "signatures": list}
    envelope = exact(canonical.loads(data.rstrip(b"\n")), "the record of an enrolment", shape)
    if envelope["payloadType"] != payload_type:
        raise FormatError("the file is not the record of such an enrolment")
    signed = [exact(i, "a signature", {"keyid": str, "sig": str}, {"webauthn": dict}) for i in envelope["signatures"]]
    return from_base64(envelope["payload"]), signed


def words(enrolment: Enrolment) -> str:
    """Return the eight words of an enrolment, by which person and witness know that they sign the same."""
    return fingerprint.words(hashlib.sha256(enrolment.to_payload()).digest())


def countersign(enrolment: Enrolment, key_id: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return the signature of a witness, or of the key before the passkey, as it stands in an envelope."""
    return dsse.signature(PAYLOAD_TYPE, enrolment.to_payload(), key_id, key)


def enrol(
    log: EventLog, enrolment: Enrolment, signatures: Sequence[Mapping[str, Any]], now: datetime
) -> tuple[int, Ledger]:
    """Enter a passkey in the log; return its index and the ledger after it.

    Raises:
        UsageError: One key signed twice.
        RefusedError: It would not count: somebody did not sign who must.
    """
    from govern import counted

    if len({each["keyid"] for each in signatures}) != len(signatures):
        raise UsageError("one key signed the enrolment twice", "the witness and the person sign with keys of their own")
    body = enrolment.to_body(signatures)
    return counted.append(log, "passkey.enrolled", f"employee:{enrolment.pid}", body, now)


def begin_signing(ledger: Ledger, record: ConsentRecord, page: Page) -> tuple[ConsentRecord, Signing]:
    """Begin to sign a consent: the page shows the choices of the record that is returned, and its eight words.

    Args:
        ledger: Says which passkeys the person has.
        record: Whatever the person decided; that it is signed by passkey is written into it.
        page: The page that asks.

    Raises:
        RefusedError: The person has no passkey for this page.
    """
    pid = record.subject.pid
    if record.actor.role != "subject":
        raise RefusedError("only the person signs with a passkey", "a delegate signs with a key file")
    asked = build.for_passkey(record)
    return asked, offer(ledger, pid, page, CONSENT_TYPE, asked.to_payload())


def offer(ledger: Ledger, pid: str, page: Page, payload_type: str, payload: bytes) -> Signing:
    """Return bytes to be signed by a passkey that the person has for a page.

    Raises:
        RefusedError: The person has none there.
    """
    return offer_from(ledger.passkeys(pid), page, payload_type, payload)


def offer_from(held: Iterable[EnrolledKey], page: Page, payload_type: str, payload: bytes) -> Signing:
    """Return bytes to be signed by one of these passkeys that is for a page.

    Raises:
        RefusedError: None is.
    """
    keys = tuple((key.credential_id, key.passkey) for key in held if key.passkey is not None and is_for(key, page))
    if not keys:
        raise RefusedError("this person has no passkey for this page", "make one there; `govern keys list` shows all")
    return Signing(payload_type, payload, keys)


def is_for(key: EnrolledKey, page: Page) -> bool:
    """Say whether a key is a passkey for a page."""
    return key.passkey is not None and (key.passkey.rp_id, key.passkey.origin) == (page.rp_id, page.origin)


def finish_signing(
    workspace: Workspace,
    log: EventLog,
    record: ConsentRecord,
    signing: Signing,
    response: Mapping[str, Any],
    policy: Policy,
    now: datetime,
) -> int:
    """Check what the browser returned, log the consent, and return its index. What it takes away stops at once.

    Args:
        workspace: The workspace.
        log: Its log.
        record: The record that `begin_signing` returned.
        signing: What was begun.
        response: What the browser returned.
        policy: The policy that the record names; it is adopted where it is not yet.
        now: The moment.

    Raises:
        FormatError: The response is not in form.
        SignatureError: It is not a signature over this record.
        UsageError: Record, signature and policy do not belong together.
        RefusedError: The record would not count.
    """
    from govern import counted, stopping

    if signing.payload != record.to_payload() or policy.sha256 != record.policy.sha256:
        raise UsageError("another record was signed than this one", "begin again with the record as it is now")
    signed = build.signed(record, signing.finish(response))
    workspace.adopt(log, policy, now)
    ledger = workspace.ledger(log)
    index, _ = counted.append(log, signed.event_type, f"employee:{record.subject.pid}", signed.body, now, ledger)
    stopping.stop(workspace, log, None, now)
    return index


def begin_withdrawal(
    ledger: Ledger, pid: str, purposes: Sequence[str], page: Page, now: datetime
) -> tuple[ConsentRecord, Signing] | None:
    """Begin to sign a withdrawal; None where nothing is there to sign with or to sign about.

    A withdrawal counts unsigned. Whoever has the passkey at hand may sign, and has it on the receipt:
    `govern.withdrawing.withdraw` takes what is returned here, and what the browser did.
    """
    held = [state for state in (ledger.state(pid, purpose, now) for purpose in purposes) if state.record is not None]
    if not held or held[0].record is None:
        return None
    record = build.withdrawn(
        held[0].record, purposes, now=now, record_id=str(uuid.uuid4()), nonce=secrets.token_hex(16)
    )
    try:
        return begin_signing(ledger, record, page)
    except RefusedError:
        return None


def end(log: EventLog, pid: str, key_id: str, now: datetime) -> int:
    """Log that a passkey does not speak for its person any more; return the index. What it signed stays.

    Raises:
        RefusedError: The person has no such passkey.
    """
    from govern import counted

    return counted.append(log, "passkey.ended", "operator", {"pid": pid, "key_id": key_id}, now)[0]


def _credentials(ids: Iterable[bytes]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": to_base64url(each)} for each in ids]


def _response(response: Mapping[str, Any], names: Sequence[str]) -> tuple[bytes, dict[str, bytes]]:
    """Return credential id and the named parts of what a browser returned; it may hold more."""
    top = fields(response, "what the browser returned", {"rawId": str, "type": str, "response": dict})
    if top["type"] != "public-key":
        raise FormatError("what the browser returned is about no passkey")
    parts = fields(top["response"], "what the browser returned", dict.fromkeys(names, str))
    return from_base64url(top["rawId"]), {name: from_base64url(parts[name]) for name in names}
