"""The receipt that a worker gets: what was decided, and how to prove it without the employer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from attest import canonical, dsse, events, passkey, proof
from attest.encoding import from_base64, to_base64, to_time
from attest.events import Event
from attest.note import Verifier
from attest.webauthn import Passkey
from consent import notice, receipt_text
from consent.errors import RecordError
from consent.notice import Notice
from consent.record import PAYLOAD_TYPE, ConsentRecord, envelope_payload, parse
from govern.errors import GovernError, VerificationError

SCHEMA = "govern-receipt/1"
MAX_RECEIPT = 1 << 20
_KEYS = frozenset(
    {
        "schema", "lang", "event", "at", "pid", "index", "log_key", "entry", "proof", "checkpoint", "envelope",
        "record", "record_sha256", "notice", "signer",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signer:
    """The enrolment of the key or passkey that signed, with its own proof.

    Attributes:
        entry: Exact bytes of the `key.enrolled`, `key.rotated` or `passkey.enrolled` entry.
        proof: Its inclusion proof.
        key_id: Id of the key.
        passkey: The passkey and the page that it is pinned to, where it is one.
    """

    entry: bytes
    proof: bytes
    key_id: str
    passkey: Passkey | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """One consent event with the proof of its place in the log; both were checked when it was made.

    Attributes:
        entry: Exact bytes of the entry.
        proof: Its inclusion proof (C2SP tlog-proof), which holds the signed checkpoint.
        log_vkey: The log's public key, as a vkey line.
        index: Entry in the log.
        checkpoint: The signed checkpoint.
        event: The entry, parsed.
        record: The signed record, or None for an event without one.
        notice: The text that was shown, or None where it is not known.
        signer: The key that signed the record, or None for an event without a signature.
        lang: The language of the words for people.
    """

    entry: bytes
    proof: bytes
    log_vkey: str
    index: int
    checkpoint: bytes
    event: Event
    record: ConsentRecord | None
    notice: Notice | None
    signer: Signer | None = None
    lang: str = "en"

    @property
    def pid(self) -> str:
        """The person."""
        return str(self.event.body["pid"])

    @property
    def document(self) -> dict[str, Any]:
        """The receipt as a JSON value; entry, proof and checkpoint are exact bytes in base64."""
        signer = self.signer
        return {
            "schema": SCHEMA,
            "lang": self.lang,
            "event": self.event.type,
            "at": to_time(self.event.at),
            "pid": self.pid,
            "index": self.index,
            "log_key": self.log_vkey,
            "entry": to_base64(self.entry),
            "proof": to_base64(self.proof),
            "checkpoint": to_base64(self.checkpoint),
            "envelope": self.event.body.get("envelope"),
            "record": self.record.to_document() if self.record else None,
            "record_sha256": self.record.sha256 if self.record else None,
            "notice": self.notice.body() if self.notice else None,
            "signer": {"entry": to_base64(signer.entry), "proof": to_base64(signer.proof)} if signer else None,
        }

    def to_bytes(self) -> bytes:
        """Return the receipt as a JSON file."""
        return (json.dumps(self.document, indent=2, ensure_ascii=False) + "\n").encode()

    @property
    def text(self) -> str:
        """The receipt for people."""
        return receipt_text.text(self)


def receipt(
    entry: bytes,
    proof_data: bytes,
    log_vkey: str,
    *,
    notices: Iterable[Notice] = (),
    signer: tuple[bytes, bytes] | None = None,
    lang: str | None = None,
) -> Receipt:
    """Return the receipt for one entry of the log.

    Args:
        entry: Exact bytes of the entry.
        proof_data: Its inclusion proof.
        log_vkey: The log's public key.
        notices: Texts that were published in the log, beside those that ship.
        signer: Entry and proof of the enrolment of the key that signed.
        lang: Language of the words for people; that of the notice where it is not said.

    Raises:
        RecordError: The entry is no consent event.
        VerificationError: The proof does not lead from the entry to a checkpoint that the log's key signed, or the key
            did not sign the record.
    """
    verifier = Verifier.from_vkey(log_vkey)
    evidence = proof.parse(proof_data)
    # A receipt that proves nothing must not be handed out.
    evidence.verify(entry, verifier)
    event = _consent_event(entry)
    payload = envelope_payload(event.body.get("envelope"))
    record = parse(payload) if payload is not None else None
    if record is not None and event.body.get("record_sha256") not in (None, record.sha256):
        raise VerificationError("the entry names another record than the one in it", None)
    shown = None
    if record is not None:
        known = (*notice.shipped(), *notices)
        shown = next((text for text in known if text.sha256 == record.notice.sha256), None)
    said = notice.choose(lang or (record.notice.lang if record is not None else None)).lang
    by = _signer(signer, event, record, verifier) if signer is not None and record is not None else None
    return Receipt(
        entry, proof_data, log_vkey, evidence.index, evidence.checkpoint, event, record, shown, by, said
    )  # fmt: skip


def check(data: bytes, log_vkey: str) -> Receipt:
    """Return the receipt in a file, JSON or HTML, if everything that it says follows from what the log signed.

    Args:
        data: The file.
        log_vkey: The log's key, from a source that is not the file.

    Raises:
        RecordError: The file is no receipt.
        VerificationError: It says something else than its entry, or nothing that this log's key signed.
    """
    from consent import receipt_page

    if len(data) > MAX_RECEIPT:
        raise RecordError("a receipt is longer than a mebibyte")
    is_page = data.lstrip()[:1] == b"<"
    document = _read(receipt_page.embedded(data) if is_page else data)
    try:
        shown = notice.parse(document["notice"]) if document["notice"] is not None else None
        signer = document["signer"]
        made = receipt(
            from_base64(document["entry"]),
            from_base64(document["proof"]),
            log_vkey,
            notices=[shown] if shown is not None else [],
            signer=None if signer is None else (from_base64(signer["entry"]), from_base64(signer["proof"])),
            lang=document["lang"],
        )
    except (KeyError, TypeError, AttributeError):
        raise RecordError("a receipt is malformed") from None
    # Whatever the file says beside its evidence must be what the evidence says.
    if made.document != document or (is_page and receipt_page.page(made) != data):
        raise VerificationError(
            "the receipt says something else than its log entry", "ask for it again: `govern consent receipt`"
        )
    return made


def _read(data: bytes) -> dict[str, Any]:
    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise RecordError("a receipt names a key twice")
        return dict(pairs)

    try:
        document = json.loads(data.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise RecordError("the file is no receipt") from None
    if not isinstance(document, dict) or set(document) != _KEYS or document["schema"] != SCHEMA:
        raise RecordError("the file is no receipt")
    return document


def _consent_event(entry: bytes) -> Event:
    try:
        event = events.parse(entry)
    except GovernError:
        raise RecordError("the entry is not an event") from None
    if not event.type.startswith("consent.") or not isinstance(event.body.get("pid"), str):
        raise RecordError("the entry is not about a consent")
    return event


def _signer(given: tuple[bytes, bytes], event: Event, record: ConsentRecord, verifier: Verifier) -> Signer:
    entry, proof_data = given
    proof.parse(proof_data).verify(entry, verifier)
    enrolled = events.parse(entry)
    body = enrolled.body
    # A delegate signs with a key of their own.
    if enrolled.type not in ("key.enrolled", "key.rotated", "passkey.enrolled") or body.get("pid") not in (
        record.subject.pid,
        record.actor.id,
    ):
        raise VerificationError("the enrolment in the receipt is not of the key of whoever acted", None)
    pinned = passkey.parse_entry(body)[0].passkey if enrolled.type == "passkey.enrolled" else None
    if pinned is not None and record.method != "webauthn":
        raise VerificationError("the record says that it was signed in another way", None)
    key: dsse.Key = pinned or from_base64(body["public_key"])
    opened = dsse.open_envelope(canonical.dumps(event.body["envelope"]), {str(body["key_id"]): key}, PAYLOAD_TYPE)
    return Signer(entry, proof_data, opened.signers[0], pinned)
