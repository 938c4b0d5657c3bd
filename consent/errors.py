"""What can be wrong with consents and decisions.

govern.errors.InputError (6)
├── RecordError          a consent record is not in the one form that can be signed
├── LedgerError          the entries given for replay are not the entries of one log, in order
└── FactsError           a frame of facts that no gate could decide over
govern.errors.RefusedError (3)
└── NotPermittedError    policy or consent says no
"""

from __future__ import annotations

from govern.errors import InputError, RefusedError


class RecordError(InputError):
    """A consent record is not in the one form that can be signed."""


class LedgerError(InputError):
    """The entries given for replay are not the entries of one log, in order."""


class FactsError(InputError):
    """A frame of facts that no gate could decide over."""


class NotPermittedError(RefusedError):
    """Policy or consent says no.

    Attributes:
        reasons: Sorted reason codes.
    """

    def __init__(self, message: str, hint: str | None = None, *, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.reasons = reasons
