"""Improves a skill: claims distilled anew from its sources, chosen by a gated loop, staged for the person's review."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from attest import canonical
from govern import evaluating, jobs, lineage, looking, staging, standing, working
from govern.errors import InputError

if TYPE_CHECKING:
    from attest.log import EventLog
    from extract.distil.backend import Backend
    from extract.distil.chosen import Chosen
    from extract.distil.claims import Claim
    from extract.evaluate.bootstrap import Interval
    from extract.evaluate.improve import Fitting, Round
    from extract.evaluate.splits import Split
    from extract.job import Progress
    from govern.evaluating import Subject
    from govern.jobs import KeptJob
    from govern.looking import Look
    from govern.workspace import Workspace
    from policies.model import Policy

#: Most messages that are kept aside to choose, and most to tell what came of it.
ASIDE = 48
_SCORES = "govern-improvement-scores/1"


class NotNowError(InputError):
    """There is nothing to improve on now; a nightly run passes over it."""


@dataclass(frozen=True, slots=True)
class Improved:
    """What came of an improvement.

    Attributes:
        rounds: Every round.
        before: Bits, in millionths per byte, that the messages which choose take behind the skill as it is.
        after: The same behind the best claims found.
        told: Millionths of a bit per byte by which the messages that tell are foretold better: value, low, high; None
            where nothing better was found.
        extraction_id: The staged version, or None where nothing was staged.
        why: Why nothing was staged: `not_better`, `worse_on_others`, `dry_run`; "" otherwise.
        old: Claims of the skill as it is.
        new: Claims of the staged version, the person's corrections carried over.
        corrections_lost: How many of the person's corrections have no claim any more that they could stand for.
    """

    rounds: tuple[Round, ...]
    before: int
    after: int
    told: Interval | None
    extraction_id: str | None
    why: str
    old: tuple[Claim, ...]
    new: tuple[Claim, ...]
    corrections_lost: int


@dataclass(frozen=True, slots=True)
class _Telling:
    """By what an improvement is told: messages that chose nothing, and how much of them and of the claims is read."""

    split: Split
    fit: Fitting
    budget: int
    messages: int


@dataclass(frozen=True, slots=True)
class Improving:
    """What one improvement needs.

    Attributes:
        workspace: The workspace.
        log: Its log.
        now: The moment.
        progress: Called with stage, done, total.
        open_model: Opens the model of an earlier run.
        random: `random(n)` returns n random bytes.
    """

    workspace: Workspace
    log: EventLog
    now: datetime
    progress: Progress
    open_model: Callable[[KeptJob, Policy], Backend]
    random: Callable[[int], bytes] = os.urandom

    def run(self, skill: Subject, *, budget: int, messages: int, nightly: bool, dry_run: bool = False) -> Improved:
        """Improve a skill; log each round, and stage what is better. Never releases.

        A run that was killed goes on by being started again: what a model has said of a context is kept until the end,
        keyed, without a word of it.

        Args:
            skill: A released skill, or a draft as far as it was reviewed.
            budget: Tokens of each context at most.
            messages: How many messages choose at most, and how many tell.
            nightly: Only under the very consent and policy that the skill was made under, and while no other version
                waits.
            dry_run: Stage nothing, and leave the messages that tell alone.

        Raises:
            RefusedError: A gate says no; that is logged too.
            NotNowError: Too little was written since it was made, or, nightly, it is not to be improved now.
            InputError: The sources are gone, or changed meanwhile.
        """
        from extract.distil.admission import admit
        from extract.distil.pipeline import distil
        from extract.evaluate import improve, run, splits
        from extract.pipeline import distil_settings

        lineage.refuse_taken_back(self.workspace, self.log, skill.extraction_id, self.now)
        old = looking.job_of(self.workspace, skill.extraction_id)
        policy = self.workspace.policy(self.log, old.policy)
        if nightly:
            self._ready(old, policy)
        with closing(self.open_model(old, policy)) as backend:
            looking.require_scores(backend)
            with looking.look(self.workspace, self.log, old, policy, backend, self.now, self.progress) as seen:
                choosing, telling = splits.in_three(seen.passages, old.at.date(), most=ASIDE)
                if min(len(choosing.held_out), len(telling.held_out)) < run.FEWEST:
                    raise NotNowError(
                        f"of what was written since, only {len(choosing.held_out)} messages can choose and "
                        f"{len(telling.held_out)} tell what came of it, and {run.FEWEST} of each are needed",
                        "improve it when there are more",
                    )
                settings = distil_settings(policy)
                admission = admit(backend, self.progress) if old.paraphrase else None
                distilled = distil(
                    choosing.evidence, backend, settings=settings, progress=self.progress, admission=admission
                )
                made = seen.shown(distilled)
            pool = with_corrections(made, skill.claims)
            fixed = {c.id for c in pool if c.mode == "corrected"}
            if not pool:
                raise NotNowError("the messages give no claim", "improve it when there are more")
            fit = improve.fitting(skill.claims, pool, budget, backend.tokens)
            scores = _Scores(self, skill.extraction_id, choosing, messages, backend)
            done = list(self._rounds(seen, skill, improve.rounds(skill.claims, pool, fixed, fit, scores)))
            better = [r for r in done if r.number == 0 or r.accepted][-1]
            found = Improved(
                tuple(done), done[0].before, better.after, None, None, "not_better", skill.claims, better.new,
                sum(c.mode == "corrected" for c in skill.claims) - len(fixed),
            )  # fmt: skip
            if found.before - found.after >= improve.LEAST and dry_run:
                found = replace(found, why="dry_run")
            elif found.before - found.after >= improve.LEAST:
                as_made = {c.id: c for c in made}
                telling_by = _Telling(telling, fit, budget, messages)
                found = self._stage(found, seen, old, policy, backend, telling_by, [as_made[c.id] for c in found.new])
        scores.forget()
        return found

    def _ready(self, old: KeptJob, policy: Policy) -> None:
        """Refuse, for now, what a run that nobody watches must not touch.

        Raises:
            NotNowError: It is not in use, consent or policy changed since, or a version of it waits for the review.
        """
        consents = self.workspace.ledger(self.log)
        made = lineage.artefacts(lineage.entries(self.log))
        artefact = made[old.extraction_id]
        stands = standing.of_extraction(
            self.workspace, self.log, old.extraction_id, consents, self.now, draft=artefact.release_index is None
        )
        if stands.status != "released":
            raise NotNowError(f"this version is not in use: {stands.status}", "name the version that is")
        if consents.state(old.subject, old.purpose, self.now).record_index != artefact.consent_index:
            raise NotNowError("the consent is not the one that it was made under", "extract anew under the new one")
        if (adopted := self.workspace.succession(self.log, policy)) is None or adopted.replaces != policy.sha256:
            raise NotNowError("the policy was replaced since", "extract anew under the new one")
        for job in jobs.each(self.workspace):
            later = made.get(job.extraction_id)
            if (
                (job.subject, job.purpose, job.name) == (old.subject, old.purpose, old.name)
                and later is not None
                and later.tombstone_index is None
                and later.release_index is None
                and jobs.staged_path(self.workspace, job.extraction_id).exists()
            ):
                raise NotNowError("another version of it waits for the person's review", "review that one first")

    def _rounds(self, seen: Look, skill: Subject, found: Iterator[Round]) -> Iterator[Round]:
        """Log each round as it ends."""
        for each in found:
            body = {
                **seen.head,
                "extraction_id": skill.extraction_id,
                "prev": seen.announced,
                "round": each.number,
                "action": each.action,
                "bits_before": each.before,
                "bits_after": each.after,
                "accepted": each.accepted,
                "claims_before": len(each.old),
                "claims_after": len(each.new),
            }
            self.workspace.append(self.log, "skill.improved", "operator", body, self.now)
            yield each

    def _stage(
        self, found: Improved, seen: Look, old: KeptJob, policy: Policy, backend: Backend, by: _Telling,
        as_made: Sequence[Claim],
    ) -> Improved:  # fmt: skip
        """Tell the improvement on messages that chose nothing, then make and stage the version.

        Args:
            found: What the rounds found.
            seen: The reading.
            old: The run that made the skill as it is.
            policy: Its policy.
            backend: The open model.
            by: What it is told by.
            as_made: The new claims as they were distilled, without the person's corrections.
        """
        from extract.distil.chosen import Chosen, in_order, key
        from extract.distil.encoder import StaticEncoder
        from extract.evaluate import contexts, gain, run

        new = tuple(in_order(found.new))
        texts = run.spread([p.text for p in by.split.held_out], by.messages)
        read = [contexts.shortened(text, run.MESSAGE) for text in texts]
        self.progress("telling", 0, 2)
        before, after = (gain.bits_of(read, by.fit.text(claims), backend) for claims in (found.old, new))
        told = gain.ratio(before - after, gain.sizes_of(read), 1e6)
        if told.high < 0:
            return replace(found, told=told, why="worse_on_others")
        numbers = run.evaluate(
            "later", by.split, new, backend, StaticEncoder(),
            peers={}, budget=by.budget, messages=by.messages, progress=self.progress,
        )  # fmt: skip
        chosen = Chosen(max(p.day for p in by.split.evidence), tuple(map(key, as_made)))
        extraction = self._make(old, policy, backend, chosen, new)
        evaluating.keep(self.workspace, self.log, seen, extraction, numbers, self.now)
        return replace(found, told=told, extraction_id=extraction, why="", new=new)

    def _make(self, old: KeptJob, policy: Policy, backend: Backend, chosen: Chosen, new: Sequence[Claim]) -> str:
        """Run the extraction again with what was chosen, stage the draft, return the extraction."""
        from attest.events import uuid7
        from extract import pipeline
        from extract.job import Tools
        from extract.skill.review import Decision, Review

        workspace, log = self.workspace, self.log
        people = workspace.identities(Path(old.people) if old.people is not None else None)
        extraction = uuid7(self.now, self.random)
        job = replace(old, extraction_id=extraction, at=self.now, replaces=None)
        with (
            workspace.vault() as vault,
            jobs.kept_if_sealed(workspace, log, job),
            working.working(workspace, job) as work,
        ):
            tools = Tools(log, vault, self.random, workspace.pseudonym_secret(), self.progress, work)
            checks = jobs.checks(workspace, job)
            duties = lambda: lineage.duties(workspace, log, vault, self.now)  # noqa: E731
            asked = jobs.asked(job, policy, people, checks, backend, duties, now=self.now)
            sealed = pipeline.run(replace(asked, chosen=chosen), lambda: workspace.ledger(log), backend, tools)
            kept = {c.id for c in sealed.claims}
            words = {c.id: Decision("corrected", c.statement) for c in new if c.mode == "corrected" and c.id in kept}
            if words:
                workspace.keep(workspace.review_path(extraction), Review(extraction, words).to_bytes())
            role = people.person(old.subject).role or "colleague"
            staging.stage(workspace, log, job, role, policy, sealed, self.now)
        return extraction


def with_corrections(made: Sequence[Claim], old: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return the claims with the person's own words wherever they corrected a claim of the same quote."""
    from extract.distil.chosen import QUOTED

    words = {c.evidence[0].digest: c.statement for c in old if c.mode == "corrected"}
    return tuple(
        replace(c, statement=words[c.evidence[0].digest], mode="corrected", review="corrected")
        if c.mode in QUOTED and c.evidence[0].digest in words
        else c
        for c in made
    )


