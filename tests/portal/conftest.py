"""A portal for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from portal_world import PortalWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PortalWorld]:
    """A portal over the small workplace."""
    made = PortalWorld(tmp_path).begin()
    yield made
    made.end()
