"""Where a log can be, for tests that run on every store: a file, or a database on a server."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
from attest_world import ORIGIN

from attest.log import EventLog


class FilePlace:
    """A log in an SQLite file."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.where = folder / "log.sqlite"
        self.high_water = folder / "log.sqlite.highwater"

    def create(self) -> EventLog:
        return EventLog.create(self.where, ORIGIN)

    def open(self) -> EventLog:
        return EventLog.open(self.where)

    def behind(self, statement: str, *values: object) -> None:
        """Change the database behind the log's back, as an intruder would, triggers and all."""
        raw = sqlite3.connect(self.where, isolation_level=None)
        for trigger in ("entries_stay", "entries_remain", "checkpoints_stay", "checkpoints_remain"):
            raw.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        raw.execute(statement, values)
        raw.close()

    def save(self) -> Callable[[], object]:
        """Take a backup of a closed log; return what puts it back."""
        data = self.where.read_bytes()
        return lambda: self.where.write_bytes(data)

    def full(self, log: EventLog, room: int = 0) -> Callable[[], object]:
        """Let the disk be full after a little more; return what makes room."""
        pages = log.store.connection.execute("PRAGMA page_count").fetchone()[0]
        log.store.connection.execute(f"PRAGMA max_page_count = {pages + room}")
        return lambda: log.store.connection.execute("PRAGMA max_page_count = 100000")


class ServerPlace:
    """A log in a PostgreSQL database."""

    kind = "postgresql"

    def __init__(self, server, folder: Path) -> None:
        self.server = server
        self.database = server.database()
        self.where = server.url(self.database)
        self.high_water = folder / "log.highwater"

    def create(self) -> EventLog:
        return EventLog.create(self.where, ORIGIN, high_water=self.high_water)

    def open(self) -> EventLog:
        return EventLog.open(self.where, high_water=self.high_water)

    def behind(self, statement: str, *values: object) -> None:
        """Change the database behind the log's back; `replica` switches the triggers off."""
        with psycopg.connect(self.where, autocommit=True) as raw:
            raw.execute("SET session_replication_role = replica; SET search_path = govern_log")
            raw.execute(statement.replace("?", "%s"), values or None)

    def save(self) -> Callable[[], object]:
        """Take a copy of the database of a closed log; return what puts it back."""
        copy = f"{self.database}_copy"

        def make(name: str, template: str) -> None:
            with psycopg.connect(self.server.url("postgres"), autocommit=True) as raw:
                raw.execute(f"DROP DATABASE IF EXISTS {name}")
                raw.execute(f"CREATE DATABASE {name} TEMPLATE {template}")

        make(copy, self.database)
        return lambda: make(self.database, copy)

    def full(self, log: EventLog, room: int = 0) -> Callable[[], object]:
        """Answer as a server does whose disk is full, after a little more; return what makes room."""
        room = log.size + (13 if room else 0)
        with psycopg.connect(self.where, autocommit=True) as raw:
            raw.execute(
                "CREATE FUNCTION govern_log.full_disk() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
            )
            for table, column in (("entries", "i"), ("checkpoints", "size")):
                raw.execute(
                    f"CREATE TRIGGER full_disk BEFORE INSERT ON govern_log.{table} FOR EACH ROW"
                    f" WHEN (NEW.{column} >= {room}) EXECUTE FUNCTION govern_log.full_disk()"
                )
        return self._make_room

    def _make_room(self) -> None:
        with psycopg.connect(self.where, autocommit=True) as raw:
            raw.execute("DROP FUNCTION govern_log.full_disk CASCADE")


Place = FilePlace | ServerPlace
