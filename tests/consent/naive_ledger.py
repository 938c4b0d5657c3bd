"""A second ledger, written apart from the first: tuples in a list, judged from the beginning each time.

It shares no code with the product. It does not look at signatures: each tuple says who signed. It is slow and plain on
purpose, so that it can be read beside docs/consent.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

SKEW = timedelta(minutes=10)
HR_IS_NO_WITNESS = {"dpo", "works_council", "auditor", "authority"}
STRICTER_OR_EQUAL = {("strict", "strict"), ("strict", "loose"), ("loose", "loose"), ("other", "other")}
"""Pairs of policies of which the first is nowhere looser than the second."""


@dataclass
class Line:
    """One purpose of the one person in the story."""

    state: str = "unknown"
    objected: bool = False
    yes: dict[str, Any] | None = None
    sources: frozenset[str] = frozenset()
    notice: datetime | None = None
    chain: datetime | None = None


@dataclass
class Judgement:
    """Where things stand after the last entry."""

    lines: dict[str, Line] = field(default_factory=dict)
    key: str | None = None
    witness: str = ""
    officers: dict[str, str] = field(default_factory=dict)
    approvals: dict[int, dict[str, Any]] = field(default_factory=dict)
    quarantined: set[tuple[int, str]] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)


def judge(story: list[tuple[datetime, str, dict[str, Any]]], purposes: tuple[str, ...]) -> Judgement:
    """Return what the entries lead to; `refused` holds those that do not count, in part or at all."""
    j = Judgement(lines={p: Line() for p in purposes})
    taken: list[tuple[str, datetime]] = []  # (purpose, when something was taken away from it)
    keys_used: dict[str, str] = {}
    key_since: dict[str, datetime] = {}
    ended_officers: set[str] = set()
    officer_since: dict[str, datetime] = {}
    ever_key, gone, reopened, last_key_index = False, False, False, -1
    mandates: list[dict[str, Any]] = []
    asked: dict[str, datetime] = {}
    yeses: list[dict[str, Any]] = []  # every yes that counted, per purpose
    adopted: list[str] = []
    nonces: set[str] = set()

    def expire(now: datetime, also: datetime | None = None) -> None:
        moment = max(now, also) if also else now
        for line in j.lines.values():
            if line.state in ("given", "renewed", "suspended") and line.yes and moment >= line.yes["end"]:
                line.state = "expired"

    def live(line: Line) -> bool:
        return line.state in ("given", "renewed")

    def votes(kind: str, now: datetime) -> list[dict[str, Any]]:
        return [a for a in j.approvals.values() if a["kind"] == kind and (a["until"] is None or now < a["until"])]

    def invalidate(now: datetime) -> bool:
        hit = False
        for yes in yeses:
            roles = {
                a["role"]
                for a in votes("invalidation", now)
                if a["index"] > yes["index"] and a["purpose"] in (None, yes["purpose"])
            }
            if "auditor" in roles or "authority" in roles or ("dpo" in roles and "works_council" in roles):
                hit = True
                j.quarantined.add((yes["index"], yes["purpose"]))
                line = j.lines[yes["purpose"]]
                mine = line.yes is not None and line.yes["index"] == yes["index"]
                if mine and line.state not in ("unknown", "requested", "deferred", "refused", "invalidated"):
                    line.state = "invalidated"
                    taken.append((yes["purpose"], now))
        return hit

    for index, (now, what, said) in enumerate(story):
        about = said.get("purposes") or purposes
        everything = not said.get("purposes")
        old = j.lines
        if what == "officer":
            bad = said["holder"] in j.officers or said["key"] in keys_used
            if said["witness"]:
                bad = bad or j.officers.get(said["witness"]) not in HR_IS_NO_WITNESS
            elif said["holder"] in ended_officers:
                bad = True
            if bad:
                j.refused.add(index)
                continue
            j.officers[said["holder"]] = said["role"]
            keys_used[said["key"]] = said["holder"]
            officer_since[said["holder"]] = now
        elif what == "officer ends":
            if j.officers.pop(said["holder"], None) is None:
                j.refused.add(index)
                continue
            ended_officers.add(said["holder"])
            j.approvals = {i: a for i, a in j.approvals.items() if a["holder"] != said["holder"]}
        elif what == "approval":
            role = j.officers.get(said["holder"])
            allowed = {"hr", "dpo", "works_council"} if said["kind"] == "run" else HR_IS_NO_WITNESS
            if role is None or role not in allowed:
                j.refused.add(index)
                continue
            j.approvals[index] = {**said, "index": index, "role": role}
            if said["kind"] == "invalidation":
                expire(now)
                invalidate(now)
        elif what == "approval withdrawn":
            held = j.approvals.get(said["which"])
            if held is None or held["holder"] != said["holder"]:
                j.refused.add(index)
                continue
            del j.approvals[said["which"]]
        elif what == "key":
            witnessed_by = j.officers.get(said["witness"]) if said["witness"] else None
            bad = (
                (ever_key and not reopened)
                or (reopened and not said["witness"])
                or (bool(said["witness"]) and witnessed_by not in HR_IS_NO_WITNESS)
                or said["key"] in keys_used
            )
            if bad:
                j.refused.add(index)
                continue
            ever_key, gone, reopened = True, False, False
            j.key, j.witness, last_key_index = said["key"], said["witness"] or "", index
            keys_used[said["key"]] = "person"
            key_since[said["key"]] = now
        elif what == "rotation":
            if j.key is None or said["old"] != j.key or said["new"] in keys_used:
                j.refused.add(index)
                continue
            j.key, last_key_index = said["new"], index
            keys_used[said["new"]] = "person"
            key_since[said["new"]] = now
            reopened = False
        elif what == "lost":
            holders = {a["holder"] for a in votes("key_lost", now) if a["index"] > last_key_index}
            if not ever_key or len(holders) < 2:
                j.refused.add(index)
                continue
            j.key, gone, reopened = None, True, True
        elif what == "compromised":
            j.key, gone = None, True
            expire(now)
            for yes in yeses:
                if max(yes["at"], yes["signed"]) >= said["since"]:
                    j.quarantined.add((yes["index"], yes["purpose"]))
                    line = j.lines[yes["purpose"]]
                    mine = line.yes is not None and line.yes["index"] == yes["index"]
                    if mine and line.state in ("given", "renewed", "suspended"):
                        line.state = "invalidated"
                        taken.append((yes["purpose"], now))
            mandates = [m for m in mandates if not (m["by_subject"] and m["at"] >= said["since"])]
        elif what == "mandate":
            mandates.append({**said, "index": index, "at": now, "by_subject": j.key is not None})
        elif what == "mandates end":
            mandates = []
        elif what == "asked":
            expire(now)
            for purpose in about:
                line = old[purpose]
                over = line.state in ("refused", "expired", "withdrawn", "revoked", "invalidated")
                if over or purpose not in asked:
                    asked[purpose] = now
                if over or line.state in ("unknown", "deferred"):
                    line.state = "requested"
        elif what in ("deferred", "suspended", "revoked"):
            expire(now)
            fits = {
                "deferred": ("unknown", "requested", "deferred"),
                "suspended": ("given", "renewed", "suspended"),
                "revoked": ("given", "renewed", "suspended"),
            }[what]
            moved = [p for p in about if old[p].state in fits]
            for purpose in moved:
                old[purpose].state = what
                if what != "deferred":
                    taken.append((purpose, now))
            if not moved or (not everything and len(moved) < len(about)):
                j.refused.add(index)
        elif what == "objected":
            expire(now)
            for purpose in about:
                old[purpose].objected = True
                taken.append((purpose, now))
                if old[purpose].state in ("given", "renewed"):
                    old[purpose].state = "suspended"
        elif what == "withdrawn":
            expire(now)
            for purpose in about:
                line = old[purpose]
                taken.append((purpose, now))
                if said["sources"] is None:
                    if line.state not in ("refused", "expired", "revoked", "invalidated"):
                        line.state = "withdrawn"
                elif line.state in ("given", "renewed", "suspended"):
                    line.sources -= said["sources"]
                    if not line.sources:
                        line.state = "withdrawn"
        elif what == "bare invalidation":
            expire(now)
            if not invalidate(now):
                j.refused.add(index)
        elif what == "adopted":
            looser = {p for p in adopted if (said["policy"], p) not in STRICTER_OR_EQUAL}
            # It says nothing of what has run out, nor of what rests already.
            for purpose, line in old.items():
                if live(line) and line.yes and now < line.yes["end"] and line.yes["policy"] in looser:
                    line.state = "suspended"
                    taken.append((purpose, now - timedelta(seconds=1)))
            adopted.append(said["policy"])
        elif what in ("given", "renewed", "refused"):
            delegate = said["by"] == "delegate"
            if said["nonce"] in nonces:
                j.refused.add(index)
                continue
            if delegate:
                good = None
                for m in reversed(mandates):
                    backed = {
                        a["holder"]
                        for a in votes("mandate", now)
                        if a["which"] == m["index"] and a["index"] > m["index"]
                    }
                    if m["until"] > now and len(backed) >= 2:
                        good = m
                        break
                ok = (
                    good is not None
                    and set(said["purposes"]) <= set(good["purposes"])
                    and (what == "refused" or (said["sources"] <= good["sources"] and said["end"] <= good["until"]))
                    and said["signed"] >= good["at"] - SKEW
                )
            else:
                ok = j.key is not None and said["by"] == j.key and said["signed"] >= key_since[j.key] - SKEW
            if not ok or said["signed"] > now + SKEW:
                j.refused.add(index)
                continue
            if what == "renewed" and said["renews"] not in {y["index"] for y in yeses}:
                j.refused.add(index)
                continue
            nonces.add(said["nonce"])
            for purpose in said["purposes"]:
                line = old[purpose]
                if what == "refused":
                    expire(now)
                    line.state = "withdrawn" if line.state in ("given", "renewed", "suspended") else "refused"
                    taken.append((purpose, now))
                    continue
                if any(p == purpose and said["signed"] <= when for p, when in taken):
                    j.refused.add(index)
                    continue
                before = line.state
                if (
                    before in ("given", "renewed", "suspended")
                    and line.yes
                    and max(now, said["signed"]) >= line.yes["end"]
                ):
                    before = "expired"
                if what == "renewed" and (
                    before not in ("given", "renewed", "suspended")
                    or not line.yes
                    or line.yes["index"] != said["renews"]
                ):
                    j.refused.add(index)
                    continue
                goes_on = (
                    what == "renewed"
                    and before != "suspended"
                    and line.yes is not None
                    and said["sources"] <= line.sources
                    and said["policy"] == line.yes["policy"]
                )
                line.chain = line.chain if goes_on else now
                line.state = what
                line.yes = {**said, "index": index, "at": now, "purpose": purpose}
                line.sources = said["sources"]
                line.notice = asked.get(purpose)
                line.objected = line.objected and delegate
                yeses.append(line.yes)
        else:
            raise AssertionError(what)
    assert gone == (ever_key and j.key is None)
    return j
