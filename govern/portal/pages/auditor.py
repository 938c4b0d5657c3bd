"""The auditor: where the log stands, entries with their proofs, runs, gaps, and checks of what the auditor brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from govern.errors import RefusedError, UsageError
from govern.portal import filecheck, views
from govern.portal.pages.registry import Pages
from govern.portal.visit import NotFoundError

if TYPE_CHECKING:
    from govern.portal.visit import Visit

PAGES = Pages()
MAX_REPORT = 20_000
"""Entries of a log up to which its report is made at the desk: it takes about a second there."""


@PAGES.get("/auditor", "auditor", is_read=True)
def overview(visit: Visit) -> Response:
    """Show the head, the checkpoints, the runs, the gaps and the newest entries."""
    before = visit.query.get("before", "")
    return visit.render(
        "auditor.html",
        head=views.head(visit.workspace, visit.log),
        checkpoints=views.checkpoints(visit.workspace, visit.log)[:50],
        runs=views.runs(visit.log)[:50],
        gaps=views.gaps(visit.workspace, visit.log),
        entries=views.entries(visit.log, int(before) if _is_number(before) else None),
    )


@PAGES.get("/auditor/entries/{index}", "auditor")
def entry(visit: Visit) -> Response:
    """Show an entry with the way from it to the signed root."""
    index = visit.path["index"]
    found = views.proved(visit.workspace, visit.log, int(index)) if _is_number(index) else None
    if found is None:
        raise NotFoundError
    visit.looked("/auditor/entries/{index}", views.subject_of(found.entry))
    return visit.render("audit_entry.html", found=found)


@PAGES.get("/auditor/runs/{extraction}", "auditor")
def run(visit: Visit) -> Response:
    """Show what a run took and left out, under which policy and consent, and what became of it."""
    found = views.run(visit.workspace, visit.log, visit.path["extraction"])
    if found is None:
        raise NotFoundError
    visit.looked("/auditor/runs/{extraction}", found.run.subject)
    return visit.render("audit_run.html", found=found, run=found.run)


@PAGES.post("/auditor/consistency", "auditor", is_upload=True)
def consistency(visit: Visit) -> Response:
    """Hold the log against a checkpoint that the auditor saved, pasted or as a file, and against every later one."""
    given = visit.upload.decode("utf-8", "replace") or visit.one("checkpoint", "")
    saved = given.replace("\r\n", "\n").strip() + "\n"
    return visit.render("audit_consistency.html", found=views.consistent(visit.workspace, visit.log, saved.encode()))


@PAGES.get("/auditor/report.html", "auditor")
def report(visit: Visit) -> Response:
    """Give the page that checks itself, about the whole log: what `govern audit report` writes."""
    from govern.report import making
    from govern.report.page import page

    if visit.log.size > MAX_REPORT:
        raise RefusedError(
            f"the log has more than {MAX_REPORT:,} entries: to recompute all of them would keep others waiting",
            "have it made on a machine that holds the log: `govern audit report -o report.html`",
        )
    visit.looked("/auditor/report.html")
    return visit.file(page(making.of_workspace(visit.workspace, visit.now), visit.t.lang), "report.html", "text/html")


@PAGES.post("/auditor/verify", "auditor", max_body=filecheck.MAX_FILE, is_upload=True)
def verify(visit: Visit) -> Response:
    """Check a skill, a receipt, an answer or an export, as the commands do; what was sent is kept nowhere."""
    if not visit.upload:
        raise UsageError(visit.t("auditor.no_file"))
    found = filecheck.check(visit.upload, visit.workspace.log_vkey, visit.now)
    return visit.render("audit_verify.html", found=found)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12
