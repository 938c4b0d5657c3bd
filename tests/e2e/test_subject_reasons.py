"""Reasons that can be asked for again: announced runs, vetoes, requests for access, records explained by gate."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from withdrawal_world import BASHIR, CUSTOMER, SUBJECT, Memory, World, fake_model

EXPLAIN = ("policy", "explain")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One draft, made after a dry run."""
    root = tmp_path_factory.mktemp("reasons")
    with fake_model():
        world = World(Memory(root), root).begin()
        world.extract("--dry-run")
        world.extract()
        yield world


@pytest.fixture
def world(made: World, tmp_path: Path) -> Iterator[World]:
    """A copy that a test may change."""
    shutil.copytree(made.workspace, tmp_path / ".govern")
    with fake_model():
        yield World(made.memory, tmp_path)


def entries(world: World, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.done("log", "show", "--type", kind, "--json").json["entries"]
    return found


def extraction(world: World) -> str:
    return str(entries(world, "extraction.sealed")[-1]["body"]["extraction_id"])


def leaves(world: World) -> list[dict[str, Any]]:
    path = world.workspace / "extractions" / f"{extraction(world)}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_the_subject_is_told_before_anything_is_read(world: World) -> None:
    told = entries(world, "extraction.announced")
    assert [e["body"]["dry_run"] for e in told] == [True, False]
    assert {e["body"]["subject"] for e in told} == {SUBJECT}
    (manifest,) = entries(world, "source.manifest")
    assert told[1]["index"] < manifest["index"]
    assert told[1]["body"]["extraction_id"] == manifest["body"]["extraction_id"] == extraction(world)
    assert manifest["body"]["excluded"] == {}


def test_every_record_is_explained_as_the_log_has_it(world: World) -> None:
    logged = leaves(world)
    assert {leaf["outcome"] for leaf in logged} > {"left_out"}
    for leaf in logged:
        result = world.done(*EXPLAIN, "--record", leaf["i"], "--extraction", extraction(world), "--json")
        assert result.json["same"], leaf
        assert result.json["reasons"] == result.json["decided_again"] == leaf["reasons"]
        assert "facts" not in result.json


def test_a_person_is_told_why_in_words_and_from_which_facts(world: World) -> None:
    left_out = next(leaf for leaf in leaves(world) if leaf["reasons"])
    asked = ("subject", "taken", "--subject", SUBJECT, "--record", left_out["i"], "--extraction", extraction(world))
    said = world.done(*asked)
    assert all(reason in said.out for reason in left_out["reasons"])
    assert "leaves it out" in said.out
    assert "lets pass" in said.out
    assert "local_minute" in said.out
    german = world.done(*asked, "--lang", "de")
    assert german.out != said.out
    assert set(world.done(*asked, "--json").json["facts"]) >= {"source", "places", "vetoed", "emotion_chars"}


def test_a_colleague_is_told_why_and_not_which_facts(world: World) -> None:
    vault = world.workspace / "vault.sqlite"
    with sqlite3.connect(vault) as connection:
        (row,) = connection.execute("SELECT i FROM persons WHERE pid = ? LIMIT 1", (BASHIR,)).fetchone()
        (other,) = connection.execute(
            "SELECT i FROM persons WHERE i NOT IN (SELECT i FROM persons WHERE pid = ?) LIMIT 1", (BASHIR,)
        ).fetchone()
    asked = ("subject", "taken", "--subject", BASHIR, "--extraction", extraction(world), "--json", "--record")
    answer = world.done(*asked, row).json
    assert answer["same"]
    assert "facts" not in answer
    assert world.run(*asked, other).code == 6


def test_a_record_is_found_by_its_digest(world: World) -> None:
    with sqlite3.connect(world.workspace / "vault.sqlite") as connection:
        assert connection.execute("SELECT count(facts) FROM salts").fetchone()[0] == len(leaves(world))
    from extract.sources import open_source

    source = open_source("mail", world.memory.place.mbox)
    digest = next(iter(source.units())).raw_digest
    result = world.done(*EXPLAIN, "--record", digest, "--extraction", extraction(world), "--json").json
    assert result["kind"] == "mail"
    missing = hashlib.sha256(b"another").hexdigest()
    assert world.run(*EXPLAIN, "--record", missing, "--extraction", extraction(world)).code == 6


@pytest.mark.parametrize(
    ("args", "code"),
    [(("--record", "1"), 2), (("--record", "-1", "--extraction", "x"), 2), (("--record", "1", "--extraction", "x"), 6)],
)
def test_a_record_that_is_not_named_is_refused(world: World, args: tuple[str, ...], code: int) -> None:
    assert world.run(*EXPLAIN, *args).code == code


def test_a_record_beyond_the_last_is_not_found(world: World) -> None:
    assert world.run(*EXPLAIN, "--record", "99999", "--extraction", extraction(world)).code == 6


def test_facts_that_were_changed_are_found_out(world: World) -> None:
    taken = next(leaf for leaf in leaves(world) if not leaf["reasons"])
    with sqlite3.connect(world.workspace / "vault.sqlite") as connection:
        connection.execute(
            "UPDATE salts SET facts = replace(CAST(facts AS TEXT), '\"vetoed\":false', '\"vetoed\":true') WHERE i = ?",
            (taken["i"],),
        )
        connection.execute("UPDATE salts SET facts = CAST(facts AS BLOB)")
    result = world.run(*EXPLAIN, "--record", taken["i"], "--extraction", extraction(world))
    assert result.code == 4
    assert "record.participant_veto" in result.out


def test_after_erasure_nothing_is_left_to_explain_from(world: World) -> None:
    mine = extraction(world)
    world.done("subject", "erase", "--subject", CUSTOMER, "--now", "2026-03-02T10:00:00Z")
    with sqlite3.connect(world.workspace / "vault.sqlite") as connection:
        gone = [i for (i,) in connection.execute("SELECT i FROM salts WHERE salt IS NULL AND extraction = ?", (mine,))]
        assert connection.execute("SELECT count(facts) FROM salts WHERE salt IS NULL").fetchone() == (0,)
    assert gone
    result = world.done(*EXPLAIN, "--record", gone[0], "--extraction", mine)
    assert "Nothing is left" in result.out
    assert world.done(*EXPLAIN, "--record", gone[0], "--extraction", mine, "--json").json["explained"] is False
    kept = next(i for i in range(len(leaves(world))) if i not in gone)
    assert world.done(*EXPLAIN, "--record", kept, "--extraction", mine, "--json").json["same"]


def test_a_veto_leaves_out_every_thread_with_the_person(world: World) -> None:
    result = world.done("subject", "veto", "--subject", BASHIR, "--now", "2026-03-02T12:00:00Z", "--json")
    assert result.json["extractions"] == [extraction(world)]
    assert entries(world, "participant.vetoed")[0]["body"] == {"who": BASHIR}
    again = world.done("subject", "veto", "--subject", "bashir.haddad@harbour.example", "--json")
    assert again.json["index"] is None
    dry = world.extract("--dry-run", "--json", now="2026-03-02T13:00:00Z").json
    assert dry["by_reason"]["record.participant_veto"] > 0
    world.done("subject", "veto", "--subject", BASHIR, "--lift", "--now", "2026-03-02T14:00:00Z")
    dry = world.extract("--dry-run", "--json", now="2026-03-02T15:00:00Z").json
    assert "record.participant_veto" not in dry["by_reason"]
    assert world.run("subject", "veto", "--subject", BASHIR, "--lift").code == 6


def test_a_stranger_vetoes_by_address_and_the_log_does_not_have_it(world: World) -> None:
    before = world.extract("--dry-run", "--json", now="2026-03-02T12:00:00Z").json
    world.done("subject", "veto", "--subject", CUSTOMER.upper(), "--now", "2026-03-02T12:00:00Z")
    (entry,) = entries(world, "participant.vetoed")
    assert entry["body"]["who"].startswith("hmac:")
    assert CUSTOMER.encode() not in (world.workspace / "log.sqlite").read_bytes()
    after = world.extract("--dry-run", "--json", now="2026-03-02T13:00:00Z").json
    assert after["by_reason"]["record.participant_veto"] > 0
    assert after["taken"] < before["taken"]
    assert world.run("subject", "veto", "--subject", "p-99999999").code == 6


def test_a_request_waits_until_an_export_answers_it(world: World, tmp_path: Path) -> None:
    asked = world.done("subject", "ask", "--subject", SUBJECT, "--now", "2026-03-02T10:00:00Z", "--json").json
    assert entries(world, "access.requested")[0]["body"] == {"subject": SUBJECT}
    target = tmp_path / "me.zip"
    given = world.done(
        "subject", "export", "--subject", SUBJECT, "-o", target, "--now", "2026-03-02T10:30:00Z", "--json"
    )
    (answer,) = entries(world, "access.answered")
    assert answer["body"] == {"subject": SUBJECT, "request_index": asked["index"]}
    assert given.json["answered"] == [answer["index"]]
    assert target.is_file()
