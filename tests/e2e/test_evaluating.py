"""`govern skill evaluate`: asked of the gates, logged, kept, carried by the release, and forgotten with the skill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from withdrawal_world import MAILS, SUBJECT, Memory, Reader, World, fake_model

from attest import canonical, container

MORE = 40
TODAY = "2026-03-02T12:00:00Z"
LATER = "2026-03-20T09:00:00Z"


def more_mails(world: World, count: int) -> None:
    """Add mails in the manner of the others, one a working day behind them."""
    place = world.memory.place
    days = place.days(len(MAILS) + count)[len(MAILS) :]
    said = ("Always run the smoke tests on staging before release {}.", "Restore snapshot {} when the migration hangs.")
    parts = [place.mail(said[i % 2].format(i), day, number=100 + i) for i, day in enumerate(days)]
    place.mbox.write_bytes(place.mbox.read_bytes() + b"".join(parts))


def world_with(root: Path, count: int, *more: str) -> World:
    """Return a workspace with a draft, made of so many mails more."""
    world = World(Memory(root), root).begin()
    more_mails(world, count)
    world.sign("2026-03-01T10:00:00Z")
    world.extract(*more)
    return world


@pytest.fixture(scope="module", autouse=True)
def model() -> Iterator[Any]:
    """A reader that knows words."""
    with fake_model(Reader()) as backend:
        yield backend


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A draft, with mails from before the extraction only."""
    return world_with(tmp_path_factory.mktemp("made"), 26)


