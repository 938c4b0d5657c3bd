"""Reads a consent record back from its JSON-LD export: what went out is what was signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attest import canonical
from consent.errors import RecordError
from consent.record import ConsentRecord, parse

Node = Mapping[str, Any]


def record_of(node: Node) -> ConsentRecord:
    """Return the record that a `dpv:ConsentRecord` node was made from.

    Raises:
        RecordError: Something of the record is missing, or its digest is another.
    """
    try:
        record = parse(canonical.dumps(_document(node)))
        stated = node["govern:sha256"]
    except (KeyError, TypeError, IndexError, AttributeError):
        raise RecordError("the node is not a consent record of this form") from None
    if record.sha256 != stated:
        raise RecordError("the node is not what was signed")
    return record


def _document(node: Node) -> dict[str, Any]:
    subject, told, policy = node["dpv:hasDataSubject"], node["dpv:hasNotice"], node["dpv:hasPolicy"]
    actor = node["dpv:isImplementedByEntity"]
    replaces = node.get("dct:replaces")
    cooling = node.get("govern:coolingOffUntil")
    return {
        "schema": node["govern:schema"],
        "record_id": node["dct:identifier"],
        "prev": _name(replaces) if replaces is not None else None,
        "event": node["govern:event"],
        "event_time": node["dpv:isIndicatedAtTime"]["@value"],
        "nonce": node["govern:nonce"],
        "validity": _length(node["dpv:hasDuration"]),
        "subject": {
            "pid": subject["dct:identifier"],
            "relation": subject["@type"][1],
            "employment_state": subject["govern:employmentState"],
        },
        "actor": {"id": actor["dct:identifier"], "role": actor["govern:role"]},
        "method": node["dpv:hasIndicationMethod"],
        "legal_basis": node["govern:legalBasis"],
        "consent_role": node["govern:consentRole"],
        "notice": {
            "sha256": told["dct:identifier"],
            "version": told["dct:hasVersion"],
            "lang": told["dct:language"],
            "shown_at": told["dct:issued"]["@value"],
        },
        "choices": [_choice(process) for process in node["dpv:hasProcess"]],
        "withhold": node["govern:withheld"],
        "processing": _processing(node),
        "policy": {
            "id": policy["dct:identifier"],
            "version": policy["dct:hasVersion"],
            "sha256": policy["govern:sha256"],
        },
        "parties": [
            {
                "id": party["dpv:hasIdentifier"],
                "role": party["govern:role"],
                "name": party["dpv:hasName"],
                "contact": party["dpv:hasContact"],
            }
            for party in node["dpv:hasEntity"]
        ],
        "withdrawal": [control["dpv:isExercisedAt"] for control in node["dpv:hasConsentControl"]],
        "jurisdictions": [place["@id"].removeprefix("loc:") for place in node["dpv:hasJurisdiction"]],
        "cooling_off_until": cooling["@value"] if cooling is not None else None,
        "compensation_ref": node.get("govern:compensation"),
    }


def _choice(process: Node) -> dict[str, Any]:
    head = {"purpose": process["dpv:hasPurpose"]["dct:identifier"], "decision": process["govern:decision"]}
    if head["decision"] != "given":
        return head
    return {
        **head,
        "sources": [data["dct:identifier"] for data in process["dpv:hasPersonalData"]],
        "categories": process["govern:categories"],
        "recipients": [who["dct:identifier"] for who in process["dpv:hasRecipient"]],
        "from": process["govern:materialFrom"]["@value"],
        "until": process["govern:materialUntil"]["@value"],
    }


def _processing(node: Node) -> dict[str, Any]:
    said = node["govern:processing"]
    kept = {part["dct:subject"]: _length(part["dpv:hasDuration"]) for part in said["dpv:hasStorageCondition"]}
    return {
        "method": said["govern:method"],
        "model_sha256": said["dpv:isImplementedUsingTechnology"]["dct:identifier"],
        "locality": said["govern:locality"],
        "retention": {"raw": kept["raw"], "skill": kept["skill"]},
    }


def _length(duration: Node) -> str:
    return str(duration["rdf:value"]["@value"])


def _name(reference: Node) -> str:
    return str(reference["@id"].rpartition(":")[2])
