"""What whoever runs an extraction is told does not depend on why no consent is in force."""

from __future__ import annotations

import dataclasses

import pytest
from consent_world import MAREN, PURPOSE, World, agreed

from consent import decide, neutral
from policies.catalogue import GATES


def answered(said: str) -> World:
    """Return a world in which a person was asked and then did something."""
    if said in ("withdrawn", "objected", "expired"):
        world = agreed()
        if said == "expired":
            world.pass_time(days=400)
        else:
            world.say(said)
        return world
    world = World()
    world.enrol()
    if said == "refused":
        world.refuse()
    elif said != "never asked":
        world.say("requested")
        if said != "asked":
            world.say(said)
    return world


STATES = ("never asked", "asked", "deferred", "refused", "withdrawn", "objected", "expired")


def reasons(world: World) -> tuple[str, ...]:
    request = dataclasses.replace(world.request(), subject=MAREN, purpose=PURPOSE)
    return decide.decide_run(world.policy, request, world.ledger()).reasons


def test_the_full_reasons_would_tell() -> None:
    assert len({reasons(answered(said)) for said in STATES}) > 1


@pytest.mark.parametrize("said", STATES)
def test_what_is_shown_does_not(said: str) -> None:
    found = reasons(answered(said))
    assert neutral.for_operator(found) == neutral.for_operator(reasons(answered("never asked")))
    assert neutral.CONSENT in neutral.for_operator(found)
    assert neutral.details_for_operator(found, ("refused", "objected")) == (neutral.NOT_IN_FORCE,)


def test_where_a_consent_is_in_force_every_reason_is_shown() -> None:
    found = ("run.notice", "subject.scope", "subject.cooling_off")
    assert neutral.for_operator(found) == tuple(sorted(found))
    assert neutral.details_for_operator(found, ("sources",)) == ("sources",)


def test_the_gates_that_are_left_out_exist() -> None:
    assert set(GATES) >= neutral.FROM_THE_RECORD
