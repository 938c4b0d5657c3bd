"""Lineage: which drafts and skills rest on which consents, sources and persons, and what has been taken back since."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from attest.encoding import from_time
from govern.artefacts import Artefact, Entry, access, artefacts, entries, raw_kept, salts

if TYPE_CHECKING:
    from attest.log import EventLog
    from attest.vault import Vault
    from consent.ledger import Ledger
    from consent.record import ConsentRecord, GivenChoice
    from extract.circumstances import Duties
    from extract.identity import Identities
    from govern.workspace import Workspace

__all__ = [
    "REASONS", "Artefact", "Cause", "Due", "Entry", "IsMeant", "Kind", "access", "artefacts", "due", "duties",
    "entries", "meaning", "of_workspace", "raw_kept", "refuse_taken_back", "salts",
]  # fmt: skip

Kind = Literal["withdrawn", "revoked", "invalidated", "narrowed", "vetoed", "erased", "unfinished"]

#: Which gate speaks for each kind of cause, as the log's reason.
REASONS: Mapping[Kind, str] = {
    "withdrawn": "lifecycle.withdrawal",
    "revoked": "subject.consent_valid",
    "invalidated": "subject.consent_valid",
    "narrowed": "lifecycle.withdrawal",
    "vetoed": "record.participant_veto",
    "erased": "lifecycle.cascade",
    "unfinished": "lifecycle.cascade",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that was taken back after an artefact was made.

    Attributes:
        kind: What happened.
        index: Entry that says so; None for salts that are gone and not yet logged.
        at: When, by the log.
        whole: Whether nothing of the artefact may stay.
        sources: Sources that may no longer be read.
        who: The person who vetoed, as the log names them, or "".
    """

    kind: Kind
    index: int | None
    at: datetime
    whole: bool
    sources: frozenset[str] = frozenset()
    who: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Due:
    """An artefact that must be made again without what was taken back, or ended.

    Attributes:
        artefact: The artefact.
        causes: Why, in the order of the log.
    """

    artefact: Artefact
    causes: tuple[Cause, ...]

    @property
    def since(self) -> datetime:
        """Time of the first cause: the deadline runs from there."""
        return min(cause.at for cause in self.causes)

    @property
    def sources(self) -> frozenset[str]:
        """Every source that may no longer be read."""
        return frozenset().union(*(cause.sources for cause in self.causes))

    @property
    def whole(self) -> bool:
        """Whether nothing may stay: a consent is gone, or every source is."""
        return any(cause.whole for cause in self.causes) or self.sources >= self.artefact.sources

    @property
    def vetoes(self) -> frozenset[str]:
        """Everyone whose veto is heeded, as the log names them."""
        return frozenset(cause.who for cause in self.causes if cause.who)

    @property
    def reason(self) -> str:
        """The gate that the log names; that of the gravest cause."""
        return REASONS[next((c for c in self.causes if c.whole), self.causes[0]).kind]

    @property
    def indexes(self) -> tuple[int, ...]:
        """The entries that are the causes."""
        return tuple(sorted({cause.index for cause in self.causes if cause.index is not None}))

    def because_of(self, causes: Collection[int] | None) -> bool:
        """Say whether one of these entries is a cause; None stands for any."""
        return causes is None or not set(causes).isdisjoint(self.indexes)


