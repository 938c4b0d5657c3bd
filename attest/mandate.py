"""A mandate: a person lets somebody else sign for them, or two officers do so for someone who cannot sign."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest import canonical, dsse
from attest.encoding import from_base64, from_time, to_base64, to_time
from attest.errors import FormatError, SignatureError
from attest.keys import key_id, public_bytes
from attest.names import NAME, NONCE, PID, REFERENCE, fits, sorted_names
from attest.shape import DIGEST, Shape, exact

PAYLOAD_TYPE = "application/vnd.govern.mandate+json"
SCHEMA = "govern-mandate/1"
MAX_PAYLOAD = 16_384
WITNESSES = 2
"""Officers, none of HR, who must have approved a mandate before anything signed under it counts."""

_SHAPE: Shape = {
    "schema": str,
    "nonce": str,
    "pid": str,
    "delegate": str,
    "key_id": str,
    "public_key": str,
    "purposes": list,
    "sources": list,
    "categories": list,
    "recipients": list,
    "at": str,
    "until": str,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a mandate says.

    Attributes:
        pid: In whose place.
        delegate: Who may sign.
        public: The 32 bytes of the delegate's key.
        purposes: What may be agreed to, at most.
        sources: Kinds of source, at most.
        categories: Kinds of knowledge, at most.
        recipients: Users of the skill, at most.
        nonce: 32 random hex digits, used once.
        at: When, by the word of who signed.
        until: When it ends.
    """

    pid: str
    delegate: str
    public: bytes
    purposes: tuple[str, ...]
    sources: tuple[str, ...]
    categories: tuple[str, ...]
    recipients: tuple[str, ...]
    nonce: str
    at: datetime
    until: datetime

    def __post_init__(self) -> None:
        """Refuse what is no mandate; cut times to whole seconds.

        Raises:
            FormatError: A part is not in form.
        """
        fits(PID, self.pid, "the person of a mandate")
        fits(PID, self.delegate, "the delegate of a mandate")
        fits(NONCE, self.nonce, "the nonce of a mandate")
        for name in ("at", "until"):
            object.__setattr__(self, name, from_time(to_time(getattr(self, name))))
        if self.pid == self.delegate or len(self.public) != 32 or self.until <= self.at or not self.purposes:
            raise FormatError("a mandate is for somebody else, for a time, and for something")
        for name, form in (("purposes", NAME), ("sources", NAME), ("categories", NAME), ("recipients", REFERENCE)):
            sorted_names(form, list(getattr(self, name)), f"the {name} of a mandate")

    def payload(self) -> bytes:
        """Return the exact bytes that are signed."""
        return canonical.dumps(
            {
                "schema": SCHEMA,
                "nonce": self.nonce,
                "pid": self.pid,
                "delegate": self.delegate,
                "key_id": key_id(self.public),
                "public_key": to_base64(self.public),
                "purposes": list(self.purposes),
                "sources": list(self.sources),
                "categories": list(self.categories),
                "recipients": list(self.recipients),
                "at": to_time(self.at),
                "until": to_time(self.until),
            }
        )

    @property
    def sha256(self) -> str:
        """Digest of the payload: what the witnesses' approvals name."""
        return hashlib.sha256(self.payload()).hexdigest()

    def body(self, delegate: Ed25519PrivateKey, subject: Ed25519PrivateKey | None = None) -> dict[str, Any]:
        """Return the body of a `mandate.given` event.

        Args:
            delegate: The delegate's key, which shows that it is theirs.
            subject: The person's key; None for someone who cannot sign.
        """
        signers = [key for key in (delegate, subject) if key is not None]
        envelope = dsse.sign(PAYLOAD_TYPE, self.payload(), [(key_id(public_bytes(key)), key) for key in signers])
        return {
            "pid": self.pid,
            "delegate": self.delegate,
            "mandate_sha256": self.sha256,
            "envelope": canonical.loads(envelope),
        }


def parse(payload: bytes) -> Terms:
    """Read what was signed.

    Raises:
        FormatError: The bytes are not what `Terms.payload` writes.
    """
    if len(payload) > MAX_PAYLOAD:
        raise FormatError("a mandate is too long")
    value = exact(canonical.loads(payload), "a mandate", _SHAPE)
    if value.pop("schema") != SCHEMA:
        raise FormatError("a mandate is of a version that is not known")
    public, identity = from_base64(value.pop("public_key")), value.pop("key_id")
    if len(public) != 32 or key_id(public) != identity:
        raise FormatError("the id of a delegate's key is not that of the key")
    for name, form in (("purposes", NAME), ("sources", NAME), ("categories", NAME), ("recipients", REFERENCE)):
        value[name] = sorted_names(form, value[name], f"the {name} of a mandate")
    value |= {"public": public, "at": from_time(value["at"]), "until": from_time(value["until"])}
    return Terms(**value)


def check(body: Mapping[str, Any], subject: bytes | None) -> tuple[Terms, bool]:
    """Return what a log entry says, and whether the person signed it.

    Args:
        body: Body of a `mandate.given` event.
        subject: The 32 bytes of the person's key, or None where there is none.

    Raises:
        FormatError: The body is not in form, or says something else than what was signed.
        SignatureError: The delegate's key did not sign, or a key signed that is neither the delegate's nor the
            person's.
    """
    shape: Shape = {"pid": str, "delegate": str, "mandate_sha256": DIGEST, "envelope": dict}
    head = exact(dict(body), "a mandate entry", shape)
    envelope = exact(head["envelope"], "an envelope", {"payload": str, "payloadType": str, "signatures": list})
    said = parse(from_base64(envelope["payload"]))
    own = key_id(said.public)
    trusted = {own: said.public} | ({} if subject is None else {key_id(subject): subject})
    opened = dsse.open_envelope(canonical.dumps(envelope), trusted, PAYLOAD_TYPE)
    if own not in opened.signers or opened.unknown:
        raise SignatureError("a mandate lacks the delegate's signature, or somebody signed it who has no part in it")
    if (said.pid, said.delegate, said.sha256) != (head["pid"], head["delegate"], head["mandate_sha256"]):
        raise FormatError("a mandate entry says something else than what was signed")
    by_subject = subject is not None and len(opened.signers) == 2
    return said, by_subject
