"""The auditor: where the log stands, entries with their proofs, runs, gaps, and checks of what the auditor brings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from starlette.responses import Response

from attest import answers, container, dossier
from consent import receipt as receipts
from extract.skill.verify import verify_skill
from govern.errors import GovernError, InputError, UsageError, VerificationError
from govern.portal import views
from govern.portal.pages.registry import Pages
from govern.portal.visit import NotFoundError

if TYPE_CHECKING:
    from govern.portal.visit import Visit

PAGES = Pages()
MAX_UPLOAD = 4 * 1024 * 1024


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
    found = next((each for each in views.runs(visit.log) if each.extraction_id == visit.path["extraction"]), None)
    if found is None:
        raise NotFoundError
    visit.looked("/auditor/runs/{extraction}", found.subject)
    return visit.render("audit_run.html", run=found)


@PAGES.post("/auditor/consistency", "auditor")
def consistency(visit: Visit) -> Response:
    """Hold the log against a checkpoint that the auditor saved."""
    saved = visit.one("checkpoint").replace("\r\n", "\n").strip() + "\n"
    return visit.render("audit_consistency.html", found=views.consistent(visit.workspace, visit.log, saved.encode()))


@PAGES.post("/auditor/verify", "auditor", max_body=MAX_UPLOAD, is_upload=True)
def verify(visit: Visit) -> Response:
    """Check a skill, a receipt, an answer or an export, as the commands do; what was sent is kept nowhere."""
    if not visit.upload:
        raise UsageError(visit.t("auditor.no_file"))
    kind, rows = check(visit.upload, visit.workspace.log_vkey, visit.now)
    return visit.render("audit_verify.html", kind=kind, rows=rows, failed=any(row[1] == "fail" for row in rows))


def check(data: bytes, log_vkey: str, now: datetime) -> tuple[str, list[tuple[str, str, str]]]:
    """Return what a file is, and each check with its outcome and what was found.

    Raises:
        InputError: It is nothing that can be checked here.
    """
    if data.startswith(b"PK"):
        if dossier.ANSWER in container.unpack(data).files:
            return "export", [_one("export", lambda: f"{len(dossier.verify(data, log_vkey).entries)} entries")]
        report = verify_skill(data, log_vkey, now=now)
        return "skill", [(each.name, each.status, each.value) for each in report.checks]
    tells: tuple[tuple[str, Callable[[], str]], ...] = (
        ("receipt", lambda: f"entry {receipts.check(data, log_vkey).index}"),
        ("answer", lambda: f"{len(answers.verify(data, log_vkey).found)} records"),
    )
    for kind, tell in tells:
        try:
            return kind, [_one(kind, tell)]
        except GovernError:
            continue
    raise InputError(
        "this is no skill, receipt, answer or export", "a .skill or .zip, or a .json or .html that this toolkit wrote"
    )


def _one(kind: str, tell: Callable[[], str]) -> tuple[str, str, str]:
    try:
        return kind, "pass", tell()
    except VerificationError as error:
        return kind, "fail", error.message


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12
