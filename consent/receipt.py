"""The receipt that a worker gets: what was agreed or taken back, and how to prove it without the employer."""

from __future__ import annotations

import base64
import hashlib
import textwrap
from dataclasses import dataclass
from typing import Any

from attest import events, proof
from attest.encoding import to_time
from attest.events import Event
from attest.note import Verifier
from consent import notice
from consent.errors import RecordError
from consent.notice import Notice
from consent.record import ConsentRecord, GivenChoice, envelope_payload, parse
from govern.errors import GovernError


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
        notice: The text that was shown, or None where it is not one that ships.
    """

    entry: bytes
    proof: bytes
    log_vkey: str
    index: int
    checkpoint: bytes
    event: Event
    record: ConsentRecord | None
    notice: Notice | None

    @property
    def pid(self) -> str:
        """The person."""
        return str(self.event.body["pid"])

    @property
    def document(self) -> dict[str, Any]:
        """The receipt as a JSON value; entry, proof and checkpoint are exact bytes in base64."""
        shown = self.notice
        return {
            "schema": "govern-receipt/1",
            "event": self.event.type,
            "at": to_time(self.event.at),
            "pid": self.pid,
            "index": self.index,
            "log_key": self.log_vkey,
            "entry": _base64(self.entry),
            "proof": _base64(self.proof),
            "checkpoint": _base64(self.checkpoint),
            "envelope": self.event.body.get("envelope"),
            "record": self.record.to_document() if self.record else None,
            "record_sha256": self.record.sha256 if self.record else None,
            "notice": {"lang": shown.lang, "version": shown.version, "sha256": shown.sha256, "text": shown.text}
            if shown
            else None,
        }

    @property
    def text(self) -> str:
        """The receipt for people."""
        said = _WORDS.get(self.event.type, self.event.type)
        lines = [f"Receipt for {self.pid}: {said}", ""]
        lines += [f"When:   {to_time(self.event.at)}", f"Where:  entry {self.index} of the log"]
        lines += _record_lines(self.record) if self.record else [f"What:   {_purposes(self.event)}"]
        if self.event.type in ("consent.given", "consent.renewed"):
            lines += ["", "You can take this back at any time, by any channel, without your key and without a reason."]
        lines += ["", "Keep this receipt. It lets you prove what you decided without anyone's help:"]
        lines.append(f"  entry SHA-256   {hashlib.sha256(self.entry).hexdigest()}")
        if self.record:
            lines.append(f"  record SHA-256  {self.record.sha256}")
            lines.append(f"  notice SHA-256  {self.record.notice.sha256} (version {self.record.notice.version})")
        lines.append(f"  log key         {self.log_vkey}")
        lines += ["", "Signed checkpoint of the log:", "", textwrap.indent(self.checkpoint.decode().rstrip("\n"), "  ")]
        if self.notice:
            lines += ["", "What you were told:", "", textwrap.indent(self.notice.text.rstrip("\n"), "  ")]
        return "\n".join(lines) + "\n"


_WORDS = {
    "consent.given": "you said yes",
    "consent.renewed": "you renewed your yes",
    "consent.refused": "you said no",
    "consent.withdrawn": "you took your yes back",
    "consent.requested": "you were asked",
}


def receipt(entry: bytes, proof_data: bytes, log_vkey: str) -> Receipt:
    """Return the receipt for one entry of the log.

    Args:
        entry: Exact bytes of the entry.
        proof_data: Its inclusion proof.
        log_vkey: The log's public key.

    Raises:
        RecordError: The entry is no consent event.
        VerificationError: The proof does not lead from the entry to a checkpoint that the log's key signed.
    """
    evidence = proof.parse(proof_data)
    # A receipt that proves nothing must not be handed out.
    evidence.verify(entry, Verifier.from_vkey(log_vkey))
    try:
        event = events.parse(entry)
    except GovernError:
        raise RecordError("the entry is not an event") from None
    if not event.type.startswith("consent.") or not isinstance(event.body.get("pid"), str):
        raise RecordError("the entry is not about a consent")
    payload = envelope_payload(event.body.get("envelope"))
    record = parse(payload) if payload is not None else None
    shown = notice.find(record.notice.sha256) if record is not None else None
    return Receipt(entry, proof_data, log_vkey, evidence.index, evidence.checkpoint, event, record, shown)


def _record_lines(record: ConsentRecord) -> list[str]:
    lines = []
    for choice in record.choices:
        if isinstance(choice, GivenChoice):
            lines += [
                f"Yes to  {choice.purpose}",
                f"  sources     {', '.join(choice.sources) or 'none'}",
                f"  days        {choice.from_} to {choice.until}",
                f"  knowledge   {', '.join(choice.categories) or 'none'}",
                f"  readers     {', '.join(choice.recipients) or 'none named'}",
            ]
        else:
            lines.append(f"No to   {choice.purpose}")
    if record.event in ("given", "renewed"):
        lines.append(f"Until:  {record.end:%Y-%m-%d %H:%M} UTC, unless you take it back before")
        lines.append(f"Kept:   {', '.join(record.withhold) or 'nothing'}")
        lines.append(f"Model:  {record.processing.model_sha256}")
    lines.append(f"Policy: {record.policy.id}, version {record.policy.version}, {record.policy.sha256}")
    return lines


def _purposes(event: Event) -> str:
    purposes = event.body.get("purposes")
    return ", ".join(map(str, purposes)) if isinstance(purposes, list) else "all purposes"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
