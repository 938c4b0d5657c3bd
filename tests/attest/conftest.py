"""Places for a log: every test that asks for `place` or `log` runs on each store."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from log_places import FilePlace, Place, ServerPlace
from postgres_server import BINARIES, PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    if not BINARIES:
        pytest.skip("there are no PostgreSQL binaries under /usr/lib/postgresql: install the package postgresql")
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request, tmp_path_factory) -> Callable[[], Place]:
    """Makes places, each for a log of its own."""
    if request.param == "sqlite":
        return lambda: FilePlace(tmp_path_factory.mktemp("log"))
    server = request.getfixturevalue("postgres_server")
    return lambda: ServerPlace(server, tmp_path_factory.mktemp("log"))


@pytest.fixture
def place(new_place) -> Place:
    return new_place()


@pytest.fixture
def log(place):
    """An empty log, on each store."""
    with place.create() as made:
        yield made
