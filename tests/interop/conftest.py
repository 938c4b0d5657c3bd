"""The published log that all tests here share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from interop_world import Public, published


@pytest.fixture(scope="session")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Public]:
    with published(tmp_path_factory.mktemp("public")) as public:
        yield public


@pytest.fixture
def copied(public: Public, tmp_path: Path) -> Path:
    """A copy of the folder, to be tampered with."""
    return Path(shutil.copytree(public.folder, tmp_path / "tiles"))
