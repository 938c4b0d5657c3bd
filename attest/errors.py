"""The errors of this package.

GovernError                        1
├── SaltShredded                   1  the salt was destroyed on purpose: the commitment opens nothing any more
├── LogFullError                   1  no room to append; nothing of the batch was written
├── IdempotencyError               1  an idempotency key came back with other entries
├── WitnessError                   1  a witness cannot be reached, or does not cosign
├── PublishError                   1  nothing can be published now, or there is no room to; what was, still holds
├── InputError                     6
│   ├── FormatError                6  bytes are not in the one form that the format allows
│   │   └── ContainerError         6  a .skill file is not a readable, well-formed container
│   ├── KeyFileError               6  a key file is missing, locked, or not an Ed25519 key
│   └── StoreError                 6  a log or vault file is missing, foreign, or damaged
└── VerificationError              4
    ├── ProofError                 4  a Merkle proof does not lead to the root
    ├── SignatureError             4  a signature is missing or wrong
    ├── RollbackError              4  the log is shorter than what was signed: a restored backup, or a second copy
    ├── TileError                  4  a published file is missing, or is not what the log's entries give
    └── FsckError                  4  a stored log is not what its entries say
"""

from govern.errors import GovernError, InputError, VerificationError


class SaltShredded(GovernError):  # noqa: N818 - it is a state that was asked for, not a fault
    """The salt was destroyed on purpose: the commitment opens nothing any more."""


class LogFullError(GovernError):
    """There is no room to append; nothing of the batch was written."""


class IdempotencyError(GovernError):
    """An idempotency key came back with other entries than the first time."""


class PublishError(GovernError):
    """Nothing can be published now, or there is no room to; what was published before still holds."""


class WitnessError(GovernError):
    """A witness cannot be reached, or does not cosign."""


class FormatError(InputError):
    """Bytes are not in the one form that the format allows."""


class ContainerError(FormatError):
    """A .skill file is not a readable, well-formed container."""


class KeyFileError(InputError):
    """A key file is missing, locked, or not an Ed25519 private key."""


class StoreError(InputError):
    """A log or vault file is missing, foreign, or damaged."""


class BusyError(StoreError):
    """A log or vault file is in use by another process, and was for as long as it was waited."""


class ProofError(VerificationError):
    """A Merkle proof does not lead to the root."""


class SignatureError(VerificationError):
    """A signature is missing or wrong."""


class RollbackError(VerificationError):
    """The log is shorter than, or differs from, what was signed before."""


class TileError(VerificationError):
    """A published file is missing, or is not what the log's entries give."""


class FsckError(VerificationError):
    """A stored log is not what its entries say."""
