"""Consent records and receipts in the Data Privacy Vocabulary 2.3 (ISO/IEC TS 27560): JSON-LD, read without a net.

One `dpv:ConsentRecord` for each signed record, one `dpv:Process` for each purpose that can be withdrawn by itself,
refused ones included. What DPV has no word for stands under a namespace of our own, so that nothing of the record is
lost: `read` gives it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attest.encoding import to_base64, to_time
from consent.export_json import Happening, History
from consent.record import ConsentRecord, GivenChoice, Party
from consent.states import State

DPV = "https://w3id.org/dpv#"
CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    "dpv": DPV,
    "dpv-27560": "https://w3id.org/dpv/schema/dpv-27560#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "govern": "urn:govern:terms:",
}
"""Stands in every document: expanding it needs no network."""

STATUS: Mapping[State, str] = {
    "unknown": "dpv:ConsentUnknown",
    "requested": "dpv:ConsentRequested",
    "deferred": "dpv:ConsentRequestDeferred",
    "given": "dpv:ConsentGiven",
    "renewed": "dpv:RenewedConsentGiven",
    # DPV knows no suspension: what matters is that nothing may be processed.
    "suspended": "dpv:ConsentStatusInvalidForProcessing",
    "refused": "dpv:ConsentRefused",
    "expired": "dpv:ConsentExpired",
    "withdrawn": "dpv:ConsentWithdrawn",
    "revoked": "dpv:ConsentRevoked",
    "invalidated": "dpv:ConsentInvalidated",
}
VALID = frozenset({"dpv:ConsentGiven", "dpv:RenewedConsentGiven"})
"""The only states in which anything may be processed."""

_EVENTS: Mapping[str, State] = {"objected": "suspended"}
_PARTIES = {"controller": "dpv:DataController", "processor": "dpv:DataProcessor", "third_party": "dpv:ThirdParty"}
_RELATIONS = {
    "dpv:DataController": "dpv:hasDataController",
    "dpv:DataProcessor": "dpv:hasDataProcessor",
    "dpv:ThirdParty": "dpv:hasThirdParty",
}

#: To withdraw, see, correct, erase, restrict, take along, object and complain.
_RIGHTS = ("A7-3", "A15", "A16", "A17", "A18", "A20", "A21", "A77")

Node = dict[str, Any]


def document(told: History, origin: str, log_vkey: str, proofs: Mapping[int, bytes], organisation: str = "") -> Node:
    """Return every record of a person, with a receipt for each.

    Args:
        told: What the person decided.
        origin: Name of the log.
        log_vkey: The log's public key.
        proofs: Inclusion proof of each record's entry.
        organisation: Who is named as controller where a record names none.
    """
    records = [record_node(record, index, told) for index, record in sorted(told.records.items())]
    for node in records:
        # TS 27560 asks for one in every record; it stands beside what was signed and is not read back.
        node.setdefault(
            "dpv:hasDataController",
            {"@id": _urn("log", origin), "@type": ["dpv:DataController"], "dpv:hasName": organisation or origin},
        )
    receipts = [
        receipt_node(record, index, origin, log_vkey, proofs[index]) for index, record in sorted(told.records.items())
    ]
    named = {choice.purpose for record in told.records.values() for choice in record.choices}
    unsigned = sorted(set(told.states) - named)
    return {"@context": CONTEXT, "@graph": [*records, *receipts, *_unsigned(told, unsigned)]}


def record_node(record: ConsentRecord, index: int, told: History) -> Node:
    """Return one record as a node of the graph."""
    last = {choice.purpose: _last_record(told, choice.purpose) for choice in record.choices}
    basis = _basis(record.legal_basis)
    subject = _urn("person", record.subject.pid)
    node: Node = {
        "@id": f"urn:uuid:{record.record_id}",
        "@type": ["dpv:ConsentRecord"],
        "dct:conformsTo": {"@id": _profile("record", record)},
        "dct:identifier": record.record_id,
        "govern:schema": record.schema_,
        "govern:sha256": record.sha256,
        "govern:entry": index,
        "govern:event": record.event,
        "govern:nonce": record.nonce,
        "dct:replaces": {"@id": _urn("record", record.prev)} if record.prev is not None else None,
        "dpv:isIndicatedAtTime": _typed(record.event_time, "dateTime"),
        "dpv:hasIndicationMethod": record.method,
        "dpv:isIndicatedBy": {"@id": subject},
        "dpv:isImplementedByEntity": {
            "@id": _urn("actor", record.actor.id),
            "@type": ["dpv:LegalEntity"],
            "dct:identifier": record.actor.id,
            "govern:role": record.actor.role,
        },
        "dpv:hasDuration": _duration(record.validity),
        "dpv:hasDataSubject": {
            "@id": subject,
            "@type": ["dpv:DataSubject", record.subject.relation],
            "dct:identifier": record.subject.pid,
            "govern:employmentState": record.subject.employment_state,
        },
        "dpv:hasLegalBasis": {"@id": basis} if basis else None,
        "govern:legalBasis": record.legal_basis,
        "dpv:hasRight": [{"@id": f"eu-gdpr:{article}"} for article in _RIGHTS] if _european(record) else None,
        "govern:consentRole": record.consent_role,
        "dpv:hasNotice": {
            "@id": _urn("notice", record.notice.sha256),
            "@type": ["dpv:ConsentNotice"],
            "dct:identifier": record.notice.sha256,
            "dct:hasVersion": record.notice.version,
            "dct:language": record.notice.lang,
            "dct:issued": _typed(record.notice.shown_at, "dateTime"),
        },
        "dpv:hasProcess": [_process(record, n, told, last) for n in range(len(record.choices))],
        # Of a refusal, too: what was refused.
        "govern:processing": _how(record),
        "govern:withheld": list(record.withhold),
        "dpv:hasPolicy": {
            "@id": _urn("policy", record.policy.sha256),
            "@type": ["dpv:Policy"],
            "dct:identifier": record.policy.id,
            "dct:hasVersion": record.policy.version,
            "govern:sha256": record.policy.sha256,
        },
        "dpv:hasEntity": [_party(party) for party in record.parties],
        "dpv:hasConsentControl": [
            {"@type": ["dpv:WithdrawConsent"], "dpv:isExercisedAt": channel} for channel in record.withdrawal
        ],
        "dpv:hasJurisdiction": [{"@id": f"loc:{code}"} for code in record.jurisdictions],
        "govern:coolingOffUntil": _typed(record.cooling_off_until, "dateTime") if record.cooling_off_until else None,
        "govern:compensation": record.compensation_ref,
    }
    for kind, relation in _RELATIONS.items():
        found = [{"@id": _urn("party", p.id)} for p in record.parties if _PARTIES.get(p.role) == kind]
        if found:
            node[relation] = found
    return {key: value for key, value in node.items() if value is not None}


def receipt_node(record: ConsentRecord, index: int, origin: str, log_vkey: str, proof: bytes) -> Node:
    """Return the receipt of a record: what identifies it, and the evidence that it was logged."""
    return {
        "@id": f"urn:govern:receipt:{index}:{record.sha256}",
        "@type": ["dpv:ConsentReceipt"],
        "dct:conformsTo": {"@id": _profile("receipt", record)},
        "dct:identifier": f"{record.record_id}#{index}",
        "dct:source": {"@id": f"urn:uuid:{record.record_id}"},
        "dpv:hasDataSubject": {"@id": _urn("person", record.subject.pid)},
        "dpv:hasProcess": [{"@id": _process_id(record, choice.purpose)} for choice in record.choices],
        "govern:sha256": record.sha256,
        "govern:entry": index,
        "govern:log": origin,
        "govern:logKey": log_vkey,
        "govern:proof": _typed(to_base64(proof), "base64Binary"),
    }


def _process(record: ConsentRecord, number: int, told: History, last: Mapping[str, int | None]) -> Node:
    choice = record.choices[number]
    state = told.states.get(choice.purpose)
    index = next(i for i, r in told.records.items() if r is record)
    # A later record about the same purpose holds the present state; this one has been replaced.
    current = state is not None and last[choice.purpose] == index
    node: Node = {
        "@id": _process_id(record, choice.purpose),
        "@type": ["dpv:Process"],
        # No narrower DPV purpose is named: `dpv:PersonnelOnboarding` is a kind of hiring there, which is never allowed.
        "dpv:hasPurpose": {
            "@id": _urn("purpose", choice.purpose),
            "@type": ["dpv:Purpose"],
            "dct:identifier": choice.purpose,
        },
        "govern:decision": choice.decision,
        "dpv:hasConsentStatus": [_status(h) for h in _events_of(told, choice.purpose, index)],
        "govern:replaced": not current,
    }
    if current and state is not None:
        node["govern:presentStatus"] = {"@id": STATUS[state.state]}
        node["govern:asOf"] = _typed(to_time(told.at), "dateTime")
    if isinstance(choice, GivenChoice):
        node |= _limits(record, choice)
    return node


def _limits(record: ConsentRecord, choice: GivenChoice) -> Node:
    return {
        "dpv:hasDataSource": {"@id": "dpv:DataSubjectDataSource"},
        "dpv:hasPersonalData": [
            {
                "@id": _urn("source", source),
                "@type": ["dpv:CollectedPersonalData"],
                "dct:identifier": source,
                "dpv:hasNecessity": {"@id": "dpv:Optional"},
            }
            for source in choice.sources
        ],
        "govern:categories": list(choice.categories),
        "dpv:hasRecipient": [
            {"@id": _urn("recipient", name), "@type": ["dpv:Recipient"], "dct:identifier": name}
            for name in choice.recipients
        ],
        "govern:materialFrom": _typed(choice.from_, "date"),
        "govern:materialUntil": _typed(choice.until, "date"),
        "dpv:hasProcessing": [{"@id": term} for term in ("dpv:Filter", "dpv:Pseudonymise", "dpv:Derive")],
        **_how(record),
        "dpv:hasHumanInvolvement": {"@id": "dpv:HumanInvolvementForVerification"},
        "dpv:hasTechnicalMeasure": [{"@id": term} for term in ("dpv:DataRedaction", "dpv:Pseudonymisation")],
    }


def _how(record: ConsentRecord) -> Node:
    processing = record.processing
    return {
        "govern:method": processing.method,
        "dpv:isImplementedUsingTechnology": {
            "@id": _urn("model", processing.model_sha256),
            "@type": ["dpv:Technology"],
            "dct:identifier": processing.model_sha256,
        },
        "dpv:hasLocation": {"@id": "dpv:LocalLocation" if processing.locality == "on_prem" else "dpv:RemoteLocation"},
        "govern:locality": processing.locality,
        "dpv:hasStorageCondition": [
            {"@type": ["dpv:StorageDuration"], "dct:subject": what, "dpv:hasDuration": _duration(length)}
            for what, length in (("raw", processing.retention.raw), ("skill", processing.retention.skill))
        ],
    }


def _status(happening: Happening) -> Node:
    state: State = _EVENTS.get(happening.event, happening.event)  # type: ignore[arg-type]
    return {
        "@type": [STATUS[state]],
        "dpv:isIndicatedAtTime": _typed(to_time(happening.at), "dateTime"),
        "govern:event": happening.event,
        "govern:entry": happening.index,
    }


def _unsigned(told: History, purposes: list[str]) -> list[Node]:
    """Return the purposes that nothing was ever signed about: asked, deferred, objected to or withdrawn from."""
    return [
        {
            "@id": _urn("process", f"{told.pid}:{purpose}"),
            "@type": ["dpv:Process"],
            "dpv:hasDataSubject": {"@id": _urn("person", told.pid)},
            "dpv:hasPurpose": {
                "@id": _urn("purpose", purpose),
                "@type": ["dpv:Purpose"],
                "dct:identifier": purpose,
            },
            "dpv:hasConsentStatus": [_status(h) for h in _events_of(told, purpose, -1)],
            "govern:presentStatus": {"@id": STATUS[told.states[purpose].state]},
            "govern:asOf": _typed(to_time(told.at), "dateTime"),
        }
        for purpose in purposes
    ]


def _events_of(told: History, purpose: str, index: int) -> list[Happening]:
    """Return the record's own event and those after it, up to the next record about the same purpose."""
    found = []
    for happening in told.events:
        about = happening.purposes is None or purpose in happening.purposes
        if not about or happening.index < index:
            continue
        if happening.index > index and happening.index in told.records and index >= 0:
            break
        found.append(happening)
    return found


