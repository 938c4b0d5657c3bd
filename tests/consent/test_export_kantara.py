"""Kantara receipts: every required field, and nothing that is no yes in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from consent_world import MAREN, PURPOSE, World, agreed

from attest import events
from consent import export_json, export_kantara
from consent.errors import RecordError
from consent.export_json import History

SCHEMA = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "kantara" / "receipt-1.1.schema.json").read_text("utf-8")
)
KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool,
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], place: str = "$") -> list[str]:
    """Return where a value breaks a schema: the part of JSON Schema that the file uses."""
    kind = schema["type"]
    if not isinstance(value, KINDS[kind]) or (kind == "integer" and isinstance(value, bool)):
        return [f"{place}: no {kind}"]
    found = []
    if value not in schema.get("enum", [value]):
        found.append(f"{place}: another value")
    if kind == "integer" and value < schema.get("minimum", value):
        found.append(f"{place}: too small")
    if kind == "object":
        known = schema.get("properties", {})
        found += [f"{place}: lacks {name}" for name in schema.get("required", []) if name not in value]
        if schema.get("additionalProperties") is False:
            found += [f"{place}: {name} is not known" for name in sorted(value.keys() - known.keys())]
        for name in value.keys() & known.keys():
            found += faults(value[name], known[name], f"{place}.{name}")
    if kind == "array":
        if len(value) < schema.get("minItems", 0):
            found.append(f"{place}: too short")
        for i, inner in enumerate(value):
            found += faults(inner, schema.get("items", {"type": "string"}), f"{place}[{i}]")
    return found


def history(world: World) -> History:
    parsed = [(i, events.parse(data)) for i, data in enumerate(world.entries)]
    return export_json.history(parsed, world.ledger(), MAREN, world.now)


def receipts(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = export_kantara.document(history(world), "Example GmbH")["receipts"]
    return found


def test_a_receipt_has_every_field_that_the_format_requires() -> None:
    (made,) = receipts(agreed())
    assert faults(json.loads(json.dumps(made)), SCHEMA) == []


@pytest.mark.parametrize("name", SCHEMA["required"])
def test_a_receipt_without_a_required_field_is_found(name: str) -> None:
    (made,) = receipts(agreed())
    del made[name]
    assert faults(made, SCHEMA) == [f"$: lacks {name}"]


def test_a_value_of_another_kind_is_found() -> None:
    (made,) = receipts(agreed())
    made["consentTimestamp"] = "2026-11-22"
    made["services"][0]["purposes"] = []
    made["score"] = 1
    assert sorted(faults(made, SCHEMA)) == [
        "$.consentTimestamp: no integer", "$.services[0].purposes: too short", "$: score is not known",
    ]  # fmt: skip


def test_a_receipt_says_what_the_record_says() -> None:
    world = agreed(refused=["onboarding"])
    (made,) = receipts(world)
    (record,) = history(world).records.values()
    choice = record.given(PURPOSE)
    assert choice is not None
    (purpose,) = made["services"][0]["purposes"]
    assert (made["consentReceiptID"], made["piiPrincipalId"]) == (record.record_id, record.subject.pid)
    assert made["consentTimestamp"] == record.start.timestamp()
    assert made["policyUrl"] == f"urn:sha256:{record.notice.sha256}"
    assert (purpose["purpose"], tuple(purpose["piiCategory"])) == (PURPOSE, choice.sources)
    assert all(channel in purpose["termination"] for channel in (*record.withdrawal, record.validity))


def test_what_is_no_yes_in_force_has_no_receipt() -> None:
    world = agreed(refused=["onboarding"])
    assert history(world).unfit_for_receipts == ((1, "onboarding"),)
    world.withdraw()
    assert receipts(world) == []
    assert {purpose for _, purpose in history(world).unfit_for_receipts} == {PURPOSE, "onboarding"}
    refused = World()
    refused.enrol()
    refused.refuse()
    assert receipts(refused) == []
    over = agreed()
    over.pass_time(days=400)
    assert receipts(over) == []


def test_plain_json_gives_every_record_back() -> None:
    world = agreed(refused=["onboarding"])
    world.withdraw()
    told = history(world)
    document = json.loads(json.dumps(export_json.document(told)))
    assert export_json.read(document) == told.records
    assert [event["event"] for event in document["events"]] == ["given", "withdrawn"]
    assert document["choices"][PURPOSE]["state"] == "withdrawn"
    document["records"][0]["record"]["validity"] = "P1Y"
    with pytest.raises(RecordError):
        export_json.read(document)


def test_events_that_do_not_count_are_left_out() -> None:
    world = agreed()
    # A renewal of nothing that is known.
    world.renew(pid=MAREN)
    world.log("consent.deferred", {"pid": MAREN, "purposes": [PURPOSE]})
    assert [event.event for event in history(world).events] == ["given", "renewed"]
