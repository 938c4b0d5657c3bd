"""HR: how things stand, in numbers that point at nobody; asking a person; looking first, and running."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.responses import Response

from govern import asking, hr_report, signing
from govern.errors import UsageError
from govern.portal.pages.registry import Pages
from govern.portal.visit import NotFoundError
from govern.suppression import MINIMUM, rounded
from policies.sentences import sentences

if TYPE_CHECKING:
    from datetime import datetime

    from consent.approvals import Approval
    from govern.hr_report import Report
    from govern.portal.visit import Visit
    from govern.portal_jobs import Job
    from policies.model import Policy

PAGES = Pages()
#: Who can answer a gate that stands in the way of a run; the person for all others. Nobody is told more of the person
#: than that no consent is in force.
ANSWERS = {
    "run.impact_assessment": "dpo",
    "run.collective_agreement": "works_council",
    "run.dual_control": "dpo",
    "run.no_covert": "hr",
    # What only has to wait: nobody should ask the person again.
    "run.notice": "time",
    "subject.cooling_off": "time",
    "run.local_model": "operator",
    "run.jurisdiction": "operator",
    "run.purpose": "operator",
    "subject.no_detriment": "hr",
    "subject.fresh": "operator",
    "lifecycle.access": "dpo",
}
SLOT = timedelta(seconds=30)
"""HR sees how a job ended at full slots since it was ordered: how long a refusal took would tell what refused."""
DUTIES = frozenset({"lifecycle.raw_retention", "lifecycle.cascade", "lifecycle.log"})
"""What the operator is late with: one of them would say that somebody took something back."""


def report_of(visit: Visit, policy: Policy) -> Report:
    """Return the counts that officers see: the same that `govern report hr` prints."""
    facts = hr_report.gather(visit.log.entries(), visit.ledger, visit.now)
    return hr_report.build(facts, policy, visit.now)


def papers(visit: Visit) -> list[Approval]:
    """Return the papers in force about everybody: one about a single person would say that this person was asked."""
    return [given for given in visit.ledger.approvals(visit.now) if given.subject is None]


@PAGES.get("/hr", "hr", is_read=True)
def overview(visit: Visit) -> Response:
    """Show counts, the people who can be asked, and the jobs of this officer."""
    policy = visit.policy
    people = [person for person in visit.workspace.identities().people if person.role is not None]
    return visit.render(
        "hr.html",
        report=report_of(visit, policy),
        papers=papers(visit),
        minimum=MINIMUM,
        people=people,
        purposes=signing.purposes_of(policy),
        jobs=[_in_slots(job, visit.now) for job in visit.work.of("hr", visit.who)[:20]],
        has_sources=any((visit.settings.sources.mail, visit.settings.sources.repo, visit.settings.sources.chat,
                         visit.settings.sources.docs)),
    )  # fmt: skip


@PAGES.post("/hr/ask", "hr")
def ask(visit: Visit) -> Response:
    """Ask a person: they are shown the notice and what could be agreed to on their own pages."""
    policy = visit.policy
    pid, purpose = _whom(visit), _purpose(visit, policy)
    asking.ask(visit.workspace, visit.log, pid, policy, [purpose], None, visit.now)
    return visit.render("hr_asked.html", pid=pid)


@PAGES.post("/hr/order", "hr")
def order(visit: Visit) -> Response:
    """Order a look at what a run would take, or a run. What is read is named by the operator, never on a page."""
    kind = visit.one("kind")
    if kind not in ("dry_run", "run"):
        raise UsageError("the form is not complete", "go back, and send it again")
    parameters = {"subject": _whom(visit), "purpose": _purpose(visit, visit.policy)}
    name = visit.work.order(kind, "hr", visit.who, parameters)
    return visit.go(f"/hr/jobs/{name}")


@PAGES.get("/hr/jobs/{job}", "hr")
def job(visit: Visit) -> Response:
    """Show how far a job is, and what came of it: which gate stands in the way, and who can answer it."""
    found = visit.work.job(visit.path["job"], "hr", visit.who)
    if found is None:
        raise NotFoundError
    found = _in_slots(found, visit.now)
    return visit.render(
        "hr_job.html", job=found, gates=_gates(visit, found), taken=_taken(visit, found), why=_why(found)
    )


def _whom(visit: Visit) -> str:
    return visit.workspace.identities().person(visit.one("subject")).pid


def _purpose(visit: Visit, policy: Policy) -> str:
    return signing.known("purpose", [visit.one("purpose")], signing.purposes_of(policy))[0]


def _in_slots(job: Job, now: datetime) -> Job:
    """Return the job as HR sees it now: as long as the slot in which it ended is not over, it is still being done."""
    if job.ended is not None:
        slots = (job.ended - job.ordered) // SLOT + 1
        if now >= job.ordered + slots * SLOT:
            return job
        job = replace(job, stage="", done=0, total=0)
    # That others' jobs come first is nobody's business either.
    return replace(job, state="running", ended=None, result=None, problem="", problem_details=())


def _gates(visit: Visit, job: Job) -> list[tuple[str, str, str]]:
    """Return what stands in the way: gate, what it asks for, and who can answer it."""
    named = set((job.result or {}).get("refused_by", ()) if job.state == "done" else job.problem_details)
    said = sentences(visit.t.lang)
    found = []
    for reason in sorted(named - DUTIES):
        sentence = said[reason].hr if reason in said else visit.t("hr.missing")
        found.append((reason, sentence, visit.t("hr.answers_" + ANSWERS.get(reason, "person"))))
    if named & DUTIES:
        found.append(("lifecycle", visit.t("hr.duties"), visit.t("hr.answers_operator")))
    return found


def _taken(visit: Visit, job: Job) -> list[tuple[str, str]]:
    """Return what is taken, by kind of source.

    What is left out is told by reason only: a total would give away, by subtraction, that somebody vetoed.
    """
    result = job.result if job.state == "done" else None
    if result is None:
        return []
    if job.kind == "run":
        return [
            (visit.t("hr.kind_run"), result["extraction_id"]),
            (visit.t("hr.taken"), _few(result["taken"])),
            (visit.t("hr.claims"), _few(result["claims"])),
        ]
    return [(kind, _few(taken)) for kind, taken in result["taken"].items()]


def _why(job: Job) -> list[tuple[str, str]]:
    """Return the reasons for which records are left out: none that tells of somebody's decision."""
    counts = (job.result or {}).get("by_reason", {}) if job.state == "done" else {}
    return [
        (reason, _few(count))
        for reason, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        if reason not in hr_report.DECISIONS
    ]


def _few(count: int) -> str:
    """Return a count of records as HR sees it: rounded down to fives, and under five only that it is few."""
    return str(rounded(count)) if count >= MINIMUM else f"< {MINIMUM}"
