"""Errors of making partitions and of keeping what was made.

GovernError (govern.errors)         1
└── ExecutionError                  the run cannot go on; what is made is kept, and the same command goes on from there
    ├── PartError                   a sealed part is missing, changed, or another's
    ├── DiskFullError               there is no room for a part
    └── WorkersError                workers cannot be had, or cannot do this work

None of them holds a word of what was read: a worker hands back the type of an error, never its text.
"""

from __future__ import annotations

from govern.errors import GovernError


class ExecutionError(GovernError):
    """The run cannot go on; what is made is kept, and the same command goes on from there."""


class PartError(ExecutionError):
    """A sealed part is missing, changed, or another's."""


class DiskFullError(ExecutionError):
    """There is no room for a part; nothing is half written."""


class WorkersError(ExecutionError):
    """Workers cannot be had, or cannot do this work."""
