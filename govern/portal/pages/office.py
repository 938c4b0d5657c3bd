"""An officer's signature: passkeys beside the key of the office, witnessing people's passkeys, and signing papers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from attest.approval import MAY_SIGN, NEEDS
from govern import approving, office_passkeys, passkeys, signing
from govern.errors import GovernError, UsageError
from govern.portal.pages.passkeys import answer_of, waiting
from govern.portal.pages.registry import Pages
from govern.portal.visit import NotFoundError

if TYPE_CHECKING:
    from attest.approval import Statement
    from attest.passkey import Enrolment
    from attest.role_passkey import RolePasskey
    from consent.approvals import Officer
    from consent.keys import EnrolledKey
    from govern.passkeys import Creation, Signing
    from govern.portal.visit import Visit

PAGES = Pages()
ROLES = ("hr", "works_council", "dpo", "auditor")
WITNESSES = ("works_council", "dpo", "auditor")
#: What may be said of each kind beside what it needs (`attest.approval.NEEDS`). A mandate is witnessed by command.
MAY_SAY: dict[str, tuple[str, ...]] = {
    "run": ("subject", "purpose"),
    "impact_assessment": ("purpose", "ref"),
    "collective_agreement": ("purpose", "ref"),
    "undertaking": (),
    "benefit": ("purpose",),
    "invalidation": ("purpose", "ref"),
    "key_lost": (),
}


@dataclass(frozen=True, slots=True)
class Making:
    """A passkey that the browser is being asked to make."""

    creation: Creation


@dataclass(frozen=True, slots=True)
class Proving:
    """A record that waits for the signatures of passkeys.

    Attributes:
        record: The record.
        before: The officer's passkey that signs too, after the new one; None where the key file does.
        signing: Whose turn it is.
        signatures: Who has signed.
    """

    record: RolePasskey
    before: EnrolledKey | None
    signing: Signing
    signatures: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Witnessing:
    """A person's passkey that is being witnessed.

    Attributes:
        enrolment: The record.
        signatures: Who has signed.
        signing: The witness's turn.
    """

    enrolment: Enrolment
    signatures: tuple[dict[str, Any], ...]
    signing: Signing


@dataclass(frozen=True, slots=True)
class Approving:
    """A paper that is being signed."""

    said: Statement
    signing: Signing


def officer_of(visit: Visit) -> Officer:
    """Return the officer who is signed in."""
    held = visit.ledger.officer(visit.who)
    assert held is not None
    return held


def is_ready(visit: Visit) -> bool:
    """Say whether the officer who is signed in has a passkey for this page."""
    return office_passkeys.before_of(officer_of(visit), visit.page) is not None


@PAGES.get("/office", *ROLES, is_read=True)
def office(visit: Visit) -> Response:
    """Show what the officer signs with, what waits for the signature, what was signed, and what could be."""
    held = officer_of(visit)
    return visit.render(
        "office.html",
        officer=held,
        ready=is_ready(visit),
        papers=[(record, office_passkeys.words(record)) for record, _ in _papers(visit)],
        waiting=[(each, passkeys.words(each)) for each, _ in waiting(visit, visit.who)],
        kinds=_kinds(held),
        given=[each for each in visit.ledger.approvals(visit.now) if each.holder == held.holder],
    )


@PAGES.post("/office/passkeys/new", *ROLES)
def new(visit: Visit) -> Response:
    """Ask the browser for a passkey."""
    creation = office_passkeys.begin_creation(visit.page, officer_of(visit))
    options = json.dumps(creation.options)
    return visit.render("passkey_make.html", options=options, begun=visit.begin(Making(creation)), at="/office")


@PAGES.post("/office/passkeys/made", *ROLES)
def made(visit: Visit) -> Response:
    """Take the new passkey, and have it sign the record of its own enrolment."""
    making: Making = visit.begun(Making)
    held = officer_of(visit)
    record = office_passkeys.finish_creation(making.creation, answer_of(visit), held, visit.now)
    before = office_passkeys.before_of(held, visit.page)
    return _prove(visit, Proving(record, before, office_passkeys.begin_enrolment(record)))


@PAGES.post("/office/passkeys/proved", *ROLES)
def proved(visit: Visit) -> Response:
    """Take a signature; ask for the next one, enter the passkey, or lay the record ready for the key file."""
    proving: Proving = visit.begun(Proving)
    record, before = proving.record, proving.before
    signatures = (*proving.signatures, proving.signing.finish(answer_of(visit)))
    if before is None:
        paper = office_passkeys.paper(record, signatures)
        visit.desk.door.lay(record.passkey.key_id, visit.who, visit.who, paper, visit.now)
    elif len(signatures) == 1:
        return _prove(visit, Proving(record, before, office_passkeys.begin_enrolment(record, before), signatures))
    else:
        office_passkeys.enrol(visit.log, officer_of(visit), record, signatures, visit.now)
    return visit.go("/office")


@PAGES.get("/office/passkeys/{key}", *ROLES)
def paper(visit: Visit) -> Response:
    """Give the record of the officer's own passkey as a file, to be signed with the key file."""
    for record, data in _papers(visit):
        if record.passkey.key_id == visit.path["key"]:
            return visit.file(data, f"{record.holder}.passkey", "application/json")
    raise NotFoundError


