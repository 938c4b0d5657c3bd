"""Receipts of logs that are sound, and of logs that signed something bad; and the page that checks them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromium import open_page
from consent_world import MAREN, World, key_of
from passkey import Authenticator

from attest import dsse, keys
from attest.checkpoint import Checkpoint
from attest.merkle import Tree, leaf_hash
from attest.note import NoteSigner, sign
from attest.passkey import PAYLOAD_TYPE, Enrolment
from attest.proof import TlogProof
from consent import build, notice
from consent.record import PAYLOAD_TYPE as CONSENT_TYPE
from consent.record import ConsentRecord

SIGNER = NoteSigner("example.org/govern/1", key_of("log"))
OTHER = NoteSigner("example.org/govern/1", key_of("another log"))
VKEY = SIGNER.verifier.vkey
PHONE = Authenticator()


@dataclass
class Town(World):
    """A log whose people sign with passkeys or key files; nothing in it is checked when it is written."""

    def phone(self, phone: Authenticator = PHONE, pid: str = MAREN) -> int:
        """Enrol a passkey."""
        said = Enrolment(pid, phone.passkey, phone.credential_id, "wc-1", "", self.now)
        message = dsse.pae(PAYLOAD_TYPE, said.to_payload())
        witness = key_of("wc-1")
        signatures = [
            phone.sign(message).to_signature(phone.passkey.key_id),
            dsse.signature(PAYLOAD_TYPE, said.to_payload(), keys.key_id(witness), witness),
        ]
        return self.log("passkey.enrolled", said.to_body(signatures))

    def by_passkey(
        self, record: ConsentRecord, phone: Authenticator = PHONE, over: bytes | None = None, key_id: str = ""
    ) -> int:
        """Log a record signed by passkey, under the id of a passkey that may be another."""
        record = build.for_passkey(record)
        made = phone.sign(over if over is not None else dsse.pae(CONSENT_TYPE, record.to_payload()))
        signed = build.signed(record, made.to_signature(key_id or PHONE.passkey.key_id))
        return self.log(signed.event_type, signed.body)

    def no(self) -> ConsentRecord:
        """A record of a no."""
        terms = build.Terms(notice.load(), self.policy, "0" * 64)
        purposes = ["knowledge_transfer"]
        return build.refused(
            pid=MAREN, terms=terms, purposes=purposes, now=self.now, record_id=self.uuid(), nonce=self.fresh(32)
        )

    def proof(self, index: int, *more: NoteSigner) -> bytes:
        """The proof of an entry, under the log's whole tree, signed by the log and maybe by others."""
        tree = Tree([leaf_hash(entry) for entry in self.entries])
        note = sign(Checkpoint(SIGNER.name, tree.size, tree.root()).text(), [SIGNER, *more])
        return TlogProof(index, tuple(tree.inclusion_proof(index)), note).to_bytes()

    def document(self, index: int, signer: int | None) -> dict[str, Any]:
        """A receipt's document for an entry, made without a look at what it proves."""
        entry = json.loads(self.entries[index])
        envelope = entry["body"].get("envelope")
        record = json.loads(base64.b64decode(envelope["payload"])) if envelope else None
        evidence = self.proof(index)
        text = notice.find(record["notice"]["sha256"]) if record else None
        return {
            "schema": "govern-receipt/1",
            "lang": "en",
            "event": entry["type"],
            "at": entry["at"],
            "pid": entry["body"]["pid"],
            "index": index,
            "log_key": VKEY,
            "entry": b64(self.entries[index]),
            "proof": b64(evidence),
            "checkpoint": b64(evidence.partition(b"\n\n")[2]),
            "envelope": envelope,
            "record": record,
            "record_sha256": entry["body"].get("record_sha256") if record else None,
            "notice": text.body() if text else None,
            "signer": None
            if signer is None
            else {"entry": b64(self.entries[signer]), "proof": b64(self.proof(signer))},
        }


def b64(data: bytes) -> str:
    """Base64, as receipts have it."""
    return base64.b64encode(data).decode()


def written(document: dict[str, Any]) -> bytes:
    """The document as a file."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


@dataclass
class Checker:
    """The page in a tab."""

    page: Any
    asked: list[str]
    said: list[str]

    def check(self, data: bytes, key: str = VKEY, name: str = "receipt.json") -> dict[str, str]:
        """Give it a receipt and a key; return what it says of each line."""
        self.page.evaluate("key => { document.getElementById('key').value = key; }", key)
        self.choose("#receipt", name, data)
        return self.verdicts

    def choose(self, where: str, name: str, data: bytes) -> None:
        """Choose a file and wait until it was looked at."""
        file = {"name": name, "mimeType": "text/plain", "buffer": data}
        self.wait(lambda: self.page.set_input_files(where, file))

    def wait(self, act: Any) -> None:
        """Do something and wait until everything was checked again."""
        before = self.page.get_attribute("#verdict", "data-run")
        act()
        self.page.wait_for_selector(f'#verdict:not([data-run="{before}"])')

    @property
    def verdicts(self) -> dict[str, str]:
        """What is said of each line that is shown."""
        rows = [row for row in self.page.query_selector_all("[data-check]") if row.is_visible()]
        return {row.get_attribute("data-check"): row.query_selector(".verdict").inner_text() for row in rows}

    @property
    def line(self) -> str:
        """What is said of all lines together."""
        return str(self.page.inner_text("#verdict"))

    @property
    def decided(self) -> str:
        """What was decided, as the page shows it."""
        return str(self.page.inner_text("#decided"))

    def found(self, name: str) -> str:
        """What is said beside a line."""
        return str(self.page.inner_text(f"[data-check={name}] .found"))


def open_checker(browser: Any, file: Path, **how: Any) -> Checker:
    """Open the page as a file."""
    return Checker(*open_page(browser, file, **how))
