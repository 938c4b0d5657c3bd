"""What a policy takes the place of when it is adopted, and when its name must be typed."""

from __future__ import annotations

from typing import Any

import pytest

from policies.adoption import succession
from policies.errors import PolicyError
from policies.loader import load, parse
from policies.model import Policy


def policy(gates: str = "", *, name: str = "team", version: int = 1) -> Policy:
    head = f"schema: govern-policy/1\nid: {name}\nversion: {version}\ntitle: t\n"
    return parse(f"{head}gates: {{{gates}}}\n".encode(), "test")


def body(adopted: Policy) -> dict[str, Any]:
    return {"id": adopted.id, "version": adopted.version, "sha256": adopted.sha256, "policy": adopted.document()}


STRICT = policy("record.volume: {max: 10}")
LOOSE = policy("record.volume: {max: 20}", version=2)
OTHER = policy("record.volume: {max: 20}, output.support: {records: 9}", version=3)


def test_the_first_of_an_id_takes_no_place() -> None:
    assert succession(STRICT, []) is None
    assert succession(STRICT, [body(load("worker_protection"))]) is None


@pytest.mark.parametrize(
    ("new", "old", "relation", "named"),
    [
        (LOOSE, STRICT, "looser", True),
        (STRICT, LOOSE, "stricter", False),
        (OTHER, STRICT, "incomparable", True),
        (policy("record.volume: {max: 10}", version=2), STRICT, "equal", False),
        (STRICT, STRICT, "equal", False),
    ],
)
def test_a_policy_must_be_named_exactly_when_it_lets_more_pass(
    new: Policy, old: Policy, relation: str, named: bool
) -> None:
    found = succession(new, [body(old)])
    assert found is not None
    assert (found.relation, found.must_be_named) == (relation, named)
    assert found.body() == {"replaces": old.sha256, "relation": relation}
    assert found.old is not None
    assert found.old.sha256 == old.sha256


def test_what_counts_is_the_last_one_that_was_adopted() -> None:
    found = succession(LOOSE, [body(LOOSE), body(load("minimal_self")), body(STRICT)])
    assert found is not None
    assert found.replaces == STRICT.sha256


def test_another_id_can_be_named() -> None:
    adopted = [body(load("worker_protection"))]
    found = succession(policy("record.volume: {max: 9}"), adopted, "worker_protection")
    assert found is not None
    assert (found.id, found.relation) == ("worker_protection", "incomparable")
    assert succession(load("eu_works_council"), adopted, "worker_protection").relation == "stricter"  # type: ignore[union-attr]
    with pytest.raises(PolicyError, match="no policy nobody was adopted"):
        succession(STRICT, adopted, "nobody")


@pytest.mark.parametrize(
    "damaged",
    [
        {**body(STRICT), "policy": {"schema": "govern-policy/0"}},
        {**body(STRICT), "policy": LOOSE.document()},
        {**body(STRICT), "policy": None},
    ],
)
def test_a_policy_that_cannot_be_read_any_more_is_compared_with_nothing(damaged: dict[str, Any]) -> None:
    # A stricter one may have stood there: whoever adopts over it says so by name.
    found = succession(LOOSE, [damaged])
    assert found is not None
    assert found.old is None
    assert found.relation == "incomparable"
    assert found.must_be_named
