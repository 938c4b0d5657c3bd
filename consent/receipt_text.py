"""A receipt in words: what was decided, in the person's language, as rows and as text."""

from __future__ import annotations

import hashlib
import textwrap
from typing import TYPE_CHECKING

from attest import fingerprint
from attest.encoding import to_time
from consent.receipt_words import name, words
from consent.record import ConsentRecord, GivenChoice

if TYPE_CHECKING:
    from consent.receipt import Receipt

Row = tuple[str, str]
"""A label and what stands behind it; labels that begin with a space belong to the row above."""


def headline(receipt: Receipt) -> str:
    """Return what happened, in one line."""
    said = words(receipt.lang)
    return f"{said['title']} · {receipt.pid} · {said.get(receipt.event.type, receipt.event.type)}"


def rows(receipt: Receipt) -> list[Row]:
    """Return what was decided."""
    said = words(receipt.lang)
    found = [
        (said["when"], to_time(receipt.event.at)),
        (said["where"], said["entry"].format(index=receipt.index)),
    ]
    if receipt.record is not None:
        return found + record_rows(receipt.record, receipt.lang)
    purposes = receipt.event.body.get("purposes")
    listed = [name(receipt.lang, str(p)) for p in purposes] if isinstance(purposes, list) else [said["all_purposes"]]
    return [*found, (said["what"], ", ".join(listed))]


def record_rows(record: ConsentRecord, lang: str) -> list[Row]:
    """Return what a record says, for the receipt and for the screen before it is signed."""
    said = words(lang)
    found: list[Row] = []
    for choice in record.choices:
        if isinstance(choice, GivenChoice):
            found += [
                (said["yes_to"], name(lang, choice.purpose)),
                (f"  {said['sources']}", _names(lang, choice.sources) or said["none"]),
                (f"  {said['days']}", f"{choice.from_} {said['to']} {choice.until}"),
                (f"  {said['knowledge']}", _names(lang, choice.categories) or said["none"]),
                (f"  {said['readers']}", ", ".join(choice.recipients) or said["nobody"]),
            ]
        else:
            found.append((said["no_to" if choice.decision == "refused" else "end_of"], name(lang, choice.purpose)))
    if record.event in ("given", "renewed"):
        found += [
            (said["until"], f"{record.end:%Y-%m-%d %H:%M} UTC, {said['unless']}"),
            (said["kept"], ", ".join(record.withhold) or said["nothing"]),
            (said["model"], record.processing.model_sha256),
        ]
        if record.compensation_ref is not None:
            found.append((said["compensation"], record.compensation_ref))
    policy = record.policy
    return [*found, (said["policy"], f"{policy.id}, {said['version']} {policy.version}, {policy.sha256}")]


def _names(lang: str, codes: tuple[str, ...]) -> str:
    return ", ".join(name(lang, code) for code in codes)


def promise(receipt: Receipt) -> str:
    """Return the sentence that the person should read next, or ""."""
    said = words(receipt.lang)
    match receipt.event.type:
        case "consent.given" | "consent.renewed":
            return said["back"]
        case "consent.refused" | "consent.deferred":
            return said["no_cost"]
        case "consent.withdrawn" | "consent.objected":
            return f"{said['at_once']} {said['no_cost']}"
    return ""


def evidence(receipt: Receipt) -> list[Row]:
    """Return the fingerprints by which entry, record, notice and keys can be compared."""
    said = words(receipt.lang)
    found = [(said["entry_digest"], hashlib.sha256(receipt.entry).hexdigest())]
    if receipt.record is not None:
        told = receipt.record.notice
        found.append((said["record_digest"], receipt.record.sha256))
        found.append((said["notice_digest"], f"{told.sha256} ({told.lang}, {said['version']} {told.version})"))
    if receipt.signer is not None:
        found.append((said["signer"], receipt.signer.key_id))
        if receipt.signer.passkey is not None and receipt.record is not None:
            # The authenticator showed no text: these words stood on the screen beside the choices.
            found.append((said["page"], receipt.signer.passkey.origin))
            found.append((said["words"], fingerprint.words(bytes.fromhex(receipt.record.sha256))))
    return [*found, (said["log_key"], receipt.log_vkey)]


def text(receipt: Receipt) -> str:
    """Return the receipt as plain text."""
    said = words(receipt.lang)
    lines = [headline(receipt), "", *_columns(rows(receipt))]
    if promise(receipt):
        lines += ["", *textwrap.wrap(promise(receipt), 100)]
    lines += ["", said["keep"], *(f"  {line}" for line in _columns(evidence(receipt)))]
    lines += ["", said["check"], "  govern consent receipt --check FILE --log-key KEY"]
    lines += ["", f"{said['checkpoint']}:", "", textwrap.indent(receipt.checkpoint.decode().rstrip("\n"), "  ")]
    if receipt.notice is not None:
        lines += ["", f"{said['told']}:", "", textwrap.indent(receipt.notice.text.rstrip("\n"), "  ")]
    return "\n".join(lines) + "\n"


def _columns(found: list[Row]) -> list[str]:
    width = max(len(label) for label, _ in found)
    return [f"{label:<{width}}  {value}" for label, value in found]
