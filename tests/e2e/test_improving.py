"""`govern skill improve`: gated, logged round by round, resumed, staged for the person's review and never released."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from withdrawal_world import MAILS, SUBJECT, Memory, Reader, World, fake_model

from attest import container

FIRST, THEN = 20, 60
SAID = (
    "Always run the smoke tests on staging before release {}.",
    "Restore snapshot {} when the migration hangs.",
    "Never deploy build {} without a rollback plan.",
)
MINE = "Ask the release manager before anything else."
NIGHT = "2026-05-20T02:00:00Z"


def add(world: World, first: int, last: int) -> None:
    """Add mails in the manner of the others, one a working day."""
    place = world.memory.place
    days = place.days(len(MAILS) + last)[len(MAILS) :]
    parts = [place.mail(SAID[i % 3].format(i), days[i], number=100 + i) for i in range(first, last)]
    place.mbox.write_bytes(place.mbox.read_bytes() + b"".join(parts))


def sign(world: World, now: str) -> None:
    """Agree to mail until the end of June."""
    world.done(
        *("consent", "sign", "--subject", SUBJECT, "--key", world.key, "--policy", "minimal_self"),
        *("--purpose", "self_assist", "--source", "mail.work", "--from", "2025-03-05", "--until", "2026-06-30"),
        *("--category", "procedures"),
        *("--category", "decision_rules", "--category", "checklists", "--now", now),
    )


@pytest.fixture(scope="module", autouse=True)
def model() -> Iterator[Any]:
    """A reader that knows words."""
    with fake_model(Reader()) as backend:
        yield backend


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A released skill, and mails since that say one thing more."""
    root = tmp_path_factory.mktemp("released")
    world = World(Memory(root), root).begin()
    add(world, 0, FIRST)
    world.done("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-01T09:30:00Z")
    sign(world, "2026-03-01T10:00:00Z")
    world.extract(without={"--repo", "--chat"})
    world.done("skill", "review", world.skill, "--correct", f"c001={MINE}", "--now", "2026-03-03T08:00:00Z")
    world.release()
    add(world, FIRST, THEN)
    return world


