"""Withdrawal with the shipped model: what is made again equals what was never told, over the whole road."""

from __future__ import annotations

from pathlib import Path

from withdrawal_world import INES, MAILS, SUBJECT, Memory, World, content

SWEEP = "2026-03-06T09:00:00Z"


def test_with_the_real_model_a_skill_made_again_equals_the_one_never_told(tmp_path: Path) -> None:
    world = World(Memory(tmp_path, range(8)), tmp_path).begin()
    never = world.copy(tmp_path / "never")
    world.extract()
    world.release()
    world.done("subject", "veto", "--subject", INES, "--now", "2026-03-05T09:00:00Z")
    assert world.run("skill", "verify", world.skill, "--now", SWEEP).code == 3
    world.done("consent", "withdraw", "--subject", SUBJECT, "--source", "vcs.commit", "--now", SWEEP)
    (draft,) = world.staged()

    never.memory = Memory(tmp_path / "other", [i for i, (_, other) in enumerate(MAILS[:8]) if other != INES])
    never.extract(now=SWEEP, without={"--repo"})
    assert content(draft) == content(never.skill)
    world.done("skill", "review", draft, "--accept-rest", "--now", "2026-03-07T09:00:00Z")
    world.done("skill", "release", draft, "--key", world.key, "--now", "2026-03-07T10:00:00Z")
    checked = world.run("skill", "verify", draft, "--now", "2026-03-08", "--json")
    assert (checked.code, checked.json["status"]) == (0, "released")
    assert world.run("log", "fsck").code == 0
