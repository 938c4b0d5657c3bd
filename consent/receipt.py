"""The receipt that a worker gets: what was agreed or taken back, and how to prove it without the employer."""

from __future__ import annotations

import base64
import hashlib
import textwrap
from dataclasses import dataclass
from typing import Any

from attest import events
from consent.errors import RecordError
from consent.notice import Notice
from consent.record import ConsentRecord, GivenChoice, envelope_payload, parse
from govern.errors import GovernError

_WIDTH = 96


@dataclass(frozen=True, slots=True)
class Receipt:
    """One consent event with its place in the log.

    Attributes:
        index: Entry in the log.
        entry: Exact bytes of the entry.
        proof: The entry's inclusion proof (C2SP tlog-proof); it holds the checkpoint too.
        checkpoint: The signed checkpoint.
        notice: The text that was shown, or None for an event without one.
        event_type: `consent.given` and so on.
        at: Time by the log's clock.
        pid: The person.
        record: The signed record, or None for an event without one.
    """

    index: int
    entry: bytes
    proof: bytes
    checkpoint: bytes
    notice: Notice | None
    event_type: str
    at: str
    pid: str
    record: ConsentRecord | None

    def to_document(self) -> dict[str, Any]:
        """Return the receipt as a JSON value; entry, proof and checkpoint are exact bytes in base64."""
        return {
            "schema": "govern-receipt/1",
            "event": self.event_type,
            "at": self.at,
            "pid": self.pid,
            "index": self.index,
            "entry": _base64(self.entry),
            "proof": _base64(self.proof),
            "checkpoint": _base64(self.checkpoint),
            "envelope": events.parse(self.entry).body.get("envelope"),
            "record": self.record.to_document() if self.record else None,
            "record_sha256": self.record.sha256 if self.record else None,
            "notice": None
            if self.notice is None
            else {
                "lang": self.notice.lang,
                "version": self.notice.version,
                "sha256": self.notice.sha256,
                "text": self.notice.text,
            },
        }

    def to_text(self) -> str:
        """Return the receipt for people."""
        lines = [f"Receipt for {self.pid}: {_WORDS.get(self.event_type, self.event_type)}", ""]
        lines += [f"When:   {self.at}", f"Where:  entry {self.index} of the log"]
        lines += _record_lines(self.record) if self.record else [f"What:   {self._purposes()}"]
        lines += [
            "",
            "You can take this back at any time, by any channel, without your key and without a reason.",
            "",
            "Keep this receipt. It lets you prove what you decided without anyone's help:",
            f"  entry SHA-256       {hashlib.sha256(self.entry).hexdigest()}",
        ]
        if self.record:
            lines.append(f"  record SHA-256      {self.record.sha256}")
        if self.notice:
            lines.append(f"  notice SHA-256      {self.notice.sha256} (version {self.notice.version})")
        lines += ["", "Signed checkpoint of the log:", ""]
        lines.append(textwrap.indent(self.checkpoint.decode("utf-8", "replace").rstrip("\n"), "  "))
        if self.notice:
            lines += ["", "What you were told:", "", textwrap.indent(self.notice.text.rstrip("\n"), "  ")]
        return "\n".join(lines) + "\n"

    def _purposes(self) -> str:
        purposes = events.parse(self.entry).body.get("purposes")
        return ", ".join(map(str, purposes)) if isinstance(purposes, list) else "all purposes"


_WORDS = {
    "consent.given": "you said yes",
    "consent.renewed": "you renewed your yes",
    "consent.refused": "you said no",
    "consent.withdrawn": "you took your yes back",
    "consent.requested": "you were asked",
}


def receipt(index: int, entry: bytes, proof: bytes, checkpoint: bytes, notice: Notice | None = None) -> Receipt:
    """Return the receipt for one entry of the log.

    Args:
        index: Entry in the log.
        entry: Exact bytes of the entry.
        proof: Its inclusion proof.
        checkpoint: The signed checkpoint that the proof leads to.
        notice: The notice that the record names; refused if it is another text.

    Raises:
        RecordError: The entry is no consent event, or the notice is not the one that was shown.
    """
    try:
        event = events.parse(entry)
    except GovernError:
        raise RecordError("the entry is not an event") from None
    pid = event.body.get("pid")
    if not event.type.startswith("consent.") or not isinstance(pid, str):
        raise RecordError("the entry is not about a consent")
    payload = envelope_payload(event.body.get("envelope"))
    record = parse(payload) if payload is not None else None
    if record is not None and notice is not None and record.notice.sha256 != notice.sha256:
        raise RecordError("the record names another notice than this one", "give the version that was shown")
    at = event.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Receipt(index, entry, proof, checkpoint, notice if record else None, event.type, at, pid, record)


def _record_lines(record: ConsentRecord) -> list[str]:
    lines = [f"Until:  {record.end:%Y-%m-%d %H:%M} UTC, unless you take it back before"]
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
    lines.append(f"Kept:   {', '.join(record.withhold) or 'nothing'}")
    lines.append(f"Policy: {record.policy.id}, version {record.policy.version}, {record.policy.sha256}")
    lines.append(f"Model:  {record.processing.model_sha256}")
    return lines


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
