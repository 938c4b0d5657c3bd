"""A person's drafts: each statement with its evidence, kept, corrected or struck; then the release by passkey."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from attest.response import RESPONSES
from attest.response import Response as Word
from extract.distil.keeps import KEPT_KINDS
from extract.skill import draft as drafts
from extract.skill.review import MAX_STATEMENT, Decision, Review, legible, unsure_first
from govern import jobs, passkey_releases, reviewing, skills
from govern.artefacts import artefacts, entries
from govern.errors import GovernError, RefusedError, UsageError
from govern.passkey_releases import Begun
from govern.passkeys import Signing
from govern.portal.pages.passkeys import answer_of
from govern.portal.pages.registry import Pages
from govern.portal.visit import SOON, NotFoundError

if TYPE_CHECKING:
    from extract.distil.claims import Claim
    from extract.skill.draft import Draft
    from govern.portal.visit import Visit
    from govern.skills import Skill

PAGES = Pages()


@dataclass(frozen=True, slots=True)
class Releasing:
    """A release that waits for the person's signature."""

    begun: Begun
    signing: Signing


@dataclass(frozen=True, slots=True)
class Saying:
    """A word on a released skill that waits for the person's signature."""

    said: Word
    signing: Signing


@PAGES.get("/me/drafts", "employee")
def overview(visit: Visit) -> Response:
    """List the drafts that wait for this person, and the skills that they released."""
    waiting = []
    for made in artefacts(entries(visit.log)).values():
        if made.subject != visit.who:
            continue
        if made.release_index is None and jobs.staged_path(visit.workspace, made.extraction_id).exists():
            try:
                draft = _draft(visit, made.extraction_id)
            except GovernError:
                # Ended since: its words were promised to be gone.
                continue
            review = reviewing.stored(visit.workspace, made.extraction_id)
            waiting.append((made, len(draft.claims), len(review.open_claims(draft.claims))))
    released = skills.of_person(visit.workspace, visit.log, visit.who, visit.now)
    return visit.render(
        "drafts.html",
        waiting=waiting,
        released=released,
        here={s.extraction_id for s in released if jobs.released_path(visit.workspace, s.extraction_id).exists()},
        soon=visit.now + SOON,
    )


@PAGES.get("/me/drafts/{extraction}", "employee")
def read(visit: Visit) -> Response:
    """Show every statement with the words that it rests on, those whose kind is least clear first."""
    draft = _draft(visit, visit.path["extraction"])
    review = reviewing.stored(visit.workspace, draft.extraction_id)
    return visit.render(
        "draft.html",
        extraction=draft.extraction_id,
        claims=[(claim, review.decisions.get(claim.id), _quotes(claim)) for claim in unsure_first(draft.claims)],
        decided=len(draft.claims) - len(review.open_claims(draft.claims)),
        total=len(draft.claims),
        kinds=KEPT_KINDS,
        withheld=review.withheld,
        withheld_claims=review.withheld_claims,
        longest=MAX_STATEMENT,
    )


@PAGES.post("/me/drafts/{extraction}", "employee")
def decide(visit: Visit) -> Response:
    """Keep one decision over one statement, or take it back."""
    draft = _draft(visit, visit.path["extraction"])
    claim = next((each for each in draft.claims if each.id == visit.one("claim")), None)
    if claim is None:
        raise NotFoundError
    verdict = visit.one("verdict")
    decision: Decision | None
    match verdict:
        case "accepted" | "struck":
            decision = Decision(verdict)
        case "corrected":
            decision = Decision("corrected", visit.one("text"))
        case "open":
            decision = None
        case _:
            raise UsageError("the form is not complete", "go back, and send it again")
    _change(visit, draft, lambda review: review.decide(claim, decision))
    return visit.go(f"/me/drafts/{draft.extraction_id}#{claim.id}")


@PAGES.post("/me/drafts/{extraction}/withhold", "employee")
def withhold(visit: Visit) -> Response:
    """Strike every statement of the kinds that the person keeps."""
    draft = _draft(visit, visit.path["extraction"])
    kinds = visit.many("kind")
    if not kinds or not set(kinds) <= set(KEPT_KINDS):
        raise UsageError(visit.t("review.no_kind"))
    _change(visit, draft, lambda review: review.withhold(kinds, draft.claims))
    return visit.go(f"/me/drafts/{draft.extraction_id}")


