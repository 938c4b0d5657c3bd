"""Situations of runs in which two settings of a run, subject or lifecycle gate may answer differently."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations

from attest.encoding import to_time
from consent.approvals import Role
from consent.gates.run import CONSENT_BASES
from consent.keys import EnrolledKey
from consent.mandates import Mandate
from consent.situations import (
    DAY,
    NOW,
    OPERATOR,
    SECOND,
    THIS,
    WORKER,
    Pair,
    Situation,
    notice,
    paper,
    signed_record,
)
from policies.packs import packs

Situations = Callable[[Pair], Iterator[Situation]]
OF_RUNS: dict[str, Situations] = {}


def _of(gate: str) -> Callable[[Situations], Situations]:
    def add(function: Situations) -> Situations:
        OF_RUNS[gate] = function
        return function

    return add


def shown(moment: datetime) -> str:
    """Return a moment as the sentences write it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many}"


@_of("run.legal_basis")
def _legal_basis(pair: Pair) -> Iterator[Situation]:
    for basis in pair.names("bases"):
        role = "legal_basis" if basis in CONSENT_BASES else "safeguard"
        facts = {"legal_basis": basis, "consent_role": role}
        yield Situation("run", f"on the legal basis {basis}, with consent as {role}", facts, consent=facts)


@_of("run.purpose")
def _purpose(pair: Pair) -> Iterator[Situation]:
    for name in dict.fromkeys((*pair.names("allow"), *pair.names("deny"))):
        yield Situation("run", f"for the purpose {name}", {"purpose": name}, request={"purpose": name})


@_of("run.impact_assessment")
def _impact_assessment(pair: Pair) -> Iterator[Situation]:
    yield Situation("run", "without an impact assessment", {"approvals": []}, circumstances={"approvals": ()})
    for digest in (*pair.names("documents"), "0" * 64):
        for dated, now in pair.ends("max_age"):
            signed = paper("impact_assessment", "dpo", dated=dated, sha256=digest)
            yield Situation(
                "run",
                f"at {shown(now)} on the impact assessment {digest[:8]} dated {shown(dated)}",
                {"document": digest, "dated": to_time(dated), "now": to_time(now)},
                now,
                circumstances={"approvals": (signed,)},
            )


@_of("run.collective_agreement")
def _collective_agreement(pair: Pair) -> Iterator[Situation]:
    for digest in (None, *pair.names("documents"), "0" * 64):
        signed = () if digest is None else (paper("collective_agreement", "works_council", sha256=digest),)
        yield Situation(
            "run",
            f"where there is a works council, {f'on the agreement {digest[:8]}' if digest else 'without an agreement'}",
            {"works_council": True, "document": digest},
            circumstances={"works_council": True, "approvals": signed},
        )


@_of("run.notice")
def _notice(pair: Pair) -> Iterator[Situation]:
    for told, now in pair.ends("lead"):
        facts = {"notice_at": to_time(told), "now": to_time(now)}
        words = f"at {shown(now)} after a notice logged at {shown(told)}"
        yield Situation("run", words, facts, now, standing={"notice_at": told})
    late = signed_record().start + SECOND
    yield Situation(
        "run",
        "on a consent that was signed before its notice was shown",
        {"shown_at": to_time(late), "signed_at": to_time(signed_record().start)},
        consent={"notice": notice(late)},
    )
    yield Situation(
        "run",
        "whose notice was in English, about somebody who reads German",
        {"notice": "en", "language": "de"},
        circumstances={"language": "de"},
    )


@_of("run.local_model")
def _local_model(pair: Pair) -> Iterator[Situation]:
    free = next(a for a in (f"10.99.0.{n}" for n in range(1, 255)) if a not in pair.names("addresses"))
    for kind in pair.names("kinds"):
        addresses = {"remote": [*pair.names("addresses"), free], "loopback": ["127.0.0.1"]}.get(kind, [None])
        for address in addresses:
            for digest in (*pair.names("models"), "0" * 64):
                facts = {"model_kind": kind, "model_address": address, "model_sha256": digest}
                where = f" at {address}" if address else ""
                yield Situation("run", f"with the model {digest[:8]} running {kind}{where}", facts, request=facts)


@_of("run.dual_control")
def _dual_control(pair: Pair) -> Iterator[Situation]:
    roles: tuple[Role, ...] = ("dpo", "hr", "works_council")
    for size in range(len(roles) + 1):
        for chosen in combinations(roles, size):
            for at, now in pair.ends("max_age") if chosen else ((NOW - DAY, NOW),):
                yield Situation(
                    "run",
                    f"at {shown(now)}, approved by {', '.join(chosen) or 'nobody'}"
                    + (f" at {shown(at)}" if chosen else ""),
                    {"approved_by": list(chosen), "approved_at": to_time(at), "now": to_time(now)},
                    now,
                    circumstances={"approvals": tuple(paper("run", role, at=at, policy=THIS) for role in chosen)},
                )
    operated = {"operator": WORKER}
    yield Situation("run", "that its own subject operates", operated, circumstances=operated)


@_of("run.jurisdiction")
def _jurisdiction(pair: Pair) -> Iterator[Situation]:
    for pack in packs().values():
        for country in pack.countries[:1]:
            facts = {"jurisdictions": (country,)}
            yield Situation("run", f"in {country}", {"jurisdictions": [country]}, circumstances=facts)


@_of("subject.consent_valid")
def _consent_valid(pair: Pair) -> Iterator[Situation]:
    for state in pair.names("states"):
        yield Situation("run", f"on a consent that was {state}", {"state": state}, standing={"state": state})
        key = EnrolledKey(0, "ed25519:" + "0" * 32, bytes(32), witness="")
        yield Situation(
            "run",
            f"on a consent that was {state} with a key whose enrolment nobody witnessed",
            {"state": state, "witness": None},
            standing={"state": state, "key": key},
        )


