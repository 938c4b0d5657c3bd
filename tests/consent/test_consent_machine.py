"""The life of a consent as a state machine: whatever order events come in, these things hold."""

import pytest
from consent_world import MAREN, PURPOSE, World
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from consent import states
from consent.ledger import Ledger


class Life(RuleBasedStateMachine):
    """One worker, one purpose, every event; a small model beside the real ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.enrol()
        self.signed_since_end = False
        self.ended = False

    @rule()
    def time_passes(self) -> None:
        self.world.pass_time(days=9)

    @rule()
    def is_asked(self) -> None:
        self.world.say("requested")

    @rule()
    def puts_off(self) -> None:
        self.world.say("deferred")

    @rule()
    def says_yes(self) -> None:
        self.world.pass_time(seconds=1)
        self.world.give(validity="P30D")
        assert self.world.state() == "given"

    @rule()
    def says_no(self) -> None:
        before = self.world.state()
        self.world.refuse()
        expected = "withdrawn" if before in ("given", "renewed", "suspended") else "refused"
        assert self.world.state() == expected

    @precondition(lambda self: self.world.ledger().consents(MAREN))
    @rule()
    def renews(self) -> None:
        before, self_record = self.world.state(), self.world.ledger().state(MAREN, PURPOSE, self.world.now).record
        self.world.pass_time(seconds=1)
        self.world.give(renew=True, prev=self_record.sha256 if self_record else None, validity="P30D")
        if before in states.TERMINAL or before in states.OPEN:
            assert self.world.state() not in states.LIVE

    @rule()
    def takes_back(self) -> None:
        self.world.withdraw()
        assert self.world.state() not in states.LIVE

    @rule()
    def is_suspended(self) -> None:
        self.world.say("suspended")
        assert self.world.state() not in states.LIVE

    @rule()
    def is_revoked(self) -> None:
        self.world.say("revoked")
        assert self.world.state() not in states.LIVE

    @rule()
    def is_invalidated(self) -> None:
        self.world.say("invalidated")
        assert self.world.state() == "invalidated"

    @rule()
    def somebody_else_signs(self) -> None:
        before = self.world.state()
        self.world.give(key="mallory")
        assert self.world.state() == before

    @precondition(lambda self: self.world.ledger().consents(MAREN))
    @rule()
    def an_old_entry_is_logged_again(self) -> None:
        before = self.world.state()
        index = self.world.ledger().consents(MAREN)[0][0]
        self.world.entries.append(self.world.entries[index])
        assert self.world.state() == before

    @invariant()
    def live_means_a_signed_record_that_has_not_run_out(self) -> None:
        state = self.world.ledger().state(MAREN, PURPOSE, self.world.now)
        if state.live:
            assert state.record is not None
            assert state.record.start <= self.world.now < state.record.end
            assert state.record_index in {index for index, _ in self.world.ledger().consents(MAREN)}
        else:
            assert state.state not in states.LIVE

    @invariant()
    def replay_is_a_function_of_the_entries(self) -> None:
        entries = list(enumerate(self.world.entries))
        one, two = Ledger.replay(entries), Ledger.replay(iter(entries))
        assert one.rejected == two.rejected
        assert one.states(MAREN, self.world.now) == two.states(MAREN, self.world.now)


Life.TestCase.settings = settings(max_examples=25, stateful_step_count=18, deadline=None)
TestLife = Life.TestCase


@pytest.mark.parametrize("state", sorted(states.TERMINAL))
def test_terminal_states_reopen_by_a_new_record_only(state: states.State) -> None:
    for event in ("renewed", "deferred", "suspended", "expired", "revoked", "objected"):
        assert states.after(state, event) is None
    assert states.after(state, "given") == "given"


@pytest.mark.parametrize("state", sorted(states.TERMINAL | states.OPEN | states.LIVE | {"suspended"}))
def test_withdrawal_and_invalidation_have_a_place_everywhere(state: states.State) -> None:
    assert states.after(state, "withdrawn") in states.TERMINAL
    assert states.after(state, "invalidated") == "invalidated"


def test_an_unknown_event_leads_nowhere() -> None:
    assert states.after("given", "forgotten") is None
