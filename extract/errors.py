"""Errors of reading sources and the people file.

InputError (govern.errors)          6
├── SourceError                     a source cannot be opened, or is not what it was said to be
│   ├── ArchiveError                a zip is damaged, or built to do harm
│   └── RepositoryError             not a git repository, or one that cannot be read
└── PeopleFileError                 the people file is invalid

One broken unit inside a source is no exception: it becomes a `extract.sources.api.Defect`, and the rest goes on.
"""

from __future__ import annotations

from govern.errors import InputError


class SourceError(InputError):
    """A source cannot be opened, or is not what it was said to be."""


class ArchiveError(SourceError):
    """A zip is damaged, or built to do harm: traversal, links, more content than its size allows."""


class RepositoryError(SourceError):
    """Not a git repository, or one that cannot be read."""


class PeopleFileError(InputError):
    """The people file is invalid."""
