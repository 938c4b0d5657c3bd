"""Vetoes of bystanders: whoever took part in a thread may keep all of it from being used."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consent.ledger import Ledger
    from extract.identity import Identities

_MARK = "hmac:"


def commitment(secret: bytes, key: str) -> str:
    """Return what the log holds of somebody who is in no people file: it tells nothing without the workspace's secret.

    Args:
        secret: Secret of the workspace, as for pseudonyms.
        key: Person key: `mailto:a@b`.
    """
    return _MARK + hmac.digest(secret, b"veto\0" + key.encode(), "sha256").hex()


@dataclass(frozen=True, repr=False)
class Vetoes:
    """Who vetoed.

    Attributes:
        who: Pseudonymous ids, and commitments to person keys.
        secret: Secret that the commitments are keyed with.
    """

    who: frozenset[str]
    secret: bytes

    @classmethod
    def of(cls, ledger: Ledger, secret: bytes) -> Vetoes:
        """Return the vetoes that the log holds."""
        return cls(ledger.vetoes(), secret)

    @cached_property
    def _by_key(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _committed(self) -> bool:
        return any(who.startswith(_MARK) for who in self.who)

    def holds(self, key: str, people: Identities) -> bool:
        """Say whether the person behind a key vetoed: under their pseudonym, or by address before they had one."""
        if not self.who or not key:
            return False
        if key not in self._by_key:
            self._by_key[key] = people.resolve(key) in self.who or (
                self._committed and commitment(self.secret, key) in self.who
            )
        return self._by_key[key]

    def threads(self, rows: Iterable[tuple[str, Iterable[str]]], people: Identities) -> frozenset[str]:
        """Return the threads that somebody vetoed.

        Args:
            rows: For each record its thread and the keys of all who took part.
            people: The people file.
        """
        return frozenset(thread for thread, keys in rows if any(self.holds(key, people) for key in keys))