def _last_record(told: History, purpose: str) -> int | None:
    return max((i for i, r in told.records.items() if purpose in r.purposes), default=None)


def read(node: Mapping[str, Any]) -> ConsentRecord:
    """Return the record that `record_node` wrote.

    Raises:
        RecordError: The node is not one.
    """
    from consent.export_reading import record_of

    return record_of(node)


def _party(party: Party) -> Node:
    return {
        "@id": _urn("party", party.id),
        "@type": [_PARTIES.get(party.role, "dpv:LegalEntity")],
        "dpv:hasIdentifier": party.id,
        "dpv:hasName": party.name,
        "dpv:hasContact": party.contact,
        "govern:role": party.role,
    }


def _profile(kind: str, record: ConsentRecord) -> str:
    return f"dpv-27560:{kind}-eu-gdpr" if _european(record) else f"dpv-27560:{kind}"


def _european(record: ConsentRecord) -> bool:
    return record.legal_basis.startswith("eu-gdpr:")


def _basis(name: str) -> str | None:
    law, _, article = name.partition(":")
    if law == "eu-gdpr":
        return f"eu-gdpr:{article}"
    return None if article == "none" else _urn(f"law:{law}", article)


def _process_id(record: ConsentRecord, purpose: str) -> str:
    return _urn("process", f"{record.record_id}:{purpose}")


def _duration(length: str) -> Node:
    return {"@type": ["dpv:TemporalDuration"], "rdf:value": _typed(length, "duration")}


def _typed(value: str, kind: str) -> Node:
    return {"@value": value, "@type": f"xsd:{kind}"}


def _urn(kind: str, name: str) -> str:
    return f"urn:govern:{kind}:{name}"
