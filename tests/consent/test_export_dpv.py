"""The DPV export: words that exist, one process for each purpose, every refusal, and nothing lost on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from consent_world import MAREN, PURPOSE, World, agreed
from hypothesis import given, settings
from hypothesis import strategies as st

from attest import events
from consent import export_dpv, export_json, states
from consent.errors import RecordError
from consent.export_json import History

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "dpv"
TERMS = {line for line in (VECTORS / "terms-2.3.txt").read_text("utf-8").splitlines() if not line.startswith("#")}


def history(world: World) -> History:
    parsed = [(i, events.parse(data)) for i, data in enumerate(world.entries)]
    return export_json.history(parsed, world.ledger(), MAREN, world.now)


def exported(world: World) -> dict[str, Any]:
    told = history(world)
    return export_dpv.document(told, "example.org/govern/1", "key", dict.fromkeys(told.records, b"proof"))


def records(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in document["@graph"] if "dpv:ConsentRecord" in node["@type"]]


def strings(value: Any) -> Iterator[str]:
    """Return every key and every text of a JSON value, the context left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "@context":
                yield key
                yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def wrong_terms(document: dict[str, Any]) -> set[str]:
    used = {match for text in strings(document) for match in re.findall(r"^dpv:([A-Za-z0-9-]+)$", text)}
    assert used
    return used - TERMS


def busy() -> World:
    """Return a world with every kind of decision in it."""
    world = agreed(withhold=["people_network"], refused=["onboarding"])
    world.pass_time(days=1)
    world.say("requested", purposes=("self_assist",))
    world.say("deferred", purposes=("self_assist",))
    world.renew()
    world.pass_time(days=1)
    world.withdraw(purposes=(PURPOSE,))
    return world


def test_the_list_of_terms_is_that_of_dpv() -> None:
    assert len(TERMS) == 1116
    assert {"ConsentRevoked", "isImplementedByEntity", "hasProcess", "RenewedConsentGiven"} <= TERMS
    assert not {"ConsentTerminated", "isImplementedBy", "hasExpiry", "hasWithdrawal"} & TERMS


def test_every_term_exists_in_dpv_2_3() -> None:
    for world in (busy(), agreed()):
        assert wrong_terms(exported(world)) == set()
    assert {term.removeprefix("dpv:") for term in export_dpv.STATUS.values()} <= TERMS


def test_a_term_that_does_not_exist_is_found() -> None:
    document = exported(agreed())
    records(document)[0]["dpv:isImplementedBy"] = {"@id": "dpv:ConsentTerminated"}
    assert wrong_terms(document) == {"isImplementedBy", "ConsentTerminated"}


def test_each_purpose_that_can_be_withdrawn_by_itself_is_a_process_of_an_array() -> None:
    document = exported(agreed(refused=["onboarding"]))
    processes = records(document)[0]["dpv:hasProcess"]
    assert isinstance(processes, list)
    assert [p["dpv:hasPurpose"]["dct:identifier"] for p in processes] == [PURPOSE, "onboarding"]
    assert len({p["@id"] for p in processes}) == 2


def test_a_refusal_is_exported_too() -> None:
    world = World()
    world.enrol()
    world.refuse()
    process = records(exported(world))[0]["dpv:hasProcess"][0]
    assert process["govern:presentStatus"] == {"@id": "dpv:ConsentRefused"}
    assert [s["@type"] for s in process["dpv:hasConsentStatus"]] == [["dpv:ConsentRefused"]]


def test_only_two_states_let_anything_be_processed_and_they_are_those_of_the_ledger() -> None:
    assert {export_dpv.STATUS[state] for state in states.LIVE} == export_dpv.VALID
    others = {term for state, term in export_dpv.STATUS.items() if state not in states.LIVE}
    assert not others & export_dpv.VALID


