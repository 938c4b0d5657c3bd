"""Versions of a skill: listed from the log, compared claim by claim, and an earlier one put back in use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from withdrawal_world import MAILS, SUBJECT, Memory, World, fake_model

from attest import container
from extract.skill import codec
from extract.skill.comparison import compare

FIRST, SECOND = "2026-03-02T09:00:00Z", "2026-03-04T09:00:00Z"
AFTER = "2026-03-05T12:00:00Z"


@pytest.fixture(scope="module", autouse=True)
def model() -> Iterator[Any]:
    """A predictable model for all of it."""
    with fake_model() as backend:
        yield backend


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A workspace with two released versions: the first knows fewer mails."""
    root = tmp_path_factory.mktemp("two")
    world = World(Memory(root / "few", range(8)), root).begin()
    world.extract(now=FIRST)
    release(world, "2026-03-02T12:00:00Z")
    shutil.copy(world.skill, root / "first.skill")
    world.memory = Memory(root / "all", range(len(MAILS)))
    world.extract(now=SECOND)
    release(world, "2026-03-04T12:00:00Z")
    shutil.copy(world.skill, root / "second.skill")
    return world


def release(world: World, now: str) -> None:
    """Accept every claim and release."""
    world.done("skill", "review", world.skill, "--accept-rest", "--now", now)
    world.done("skill", "release", world.skill, "--key", world.key, "--now", now)


def copy(two: World, root: Path) -> World:
    """Return a copy that a test may change."""
    world = two.copy(root)
    for name in ("first.skill", "second.skill"):
        shutil.copy(two.root / name, root / name)
    return world


def status(world: World, name: str, now: str = AFTER) -> str:
    """Return what a workspace says of a file."""
    return str(world.run("skill", "verify", world.root / name, "--now", now, "--json").json["status"])


def claims(world: World, name: str) -> tuple[Any, ...]:
    """Return the claims in a file."""
    return codec.from_lines(container.unpack((world.root / name).read_bytes()).files["references/claims.jsonl"])


def test_every_version_is_listed_with_its_standing(two: World) -> None:
    for name in ("first.skill", "second.skill"):
        listed = two.done("skill", "versions", two.root / name, "--now", AFTER, "--json").json["versions"]
        assert [(v["version"], v["status"]) for v in listed] == [(1, "released"), (2, "released")]
        assert [v["claims"] for v in listed] == [len(claims(two, "first.skill")), len(claims(two, "second.skill"))]
        assert [v["sealed_at"] for v in listed] == [FIRST, SECOND]
    shown = two.done("skill", "versions", two.root / "first.skill", "--now", AFTER).out
    assert shown.count("released since") == 2


def test_what_differs_is_shown_without_a_workspace(two: World, tmp_path: Path) -> None:
    from office import govern

    result = govern("skill", "diff", two.root / "first.skill", two.root / "second.skill", "--json", workspace=tmp_path)
    assert result.code == 0, result.err
    old, new = ({c.statement for c in claims(two, name)} for name in ("first.skill", "second.skill"))
    assert {c["statement"] for c in result.json["added"]} == new - old
    assert result.json["dropped"] == []
    assert result.json["same"] == len(old & new) > 0
    shown = govern("skill", "diff", two.root / "second.skill", two.root / "first.skill", workspace=tmp_path).out
    assert f"Dropped: {len(new - old)}" in shown


def test_claims_belong_together_by_what_they_rest_on(two: World) -> None:
    one, *rest = claims(two, "second.skill")
    corrected = replace(one, statement="Ask first.", mode="corrected", review="corrected", id="c099")
    found = compare([one, *rest], [*rest, corrected])
    assert found.changed == ((one, corrected),)
    assert (found.added, found.dropped, found.moved, found.same) == ((), (), (), len(rest))
    other = replace(one, kind="reference" if one.kind != "reference" else "procedure")
    assert compare([one], [other]).moved == ((one, other),)


def test_an_earlier_version_is_put_back_and_forward_again(two: World, tmp_path: Path) -> None:
    world = copy(two, tmp_path)
    size = len(world.log())
    told = world.done("skill", "rollback", world.root / "first.skill", "--now", AFTER, "--dry-run", "--json").json
    assert (len(told["superseded"]), len(world.log())) == (1, size)
    assert world.done("skill", "rollback", world.root / "first.skill", "--now", AFTER).code == 0
    assert (status(world, "first.skill"), status(world, "second.skill")) == ("released", "superseded")
    refused = world.run("skill", "verify", world.root / "second.skill", "--now", AFTER)
    assert (refused.code, "govern skill versions" in refused.err) == (3, True)
    assert world.run("skill", "rollback", world.root / "first.skill", "--now", AFTER).code == 2
    assert world.done("skill", "rollback", world.root / "second.skill", "--now", AFTER).code == 0
    assert (status(world, "first.skill"), status(world, "second.skill")) == ("superseded", "released")
    assert [e["body"]["why"] for e in world.events("skill.superseded")] == ["rollback"] * 2
    assert world.run("log", "fsck").code == 0


def test_a_draft_and_a_version_without_consent_are_not_put_back(two: World, tmp_path: Path) -> None:
    world = copy(two, tmp_path)
    world.extract(now="2026-03-05T09:00:00Z")
    listed = world.done("skill", "versions", world.skill, "--now", AFTER, "--json").json["versions"]
    assert [v["status"] for v in listed] == ["released", "released", "draft"]
    assert world.run("skill", "rollback", world.skill, "--now", AFTER).code == 3
    world.done("consent", "withdraw", "--subject", SUBJECT, "--now", AFTER)
    size = len(world.log())
    result = world.run("skill", "rollback", world.root / "first.skill", "--now", "2026-03-05T13:00:00Z")
    assert (result.code, len(world.log())) == (3, size)
    # The names went with the content, but the log still has every version that it can tell to be one.
    listed = world.done("skill", "versions", world.root / "first.skill", "--now", "2026-03-05T13:00:00Z", "--json").json
    assert all(v["status"] in ("tombstoned", "revoked") for v in listed["versions"])


def test_what_is_no_skill_of_this_log_is_refused(two: World, tmp_path: Path) -> None:
    other = World(Memory(tmp_path / "o", range(1)), tmp_path).begin()
    for command in ("versions", "rollback"):
        result = other.run("skill", command, two.root / "first.skill", "--now", AFTER)
        assert (result.code, "right --workspace" in result.err) == (6, True)
    text = tmp_path / "text.skill"
    text.write_text("no skill", "utf-8")
    assert other.run("skill", "diff", text, text).code == 6
