"""A bystander: somebody who appears in others' messages. Was anything of mine taken? And a veto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from attest import answers
from attest.encoding import to_time
from govern import preview, rights, subjects
from govern.portal.pages.own import runs_of
from govern.portal.pages.registry import Pages

if TYPE_CHECKING:
    from govern.portal.visit import Visit

PAGES = Pages()


@PAGES.get("/bystander", "bystander")
def overview(visit: Visit) -> Response:
    """Show what became of the messages in which the person appears, and whether their veto stands."""
    answer = answers.verify(_answer(visit), visit.workspace.log_vkey)
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
    return visit.file(_answer(visit), "taken.json", "application/json")


@PAGES.post("/bystander/veto", "bystander")
def veto(visit: Visit) -> Response:
    """Log that no message with this person is to be used, or that this ends."""
    who = rights.bystander(visit.workspace, visit.who)
    rights.veto(visit.workspace, visit.log, who, visit.now, lift=visit.one("lift", "") == "yes")
    return visit.go("/bystander")


def _answer(visit: Visit) -> bytes:
    note = visit.workspace.sign(visit.log)
    with visit.workspace.vault() as vault:
        who = subjects.asker(visit.workspace, visit.log, vault, visit.who)
        return subjects.taken(visit.workspace, visit.log, vault, who, "", note, to_time(visit.now))
