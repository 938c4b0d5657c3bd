"""Builds and signs consent records from plain arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from attest import canonical, dsse
from attest.encoding import to_time
from attest.keys import key_id, public_bytes
from consent.bodies import narrowing, notice_body, withdrawal
from consent.errors import RecordError
from consent.notice import Notice
from consent.record import PAYLOAD_TYPE, ConsentRecord, parse, place
from policies import bases
from policies.duration import Duration
from policies.model import Policy

__all__ = [
    "Signed",
    "Terms",
    "for_passkey",
    "given",
    "narrowing",
    "notice_body",
    "refused",
    "renewed",
    "sign",
    "signed",
    "withdrawal",
    "withdrawn",
]

WITHDRAWAL_CHANNELS = ("command line", "paper", "any manager or works council member")


@dataclass(frozen=True, slots=True)
class Terms:
    """What every record of one workspace says alike.

    Attributes:
        notice: The text that was shown.
        policy: The policy that the person agrees to be processed under.
        model_sha256: Digest of the model that will read the words.
        jurisdictions: Two-letter codes of the places involved.
        parties: Organisations with a role: id, role, name, contact.
        legal_basis: As DPV names it; None for the one that the policy proposes. It says which part the consent plays.
        locality: Where the model runs.
        retention: How long raw material and the skill are kept.
    """

    notice: Notice
    policy: Policy
    model_sha256: str
    jurisdictions: tuple[str, ...] = ()
    parties: tuple[Mapping[str, str], ...] = ()
    legal_basis: str | None = None
    locality: str = "on_prem"
    retention: tuple[str, str] = ("P0D", "P12M")


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed record, ready for the log.

    Attributes:
        event_type: `consent.given`, `consent.refused`, `consent.renewed` or `consent.withdrawn`.
        body: Body of the event.
        record: The record.
        envelope: The DSSE envelope's bytes.
    """

    event_type: str
    body: dict[str, Any]
    record: ConsentRecord
    envelope: bytes


def given(
    *,
    pid: str,
    terms: Terms,
    purposes: Sequence[str],
    sources: Sequence[str] | Mapping[str, Sequence[str]],
    categories: Sequence[str],
    recipients: Sequence[str],
    material_from: date,
    material_until: date,
    now: datetime,
    record_id: str,
    nonce: str,
    validity: str = "P12M",
    withhold: Sequence[str] = (),
    refused: Sequence[str] = (),
    prev: str | None = None,
    shown_at: datetime | None = None,
    renew: bool = False,
    delegate: str | None = None,
    cooling_off_until: datetime | None = None,
    compensation_ref: str | None = None,
) -> ConsentRecord:
    """Return a record that says yes to `purposes`, all with the same limits but for the sources.

    Args:
        pid: The person.
        terms: What every record of the workspace says alike.
        purposes: What for.
        sources: Which kinds of source may be read; by purpose where they differ.
        categories: Which kinds of knowledge the skill may hold.
        recipients: Who may use the skill: `team:payments`.
        material_from: First day of the material covered.
        material_until: Last day of the material covered.
        now: Time of the event.
        record_id: A fresh UUID.
        nonce: 32 fresh random hex digits.
        validity: How long the consent lasts, from `now`.
        withhold: Categories that the person keeps.
        refused: Purposes that the same record says no to.
        prev: Digest of the record that this one replaces; needed to renew.
        shown_at: When the notice was shown; `now` where it is not said.
        renew: Make a `renewed` record, which continues a consent in force.
        delegate: Who signs in the person's place, under a mandate.
        cooling_off_until: Before then nothing may be read, says the person.
        compensation_ref: Reference to the compensation terms agreed for the skill.

    Raises:
        RecordError: The arguments do not make a record.
    """
    limits = {
        "decision": "given",
        "categories": sorted(categories),
        "recipients": sorted(recipients),
        "from": material_from.isoformat(),
        "until": material_until.isoformat(),
    }
    choices: list[dict[str, Any]] = [
        {
            "purpose": purpose,
            **limits,
            "sources": sorted(sources[purpose] if isinstance(sources, Mapping) else sources),
        }
        for purpose in purposes
    ]
    choices += [{"purpose": purpose, "decision": "refused"} for purpose in refused]
    more = {
        "cooling_off_until": to_time(cooling_off_until) if cooling_off_until is not None else None,
        "compensation_ref": compensation_ref,
    }
    return _record(
        "renewed" if renew else "given",
        pid,
        terms,
        choices,
        now,
        record_id,
        nonce,
        validity,
        withhold,
        prev,
        shown_at,
        delegate,
        more,
    )


def renewed(
    held: ConsentRecord,
    purposes: Sequence[str],
    *,
    terms: Terms,
    material_until: date,
    now: datetime,
    record_id: str,
    nonce: str,
    validity: str | None = None,
    shown_at: datetime | None = None,
    delegate: str | None = None,
    sources: Sequence[str] | None = None,
) -> ConsentRecord:
    """Return a record that continues a consent: the same limits, more recent material, a new end.

    Args:
        held: The consent in force.
        purposes: Which of its purposes go on.
        terms: What every record of the workspace says alike now.
        material_until: Last day of the material covered; never earlier than before.
        now: Time of the event.
        record_id: A fresh UUID.
        nonce: 32 fresh random hex digits.
        validity: How long it lasts, from `now`; as before where it is not said.
        shown_at: When the notice was shown; `now` where it is not said.
        delegate: Who signs in the person's place, under a mandate.
        sources: What is left of the sources, where some were withdrawn.

    Raises:
        RecordError: The consent says no yes to one of the purposes.
    """
    choices = []
    for purpose in purposes:
        choice = held.given(purpose)
        if choice is None:
            raise RecordError("the consent in force is not for this purpose", "`govern consent status` shows what is")
        limits = choice.model_dump(mode="json", by_alias=True)
        left = [source for source in choice.sources if sources is None or source in sources]
        until = max(choice.until, material_until.isoformat())
        choices.append({**limits, "sources": left, "until": until})
    return _record(
        "renewed",
        held.subject.pid,
        terms,
        choices,
        now,
        record_id,
        nonce,
        validity or held.validity,
        held.withhold,
        held.sha256,
        shown_at,
        delegate,
        {"compensation_ref": held.compensation_ref},
    )


