"""The rules: every gate in words, what they add to the floor, and whether the works council agreed to these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from govern.errors import GovernError
from govern.portal.pages.registry import Pages
from policies import loader, order
from policies.explain import value_text
from policies.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govern.portal.visit import Visit
    from policies.model import Policy
    from policies.order import Difference

PAGES = Pages()


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement of the works council that is in force.

    Attributes:
        ref: Its number, or "".
        day: When it was logged.
        same: Whether it is about these very rules, or about any.
        differences: Where the rules that it is about differ from these; None where the log does not hold them.
    """

    ref: str
    day: str
    same: bool
    differences: Sequence[Difference] | None


@PAGES.get("/policy", "hr", "works_council", "dpo", "auditor", "employee")
def policy(visit: Visit) -> Response:
    """Show the rules: every gate in words, what is set, the difference to the floor and to what was agreed."""
    shown, floor = visit.policy, loader.floor()
    said = sentences(visit.t.lang)
    worker = visit.me.role == "employee"
    return visit.render(
        "policy.html",
        policy=shown,
        gates=[
            (gate, (said[gate].worker if worker else said[gate].hr), params.model_dump(mode="json", by_alias=True))
            for gate, params in shown.gates.items()
        ],
        floor=frozenset(floor.gates),
        above=order.differences(shown, floor),
        agreements=_agreements(visit, shown),
        text=value_text,
    )


def _agreements(visit: Visit, shown: Policy) -> list[Agreed]:
    return [
        Agreed(
            given.ref, f"{given.at:%Y-%m-%d}", given.policy in (None, shown.sha256), _differences(visit, given.policy)
        )
        for given in visit.ledger.approvals(visit.now)
        if given.kind == "collective_agreement" and given.subject is None
    ]


def _differences(visit: Visit, sha256: str | None) -> list[Difference] | None:
    if sha256 is None or sha256 == visit.policy.sha256:
        return []
    try:
        return order.differences(visit.policy, visit.workspace.policy(visit.log, sha256))
    except GovernError:
        return None