@pytest.fixture(scope="module")
def improved(released: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same after one night."""
    world = released.copy(tmp_path_factory.mktemp("improved"))
    world.done("skill", "improve", "--nightly", world.skill, "--now", NIGHT)
    return world


def rounds(world: World) -> list[dict[str, Any]]:
    """Return the rounds that the log holds."""
    return [e["body"] for e in world.events("skill.improved")]


def test_a_better_version_is_staged_and_nothing_released(improved: World) -> None:
    kinds = [e["type"] for e in improved.log()]
    assert kinds.count("skill.released") == 1
    # Read once to choose, under an announcement like a dry run's; and once to make the version, like any extraction.
    assert [e["body"]["dry_run"] for e in improved.events("extraction.announced")[-2:]] == [True, False]
    assert len(improved.staged()) == 1
    listed = improved.done("skill", "versions", improved.skill, "--now", NIGHT, "--json").json["versions"]
    assert [v["status"] for v in listed] == ["released", "draft"]
    # The version carries what it was told by.
    assert listed[1]["gain"] is not None
    assert improved.run("log", "fsck").code == 0


def test_each_round_is_logged_without_a_word(improved: World) -> None:
    found = rounds(improved)
    assert [r["round"] for r in found] == list(range(len(found)))
    assert found[0]["action"] == "fresh"
    best = [r for r in found if r["accepted"]][-1]
    assert best["bits_after"] <= found[0]["bits_before"] - 2000
    assert b"smoke" not in json.dumps(found).encode()
    announced = improved.log()[found[0]["prev"]]
    assert (announced["type"], announced["body"]["dry_run"]) == ("extraction.announced", True)


def test_the_staged_version_is_reviewed_and_released_like_any_other(improved: World, tmp_path: Path) -> None:
    world = improved.copy(tmp_path)
    (staged,) = world.staged()
    world.done("skill", "review", staged, "--accept-rest", "--now", "2026-05-21T09:00:00Z")
    world.done("skill", "release", staged, "--key", world.key, "--now", "2026-05-21T10:00:00Z")
    files = container.unpack(staged.read_bytes()).files
    ledger = json.loads(files["references/ledger.json"])
    told = ledger["distilled"]
    assert told["sentences"] == told["evidence"] + sum(ledger["dropped"].values())
    assert ledger["dropped"]["kept_aside"] >= 16
    # Measured on messages that it was not made of, and exactly these claims.
    assert "These claims save the reader" in files["SKILL.md"].decode()
    key = world.workspace / "log.vkey"
    audit = world.done("audit", "verify", staged, "--log-key", key, "--now", "2026-05-21T10:00:00Z", "--json").json
    assert not [c for c in audit["checks"] if c["status"] == "fail"]


def test_the_same_work_again_gives_the_same_version(improved: World, released: World, tmp_path: Path) -> None:
    world = released.copy(tmp_path)
    world.done("skill", "improve", "--nightly", world.skill, "--now", NIGHT)
    contents = [container.unpack(w.staged()[0].read_bytes()).files for w in (world, improved)]
    assert contents[0]["references/claims.jsonl"] == contents[1]["references/claims.jsonl"]
    assert contents[0]["SKILL.md"] == contents[1]["SKILL.md"]


def test_a_night_passes_over_what_waits(improved: World, tmp_path: Path) -> None:
    world = improved.copy(tmp_path)
    before = len(world.log())
    result = world.done("skill", "improve", "--nightly", world.skill, "--now", "2026-05-21T02:00:00Z", "--json")
    (said,) = result.json["skills"]
    assert (said["failed"], "waits for the person's review" in said["passed_over"]) == (False, True)
    assert len(world.log()) == before


def test_without_new_messages_nothing_is_distilled(released: World, tmp_path: Path) -> None:
    world = released.copy(tmp_path)
    box = world.memory.place.mbox
    kept = box.read_bytes()
    try:
        box.write_bytes(kept[: kept.rindex(b"build 23 ")].rpartition(b"\nFrom ")[0] + b"\n")
        result = world.done("skill", "improve", "--nightly", world.skill, "--now", "2026-03-10T02:00:00Z")
    finally:
        box.write_bytes(kept)
    assert "of what was written since, only" in result.out
    assert rounds(world) == []
    assert world.staged() == []


def test_after_a_withdrawal_nothing_is_read(released: World, tmp_path: Path) -> None:
    world = released.copy(tmp_path)
    world.done("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-05-01T10:00:00Z")
    before = [e["type"] for e in world.log()]
    result = world.done("skill", "improve", "--nightly", world.skill, "--now", NIGHT)
    assert "passed over" in result.out
    assert [e["type"] for e in world.log()] == before
    alone = world.run("skill", "improve", world.skill, "--now", NIGHT)
    assert alone.code == 3, alone.err


def test_a_new_consent_is_no_consent_to_this(released: World, tmp_path: Path) -> None:
    world = released.copy(tmp_path)
    sign(world, "2026-05-01T10:00:00Z")
    result = world.done("skill", "improve", "--nightly", world.skill, "--now", NIGHT)
    assert "the consent is not the one that it was made under" in result.out
    assert rounds(world) == []


def test_a_draft_is_not_improved_at_night(released: World, tmp_path: Path) -> None:
    world = released.copy(tmp_path)
    world.extract(now="2026-05-02T09:00:00Z", without={"--repo", "--chat"})
    result = world.done("skill", "improve", "--nightly", world.skill, "--now", NIGHT)
    assert "not in use: draft" in result.out


def test_one_that_fails_does_not_keep_the_others_waiting(released: World, tmp_path: Path) -> None:
    world = released.copy(tmp_path)
    broken = tmp_path / "broken.skill"
    broken.write_bytes(b"no skill")
    result = world.run("skill", "improve", "--nightly", broken, world.skill, "--now", NIGHT)
    assert result.code == 5, result.err
    assert len(world.staged()) == 1


def test_a_killed_run_goes_on_from_what_was_said(released: World, model: Any, tmp_path: Path) -> None:
    world = released.copy(tmp_path)
    asked: list[tuple[str, str]] = []
    real = Reader.score

    def noting(self: Any, prefix: Any, text: str) -> Any:
        asked.append((prefix.fixed, text))
        return real(self, prefix, text)

    def dying(self: Any, prefix: Any, text: str) -> Any:
        if len(asked) == 25:
            raise KeyboardInterrupt
        return noting(self, prefix, text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reader, "score", dying)
        stopped = world.run("skill", "improve", world.skill, "--now", NIGHT)
        assert stopped.code not in (0, 1)
    (kept,) = (world.workspace / "extractions").glob("*.scores.json")
    assert oct(kept.stat().st_mode & 0o777) == "0o600"
    assert b"smoke" not in kept.read_bytes()
    before = set(asked)
    assert len({context for context, _ in before}) >= 2
    asked.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reader, "score", noting)
        world.done("skill", "improve", world.skill, "--now", NIGHT)
    assert not kept.exists()
    assert len(world.staged()) == 1
    # Only the context that was not read to its end is read again.
    assert len({context for context, _ in before & set(asked)}) <= 1


def test_a_dry_run_stages_nothing_and_leaves_the_telling_messages_alone(released: World, tmp_path: Path) -> None:
    world = released.copy(tmp_path)
    result = world.done("skill", "improve", world.skill, "--dry-run", "--now", NIGHT, "--json")
    (said,) = result.json["skills"]
    assert (said["why"], said["staged"], said["told"]) == ("dry_run", None, None)
    assert world.staged() == []
    assert world.events("skill.evaluated") == []


def test_what_the_person_corrected_stays_theirs(improved: World) -> None:
    (staged,) = improved.staged()
    kept = improved.done("skill", "review", staged, "--list", "--json").json["claims"]
    assert [c["decision"] for c in kept].count("corrected") == 1
    # Only what the person said themselves is taken over: everything else they decide again.
    assert {c["decision"] for c in kept} == {"corrected", None}
    assert MINE in improved.done("skill", "review", staged, "--list").out


def test_nothing_named_is_a_clear_error(released: World) -> None:
    result = released.run("skill", "improve")
    assert (result.code, "no skill was named" in result.err) == (2, True)