@_of("subject.fresh")
def _fresh(pair: Pair) -> Iterator[Situation]:
    for seen, now in pair.ends("max_age"):
        facts = {"state_as_of": to_time(seen), "now": to_time(now)}
        words = f"at {shown(now)} on what the log said at {shown(seen)}"
        yield Situation("run", words, facts, now, circumstances={"state_as_of": seen})


@_of("subject.scope")
def _scope(pair: Pair) -> Iterator[Situation]:
    signed = signed_record()
    other = signed.policy.model_copy(update={"sha256": "f" * 64})
    yield Situation("run", "under another policy than the signed one", {"signed_policy": "f" * 64},
                    consent={"policy": other})  # fmt: skip
    request = {"model_sha256": "f" * 64}
    yield Situation("run", "with another model than the signed one", request, request=request)


@_of("subject.cooling_off")
def _cooling_off(pair: Pair) -> Iterator[Situation]:
    for told, signed in pair.ends("notice_to_signature"):
        now = signed + timedelta(days=4000)
        facts = {"notice_at": to_time(told), "signed_at": to_time(signed)}
        words = f"on a consent signed at {shown(signed)} after a notice logged at {shown(told)}"
        yield Situation("run", words, facts, now, standing={"notice_at": told, "signed_at": signed})
    for signed, now in pair.ends("signature_to_run"):
        standing = {"notice_at": signed - timedelta(days=4000), "signed_at": signed}
        facts = {"signed_at": to_time(signed), "now": to_time(now)}
        yield Situation("run", f"at {shown(now)} on a consent signed at {shown(signed)}", facts, now, standing=standing)


@_of("subject.no_detriment")
def _no_detriment(pair: Pair) -> Iterator[Situation]:
    for signed in ((), (paper("undertaking", "hr"),)):
        for operator in (WORKER, OPERATOR):
            by = "the person themself" if operator == WORKER else "somebody else"
            yield Situation(
                "run",
                f"operated by {by} with {'an' if signed else 'no'} undertaking of HR",
                {"operator": operator, "undertaking": bool(signed)},
                circumstances={"approvals": signed, "operator": operator},
            )


@_of("subject.validity")
def _validity(pair: Pair) -> Iterator[Situation]:
    for length in pair.values("max"):
        for start, _ in pair.ends("max"):
            facts = {"signed_at": to_time(start), "validity": str(length)}
            yield Situation(
                "run",
                f"on a consent signed at {shown(start)} for {length}",
                facts,
                start,
                consent={"validity": str(length), "event_time": to_time(start)},
            )
    # Longer than any limit: for a policy that has one against a policy that has none.
    yield Situation("run", "on a consent signed for P999Y", {"validity": "P999Y"}, consent={"validity": "P999Y"})
    for refused, asked in pair.ends("rest_after_refusal"):
        if asked < refused:
            continue
        yield Situation(
            "run",
            f"on a consent asked for and signed at {shown(asked)} after a refusal at {shown(refused)}",
            {"refused_at": to_time(refused), "asked_at": to_time(asked)},
            asked,
            standing={"refused_at": refused, "asked_at": asked},
            consent={"validity": "PT1S", "event_time": to_time(asked)},
        )


@_of("subject.exit")
def _exit(pair: Pair) -> Iterator[Situation]:
    for end, expires in pair.ends("use_ends_after"):
        # The limit is counted from the end of the last day.
        midnight = end.replace(hour=0)
        last, moved = (midnight - DAY).date(), expires - (end - midnight)
        yield Situation(
            "skill",
            f"that ends at {shown(moved)}, after a last day of {last}",
            {"last_day": last.isoformat(), "expires": to_time(moved)},
            min(moved, datetime(2026, 1, 1, tzinfo=UTC)),
            circumstances={"last_day": last},
            material={"expires": moved},
        )


@_of("subject.vulnerable_time")
def _vulnerable_time(pair: Pair) -> Iterator[Situation]:
    for state in pair.names("states"):
        words = f"about somebody whose state of employment is {state}"
        yield Situation("run", words, {"employment": [state]}, circumstances={"employment": (state,)})


@_of("subject.delegate")
def _delegate(pair: Pair) -> Iterator[Situation]:
    actor = signed_record().actor.model_copy(update={"id": "p-delegate", "role": "delegate"})
    for count in {max(0, number) for number in pair.near("witnesses")}:
        for at, until in pair.ends("max"):
            witnesses = tuple(f"witness-{n}" for n in range(count))
            now = min(at, until - SECOND)
            yield Situation(
                "run",
                f"on a consent that a delegate signed, with a mandate from {shown(at)} to {shown(until)} before "
                f"{counted(count, 'witness', 'witnesses')}",
                {"mandate_from": to_time(at), "mandate_until": to_time(until), "witnesses": count},
                now,
                consent={"actor": actor},
                standing={"mandate": Mandate(0, at, until, witnesses)},
            )


def _open(gate: str, limit: str, fact: str, words: str) -> None:
    @_of(gate)
    def situations(pair: Pair) -> Iterator[Situation]:
        for since, now in pair.ends(limit):
            facts = {fact: [to_time(since)], "now": to_time(now)}
            yield Situation("run", f"at {shown(now)} while {words} since {shown(since)}", facts, now,
                            circumstances={fact: (since,)})  # fmt: skip


_open("lifecycle.cascade", "within", "cascades", "what rests on a withdrawn consent is still there")
_open("lifecycle.raw_retention", "max", "raw_kept", "raw material of an earlier run is kept")
_open("lifecycle.log", "keep_max", "salts", "salts of an earlier run are kept")
_open("lifecycle.access", "within", "access", "a request for access has not been answered")
