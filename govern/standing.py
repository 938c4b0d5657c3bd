"""How a skill stands now: what log, people file and policy say of its use, and what the person says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from govern.errors import GovernError

if TYPE_CHECKING:
    from attest.log import EventLog
    from consent.ledger import Ledger
    from govern.workspace import Workspace
    from policies.model import Policy

LIVE = ("given", "renewed")
Entry = tuple[int, dict[str, Any]]
_WANTED = ("skill.released", "skill.superseded", "skill.revoked", "skill.tombstoned", "subject.response")


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a skill may be used now.

    Attributes:
        status: `released`; `draft`; `unknown` to this log; or why it may not be used: `expired`, `suspended` while an
            objection, a restriction or a suspension is open, `superseded` by another version of it, `revoked`,
            `quarantined` because its consent was invalid from the beginning, `tombstoned` because what it rested on is
            gone.
        since: Since when, where that is known.
        reason: The gate or the state of the consent that is behind it, or "".
        replaced_by: The extraction that takes its place, or "".
    """

    status: str
    since: str | None = None
    reason: str = ""
    replaced_by: str = ""

    @property
    def text(self) -> str:
        """The standing for people."""
        return (
            self.status
            + (f" since {self.since}" if self.since else "")
            + (f" ({self.reason})" if self.reason else "")
            + (f"; in its place: extraction {self.replaced_by}" if self.replaced_by else "")
        )

    @property
    def document(self) -> dict[str, Any]:
        """The standing for programs."""
        return {
            "status": self.status,
            "since": self.since,
            "reason": self.reason or None,
            "replaced_by": self.replaced_by or None,
        }


def entries(log: EventLog) -> list[Entry]:
    """Return the entries that a standing is worked out from."""
    marks = [f'"type":"{kind}"'.encode() for kind in _WANTED]
    return [
        (index, entry)
        for index, data in log.entries()
        if any(mark in data for mark in marks) and (entry := json.loads(data))["type"] in _WANTED
    ]


def standing(workspace: Workspace, log: EventLog, data: bytes, consents: Ledger, now: datetime) -> Standing:
    """Return how a skill stands in this workspace; the gravest that can be said of it."""
    from attest import container

    files = container.unpack(data).files
    draft = "attestation/draft.json" in files
    extraction_id = extraction_of(files)
    if extraction_id is None:
        return Standing("unknown")
    return of_extraction(workspace, log, extraction_id, consents, now, draft=draft)


def extraction_of(files: Mapping[str, bytes]) -> str | None:
    """Return the extraction that a skill says it comes of, or None."""
    draft = "attestation/draft.json" in files
    try:
        head = json.loads(files["attestation/draft.json" if draft else "attestation/entry.json"])
        return str((head if draft else head["body"])["extraction_id"])
    except (KeyError, ValueError, TypeError):
        return None


def of_extraction(
    workspace: Workspace, log: EventLog, extraction_id: str, consents: Ledger, now: datetime, *, draft: bool
) -> Standing:
    """Return how the draft or the skill of an extraction stands."""
    released = ended = superseded = None
    for index, entry in entries(log):
        if entry["type"] == "skill.superseded" and entry["body"]["by"] == extraction_id:
            superseded = None
        if entry["body"].get("extraction_id") != extraction_id:
            continue
        if entry["type"] == "skill.released":
            released = (index, entry)
        elif entry["type"] == "skill.superseded":
            superseded = entry
        elif entry["type"] == "skill.tombstoned" or (entry["type"] == "skill.revoked" and ended is None):
            ended = entry
    if ended is not None and ended["type"] == "skill.tombstoned":
        body = ended["body"]
        return Standing("tombstoned", ended["at"], body.get("reason") or "", body.get("replaced_by") or "")
    if draft:
        return Standing("draft") if ended is None else Standing("revoked", ended["at"], ended["body"].get("reason", ""))
    if released is None:
        return Standing("unknown")
    found = _of_release(workspace, log, released[1], ended, consents, now)
    if superseded is not None and found.status == "released":
        return Standing("superseded", superseded["at"], "rollback", superseded["body"]["by"])
    return found


def _of_release(
    workspace: Workspace, log: EventLog, released: dict[str, Any], ended: Any, consents: Ledger, now: datetime
) -> Standing:
    body = released["body"]
    state = consents.state(body["subject"], body["purpose"], now)
    invalid = state.state == "invalidated" and state.record_index == body["consent_index"]
    if invalid or body["consent_index"] in consents.quarantined(body["purpose"]):
        at = state.at.isoformat().replace("+00:00", "Z") if invalid and state.at else None
        return Standing("quarantined", ended["at"] if ended else at, "subject.consent_valid")
    if ended is not None:
        return Standing("revoked", ended["at"], ended["body"].get("reason", ""))
    if state.state not in (*LIVE, "expired", "suspended"):
        return Standing("revoked", None, f"consent.{state.state}")
    end = datetime.fromisoformat(body["expires"])
    if state.state == "expired" or end <= now:
        return Standing("expired", body["expires"], "output.expiry")
    over = _after_exit(workspace, log, body, now)
    if over is not None:
        return over
    if state.objected or state.state == "suspended":
        return Standing("suspended", None, "subject.objection" if state.objected else "consent.suspended")
    return Standing("released", released["at"])


