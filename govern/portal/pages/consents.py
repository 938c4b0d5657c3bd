"""A person's consent: what is asked, yes or no source by source, signing, taking back, receipts."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from consent import build, notice, receipt_page, receipt_text
from govern import decided, passkeys, signing, withdrawing
from govern.errors import InputError, RefusedError, UsageError
from govern.portal.pages.passkeys import answer_of
from govern.portal.pages.registry import Pages
from govern.portal.visit import SOON, NotFoundError
from policies.duration import Duration

if TYPE_CHECKING:
    from consent.record import ConsentRecord
    from govern.passkeys import Signing
    from govern.portal.visit import Visit
    from policies.model import Policy

PAGES = Pages()
#: Who may use a skill: the page offers the person's own team, and nobody else.
RECIPIENTS = ("team:own",)
LASTS = ("P1M", "P3M", "P6M", "P12M")


@dataclass(frozen=True, slots=True)
class Deciding:
    """A yes or a no that waits for the person's signature.

    Attributes:
        record: What is signed.
        signing: What the browser was asked for.
        policy: The policy that the record names.
    """

    record: ConsentRecord
    signing: Signing
    policy: Policy


@dataclass(frozen=True, slots=True)
class TakingBack:
    """A withdrawal that may be signed; it counts without."""

    record: ConsentRecord
    signing: Signing
    purposes: tuple[str, ...]


@PAGES.get("/me", "employee")
def overview(visit: Visit) -> Response:
    """Show how the person stands, what could be agreed to, and the way out, all on one page."""
    policy = visit.policy
    states = visit.ledger.states(visit.who, visit.now)
    longest = policy.gates["subject.validity"].values()["max"] if "subject.validity" in policy.gates else None
    terms, _, told = signing.terms(visit.workspace, visit.log, visit.who, policy, None, visit.now)
    return visit.render(
        "me.html",
        policy=policy,
        held=[state for state in states.values() if state.live],
        others=[state for state in states.values() if not state.live],
        purposes=signing.purposes_of(policy),
        sources=signing.sources_of(policy),
        categories=signing.categories_of(policy),
        withholdable=[name for name in signing.withholdable(policy) if name not in signing.categories_of(policy)],
        recipients=RECIPIENTS,
        compensation=_compensation(visit),
        lasts=[last for last in LASTS if longest is None or _no_longer(visit, last, longest)],
        first=visit.now.date() - timedelta(days=365),
        last=visit.now.date(),
        notice=receipt_page.markdown(terms.notice.text),
        notice_lang=terms.notice.lang,
        told=told,
        can_sign=bool(_here(visit)),
        latest=visit.ledger.latest(visit.who),
        soon=visit.now + SOON,
    )


@PAGES.post("/me/choose", "employee")
def choose(visit: Visit) -> Response:
    """Make the record of what was ticked, and ask for the signature."""
    policy = visit.policy
    ticked: dict[str, list[str]] = {}
    for value in visit.many("source"):
        purpose, _, source = value.partition("/")
        ticked.setdefault(purpose, []).append(source)
    categories = visit.many("category")
    if not ticked:
        raise UsageError(visit.t("me.nothing_ticked"))
    if not categories:
        raise UsageError(visit.t("me.no_category"))
    terms, shown_at, _ = signing.terms(visit.workspace, visit.log, visit.who, policy, None, visit.now)
    purposes = signing.known("purpose", ticked, signing.purposes_of(policy))
    allowed = signing.sources_of(policy)
    record = build.given(
        pid=visit.who,
        terms=terms,
        purposes=purposes,
        sources={purpose: signing.known("source", ticked[purpose], allowed) for purpose in purposes},
        categories=signing.known("category", categories, signing.categories_of(policy)),
        recipients=RECIPIENTS,
        withhold=signing.to_withhold(visit.many("withhold"), policy),
        material_from=_day(visit, "first"),
        material_until=_day(visit, "last"),
        validity=_validity(visit),
        now=visit.now,
        record_id=str(uuid.uuid4()),
        nonce=secrets.token_hex(16),
        shown_at=shown_at,
        compensation_ref=_compensation(visit),
    )
    signing.refuse_too_long(record, policy)
    return _to_sign(visit, record, policy)


@PAGES.post("/me/refuse", "employee")
def refuse(visit: Visit) -> Response:
    """Make the record of a no to everything, and ask for the signature."""
    policy = visit.policy
    terms, _, _ = signing.terms(visit.workspace, visit.log, visit.who, policy, None, visit.now)
    record = build.refused(
        pid=visit.who,
        terms=terms,
        purposes=signing.purposes_of(policy),
        now=visit.now,
        record_id=str(uuid.uuid4()),
        nonce=secrets.token_hex(16),
    )
    return _to_sign(visit, record, policy)


@PAGES.post("/me/sign", "employee")
def sign(visit: Visit) -> Response:
    """Check the signature, log the decision, and show the receipt."""
    deciding: Deciding = visit.begun(Deciding)
    index = passkeys.finish_signing(
        visit.workspace, visit.log, deciding.record, deciding.signing, answer_of(visit), deciding.policy, visit.now
    )
    return visit.go(f"/me/receipts/{index}")


@PAGES.post("/me/withdraw", "employee")
def withdraw(visit: Visit) -> Response:
    """Take back everything, one purpose, or one source: at once, without a key and without a reason."""
    purposes, sources = visit.many("purpose"), visit.many("source")
    signed = None
    if visit.one("response", ""):
        taking: TakingBack = visit.begun(TakingBack)
        signed = (taking.record, taking.signing, answer_of(visit))
        purposes = taking.purposes
    index, _ = withdrawing.withdraw(
        visit.workspace,
        visit.log,
        visit.who,
        visit.now,
        channel="portal",
        purposes=purposes,
        sources=sources,
        signed=signed,
    )
    visit.work.order("clear", visit.me.role, visit.who, {"index": index})
    return visit.go(f"/me/receipts/{index}")


@PAGES.post("/me/withdraw/signed", "employee")
def withdraw_signed(visit: Visit) -> Response:
    """Offer to sign the withdrawal, so that the receipt bears the person's own signature."""
    live = tuple(p for p, state in visit.ledger.states(visit.who, visit.now).items() if state.live)
    begun = passkeys.begin_withdrawal(visit.ledger, visit.who, live, visit.page, visit.now) if live else None
    if begun is None:
        return withdraw(visit)
    record, asked = begun
    return visit.render(
        "sign.html",
        is_withdrawal=True,
        action="/me/withdraw",
        rows=_rows(visit, record),
        words=asked.words,
        options=json.dumps(asked.options),
        begun=visit.begin(TakingBack(record, asked, live)),
    )


