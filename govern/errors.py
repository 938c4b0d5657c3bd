"""Every error that a user can meet, with its exit code.

GovernError                 1  failed
├── UsageError              2  the command line is wrong
├── RefusedError            3  policy, consent or the subject says no
├── VerificationError       4  a check failed
├── PartialError            5  some sources could not be read
├── InputError              6  input or format is invalid
└── ModelMissingError      10  a model file or package is not there

Each package draws its own subtree in its `errors.py`. A message never carries personal data: ids, digests, counts
and the paths that the user typed only.
"""


class GovernError(Exception):
    """A failure that is told to the user as `error:` and `hint:` lines.

    Attributes:
        message: What went wrong, one sentence, no personal data.
        hint: What to do next, or None.
        exit_code: The process's exit status.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GovernError):
    """The command line is wrong."""

    exit_code = 2


class RefusedError(GovernError):
    """Policy, consent or the subject says no."""

    exit_code = 3


class VerificationError(GovernError):
    """A check failed: something is not what it was attested to be."""

    exit_code = 4


class PartialError(GovernError):
    """Some sources could not be read; what could be is done."""

    exit_code = 5


class InputError(GovernError):
    """Input or format is invalid."""

    exit_code = 6


class ModelMissingError(GovernError):
    """A model file, or the package that ships it, is not there."""

    exit_code = 10
