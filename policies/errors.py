"""What can be wrong with a policy.

govern.errors.InputError (6)
└── PolicyError                 the file cannot be used as a policy
    ├── PolicyTextError         it is not the plain YAML that policies are written in
    ├── PolicyShapeError        a key, a type or a value that the models do not know
    └── UnknownGateError        a gate that does not exist, with a guess at what was meant
govern.errors.RefusedError (3)
└── LooserThanFloorError        the policy would allow what the floor denies
"""

from __future__ import annotations

from govern.errors import InputError, RefusedError


class PolicyError(InputError):
    """The file cannot be used as a policy."""


class PolicyTextError(PolicyError):
    """The bytes are not the plain YAML that policies are written in."""


class PolicyShapeError(PolicyError):
    """A key, a type or a value that the models do not know."""


class UnknownGateError(PolicyError):
    """The policy names a gate that does not exist."""


class LooserThanFloorError(RefusedError):
    """The policy would allow what the floor denies.

    Attributes:
        gate: The first gate that is looser.
        parameter: The parameter of that gate.
    """

    def __init__(self, message: str, hint: str | None = None, *, gate: str = "", parameter: str = "") -> None:
        super().__init__(message, hint)
        self.gate = gate
        self.parameter = parameter
