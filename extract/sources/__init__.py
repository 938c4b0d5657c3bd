"""Readers: a file or folder in, records and defects out; offline, no network, nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extract.sources.api import Defect, ReadResult, Source, SourceInfo, Unit
    from extract.sources.reading import open_source, read_all

__all__ = ["Defect", "ReadResult", "Source", "SourceInfo", "Unit", "open_source", "read_all"]

_HOMES = {"open_source": "reading", "read_all": "reading"}


def __getattr__(name: str) -> Any:
    """Import what the package offers when it is first asked for, so that importing the package costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'api')}"), name)
