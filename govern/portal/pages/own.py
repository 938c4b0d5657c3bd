"""What is held about a person, for that person: a look before signing, what was taken, history, everything, erasure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from attest import answers, dossier
from attest.encoding import to_time
from govern import preview as previews
from govern import rights, signing, subjects, withdrawing
from govern.errors import UsageError
from govern.portal.pages.registry import Pages
from govern.portal.visit import NotFoundError

if TYPE_CHECKING:
    from attest.answers import Answer, Found
    from govern.portal.visit import Visit

PAGES = Pages()
SHOWN = 100
"""Messages, or entries of the log, on one page."""


@PAGES.get("/me/preview", "employee")
def preview(visit: Visit) -> Response:
    """Offer to look through the person's own messages as a run would, and show what came of it."""
    purposes = signing.purposes_of(visit.policy)
    jobs = [job for job in visit.work.of("employee", visit.who) if job.kind == "preview"]
    return visit.render("preview.html", purposes=purposes, jobs=jobs)


@PAGES.post("/me/preview", "employee")
def look(visit: Visit) -> Response:
    """Order the look."""
    purposes = signing.purposes_of(visit.policy)
    purpose = signing.known("purpose", [visit.one("purpose")], purposes)[0]
    parameters = {"subject": visit.who, "purpose": purpose, "lang": visit.t.lang}
    name = visit.work.order("preview", "employee", visit.who, parameters)
    return visit.go(f"/me/preview/{name}")


@PAGES.get("/me/preview/{job}", "employee")
def looked(visit: Visit) -> Response:
    """Show what would be taken and left out, and why, message by message; nothing of it is kept for long."""
    job = visit.work.job(visit.path["job"], "employee", visit.who)
    if job is None or job.kind != "preview":
        raise NotFoundError
    items = job.result["items"] if job.result is not None else []
    first = _number(visit, "from")
    return visit.render(
        "preview_job.html",
        job=job,
        numbers=job.result["numbers"] if job.result is not None else None,
        items=items[first : first + SHOWN],
        first=first,
        total=len(items),
        step=SHOWN,
        why={code: previews.sentence(code, visit.t.lang) for item in items for code in item["reasons"]},
    )


@PAGES.get("/me/taken", "employee")
def taken(visit: Visit) -> Response:
    """Show what became of the person's messages in every run so far."""
    answer = answers.verify(answer_about(visit), visit.workspace.log_vkey)
    return visit.render(
        "taken.html", runs=runs_of(answer), why=lambda code: previews.sentence(code, visit.t.lang), file="/me/taken"
    )


@PAGES.get("/me/taken/answer.json", "employee")
def taken_file(visit: Visit) -> Response:
    """Give the same as a file that proves itself."""
    return visit.file(answer_about(visit), "taken.json", "application/json")


@PAGES.get("/me/history", "employee")
def history(visit: Visit) -> Response:
    """Show every entry of the log that names the person, newest first: who looked among them."""
    found = [(index, event) for index, _, event in dossier.entries_about(visit.log.entries(), visit.who)][::-1]
    first = _number(visit, "from")
    return visit.render("history.html", entries=found[first : first + SHOWN], first=first, total=len(found), step=SHOWN)


@PAGES.get("/me/everything", "employee")
def everything(visit: Visit) -> Response:
    """Offer everything as a file, a request for access, and erasure, each with what it does."""
    waiting = rights.open_requests(visit.log, visit.who)
    return visit.render("everything.html", waiting=waiting)


@PAGES.get("/me/everything/export.zip", "employee")
def export(visit: Visit) -> Response:
    """Give everything that log and workspace hold about the person, each entry with its proof."""
    note = visit.workspace.sign(visit.log)
    with visit.workspace.vault() as vault:
        who = subjects.asker(visit.workspace, visit.log, vault, visit.who)
        data = subjects.export(visit.workspace, visit.log, vault, who, note, to_time(visit.now))
    return visit.file(data, "everything.zip", "application/zip")


@PAGES.post("/me/everything/ask", "employee")
def ask(visit: Visit) -> Response:
    """Log that the person asks for what is held about them: the time to answer runs from here."""
    rights.ask(visit.workspace, visit.log, visit.who, visit.now)
    return visit.go("/me/everything")


@PAGES.post("/me/erase", "employee")
def erase(visit: Visit) -> Response:
    """Take everything back and destroy the salts of the person's records: nobody can tell them in the log any more."""
    if visit.one("sure", "") != "yes":
        raise UsageError(visit.t("own.not_sure"))
    index, _ = withdrawing.withdraw(visit.workspace, visit.log, visit.who, visit.now, channel="portal")
    visit.work.order("erase", "employee", visit.who, {"index": index})
    return visit.render("erased.html", index=index)


def runs_of(answer: Answer) -> list[tuple[Found, dict[str, Any]]]:
    """Return what became of somebody's records, run by run: where it is sealed, and counts by outcome and reason."""
    runs: dict[str, list[Found]] = {}
    for found in answer.found:
        runs.setdefault(found.extraction_id, []).append(found)
    return [(each[0], subjects.outcomes([found.leaf for found in each])) for each in runs.values()]


def answer_about(visit: Visit) -> bytes:
    """Return what was taken of whoever is signed in, as a file that proves itself."""
    note = visit.workspace.sign(visit.log)
    with visit.workspace.vault() as vault:
        who = subjects.asker(visit.workspace, visit.log, vault, visit.who)
        return subjects.taken(visit.workspace, visit.log, vault, who, "", note, to_time(visit.now))


def _number(visit: Visit, name: str) -> int:
    given = visit.query.get(name, "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 8 else 0