@pytest.fixture(scope="module")
def evaluated(made: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The draft, evaluated."""
    world = made.copy(tmp_path_factory.mktemp("evaluated"))
    world.done("skill", "evaluate", world.skill, "--now", TODAY)
    return world


def numbers_of(world: World) -> dict[str, Any]:
    """Return the numbers of the last evaluation in the log."""
    return world.events("skill.evaluated")[-1]["body"]["evaluation"]


def test_it_is_announced_gated_and_logged(evaluated: World) -> None:
    kinds = [e["type"] for e in evaluated.log()]
    assert kinds[-2:] == ["extraction.announced", "skill.evaluated"]
    announced, found = evaluated.log()[-2:]
    assert announced["body"]["dry_run"] is True
    assert found["body"]["prev"] == len(kinds) - 2
    assert found["body"]["subject"] == SUBJECT
    assert found["body"]["peers"] == []
    assert numbers_of(evaluated)["how"] == "back_test"
    assert b"smoke" not in json.dumps(found).encode()
    assert evaluated.run("log", "fsck").code == 0


def test_what_is_shown_is_what_is_logged(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path)
    page = tmp_path / "page.html"
    result = world.done("skill", "evaluate", world.skill, "--now", TODAY, "--html", page, "--json", "--messages", 8)
    logged = numbers_of(world)
    assert {k: v for k, v in result.json.items() if k not in {"file", "name"}} == logged
    assert logged["gain"]["messages"] == 8
    shown = f"{logged['gain']['bits']['own'] / 1e6:.3f}"
    assert shown in page.read_text("utf-8")
    assert shown in world.done("skill", "evaluate", world.skill, "--now", TODAY, "--messages", 8).out


def test_a_release_carries_it_and_an_auditor_checks_what_is_said(evaluated: World, tmp_path: Path) -> None:
    world = evaluated.copy(tmp_path)
    world.release()
    files = container.unpack(world.skill.read_bytes()).files
    assert canonical.loads(files["references/evaluation.json"].strip()) == numbers_of(world)
    assert "Claims made in the same way, not these," in files["SKILL.md"].decode()
    audit = world.done("audit", "verify", world.skill, "--log-key", world.workspace / "log.vkey", "--json").json
    (check,) = [c for c in audit["checks"] if c["name"] == "evaluation"]
    assert (check["status"], check["value"][:7]) == ("pass", "carried")


def test_a_release_without_it_says_so(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path)
    world.release()
    files = container.unpack(world.skill.read_bytes()).files
    assert "references/evaluation.json" not in files
    assert "was not measured" in files["SKILL.md"].decode()
    audit = world.done("audit", "verify", world.skill, "--log-key", world.workspace / "log.vkey", "--json").json
    assert [c["value"] for c in audit["checks"] if c["name"] == "evaluation"] == ["not evaluated"]


def test_numbers_that_were_changed_fail_the_audit(evaluated: World, tmp_path: Path) -> None:
    from extract.skill.verify import verify_skill

    world = evaluated.copy(tmp_path)
    world.release()
    box = container.unpack(world.skill.read_bytes())
    numbers = canonical.loads(box.files["references/evaluation.json"].strip())
    numbers["gain"]["gains"]["own_over_placebo"][0] += 100_000
    forged = {**box.files, "references/evaluation.json": canonical.dumps(numbers) + b"\n"}
    key = (world.workspace / "log.vkey").read_text("utf-8").strip()
    report = verify_skill(container.pack(box.name, forged), key, now=None)
    assert "evaluation" in [c.name for c in report.checks if c.status == "fail"]


def test_later_messages_are_preferred_and_name_the_claims_measured(tmp_path: Path) -> None:
    world = World(Memory(tmp_path), tmp_path).begin()
    more_mails(world, MORE + 20)
    end = "2026-06-30"
    world.run("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-01T09:30:00Z")
    world.done(
        *("consent", "sign", "--subject", SUBJECT, "--key", world.key, "--policy", "minimal_self"),
        *("--purpose", "self_assist", "--source", "mail.work", "--category", "procedures", "--until", end),
        *("--category", "decision_rules", "--category", "checklists", "--now", "2026-03-01T10:00:00Z"),
    )
    world.extract(without={"--repo", "--chat"})
    world.done("skill", "evaluate", world.skill, "--now", LATER)
    first = numbers_of(world)
    assert first["how"] == "later"
    world.done("skill", "review", world.skill, "--strike", "c001", "--accept-rest", "--now", LATER)
    world.done("skill", "evaluate", world.skill, "--now", LATER)
    second = numbers_of(world)
    # Struck claims are not measured: what is measured is what would be released.
    assert second["claims"] == first["claims"] - 1
    assert second["claims_sha256"] != first["claims_sha256"]
    world.done("skill", "release", world.skill, "--key", world.key, "--now", LATER)
    assert "These claims save the reader" in container.unpack(world.skill.read_bytes()).files["SKILL.md"].decode()


def test_too_few_messages_are_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    world = world_with(tmp_path, 0)
    result = world.run("skill", "evaluate", world.skill, "--now", TODAY)
    assert result.code == 6, result.err
    assert "later messages are left" in result.err
    assert world.events("skill.evaluated") == []
    assert not list((world.workspace / "extractions").glob("*.evaluation.json"))


def test_without_consent_nothing_is_read(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path)
    world.done("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-02T10:00:00Z")
    result = world.run("skill", "evaluate", world.skill, "--now", TODAY)
    assert result.code == 3, result.err
    assert world.events("skill.evaluated") == []


def test_a_peer_must_be_released_and_somebody_elses(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path)
    result = world.run("skill", "evaluate", world.skill, "--peer", world.skill, "--now", TODAY)
    assert (result.code, "draft" in result.err) == (3, True)
    draft = tmp_path / "draft.skill"
    draft.write_bytes(world.skill.read_bytes())
    world.release()
    result = world.run("skill", "evaluate", draft, "--peer", world.skill, "--now", "2026-03-03T12:00:00Z")
    assert (result.code, "its own peer" in result.err) == (2, True)


def test_a_server_that_cannot_score_is_refused_before_anything_is_read(made: World, tmp_path: Path) -> None:
    class Dumb(Reader):
        def capabilities(self) -> frozenset[str]:
            return frozenset({"options", "generate"})

    world = made.copy(tmp_path)
    before = len(world.log())
    with fake_model(Dumb()):
        result = world.run("skill", "evaluate", world.skill, "--now", TODAY)
    assert (result.code, "cannot score" in result.err) == (2, True)
    assert len(world.log()) == before


def test_a_withdrawal_takes_the_numbers_with_it(evaluated: World, tmp_path: Path) -> None:
    world = evaluated.copy(tmp_path)
    (kept,) = (world.workspace / "extractions").glob("*.evaluation.json")
    assert oct(kept.stat().st_mode & 0o777) == "0o600"
    world.done("consent", "withdraw", "--subject", SUBJECT, "--now", (TODAY[:8] + "04T10:00:00Z"))
    assert not kept.exists()


def test_identity_is_known_only_for_the_claims_that_were_measured(evaluated: World) -> None:
    from types import SimpleNamespace

    from extract.skill import codec, draft
    from govern import releases
    from govern.workspace import Workspace

    with Workspace.open(evaluated.workspace).log() as log:
        found = draft.read(evaluated.skill.read_bytes(), log)
    pages = {"SKILL.md": container.unpack(evaluated.skill.read_bytes()).files["SKILL.md"].decode()}
    candidate: Any = SimpleNamespace(claims=found.claims, judged=found.claims, pages=lambda: pages)
    unknown: Any = dict.fromkeys(("reviewed_at", "signature_valid", "residual_hits", "is_contested"))

    def identity(sha256: str | None, author: int | None) -> float | None:
        numbers = {"claims_sha256": sha256, "gain": {"author": author}}
        return releases.output_facts(found, candidate, **unknown, evaluation=numbers).identity

    these = codec.statements_sha256(found.claims)
    assert identity(these, 640) == 0.64
    assert identity(these, None) is None
    assert identity(codec.statements_sha256(found.claims[1:]), 640) is None
    assert identity(None, 640) is None
