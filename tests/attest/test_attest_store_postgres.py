"""What only a log on a server can meet: no server, another database, lost rights, a lost connection."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import psycopg
import pytest
from attest_world import LOG_KEY, NOW, ORIGIN
from log_places import ServerPlace

from attest import store_log, store_postgres
from attest.errors import FsckError, StoreError
from attest.events import Event
from attest.log import EventLog
from attest.note import NoteSigner
from govern.errors import InputError, UsageError
from govern.workspace import Workspace

SIGNER = NoteSigner(ORIGIN, LOG_KEY)


@pytest.fixture
def place(postgres_server, tmp_path):
    return ServerPlace(postgres_server, tmp_path)


def event(n: int = 0) -> Event:
    return Event.new("skill.used", "operator", {"n": n}, NOW)


def test_a_url_needs_a_high_water_file():
    for method in (lambda url: EventLog.open(url), lambda url: EventLog.create(url, ORIGIN)):
        with pytest.raises(StoreError, match="high-water") as caught:
            method("postgresql://nowhere/log")
        assert caught.value.hint


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path):
    url = f"postgresql://user:secret-word@/log?host={tmp_path}"
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        EventLog.open(url, high_water=tmp_path / "high")
    assert "secret-word" not in caught.value.message + str(caught.value.hint)
    assert caught.value.__cause__ is None


def test_a_url_that_is_none_is_refused(tmp_path):
    with pytest.raises(StoreError, match="not in form"):
        EventLog.open("postgresql://user@host/log?nonsense=1", high_water=tmp_path / "high")


def test_without_the_package_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="psycopg") as caught:
        EventLog.open("postgresql://host/log", high_water=tmp_path / "high")
    assert "postgres" in str(caught.value.hint)


def test_a_database_without_a_log_is_refused(place):
    with pytest.raises(StoreError, match="holds no event log") as caught:
        place.open()
    assert caught.value.hint


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE head SET format = 2", "another version"),
        ("DELETE FROM head", "lost the head"),
        ("DROP TABLE head", "holds no event log"),
    ],
)
def test_a_log_that_this_program_cannot_read_is_refused(place, statement, message):
    place.create().close()
    place.behind(statement)
    with pytest.raises(StoreError, match=message) as caught:
        place.open()
    assert caught.value.hint


def test_a_table_that_is_missing_is_named_and_nothing_is_added(place):
    with place.create() as log:
        log.append([event()])
        place.behind("DROP TABLE batches")
        with pytest.raises(StoreError, match="not usable"):
            log.append([event(1)], key="k")
        assert log.size == 1
        with pytest.raises(StoreError, match="not usable"):
            log.fsck()
        assert log.append([event(1)]) == [1]


def test_fsck_notices_that_the_head_was_lost_meanwhile(place):
    with place.create() as log:
        place.behind("DELETE FROM head")
        with pytest.raises(FsckError, match="head"):
            log.fsck()


def test_a_role_without_rights_can_read_and_not_write(place):
    with place.create() as log:
        log.append([event()])
    with psycopg.connect(place.where, autocommit=True) as raw:
        raw.execute("DROP ROLE IF EXISTS reader")
        raw.execute("CREATE ROLE reader LOGIN")
        raw.execute(
            "GRANT USAGE ON SCHEMA govern_log TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA govern_log TO reader"
        )
    url = place.where.replace("owner@", "reader@")
    with EventLog.open(url, high_water=place.high_water) as log:
        assert log.size == 1
        log.fsck()
        with pytest.raises(StoreError, match="may not be used this way") as caught:
            log.append([event(1)])
        assert "privileges" in caught.value.hint
        assert log.size == 1
    with psycopg.connect(place.where, autocommit=True) as raw:
        raw.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_a_role_with_the_rights_that_the_docs_name_writes_and_cannot_change_entries(place):
    with place.create() as log:
        log.append([event()])
    with psycopg.connect(place.where, autocommit=True) as raw:
        raw.execute("DROP ROLE IF EXISTS service")
        raw.execute("CREATE ROLE service LOGIN")
        raw.execute(
            "GRANT USAGE ON SCHEMA govern_log TO service;"
            " GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA govern_log TO service;"
            " GRANT UPDATE ON govern_log.head, govern_log.cosignatures TO service"
        )
    url = place.where.replace("owner@", "service@")
    with EventLog.open(url, high_water=place.high_water) as log:
        log.append([event(1)], key="k")
        note = log.checkpoint(SIGNER)
        log.add_cosignatures(2, note[note.index("— ".encode()) :].replace(ORIGIN.encode(), b"witness"))
        log.fsck(SIGNER.verifier)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            log.store.connection.execute("DELETE FROM govern_log.entries")
    with psycopg.connect(place.where, autocommit=True) as raw:
        raw.execute("DROP OWNED BY service; DROP ROLE service")


def test_a_connection_that_was_cut_adds_nothing_and_the_log_opens_again(place):
    with place.create() as log:
        log.append([event()])
        place.behind("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'govern'")
        with pytest.raises(StoreError, match="connection was lost"):
            log.append([event(1)], key="k")
    with place.open() as log:
        assert log.size == 1
        assert log.append([event(1)], key="k") == [1]


def test_a_writer_that_waits_too_long_is_told(place, monkeypatch):
    monkeypatch.setattr(store_postgres, "LOCK_TIMEOUT", "50ms")
    with place.create() as log, place.open() as other:
        with log.store.writing(), pytest.raises(StoreError, match="in use"):
            other.append([event()])
        assert other.append([event()]) == [0]


def test_what_is_acknowledged_is_on_the_disk_even_where_the_server_would_not_wait(place):
    with psycopg.connect(place.where, autocommit=True) as raw:
        raw.execute(f"ALTER DATABASE {place.database} SET synchronous_commit = off")
    with place.create() as log:
        assert log.store.connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_a_workspace_can_keep_its_log_on_a_server(place, tmp_path):
    now = datetime(2026, 3, 1, tzinfo=UTC)
    made = Workspace.create(tmp_path / "ws", "Harbour Works", "harbour.example", now, log_url=place.where)
    opened = Workspace.open(tmp_path / "ws")
    assert opened == made
    with opened.log() as log:
        assert log.size == 1
        log.checkpoint(opened.signer())
        log.fsck(opened.signer().verifier)
    assert (tmp_path / "ws" / "log.highwater").exists()
    assert not (tmp_path / "ws" / "log.sqlite").exists()
    with pytest.raises(StoreError, match="holds a log already"):
        Workspace.create(tmp_path / "second", "Harbour Works", "harbour.example", now, log_url=place.where)
    assert not (tmp_path / "second").exists()
    config = json.loads((tmp_path / "ws" / "config.json").read_text())
    (tmp_path / "ws" / "config.json").write_text(json.dumps({**config, "origin": "harbour.example/govern/other"}))
    with pytest.raises(InputError, match="another workspace"):
        Workspace.open(tmp_path / "ws").log()


@pytest.mark.parametrize(
    "url",
    ["log.sqlite", "mysql://host/log", "postgresql://user:word@host/log", "postgresql://host/log?password=word"],
)
def test_a_url_with_a_password_or_of_something_else_does_not_get_into_a_configuration(url):
    with pytest.raises(UsageError) as caught:
        store_log.check_url(url)
    assert caught.value.hint
    assert "word@" not in caught.value.message


def test_an_ordinary_url_may():
    store_log.check_url("postgresql://service@db.example/govern")
