"""The policies adopted over a log, and under which of them a consent no longer stands when another takes its place."""

from __future__ import annotations

from functools import lru_cache

from attest import canonical
from attest.events import Event
from consent.replay import Replay
from govern.errors import GovernError
from policies import loader, order
from policies.model import Policy, digest


class Adoptions:
    """Every policy that the log holds in full, by id."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._known: dict[str, dict[str, bytes]] = {}

    def adopt(self, event: Event) -> frozenset[str]:
        """Read `policy.adopted`; return the digests of the policies under which consents no longer stand.

        They are those of the same id, and the one that the entry replaces, which are stricter somewhere than the new
        one. What the entry says of that is not asked: the policies are compared as the log holds them, and what cannot
        be compared is not equal.
        """
        document, sha256 = event.body.get("policy"), event.body.get("sha256")
        try:
            data = canonical.dumps(document)
            sound = isinstance(document, dict) and digest(document) == sha256
        except GovernError:
            data, sound = b"", False
        if not sound or not isinstance(document, dict) or document.get("id") != event.body.get("id"):
            self._replay.reject("bad_policy")
            return frozenset()
        held = self._known.setdefault(str(document["id"]), {})
        replaces = event.body.get("replaces")
        before = {old: text for of_id in self._known.values() for old, text in of_id.items() if old == replaces} | held
        replaced = frozenset(old for old, text in before.items() if old != sha256 and not _as_strict(data, text))
        held[str(sha256)] = data
        return replaced


@lru_cache(maxsize=256)
def _as_strict(new: bytes, old: bytes) -> bool:
    first, second = _read(new), _read(old)
    return first is not None and second is not None and order.overall(first, second) in ("equal", "stricter")


@lru_cache(maxsize=64)
def _read(data: bytes) -> Policy | None:
    try:
        return loader.parse(data, "log")
    except GovernError:
        return None