@PAGES.post("/me/drafts/{extraction}/release", "employee")
def release(visit: Visit) -> Response:
    """Show the final text, and ask for the signature that releases it."""
    draft = _draft(visit, visit.path["extraction"])
    data = jobs.staged_path(visit.workspace, draft.extraction_id).read_bytes()
    begun, signing = passkey_releases.begin_release(visit.workspace, visit.log, data, visit.page, visit.now)
    return visit.render(
        "release.html",
        extraction=draft.extraction_id,
        pages=sorted(begun.plan.candidate.pages().items()),
        words=signing.words,
        options=json.dumps(signing.options),
        begun=visit.begin(Releasing(begun, signing)),
    )


@PAGES.post("/me/drafts/{extraction}/released", "employee")
def released(visit: Visit) -> Response:
    """Check the signature, ask every gate anew, and release."""
    draft = _draft(visit, visit.path["extraction"])
    releasing: Releasing = visit.begun(Releasing)
    if releasing.begun.plan.draft.extraction_id != draft.extraction_id:
        raise RefusedError("another draft was begun than this one", "begin again")
    data = passkey_releases.finish_release(visit.workspace, visit.log, releasing.begun, answer_of(visit), visit.now)
    visit.workspace.keep(jobs.released_path(visit.workspace, draft.extraction_id), data)
    return visit.go("/me/drafts")


@PAGES.get("/me/skills/{extraction}/file", "employee")
def skill(visit: Visit) -> Response:
    """Give the person the released skill as a file."""
    extraction = _released(visit).extraction_id
    path = jobs.released_path(visit.workspace, extraction)
    if not path.exists():
        raise NotFoundError
    return visit.file(path.read_bytes(), f"{extraction}.skill", "application/zip")


@PAGES.post("/me/skills/{extraction}/word", "employee")
def word(visit: Visit) -> Response:
    """Ask for the signature of the person's word on a released skill: right, contested, or to be corrected."""
    kind = visit.one("kind")
    if kind not in RESPONSES:
        raise UsageError("the form is not complete", "go back, and send it again")
    said, signing = passkey_releases.begin_response(
        visit.workspace, visit.log, _released(visit).statement_sha256, visit.who, kind, visit.page, visit.now
    )
    return visit.render(
        "word.html",
        extraction=said.extraction_id,
        kind=kind,
        words=signing.words,
        options=json.dumps(signing.options),
        begun=visit.begin(Saying(said, signing)),
    )


@PAGES.post("/me/skills/{extraction}/said", "employee")
def said(visit: Visit) -> Response:
    """Check the signature and log the word."""
    saying: Saying = visit.begun(Saying)
    passkey_releases.finish_response(
        visit.workspace, visit.log, saying.said, saying.signing, answer_of(visit), visit.now
    )
    return visit.go("/me/drafts")


def _released(visit: Visit) -> Skill:
    """Return a released skill of this person; somebody else's is not there."""
    found = skills.of_person(visit.workspace, visit.log, visit.who, visit.now)
    made = next((each for each in found if each.extraction_id == visit.path["extraction"]), None)
    if made is None:
        raise NotFoundError
    return made


def _draft(visit: Visit, extraction: str) -> Draft:
    """Return a draft of this person that is still one; somebody else's is not there."""
    made = artefacts(entries(visit.log)).get(extraction)
    if made is None or made.subject != visit.who or made.release_index is not None:
        raise NotFoundError
    path = jobs.staged_path(visit.workspace, extraction)
    if not path.exists():
        raise NotFoundError
    reviewing.refuse_ended(visit.workspace, visit.log, extraction, visit.now)
    return drafts.read(path.read_bytes(), visit.log)


def _change(visit: Visit, draft: Draft, change: Callable[[Review], Review]) -> None:
    """Change the review as the command does: alone, kept at once, and logged when every statement has its word."""
    with reviewing.alone(visit.workspace, draft.extraction_id):
        before = reviewing.stored(visit.workspace, draft.extraction_id)
        reached = change(before)
        reviewing.keep(visit.workspace, reached)
        if not reached.open_claims(draft.claims):
            reviewing.finished(visit.workspace, visit.log, draft, reached, visit.now)


def _quotes(claim: Claim) -> list[str]:
    return list(dict.fromkeys(legible(span.quote) for span in claim.evidence))