@PAGES.get("/me/receipts/{index}", "employee")
def receipt(visit: Visit) -> Response:
    """Show the receipt of one decision."""
    made = _receipt(visit)
    return visit.render(
        "receipt.html",
        receipt=made,
        rows=receipt_text.rows(made),
        promise=receipt_text.promise(made),
        evidence=receipt_text.evidence(made),
        is_withdrawal=made.event.type == "consent.withdrawn",
    )


@PAGES.get("/me/receipts/{index}/receipt.json", "employee")
def receipt_json(visit: Visit) -> Response:
    """Give the receipt as a file for programs."""
    made = _receipt(visit)
    return visit.file(made.to_bytes(), f"receipt-{made.index}.json", "application/json")


@PAGES.get("/me/receipts/{index}/receipt.html", "employee")
def receipt_file(visit: Visit) -> Response:
    """Give the receipt as one page to keep."""
    made = _receipt(visit)
    return visit.file(receipt_page.page(made), f"receipt-{made.index}.html", "text/html")


def _to_sign(visit: Visit, record: ConsentRecord, policy: Policy) -> Response:
    """Show the choices out of the record that will be signed, and nothing else, with its eight words."""
    try:
        asked, begun = passkeys.begin_signing(visit.ledger, record, visit.page)
    except RefusedError:
        return visit.render("no_passkey.html", 403)
    return visit.render(
        "sign.html",
        is_withdrawal=False,
        action="/me/sign",
        rows=_rows(visit, asked),
        words=begun.words,
        options=json.dumps(begun.options),
        begun=visit.begin(Deciding(asked, begun, policy)),
    )


def _rows(visit: Visit, record: ConsentRecord) -> list[receipt_text.Row]:
    return receipt_text.record_rows(record, notice.choose(visit.t.lang).lang)


def _receipt(visit: Visit) -> Any:
    index = visit.path["index"]
    if not index.isascii() or not index.isdigit() or len(index) > 12:
        raise NotFoundError
    try:
        return decided.receipt(visit.workspace, visit.log, visit.who, int(index), visit.t.lang)
    except UsageError:
        # Somebody else's entry and one that is not there look alike.
        raise NotFoundError from None


def _compensation(visit: Visit) -> str | None:
    """Return the reference of the compensation terms that HR approved for this person, or for everybody."""
    found = [
        given
        for given in visit.ledger.approvals(visit.now)
        if given.kind == "benefit" and given.subject in (None, visit.who) and given.ref
    ]
    return found[-1].ref if found else None


def _here(visit: Visit) -> list[Any]:
    page = visit.page
    return [
        key
        for key in visit.ledger.passkeys(visit.who)
        if key.passkey is not None and (key.passkey.rp_id, key.passkey.origin) == (page.rp_id, page.origin)
    ]


def _day(visit: Visit, name: str) -> date:
    try:
        return date.fromisoformat(visit.one(name))
    except ValueError:
        raise InputError(visit.t("me.no_day")) from None


def _validity(visit: Visit) -> str:
    given = visit.one("validity")
    if given not in LASTS:
        raise InputError(visit.t("me.no_length"))
    return given


def _no_longer(visit: Visit, last: str, longest: Duration) -> bool:
    return Duration.parse(last).after(visit.now) <= longest.after(visit.now)
