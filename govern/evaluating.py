"""Evaluates a skill of this workspace on its person's messages: gates asked, announced and logged like a run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from attest import canonical
from govern import lineage, looking
from govern.errors import InputError, RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from attest.log import EventLog
    from extract.distil.backend import Backend
    from extract.distil.claims import Claim, Passage
    from extract.evaluate.run import Evaluation, How
    from extract.evaluate.splits import Split
    from extract.job import Progress
    from govern.jobs import KeptJob
    from govern.looking import Look
    from govern.workspace import Workspace
    from policies.model import Policy


@dataclass(frozen=True, slots=True)
class Subject:
    """A skill that is to be evaluated, or held against another.

    Attributes:
        name: Its name.
        extraction_id: The extraction that it comes of.
        claims: Its claims.
    """

    name: str
    extraction_id: str
    claims: tuple[Claim, ...]


def opened(workspace: Workspace, log: EventLog, data: bytes, now: datetime) -> Subject:
    """Open a draft or a released skill of this workspace; of a draft, what the person left of it so far.

    Raises:
        InputError: It is no skill.
        VerificationError: It is a draft that is not what the log sealed.
        RefusedError: It may not be used: revoked, expired, or of another log.
    """
    from extract.skill import draft
    from extract.skill.review import Review

    if not draft.is_draft(data):
        return released(workspace, log, data, now)
    found = draft.read(data, log)
    path = workspace.review_path(found.extraction_id)
    claims = Review.from_bytes(path.read_bytes()).apply(found.claims) if path.exists() else found.claims
    return Subject(found.header.name, found.extraction_id, claims)


def released(workspace: Workspace, log: EventLog, data: bytes, now: datetime) -> Subject:
    """Open a skill that may be used.

    Raises:
        InputError: It is no skill.
        RefusedError: It may not be used: a draft, revoked, expired, or of another log.
    """
    from attest import container
    from extract.skill import codec
    from govern.standing import standing

    stands = standing(workspace, log, data, workspace.ledger(log), now)
    if stands.status != "released":
        raise RefusedError(
            f"this skill is not used: {stands.status}", "`govern skill verify FILE` says what that means"
        )
    box = container.unpack(data)
    try:
        entry = canonical.loads(box.files["attestation/entry.json"])
        claims = codec.from_lines(box.files["references/claims.jsonl"])
        return Subject(box.name, str(entry["body"]["extraction_id"]), claims)
    except (KeyError, ValueError, TypeError):
        raise InputError("this is not a skill of this toolkit", "name a .skill that `govern extract` made") from None


@dataclass(frozen=True, slots=True)
class Evaluating:
    """What one evaluation needs.

    Attributes:
        workspace: The workspace.
        log: Its log.
        now: The moment.
        progress: Called with stage, done, total.
        open_model: Opens the model of an earlier run.
    """

    workspace: Workspace
    log: EventLog
    now: datetime
    progress: Progress
    open_model: Callable[[KeptJob, Policy], Backend]

    def run(self, skill: Subject, peers: Sequence[Subject], *, budget: int, messages: int) -> Evaluation:
        """Evaluate a skill, log the numbers, and keep them so that a release carries them.

        Gates are asked anew and the reading is announced before anything is read. The reader is the model that made
        the skill: another one was not consented to.

        Raises:
            RefusedError: A gate says no; that is logged too.
            InputError: The sources are gone, or too few messages are left to measure on.
        """
        from extract.distil.encoder import StaticEncoder
        from extract.evaluate import run

        if any(peer.extraction_id == skill.extraction_id for peer in peers):
            raise UsageError("a skill cannot be its own peer", "name the skill of somebody else with --peer")
        lineage.refuse_taken_back(self.workspace, self.log, skill.extraction_id, self.now)
        old = looking.job_of(self.workspace, skill.extraction_id)
        policy = self.workspace.policy(self.log, old.policy)
        with closing(self.open_model(old, policy)) as backend:
            looking.require_scores(backend)
            with looking.look(self.workspace, self.log, old, policy, backend, self.now, self.progress) as seen:
                how, split = _split(seen.passages, old)
            claims: Sequence[Claim] = skill.claims
            if how == "back_test":
                from extract.distil.admission import admit
                from extract.distil.pipeline import distil
                from extract.pipeline import distil_settings

                claims = distil(
                    split.evidence,
                    backend,
                    settings=distil_settings(policy),
                    progress=self.progress,
                    admission=admit(backend, self.progress) if old.paraphrase else None,
                ).claims
            if not claims:
                raise InputError("the earlier messages give no claim: there is nothing to evaluate")
            found = run.evaluate(
                how, split, claims, backend, StaticEncoder(),
                peers={peer.extraction_id: peer.claims for peer in peers},
                budget=budget, messages=messages, progress=self.progress,
            )  # fmt: skip
        keep(self.workspace, self.log, seen, skill.extraction_id, found, self.now, peers)
        return found


def keep(
    workspace: Workspace, log: EventLog, seen: Look, extraction_id: str, found: Evaluation, now: datetime,
    peers: Sequence[Subject] = (),
) -> None:  # fmt: skip
    """Log an evaluation, and keep its numbers so that a release of that extraction carries them."""
    numbers = found.as_json()
    body = {
        **seen.head,
        "extraction_id": extraction_id,
        "prev": seen.announced,
        "peers": [peer.extraction_id for peer in peers],
        "evaluation": numbers,
    }
    workspace.append(log, "skill.evaluated", "operator", body, now)
    workspace.keep(workspace.evaluation_path(extraction_id), canonical.dumps(numbers))


def _split(passages: Sequence[Passage], old: KeptJob) -> tuple[How, Split]:
    """Return messages of after the extraction, or, where they are too few, the last fifth of all.

    Raises:
        InputError: Both are too few to say anything.
    """
    from extract.evaluate import splits
    from extract.evaluate.run import FEWEST

    later = splits.after(passages, old.at.date())
    if len(later.held_out) >= FEWEST:
        return "later", later
    earlier = splits.by_time(passages)
    if len(earlier.held_out) < FEWEST:
        raise InputError(
            f"only {len(earlier.held_out)} later messages are left to measure on, and {FEWEST} are needed",
            "evaluate it again when there are more",
        )
    return "back_test", earlier
