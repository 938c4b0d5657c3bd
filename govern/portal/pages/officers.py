"""Works council and data protection officer: counts, papers, passkeys to witness, requests that wait, duties due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from attest.errors import BusyError
from govern import lineage, passkeys
from govern.artefacts import access, entries
from govern.portal.pages.hr import papers, report_of
from govern.portal.pages.office import is_ready
from govern.portal.pages.passkeys import waiting
from govern.portal.pages.registry import Pages
from govern.suppression import MINIMUM
from policies.duration import Duration

if TYPE_CHECKING:
    from govern.portal.visit import Visit

PAGES = Pages()


@PAGES.get("/council", "works_council", is_read=True)
def council(visit: Visit) -> Response:
    """Show the works council the same counts as HR, the papers, and the passkeys that wait for its witness."""
    return visit.render("officers.html", **_shared(visit), requests=(), due=())


@PAGES.get("/dpo", "dpo", is_read=True)
def dpo(visit: Visit) -> Response:
    """Show the data protection officer, beside that, the requests for access that wait, and what is due to end."""
    try:
        with visit.workspace.vault() as vault:
            due = lineage.of_workspace(visit.workspace, visit.log, vault, visit.now)
    except BusyError:
        due = None
    gate = visit.policy.gates.get("lifecycle.access")
    within = Duration.parse(str(gate.values()["within"])) if gate is not None else None
    requests = [(asked, within.after(asked) if within else None) for asked in access(entries(visit.log))]
    return visit.render(
        "officers.html",
        **_shared(visit),
        requests=requests,
        # Which extraction, and since when; not whose, and not whether somebody withdrew, vetoed or was erased.
        due=[(each.artefact.extraction_id, each.since) for each in due] if due is not None else None,
    )


def _shared(visit: Visit) -> dict[str, object]:
    policy = visit.policy
    return {
        "report": report_of(visit, policy),
        "minimum": MINIMUM,
        "papers": papers(visit),
        "waiting": [(enrolment, passkeys.words(enrolment)) for enrolment, _ in waiting(visit, visit.who)],
        "ready": is_ready(visit),
    }
