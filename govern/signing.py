"""What signing a consent takes, whatever signs it: terms and notice, what a policy lets one agree to, how long."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from attest.events import type_of
from consent import build, notice
from govern import notices
from govern.errors import UsageError

if TYPE_CHECKING:
    from attest.log import EventLog
    from consent.build import Terms
    from consent.notice import Notice
    from consent.record import ConsentRecord
    from govern.workspace import Workspace
    from policies.model import Policy


def purposes_of(policy: Policy) -> list[str]:
    """Return the purposes that a policy allows."""
    return list(policy.gates["run.purpose"].values()["allow"])


def sources_of(policy: Policy) -> list[str]:
    """Return the kinds of source that a policy lets anyone read."""
    return list(policy.gates["record.source"].values()["allow"])


def categories_of(policy: Policy) -> list[str]:
    """Return the kinds of knowledge that a policy lets a skill hold."""
    return list(policy.gates["output.categories"].values()["allow"])


def known(what: str, given: Iterable[str], allowed: Sequence[str]) -> list[str]:
    """Return what was named, sorted, if the policy allows all of it.

    Raises:
        UsageError: It does not allow something.
    """
    unknown = sorted(set(given) - set(allowed))
    if unknown:
        raise UsageError(f"the policy does not allow {what} {', '.join(unknown)}", f"it allows: {', '.join(allowed)}")
    return sorted(set(given))


def to_withhold(given: Iterable[str], policy: Policy) -> list[str]:
    """Return what the person keeps back, sorted, if the policy's gates can keep it back.

    Raises:
        UsageError: Something is named that no gate knows: a slip of the pen must not look like a reservation.
    """
    allowed = withholdable(policy)
    if unknown := sorted(set(given) - set(allowed)):
        raise UsageError(f"{', '.join(unknown)} cannot be withheld under this policy", f"one of {', '.join(allowed)}")
    return sorted(set(given))


def withholdable(policy: Policy) -> list[str]:
    """Return what a person can keep back under a policy: kinds of knowledge, sorted."""
    gates = policy.gates
    kinds = gates["output.withhold"].values()["kinds"] if "output.withhold" in gates else ()
    return sorted({*categories_of(policy), *kinds})


def refuse_too_long(record: ConsentRecord, policy: Policy) -> None:
    """Refuse a record that lasts longer than the policy lets it.

    Raises:
        UsageError: It does.
    """
    longest = policy.gates["subject.validity"].values()["max"] if "subject.validity" in policy.gates else None
    if longest is not None and record.end > longest.after(record.start):
        raise UsageError(f"the policy lets a consent last {longest} at most", f"--validity {longest}, or less")


def terms(
    workspace: Workspace, log: EventLog, subject: str, policy: Policy, model: Path | None, now: datetime
) -> tuple[Terms, datetime, bool]:
    """Return what a record says of notice, policy, model and places, when the notice was shown, and whether it was.

    It is the notice of the latest request. One that was never shown is for the caller to show now.
    """
    from extract.distil.backend import default_model

    people = workspace.identities()
    person = people.person(subject)
    shown, shown_at = _told(log, subject, now)
    told = shown if shown is not None else notice.choose(person.language)
    places = tuple(sorted({*(person.jurisdictions or ()), *(people.jurisdictions or ())}))
    made = build.Terms(told, policy, model_digest(model or default_model()), jurisdictions=places)
    return made, shown_at, shown is not None


def model_digest(path: Path) -> str:
    """Return the digest of a model file, read again only when the file has changed: people decide often, models rarely.

    A run hashes the file that it opens, whatever is remembered here.
    """
    from extract.distil.backend import model_sha256

    try:
        found = path.stat()
    except OSError:
        return model_sha256(path)  # which says what is wrong
    return _model_digest(path, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=8)
def _model_digest(path: Path, *_: int) -> str:
    from extract.distil.backend import model_sha256

    return model_sha256(path)


def _told(log: EventLog, subject: str, now: datetime) -> tuple[Notice | None, datetime]:
    requests = [json.loads(data) for _, data in log.entries() if type_of(data) == "consent.requested"]
    texts = {text.sha256: text for text in (*notice.shipped(), *notices.published(log))}
    for entry in reversed(requests):
        if entry["body"]["pid"] == subject:
            told = texts.get(entry["body"].get("notice_sha256") or "")
            # What was shown cannot be told any more: it is shown anew, and from now on.
            return told, datetime.fromisoformat(entry["at"]) if told is not None else now
    return None, now
