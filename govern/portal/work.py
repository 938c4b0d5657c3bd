"""Work that takes longer than a moment: jobs, done one after the other by a process of their own."""

from __future__ import annotations

from pathlib import Path

from govern.portal.settings import Settings


class Work:
    """The jobs of a portal."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self._root = root
        self._settings = settings

    def start(self) -> None:
        """Begin to do what waits."""

    def close(self) -> None:
        """Stop; what runs is stopped too, and begun again at the next start."""