def due(found: Collection[Entry], ledger: Ledger, vault: Vault | None, is_meant: IsMeant, now: datetime) -> list[Due]:
    """Return every artefact from which something was taken back and that is neither made again nor ended.

    Args:
        found: The log, see `entries`.
        ledger: The consents, as the whole log has them.
        vault: The salts, by person; None where it cannot be opened: then vetoes and erasures are left out.
        is_meant: Says whether a person of a veto is the one whom the vault files under a name.
        now: The moment; salts that are gone but not logged count from here.
    """
    holdings = vault.holdings() if vault is not None else {}
    rejected = {r.index: r.purposes for r in ledger.rejected}
    vetoes = _vetoes(found, ledger)
    shredded: dict[str, tuple[int, datetime]] = {}
    for index, entry in found:
        if entry["type"] == "salt.shredded":
            shredded |= dict.fromkeys(entry["body"]["extractions"], (index, from_time(entry["at"])))
    open_ = []
    for artefact in artefacts(found).values():
        if artefact.tombstone_index is not None:
            continue
        causes = [
            *_withdrawals(artefact, ledger),
            *_revoked(artefact, found, rejected),
            *_replaced(artefact, ledger),
            *_invalidated(artefact, ledger, now),
        ]
        if vault is not None:
            causes += _vetoed(artefact, vetoes, vault, is_meant)
            causes += _erased(artefact, holdings.get(artefact.extraction_id, (0, 0)), shredded, now)
        if causes:
            order = sorted(causes, key=lambda c: (c.index is None, c.index or 0))
            open_.append(Due(artefact, tuple(order)))
    return open_


IsMeant = Callable[[str, str], bool]


def meaning(people: Identities, secret: bytes) -> IsMeant:
    """Return what says whether a person of a veto is the one whom the vault files under a name.

    Args:
        people: The people file: records that were read before it knew somebody are filed under an address.
        secret: The workspace's secret, with which vetoes name addresses.
    """
    from extract.vetoes import commitment

    keys = {p.pid: {k for k in p.keys if not k.startswith("name:")} for p in people.people}

    def is_meant(who: str, filed: str) -> bool:
        if filed == who or filed in keys.get(who, ()):
            return True
        # Whoever vetoed by address before they were in the people file is filed under their pseudonym by now.
        return any(who == commitment(secret, key) for key in {filed, *keys.get(filed, ())})

    return is_meant


def _withdrawals(artefact: Artefact, ledger: Ledger) -> list[Cause]:
    """Return the withdrawals, in whole or of some sources, after the artefact's own consent was given."""
    causes = []
    for each in ledger.withdrawals(artefact.subject):
        if each.index <= artefact.consent_index or (
            each.purposes is not None and artefact.purpose not in each.purposes
        ):
            continue
        if each.sources is None:
            causes.append(Cause("withdrawn", each.index, each.at, True))
        elif hit := artefact.sources & frozenset(each.sources):
            causes.append(Cause("narrowed", each.index, each.at, False, hit))
    return causes


def _revoked(artefact: Artefact, found: Iterable[Entry], rejected: Mapping[int, tuple[str, ...]]) -> list[Cause]:
    """Return the ends that the organisation itself logged after the artefact's own consent was given."""
    causes = []
    for index, entry in found:
        body = entry["body"]
        if entry["type"] != "consent.revoked" or body.get("pid") != artefact.subject or index <= artefact.consent_index:
            continue
        purposes = body.get("purposes")
        if isinstance(purposes, list) and purposes and artefact.purpose not in purposes:
            continue
        if index not in rejected or (rejected[index] and artefact.purpose not in rejected[index]):
            causes.append(Cause("revoked", index, from_time(entry["at"]), True))
    return causes


def _replaced(artefact: Artefact, ledger: Ledger) -> list[Cause]:
    """Return what later signed records take away: a no to a running yes, or a yes to less."""
    records = ledger.consents(artefact.subject)
    rejected = {(r.index, p) for r in ledger.rejected for p in r.purposes}
    base = next((r for i, r in records if i == artefact.consent_index), None)
    first = base.given(artefact.purpose) if base is not None else None
    if base is None or first is None:
        return []
    end, causes = base.end, []
    for index, record in records:
        if index <= artefact.consent_index or (index, artefact.purpose) in rejected:
            continue
        choice = record.given(artefact.purpose)
        if choice is not None:
            end = record.end
            lost = artefact.sources - frozenset(choice.sources)
            if lost or _narrower(choice, first, record, base):
                causes.append(Cause("narrowed", index, record.start, False, lost))
        elif artefact.purpose in record.purposes and record.start < end:
            causes.append(Cause("withdrawn", index, record.start, True))
    return causes


