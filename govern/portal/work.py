"""Work that takes longer than a moment: jobs, done one after the other by a process of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from govern.portal.settings import Settings


class Work:
    """The jobs of a portal."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self._root = root
        self._settings = settings

    def start(self) -> None:
        """Begin to do what waits."""

    def order(self, kind: str, role: str, who: str, parameters: Mapping[str, Any]) -> str:
        """Order a job and return its id."""
        return f"{kind}:{role}:{who}:{len(parameters)}"

    def close(self) -> None:
        """Stop; what runs is stopped too, and begun again at the next start."""
