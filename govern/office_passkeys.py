"""Passkeys of officers as ceremonies: made beside the key of the office, then used to witness and to approve on a page.

The first one is vouched for by the key file that the officer was enrolled with; a further one by a passkey of the same
page. Beginnings and ends are as in `govern.passkeys`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attest import approval, dsse, fingerprint, passkey, role_passkey
from attest.role_passkey import RolePasskey
from govern import passkeys
from govern.errors import RefusedError, UsageError
from govern.passkeys import Creation, Page, Signing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from attest.approval import Statement
    from attest.log import EventLog
    from attest.passkey import Enrolment
    from consent.approvals import Officer
    from consent.keys import EnrolledKey


def begin_creation(page: Page, officer: Officer) -> Creation:
    """Begin to make a passkey for an officer."""
    known = tuple(key.credential_id for key in officer.passkeys)
    return Creation(page, officer.holder, secrets.token_bytes(32), known)


def before_of(officer: Officer, page: Page) -> EnrolledKey | None:
    """Return the passkey that vouches for another one at this page; None where that takes the key file."""
    return next((key for key in officer.passkeys if passkeys.is_for(key, page)), None)


def finish_creation(creation: Creation, response: Mapping[str, Any], officer: Officer, now: datetime) -> RolePasskey:
    """Return the record that is now to be signed: by the passkey, and by what speaks for the officer already.

    Raises:
        FormatError: The response is not in form.
        SignatureError: It answers another question, or another page, or its owner was not verified.
    """
    made, credential_id = passkeys.made(creation, response)
    before = before_of(officer, creation.page)
    return RolePasskey(officer.holder, made, credential_id, before.key_id if before else officer.key_id, now)


def begin_enrolment(record: RolePasskey, before: EnrolledKey | None = None) -> Signing:
    """Begin to sign the record, with the new passkey itself, or with the one before it."""
    if before is not None and before.passkey is not None:
        return Signing(role_passkey.PAYLOAD_TYPE, record.to_payload(), ((before.credential_id, before.passkey),))
    return Signing(role_passkey.PAYLOAD_TYPE, record.to_payload(), ((record.credential_id, record.passkey),))


def words(record: RolePasskey) -> str:
    """Return the eight words of a record."""
    return fingerprint.words(hashlib.sha256(record.to_payload()).digest())


def paper(record: RolePasskey, signatures: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the record as a file that the key of the office has yet to sign."""
    return dsse.build(role_passkey.PAYLOAD_TYPE, record.to_payload(), signatures)


def read_paper(data: bytes) -> tuple[RolePasskey, list[dict[str, Any]]]:
    """Return the record in such a file, and who has signed; no signature is checked.

    Raises:
        FormatError: The file is not one.
    """
    payload, signatures = passkeys.opened_paper(data, role_passkey.PAYLOAD_TYPE)
    return role_passkey.parse(payload), signatures


def countersign(record: RolePasskey, key_id: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return the signature of the key of the office, as it stands in an envelope."""
    return dsse.signature(role_passkey.PAYLOAD_TYPE, record.to_payload(), key_id, key)


def enrol(
    log: EventLog, officer: Officer, record: RolePasskey, signatures: Sequence[Mapping[str, Any]], now: datetime
) -> int:
    """Enter an officer's passkey in the log; return its index.

    Raises:
        RefusedError: It would not count: somebody did not sign who must.
    """
    from govern import counted

    body = record.to_body(signatures)
    return counted.append(log, "role.passkey_enrolled", f"{officer.role}:{officer.holder}", body, now)[0]


def end(log: EventLog, holder: str, key_id: str, now: datetime) -> int:
    """Log that a passkey does not speak for its officer any more; return the index. What it signed stays.

    Raises:
        RefusedError: The officer has no such passkey.
    """
    from govern import counted

    return counted.append(log, "role.passkey_ended", "operator", {"holder": holder, "key_id": key_id}, now)[0]


def begin_witness(officer: Officer, enrolment: Enrolment, page: Page) -> Signing:
    """Begin to witness the enrolment of a person's passkey, with a passkey of the officer.

    Raises:
        RefusedError: The officer is not the witness that it names, or has no passkey for this page.
    """
    if officer.holder != enrolment.witness:
        raise RefusedError("the record names another witness", "the person can make it anew")
    return passkeys.offer_from(officer.passkeys, page, passkey.PAYLOAD_TYPE, enrolment.to_payload())


def begin_approval(officer: Officer, said: Statement, page: Page) -> Signing:
    """Begin to sign an approval with a passkey of the officer.

    Raises:
        RefusedError: The officer has no passkey for this page.
    """
    return passkeys.offer_from(officer.passkeys, page, approval.PAYLOAD_TYPE, said.payload())


def finish_approval(said: Statement, signing: Signing, response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of the approval's entry.

    Raises:
        FormatError: The response is not in form.
        SignatureError: It is not a signature over this approval.
        UsageError: Approval and signature do not belong together.
    """
    if signing.payload != said.payload():
        raise UsageError("another approval was signed than this one", "begin again")
    return said.signed_body(signing.finish(response))