@PAGES.post("/office/passkeys/end", *ROLES)
def end(visit: Visit) -> Response:
    """End a passkey: a lost phone, an old laptop."""
    office_passkeys.end(visit.log, visit.who, visit.one("key_id"), visit.now)
    return visit.go("/office")


@PAGES.get("/witness/{key}", *WITNESSES)
def witness_paper(visit: Visit) -> Response:
    """Give the record of an enrolment as a file, to be compared and signed with the officer's own key."""
    enrolment, data = _waiting(visit, visit.path["key"])
    return visit.file(data, f"{enrolment.pid}.passkey", "application/json")


@PAGES.post("/witness", *WITNESSES)
def witness(visit: Visit) -> Response:
    """Show a record and its eight words, to be witnessed with a passkey."""
    enrolment, data = _waiting(visit, visit.one("key_id"))
    begun = office_passkeys.begin_witness(officer_of(visit), enrolment, visit.page)
    _, signatures = passkeys.read_paper(data)
    rows = [
        (visit.t("office.person"), enrolment.pid),
        (visit.t("passkeys.works_at"), enrolment.passkey.origin),
        (visit.t("office.made"), f"{enrolment.at:%Y-%m-%d %H:%M} UTC"),
    ]
    name = visit.begin(Witnessing(enrolment, tuple(signatures), begun))
    return _sign(visit, "witness", "/witness/signed", rows, begun, name)


@PAGES.post("/witness/signed", *WITNESSES)
def witnessed(visit: Visit) -> Response:
    """Take the witness's signature, and enter the person's passkey in the log."""
    found: Witnessing = visit.begun(Witnessing)
    signatures = [*found.signatures, found.signing.finish(answer_of(visit))]
    passkeys.enrol(visit.log, found.enrolment, signatures, visit.now)
    return visit.go("/office")


@PAGES.get("/office/sign/{kind}", *ROLES)
def paper_form(visit: Visit) -> Response:
    """Show what a paper of a kind says and asks for."""
    kind = _kind(visit)
    needed = NEEDS.get(kind, ())
    return visit.render(
        "office_paper.html",
        kind=kind,
        needed=needed,
        fields=(*needed, *(name for name in MAY_SAY[kind] if name not in needed)),
        purposes=signing.purposes_of(visit.policy),
        policy=visit.policy,
        ready=is_ready(visit),
    )