def _narrower(new: GivenChoice, old: GivenChoice, record: ConsentRecord, base: ConsentRecord) -> bool:
    """Say whether a later yes leaves out kinds of knowledge or days that the earlier one held."""
    return (
        not frozenset(old.categories) <= frozenset(new.categories)
        or new.from_ > old.from_
        or new.until < old.until
        or not frozenset(record.withhold) <= frozenset(base.withhold)
    )


def _invalidated(artefact: Artefact, ledger: Ledger, now: datetime) -> list[Cause]:
    """Return the end of a consent that never held: it does not matter when the artefact was made."""
    if artefact.consent_index not in ledger.quarantined(artefact.purpose):
        return []
    state = ledger.state(artefact.subject, artefact.purpose, now)
    known = state.state == "invalidated" and state.at is not None
    return [Cause("invalidated", state.index if known else None, state.at if known and state.at else now, True)]


def _vetoes(found: Iterable[Entry], ledger: Ledger) -> dict[str, tuple[int, datetime]]:
    """Return the vetoes in force, with the first entry since which each has been."""
    heeded = ledger.vetoes()
    since: dict[str, tuple[int, datetime]] = {}
    for index, entry in found:
        if entry["type"] == "participant.vetoed" and isinstance(entry["body"].get("who"), str):
            since[entry["body"]["who"]] = (index, from_time(entry["at"]))
    return {who: place for who, place in since.items() if who in heeded}


def _vetoed(
    artefact: Artefact, vetoes: Mapping[str, tuple[int, datetime]], vault: Vault, is_meant: IsMeant
) -> list[Cause]:
    later = {who: place for who, place in vetoes.items() if place[0] >= artefact.heeded}
    if not later:
        return []
    filed = vault.filed(artefact.extraction_id)
    return [
        Cause("vetoed", index, at, False, who=who)
        for who, (index, at) in later.items()
        if any(is_meant(who, name) for name in filed)
    ]


def _erased(
    artefact: Artefact, holding: tuple[int, int], shredded: Mapping[str, tuple[int, datetime]], now: datetime
) -> list[Cause]:
    there, gone = holding
    index, at = shredded.get(artefact.extraction_id, (None, now))
    if not gone and index is None:
        return []
    # Without a salt nothing can be told from nothing: then nothing may stay. So too where the log knows of an erasure
    # and the vault does not, as after a restored backup: nobody can say any more which records were meant.
    return [Cause("erased", index, at, not there or not gone)]


def of_workspace(workspace: Workspace, log: EventLog, vault: Vault, now: datetime) -> list[Due]:
    """Return every artefact of a workspace from which something was taken back, see `due`."""
    is_meant = meaning(workspace.identities(), workspace.pseudonym_secret())
    return due(entries(log), workspace.ledger(log), vault, is_meant, now)


def duties(workspace: Workspace, log: EventLog, vault: Vault, now: datetime) -> Duties:
    """Return what the organisation still owes, for the gates of a run."""
    from extract.circumstances import Duties

    found = entries(log)
    is_meant = meaning(workspace.identities(), workspace.pseudonym_secret())
    return Duties(
        cascades=tuple(each.since for each in due(found, workspace.ledger(log), vault, is_meant, now)),
        access=access(found),
        raw_kept=raw_kept(),
        salts=salts(found, vault),
    )


def refuse_taken_back(workspace: Workspace, log: EventLog, extraction_id: str, now: datetime) -> None:
    """Refuse what was revoked or ended, and what a sweep would revoke: a release must not be faster than the sweep.

    Raises:
        RefusedError: Something that it rests on was taken back.
    """
    from govern.errors import RefusedError

    made = artefacts(entries(log)).get(extraction_id)
    with workspace.vault() as vault:
        due_ = next((d for d in of_workspace(workspace, log, vault, now) if d.artefact == made), None)
    if made is None or (made.revoked_index is None and made.tombstone_index is None and due_ is None):
        return
    gate = due_.reason if due_ is not None else "lifecycle.cascade"
    raise RefusedError(
        f"refused by {gate}: what this draft rests on was taken back",
        f"review extraction {made.replaced_by}, which took its place"
        if made.replaced_by
        else "`govern sweep` makes it again without that, or ends it",
    )
