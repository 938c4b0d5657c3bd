"""Sets of rules by country: which applies where, which shipped policy holds where, and that the strictest wins."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parameter_values import gates_of

from policies import packs as module
from policies.catalogue import GATES
from policies.loader import floor, load, parse, shipped
from policies.model import Policy
from policies.order import compare_params, overall
from policies.packs import looser, pack_of, packs

MEMBERS = [
    *("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU"),
    *("MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"),
]


def policy(gates: str) -> Policy:
    return parse(f"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates: {{{gates}}}\n".encode(), "test")


def test_every_country_of_the_union_and_of_the_area_has_its_rules() -> None:
    assert len(MEMBERS) == 27
    for country in [*MEMBERS, "IS", "LI", "NO", "GB", "CH"]:
        found = pack_of(country)
        assert found is not None
        assert found.id == "eu"


@pytest.mark.parametrize(("country", "name"), [("US", "us"), ("CN", "cn")])
def test_other_countries_have_theirs(country: str, name: str) -> None:
    found = pack_of(country)
    assert found is not None
    assert found.id == name


@pytest.mark.parametrize("country", ["", "de", "DEU", "EU", "XX", "BR", "ＤＥ", "False"])
def test_what_is_not_on_a_list_has_no_rules(country: str) -> None:
    assert pack_of(country) is None


HOLDS = {
    "worker_protection": {"eu", "us"},
    "eu_works_council": {"eu"},
    "us_baseline": {"us"},
    "cn_pipl": {"cn"},
    "minimal_self": {"eu", "us"},
}


@pytest.mark.parametrize("name", HOLDS)
def test_a_shipped_policy_holds_in_every_place_that_it_lists(name: str) -> None:
    loaded = load(name)
    listed = set(loaded.gates["run.jurisdiction"].values()["packs"])
    assert listed == HOLDS[name]
    assert all(looser(loaded, packs()[place]) == () for place in listed)


def test_the_bare_floor_holds_nowhere() -> None:
    assert all(looser(floor(), pack) for pack in packs().values())
    assert set(HOLDS) == set(shipped()) - {"floor"}


def test_no_policy_holds_in_china_and_in_the_union_at_once() -> None:
    # A record names one legal basis, and neither law takes the other's.
    bases = [set(packs()[name].gates["run.legal_basis"].values()["bases"]) for name in ("cn", "eu")]
    assert not bases[0] & bases[1]


def test_a_gate_that_is_missing_or_looser_is_named() -> None:
    us = packs()["us"]
    assert looser(policy(""), us) == ("run.notice", "record.label", "lifecycle.access")
    found = looser(policy("run.notice: {acknowledged: false}, record.label: {}, lifecycle.access: {within: P44D}"), us)
    assert found == ("run.notice",)


@pytest.mark.parametrize("name", packs())
def test_a_pack_sets_every_parameter_of_its_gates_and_is_never_below_the_floor(name: str) -> None:
    pack = packs()[name]
    base = floor().gates
    for gate, params in pack.gates.items():
        if gate in base:
            assert set(compare_params(params, base[gate]).values()) <= {"equal", "stricter"}
    assert all(gate in GATES for gate in pack.gates)


@settings(max_examples=40, deadline=None)
@given(
    gates_of(("run.legal_basis", "run.notice", "record.label", "lifecycle.access", "run.impact_assessment")), st.data()
)
def test_a_stricter_policy_never_holds_in_fewer_places(gates: dict[str, object], data: st.DataObject) -> None:
    from test_policies_order_laws import policy as of

    more = data.draw(gates_of(tuple(gates)))
    a, b = of({**gates, **more}), of(gates)  # type: ignore[dict-item]
    if overall(a, b) in ("equal", "stricter"):
        for pack in packs().values():
            assert set(looser(a, pack)) <= set(looser(b, pack))


def test_a_pack_that_leaves_a_parameter_open_is_refused() -> None:
    data = b'schema: govern-pack/1\nid: x\nversion: 1\ntitle: t\ncountries: ["XX"]\ngates: {run.notice: {lead: P0D}}\n'
    with pytest.raises(ValueError, match=r"every parameter of run\.notice"):
        module._parse(data)


def test_norway_is_a_country_and_not_a_no() -> None:
    assert "NO" in packs()["eu"].countries
    with pytest.raises(ValueError, match="countries"):
        module._parse(b"schema: govern-pack/1\nid: x\nversion: 1\ntitle: t\ncountries: [false]\ngates: {}\n")