@PAGES.post("/office/sign/{kind}", *ROLES)
def paper_sign(visit: Visit) -> Response:
    """Show what is to be signed, and its eight words. Of a document the browser sends the digest only."""
    kind = _kind(visit)
    allowed = {*NEEDS.get(kind, ()), *MAY_SAY[kind]}
    for name in NEEDS.get(kind, ()):
        if not _given(visit, name, allowed):
            raise UsageError(visit.t("office.missing", what=visit.t(f"office.field_{name}")))
    subject, purpose = _given(visit, "subject", allowed), _given(visit, "purpose", allowed)
    said = approving.statement(
        officer_of(visit),
        kind,
        visit.now,
        subject=visit.workspace.identities().person(subject).pid if subject else None,
        purpose=signing.known("purpose", [purpose], signing.purposes_of(visit.policy))[0] if purpose else None,
        policy=visit.policy.sha256 if visit.one("only_policy", "") else None,
        sha256=_given(visit, "sha256", allowed) or None,
        dated=_day(_given(visit, "dated", allowed)),
        ref=_given(visit, "ref", allowed),
        until=_last(visit.one("until", "")),
    )
    begun = office_passkeys.begin_approval(officer_of(visit), said, visit.page)
    values = (
        ("kind", visit.t(f"officers.paper_{kind}")),
        ("whom", said.subject or visit.t("office.everyone")),
        ("purpose", visit.t.name(said.purpose) if said.purpose else visit.t("office.every_purpose")),
        ("only_policy", visit.policy.id if said.policy else visit.t("office.every_policy")),
        ("sha256", said.sha256 or ""),
        ("dated", f"{said.dated:%Y-%m-%d}" if said.dated else ""),
        ("ref", said.ref),
        ("until", f"{said.until:%Y-%m-%d %H:%M} UTC" if said.until else visit.t("office.no_end")),
    )
    rows = [(visit.t(f"office.field_{name}"), value) for name, value in values if value]
    return _sign(visit, "paper", "/office/signed", rows, begun, visit.begin(Approving(said, begun)))


@PAGES.post("/office/signed", *ROLES)
def signed(visit: Visit) -> Response:
    """Take the signature of a paper, and enter it in the log."""
    found: Approving = visit.begun(Approving)
    body = office_passkeys.finish_approval(found.said, found.signing, answer_of(visit))
    approving.give(visit.workspace, visit.log, found.said, body, visit.now)
    return visit.go("/office")


@PAGES.post("/office/withdraw", *ROLES)
def withdraw(visit: Visit) -> Response:
    """Take a paper back: no key is needed, it only takes away."""
    index = visit.one("index")
    if not (index.isascii() and index.isdigit() and len(index) < 12):
        raise UsageError("the form is not complete", "go back, and send it again")
    approving.withdraw(visit.log, visit.who, int(index), "portal", visit.now)
    return visit.go("/office")


def _prove(visit: Visit, proving: Proving) -> Response:
    return visit.render(
        "passkey_prove.html",
        options=json.dumps(proving.signing.options),
        words=proving.signing.words,
        is_second=bool(proving.signatures),
        begun=visit.begin(proving),
        at="/office",
    )


def _sign(visit: Visit, what: str, action: str, rows: list[tuple[str, str]], signing: Signing, begun: str) -> Response:
    return visit.render(
        "office_sign.html",
        what=what,
        action=action,
        rows=rows,
        options=json.dumps(signing.options),
        words=signing.words,
        begun=begun,
    )


def _papers(visit: Visit) -> list[tuple[RolePasskey, bytes]]:
    """Return the officer's own records that wait for the key file."""
    found = []
    held = {key.key_id for key in officer_of(visit).passkeys}
    for data in visit.desk.door.papers(visit.who, visit.now):
        try:
            record, _ = office_passkeys.read_paper(data)
        except GovernError:
            continue
        if record.holder == visit.who and record.passkey.key_id not in held:
            found.append((record, data))
    return found


def _waiting(visit: Visit, key_id: str) -> tuple[Enrolment, bytes]:
    for enrolment, data in waiting(visit, visit.who):
        if enrolment.passkey.key_id == key_id:
            return enrolment, data
    raise NotFoundError


def _kinds(officer: Officer) -> list[str]:
    return [kind for kind in MAY_SAY if officer.role in MAY_SIGN[kind]]


def _kind(visit: Visit) -> str:
    kind = visit.path["kind"]
    if kind not in _kinds(officer_of(visit)):
        raise NotFoundError
    return kind


def _given(visit: Visit, name: str, allowed: set[str]) -> str:
    return visit.one(name, "").strip() if name in allowed else ""


def _day(text: str) -> datetime | None:
    """Return the beginning of a day, `2026-11-24`."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError("a day is not written like 2026-11-24", "go back, and give it so") from None


def _last(text: str) -> datetime | None:
    """Return the moment after a last day."""
    day = _day(text)
    return day + timedelta(days=1) if day is not None else None
