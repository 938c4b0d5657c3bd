"""The vault: salts go in once, come out by record, and are gone from the disk after shredding."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from attest_world import fixed_random

from attest.errors import SaltShredded, StoreError
from attest.vault import Vault

RANDOM = fixed_random("vault")
SALTS = [RANDOM(32) for _ in range(4)]
PERSONS = [{"p-one"}, {"p-one", "p-two"}, {"p-two"}, set()]


@pytest.fixture
def vault(tmp_path):
    with Vault(tmp_path / "vault.sqlite") as opened:
        opened.put("e1", SALTS, PERSONS, {"pseudonyms": b"secret" * 6})
        yield opened


def everything(folder) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def test_salts_come_out_as_they_went_in(vault):
    assert [vault.salt("e1", i) for i in range(4)] == SALTS
    assert vault.secret("e1", "pseudonyms") == b"secret" * 6


def test_salts_survive_closing(tmp_path, vault):
    vault.close()
    with Vault(tmp_path / "vault.sqlite") as again:
        assert again.salt("e1", 3) == SALTS[3]
        assert again.records_of("p-two") == [("e1", 1), ("e1", 2)]


def test_the_file_is_for_its_owner_only(tmp_path, vault):
    assert (tmp_path / "vault.sqlite").stat().st_mode & 0o777 == 0o600


def test_shredding_destroys_every_record_that_the_person_appears_in_and_no_other(vault):
    assert vault.shred("p-one") == [("e1", 0), ("e1", 1)]
    for i in (0, 1):
        with pytest.raises(SaltShredded):
            vault.salt("e1", i)
    assert [vault.salt("e1", i) for i in (2, 3)] == SALTS[2:]
    assert vault.records_of("p-one") == []
    # What they shared opens for nobody any more.
    assert vault.records_of("p-two") == [("e1", 2)]
    with pytest.raises(SaltShredded):
        vault.secret("e1", "pseudonyms")


def test_shredding_again_finds_nothing(vault):
    vault.shred("p-one")
    assert vault.shred("p-one") == []
    assert vault.shred("p-nobody") == []


def test_nothing_of_a_shredded_salt_is_left_in_any_file(tmp_path, vault):
    vault.put("e2", [RANDOM(32) for _ in range(300)], [{"p-two"}] * 300)
    kept = vault.salt("e2", 7)
    assert SALTS[0] in everything(tmp_path)
    vault.shred("p-one")
    left = everything(tmp_path)
    assert SALTS[0] not in left
    assert SALTS[1] not in left
    assert b"p-one" not in left
    assert kept in left
    vault.close()
    assert SALTS[0] not in everything(tmp_path)


def test_a_crash_in_the_middle_of_shredding_leaves_no_salt_once_the_vault_is_open_again(tmp_path, vault, monkeypatch):
    class Crash(BaseException):
        pass

    def crash(_self):
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "_zero_journal", crash)
        with pytest.raises(Crash):
            vault.shred("p-one")
    vault.close()
    assert SALTS[0] in everything(tmp_path), "the journal still has it, or this test shows nothing"
    with Vault(tmp_path / "vault.sqlite") as again:
        assert SALTS[0] not in everything(tmp_path)
        assert again.salt("e1", 3) == SALTS[3]


@pytest.mark.parametrize("step", range(1, 16))
def test_a_vault_killed_at_any_step_of_shredding_has_all_salts_or_has_shredded_all(tmp_path, vault, step):
    vault.close()
    path = tmp_path / "vault.sqlite"
    child = os.fork()
    if child == 0:
        try:
            left = [step]

            def count(_statement):
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)

            opened = Vault(path)
            opened._connection.set_trace_callback(count)
            opened.shred("p-one")
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, -signal.SIGKILL)
    with Vault(path) as again:
        left = again.records_of("p-one")
        assert left in ([("e1", 0), ("e1", 1)], [])
        raw = everything(tmp_path)
        assert (SALTS[0] in raw, SALTS[1] in raw) == (bool(left), bool(left))
        assert again.salt("e1", 2) == SALTS[2]


def test_a_second_put_of_an_extraction_is_refused(vault):
    with pytest.raises(StoreError, match="already"):
        vault.put("e1", SALTS, PERSONS)


def test_nothing_of_a_refused_put_is_kept(vault):
    with pytest.raises(ValueError, match="own"):
        vault.put("e2", [SALTS[0], SALTS[0]], [set(), set()])
    with pytest.raises(ValueError, match="32 bytes"):
        vault.put("e2", [b"short"], [set()])
    with pytest.raises(ValueError, match="persons"):
        vault.put("e2", SALTS, [set()])
    with pytest.raises(ValueError, match="no such record"):
        vault.salt("e2", 0)


def test_a_secret_that_never_was_counts_as_destroyed(vault):
    with pytest.raises(SaltShredded):
        vault.secret("e1", "other")


def test_a_secret_that_comes_later_is_kept_once_and_goes_with_the_others(vault):
    vault.add_secret("e1", "removed", b"digests")
    assert vault.secret("e1", "removed") == b"digests"
    with pytest.raises(StoreError):
        vault.add_secret("e1", "removed", b"others")
    assert vault.secret("e1", "removed") == b"digests"
    vault.shred("p-one")
    with pytest.raises(SaltShredded):
        vault.secret("e1", "removed")


def test_one_process_at_a_time_has_the_vault(tmp_path, vault, monkeypatch):
    monkeypatch.setattr("attest.store.BUSY_MS", 10)
    with pytest.raises(StoreError, match="in use"):
        Vault(tmp_path / "vault.sqlite")
    assert vault.salt("e1", 0) == SALTS[0]


@pytest.mark.parametrize("content", [b"", b"text", b"SQLite format 3\x00" + b"\x00" * 100])
def test_a_file_that_is_not_a_vault_is_refused(tmp_path, content):
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(StoreError):
        Vault(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(tmp_path):
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(StoreError, match="not a vault"):
        Vault(path)


def test_facts_stand_beside_the_salt_and_go_with_it(tmp_path: Path) -> None:
    with Vault(tmp_path / "v.sqlite") as opened:
        opened.put("e1", SALTS, PERSONS)
        with pytest.raises(SaltShredded):
            opened.facts("e1", 0)
        facts = [f'{{"row":{i}}}'.encode() for i in range(len(SALTS))]
        opened.put_facts("e1", facts)
        assert [opened.facts("e1", i) for i in range(len(SALTS))] == facts
        gone = {i for _, i in opened.shred(sorted(PERSONS[0])[0])}
        assert gone
        for i in range(len(SALTS)):
            if i in gone:
                with pytest.raises(SaltShredded):
                    opened.facts("e1", i)
            else:
                assert opened.facts("e1", i) == facts[i]
        # Facts that come after an erasure find no salt to stand beside.
        opened.put_facts("e1", facts)
        for i in gone:
            with pytest.raises(SaltShredded):
                opened.facts("e1", i)
    data = (tmp_path / "v.sqlite").read_bytes() + (tmp_path / "v.sqlite-journal").read_bytes()
    assert all((facts[i] in data) == (i not in gone) for i in range(len(SALTS)))


def test_facts_of_another_size_or_extraction_are_refused(tmp_path: Path) -> None:
    with Vault(tmp_path / "v.sqlite") as opened:
        opened.put("e1", SALTS, PERSONS)
        for extraction, facts in (("e1", [b"x"] * (len(SALTS) + 1)), ("e2", [b"x"])):
            with pytest.raises(StoreError):
                opened.put_facts(extraction, facts)
        with pytest.raises(ValueError, match="no such record"):
            opened.facts("e2", 0)


def test_a_vault_from_before_facts_opens_and_takes_some(tmp_path: Path) -> None:
    path = tmp_path / "v.sqlite"
    with Vault(path) as opened:
        opened.put("old", SALTS, PERSONS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE salts DROP COLUMN facts")
        connection.commit()
        assert "facts" not in connection.execute("SELECT sql FROM sqlite_master WHERE name = 'salts'").fetchone()[0]
    with Vault(path) as opened:
        assert opened.salt("old", 0) == SALTS[0]
        with pytest.raises(SaltShredded):
            opened.facts("old", 0)
        opened.put("new", [RANDOM(32) for _ in SALTS], PERSONS)
        opened.put_facts("new", [b"{}"] * len(SALTS))
    with Vault(path) as opened:
        assert opened.facts("new", 0) == b"{}"
