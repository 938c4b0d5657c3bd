"""Withdrawal to its end: what is made again equals what was never told, the rest is gone, and no crash changes that."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from office import govern
from withdrawal_world import CUSTOMER, INES, MAILS, SUBJECT, Memory, World, content, fake_model

from govern.errors import ModelMissingError

SWEEP = "2026-03-06T09:00:00Z"
"""When a sweep runs: the second workplace is extracted from at the same moment."""


@pytest.fixture(scope="module", autouse=True)
def model() -> Any:
    """A predictable model for all of it."""
    with fake_model() as backend:
        yield backend


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A workspace with one draft."""
    root = tmp_path_factory.mktemp("made")
    world = World(Memory(root), root).begin()
    world.extract()
    return world


@pytest.fixture(scope="module")
def released(made: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A workspace with one released skill."""
    world = made.copy(tmp_path_factory.mktemp("released"))
    world.release()
    return world


def never(made: World, root: Path, mails: list[int], *, without: set[str] | None = None) -> dict[str, bytes]:
    """Return what a skill says that is made, under the same consent, from sources that never held some mails."""
    world = made.copy(root / "workspace")
    world.memory = Memory(root, mails)
    world.extract(now=SWEEP, without=without or set())
    return content(world.skill)


def mails_without(*who: str) -> list[int]:
    """Return the mails in whose conversation none of these took part."""
    return [i for i, (_, other) in enumerate(MAILS) if other not in who]


def test_a_source_withdrawn_leaves_the_skill_that_never_read_it(released: World, tmp_path: Path) -> None:
    world = released.copy(tmp_path / "a")
    result = world.done(
        *("consent", "withdraw", "--subject", SUBJECT, "--source", "chat.public_channel", "--now", SWEEP, "--json")
    ).json
    (old,) = result["rederived"]
    (draft,) = world.staged()
    assert draft.name.startswith(result["rederived"][old])
    assert content(draft) == never(released, tmp_path / "b", mails_without(), without={"--chat"})
    assert b"mirror" not in b"".join(content(draft).values())
    assert world.run("skill", "verify", world.skill, "--now", SWEEP).code == 3
    (tombstone,) = world.events("skill.tombstoned")
    assert tombstone["body"]["replaced_by"] == result["rederived"][old]
    # The new draft goes the way of every draft.
    world.done("skill", "review", draft, "--accept-rest", "--now", "2026-03-07T09:00:00Z")
    world.done("skill", "release", draft, "--key", world.key, "--now", "2026-03-07T10:00:00Z")
    assert world.run("skill", "verify", draft, "--now", "2026-03-07T11:00:00Z").code == 0


@pytest.mark.parametrize("who", [INES, CUSTOMER])
def test_the_veto_of_a_bystander_leaves_the_skill_that_never_read_their_threads(
    made: World, tmp_path: Path, who: str
) -> None:
    world = made.copy(tmp_path / "a")
    world.veto(who)
    world.done("sweep", "--now", SWEEP)
    (draft,) = world.staged()
    assert content(draft) == never(made, tmp_path / "b", mails_without(who))
    assert content(draft) != content(made.skill)
    # Under the name of nobody: a draft that was made before the veto can be neither reviewed nor released any more.
    for words in (("review", world.skill, "--accept-rest"), ("release", world.skill, "--key", world.key)):
        assert world.run("skill", *words, "--now", SWEEP).code == 3


def test_a_draft_is_not_released_between_a_veto_and_the_sweep(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path)
    world.done("skill", "review", world.skill, "--accept-rest", "--now", SWEEP)
    world.veto(INES)
    result = world.run("skill", "release", world.skill, "--key", world.key, "--now", SWEEP)
    assert result.code == 3
    assert "record.participant_veto" in result.err


def test_the_erasure_of_a_stranger_leaves_nothing_of_them_and_the_skill_that_never_read_them(
    made: World, tmp_path: Path
) -> None:
    world = made.copy(tmp_path / "a")
    theirs = world.digests([i for i in range(len(MAILS)) if i not in mails_without(CUSTOMER)])
    assert len(theirs) == 3
    erased = world.done("subject", "erase", "--subject", CUSTOMER, "--now", SWEEP, "--json").json
    assert erased["records"] == 3
    assert len(erased["revoked"]) == 1
    # The skill is not only as if they had never been there: nobody could show that they ever were.
    world.done("sweep", "--now", SWEEP)
    (draft,) = world.staged()
    assert content(draft) == never(made, tmp_path / "b", mails_without(CUSTOMER))
    finds_nothing(world, theirs)
    assert CUSTOMER not in world.run("log", "show", "--json").out


def finds_nothing(world: World, digests: list[str]) -> None:
    """Look for true values in everything that is left: as they are, and committed to under every salt that is there."""
    from attest.disposition import SALT_SIZE, Dispositions, commitment

    files = world.files()
    database = sqlite3.connect(world.workspace / "vault.sqlite")
    salts = [bytes(s) for (s,) in database.execute("SELECT salt FROM salts WHERE salt IS NOT NULL")]
    # Among the secrets are keyed digests of what runs removed, too: they are no salts.
    salts += [s for (s,) in database.execute("SELECT secret FROM secrets") if len(s) == SALT_SIZE]
    database.close()
    left = b"".join(files.values()) + world.run("log", "show", "--json").out.encode()
    trees = [Dispositions.parse(data) for name, data in files.items() if name.endswith(".jsonl")]
    committed = {leaf.source for tree in trees for leaf in tree.leaves}
    assert trees
    for digest in digests:
        value = bytes.fromhex(digest)
        assert digest.encode() not in left
        assert value not in left
        assert not committed & {commitment(salt, "source", value) for salt in salts}


def test_a_whole_withdrawal_ends_everything_and_with_erasure_nothing_can_be_found(
    released: World, tmp_path: Path
) -> None:
    world = released.copy(tmp_path / "a")
    world.extract(now="2026-03-04T09:00:00Z")  # a second one, still a draft
    extractions = {e["body"]["extraction_id"] for e in world.events("extraction.sealed")}
    digests = world.digests()
    assert len(digests) == len(MAILS)
    database = sqlite3.connect(world.workspace / "vault.sqlite")
    salts = [bytes(s) for (s,) in database.execute("SELECT salt FROM salts")]
    database.close()

    receipt = tmp_path / "receipt.json"
    result = world.done(
        *("consent", "withdraw", "--subject", SUBJECT, "--erase", "--now", SWEEP, "--json", "-o", receipt)
    ).json
    assert set(result["tombstoned"]) == set(result["revoked"]) == extractions
    assert (result["rederived"], result["waiting"], result["later"]) == ({}, {}, None)
    assert result["shredded"]["records"] == len(salts)
    assert {p.suffix for p in (world.workspace / "extractions").iterdir()} == {".jsonl"}
    assert list((world.workspace / "reviews").iterdir()) == []
    finds_nothing(world, digests)
    left = b"".join(world.files().values())
    assert [s for s in salts if s in left] == []
    assert not any(text.encode() in left for text, _ in MAILS)
    # Once more, and on the next day: nothing happens twice.
    before = len(world.log())
    world.done("sweep", "--now", "2026-03-07T09:00:00Z")
    assert len(world.log()) == before
    assert world.run("log", "fsck").code == 0
    assert world.run("skill", "verify", world.skill, "--now", SWEEP).code == 3

    checked = govern("audit", "answer", receipt, "--log-key", world.workspace / "log.vkey", "--json")
    assert checked.code == 0, checked.err
    assert set(checked.json["tombstoned"]) == extractions
    assert checked.json["shredded"]["extractions"] == sorted(extractions)
    text = govern("audit", "answer", receipt, "--log-key", world.workspace / "log.vkey").out
    assert "You took back: everything" in text


def test_any_changed_receipt_fails(released: World, tmp_path: Path) -> None:
    world = released.copy(tmp_path / "a")
    path = tmp_path / "receipt.json"
    world.done("consent", "withdraw", "--subject", SUBJECT, "--now", SWEEP, "-o", path)
    good = path.read_bytes()
    free = [good.index(b'"at":"20'), good.index(b'"pid":"p-', good.index(b'"origin":"'))]
    survived = []
    for place in range(0, len(good), 11):
        changed = bytearray(good)
        changed[place] ^= 0x01
        path.write_bytes(changed)
        if govern("audit", "answer", path, "--log-key", world.workspace / "log.vkey").code == 0:
            survived.append(place)
    # What nothing proves: when it was written.
    assert all(free[0] <= place < free[0] + 30 for place in survived)


def test_the_receipt_of_somebody_else_is_not_made_of_these_entries(released: World, tmp_path: Path) -> None:
    from attest import canonical

    world = released.copy(tmp_path / "a")
    path = tmp_path / "receipt.json"
    world.done("consent", "withdraw", "--subject", SUBJECT, "--now", SWEEP, "-o", path)
    value = canonical.loads(path.read_bytes())
    path.write_bytes(canonical.dumps({**value, "pid": INES}))
    result = govern("audit", "answer", path, "--log-key", world.workspace / "log.vkey")
    assert result.code == 4
    assert "something else" in result.err


def test_withdrawing_needs_no_line_in_the_people_file(released: World, tmp_path: Path) -> None:
    world = released.copy(tmp_path)
    people = world.workspace / "identities.yaml"
    text = people.read_text("utf-8")
    start, end = text.index(f"  - pid: {SUBJECT}"), text.index("  - pid: p-2xw8n5ht")
    people.write_text(text[:start] + text[end:], "utf-8")
    result = world.done("consent", "withdraw", "--subject", SUBJECT, "--now", SWEEP, "--json").json
    assert len(result["tombstoned"]) == 1


def test_a_withdrawal_holds_while_an_extraction_has_the_vault(released: World, tmp_path: Path) -> None:
    from govern.workspace import Workspace

    world = released.copy(tmp_path)
    # Nobody waits ten seconds for a vault in a test.
    with Workspace.open(world.workspace).vault(), mock.patch("attest.store.BUSY_MS", 10):
        result = world.done("consent", "withdraw", "--subject", SUBJECT, "--now", SWEEP, "--json").json
        assert result["later"]
        assert len(result["revoked"]) == 1
        assert result["tombstoned"] == {}
        assert world.run("skill", "verify", world.skill, "--now", SWEEP).code == 3
    world.done("sweep", "--now", SWEEP)
    assert len(world.events("skill.tombstoned")) == 1


def test_a_source_that_was_never_agreed_to_is_a_slip_of_the_pen(released: World, tmp_path: Path) -> None:
    world = released.copy(tmp_path)
    before = len(world.log())
    result = world.run("consent", "withdraw", "--subject", SUBJECT, "--source", "mail", "--now", SWEEP)
    assert result.code == 2
    assert "mail.work" in result.err
    assert len(world.log()) == before


def test_where_the_sources_are_gone_the_skill_ends(made: World, tmp_path: Path) -> None:
    root = tmp_path / "a"
    world = World(Memory(root), root).begin()
    world.extract()
    world.memory.place.mbox.unlink()
    result = world.done(
        *("consent", "withdraw", "--subject", SUBJECT, "--source", "chat.public_channel", "--now", SWEEP, "--json")
    ).json
    assert list(result["tombstoned"].values()) == ["sources_gone"]
    assert world.staged() == []


def test_what_came_to_the_sources_since_is_not_in_a_skill_made_again(made: World, tmp_path: Path) -> None:
    root = tmp_path / "a"
    world = World(Memory(root, mails_without(CUSTOMER)), root).begin(made.workspace)
    world.extract()
    Memory(root)  # the mailbox grows by three mails that were no part of it
    world.veto(INES)
    world.done("sweep", "--now", SWEEP)
    (draft,) = world.staged()
    assert content(draft) == never(made, tmp_path / "b", mails_without(INES, CUSTOMER))


def test_what_cannot_be_made_again_waits_and_ends_at_its_deadline(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path)
    world.veto(INES)
    gone = mock.Mock(side_effect=ModelMissingError("there is no model"))
    with mock.patch("extract.distil.backend.open_backend", gone):
        waiting = world.done("sweep", "--now", SWEEP, "--json").json["due"]
        assert [each["action"] for each in waiting] == ["waiting"]
        assert waiting[0]["deadline"].startswith("2026-03-12T09:00")
        assert len(world.events("skill.revoked")) == 1
        ended = world.done("sweep", "--now", "2026-03-12T09:00:00Z", "--json").json["due"]
    assert [(each["action"], each["why"]) for each in ended] == [("tombstoned", "deadline")]
    assert len(world.events("skill.revoked")) == len(world.events("skill.tombstoned")) == 1
    assert world.staged() == []


def test_what_is_overdue_stops_every_run(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path)
    world.veto(INES)
    place = world.memory.place
    args = (
        *("extract", "--policy", "minimal_self", "--subject", SUBJECT, "--purpose", "self_assist"),
        *("--operator", SUBJECT, "--mail", place.mbox, "-o", tmp_path / "other.skill"),
    )
    assert world.run(*args, "--now", "2026-03-12T08:00:00Z").code == 0
    refused = world.run(*args, "--now", "2026-03-12T10:00:00Z")
    assert refused.code == 3
    assert "lifecycle.cascade" in refused.err
    shown = world.done("sweep", "--dry-run", "--now", "2026-03-12T10:00:00Z")
    assert "overdue" in shown.out
    world.done("sweep", "--now", "2026-03-12T10:00:00Z")
    assert world.run(*args, "--now", "2026-03-12T11:00:00Z").code == 0


def test_a_dry_sweep_changes_nothing(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path)
    world.veto(INES)
    before = kept(world)
    (due,) = world.done("sweep", "--dry-run", "--now", SWEEP, "--json").json["due"]
    assert (due["action"], due["overdue"], due["reason"]) == ("rederived", False, "record.participant_veto")
    assert kept(world) == before


def kept(world: World) -> dict[str, bytes]:
    """Return the files of the workspace; the vault zeroes its journal whenever it is opened."""
    return {name: data for name, data in world.files().items() if not name.endswith("-journal")}


def test_salts_are_not_kept_for_longer_than_the_policy_says(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path)
    assert world.done("sweep", "--now", "2029-03-02T08:59:00Z", "--json").json["expired"] == {}
    swept = world.done("sweep", "--now", "2029-03-02T09:00:00Z", "--json").json
    assert list(swept["expired"].values()) == [19]
    assert [each["action"] for each in swept["due"]] == ["tombstoned"]
    assert [e["body"]["records"] for e in world.events("salt.shredded")] == [19]


def test_a_later_receipt_says_what_a_later_sweep_did(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path)
    path = tmp_path / "receipt.json"
    gone = mock.Mock(side_effect=ModelMissingError("there is no model"))
    with mock.patch("extract.distil.backend.open_backend", gone):
        first = world.done(
            *("consent", "withdraw", "--subject", SUBJECT, "--source", "mail.work", "--now", SWEEP, "--json")
        ).json
    assert list(first["waiting"].values()) == ["2026-03-13T09:00:00Z"]
    assert first["rederived"] == {}
    world.done("sweep", "--now", "2026-03-07T09:00:00Z", "--receipt", SUBJECT, "-o", path)
    checked = govern("audit", "answer", path, "--log-key", world.workspace / "log.vkey", "--json").json
    assert checked["waiting"] == {}
    assert list(checked["rederived"]) == list(first["waiting"])
    assert checked["withdrawn"][0]["sources"] == ["mail.work"]
    assert world.run("sweep", "--receipt", SUBJECT, "--now", SWEEP).code == 2
