"""A bystander: somebody who appears in others' messages. Was anything of mine taken? And a veto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from attest import answers
from govern import preview, rights
from govern.portal.pages.own import answer_about, runs_of
from govern.portal.pages.registry import Pages

if TYPE_CHECKING:
    from govern.portal.visit import Visit

PAGES = Pages()


@PAGES.get("/bystander", "bystander")
def overview(visit: Visit) -> Response:
    """Show what became of the messages in which the person appears, and whether their veto stands."""
    answer = answers.verify(answer_about(visit), visit.workspace.log_vkey)
    has_veto = rights.bystander(visit.workspace, visit.who).who in visit.ledger.vetoes()
    return visit.render(
        "bystander.html",
        runs=runs_of(answer),
        has_veto=has_veto,
        why=lambda code: preview.sentence(code, visit.t.lang),
    )


@PAGES.get("/bystander/answer.json", "bystander")
def answer_file(visit: Visit) -> Response:
    """Give the same as a file that proves itself."""
    return visit.file(answer_about(visit), "taken.json", "application/json")


@PAGES.post("/bystander/veto", "bystander")
def veto(visit: Visit) -> Response:
    """Log that no message with this person is to be used, or that this ends."""
    who = rights.bystander(visit.workspace, visit.who)
    rights.veto(visit.workspace, visit.log, who, visit.now, lift=visit.one("lift", "") == "yes")
    return visit.go("/bystander")
