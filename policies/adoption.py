"""What a policy takes the place of when it is adopted, and whether it is looser than that.

Adopting a policy is an entry of the log. Whoever adopts a looser one must name it, because the consents that were
signed under the stricter one stop counting until they are renewed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from attest import canonical
from govern.errors import GovernError
from policies.errors import PolicyError
from policies.loader import parse
from policies.model import Policy
from policies.order import Relation, overall


@dataclass(frozen=True, slots=True)
class Succession:
    """What a policy takes the place of.

    Attributes:
        replaces: Digest of the policy that was adopted last under the id.
        id: That policy's id.
        version: That policy's version.
        relation: What the new policy is to it.
        old: That policy; None where this version cannot read it, and then the two are incomparable.
    """

    replaces: str
    id: str
    version: int
    relation: Relation
    old: Policy | None

    @property
    def must_be_named(self) -> bool:
        """Whether the one who adopts must type the policy's name: it lets something pass that was denied before."""
        return self.relation in ("looser", "incomparable")

    def words(self) -> str:
        """Return how the new policy relates to it, to stand behind `is`: `looser than team version 1`."""
        joint = {"looser": "looser than", "stricter": "stricter than", "equal": "as strict as"}
        return f"{joint.get(self.relation, 'not comparable with')} {self.id} version {self.version}"

    def body(self) -> dict[str, str]:
        """Return what the entry of the log says of it."""
        return {"replaces": self.replaces, "relation": self.relation}


def succession(policy: Policy, adopted: Iterable[Mapping[str, Any]], replaces: str | None = None) -> Succession | None:
    """Return what `policy` takes the place of, or None where it is the first of its id.

    Args:
        policy: The policy to adopt.
        adopted: Bodies of the entries `policy.adopted`, in the order of the log.
        replaces: Id of the policy that it takes the place of; its own where None.

    Raises:
        PolicyError: No policy with the id `replaces` was adopted.
    """
    last = None
    for body in adopted:
        if body["id"] == (replaces or policy.id):
            last = body
    if last is None:
        if replaces is not None:
            raise PolicyError(f"no policy {replaces} was adopted", "`govern log show` lists what was")
        return None
    sha256 = str(last["sha256"])
    old = policy if sha256 == policy.sha256 else _read(last)
    relation: Relation = "incomparable" if old is None else overall(policy, old)
    return Succession(sha256, str(last["id"]), int(last["version"]), relation, old)


def _read(body: Mapping[str, Any]) -> Policy | None:
    try:
        policy = parse(canonical.dumps(body["policy"]), "log")
    except GovernError:
        return None
    return policy if policy.sha256 == body["sha256"] else None