def refused(
    *,
    pid: str,
    terms: Terms,
    purposes: Sequence[str],
    now: datetime,
    record_id: str,
    nonce: str,
    shown_at: datetime | None = None,
    delegate: str | None = None,
) -> ConsentRecord:
    """Return a record that says no to `purposes`.

    Raises:
        RecordError: The arguments do not make a record.
    """
    choices = [{"purpose": purpose, "decision": "refused"} for purpose in purposes]
    return _record("refused", pid, terms, choices, now, record_id, nonce, "P12M", (), None, shown_at, delegate, {})


def withdrawn(
    held: ConsentRecord, purposes: Sequence[str], *, now: datetime, record_id: str, nonce: str
) -> ConsentRecord:
    """Return a record that takes back a yes. A withdrawal counts without one; this one can be signed.

    Args:
        held: The record in force, whose terms it names.
        purposes: What is taken back.
        now: The moment.
        record_id: A fresh UUID.
        nonce: 128 fresh random bits, in hex.
    """
    pid = held.subject.pid
    changes = {
        "record_id": record_id,
        "nonce": nonce,
        "prev": held.sha256,
        "event": "withdrawn",
        "event_time": to_time(now),
        "actor": {"id": pid, "role": "subject"},
        "choices": [{"purpose": purpose, "decision": "withdrawn"} for purpose in purposes],
        "withhold": [],
        "cooling_off_until": None,
    }
    return _checked({**held.to_document(), **changes})


def for_passkey(record: ConsentRecord) -> ConsentRecord:
    """Return the record as a passkey signs it: the way of signing is part of what is signed."""
    return record.model_copy(update={"method": "webauthn"})


def sign(record: ConsentRecord, private_key: Ed25519PrivateKey) -> Signed:
    """Return the record in an envelope signed by `private_key`, with the body of its event."""
    payload = record.to_payload()
    return signed(record, dsse.signature(PAYLOAD_TYPE, payload, key_id(public_bytes(private_key)), private_key))


def signed(record: ConsentRecord, signature: Mapping[str, Any]) -> Signed:
    """Return the record in an envelope with a signature, which is not checked here, and the body of its event."""
    payload = record.to_payload()
    # What is signed has been read back once: nobody signs a record that a ledger would refuse.
    parse(payload)
    envelope = dsse.build(PAYLOAD_TYPE, payload, [signature])
    body = {"pid": record.subject.pid, "record_sha256": record.sha256, "envelope": canonical.loads(envelope)}
    return Signed(f"consent.{record.event}", body, record, envelope)


def _record(
    event: Literal["given", "renewed", "refused"],
    pid: str,
    terms: Terms,
    choices: list[dict[str, Any]],
    now: datetime,
    record_id: str,
    nonce: str,
    validity: str,
    withhold: Sequence[str],
    prev: str | None,
    shown_at: datetime | None,
    delegate: str | None,
    more: Mapping[str, str | None],
) -> ConsentRecord:
    try:
        length = str(Duration.parse(validity))
    except ValueError:
        raise RecordError("the validity is not a duration", "write it like P12M or P90D") from None
    basis = terms.legal_basis or bases.proposed(terms.policy)
    document = {
        "schema": "govern-consent/1",
        "record_id": record_id,
        "prev": prev,
        "event": event,
        "event_time": to_time(now),
        "nonce": nonce,
        "validity": length,
        "subject": {"pid": pid, "relation": "dpv:Employee", "employment_state": "active"},
        "actor": {"id": delegate or pid, "role": "subject" if delegate is None else "delegate"},
        "method": "ed25519",
        "legal_basis": basis,
        "consent_role": bases.role_of(basis),
        "notice": {
            "sha256": terms.notice.sha256,
            "version": terms.notice.version,
            "lang": terms.notice.lang,
            "shown_at": to_time(shown_at or now),
        },
        "choices": choices,
        "withhold": sorted(withhold),
        "processing": {
            "method": "local distillation",
            "model_sha256": terms.model_sha256,
            "locality": terms.locality,
            "retention": {"raw": terms.retention[0], "skill": terms.retention[1]},
        },
        "policy": {"id": terms.policy.id, "version": terms.policy.version, "sha256": terms.policy.sha256},
        "parties": [dict(party) for party in terms.parties],
        "withdrawal": list(WITHDRAWAL_CHANNELS),
        "jurisdictions": list(terms.jurisdictions),
        "cooling_off_until": None,
        "compensation_ref": None,
        **more,
    }
    return _checked(document)


def _checked(document: dict[str, Any]) -> ConsentRecord:
    try:
        return ConsentRecord.model_validate_json(canonical.dumps(document))
    except ValidationError as error:
        raise RecordError(f"these arguments make no consent record: {place(error)}") from None
