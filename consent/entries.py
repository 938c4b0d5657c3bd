"""What an entry says before anything in it is checked: whom it names, which purposes, which sources."""

from __future__ import annotations

from typing import Any

from consent.errors import RecordError
from consent.record import envelope_payload, parse


def delegate(envelope: object) -> str | None:
    """Return the delegate in whose name an envelope says that it was signed; None for anyone else, or no one."""
    payload = envelope_payload(envelope)
    try:
        record = parse(payload) if payload is not None else None
    except RecordError:
        return None
    return record.actor.id if record is not None and record.actor.role == "delegate" else None


def purposes(body: Any, pid: str) -> tuple[str, ...] | None:
    """Return the purposes that an unsigned entry is about; None stands for all of them.

    What cannot be read means all: a withdrawal must not fail for a form.
    """
    listed = body.get("purposes")
    if isinstance(listed, list) and listed and all(isinstance(item, str) for item in listed):
        return tuple(dict.fromkeys(listed))
    payload = envelope_payload(body.get("envelope"))
    if payload is not None:
        try:
            record = parse(payload)
        except RecordError:
            return None
        if record.subject.pid == pid and record.event == "withdrawn":
            return record.purposes
    return None


def sources(body: Any) -> tuple[str, ...] | None:
    """Return the sources that a withdrawal is limited to; None, which stands for all, if that cannot be read."""
    listed = body.get("sources")
    if isinstance(listed, list) and listed and all(isinstance(item, str) for item in listed):
        return tuple(sorted(set(listed)))
    return None
