"""Bodies of the consent events that nobody needs to sign, because they give nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def withdrawal(pid: str, purposes: Sequence[str] | None, channel: str) -> dict[str, Any]:
    """Return the body of a `consent.withdrawn` event: no key, no reason, effective at once.

    Args:
        pid: The person.
        purposes: Which purposes; None for all.
        channel: How it came in: `command line`, `paper`.
    """
    return notice_body(pid, purposes, channel)


def narrowing(pid: str, purposes: Sequence[str] | None, sources: Sequence[str], channel: str) -> dict[str, Any]:
    """Return the body of a `consent.withdrawn` event that takes back some sources and leaves the rest."""
    return {**notice_body(pid, purposes, channel), "sources": sorted(set(sources))}


def notice_body(pid: str, purposes: Sequence[str] | None, channel: str) -> dict[str, Any]:
    """Return the body of an unsigned consent event: requested, deferred, withdrawn, suspended, and so on."""
    return {"pid": pid, "purposes": sorted(set(purposes)) if purposes is not None else None, "channel": channel}
