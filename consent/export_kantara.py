"""Kantara consent receipts v1.1: one JSON receipt for each record of which a yes stands in force.

The format knows neither a refusal nor a state. What is refused, withdrawn or over is therefore not exported, since a
reader would take it for a yes; DPV holds it (`consent.export_dpv`).
"""

from __future__ import annotations

from typing import Any

from consent.export_json import History
from consent.record import ConsentRecord, GivenChoice, Party

VERSION = "KI-CR-v1.1.0"
#: The specification's own list of categories, which is not binding; this one says that nothing depends on a yes.
_CATEGORY = "16 - Improve Performance"
_TERMINATION = "{validity} after the consent, or when it is withdrawn by any of: {channels}"


def document(told: History, organisation: str) -> dict[str, Any]:
    """Return the receipts of one person.

    Args:
        told: What the person decided.
        organisation: Who is named as controller where the record names none.
    """
    return {"receipts": [receipt(record, purposes, organisation) for _, record, purposes in told.in_force]}


def receipt(record: ConsentRecord, purposes: tuple[str, ...], organisation: str) -> dict[str, Any]:
    """Return the receipt of one record.

    Args:
        record: The record.
        purposes: Its purposes of which the yes stands.
        organisation: Who is named as controller where the record names none.
    """
    controllers = [_controller(party) for party in record.parties if party.role == "controller"]
    choices = [c for c in record.choices if isinstance(c, GivenChoice) and c.purpose in purposes]
    return {
        "version": VERSION,
        "jurisdiction": ", ".join(record.jurisdictions) or "unknown",
        "consentTimestamp": int(record.start.timestamp()),
        "collectionMethod": f"signed record ({record.method}), notice {record.notice.version} shown before",
        "consentReceiptID": record.record_id,
        "language": record.notice.lang,
        "piiPrincipalId": record.subject.pid,
        "piiControllers": controllers or [_unnamed(organisation)],
        "policyUrl": f"urn:sha256:{record.notice.sha256}",
        "services": [{"service": record.processing.method, "purposes": [_purpose(record, c) for c in choices]}],
        "sensitive": False,
        "spiCat": [],
    }


def _purpose(record: ConsentRecord, choice: GivenChoice) -> dict[str, Any]:
    return {
        "purpose": choice.purpose,
        "purposeCategory": [_CATEGORY],
        "consentType": "EXPLICIT",
        "piiCategory": list(choice.sources),
        "primaryPurpose": False,
        "termination": _TERMINATION.format(validity=record.validity, channels=", ".join(record.withdrawal)),
        # The model runs on the organisation's own machines and the readers are inside it.
        "thirdPartyDisclosure": False,
    }


def _controller(party: Party) -> dict[str, Any]:
    return {
        "piiController": party.name,
        "onBehalf": False,
        "contact": party.contact,
        "address": {},
        "email": party.contact if "@" in party.contact else "",
        "phone": "",
    }


def _unnamed(organisation: str) -> dict[str, Any]:
    return {"piiController": organisation, "contact": "", "address": {}, "email": "", "phone": ""}
