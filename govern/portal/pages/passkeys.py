"""A person's passkeys: make one, have it sign its own enrolment, hand the record to the witness, end one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from attest.errors import FormatError
from govern import passkeys
from govern.errors import GovernError
from govern.portal.pages.registry import Pages

if TYPE_CHECKING:
    from attest.passkey import Enrolment
    from consent.keys import EnrolledKey
    from govern.passkeys import Creation, Signing
    from govern.portal.visit import Visit

PAGES = Pages()


@dataclass(frozen=True, slots=True)
class Making:
    """A passkey that the browser is being asked to make.

    Attributes:
        creation: What was begun.
        witness: The officer who will sign.
    """

    creation: Creation
    witness: str


@dataclass(frozen=True, slots=True)
class Proving:
    """An enrolment that waits for the signatures of passkeys.

    Attributes:
        enrolment: The record.
        before: The person's passkey that signs too, after the new one; None where there is none.
        signing: Whose turn it is.
        signatures: Who has signed.
    """

    enrolment: Enrolment
    before: EnrolledKey | None
    signing: Signing
    signatures: tuple[dict[str, Any], ...] = ()


def answer_of(visit: Visit) -> dict[str, Any]:
    """Return what the browser's authenticator answered.

    Raises:
        FormatError: It is no JSON object.
    """
    try:
        value = json.loads(visit.one("response", ""))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise FormatError("the browser returned no answer of a passkey")
    return value


@PAGES.get("/me/passkeys", "employee")
def overview(visit: Visit) -> Response:
    """Show the person's keys and passkeys, and who could witness another one."""
    ledger = visit.ledger
    witnesses = [officer for officer in ledger.officers() if officer.role != "hr"]
    return visit.render(
        "passkeys.html",
        key=ledger.key(visit.who),
        passkeys=ledger.passkeys(visit.who),
        former=ledger.former_passkeys(visit.who),
        witnesses=witnesses,
        origin=visit.settings.origin,
    )


@PAGES.post("/me/passkeys/new", "employee")
def new(visit: Visit) -> Response:
    """Ask the browser for a passkey."""
    witness = visit.one("witness")
    passkeys.check_witness(visit.ledger, witness)
    creation = passkeys.begin_creation(visit.page, visit.ledger, visit.who)
    begun = visit.begin(Making(creation, witness))
    return visit.render("passkey_make.html", options=json.dumps(creation.options), begun=begun, at="/me")


@PAGES.post("/me/passkeys/made", "employee")
def made(visit: Visit) -> Response:
    """Take the new passkey, and have it sign the record of its own enrolment."""
    making: Making = visit.begun(Making)
    ledger = visit.ledger
    here = [key for key in ledger.passkeys(visit.who) if passkeys.is_for(key, visit.page)]
    # A key file signs with the witness, by command; a passkey of this page can sign here and now.
    before = here[0] if here and ledger.key(visit.who) is None else None
    enrolment = passkeys.finish_creation(making.creation, answer_of(visit), ledger, making.witness, visit.now, before)
    return _prove(visit, Proving(enrolment, before, passkeys.begin_enrolment(enrolment)))


@PAGES.post("/me/passkeys/proved", "employee")
def proved(visit: Visit) -> Response:
    """Take a signature of the enrolment; ask for the next one, or give out the record for the witness."""
    proving: Proving = visit.begun(Proving)
    signatures = (*proving.signatures, proving.signing.finish(answer_of(visit)))
    if proving.before is not None and len(signatures) == 1:
        before = passkeys.begin_enrolment(proving.enrolment, proving.before)
        return _prove(visit, Proving(proving.enrolment, proving.before, before, signatures))
    paper = passkeys.paper(proving.enrolment, signatures)
    visit.desk.door.lay(proving.enrolment.passkey.key_id, visit.who, proving.enrolment.witness, paper, visit.now)
    return visit.render(
        "passkey_paper.html", words=passkeys.words(proving.enrolment), witness=proving.enrolment.witness
    )


@PAGES.post("/me/passkeys/end", "employee")
def end(visit: Visit) -> Response:
    """End a passkey: a lost phone, an old laptop."""
    passkeys.end(visit.log, visit.who, visit.one("key_id"), visit.now)
    return visit.go("/me/passkeys")


def _prove(visit: Visit, proving: Proving) -> Response:
    return visit.render(
        "passkey_prove.html",
        options=json.dumps(proving.signing.options),
        words=proving.signing.words,
        is_second=bool(proving.signatures),
        begun=visit.begin(proving),
        at="/me",
    )


def waiting(visit: Visit, witness: str) -> list[tuple[Enrolment, bytes]]:
    """Return the enrolments that wait for a witness and were not entered in the log since."""
    found = []
    for paper in visit.desk.door.papers(witness, visit.now):
        try:
            enrolment, _ = passkeys.read_paper(paper)
        except GovernError:
            continue
        if all(key.key_id != enrolment.passkey.key_id for key in visit.ledger.passkeys(enrolment.pid)):
            found.append((enrolment, paper))
    return found
