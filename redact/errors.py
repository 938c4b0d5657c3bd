"""Every error of redaction, with its exit code.

GovernError
├── UsageError           2
│   └── ProfileError         a profile that is unknown, or designed but not built
├── InputError           6
│   ├── PseudonymKeyError    the pseudonym key is not 32 bytes
│   ├── GoldError            a file of annotated texts is of another form
│   └── TextError            what is to be redacted is no text
└── ModelMissingError   10
    └── NerModelMissingError      the package of a language's model is not installed

No message carries a value that was, or should have been, redacted.
"""

from __future__ import annotations

from govern.errors import InputError, ModelMissingError, UsageError


class ProfileError(UsageError):
    """The profile is unknown, or designed but not built."""


class RecognizerError(UsageError):
    """A recogniser cannot take part where texts are analysed elsewhere."""


class PseudonymKeyError(InputError):
    """The pseudonym key is not 32 bytes."""


class GoldError(InputError):
    """A file of annotated texts cannot be read, or is of another form."""


class TextError(InputError):
    """What is to be redacted is no text, or not in UTF-8."""


class NerModelMissingError(ModelMissingError):
    """The package of a language's named-entity model is not installed."""
