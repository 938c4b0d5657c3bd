"""Consent under clocks that jump: what was logged last counts, whatever time it claims."""

from __future__ import annotations

from datetime import timedelta

from consent_world import MAREN, NOW, PURPOSE, World, agreed
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import build
from consent.ledger import Ledger

JUMPS = st.integers(-400 * 24 * 60, 400 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@settings(max_examples=60, deadline=None)
@given(JUMPS)
def test_a_withdrawal_ends_a_consent_whatever_time_it_is_logged_with(jump):
    world = agreed()
    world.log("consent.withdrawn", build.withdrawal(MAREN, None, "paper"), at=NOW + jump)
    # Asked at the time of the consent, of the withdrawal, and later than both.
    for now in (NOW, NOW + jump, NOW + timedelta(days=500)):
        # Or it had ended by itself, by a clock that runs a year ahead.
        assert world.ledger().state(MAREN, PURPOSE, now).state in ("withdrawn", "expired")


@settings(max_examples=60, deadline=None)
@given(JUMPS, JUMPS)
def test_a_yes_after_a_withdrawal_counts_only_if_it_was_signed_later_than_any_time_logged_before(back, forth):
    world = agreed()
    world.log("consent.withdrawn", build.withdrawal(MAREN, None, "paper"), at=NOW + back)
    latest = max(NOW, NOW + back)
    world.now = NOW + forth
    world.give(now=world.now)
    state = world.ledger().state(MAREN, PURPOSE, world.now).state
    # A clock that was set back makes a new yes wait; it never brings an old one back.
    assert state in (("given",) if world.now > latest else ("withdrawn", "expired"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["given", "withdrawn", "requested", "suspended"]), JUMPS), max_size=5))
def test_the_ledger_depends_on_the_order_of_the_log_and_every_prefix_stands(steps):
    world = World()
    world.enrol()
    for what, jump in steps:
        world.now = NOW + jump
        if what == "given":
            world.give(now=world.now)
        elif what == "withdrawn":
            world.withdraw()
        else:
            world.say(what)
    told = [
        Ledger.replay(enumerate(world.entries[:n])).state(MAREN, PURPOSE, NOW) for n in range(len(world.entries) + 1)
    ]
    # The entry that a state rests on never comes before the one that the state before it rested on.
    indexes = [-1 if state.index is None else state.index for state in told]
    assert indexes == sorted(indexes)
    # And after a withdrawal was logged there is no consent until one that was logged after it.
    for n, (what, _) in enumerate(steps):
        if what == "withdrawn":
            assert told[n + 2].state not in ("given", "renewed")