def test_the_present_status_is_the_ledgers_and_a_replaced_record_has_none() -> None:
    first, second = records(exported(busy()))
    assert first["dpv:hasProcess"][0]["govern:replaced"] is True
    assert "govern:presentStatus" not in first["dpv:hasProcess"][0]
    last = second["dpv:hasProcess"][0]
    assert last["govern:presentStatus"] == {"@id": "dpv:ConsentWithdrawn"}
    assert [s["@type"][0] for s in last["dpv:hasConsentStatus"]] == ["dpv:RenewedConsentGiven", "dpv:ConsentWithdrawn"]


def test_what_nothing_was_signed_about_is_exported_too() -> None:
    node = next(n for n in exported(busy())["@graph"] if n["@type"] == ["dpv:Process"])
    assert node["govern:presentStatus"] == {"@id": "dpv:ConsentRequestDeferred"}


def test_records_and_receipts_name_their_profiles() -> None:
    document = exported(agreed())
    profiles = {node["@type"][0]: node["dct:conformsTo"]["@id"] for node in document["@graph"]}
    assert profiles == {
        "dpv:ConsentRecord": "dpv-27560:record-eu-gdpr",
        "dpv:ConsentReceipt": "dpv-27560:receipt-eu-gdpr",
    }


def test_what_is_in_the_export_is_what_was_signed() -> None:
    world = busy()
    for record, node in zip(history(world).records.values(), records(exported(world)), strict=True):
        assert export_dpv.read(node) == record


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["mail.work", "vcs.commit", "chat.public_channel"]), unique=True, max_size=3),
    st.lists(st.sampled_from(["procedures", "checklists"]), unique=True, max_size=2),
    st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,20}", fullmatch=True), unique=True, max_size=3),
    st.lists(st.sampled_from(["people_network", "pitfalls"]), unique=True, max_size=2),
    st.sampled_from(["P12M", "P90D"]),
)
def test_any_record_comes_back_whole(
    sources: list[str], categories: list[str], recipients: list[str], withhold: list[str], validity: str
) -> None:
    world = World()
    world.enrol()
    world.give(
        sources=sources, categories=categories, recipients=recipients, withhold=withhold, validity=validity,
        refused=["onboarding"],
    )  # fmt: skip
    (node,) = records(exported(world))
    (record,) = history(world).records.values()
    assert export_dpv.read(node) == record


def test_a_changed_export_is_not_read_back() -> None:
    (node,) = records(exported(agreed()))
    node["dpv:hasProcess"][0]["dpv:hasRecipient"] = []
    with pytest.raises(RecordError):
        export_dpv.read(node)
    with pytest.raises(RecordError):
        export_dpv.read({"@id": "urn:nothing"})


def test_every_key_expands_and_no_network_is_needed() -> None:
    jsonld = pytest.importorskip("pyld.jsonld", reason="pyld, a JSON-LD processor, is not installed")

    def refuse(url: str, options: Any = None) -> Any:
        raise AssertionError(f"a document was fetched: {url}")

    document = exported(busy())
    expanded = jsonld.expand(document, {"documentLoader": refuse})
    found = [text for text in strings(expanded) if text.startswith(export_dpv.DPV)]
    assert {text.removeprefix(export_dpv.DPV) for text in found} <= TERMS
    # What an expansion drops is a key that means nothing: as many statements go in as come out.
    assert count(expanded) == count(document["@graph"])
    again = jsonld.compact(expanded, export_dpv.CONTEXT, {"documentLoader": refuse})
    assert count(again["@graph"]) == count(document["@graph"])


def count(value: Any) -> int:
    """Return the number of statements: keys that are no keywords, once for each of their values."""
    if isinstance(value, list):
        return sum(count(inner) for inner in value)
    if not isinstance(value, dict):
        return 0
    total = 0
    for key, inner in value.items():
        if not key.startswith("@"):
            total += len(inner) if isinstance(inner, list) else 1
            total += count(inner)
    return total
