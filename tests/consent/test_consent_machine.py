"""The life of a consent as a state machine: the ledger beside a naive model, whatever order events come in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from consent_world import MAREN, OTTO, PURPOSE
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from naive_ledger import Judgement, Line, judge
from town import OFFICERS, SOURCES, Town, policy

from attest.encoding import to_time
from consent import states
from consent.ledger import Ledger

PURPOSES = (PURPOSE, "onboarding")
POLICIES = {"strict": policy(1, "P6M", 100), "loose": policy(2, "P12M", 100), "other": policy(3, "P3M", 200)}
POLICY_NAMES = st.sampled_from(sorted(POLICIES))
HOLDERS = st.sampled_from(sorted(OFFICERS))
SOME = st.sampled_from([(PURPOSE,), ("onboarding",), PURPOSES])
SOME_OR_ALL = st.sampled_from([None, (PURPOSE,), ("onboarding",)])
LATE = st.sampled_from([None, None, 0, 1])
FEW_SOURCES = st.sets(st.sampled_from(SOURCES), min_size=1).map(frozenset)


class Remembering(Town):
    """A town that replays its log once for each length of it."""

    replayed: tuple[int, Ledger] | None = None

    def ledger(self) -> Ledger:
        if self.replayed is None or self.replayed[0] != len(self.entries):
            self.replayed = (len(self.entries), Ledger.replay(enumerate(self.entries)))
        return self.replayed[1]


class Life(RuleBasedStateMachine):
    """One worker, two purposes, officers, a delegate, three policies; every entry goes to ledger and model."""

    def __init__(self) -> None:
        super().__init__()
        self.town = Remembering()
        self.story: list[tuple[datetime, str, dict[str, Any]]] = []
        self.judged: tuple[int, Judgement] | None = None
        self.keys = 0
        self.current: str | None = None
        self.yeses: list[int] = []
        for holder, role in OFFICERS.items():
            self.note("officer", self.town.officer(holder), holder=holder, role=role, key=holder, witness=None)
        self.new_key("wc-1")
        self.town.pass_time(seconds=1)

    def note(self, what: str, index: int, **said: Any) -> int:
        assert index == len(self.story)
        self.story.append((self.town.now, what, said))
        return index

    def judgement(self) -> Judgement:
        if self.judged is None or self.judged[0] != len(self.story):
            self.judged = (len(self.story), judge(self.story, PURPOSES))
        return self.judged[1]

    def new_key(self, witness: str | None) -> None:
        self.keys += 1
        name = f"maren {self.keys}"
        index = self.note("key", self.town.enrol(MAREN, name, witness), key=name, witness=witness)
        self.current = name if index not in self.judgement().refused else self.current

    @initialize(asked=st.booleans(), agreed=st.booleans(), mandated=st.booleans(), name=POLICY_NAMES)
    def most_stories_begin_somewhere(self, asked: bool, agreed: bool, mandated: bool, name: str) -> None:
        if asked:
            self.note("asked", self.town.ask(MAREN, PURPOSES), purposes=PURPOSES)
        if mandated:
            self.a_mandate(PURPOSES, frozenset(SOURCES), 90, {"dpo-1", "wc-1"})
        if agreed:
            self.note("adopted", self.town.adopt(POLICIES[name], relation="looser"), policy=name)
            self.town.pass_time(seconds=1)
            self.yes(self.current or "nobody", PURPOSES, frozenset(SOURCES), name)

    # Time.

    @rule(seconds=st.sampled_from([1, 3600, 86_400 * 9, 86_400 * 40]))
    def time_passes(self, seconds: int) -> None:
        self.town.pass_time(seconds=seconds)

    # What is signed.

    @rule(purposes=SOME, sources=FEW_SOURCES, name=POLICY_NAMES)
    def the_person_says_yes(self, purposes: tuple[str, ...], sources: frozenset[str], name: str) -> None:
        self.town.pass_time(seconds=1)
        self.yes(self.current or "nobody", purposes, sources, name)

    @precondition(lambda self: self.renewable())
    @rule(data=st.data(), narrower=st.booleans(), name=st.one_of(st.none(), st.none(), POLICY_NAMES))
    def the_person_goes_on(self, data: st.DataObject, narrower: bool, name: str | None) -> None:
        self.town.pass_time(seconds=1)
        line = data.draw(st.sampled_from(self.renewable()))
        assert line.yes is not None
        sources = line.sources or line.yes["sources"]
        sources = frozenset(sorted(sources)[:1]) if narrower else sources
        self.yes(
            self.current or "nobody",
            (line.yes["purpose"],),
            sources,
            name or line.yes["policy"],
            renews=line.yes["index"],
        )

    @precondition(lambda self: any(what == "mandate" for _, what, _ in self.story))
    @rule(data=st.data(), within=st.booleans(), objecting=st.booleans())
    def a_delegate_says_yes(self, data: st.DataObject, within: bool, objecting: bool) -> None:
        if objecting:
            self.note("objected", self.town.say("objected", MAREN, PURPOSES), purposes=PURPOSES)
        self.town.pass_time(seconds=1)
        mandate = [said for _, what, said in self.story if what == "mandate"][-1]
        purposes, sources = mandate["purposes"], mandate["sources"]
        if not within:
            purposes, sources = data.draw(SOME), data.draw(FEW_SOURCES)
        self.yes("delegate", purposes, sources, "strict", days=20 if within else 80)

    @rule(
        purposes=SOME,
        held_back=st.sampled_from([0, 1, 90_000]),
        by=st.sampled_from(["person", "delegate", "mallory"]),
        data=st.data(),
    )
    def somebody_tries(self, purposes: tuple[str, ...], held_back: int, by: str, data: st.DataObject) -> None:
        renews = data.draw(st.sampled_from([None, *self.yeses]))
        signer = (self.current or "nobody") if by == "person" else by
        self.yes(signer, purposes, frozenset(SOURCES), "loose", held_back=held_back, renews=renews)

    def renewable(self) -> list[Line]:
        return [line for line in self.judgement().lines.values() if line.yes is not None]

    def yes(
        self,
        by: str,
        purposes: tuple[str, ...],
        sources: frozenset[str],
        name: str,
        *,
        days: int = 80,
        held_back: int = 0,
        renews: int | None = None,
    ) -> None:
        signed = self.town.now - timedelta(seconds=held_back)
        records = {index: record.sha256 for index, record in self.town.ledger().consents(MAREN)}
        changes = {"renew": True, "prev": records[renews]} if renews is not None else {}
        index = self.town.sign(
            key=by,
            purposes=list(purposes),
            sources=sorted(sources),
            policy=POLICIES[name],
            now=signed,
            validity=f"P{days}D",
            delegate=OTTO if by == "delegate" else None,
            **changes,
        )
        self.note(
            "given" if renews is None else "renewed",
            index,
            purposes=purposes,
            sources=sources,
            policy=name,
            signed=signed,
            end=signed + timedelta(days=days),
            by=by,
            renews=renews,
            nonce=str(index),
        )
        if any(line.yes is not None and line.yes["index"] == index for line in self.judgement().lines.values()):
            self.yeses.append(index)

    @precondition(lambda self: self.yeses)
    @rule(data=st.data())
    def an_old_entry_is_logged_again(self, data: st.DataObject) -> None:
        which = data.draw(st.sampled_from(self.yeses))
        self.town.entries.append(self.town.entries[which])
        _, what, said = self.story[which]
        # The entry carries its own old time, and the clock of a log never goes back.
        self.story.append((max(at for at, _, _ in self.story), what, said))

    @rule(purposes=SOME, honest=st.booleans(), late=LATE, again=st.booleans())
    def says_no(self, purposes: tuple[str, ...], honest: bool, late: int | None, again: bool) -> None:
        key = (self.current or "nobody") if honest else "mallory"
        index = self.town.no(purposes, key)
        self.note("refused", index, purposes=purposes, by=key, signed=self.town.now, nonce=str(index))
        self.and_a_yes_that_was_held_back(purposes, late)
        self.town.pass_time(seconds=1)
        if again:
            # The time since the notice begins anew with the request after the no.
            self.note("asked", self.town.ask(MAREN, purposes), purposes=purposes)
            self.yes(self.current or "nobody", purposes, frozenset(SOURCES), "strict")

    # What needs no signature.

    @rule(
        event=st.sampled_from(["asked", "asked", "deferred", "suspended", "revoked", "objected", "objected"]),
        purposes=SOME_OR_ALL,
        late=LATE,
    )
    def something_is_said(self, event: str, purposes: tuple[str, ...] | None, late: int | None) -> None:
        # The ledger knows a purpose by its name only: where all are meant, all are named.
        named = purposes or PURPOSES
        index = self.town.ask(MAREN, named) if event == "asked" else self.town.say(event, MAREN, named)
        self.note(event, index, purposes=named)
        self.and_a_yes_that_was_held_back(named, late)

    def and_a_yes_that_was_held_back(self, purposes: tuple[str, ...], late: int | None) -> None:
        if late is not None:
            self.yes(self.current or "nobody", purposes, frozenset(SOURCES), "strict", held_back=late)

    @rule(purposes=SOME_OR_ALL, sources=st.one_of(st.none(), FEW_SOURCES), late=LATE)
    def takes_back(self, purposes: tuple[str, ...] | None, sources: frozenset[str] | None, late: int | None) -> None:
        if sources is None:
            index = self.town.withdraw(MAREN, purposes)
        else:
            index = self.town.narrow(*sorted(sources), purposes=purposes)
        self.note("withdrawn", index, purposes=purposes, sources=sources)
        if sources is None:
            for purpose in purposes or PURPOSES:
                assert self.town.state(purpose=purpose) not in states.LIVE
        self.and_a_yes_that_was_held_back(purposes or PURPOSES, late)

    # Officers.

    @rule(
        holder=HOLDERS,
        kind=st.sampled_from(["run", "invalidation", "key_lost"]),
        purpose=st.sampled_from([None, PURPOSE]),
        days=st.sampled_from([None, 30]),
    )
    def an_officer_approves(self, holder: str, kind: str, purpose: str | None, days: int | None) -> None:
        until = self.town.now + timedelta(days=days) if days else None
        index = self.town.approve(kind, holder, self.officer_key(holder), purpose=purpose, until=until)
        self.note("approval", index, holder=holder, kind=kind, purpose=purpose, until=until, which=None)

    @rule(
        event=st.sampled_from(["approval withdrawn", "goes", "comes", "bare", "vote", "vote"]),
        holder=HOLDERS,
        witness=st.one_of(st.none(), HOLDERS),
        data=st.data(),
    )
    def officers_change(self, event: str, holder: str, witness: str | None, data: st.DataObject) -> None:
        if event == "goes":
            self.note("officer ends", self.town.log("role.ended", {"holder": holder}), holder=holder)
        elif event == "comes":
            self.an_officer_comes(holder, witness)
        elif event == "bare":
            self.note("bare invalidation", self.town.say("invalidated", purposes=None), purposes=None)
        elif event == "vote":
            for one in data.draw(st.permutations(["wc-1", "dpo-1"])):
                self.an_officer_approves_of("invalidation", one)
                if data.draw(st.booleans()):
                    # A yes between two votes is not what the first was about.
                    self.town.pass_time(seconds=1)
                    self.yes(self.current or "nobody", (PURPOSE,), frozenset(SOURCES), "loose")
        else:
            held = self.judgement().approvals
            which = data.draw(st.sampled_from(sorted(held) or [0]))
            by = data.draw(st.sampled_from([held[which]["holder"] if which in held else holder, holder]))
            index = self.town.log("approval.withdrawn", {"index": which, "holder": by})
            self.note("approval withdrawn", index, which=which, holder=by)
            # What is signed in the same second could have been held back; the model does not know that rule.
            self.town.pass_time(seconds=1)

    def an_officer_approves_of(self, kind: str, holder: str) -> None:
        index = self.town.approve(kind, holder, self.officer_key(holder))
        self.note("approval", index, holder=holder, kind=kind, purpose=None, until=None, which=None)

    def an_officer_comes(self, holder: str, witness: str | None) -> None:
        self.keys += 1
        key = f"{holder} {self.keys}"
        witness = witness if witness in self.judgement().officers else None
        by = self.officer_key(witness) if witness else None
        index = self.town.officer(holder, key=key, witness=witness, witness_key=by)
        self.note("officer", index, holder=holder, role=OFFICERS[holder], key=key, witness=witness)

    def officer_key(self, holder: str) -> str:
        refused = self.judgement().refused
        counted = [said for i, (_, what, said) in enumerate(self.story) if what == "officer" and i not in refused]
        return [said["key"] for said in counted if said["holder"] == holder][-1]

    # Delegates.

    @rule(
        purposes=SOME,
        sources=FEW_SOURCES,
        days=st.sampled_from([30, 90]),
        witnesses=st.one_of(st.just({"dpo-1", "wc-1"}), st.sets(HOLDERS, max_size=3)),
    )
    def a_mandate_is_given(
        self, purposes: tuple[str, ...], sources: frozenset[str], days: int, witnesses: set[str]
    ) -> None:
        self.a_mandate(purposes, sources, days, witnesses)

    def a_mandate(self, purposes: tuple[str, ...], sources: frozenset[str], days: int, witnesses: set[str]) -> None:
        until = self.town.now + timedelta(days=days)
        own = self.judgement().key
        said = {"purposes": tuple(sorted(purposes)), "sources": tuple(sorted(sources)), "until": until}
        index = self.town.mandate(own=own, **said)
        self.note("mandate", index, purposes=purposes, sources=sources, until=until)
        for holder in sorted(witnesses):
            sha256 = self.town.mandates[index].sha256
            place = self.town.approve("mandate", holder, self.officer_key(holder), sha256=sha256)
            self.note("approval", place, holder=holder, kind="mandate", purpose=None, until=None, which=index)

    @precondition(lambda self: any(what == "mandate" for _, what, _ in self.story))
    @rule()
    def mandates_end(self) -> None:
        self.note("mandates end", self.town.log("mandate.ended", {"pid": MAREN}))

    # Keys.

    @rule(
        event=st.sampled_from(["enrolled", "rotated", "stolen", "lost", "compromised", "replaced", "replaced"]),
        witness=st.one_of(st.none(), HOLDERS),
        days=st.sampled_from([0, 5, 100]),
        voters=st.sampled_from([("dpo-1", "wc-1"), ("dpo-1",), ("aud-1", "wc-1"), ("hr-1", "dpo-1")]),
    )
    def something_happens_to_the_key(self, event: str, witness: str | None, days: int, voters: tuple[str, ...]) -> None:
        self.keys += 1
        if event == "replaced":
            return self.a_key_is_lost_and_replaced(voters, witness)
        new = f"maren {self.keys}"
        if event == "enrolled":
            self.a_key_is_enrolled(new, witness)
        elif event == "compromised":
            since = self.town.now - timedelta(days=days)
            self.note("compromised", self.town.compromise(since), since=since)
        elif event == "lost":
            self.note("lost", self.town.lose())
        else:
            old = (self.current or "nobody") if event == "rotated" else "mallory"
            self.note("rotation", self.town.rotate(old, new), old=old, new=new)
        self.current = self.judgement().key
        return None

    def a_key_is_lost_and_replaced(self, voters: tuple[str, ...], witness: str | None) -> None:
        for holder in voters:
            self.an_officer_approves_of("key_lost", holder)
        self.note("lost", self.town.lose())
        self.keys += 1
        self.a_key_is_enrolled(f"maren {self.keys}", witness)
        self.current = self.judgement().key

    def a_key_is_enrolled(self, name: str, witness: str | None) -> None:
        witness = witness if witness in self.judgement().officers else None
        by = self.officer_key(witness) if witness else None
        self.note("key", self.town.enrol(MAREN, name, witness, by), key=name, witness=witness)

    # Policies.

    @rule(name=POLICY_NAMES)
    def a_policy_is_adopted(self, name: str) -> None:
        self.note("adopted", self.town.adopt(POLICIES[name], relation="stricter"), policy=name)

    # What must hold.

    @invariant()
    def ledger_and_model_agree(self) -> None:
        now = self.town.now
        ledger, model = self.town.ledger(), self.judgement()
        for purpose in PURPOSES:
            line, found = model.lines[purpose], ledger.state(MAREN, purpose, now)
            state = line.state
            if state in ("given", "renewed") and line.yes is not None and now >= line.yes["end"]:
                state = "expired"
            yes = line.yes
            assert found.state == state, (purpose, self.story)
            assert found.objected == line.objected
            assert found.record_index == (yes["index"] if yes else None)
            assert found.signed_at == line.chain
            assert found.notice_at == line.notice
            assert set(found.sources) == set(line.sources) or not found.live
            if found.live:
                assert yes is not None
                assert (found.mandate is not None) == (yes["by"] == "delegate")
        key = ledger.key(MAREN)
        assert (key is not None) == (model.key is not None)
        assert key is None or key.witness == model.witness
        assert {(index, purpose) for purpose in PURPOSES for index in ledger.quarantined(purpose)} == model.quarantined
        assert ledger.quarantined() == {index for index, _ in model.quarantined}
        assert {r.index for r in ledger.rejected} == model.refused
        in_force = {i for i, a in model.approvals.items() if a["until"] is None or now < a["until"]}
        assert {a.index for a in ledger.approvals(now)} == in_force
        assert {o.holder for o in ledger.officers()} == set(model.officers)

    @invariant()
    def live_means_a_signed_record_that_has_not_run_out(self) -> None:
        ledger = self.town.ledger()
        for purpose in PURPOSES:
            state = ledger.state(MAREN, purpose, self.town.now)
            if state.live:
                assert state.record is not None
                assert state.record.start <= self.town.now < state.record.end
                assert state.record_index in {index for index, _ in ledger.consents(MAREN)} - ledger.quarantined(
                    purpose
                )
                assert set(state.sources) <= set(state.record.given(purpose).sources)  # type: ignore[union-attr]
            else:
                assert state.state not in states.LIVE

    def teardown(self) -> None:
        """Replay is a function of the entries."""
        entries = list(enumerate(self.town.entries))
        one, two = Ledger.replay(entries), Ledger.replay(iter(entries))
        assert one.rejected == two.rejected
        assert one.states(MAREN, self.town.now) == two.states(MAREN, self.town.now)


Life.TestCase.settings = settings(max_examples=45, stateful_step_count=25, deadline=None)
TestLife = Life.TestCase


@pytest.mark.parametrize("state", sorted(states.TERMINAL))
def test_terminal_states_reopen_by_a_new_record_only(state: states.State) -> None:
    for event in ("renewed", "deferred", "suspended", "expired", "revoked"):
        assert states.after(state, event) is None
    assert states.after(state, "objected") == state
    assert states.after(state, "given") == "given"


@pytest.mark.parametrize("state", sorted(states.TERMINAL | states.OPEN | states.LIVE | {"suspended"}))
def test_what_takes_away_has_a_place_everywhere(state: states.State) -> None:
    assert states.after(state, "withdrawn") in states.TERMINAL
    assert states.after(state, "objected") not in states.LIVE
    assert states.after(state, "invalidated") == "invalidated"


def test_an_unknown_event_leads_nowhere() -> None:
    assert states.after("given", "forgotten") is None


def test_the_model_knows_the_order_of_the_policies() -> None:
    from naive_ledger import STRICTER_OR_EQUAL

    from policies.order import overall

    for one, first in POLICIES.items():
        for two, second in POLICIES.items():
            assert (overall(first, second) in ("equal", "stricter")) == ((one, two) in STRICTER_OR_EQUAL)
    assert to_time(Town().now)