class _Scores:
    """What the reader has said of contexts, kept so that a run that was killed goes on from there.

    The file names contexts by keyed digests only: whoever finds it learns no word.
    """

    def __init__(
        self, improving: Improving, extraction_id: str, choosing: Split, messages: int, backend: Backend
    ) -> None:
        from extract.evaluate import contexts, run

        texts = run.spread([p.text for p in choosing.held_out], messages)
        self._read = [contexts.shortened(text, run.MESSAGE) for text in texts]
        self._backend = backend
        self._progress = improving.progress
        self._workspace = improving.workspace
        self._path = improving.workspace.scores_path(extraction_id)
        self._key = improving.workspace.pseudonym_secret()
        reader = {k: str(v) for k, v in backend.info().items()}
        self._head = canonical.dumps({"schema": _SCORES, "reader": reader, "messages": self._read})
        try:
            self._known: dict[str, list[int]] = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            # Damaged or not there: it is only worked out again.
            self._known = {}

    def __call__(self, text: str) -> list[int]:
        from extract.evaluate import gain

        name = hmac.new(self._key, self._head + text.encode(), hashlib.sha256).hexdigest()
        if name not in self._known:
            self._progress("reading with each context", len(self._known), 0)
            bits = gain.bits_of(self._read, text, self._backend)
            total = float(gain.sizes_of(self._read).sum())
            self._known[name] = [round(1e6 * float(b) / total) for b in bits]
            self._workspace.keep(self._path, canonical.dumps(self._known))
        return self._known[name]

    def forget(self) -> None:
        """Delete what was kept."""
        self._path.unlink(missing_ok=True)
