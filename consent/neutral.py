"""What whoever runs an extraction is told when it may not happen: that no consent is in force, and never why not."""

from __future__ import annotations

from collections.abc import Iterable

CONSENT = "subject.consent_valid"
NOT_IN_FORCE = "not_in_force"
"""The one detail for all of: never asked, not answered, deferred, refused, withdrawn, objected, suspended, ended."""

FROM_THE_RECORD = frozenset(
    {
        "run.legal_basis",
        "run.notice",
        "subject.scope",
        "subject.cooling_off",
        "subject.validity",
        "subject.objection",
        "subject.delegate",
        "lifecycle.withdrawal",
        "lifecycle.cascade",
    }
)
"""Gates that look at what the person signed or said: which of them object depends on what that was.

`lifecycle.cascade` asks whether what somebody took back is cleared away: it is told where a consent is in force, since
then nothing else is in the way, and not beside a consent that is missing.
"""

_MISSING = frozenset(
    f"missing_fact.{name}" for name in ("notice_at", "signed_at", "language", "sources", "recipients", "policy")
)


def for_operator(reasons: Iterable[str]) -> tuple[str, ...]:
    """Return the reasons that may be shown to whoever runs an extraction, sorted.

    Where no consent is in force, the gates that read the consent are left out: their number would tell a person who
    refused from one who never answered. The log keeps all of them, and the person sees all of them.
    """
    found = set(reasons)
    if CONSENT in found:
        found -= FROM_THE_RECORD | _MISSING
        found -= {f"gate_error.{gate}" for gate in FROM_THE_RECORD}
    return tuple(sorted(found))


def details_for_operator(reasons: Iterable[str], details: Iterable[str]) -> tuple[str, ...]:
    """Return the details that may be shown beside `for_operator(reasons)`."""
    return (NOT_IN_FORCE,) if CONSENT in set(reasons) else tuple(details)