def _after_exit(workspace: Workspace, log: EventLog, body: Mapping[str, Any], now: datetime) -> Standing | None:
    """Return that the use ended with the employment, or None while it has not."""
    person = workspace.identities().by_pid(body["subject"])
    if person is None:
        # Whether they still work here is not known, and what is not known does not allow.
        return Standing("expired", None, "missing_fact.employment")
    if person.last_day is None:
        return None
    try:
        policy = workspace.policy(log, json.loads(log.entry(body["seal_index"]))["body"]["policy"]["sha256"])
    except GovernError:
        policy = None
    end = use_ends(policy, person.last_day)
    return Standing("expired", end.isoformat().replace("+00:00", "Z"), "subject.exit") if end <= now else None


def use_ends(policy: Policy | None, last_day: date) -> datetime:
    """Return when the use of a skill ends after the person's last day; None stands for a policy that cannot be read."""
    end = datetime.combine(last_day, time(), UTC) + timedelta(days=1)
    params: Any = policy.gates.get("subject.exit") if policy is not None else None
    return end if params is None else params.use_ends_after.after(end)


#: What each response makes of a skill.
WORDS = {"confirm": "confirmed", "contest": "contested", "correct": "correction asked"}


@dataclass(frozen=True, slots=True)
class Word:
    """What the person says of a released skill.

    Attributes:
        status: confirmed, contested, correction asked, or unanswered.
        since: Time of the response; of the release where there was none.
        days: How long ago that is.
        index: Entry of the response, or None.
        rejected: Number of responses that do not count: not signed by the person's key, or of something else.
    """

    status: str
    since: str
    days: int
    index: int | None = None
    rejected: int = 0

    @property
    def text(self) -> str:
        """The status for people."""
        if self.index is None:
            return f"unanswered by the person for {self.days} days; silence is not confirmation"
        return f"{self.status} by the person since {self.since} (log entry {self.index})"

    @property
    def document(self) -> dict[str, Any]:
        """The status for programs."""
        return {
            "status": self.status.replace(" ", "_"),
            "since": self.since,
            "days": self.days,
            "index": self.index,
            "rejected": self.rejected,
        }


def word(data: bytes, log: EventLog, consents: Ledger, now: datetime) -> Word | None:
    """Return what the person says of a released skill, as the log has it; the last word counts. None for a draft."""
    from attest import container

    digest = statement_sha256(container.unpack(data).files)
    events = entries(log)
    released = next(
        (e for _, e in reversed(events) if e["type"] == "skill.released" and e["body"]["statement_sha256"] == digest),
        None,
    )
    return None if released is None else word_on(released, events, consents, now)


def word_on(released: dict[str, Any], events: list[Entry], consents: Ledger, now: datetime) -> Word:
    """Return what the person says of the skill of one `skill.released` entry; the last word counts."""
    from attest import response

    digest = released["body"]["statement_sha256"]
    pid, extraction_id = released["body"]["subject"], released["body"]["extraction_id"]
    since, kind, found, rejected = released["at"], "", None, 0
    for index, entry in events:
        body = entry["body"]
        if entry["type"] != "subject.response" or body.get("extraction_id") != extraction_id:
            continue
        # The key that spoke for the person when the response was logged, not one that came later.
        by = response.passkey_of(body)
        key = (
            consents.passkey_at(pid, by, index)
            if by
            else next((k for k in reversed(consents.keys(pid)) if k.index < index), None)
        )
        try:
            said = None if key is None else response.check(body, key.verifier)
        except GovernError:
            said = None
        if said is None or said.pid != pid or said.statement_sha256 != digest:
            rejected += 1
            continue
        since, kind, found = entry["at"], said.response, index
    days = max(0, (now - datetime.fromisoformat(since)).days)
    return Word(WORDS.get(kind, "unanswered"), since, days, found, rejected)


def contested(extraction_id: str, subject: str, purpose: str, log: EventLog, consents: Ledger, now: datetime) -> bool:
    """Return whether a contest by the person is open: of the skill that is to be released, or of one it replaces.

    It replaces the last skill of the same person and purpose, and whatever a tombstone says that it replaces. Only the
    person closes a contest, with a later word; a skill that ended for good takes its contest with it.
    """
    events = entries(log)
    ends = {e["body"]["extraction_id"]: e["body"].get("replaced_by") for _, e in events if _is_tombstone(e)}
    releases: dict[str, dict[str, Any]] = {}
    for _, entry in events:
        body = entry["body"]
        if entry["type"] == "skill.released" and (body["subject"], body["purpose"]) == (subject, purpose):
            releases.pop(body["extraction_id"], None)
            releases[body["extraction_id"]] = entry
    asked = [name for name in releases if name == extraction_id or ends.get(name) == extraction_id]
    asked += [name for name in list(releases)[-1:] if name not in ends or ends[name] is not None]
    return any(word_on(releases[name], events, consents, now).status == "contested" for name in asked)


def _is_tombstone(entry: Mapping[str, Any]) -> bool:
    return bool(entry["type"] == "skill.tombstoned")


def statement_sha256(files: Mapping[str, bytes]) -> str:
    """Return the digest of a skill's signed statement, or "" for a draft."""
    import hashlib

    from attest import evidence

    return hashlib.sha256(files[evidence.STATEMENT]).hexdigest() if evidence.STATEMENT in files else ""
