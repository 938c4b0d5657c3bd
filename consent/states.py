"""The life of a consent, per person and purpose: which event leads from which state to which."""

from __future__ import annotations

from typing import Literal

State = Literal[
    "unknown", "requested", "deferred", "given", "renewed", "suspended", "refused", "expired", "withdrawn", "revoked",
    "invalidated",
]  # fmt: skip

LIVE: frozenset[State] = frozenset({"given", "renewed"})
"""The only states in which anything may be processed."""

OPEN: frozenset[State] = frozenset({"unknown", "requested", "deferred"})
TERMINAL: frozenset[State] = frozenset({"refused", "expired", "withdrawn", "revoked", "invalidated"})
"""States that never reopen: only a new record, with an id and a nonce of its own, begins again."""


def after(state: State, event: str) -> State | None:
    """Return the state after `event`, or None where the event has no place there.

    Events that only take away (`withdrawn`, `objected`, `invalidated`) have a place in every state: nothing may keep
    a person in.
    """
    match event:
        case "given" | "refused":
            # A signed no to a running yes ends it.
            return "withdrawn" if event == "refused" and state in (LIVE | {"suspended"}) else event
        case "withdrawn":
            return state if state in TERMINAL else "withdrawn"
        case "invalidated":
            return "invalidated"
        case "requested":
            return "requested" if state in (OPEN | TERMINAL) else state
        case "deferred":
            return "deferred" if state in OPEN else None
        case "objected":
            # GDPR art. 18(1)(d), 21: processing stops while an objection is open. That one is open stands beside the
            # state, because it outlasts it.
            return "suspended" if state in (LIVE | {"suspended"}) else state
        case _ if state in OPEN or state in TERMINAL:
            return None
        case "renewed" | "expired" | "suspended" | "revoked":
            return event
    return None
