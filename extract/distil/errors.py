"""What can go wrong while distilling.

InputError                      6
├── ModelFileError                 not a GGUF file, or a damaged one
└── BackendError                   the model or its server gave something that cannot be used
RefusedError                    3
├── EndpointRefusedError           an address that is neither loopback nor allowed
└── TierRefusedError               a model that the self-test did not find fit for what is asked
ModelMissingError              10
└── LibraryError                   llama.cpp is not there, or not the one that is known
VerificationError               4
└── ClaimError                     a claim is not what its evidence says
"""

from __future__ import annotations

from govern.errors import InputError, ModelMissingError, RefusedError, VerificationError


class ModelFileError(InputError):
    """A model file is not GGUF, or is damaged."""


class BackendError(InputError):
    """The model, or the server that runs it, gave something that cannot be used."""


class EndpointRefusedError(RefusedError):
    """A model server is at an address that is neither loopback nor allowed."""


class TierRefusedError(RefusedError):
    """A model is asked for what the self-test did not find it fit for."""


class LibraryError(ModelMissingError):
    """The library that runs models is not installed, or not of a version that is known."""


class ClaimError(VerificationError):
    """A claim is not what its evidence says."""
